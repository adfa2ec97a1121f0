"""The headings, short titles and phrasings of a corpus, found by their very words."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from index.french import words
from index.lexical import Ints
from index.rows import Rows


@dataclass(frozen=True, slots=True)
class ExactTexts:
    """A hash of the folded words of each text, and the target that it asks for."""

    hashes: npt.NDArray[np.uint64]
    """Ascending. Of a million texts, two share one by chance once in 40 million corpora."""
    targets: Ints

    @classmethod
    def of(cls, rows: Rows) -> "ExactTexts":
        """Note them."""
        found: list[tuple[int, int]] = []
        headings = [tuple(words(entry.heading_text)) for entry in rows.entries]
        for row, (target, entry) in enumerate(zip(rows.targets, rows.entry_of_target.tolist(), strict=True)):
            keys = {headings[entry], *(tuple(words(text)) for text in (rows.label(row), *target.phrasings))}
            found += [(_hash(key), row) for key in keys if key]
        found.sort(key=lambda pair: pair[0])
        hashes, targets = zip(*found, strict=True) if found else ((), ())
        return cls(np.asarray(hashes, dtype=np.uint64), np.asarray(targets, dtype=np.int32))

    def find(self, folded: Sequence[str]) -> list[int]:
        """Rows of the targets whose heading or phrasing these folded words are."""
        key = np.uint64(_hash(folded))
        start, end = np.searchsorted(self.hashes, key), np.searchsorted(self.hashes, key, "right")
        found: list[int] = self.targets[start:end].tolist()
        return found if folded else []


def _hash(folded: Sequence[str]) -> int:
    return int.from_bytes(blake2b(" ".join(folded).encode(), digest_size=8).digest())
