"""Greetings, thanks and questions about the assistant itself: met with courtesy, never with a passage."""

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from bot.recogniser import QUESTION, Example, Recogniser
from index.french import words
from index.politeness import bare

# A courtesy taken for a question is refused, which is dull; a question taken for a courtesy is lost.
_LIKELY = 2 / 3
# Words that a question takes at least: "bonjour monsieur le robot" leaves two.
_ASKS = 3
# Asks for the coloured drawing of the character before it; says nothing by itself.
_VARIATION = "\N{VARIATION SELECTOR-16}"


@dataclass(frozen=True, slots=True)
class Courtesy:
    """What to say to a message that asks nothing of the documents."""

    family: str
    reply: str


def courtesy(message: str, vocabulary: Collection[str]) -> Courtesy | None:
    """The reply to a greeting, thanks or a question about the assistant; None for anything else.

    Args:
        message: As typed.
        vocabulary: Stems of the documents; a message that has one beside its courtesy asks about them.
    """
    family = recognised(message, vocabulary, _recogniser())
    return Courtesy(family, _toml("courtesy.toml")["family"][family]["reply"]) if family else None


def recognised(message: str, vocabulary: Collection[str], recogniser: Recogniser) -> str | None:
    """The family of a message that asks nothing of the documents, None for anything else."""
    if not words(message):
        return next((_signs()[sign] for sign in message if sign in _signs()), None)
    judged = recogniser.judge(message)
    if judged.probability < _LIKELY or not judged.strange.isdisjoint(vocabulary):
        return None
    # "Merci de me dire comment supprimer mon compte": what is asked decides, not how politely.
    asked = bare(message)
    certain = judged.probability == 1  # one of the examples
    if asked != message and not certain and len(words(asked)) >= _ASKS:
        return judged.family if recognised(asked, vocabulary, recogniser) else None
    # A lone word that nothing is known of ("tourisme") is not a courtesy, however short.
    return judged.family if judged.familiar or hints(message) else None


def hints(message: str) -> frozenset[str]:
    """The families whose hand-written patterns a message matches."""
    text = " ".join(words(message))
    return frozenset(family for family, pattern in _patterns() if pattern.search(text))


def examples() -> list[Example]:
    """Every message to learn from: courtesies, questions that look like them, questions about other things."""
    content = _toml("courtesy_examples.toml")
    outside = files("index").joinpath("data/out_of_scope.txt").read_text(encoding="utf-8").splitlines()
    found = [Example(t, family) for family, table in content["family"].items() for t in table["examples"]]
    found += [Example(text, QUESTION) for text in content["not_courtesy"]]
    # Small talk that the documents do not answer either ("es-tu marié") is in that file and is courtesy here.
    found += [Example(line, QUESTION) for line in outside if line.strip() and "who" not in hints(line)]
    return found


@cache
def _recogniser() -> Recogniser:
    return Recogniser(examples(), hints)


@cache
def _signs() -> dict[str, str]:
    """Emoji -> family, from the examples that have no word."""
    return {
        sign: family
        for family, table in _toml("courtesy_examples.toml")["family"].items()
        for text in table["examples"]
        if not words(text)
        for sign in text
        if not (sign.isspace() or sign == _VARIATION)
    }


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (family, re.compile(rf"\b(?:{'|'.join(table['patterns'])})"))
        for family, table in _toml("courtesy.toml")["family"].items()
    )


@cache
def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(files("bot").joinpath("data", name).read_text(encoding="utf-8"))
