import pytest
from test_office import told

from corpus.errors import UnreadableDocumentError
from corpus.readers.text import read_text

TEXT = "L’État s’engage : œuvre, été, 80 %.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encodings_of_french_offices_give_the_same_text(encoding: str) -> None:
    assert read_text(TEXT.encode(encoding), "note.txt").text == TEXT.strip()


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "vide"), (b" \r\n\t\f", "vide"), (b"\xef\xbb\xbf", "vide"), (bytes(range(256)) * 4, "pas un texte lisible")],
)
def test_an_empty_file_or_one_that_is_no_text_is_refused_by_name(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocumentError, match=rf"note\.txt.*{reason}"):
        read_text(data, "note.txt")


def test_windows_and_old_mac_line_ends_are_line_ends() -> None:
    for end in ("\n", "\r\n", "\r"):
        raw = f"Le contrat dure six{end}ans.{end}{end}Il est signé."
        assert read_text(raw.encode(), "note.txt").text == "Le contrat dure six ans.\n\nIl est signé."


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            "Marché\n======\n\nDépôt\n-----\nIl est signé.\n\n* * *\n\nTarif\n-----\nDix.",
            ["Dépôt → Il est signé.", "Tarif → Dix."],
        ),
        (
            "QUESTION\nQui sale ?\nRÉPONSE\nLe maire.\n\nQUESTION 2\nLes trottoirs\nRÉPONSE 2\nLes riverains.",
            ["Qui sale ? → Le maire.", "Les trottoirs → Les riverains."],
        ),
        (
            "Tarifs\n\nAdulte ...... 150\nEnfant ...... 280\n\nDroits (en euros)\n\nTombe ...... 15\nNiche ...... 9\n",
            ["Tarifs → Adulte ...... 150 / Enfant ...... 280", "Droits (en euros) → Tombe ...... 15 / Niche ...... 9"],
        ),
        (
            "Sommaire\nPartie A ........ 2\nPartie B ........ 3\n\nPartie A\nUn mois.\n\nPartie B\nDeux mois.",
            ["Partie A → Un mois.", "Partie B → Deux mois."],
        ),
        ("AVANT\n* Monter à l'étage\n* Couper le gaz", ["AVANT → * Monter à l'étage / * Couper le gaz"]),
        ("FAQ\n\n> Qui sale ?\nLe maire.\n\n👉 Où ?\nIci.", ["Qui sale ? → Le maire.", "Où ? → Ici."]),
    ],
)
def test_titles_and_questions_of_plain_text(raw: str, expected: list[str]) -> None:
    assert told(read_text(raw.encode(), "note.txt")) == expected


def test_form_feeds_separate_pages() -> None:
    reading = read_text("Première page.\n\fDeuxième page.\n".encode(), "note.txt")

    assert reading.text == "Première page.\n\nDeuxième page."
    assert reading.pages == (0, 16)
    assert read_text(b"Une seule page.", "note.txt").pages == ()


def test_the_link_list_that_a_printer_leaves_ends_a_page_and_is_no_text() -> None:
    raw = """Voir la circulaire : https://www.legifrance.gouv.fr/circ?id=1

Le contrat est signé.

https://www.legifrance.gouv.fr/circ?id=1


Il dure six ans.

https://www.legifrance.gouv.fr/circ?id=1
"""

    reading = read_text(raw.encode(), "note.txt")

    assert reading.text == (
        "Voir la circulaire : https://www.legifrance.gouv.fr/circ?id=1\n\nLe contrat est signé.\n\nIl dure six ans."
    )
    assert reading.pages == (0, reading.text.index("Il dure"))


def test_an_address_that_stands_in_the_text_stays() -> None:
    raw = "Voir https://a.gouv.fr/x\n\nhttps://a.gouv.fr/y\n\n\nFin du texte.\n"

    assert (
        read_text(raw.encode(), "note.txt").text == "Voir https://a.gouv.fr/x\n\nhttps://a.gouv.fr/y\n\nFin du texte."
    )
