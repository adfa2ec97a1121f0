"""Answers that an editor accepted, kept as known questions: ``questions-connues.jsonl`` in the corpus folder."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bot.answer import Kind
from bot.evaluation.questions import Finder, KnownQuestionsError, known_question
from bot.workshop.decisions import hash_of
from bot.workshop.draft import Draft
from bot.workshop.replay import Expected, Origin
from corpus.document import Entry

NAME = "questions-connues.jsonl"
_MOST_FOLLOWING = 200


class KnownFile:
    """The file in a draft; ``motamot evaluate`` reads it as it is."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft

    def lines(self) -> list[dict[str, Any]]:
        """Its lines that can be read."""
        return known_lines(self._draft.read(NAME))

    def accept(self, turns: Sequence[str], entry: str) -> None:
        """Note which ``document/entry`` answers the last of these turns, "" where refusing is right; an earlier note goes.

        Raises:
            WorkshopError: It cannot be written.
        """
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
        written = [line for line in _parsed(self._draft.read(NAME)) if isinstance(line, str)]
        written += [json.dumps(line, ensure_ascii=False) for line in lines]
        self._draft.write(NAME, "".join(f"{line}\n" for line in written).encode("utf-8", "surrogateescape"))


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
            found = known_question(line, finder, NAME)
        except KnownQuestionsError:
            continue  # what it expects is not, or is no longer, in the documents
        where = next((f"{place.document}/{place.entry}" for place in found.expect if place.entry), "")
        if where or found.kind is Kind.REFUSE:
            yield Expected(Origin.KNOWN, found.turns, where)


def _heading(entry: Entry) -> str:
    return " ".join(entry.heading_text.split())
