"""What ``train_reader.py`` learns from and measures: entries and questions, as numbers of texts and their token ids."""

import json
import lzma
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Tokens = npt.NDArray[np.int64]
KINDS = ("asked", "near", "follow", "switch", "near_after")


class Asked(NamedTuple):
    """A question, or a turn of a conversation after an earlier question."""

    texts: list[int]
    """As it is written; then, to learn from, the same with noise."""
    row: int
    """The entry that answers it; of a question without an answer, the one that it is near to."""
    earlier: int = -1
    """The entry of the earlier question."""
    alone: int = -1
    """Text of the turn without the earlier question."""
    doubtful: Sequence[int] = ()
    """Other entries that answer too, or may."""
    read: Sequence[int] = ()
    """Texts of the entries as the reader reads them for this question; the whole ones where there are none."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Entries, one a row, and questions on them by kind.

    ``asked`` has an answer, ``near`` none; ``follow`` is a turn that only the earlier question explains, ``switch`` a
    complete question after an earlier one, and ``near_after`` a question without an answer after an earlier one.
    """

    headings: list[int]
    bodies: list[int]
    wholes: list[int]
    pages: list[str] = field(default_factory=list)
    """The page of each entry; empty for a FAQ."""
    questions: dict[str, list[Asked]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def first(self, most: int) -> "Corpus":
        """The same, of its first entries."""
        kinds = {k: [q for q in own if max(q.row, q.earlier) < most] for k, own in self.questions.items()}
        headings, bodies, wholes = (column[:most] for column in (self.headings, self.bodies, self.wholes))
        return Corpus(headings, bodies, wholes, self.pages[:most], kinds)


@dataclass(frozen=True, slots=True)
class TrainingData:
    """FAQs, documents, topics and official passages to learn from, others to measure; the token ids of each text.

    A topic is a corpus of several documents on one subject. What is measured belongs to the group before the colon of
    its name, if any.
    """

    learned: dict[str, Corpus]
    documents: dict[str, Corpus]
    topics: dict[str, Corpus]
    official: Corpus
    measured: dict[str, Corpus]
    tokens: list[Tokens]

    def save(self, folder: Path) -> None:
        """Write ``data.json.xz`` and ``tokens.npz``; ids must be below 65,536."""
        ids = np.concatenate(self.tokens).astype(np.uint16)
        np.savez_compressed(folder / "tokens.npz", ids=ids, lengths=[len(text) for text in self.tokens])
        parts = {
            "learned": self.learned,
            "documents": self.documents,
            "topics": self.topics,
            "official": {"": self.official},
            "measured": self.measured,
        }
        content = {part: {name: asdict(corpus) for name, corpus in own.items()} for part, own in parts.items()}
        (folder / "data.json.xz").write_bytes(lzma.compress(json.dumps(content).encode()))

    @classmethod
    def load(cls, folder: Path) -> "TrainingData":
        """What ``save`` wrote."""
        content = json.loads(lzma.decompress((folder / "data.json.xz").read_bytes()))
        parts = {part: {name: _corpus(own) for name, own in of.items()} for part, of in content.items()}
        with np.load(folder / "tokens.npz") as arrays:
            tokens = np.split(arrays["ids"].astype(np.int64), np.cumsum(arrays["lengths"])[:-1])
        official = parts.pop("official")[""]
        return cls(**parts, official=official, tokens=tokens)

    def reduced(self) -> "TrainingData":
        """A few entries of each part, to see whether everything runs."""
        learned = {name: corpus.first(8) for name, corpus in list(self.learned.items())[:3]}
        measured = {name: corpus.first(8) for name, corpus in self.measured.items() if name in ("bus", "piscine")}
        documents = {name: corpus.first(8) for name, corpus in list(self.documents.items())[:2]}
        topics = dict(list(self.topics.items())[:2])
        return TrainingData(learned, documents, topics, self.official.first(20), measured, self.tokens)


def _corpus(columns: dict[str, Any]) -> Corpus:
    kinds = {kind: [Asked(*question) for question in own] for kind, own in columns.pop("questions").items()}
    return Corpus(**columns, questions=kinds)
