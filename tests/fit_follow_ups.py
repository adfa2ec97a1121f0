"""Fit the weights that say whether an entry answers a turn after a question (``index.ranking.FOLLOW_UP``).

    python tests/fit_follow_ups.py WORK

They are fitted on the follow-ups of the FAQs of ``reader_data/calibrate`` (neither the reader nor the courtesy
classifier learned from them), on turns that the same entry answers as well, on turns that no entry answers, on
``calibrate/conversations.jsonl`` and on ``turns-after``; and measured on ``held``. Twice: with the reader, and with
none, as for another encoder (``FOLLOW_UP_UNREAD``).
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from bench_conversations import corpus_of
from benchmark_corpora import DATA, json_lines
from sklearn.linear_model import LogisticRegression

from bot.courtesy import leans
from index import ranking
from index.build import build
from index.dense import Vectors
from index.e5.unpack import default_encoder
from index.lexical import Doubles
from index.searcher import Searcher

ELSEWHERE = (
    *("et à Lyon ?", "et la météo ?", "et pour les chats ?", "c'est voté par qui ?", "et en 1990 ?", "et par fax ?"),
    *("qui a décidé ça ?", "et le préfet il en dit quoi ?", "et sur la lune ?", "qui est le directeur ?"),
)
"""Turns that no entry answers, whatever the question before."""
AFTER = json_lines(DATA / "turns-after" / "conversations.jsonl")
"""Over the FAQs of ``calibrate``, and its documents."""
NAMES = {"calibrate": sorted({said["faq"] for said in AFTER}), "held": ["dechets", "piscine"]}


@dataclass(frozen=True, slots=True)
class Sample:
    """A turn after a question, the entries that may answer it, and which of them does."""

    columns: Doubles
    """Shape ``(n_read, len(FOLLOW_UP) - 1)``."""
    right: tuple[bool, ...]
    answered: bool
    """Whether an entry answers it, read or not."""


def turns(name: str, part: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """An earlier question, a turn after it and the entries that answer the turn."""
    path = DATA / part / f"{name}.jsonl"
    for row, entry in enumerate(json_lines(path) if path.exists() else ()):
        yield from ((earlier, turn, (entry["id"],)) for earlier, turn in entry["follow"])
        yield from ((entry["question"], turn, (entry["id"],)) for turn in entry.get("again", ()))
        yield from ((entry["question"], ELSEWHERE[(row + k) % len(ELSEWHERE)], ()) for k in range(2))
    for said in json_lines(DATA / part / "conversations.jsonl"):
        pairs = list(zip(said["turns"], said["expect"], strict=True)) if said["faq"] == name else []
        for (earlier, (before, *_)), (turn, (kind, *entries)) in pairwise(pairs):
            if before == "answer" and kind in ("answer", "refuse"):
                yield earlier, turn, tuple(entries)
    for said in AFTER:
        if part == "calibrate" and said["faq"] == name:
            (earlier, turn), (_, (_, *entries)) = said["turns"], said["expect"]
            yield earlier, turn, tuple(entries)


def sample(searcher: Searcher, earlier: str, turn: str, entries: tuple[str, ...]) -> Sample | None:
    """What a searcher sees of it; None for a turn that is read alone."""
    query = searcher.read(turn)
    if leans(query) < 0.1:
        return None
    seen: list[Doubles] = []
    first = searcher.search(searcher.read(earlier)).hits[0].row
    kept = ranking.follow_up_columns
    try:
        ranking.follow_up_columns = lambda *given: seen.append(kept(*given)) or seen[-1]  # type: ignore[func-returns-value]
        searcher.follow(query, earlier, first, lambda: searcher.search(query))
    finally:
        ranking.follow_up_columns = kept
    # What was quoted before is no answer where it was not worth reading again.
    rows = np.flatnonzero((seen[0][:, 0] != ranking.UNREAD) | (seen[0][:, 3] == 1)).tolist()
    right = tuple(searcher.rows.entries[row].id in entries for row in rows)
    return Sample(seen[0][rows], right, bool(entries))


class Silent:
    """Marks what a reader would be given, and says nothing of it."""

    name = "silent"

    def read(self, query: str, texts: Sequence[str]) -> Vectors:
        """The least that is not ``UNREAD``."""
        return np.full(len(texts), np.nextafter(np.float32(ranking.UNREAD), np.float32(0)))


def samples(part: str, work: Path, encoder: Any) -> list[Sample]:
    """Of every corpus of a part."""
    found, reader = [], encoder.reader
    folder = work / ("indexes" if reader else "unread")
    for name in NAMES[part]:
        if not (folder / name).exists():
            build(corpus_of(name, work), folder / name, encoder)
        searcher = Searcher.load(folder / name, encoder)
        encoder.reader = reader or Silent()
        found += [made for turn in turns(name, part) if (made := sample(searcher, *turn))]
        encoder.reader = reader
    return found


def fitted(known: list[Sample]) -> tuple[float, ...]:
    """Weights of the columns, then the intercept."""
    columns = np.concatenate([one.columns for one in known])
    columns[:, _OF_READER] *= np.ptp(columns[:, 0]) > 1  # a silent reader has no weight
    model = LogisticRegression(C=1.0).fit(columns[:, :-1], [right for one in known for right in one.right])
    return (*model.coef_[0].round(2).tolist(), round(float(model.intercept_[0]), 2))


def report(known: list[Sample], weights: tuple[float, ...]) -> str:
    """How many are answered rightly and wrongly from a few probabilities on."""
    lines = []
    for answered in (True, False):
        own = [one for one in known if one.answered == answered]
        best = [one.columns @ np.asarray(weights) for one in own]
        chance = np.asarray([1 / (1 + np.exp(-scores.max())) for scores in best])
        right = np.asarray([one.right[int(scores.argmax())] for one, scores in zip(own, best, strict=True)])
        shares = [f"{p}: {np.mean(right & (chance >= p)):.3f} {np.mean(~right & (chance >= p)):.3f}" for p in _SHOWN]
        lines.append(f"{len(own):4} {'answered' if answered else 'not    '}  {'  '.join(shares)}")
    return "\n".join(lines)


_SHOWN = (0.25, 0.5, 0.75)
_OF_READER = [0, 6, 7]
"""Columns."""


def main() -> None:
    work = Path(sys.argv[1])
    encoder: Any = default_encoder()
    for now in (ranking.FOLLOW_UP, ranking.FOLLOW_UP_UNREAD):
        known = samples("calibrate", work, encoder)
        weights = fitted(known)
        print(weights, "now", now, "\nprobability: right, wrong")
        print(report(known, weights), report(samples("held", work, encoder), weights), sep="\nheld\n")
        encoder.reader = None


if __name__ == "__main__":
    main()
