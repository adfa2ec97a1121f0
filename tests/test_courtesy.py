"""Courtesy: who is greeted, thanked or told what the assistant is, and whose question is left to the search."""

import json
import re
import tomllib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from fit_courtesy import examples, fit
from test_query import parser_of

from bot.assistant import Assistant
from bot.courtesy import ASKING, courtesy
from bot.journal import Journal
from bot.phrases import PRIVACY
from bot.service import Service
from corpus.phrasings import Lexicon
from index.french import stems, words

FAMILIES = tomllib.loads((ROOT / "bot/data/courtesy.toml").read_text(encoding="utf-8"))["family"]
REPLIES = {name: FAMILIES[table.get("like", name)].get("reply", PRIVACY) for name, table in FAMILIES.items()}
PARSER = parser_of([], Lexicon())

SAID = {
    "greeting": [
        "Hé salut !", "Bonjour Mme la robote", "bonsoir monsieur", "boujour", "comment allez vous ce matin ?",
        "Bonjour Marie",
    ],
    "thanks": [
        "Merci infiniment pour votre aide !", "mercii bcp", "merci de m avoir renseigné",
        "je vous remercie pour ces informations", "Super, merci à vous",
    ],
    "goodbye": [
        "Merci beaucoup et bonne fin de journée à vous", "aurevoir et bonne soiree", "allez à bientôt",
        "je vous souhaite un bon week-end",
    ],
    "agreement": ["ah oui d accord", "parfait c est noté", "oui oui c est bien ca", "okkk"],
    "who": [
        "vous êtes une IA ou un humain ?", "qui t'a fabriqué ?", "je veux parler à un être humain", "T KI TOI",
        "est-ce que vous êtes un programme informatique ?", "Quel âge avez-vous ?",
        "Bonjour, êtes-vous un robot ou une vraie personne ?",
    ],
    "what": [
        "Qu'est-ce que vous pouvez faire pour m'aider ?", "sur quels sujets tu peux m'aider",
        "comment dois-je poser ma question ?", "tu parles espagnol ?", "a koi sers tu", "pouvez vous m aider svp",
    ],
    "sources": [
        "d'où viennent toutes vos informations ?", "vos réponses sont-elles toujours exactes ?",
        "Sur quels documents vous appuyez-vous pour répondre ?", "tu inventes pas tes réponses ?",
    ],
    "privacy": [
        "est-ce que nos conversations sont enregistrées ?", "que faites vous de mes kestions",
        "qui a accès à ce que j'écris ici ?", "vous gardez ce que je tape ?",
    ],
    "repeat": ["pouvez-vous me redire ça ?", "répète un peu", "je n'ai pas bien compris la réponse"],
    "whole": ["montre-moi le paragraphe en entier", "je veux voir le passage complet"],
    "source": ["à quelle page est-ce écrit ?", "vous avez le lien du document ?", "tu as vu ça dans quel document ?"],
    "sure": ["vous en êtes vraiment certaine ?", "t'es bien certain ?", "c'est vraiment sûr ça ?"],
    "print": ["je voudrais imprimer cette réponse", "tu peux me la sortir en pdf ?"],
    "feedback": [
        "ce n'est pas du tout ce que je demandais", "tu n'as rien compris à ma question", "réponse complètement à côté",
        "vous êtes vraiment nul", "ca ne repond vraiment pas a ma question",
    ],
}  # fmt: skip

ASKED = [
    "Bonjour, qui signe ce contrat ?", "merci de m'indiquer la durée du contrat",
    "Merci, mais la région doit-elle signer aussi ?", "ok et pour les régions ?", "oui mais le préfet ?",
    "et nos entreprises alors ?", "qui pilote le comité de suivi ?", "à quoi sert le contrat ?",
    "comment fonctionne la gouvernance locale ?", "d'où viennent les financements",
    "c'est payé ?", "ah bon, donc il sert à rien ?",
    "qui êtes-vous en droit de désigner comme signataire", "bonjour je voudrais savoir si mon village est concerné",
    "mes données de ventes doivent-elles être déclarées ?", "où en est mon permis de construire",
    "c'est quoi la DETR", "comment effacer une tache de vin", "la recette du cassoulet", "gastronomie", "xqzvk",
    "CET", "peut-on me mettre dehors", "combien de temps pour avoir la réponse ?", "faut-il prouver ma filiation",
    "vous avez du wifi ?", "vous êtes ouverts samedi ?", "puis-je utiliser tailwind ?",
    "tu peux me réserver une salle ?",
    "c'est ouvert ce soir ?", "vous avez un plan du site ?", "vous traduisez les documents ?", "qui vous finance ?",
    "je suis enceinte", "je suis locataire", "j'habite pas ici", "j'en ai quatre", "faut laisser quelque chose ?",
    "elle est gardée ?", "ils sont surveillés ?", "vous en revendez ?", "on peut le lire sur place ?",
    "je comprends rien aux impôts", "aucune réponse au guichet", "quelqu'un parle turc ?", "non pas encore",
    "oui samedi matin", "on n'est pas mariés", "vous êtes assurés ?", "je pas maison",
]  # fmt: skip


