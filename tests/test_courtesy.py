"""Courtesy: who is greeted, thanked or told what the assistant is, and whose question is left to the search."""

import json
import re
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from bot.assistant import Assistant
from bot.courtesy import QUESTION, Courtesy, courtesy, examples
from bot.journal import Journal
from bot.phrases import PRIVACY
from bot.service import Service
from corpus import __file__ as corpus_package
from index.french import stems, words

CORPUS = Path(corpus_package).parent
REPLIES = {
    family: table.get("reply", PRIVACY)
    for family, table in tomllib.loads(
        (Path(corpus_package).parents[1] / "bot" / "data" / "courtesy.toml").read_text(encoding="utf-8")
    )["family"].items()
}

SAID = {
    "greeting": [
        "Hé salut !",
        "Bonjour Mme la robote",
        "bonsoir monsieur",
        "boujour",
        "comment allez vous ce matin ?",
        "Bonjour Marie",
    ],
    "thanks": [
        "Merci infiniment pour votre aide !",
        "mercii bcp",
        "merci de m avoir renseigné",
        "je vous remercie pour ces informations",
        "Super, merci à vous",
    ],
    "goodbye": [
        "Merci beaucoup et bonne fin de journée à vous",
        "aurevoir et bonne soiree",
        "allez à bientôt",
        "je vous souhaite un bon week-end",
    ],
    "agreement": ["ah oui d accord", "parfait c est noté", "oui oui c est bien ca", "okkk"],
    "who": [
        "vous êtes une IA ou un humain ?",
        "qui t'a fabriqué ?",
        "je veux parler à un être humain",
        "T KI TOI",
        "est-ce que vous êtes un programme informatique ?",
        "Quel âge avez-vous ?",
        "Bonjour, êtes-vous un robot ou une vraie personne ?",
    ],
    "what": [
        "Qu'est-ce que vous pouvez faire pour m'aider ?",
        "sur quels sujets tu peux m'aider",
        "comment dois-je poser ma question ?",
        "tu parles espagnol ?",
        "a koi sers tu",
        "pouvez vous m aider svp",
    ],
    "sources": [
        "d'où viennent ces informations ?",
        "vos réponses sont-elles toujours exactes ?",
        "Sur quels documents vous appuyez-vous pour répondre ?",
        "tu inventes pas tes réponses ?",
    ],
    "privacy": [
        "est-ce que nos conversations sont enregistrées ?",
        "que faites vous de mes kestions",
        "qui a accès à ce que j'écris ici ?",
        "vous gardez ce que je tape ?",
    ],
    "feedback": [
        "ce n'est pas du tout ce que je demandais",
        "tu n'as rien compris à ma question",
        "réponse complètement à côté",
        "vous êtes vraiment nul",
        "ca ne repond vraiment pas a ma question",
    ],
}

ASKED = [
    "Bonjour, qui signe ce contrat ?",
    "merci de m'indiquer la durée du contrat",
    "Merci, mais la région doit-elle signer aussi ?",
    "ok et pour les régions ?",
    "oui mais le préfet ?",
    "et nos entreprises alors ?",
    "qui pilote le comité de suivi ?",
    "à quoi sert le contrat ?",
    "comment fonctionne la gouvernance locale ?",
    "d'où viennent les financements",
    "qui êtes-vous en droit de désigner comme signataire",
    "bonjour je voudrais savoir si mon village est concerné",
    "mes données de ventes doivent-elles être déclarées ?",
    "où en est mon permis de construire",
    "c'est quoi la DETR",
    "comment effacer une tache de vin",
    "la recette du cassoulet",
    "gastronomie",
    "xqzvk",
]


def _said() -> list[tuple[str, str]]:
    return [(family, message) for family, messages in SAID.items() for message in messages]


@pytest.mark.parametrize(("family", "message"), _said())
def test_courtesy_is_met_with_the_reply_of_its_family(family: str, message: str) -> None:
    assert courtesy(message, frozenset()) == Courtesy(family, REPLIES[family])


@pytest.mark.parametrize("message", ASKED)
def test_a_question_is_left_to_the_search(message: str) -> None:
    assert courtesy(message, frozenset()) is None


def test_these_messages_are_not_the_examples_learned_from() -> None:
    learned = {tuple(words(e.text)) for e in examples()}

    assert [m for _, m in _said() if tuple(words(m)) in learned] == []
    assert [m for m in ASKED if tuple(words(m)) in learned] == []


