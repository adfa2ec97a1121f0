"""How people speak: phrasings point to an entry, a paragraph or a sentence, or are refused by name; the lexicon."""

from pathlib import Path

import pytest
from conftest import ROOT, plain

from corpus.document import Document, Entry, Source
from corpus.errors import CorpusError
from corpus.phrasings import Lexicon, Phrasings, read_lexicon, read_phrasings, squeeze
from corpus.read import read_corpus
from corpus.readers.text import read_text
from corpus.split.split import split
from index.french import words
from index.rows import ExactTexts, Rows

FAQ = """Q : Comment s’inscrire à la médiathèque ?
R : L’inscription est gratuite. Une carte est remise à l’accueil.

Q : Que peut-on emprunter ?
R : Deux cas se présentent :
- Les livres se prêtent trois semaines.
- Les « films » se prêtent une semaine. Le retard coûte un euro.
"""


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    reading = read_text(FAQ.encode(), "faq.txt")
    source = Source("faq", "FAQ", "Ville", "2024-03", "faq", "faq.txt")
    return split(Document(source, reading.text, "0" * 64, reading.blocks))


def phrasings(folder: Path, table: str, name: str = "faq") -> Path:
    (folder / "phrasings").mkdir(exist_ok=True)
    (folder / "phrasings" / f"{name}.toml").write_text(table, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("table", "asked_for"),
    [
        ('question = "Comment s’inscrire"', "L’inscription est gratuite. Une carte est remise à l’accueil."),
        ('question = "Que peut-on"\npart = "Les livres"', "- Les livres se prêtent trois semaines."),
        ('question = "Que peut-on"\nsentence = "Le retard"', "Le retard coûte un euro."),
    ],
)
def test_a_group_points_to_the_first_passage_of_its_entry_or_to_a_paragraph_or_a_sentence(
    tmp_path: Path, entries: list[Entry], table: str, asked_for: str
) -> None:
    folder = phrasings(tmp_path, f'[[entry]]\n{table}\nask = ["s\'abonner", "avoir une carte"]')

    [target] = read_phrasings(folder, entries).targets

    assert target.span.of(target.passage.document.text) == asked_for
    assert target.phrasings == ("s'abonner", "avoir une carte")


def test_a_short_title_may_come_without_phrasings(tmp_path: Path, entries: list[Entry]) -> None:
    tables = '[[entry]]\nquestion = "Que peut-on"\npart = "Les livres"\ntitle = " Durée d’un prêt "\n'
    tables += '[[entry]]\nquestion = "Comment s’inscrire"\nask = ["une carte ?"]\n'
    titled, asked = read_phrasings(phrasings(tmp_path, tables), entries).targets
    assert (titled.title, titled.phrasings, asked.title) == ("Durée d’un prêt", (), "")

    rows = Rows.of(entries, [titled, asked])
    labels = {
        target.span.of(target.passage.document.text)[:12]: rows.label(row) for row, target in enumerate(rows.targets)
    }
    # A passage goes by its title, by one of its own sentences' titles, else by the heading of its entry.
    assert labels["- Les livres"] == "Durée d’un prêt"
    assert labels["L’inscriptio"] == "Comment s’inscrire à la médiathèque ?"
    exact = ExactTexts.of(rows)
    [found] = exact.find(words("durée d'un prêt"))
    assert rows.targets[found].span == titled.span


def test_a_file_may_list_questions_that_its_document_does_not_answer(tmp_path: Path, entries: list[Entry]) -> None:
    folder = phrasings(tmp_path, 'unanswered = ["À quelle heure ferme-t-elle ?"]')

    assert read_phrasings(folder, entries) == Phrasings(unanswered=("À quelle heure ferme-t-elle ?",))