SAID_ALL = [(name, message) for name, messages in SAID.items() for message in messages]


def family(message: str, documents: str = "") -> str | None:
    """The family of a message where the documents have these words."""
    found = courtesy(PARSER.read(message), frozenset(stems(documents)))
    assert found is None or found.reply == REPLIES[found.family]
    return found.family if found else None


def test_courtesy_is_met_with_the_reply_of_its_family() -> None:
    assert [(expected, m, family(m)) for expected, m in SAID_ALL if family(m) != expected] == []
    assert set(SAID) == set(REPLIES) == {e.family for e in examples()} - {*ASKING}


def test_a_question_is_left_to_the_search() -> None:
    assert [message for message in ASKED if family(message)] == []


def test_these_messages_are_not_the_examples_learned_from_which_get_what_they_were_written_for() -> None:
    learned = {tuple(words(e.text)) for e in examples()}

    assert [m for m in [*(m for _, m in SAID_ALL), *ASKED] if tuple(words(m)) in learned] == []
    assert [e for e in examples() if family(e.text) != (None if e.family in ASKING else e.family)] == []


@pytest.mark.parametrize(
    ("message", "documents", "expected"),
    [
        ("bonsoir Duponchel", "", "greeting"),
        ("bonsoir Duponchel", "rue Duponchel", None),
        ("boujour", "boujour", None),  # a word of the documents is no misspelt courtesy
        # Words of courtesy stay courteous when the documents use them too.
        ("merci pour votre réponse", "merci de poser une question et de garder la réponse", "thanks"),
        ("vous gardez mes questions ?", "merci de poser une question et de garder la réponse", "privacy"),
        # What is asked decides, and not how politely: said of the assistant, these words are courtesy.
        ("merci de me dire comment supprimer mon compte", "supprimer un compte", None),
        ("A quoi ça sert un cookie ? merci bcp pour ton aide", "un cookie", None),
        ("Bonjour, comment contrôler mes données personnelles sur internet ?", "contrôler ses données", None),
        ("je veux m'inscrire", "s'inscrire à la médiathèque", None),
        ("j'ai une question : qu'est-ce que le droit d'accès ?", "le droit d’accès", None),
        ("👍", "", "agreement"),
        ("🙏🙏", "", "thanks"),
        ("👎 !", "", "feedback"),
        ("👋 salut", "", "greeting"),
        *((nothing, "", None) for nothing in ("", "   ", "???", "…", "12", "🏛️")),
    ],
)
def test_words_of_the_documents_and_signs(message: str, documents: str, expected: str | None) -> None:
    assert family(message, documents) == expected


def test_the_reply_on_privacy_says_whether_a_journal_is_kept(small_assistant: Assistant, tmp_path: Path) -> None:
    asked = "Que faites-vous de mes questions ? les enregistrez-vous ?"

    with closing(Journal(tmp_path / "journal.sqlite3", 30)) as journal:
        kept = Service(small_assistant, journal).reply(asked).answer

    assert "conservées 30 jours, puis effacées" in kept.message
    assert "masqués" in kept.message
    assert Service(small_assistant).reply(asked).answer.message == PRIVACY
    assert "nulle part" not in kept.message


def test_the_weights_that_are_shipped_are_those_that_the_examples_give() -> None:
    """Run ``python tests/fit_courtesy.py`` after a change of the examples, the patterns or a word list."""
    with np.load(ROOT / "bot/data/courtesy.npz", allow_pickle=False) as stored:
        fitted = fit()
        assert set(stored.files) == set(fitted)
        for name, array in fitted.items():
            if array.dtype.kind == "U":
                assert stored[name] == array, name
            else:
                np.testing.assert_allclose(stored[name], array, rtol=0.02, atol=0.01, err_msg=name)


def phrasings() -> list[str]:
    entries = tomllib.loads((ROOT / "corpus/phrasings/faq-cti-crte.toml").read_text(encoding="utf-8"))["entry"]
    return [phrasing for entry in entries for phrasing in entry["ask"]]


def queries(benchmark: Path) -> list[str]:
    lines = (benchmark / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return [q["text"] for q in map(json.loads, lines) if not q["_id"].startswith("smalltalk-")]


def test_no_question_to_an_administration_is_a_courtesy(shared: Path) -> None:
    documents = (ROOT / "corpus/documents/faq-cti-crte.txt").read_text(encoding="utf-8")
    asked = [(text, documents) for text in phrasings()]
    for name in ("cnil-faq", "barri-faq-rh", "out-of-scope"):
        asked += [(text, "") for text in queries(shared / "benchmarks" / name)]

    assert len(asked) > 650
    assert [text for text, known in asked if family(text, known)] == []


def test_replies_are_typeset_as_french_wants() -> None:
    for reply in REPLIES.values():
        assert "'" not in reply
        assert not re.search("[^\N{NO-BREAK SPACE}][:;?!]", reply)
        assert reply[0].isupper()
        assert reply.endswith(".") or reply.endswith("\N{NO-BREAK SPACE}?")
