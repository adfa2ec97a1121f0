"""The lexicon of a corpus: what it may hold, and errors that name file, table and key."""

from pathlib import Path

import pytest
from conftest import ROOT, plain

from corpus.errors import CorpusError
from corpus.phrasings import Lexicon, read_lexicon


def lexicon(folder: Path, content: str) -> Path:
    (folder / "lexicon.toml").write_text(content, encoding="utf-8")
    return folder


def test_a_value_is_one_expression_or_a_list(tmp_path: Path) -> None:
    folder = lexicon(
        tmp_path,
        '[acronyms]\nPNR = "parc naturel régional"\nCTI = ["contrat TI", "contrat d\'industrie"]\n'
        '[words]\n"com com" = "commune"',
    )

    assert read_lexicon(folder) == Lexicon(
        acronyms={"PNR": ("parc naturel régional",), "CTI": ("contrat TI", "contrat d'industrie")},
        words={"com com": ("commune",)},
    )


def test_a_corpus_may_have_no_lexicon(tmp_path: Path) -> None:
    assert read_lexicon(tmp_path) == Lexicon({}, {})
    assert read_lexicon(lexicon(tmp_path, "")) == Lexicon({}, {})


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("[acronyms]\nPNR = 3", ["lexicon.toml", "[acronyms]", "« PNR »", "3"]),
        ("[words]\ninterco = []", ["lexicon.toml", "[words]", "« interco »", "[]"]),
        ('[words]\ninterco = ["commune", ""]', ["[words]", "« interco »"]),
        ("words = 3", ["[words]", "table"]),
        ('[mots]\na = "b"', ["lexicon.toml", "« mots »", "[acronyms]", "[words]"]),
        ("[words\n", ["lexicon.toml", "TOML", "ligne 1 : il manque un crochet"]),
    ],
)
def test_errors_name_file_table_and_key(tmp_path: Path, content: str, named: list[str]) -> None:
    with pytest.raises(CorpusError) as caught:
        read_lexicon(lexicon(tmp_path, content))

    assert [word for word in named if word not in plain(str(caught.value))] == []


def test_the_lexicon_that_is_shipped_can_be_read() -> None:
    shipped = read_lexicon(ROOT / "corpus")

    assert shipped.acronyms["PNR"] == ("parc naturel régional",)
    assert shipped.words["interco"] == ("intercommunalité", "intercommunale")