def test_a_file_that_matches_no_document_is_named_with_the_nearest(tmp_path: Path, entries: list[Entry]) -> None:
    folder = phrasings(tmp_path, '[[entry]]\nquestion = "Autre"\nask = ["autre"]', name="faqs")

    found = read_phrasings(folder, entries)

    assert (found.targets, found.unanswered, found.counts()) == ((), (), {})
    [warning] = found.warnings
    assert "faqs.toml » : aucun document lu n’a l’identifiant « faqs »" in plain(warning)
    assert plain(warning).endswith("Le plus proche : « faq ».")
    assert read_phrasings(tmp_path / "nowhere", entries) == Phrasings()


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            'question = "Comment s’abonner à la médiathèque ?"',
            "aucune entrée ne commence par « Comment s’abonner à la médiathèque ? », ses questions ne sont pas "
            "utilisées. Le plus proche : « Comment s’inscrire à la médiathèque ? ».",
        ),
        ('question = "Pourquoi"', "« Pourquoi », ses questions ne sont pas utilisées. « motamot inspect » montre"),
        ('question = "Que"\npart = "Les romans se prêtent"', "Le plus proche : « - Les livres se prêtent trois"),
        ('question = "Que"\nsentence = "Le retard vaut un"', "Le plus proche : « Le retard coûte un euro. »."),
    ],
)
def test_words_that_were_changed_leave_the_other_tables_and_tell_the_nearest(
    tmp_path: Path, entries: list[Entry], table: str, told: str
) -> None:
    right = '[[entry]]\nquestion = "Que peut-on"\nask = ["emprunter", "louer"]\n'
    folder = phrasings(tmp_path, f'{right}[[entry]]\n{table}\nask = ["a"]')

    found = read_phrasings(folder, entries)

    assert [target.phrasings for target in found.targets] == [("emprunter", "louer")]
    assert found.counts() == {"faq": 2}
    [warning] = found.warnings
    assert "faq.toml », table 2 : " in plain(warning)
    assert told in plain(warning)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('[[entry]]\nquestion = "Que"\nasks = ["a"]', ["table 1", "« asks »", "ask, part, question, sentence"]),
        ('[[entry]]\nquestion = "Que"\nask = "a"', ["table 1", "« ask »"]),
        ('[[entry]]\nask = ["a"]', ["table 1", "« question »"]),
        ('[[entry]]\nquestion = "Que"\npart = 3\nask = ["a"]', ["table 1", "« part »"]),
        ("[entry\n", ["TOML"]),
        ("[[entree]]\nquestion = 'Que'", ["[[entry]]"]),
        ("entry = ['a']", ["[[entry]]"]),
        ("unanswered = 'Que'", ["« unanswered »"]),
    ],
)
def test_errors_name_file_table_and_key(tmp_path: Path, entries: list[Entry], content: str, named: list[str]) -> None:
    with pytest.raises(CorpusError) as caught:
        read_phrasings(phrasings(tmp_path, content), entries)

    assert [word for word in ("faq.toml", *named) if word not in plain(str(caught.value))] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("o Les livres", "les livres"),
        ("- L’inscription\n  libre\u00a0?", "L'inscription libre ?"),
        ("« Films »", "films »"),
    ],
)
def test_beginnings_are_compared_without_bullets_spaces_case_and_apostrophes(one: str, other: str) -> None:
    assert squeeze(one) == squeeze(other)


def test_the_phrasings_that_are_shipped_point_somewhere() -> None:
    corpus = read_corpus(ROOT / "corpus")

    targets = read_phrasings(ROOT / "corpus", corpus.entries).targets

    # Each of the nine entries of the FAQ can be asked for in several ways.
    assert {t.passage.entry for t in targets} == {e.id for e in corpus.entries if e.document.id == "faq-cti-crte"}
    assert min(len(t.phrasings) for t in targets) >= 10


# Lexicon


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
def test_errors_of_the_lexicon_name_table_and_key(tmp_path: Path, content: str, named: list[str]) -> None:
    with pytest.raises(CorpusError) as caught:
        read_lexicon(lexicon(tmp_path, content))

    assert [word for word in named if word not in plain(str(caught.value))] == []
