"""What editors decided about visitors' questions, one JSON a line; of those set aside, no word is kept."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from threading import Lock
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from bot.workshop.draft import Draft, written
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


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision."""

    id: str
    at: str
    """ISO 8601, UTC."""
    author: str
    act: Act
    keys: tuple[str, ...]
    """A hash of each question decided about: those that are asked again are decided, too."""
    count: int
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


@dataclass(frozen=True, slots=True)
class _Content:
    """The file as it was read last."""

    mark: tuple[int, int] = (0, 0)
    decisions: tuple[Decision, ...] = ()
    damaged: tuple[int, ...] = ()
    """Numbers of the lines that say nothing, from 1."""


class Decisions:
    """The decisions about one corpus, in a file beside its draft; a line that cannot be read is left out and told."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._path = draft.home / "decisions.jsonl"
        self._lock = Lock()
        self._last = _Content()

    def all(self) -> tuple[Decision, ...]:
        """Oldest first, without those that were undone."""
        return self._content().decisions

    def trouble(self) -> str:
        """Which lines cannot be read, and what to do; empty where all can."""
        if not (damaged := self._content().damaged):
            return ""
        many = len(damaged) > 1
        return (
            f"{'Les lignes' if many else 'La ligne'} {', '.join(map(str, damaged))} de « {self._path} » ne "
            f"{'peuvent' if many else 'peut'} pas être {'lues' if many else 'lue'} : ce qui y était décidé n’est pas "
            "pris en compte, et ses questions sont de nouveau à traiter. Décidez-en encore une fois, puis effacez "
            f"{'ces lignes' if many else 'cette ligne'} du fichier."
        )

    def _content(self) -> _Content:
        try:
            found = self._path.stat()
        except OSError:
            return _Content()
        mark = (found.st_size, found.st_mtime_ns)
        with self._lock:
            if self._last.mark != mark:
                self._last = _Content(mark, *_decisions(self._path))
            return self._last

    def add(
        self,
        act: Act,
        questions: Sequence[str],
        count: int,
        author: str,
        document: str = "",
        entry: str = "",
        texts: Sequence[str] = (),
        passed: Sequence[str] = (),
    ) -> Decision:
        """Write one down.

        Raises:
            WorkshopError: The disk is full.
        """
        made = Decision(
            uuid4().hex[:12],
            datetime.now(UTC).isoformat(timespec="seconds"),
            author,
            act,
            tuple(map(hash_of, questions)),
            count,
            document,
            entry,
            tuple(texts),
            tuple(map(hash_of, passed)),
        )
        self._append(made)
        return made

    def undo(self, decision: Decision) -> None:
        """Take one back: its questions are to be decided about again."""
        self._append(_Undone(decision.id))

    def _append(self, line: Decision | _Undone) -> None:
        content = _LINE.dump_json(line) + b"\n"
        with self._draft.locked(), written(self._draft.home), self._path.open("ab+") as file:
            whole = file.tell()
            file.seek(max(whole - 1, 0))
            torn = file.read(1) not in (b"", b"\n")  # by a process that was killed
            try:
                file.write(b"\n" * torn + content)
                file.flush()
            except OSError:
                file.truncate(whole)
                raise


def _decisions(path: Path) -> tuple[tuple[Decision, ...], tuple[int, ...]]:
    """What stands in the file, and the numbers of the lines that cannot be read."""
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
