"""Topics of ``reader_data``: documents of several bodies on one subject, and questions that some of them answer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmark_corpora import DATA

_DOCUMENT = re.compile(r"== ([A-Z]) \| ([^|]+) \| (.+)")
_SECTION = re.compile(r"\[(\d+)\] (.+)")
_LABEL = re.compile(r"([A-Z])(-|\?|\d+(?:\+\d+)*)")


@dataclass(frozen=True, slots=True)
class Topic:
    """Sections by document, each (heading, text), and questions with what each document has for them."""

    documents: dict[str, list[tuple[str, str]]]
    questions: list[tuple[str, dict[str, list[int] | None]]]
    """Numbers from 0 of the sections that answer; None where a document may or may not answer."""


def topics(part: str) -> dict[str, Topic]:
    """The topics of a part of ``reader_data``.

    Raises:
        ValueError: A file is not written as the others are.
    """
    return {path.stem: read_topic(path) for path in sorted((DATA / part / "topics").glob("*.txt"))}


def read_topic(path: Path) -> Topic:
    """One file: ``== A | kind | title``, ``[1] heading`` and text, then ``== Q`` and ``A2 B- C? | question``."""
    found = Topic({}, [])
    sections: list[tuple[str, str]] | None = None
    for number, line in _lines(path):
        if document := _DOCUMENT.fullmatch(line):
            sections = found.documents.setdefault(document[1], [])
        elif line == "== Q":
            sections = None
        elif sections is None:
            found.questions.append(_question(line, found, f"{path.name}, line {number}"))
        elif section := _SECTION.fullmatch(line):
            sections.append((section[2], ""))
        else:
            heading, text = sections[-1]
            sections[-1] = heading, f"{text}\n{line}".lstrip()
    return found


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("= "):
            yield number, line.strip()


def _question(line: str, topic: Topic, where: str) -> tuple[str, dict[str, list[int] | None]]:
    written, _, question = line.partition(" | ")
    labels: dict[str, list[int] | None] = {}
    for document, own in _LABEL.findall(written):
        numbers = [] if own == "-" else [int(number) - 1 for number in own.split("+")] if own != "?" else None
        if document not in topic.documents or max(numbers or [0]) >= len(topic.documents[document]):
            raise ValueError(f"{where}: {document}{own} is not there")
        labels[document] = numbers
    if set(labels) != set(topic.documents) or not question:
        raise ValueError(f"{where}: one label for each document, then « | » and the question, are expected")
    return question, labels
