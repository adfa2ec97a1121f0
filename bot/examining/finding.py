"""What was found when one thing was examined, and how grave it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from corpus.errors import typeset


class Level(IntEnum):
    """How grave: the program answers all the same, up to and including ATTENTION."""

    OK = 0
    ATTENTION = 1
    ERROR = 2

    @property
    def label(self) -> str:
        """As it is shown, and written in JSON."""
        return ("ok", "attention", "erreur")[self]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined."""

    name: str
    level: Level
    detail: str
    remedy: str = ""


def ok(name: str, detail: str) -> Finding:
    """Nothing to do."""
    return Finding(name, Level.OK, typeset(detail))


def attention(name: str, detail: str, remedy: str) -> Finding:
    """It answers, and something should be done."""
    return Finding(name, Level.ATTENTION, typeset(detail), typeset(remedy))


def error(name: str, detail: str, remedy: str = "") -> Finding:
    """It cannot answer, or cannot start; the detail may hold its own remedy."""
    return Finding(name, Level.ERROR, typeset(detail), typeset(remedy))


def worst(findings: Iterable[Finding]) -> Level:
    """Of them all."""
    return max((finding.level for finding in findings), default=Level.OK)


def counted(number: int, one: str, many: str = "") -> str:
    """A number and its noun.

    >>> counted(1, "ligne"), counted(2, "ligne"), counted(0, "journal", "journaux")
    ('1 ligne', '2 lignes', '0 journal')
    """
    return f"{number:,} {one if number < 2 else many or one + 's'}".replace(",", "\u202f")


def size(n_bytes: int) -> str:
    """In the unit that suits.

    >>> size(300_000_000), size(40_000)
    ('286 Mo', '39 Ko')
    """
    return f"{n_bytes // 2**20} Mo" if n_bytes >= 2**20 else f"{-(-n_bytes // 2**10)} Ko"
