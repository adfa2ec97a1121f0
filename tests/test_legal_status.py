"""The status of a text: what the catalogue says of it, in one line, and nothing that it does not say."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from conftest import plain
from seed_files import listed, write_documents
from small_corpus import FAQ, assistant_over, small_encoder, write_corpus

from bot.answer import Quote, QuoteSource
from bot.legal_status import is_in_force, status_line
from bot.web.render import TEMPLATES, Addresses
from corpus.catalogue import read_catalogue
from corpus.document import Source, TextStatus
from corpus.errors import CorpusError
from corpus.read import read_corpus

SOURCE = Source("note", "Note", "Ministère", "2020-11-20", "circular", "note.txt")
TODAY = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("status", "line", "in_force"),
    [
        (None, None, True),
        (TextStatus("faq"), "Foire aux questions : information, sans valeur réglementaire", True),
        (TextStatus("circulaire"), "Circulaire. Publication non vérifiée", True),
        (
            TextStatus("circulaire", signed="2020-11-20"),
            "Circulaire signée le 20 novembre 2020. Publication non vérifiée",
            True,
        ),
        (
            TextStatus("circulaire", published="2020-11-24", published_on="legifrance.gouv.fr"),
            "Circulaire publiée le 24 novembre 2020 sur legifrance.gouv.fr",
            True,
        ),
        (
            TextStatus("décret", published="2020-11", in_force="2021-01-01"),
            "Décret publié en novembre 2020, en vigueur le 1er janvier 2021",
            True,
        ),
        (
            TextStatus(
                "circulaire", published="2020-11-24", repealed="2025-03-03", replaced_by="la circulaire de 2025"
            ),
            "Circulaire abrogée le 3 mars 2025, remplacée par la circulaire de 2025",
            False,
        ),
        (TextStatus("arrêté", repealed="2027-01-01"), "Arrêté abrogé le 1er janvier 2027", True),
        (TextStatus(replaced_by="un autre"), "Texte remplacé par un autre", False),
    ],
)
def test_the_line_says_what_is_known(status: TextStatus | None, line: str | None, in_force: bool) -> None:
    found = replace(SOURCE, status=status)

    assert plain(status_line(found) or "") == (line or "")
    assert is_in_force(found, TODAY) == in_force
    assert plain(status_line(replace(found, notice="extraits")) or "") == (f"{line}. extraits" if line else "extraits")


TABLE = listed("note.txt")


def test_it_is_read_from_the_catalogue_and_reaches_the_documents(tmp_path: Path) -> None:
    write_documents(tmp_path, {"note.txt": "Qui signe ?\n\nLe maire signe la convention.\n"})
    said = 'nature = "circulaire"\npublished = 2020-11-24\npublished_on = "legifrance.gouv.fr"\n'
    (tmp_path / "catalogue.toml").write_text(TABLE + said, encoding="utf-8")

    wanted = TextStatus("circulaire", published="2020-11-24", published_on="legifrance.gouv.fr")
    assert read_corpus(tmp_path).documents[0].source.status == wanted


@pytest.mark.parametrize("said", ['nature = "note"', 'repealed = "bientôt"', 'replaced_by = ""'])
def test_what_is_not_of_the_form_is_refused(tmp_path: Path, said: str) -> None:
    (tmp_path / "catalogue.toml").write_text(TABLE + said, encoding="utf-8")

    with pytest.raises(CorpusError, match=said.partition(" ")[0]):
        read_catalogue(tmp_path)


@pytest.mark.parametrize("in_force", [True, False])
def test_a_text_no_longer_in_force_says_so_before_its_words(in_force: bool) -> None:
    source = QuoteSource("n", "e", "Note", "P", "2020", None, None, None, None, "0" * 64, "Abrogée", in_force)
    macros = TEMPLATES.get_template("macros.html").module
    html = str(macros.quotation(Quote("Le maire signe.", (), source, 0, 15), Addresses()))  # type: ignore[attr-defined]

    assert ("Abrogée" in html.partition("<blockquote>")[0]) == (not in_force)
    assert "Abrogée" in html.partition("</blockquote>")[2]


TWO = (
    f"{listed('note-2020.csv', title='Note', date='2020-11')}{{}}\n"
    f"{listed('note-2025.csv', title='Note de 2025', date='2025-03')}{{}}\n"
)
REPLACED = 'nature = "circulaire"\nreplaced_by = "{}"\n'
REPLACES = 'nature = "circulaire"\npublished = "2025-03-03"\nreplaces = "{}"\n'


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (REPLACED.format("note-2025"), "", ("Circulaire remplacée par « Note de 2025 »", None)),
        (REPLACED.format("Note de 2025"), "", ("Circulaire remplacée par « Note de 2025 »", None)),
        (
            "",
            REPLACES.format("note-2020"),
            ("Texte remplacé par « Note de 2025 »", "Circulaire publiée le 3 mars 2025, remplace « Note »"),
        ),
        (
            REPLACED.format("la circulaire de 2025"),
            REPLACES.format("Note"),
            ("Circulaire remplacée par la circulaire de 2025", "Circulaire publiée le 3 mars 2025, remplace « Note »"),
        ),
        ("", REPLACES.format("une loi"), (None, "Circulaire publiée le 3 mars 2025, remplace une loi")),
        (REPLACED.format("note-2020"), "", ("Circulaire remplacée par note-2020", None)),
    ],
)
def test_a_replacement_is_known_on_both_sides(
    tmp_path: Path, old: str, new: str, lines: tuple[str | None, str | None]
) -> None:
    (tmp_path / "catalogue.toml").write_text(TWO.format(old, new), encoding="utf-8")
    found = [status_line(source) for source in read_catalogue(tmp_path)]

    assert [line and plain(line) for line in found] == list(lines)


@pytest.mark.parametrize(
    ("old", "new", "order"),
    [
        ("", REPLACES.format("note-2020"), ["note-2025", "note-2020"]),
        (REPLACED.format("note-2025"), "", ["note-2025", "note-2020"]),
        ("", "", ["note-2020", "note-2025"]),
        (REPLACED.format("note-2025") + 'repealed = "2999-01-01"\n', "", ["note-2020", "note-2025"]),
        (REPLACED.format("note-2025"), REPLACED.format("note-2020"), ["note-2020", "note-2025"]),
    ],
)
def test_of_two_texts_of_one_content_the_one_that_replaces_the_other_is_quoted_first(
    tmp_path: Path, old: str, new: str, order: list[str]
) -> None:
    folder = write_corpus(tmp_path / "corpus", phrasings={})
    (folder / "phrasings" / "mediatheque.toml").unlink()
    content = (folder / "documents" / "mediatheque.csv").read_bytes()
    for name in ("note-2020", "note-2025"):
        (folder / "documents" / f"{name}.csv").write_bytes(content + f"n;Numéro ?;{name}\n".encode())
    (folder / "catalogue.toml").write_text(TWO.format(old, new), encoding="utf-8")
    assistant = assistant_over(folder, small_encoder())

    for question in (FAQ["retard"][0], "une amende en cas de retard", "amende de retard"):
        answer = assistant.ask(question)
        assert [ranked.document for ranked in answer.ranking[:2]] == order
        if answer.quotes:
            assert answer.quotes[0].source.document == order[0]
            replaced = [quote for quote in answer.quotes if quote.source.document == "note-2020"]
            assert all(quote.source.in_force == ((old, new) == ("", "") or "2999" in old) for quote in replaced)
