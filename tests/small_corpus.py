"""A corpus of one small FAQ, written into a folder: a town's library, six questions, six phrasings each."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from fake_encoder import FakeEncoder
from seed_files import listed

from index import versions
from index.build import build
from index.encoder import Encoder
from index.searcher import Searcher
from index.store import FolderStore

if TYPE_CHECKING:
    import pytest

    from bot.assistant import Assistant
    from bot.journal import Journal
    from bot.workshop.editing import Workshop

FAQ = {
    "inscription": (
        "Comment s’inscrire à la médiathèque ?",
        "L’inscription est gratuite pour les habitants de la commune. Une carte est remise à l’accueil.",
    ),
    "pret": (
        "Quels ouvrages peut-on emprunter ?",
        "Tous les livres se prêtent. Les dictionnaires restent sur place.",
    ),
    "retard": (
        "Que risque-t-on en cas de retard ?",
        "Aucune amende n’est due. Un rappel part après une semaine.",
    ),
    "internet": (
        "Peut-on se servir des ordinateurs ?",
        "Un ordinateur se réserve à l’accueil. La connexion est coupée le dimanche.",
    ),
    "salle": (
        "Une association peut-elle réserver la salle ?",
        "La salle est prêtée aux associations du canton. Le ménage leur revient.",
    ),
    "portage": (
        "Livrez-vous des ouvrages à domicile ?",
        "Le portage à domicile est réservé aux personnes âgées. Une bénévole passe le mardi.",
    ),
}
"""Identifier -> question and answer; each answer has two sentences."""

EDITION = {
    "portage": FAQ["portage"],
    "inscription": FAQ["inscription"],
    "emprunts": ("Quels ouvrages emprunter ?", "Tous les livres et les films se prêtent. Les dictionnaires restent."),
    "retards": ("Que risque-t-on quand on rend en retard ?", "Une amende est due. Un rappel part après deux semaines."),
    "internet": FAQ["internet"],
    "café": ("Où boire un café ?", "Le distributeur est dans le hall."),
}
"""Of the FAQ: one entry moved to the front, two reworded under other identifiers, one new; the hall is gone."""

PHRASINGS = {
    "inscription": [
        "avoir une carte", "carte de lecteur", "inscrire mon fils", "s'abonner", "carte gratuite", "abonnement",
    ],
    "pret": [
        "emprunter des livres", "livres à emporter", "emprunter un roman", "romans", "livres prêtés",
        "prendre un livre",
    ],
    "retard": ["amende de retard", "livre rendu trop tard", "retard", "payer une amende", "rappel reçu", "amende ?"],
    "internet": ["ordinateur libre", "wifi", "aller sur internet", "ordinateurs", "connexion wifi", "internet gratuit"],
    "salle": [
        "louer la salle", "salle pour une association", "réunion dans la salle", "association", "salle libre",
        "réserver une salle",
    ],
    "portage": [
        "livraison à domicile", "portage", "apporter des livres à ma mère âgée", "domicile", "portage du mardi",
        "bénévole",
    ],
}  # fmt: skip
"""Identifier -> how people ask it."""

FEW = {key: asked[:2] for key, asked in PHRASINGS.items()} | {"internet": ["se servir d'un ordinateur", "wifi"]}
"""So few that what is learned stays near the shipped weights. Left out, none is within 0.03 of the threshold: one
phrasing more moves every probability a little, and a check would lose by chance what is on the edge."""

WORDS = (
    "inscription", "carte", "inscrire", "livres", "emprunter", "romans", "retard", "amende", "ordinateur", "internet",
    "wifi", "salle", "association", "portage", "domicile",
)  # fmt: skip
"""What the fake encoder tells apart."""


def small_encoder() -> FakeEncoder:
    """An encoder for these questions: one axis for each of ``WORDS``."""
    return FakeEncoder(WORDS)


def table(faq: Mapping[str, tuple[str, str]]) -> bytes:
    """A FAQ as a document."""
    content = StringIO()
    writer = csv.writer(content, delimiter=";")
    writer.writerow(["id", "question", "réponse"])
    writer.writerows([key, question, answer] for key, (question, answer) in faq.items())
    return content.getvalue().encode()


def workshop_of(place: Path, journal: "Journal | None" = None) -> "Workshop":
    """The workshop of a folder with a corpus and an index."""
    from bot.workshop.editing import Workshop

    return Workshop(place / "corpus", FolderStore(place / "index"), small_encoder(), 0.1, journal)


def write_corpus(
    folder: Path,
    faq: Mapping[str, tuple[str, str]] = FAQ,
    phrasings: Mapping[str, Sequence[str]] = PHRASINGS,
) -> Path:
    """Write catalogue, document, phrasings and lexicon into ``folder``."""
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    (folder / "phrasings").mkdir(exist_ok=True)
    named = {"title": "Guide du lecteur", "publisher": "Ville de Montbrun", "notice": "édition de mars 2024"}
    (folder / "catalogue.toml").write_text(listed("mediatheque.csv", **named), encoding="utf-8")
    (folder / "documents" / "mediatheque.csv").write_bytes(table(faq))
    tables = [
        f'[[entry]]\nquestion = "{faq[key][0]}"\nask = [{", ".join(map(_quoted, asked))}]\n'
        for key, asked in phrasings.items()
    ]
    (folder / "phrasings" / "mediatheque.toml").write_text("\n".join(tables), encoding="utf-8")
    (folder / "lexicon.toml").write_text(
        '[acronyms]\nBM = "bibliothèque municipale"\n\n[words]\n"bouquin" = ["livres"]\n', encoding="utf-8"
    )
    return folder


def closing_on(day: int) -> dict[str, tuple[str, str]]:
    """The library's FAQ with an answer that tells the builds apart."""
    return {**FAQ, "horaires": ("Quand la médiathèque ferme-t-elle ?", f"Elle ferme le {day} mai.")}


def built(folder: Path, day: int) -> Path:
    """Build in ``index`` what the corpus says on a day; the version that is then in service."""
    build(write_corpus(folder / "corpus", closing_on(day), FEW), folder / "index", small_encoder())
    return versions.current(folder / "index")


def _quoted(text: str) -> str:
    return f'"{text}"'


def assistant_over(corpus: Path, encoder: Encoder) -> "Assistant":
    """Who answers from a corpus, whose index is built inside it."""
    from bot.assistant import Assistant

    build(corpus, corpus / "index", encoder)
    return Assistant(Searcher.load(corpus / "index", encoder))


def set_levels(monkeypatch: "pytest.MonkeyPatch", searcher: Searcher, **levels: float) -> None:
    """Compare what it finds with other probabilities (``threshold``, ``offer``, ``sure``) for the length of a test."""
    monkeypatch.setattr(searcher, "learned", replace(searcher.learned, **levels))
