"""Turns after a question, over entries of several parts: which part is quoted for them."""

import pytest
from seed_files import write_documents
from small_corpus import assistant_over

from bot import phrases
from bot.answer import Answer
from bot.assistant import Assistant
from index.e5.onnx_encoder import OnnxEncoder

PRICES = """# Tarifs et horaires

## Tarifs du bassin

- Adulte : 4,20 euros l'entrée, 38 euros les dix.
- Enfant de moins de 12 ans : 2,10 euros l'entrée, gratuit avant 3 ans.
- Étudiant ou demandeur d'emploi : 3 euros l'entrée, sur présentation d'un justificatif.
- Groupe de plus de dix personnes : 2,50 euros par personne, sur réservation.

## Horaires du bassin

En période scolaire, le bassin ouvre de 12 h à 20 h du lundi au vendredi.

Le samedi, il ouvre de 9 h à 18 h, et le dimanche de 9 h à 13 h.

Pendant les vacances, il ouvre tous les jours de 10 h à 19 h.

Les jours fériés, il est fermé, sauf le 14 juillet.

## Inscription au conservatoire

Les nouveaux élèves s'inscrivent en juin, à l'accueil, avec un justificatif de domicile.

Les anciens élèves se réinscrivent en ligne, du 15 mai au 10 juin.

Les adultes sont admis en septembre, selon les places qui restent.

La location d'un instrument coûte 120 euros par an, caution comprise.

## Aide au permis de conduire

Les jeunes de 17 à 25 ans peuvent recevoir 400 euros.

En échange, ils donnent quarante heures à une association de la commune.

Le dossier est déposé au service jeunesse avant le 1er mars.

L'aide est versée directement à l'auto-école, après la réussite du code.
"""
PARTS = [
    ("combien l'entrée pour un adulte", "et pour les étudiants", "Étudiant"),
    ("tarif de groupe du bassin", "et pour moi tout seul, adulte ?", "Adulte"),
    ("c'est ouvert quand le bassin en semaine", "et le samedi ?", "Le samedi"),
    ("horaires du bassin le samedi", "et pendant les vacances ?", "Pendant"),
    ("horaires du bassin pendant les vacances", "et les jours fériés ?", "Les jours"),
    ("comment s'inscrire au conservatoire, on est nouveaux", "et pour se réinscrire ?", "Les anciens"),
    ("inscription au conservatoire d'un nouvel élève", "et pour louer un violon ?", "La location"),
    ("aide au permis, faut donner des heures à une asso ?", "c'est versé à qui", "L'aide"),
]
"""A question, a turn after it that another part of the same entry answers, and how that begins."""


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory, encoder: OnnxEncoder) -> Assistant:
    return assistant_over(
        write_documents(tmp_path_factory.mktemp("prices"), {"prices.md": PRICES}, title="Tarifs"), encoder
    )


def marked(answer: Answer) -> str:
    return " ".join(answer.quotes[0].text[a:b] for a, b in answer.quotes[0].highlights) if answer.quotes else ""


@pytest.mark.model
def test_another_part_of_the_entry_that_was_quoted_answers(prices: Assistant) -> None:
    answers = {turn: marked(prices.ask(turn, [earlier])) for earlier, turn, _ in PARTS}
    assert {turn: answers[turn] for _, turn, begins in PARTS if not answers[turn].startswith(begins)} == {}


@pytest.mark.model
def test_what_shares_a_word_with_the_turn_alone_is_never_sure(prices: Assistant) -> None:
    # Its entry speaks of driving schools, and not of what was asked before.
    earlier = ("aide au permis", "tarif de groupe du bassin", "la location")
    answers = [prices.ask("et l'auto-école ?", [question]) for question in earlier]
    assert [phrases.UNSURE in answer.message for answer in answers if answer.quotes] == [False, True, True]