def test_a_word_of_the_documents_makes_a_courtesy_a_question_about_them() -> None:
    assert courtesy("bonsoir cher notaire", frozenset()) == Courtesy("greeting", REPLIES["greeting"])
    assert courtesy("bonsoir cher notaire", frozenset(stems("le notaire"))) is None


@pytest.mark.parametrize(
    "message",
    [
        "merci de me dire comment supprimer mon compte",
        "A quoi ça sert un cookie ? merci bcp pour ton aide",
        "Bonjour, comment contrôler mes données personnelles sur internet ?",
        "j'ai une question : qu'est-ce que le droit d'accès ?",
    ],
)
def test_what_is_asked_decides_and_not_how_politely(message: str) -> None:
    """Said of the assistant, these words are courtesy; asked of documents that speak of them, they are questions."""
    vocabulary = frozenset(stems("supprimer un compte, contrôler ses données, un cookie, le droit d’accès"))

    assert courtesy(message, vocabulary) is None


def test_a_word_of_the_documents_is_not_read_as_a_misspelt_courtesy() -> None:
    assert courtesy("boujour", frozenset(stems("boujour"))) is None


def test_words_of_courtesy_stay_courteous_when_the_documents_use_them_too() -> None:
    vocabulary = frozenset(stems("merci de poser une question à la personne qui vous aide et de garder la réponse"))

    assert courtesy("merci pour votre réponse", vocabulary) == Courtesy("thanks", REPLIES["thanks"])
    assert courtesy("vous gardez mes questions ?", vocabulary) == Courtesy("privacy", REPLIES["privacy"])


def test_the_reply_on_privacy_says_whether_a_journal_is_kept(small_assistant: Assistant, tmp_path: Path) -> None:
    asked = "Que faites-vous de mes questions ? les enregistrez-vous ?"

    with closing(Journal(tmp_path / "journal.sqlite3", 30)) as journal:
        kept = Service(small_assistant, journal).reply(asked).answer

    assert "conservées 30 jours, puis effacées" in kept.message
    assert "masqués" in kept.message
    assert Service(small_assistant).reply(asked).answer.message == PRIVACY
    assert "nulle part" not in kept.message


@pytest.mark.parametrize(
    ("message", "family"), [("👍", "agreement"), ("🙏🙏", "thanks"), ("👎 !", "feedback"), ("👋 salut", "greeting")]
)
def test_emoji_speak(message: str, family: str) -> None:
    assert courtesy(message, frozenset()) == Courtesy(family, REPLIES[family])


@pytest.mark.parametrize("message", ["", "   ", "???", "…", "12", "🏛️"])
def test_what_says_nothing_is_not_a_courtesy(message: str) -> None:
    assert courtesy(message, frozenset()) is None


def test_every_example_gets_what_it_was_written_for() -> None:
    for example in examples():
        polite = courtesy(example.text, frozenset())
        expected = None if example.family == QUESTION else example.family
        assert (polite.family if polite else None) == expected, example.text


def test_no_phrasing_of_the_shipped_faq_is_a_courtesy() -> None:
    vocabulary = frozenset(stems((CORPUS / "documents" / "faq-cti-crte.txt").read_text(encoding="utf-8")))
    entries = tomllib.loads((CORPUS / "phrasings" / "faq-cti-crte.toml").read_text(encoding="utf-8"))["entry"]
    asked = [phrasing for entry in entries for phrasing in entry["ask"]]

    assert len(asked) > 500
    assert [phrasing for phrasing in asked if courtesy(phrasing, vocabulary)] == []


@pytest.mark.parametrize(
    ("benchmark", "excepted"), [("cnil-faq", ""), ("barri-faq-rh", ""), ("out-of-scope", "smalltalk-")]
)
def test_no_question_to_another_administration_is_a_courtesy(shared: Path, benchmark: str, excepted: str) -> None:
    lines = (shared / "benchmarks" / benchmark / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [q["text"] for q in map(json.loads, lines) if not (excepted and q["_id"].startswith(excepted))]

    assert len(asked) > 50
    assert [text for text in asked if courtesy(text, frozenset())] == []


@pytest.mark.parametrize("family", SAID)
def test_replies_are_typeset_as_french_wants(family: str) -> None:
    reply = REPLIES[family]

    assert "'" not in reply
    assert not re.search("[^\N{NO-BREAK SPACE}][:;?!]", reply)
    assert reply[0].isupper()
    assert reply.endswith(".") or reply.endswith("\N{NO-BREAK SPACE}?")


def test_each_family_has_a_reply_and_examples() -> None:
    assert set(SAID) == set(REPLIES) == {e.family for e in examples()} - {QUESTION}
