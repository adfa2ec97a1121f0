"""Greetings, thanks and questions about the assistant itself: met with courtesy, never with a passage."""

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from index.french import STOP_WORDS, stem, words


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
    said = words(message)
    text = " ".join(said)
    if not said:
        return None
    found = [(family, pattern) for family, _, patterns in _families() for pattern in patterns if pattern.search(text)]
    if not found:
        return None
    left = text
    for _, pattern in found:
        left = pattern.sub(" ", left)
    others = [w for w in left.split() if w not in STOP_WORDS and w not in _beside()]
    about = any(stem(word) in vocabulary for word in others)
    # "Bonjour Marie" is a greeting; "traduire bonjour en japonais" is not.
    if about or len(others) > 1 or (others and len(said) > 3 and {f for f, _ in found} <= _LIGHT):
        return None
    # A question about the assistant outweighs the greeting before it.
    family = min((f for f, _ in found), key=_PRECEDENCE.index)
    return Courtesy(family, next(reply for name, reply, _ in _families() if name == family))


_LIGHT = {"greeting", "thanks", "goodbye", "agreement"}
_PRECEDENCE = ("privacy", "sources", "who", "what", "feedback", "thanks", "goodbye", "greeting", "agreement")


@cache
def _families() -> tuple[tuple[str, str, tuple[re.Pattern[str], ...]], ...]:
    return tuple(
        (name, family["reply"], tuple(re.compile(rf"\b(?:{p})") for p in family["patterns"]))
        for name, family in _file()["family"].items()
    )


@cache
def _beside() -> frozenset[str]:
    return frozenset(_file()["beside"].split())


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "courtesy.toml").read_text(encoding="utf-8"))
