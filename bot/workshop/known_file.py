"""Answers that an editor accepted, kept as known questions: ``questions-connues.jsonl`` in the corpus folder."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from bot.answer import Kind
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
        """Note that this is the right answer; an earlier one for the same question is replaced.

        Args:
            turns: The question last, those before it first.
            entry: ``document/entry``; empty where refusing is right.

        Raises:
            WorkshopError: It cannot be written.
        """
        id_ = hash_of(" / ".join(turns))
        expect = {"expect": [entry]} if entry else {}
        kind = Kind.ANSWER if entry else Kind.REFUSE
        made = {"id": id_, "turns": list(turns), "kind": kind.value, **expect}
        with self._draft.locked():
            kept = [line for line in self.lines() if line.get("id") != id_]
            self._write([*kept, made])

    def follow(self, document: str, renamed: Mapping[str, str]) -> None:
        """Name the entries of a document as its new edition does."""
        names = {f"{document}/{before}": f"{document}/{after}" for before, after in renamed.items()}
        with self._draft.locked():
            lines = self.lines()
            for line in lines:
                given = line.get("expect") or []
                expect = [given] if isinstance(given, str) else given
                line |= {"expect": [names.get(entry, entry) for entry in expect]} if expect else {}
            if lines:
                self._write(lines)

    def _write(self, lines: Sequence[dict[str, Any]]) -> None:
        # A line that cannot be read stays as somebody wrote it.
        written = [line for line, content in _parsed(self._draft.read(NAME)) if content is None]
        written += [json.dumps(line, ensure_ascii=False) for line in lines]
        self._draft.write(NAME, "".join(f"{line}\n" for line in written).encode("utf-8", "surrogateescape"))


def known_lines(content: bytes) -> list[dict[str, Any]]:
    """Those of a file that can be read."""
    return [line for _, line in _parsed(content) if line]


def expected(content: bytes, entries: Sequence[Entry]) -> list[Expected]:
    """Each question of a file alone or with its own turns, then those that stand alone, after one on something else."""
    there = {entry.key: entry for entry in entries}
    known = list(_known(content, there))
    others = [(key, " ".join(entry.heading_text.split())) for key, entry in there.items() if entry.heading]
    following = []
    for number, question in enumerate(known[:_MOST_FOLLOWING]):
        before = next((text for key, text in others[number % max(len(others), 1) :] if key != question.entry), "")
        if before and len(question.turns) == 1:
            following.append(Expected(Origin.FOLLOWING, (before, *question.turns), question.entry))
    return known + following


def _known(content: bytes, there: Collection[str]) -> Iterator[Expected]:
    for _, line in _parsed(content):
        if line is None:
            continue
        turns = tuple(map(str, line["turns"]))
        if line.get("kind") == Kind.REFUSE:
            yield Expected(Origin.KNOWN, turns, "")
        expect = line.get("expect") or []
        for entry in [expect] if isinstance(expect, str) else expect[:1]:
            if entry in there:
                yield Expected(Origin.KNOWN, turns, entry)


def _parsed(content: bytes) -> list[tuple[str, dict[str, Any] | None]]:
    """Each line as it stands, and what it says where it can be read."""
    found: list[tuple[str, dict[str, Any] | None]] = []
    for line in content.decode("utf-8", "surrogateescape").split("\n"):
        try:
            read = json.loads(line)
        except ValueError:
            read = None
        whole = isinstance(read, dict) and isinstance(read.get("turns"), list) and read["turns"]
        if line.strip():
            found.append((line, read if whole else None))
    return found
