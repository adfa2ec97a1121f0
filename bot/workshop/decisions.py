"""What editors decided about visitors' questions, one JSON a line; of those set aside, no word is kept."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any
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


_DECISION = TypeAdapter(Decision)


@lru_cache(20_000)
def hash_of(text: str) -> str:
    """What a question is known by once its words may be gone."""
    return hashlib.blake2b(key_of(text).encode(), digest_size=8).hexdigest()


class Decisions:
    """The decisions about one corpus, in a file beside its draft; the last line of a killed process is left out."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._path = draft.home / "decisions.jsonl"
        self._lock = Lock()
        self._read: tuple[tuple[int, int], tuple[Decision, ...]] = ((0, 0), ())

    def all(self) -> tuple[Decision, ...]:
        """Oldest first, without those that were undone."""
        try:
            found = self._path.stat()
        except OSError:
            return ()
        mark = (found.st_size, found.st_mtime_ns)
        with self._lock:
            if self._read[0] != mark:
                self._read = (mark, tuple(_decisions(self._path)))
            return self._read[1]

    def add(
        self,
        act: Act,
        questions: Sequence[str],
        count: int,
        author: str,
        document: str = "",
        entry: str = "",
        texts: Sequence[str] = (),
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
        )
        self._append(asdict(made))
        return made

    def undo(self, decision: Decision) -> None:
        """Take one back: its questions are to be decided about again."""
        self._append({"undone": decision.id})

    def _append(self, line: dict[str, Any]) -> None:
        content = f"{json.dumps(line, ensure_ascii=False)}\n".encode()
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


def _decisions(path: Path) -> Iterator[Decision]:
    made: dict[str, Decision] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            content = json.loads(line)
            if isinstance(content, dict) and "undone" in content:
                made.pop(content["undone"], None)
            else:
                decision = _DECISION.validate_python(content)
                made[decision.id] = decision
        except (ValueError, ValidationError):
            continue  # cut short by the end of its process
    yield from made.values()
