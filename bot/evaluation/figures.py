"""Every figure of an evaluation, computed from its outcomes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ir_measures
import numpy as np
from ir_measures import RR, Success, nDCG

from bot.answer import Kind
from bot.evaluation.calibration import Believed, area_under_risk, brier, calibration_error
from bot.evaluation.intervals import Estimate
from bot.evaluation.outcome import Outcome, Verdict

Values = dict[str, float]
"""What each question contributes to a figure that is a mean, by identifier."""

_RANKING = {
    "hit@1": Success @ 1,
    "hit@3": Success @ 3,
    "hit@5": Success @ 5,
    "mrr": RR,
    "ndcg@10": nDCG @ 10,
}
PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; ``bot.evaluation.words`` names it."""

    key: str
    estimate: Estimate
    values: Values | None = None
    """None where the figure is no mean over questions."""


def figures(outcomes: Sequence[Outcome]) -> dict[str, Figure]:
    """Every figure by its key, in the order in which they are read."""
    inside = [o for o in outcomes if o.expected == Kind.ANSWER]
    outside = [o for o in outcomes if o.expected == Kind.REFUSE]
    polite = [o for o in outcomes if o.expected == Kind.SMALLTALK]
    refused = [o for o in (*inside, *outside) if o.given == Kind.REFUSE]
    found = [
        _share("hit_rate", inside, lambda o: o.right),
        _share("right_entry", inside, lambda o: o.verdict in (Verdict.RIGHT, Verdict.WRONG_PART)),
        _share("wrongly_silent", inside, lambda o: o.verdict == Verdict.SILENT),
        _share("clarified", inside, lambda o: o.verdict == Verdict.CLARIFIED),
        *_ranking(inside),
        Figure("refusal_precision", Estimate.share(sum(o.right for o in refused), len(refused))),
        _share("refusal_recall", outside, lambda o: o.right),
        _share("courtesy_rate", polite, lambda o: o.right),
        *_calibration(outcomes),
        *_latency(outcomes),
    ]
    return {figure.key: figure for figure in found}


def _share(key: str, among: Sequence[Outcome], true: Callable[[Outcome], bool]) -> Figure:
    values = {o.id: float(true(o)) for o in among}
    return Figure(key, Estimate.share(int(sum(values.values())), len(values)), values)


def _ranking(inside: Sequence[Outcome]) -> list[Figure]:
    """Of the questions with an answer, whatever was said; a wanted entry that is not in the ranking counts 0.

    Every wanted entry has the gain 1: nDCG is 1 when all of them come first.
    """
    measured = {key: dict.fromkeys((o.id for o in inside), 0.0) for key in _RANKING}
    # Scores tied to four digits would be put in the order of their names: places are not tied.
    run = {o.id: {entry: -float(rank) for rank, entry in enumerate(o.ranking, 1)} for o in inside if o.ranking}
    qrels = {o.id: dict.fromkeys(o.wanted, 1) for o in inside if o.wanted}
    key_of = {str(measure): key for key, measure in _RANKING.items()}
    if run and qrels:
        for metric in ir_measures.iter_calc(_RANKING.values(), qrels, run):
            measured[key_of[str(metric.measure)]][metric.query_id] = float(metric.value)
    return [_ranked(key, values) for key, values in measured.items()]


def _ranked(key: str, values: Values) -> Figure:
    if key.startswith("hit@"):
        return Figure(key, Estimate.share(int(sum(values.values())), len(values)), values)
    return Figure(key, Estimate.mean(list(values.values())), values)


def _calibration(outcomes: Sequence[Outcome]) -> list[Figure]:
    believed = Believed.of(outcomes)
    measures: dict[str, Callable[[Believed], float]] = {
        "ece": calibration_error,
        "brier": brier,
        "aurc": area_under_risk,
    }
    return [
        Figure(key, Estimate.resampled(len(believed), lambda rows, of=measure: of(believed[rows])))  # type: ignore[misc]
        for key, measure in measures.items()
    ]


def _latency(outcomes: Sequence[Outcome]) -> list[Figure]:
    elapsed = np.asarray([o.elapsed_ms for o in outcomes], dtype=np.float64)
    return [
        Figure(
            f"latency_p{p}_ms",
            Estimate.resampled(len(elapsed), lambda rows, p=p: float(np.percentile(elapsed[rows], p))),  # type: ignore[misc]
        )
        for p in PERCENTILES
    ]


def by_tag(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    """Share right of the questions of each tag, the most frequent tag first."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        for tag in outcome.tags:
            groups.setdefault(tag, []).append(outcome)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return {tag: Estimate.share(sum(o.right for o in group), len(group)) for tag, group in ordered}
