"""Judging: the entry that answers a question, by what was learned and a reader, and how likely it does."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from index.calibration import Learned
from index.features import Features
from index.lexical import Doubles, Ints
from index.ranking import UNREAD, Opinion, Ranking, probability, rank, ranking_columns, reranked, signals, to_read
from index.result import Levels

# Logits of the reader: of 5,000 questions, one in a hundred lies outside.
_LEAST, _MOST = -4.5, 6.0


@dataclass(frozen=True)
class Matched:
    """A question compared with the entries of a corpus, or of a pool."""

    features: Features
    opinion: Opinion | None
    owner: Ints
    """Place of the entry of each target."""
    read: Callable[[Sequence[int], Sequence[int]], Sequence[float]] | None
    """What a reader says of some targets: from their places, and ``Features.nearest`` of each, to a logit of each. None
    where there is no reader."""
    prefer: Callable[[Ranking], Ranking] = lambda ranking: ranking
    """What is changed in a ranking by the fields."""

    @cached_property
    def columns(self) -> Doubles:
        """``ranking_columns``, the same whatever weights they get."""
        return ranking_columns(self.features, self.opinion, self.owner)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is thought of a question."""

    ranking: Ranking
    seen: Doubles
    """``signals``."""
    answerable: float
    """Probability that the documents answer."""
    right: float
    """Probability that the first entry does."""
    levels: Levels
    """What they are compared with."""

    @property
    def first(self) -> int:
        """Place of the first entry."""
        return int(self.ranking.entries.argmax())


def ranked(learned: Learned, matched: Matched) -> Ranking:
    """By the fields: what was learned from phrasings ranks the entries that have some, the rest the others."""
    ranking = _by_fields(learned, matched)
    if learned.others is None:
        return ranking
    others, owner = _by_fields(learned.others, matched), matched.owner
    asked, stands = matched.features.asked, matched.features.stands
    entries = np.where(asked, ranking.entries, others.entries)
    targets = np.where(asked[owner], ranking.targets, others.targets)
    shares = targets / (targets @ stands[owner]), entries / (entries @ stands)
    return Ranking(*(share.astype(np.float32) for share in shares))


def judged(learned: Learned, matched: Matched, *, sparing: bool = False) -> Judgement:
    """The ranking, read, and its probabilities.

    Where only some entries have phrasings, what was learned elsewhere speaks for the others where it is the surer.

    Args:
        learned: What was learned.
        matched: The question.
        sparing: Whether the reader is left alone where nothing that it may say matters.
    """
    found = _judged_by(learned, matched, sparing)
    if learned.others and not learned.is_sure(found.answerable, found.right):
        other = _judged_by(learned.others, matched, sparing)
        if other.right > found.right and not matched.features.asked[other.first]:
            return other
    return found


def _by_fields(learned: Learned, matched: Matched) -> Ranking:
    return matched.prefer(rank(matched.columns, learned.weights, matched.owner, matched.features.stands))


def _judged_by(learned: Learned, matched: Matched, sparing: bool) -> Judgement:
    ranking = _by_fields(learned, matched)
    logits: Mapping[int, float] = {}
    if matched.read:
        chosen = to_read(ranking, matched.owner)
        settled = _settled(learned, ranking, matched, chosen) if sparing else None
        targets = list(chosen.values())
        nearest = matched.features.nearest[targets].tolist()
        logits = settled or dict(zip(chosen, matched.read(targets, nearest), strict=True))
    return _with_logits(learned, ranking, matched, logits)


def _with_logits(learned: Learned, ranking: Ranking, matched: Matched, logits: Mapping[int, float]) -> Judgement:
    after = reranked(ranking, logits, learned.weights)
    seen = signals(matched.features, matched.opinion, after, logits)
    right = probability(seen, learned.weights.right)
    answerable = max(right, probability(seen, learned.weights.answerable))  # whatever is right is answerable
    return Judgement(after, seen, answerable, right, learned.levels)


def _settled(learned: Learned, ranking: Ranking, matched: Matched, entries: Collection[int]) -> dict[int, float] | None:
    """What to count with in place of the reader where nothing that it may say of these entries matters.

    So it is where the question is refused whatever it says, or the same entry is said without reserve.
    """
    found: set[int | None] = set()
    for said in product((_LEAST, _MOST), repeat=len(entries)):
        after = _with_logits(learned, ranking, matched, dict(zip(entries, said, strict=True)))
        if after.answerable < learned.offer:
            found.add(None)
        elif learned.is_sure(after.answerable, after.right):
            found.add(after.first)
        else:
            return None
    if len(found) > 1:
        return None
    return dict.fromkeys(entries, UNREAD if None in found else _LEAST)
