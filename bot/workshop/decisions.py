"""What editors decided: about visitors' questions, and which answers are right; each in a file of one JSON a line.

Of the questions that were set aside, no word is kept. An answer that was accepted is a known question, in the corpus
folder; ``motamot evaluate`` reads its file as it is.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from bot.answer import Kind
from bot.evaluation.questions import Finder, KnownQuestionsError, known_question
from bot.workshop.draft import Draft, now
from bot.workshop.phrasings_file import key_of
from bot.workshop.replay import Expected, Origin
from corpus.document import Entry


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
        return (
            f"« {self._path} » ne peut pas être lu en entier (ligne {', '.join(map(str, damaged))}) : ce qui y était "
            "décidé n’est pas pris en compte, et ses questions sont de nouveau à traiter. Décidez-en encore une fois, "
            "puis effacez du fichier ce qui ne se lit pas."
        )

    def _content(self) -> tuple[tuple[Decision, ...], tuple[int, ...]]:
        try:
            found = self._path.stat()
        except OSError:
            return (), ()
        return _decisions(self._path, found.st_size, found.st_mtime_ns)

    def add(self, made: Decision) -> Decision:
        """Write one down."""
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


# --- known questions ---


KNOWN = "questions-connues.jsonl"
_MOST_FOLLOWING = 200


class KnownFile:
    """The known questions of a draft; a later answer to the same turns replaces the earlier one."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft

    def lines(self) -> list[dict[str, Any]]:
        """Its lines that can be read."""
        return known_lines(self._draft.read(KNOWN))

    def accept(self, turns: Sequence[str], entry: str) -> None:
        """Note which ``document/entry`` answers the last of these turns, none where refusing is right."""
        id_ = hash_of(" / ".join(turns))
        expect = {"expect": [entry]} if entry else {}
        kind = Kind.ANSWER if entry else Kind.REFUSE
        made = {"id": id_, "turns": list(turns), "kind": kind.value, **expect}
        with self._draft.locked():
            self._write([*(line for line in self.lines() if line.get("id") != id_), made])

    def follow(self, pairs: Iterable[tuple[Entry, Entry]]) -> None:
        """Name entries, and their headings, as a new edition does; ``pairs`` are each before and after."""
        names: dict[str, str] = {}
        for before, after in pairs:
            names |= {before.key: after.key, _heading(before): _heading(after)}
        with self._draft.locked():
            if lines := self.lines():
                for line in lines:
                    given = line.get("expect") or []
                    expect = [given] if isinstance(given, str) else given
                    line |= {"expect": [names.get(entry, entry) for entry in expect]} if expect else {}
                self._write(lines)

    def _write(self, lines: Sequence[dict[str, Any]]) -> None:
        # A line that cannot be read stays as somebody wrote it.
        written = [line for line in _parsed(self._draft.read(KNOWN)) if isinstance(line, str)]
        written += [json.dumps(line, ensure_ascii=False) for line in lines]
        self._draft.write(KNOWN, "".join(f"{line}\n" for line in written).encode("utf-8", "surrogateescape"))


def known_lines(content: bytes) -> list[dict[str, Any]]:
    """Those of a file that can be read."""
    return [line for line in _parsed(content) if isinstance(line, dict)]


def _parsed(content: bytes) -> Iterator[dict[str, Any] | str]:
    """What each line says; those that cannot be read as they stand."""
    for line in content.decode("utf-8", "surrogateescape").split("\n"):
        try:
            read = json.loads(line)
        except ValueError:
            read = None
        if isinstance(read, dict) and isinstance(read.get("turns"), list) and read["turns"]:
            yield read
        elif line.strip():
            yield line


def expected(content: bytes, entries: Sequence[Entry]) -> list[Expected]:
    """Each question of a file alone or with its own turns, then those that stand alone, after one on something else."""
    known = list(_known(content, entries))
    others = [(entry.key, _heading(entry)) for entry in entries if entry.heading]
    following = []
    for number, question in enumerate(known[:_MOST_FOLLOWING]):
        before = next((text for key, text in others[number % max(len(others), 1) :] if key != question.entry), "")
        if before and len(question.turns) == 1:
            following.append(Expected(Origin.FOLLOWING, (before, *question.turns), question.entry))
    return known + following


def _known(content: bytes, entries: Sequence[Entry]) -> Iterator[Expected]:
    finder = Finder(entries)
    for line in known_lines(content):
        try:
            found = known_question(line, finder, KNOWN)
        except KnownQuestionsError:
            continue  # what it expects is not, or is no longer, in the documents
        where = next((f"{place.document}/{place.entry}" for place in found.expect if place.entry), "")
        if where or found.kind is Kind.REFUSE:
            yield Expected(Origin.KNOWN, found.turns, where)


def _heading(entry: Entry) -> str:
    return " ".join(entry.heading_text.split())
