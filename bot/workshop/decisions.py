"""What editors decided about visitors' questions, one JSON a line; of those set aside, no word is kept."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from bot.workshop.draft import Draft, now
from bot.workshop.phrasings_file import key_of


class Act(StrEnum):
    """What an editor may decide about a group of questions."""

    PHRASING = "formulation"
    """They ask for an entry, in other words."""
    UNANSWERED = "sans-reponse"
    """No text answers them, and refusing is right."""
    MISSING = "manque"
    """An answer should be written."""
    IGNORED = "ignoree"
    EDITED = "modification"
    """No decision about a question: an entry was changed by hand."""

    @property
    def adds(self) -> bool:
        """Whether it adds questions to the draft."""
        return self in (Act.PHRASING, Act.UNANSWERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision."""

    id: str = field(default_factory=lambda: uuid4().hex[:12])
    at: str = field(default_factory=now)
    """ISO 8601, UTC."""
    author: str
    act: Act
    keys: tuple[str, ...] = ()
    """A hash of each question decided about: those that are asked again are decided, too."""
    count: int = 0
    """How often they had been asked."""
    document: str = ""
    entry: str = ""
    texts: tuple[str, ...] = ()
    """Phrasings and unanswered questions that were added; of a missing answer, what it would be asked by."""
    passed: tuple[str, ...] = ()
    """A hash of each question that was shown with them and left out: it asks for something else."""

    @property
    def key(self) -> str:
        """What it changed: ``document/entry``, or ``document/`` for questions without an answer."""
        return f"{self.document}/{'' if self.act is Act.UNANSWERED else self.entry}"

    @property
    def target(self) -> str:
        """``document/entry`` that the phrasings are for; empty where no text answers."""
        return f"{self.document}/{self.entry}" if self.act is Act.PHRASING else ""


@dataclass(frozen=True, slots=True)
class _Undone:
    undone: str
    """Of a decision that was taken back."""


_LINE: TypeAdapter[Decision | _Undone] = TypeAdapter(Decision | _Undone)


@lru_cache(20_000)
def hash_of(text: str) -> str:
    """What a question is known by once its words may be gone."""
    return hashlib.blake2b(key_of(text).encode(), digest_size=8).hexdigest()


class Decisions:
    """The decisions about one corpus, in a file beside its draft; a line that cannot be read is left out and told."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._path = draft.home / "decisions.jsonl"

    def all(self) -> tuple[Decision, ...]:
        """Oldest first, without those that were undone; the same object as long as the file is the same."""
        return self._content()[0]

    def trouble(self) -> str:
        """Which lines cannot be read, and what to do; empty where all can."""
        if not (damaged := self._content()[1]):
            return ""
        many = len(damaged) > 1
        return (
            f"{'Les lignes' if many else 'La ligne'} {', '.join(map(str, damaged))} de « {self._path} » ne "
            f"{'peuvent' if many else 'peut'} pas être {'lues' if many else 'lue'} : ce qui y était décidé n’est pas "
            "pris en compte, et ses questions sont de nouveau à traiter. Décidez-en encore une fois, puis effacez "
            f"{'ces lignes' if many else 'cette ligne'} du fichier."
        )

    def _content(self) -> tuple[tuple[Decision, ...], tuple[int, ...]]:
        try:
            found = self._path.stat()
        except OSError:
            return (), ()
        return _decisions(self._path, found.st_size, found.st_mtime_ns)

    def add(self, made: Decision) -> Decision:
        """Write one down.

        Raises:
            WorkshopError: The disk is full.
        """
        self._append(made)
        return made

    def undo(self, decision: Decision) -> None:
        """Take one back: its questions are to be decided about again."""
        self._append(_Undone(decision.id))

    def _append(self, line: Decision | _Undone) -> None:
        content = _LINE.dump_json(line) + b"\n"
        with self._draft.locked(), self._path.open("ab+") as file:
            whole = file.tell()
            file.seek(max(whole - 1, 0))
            torn = file.read(1) not in (b"", b"\n")  # by a process that was killed
            try:
                file.write(b"\n" * torn + content)
                file.flush()
            except OSError:
                file.truncate(whole)
                raise


@lru_cache(2)
def _decisions(path: Path, *_: int) -> tuple[tuple[Decision, ...], tuple[int, ...]]:
    """What stands in a file, read again when its size or time changed, and the numbers of its damaged lines."""
    made: dict[str, Decision] = {}
    damaged = []
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            found = _LINE.validate_json(line) if line.strip() else None
        except ValidationError:
            if number < len(lines):  # the last one may be half written by another process
                damaged.append(number)
            continue
        if isinstance(found, _Undone):
            made.pop(found.undone, None)
        elif found:
            made[found.id] = found
    return tuple(made.values()), tuple(damaged)
