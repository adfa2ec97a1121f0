"""Fit the weights that a corpus without phrasings uses, and say how they fare on corpora that they have not seen.

    python tests/fit_default_weights.py SHARED WORK [--write]

``SHARED`` holds ``benchmarks``; ``WORK`` keeps indexes and what encoder and reader said between runs, and may hold
``pages.jsonl``, pages of service-public.fr (see ``train_reader.py prepare``). Each corpus weighs the same: FAQs and
documents of ``reader_data/calibrate`` (neither the encoder nor the reader learned from them), the CNIL's, the shipped
one asked by its phrasings as if nobody had written them, and the pages. What has no answer: near questions written for
each, and questions about the others, which are far; what is promised is promised of the near ones. ``--write`` replaces
``index/data/default_weights.json``. Each line of the table is fitted on the other corpora.
"""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from bench_workshop import Remembering
from benchmark_corpora import (
    Questions,
    benchmark_questions,
    document_questions,
    documents,
    faq_questions,
    faqs,
    page_questions,
)

import index
from corpus.phrasings import read_phrasings
from corpus.read import read_corpus
from index import MAX_ERROR
from index.build import build
from index.calibration import Curve, Learned, calibrated, learned_to_json, shipped
from index.e5.unpack import default_encoder
from index.encoder import Encoder
from index.features import FIELDS, Features
from index.lexical import Doubles
from index.query import Query
from index.ranking import (
    SIGNALS,
    TEXT_FIELDS,
    TEXT_SIGNALS,
    Ranking,
    Weights,
    fit_ranking,
    probability,
    rank,
    ranking_columns,
    reranked,
    signals,
    to_read,
)
from index.result import LIKELY
from index.searcher import Searcher

_LEARNED = slice(len(TEXT_FIELDS))
_PENALTY, _READER_PENALTY = 1.0, 0.1
_MOST = 300
"""Questions of a corpus with an answer, and without."""
_FAR, _FAR_SHARE = 8, 0.2
"""Questions of each other corpus; what they count for among those without an answer."""
T = TypeVar("T")
_WEIGHTS = Path(index.__file__).parent / "data" / "default_weights.json"
_SHIPPED = Path(index.__file__).parents[1] / "corpus"


class Sample:
    """One corpus without phrasings, matched with questions that it answers and questions that it does not."""

    def __init__(self, known: Questions, far: Sequence[str], work: Path, encoder: Encoder) -> None:
        self.name = known.folder.name
        index_folder = work / "indexes" / self.name
        build(known.folder, index_folder, encoder, accept_loss=True)
        self._searcher = Searcher.load(index_folder, encoder)
        self.owner = self._searcher.rows.entry_of_target
        row = {entry.id: n for n, entry in enumerate(self._searcher.rows.entries)}
        inside, outside = _some(known.answered), _some(known.unanswered)
        self.wanted = np.asarray([row[entry] for _, entry in inside] + [-1] * len(outside) + [-2] * len(far))
        """Row of the entry that answers; -1 of a near question that none does, -2 of a far one."""
        self.n_inside = len(inside)
        self.matched = [self._match(text) for text in [*(t for t, _ in inside), *outside, *far]]
        self.columns = [ranking_columns(m, None, self.owner) for m, _ in self.matched]

    def _match(self, text: str) -> tuple[Features, Query]:
        extractor = self._searcher.extractor
        read = extractor.parser.read(text)
        return extractor.extract(extractor.encode(read, self._searcher.encoder)), read

    def judged(self, weights: Weights, *, reader: bool) -> list[tuple[Ranking, dict[int, float]]]:
        """The first stage of each question, and what the reader says of its best entries."""
        found = []
        for (features, query), columns in zip(self.matched, self.columns, strict=True):
            ranking = rank(columns, weights, self.owner, features.stands)
            found.append((ranking, self._read(query, ranking) if reader else {}))
        return found

    def _read(self, query: Query, ranking: Ranking) -> dict[int, float]:
        chosen = to_read(ranking, self.owner)
        texts = [self._searcher.rows.reader_text(target, query.terms) for target in chosen.values()]
        assert self._searcher.encoder.reader
        return dict(zip(chosen, self._searcher.encoder.reader.read(query.brief, texts).tolist(), strict=True))


def fit(samples: Sequence[Sample], *, reader: bool) -> Learned:
    """Everything that is learned, each corpus weighing the same."""
    columns, wanted = [], []
    smallest = min(s.n_inside for s in samples)
    for sample in samples:
        for n in np.random.default_rng(0).permutation(sample.n_inside)[:smallest].tolist():
            columns.append(sample.columns[n])
            wanted.append(np.flatnonzero(sample.owner == sample.wanted[n]))
    fields = fit_ranking([own[:, _LEARNED] for own in columns], wanted, _PENALTY).tolist()
    weights = Weights((*fields, *[0.0] * (len(FIELDS) + 1 - len(fields))))
    judged = [s.judged(weights, reader=reader) for s in samples]
    if reader:
        known = [(r, own, s.wanted[n]) for s, of in zip(samples, judged, strict=True) for n, (r, own) in enumerate(of)]
        weights = replace(weights, reader=fit_reader([k for k in known if k[2] in k[1]]))
    seen, answerable, right, groups, shares, near = [], [], [], [], [], []
    for group, (sample, of) in enumerate(zip(samples, judged, strict=True)):
        signal, first, _ = outcomes(sample, of, weights)
        seen.append(signal)
        asked, far = sample.wanted >= 0, sample.wanted == -2
        answerable.append(asked)
        right.append(first & asked)
        groups.append(np.full(len(asked), group))
        near.append(~far)
        share = np.where(far, _FAR_SHARE / far.sum(), (1 - _FAR_SHARE) / max(1, (~asked & ~far).sum()))
        shares.append(np.where(asked, 1 / asked.sum(), share))
    weighs = np.concatenate(shares)
    return calibrated(
        np.concatenate(seen),
        np.concatenate(answerable),
        np.concatenate(right),
        np.concatenate(groups),
        weights,
        TEXT_SIGNALS if reader else TEXT_SIGNALS[:1],  # the cosines of another encoder lie elsewhere
        MAX_ERROR,
        weighs * len(weighs) / weighs.sum(),
        promised=np.concatenate(near),
    )


def fit_reader(read: Sequence[tuple[Ranking, Mapping[int, float], int]]) -> tuple[float, float]:
    """``Weights.reader`` from rankings, logits of the entries that were read, and the entry among them that answers."""
    columns, wanted = [], []
    for ranking, logits, entry in read:
        rows = list(logits)
        columns.append(np.column_stack([np.log(ranking.entries[rows] + 1e-9), list(logits.values())]).astype(float))
        wanted.append(np.asarray([rows.index(entry)]))
    found = fit_ranking(columns, wanted, _READER_PENALTY) if read else (1.0, 0.0)
    return float(found[0]), float(found[1])


def outcomes(
    sample: Sample, judged: list[tuple[Ranking, dict[int, float]]], weights: Weights
) -> tuple[Doubles, np.ndarray, np.ndarray]:
    """Signals of each question, and rank from 0 of the entry wanted: whether it is first, and among three."""
    seen, first, among = [], [], []
    for (features, _), (ranking, logits), wanted in zip(sample.matched, judged, sample.wanted, strict=True):
        final = reranked(ranking, logits, weights)
        seen.append(signals(features, None, final, logits))
        best = np.argsort(-final.entries, kind="stable")[:5].tolist()
        first.append(wanted == best[0])
        among.append(best.index(wanted) if wanted in best else 9)
    return np.stack(seen), np.asarray(first), np.asarray(among)


def report(sample: Sample, learned: Learned, *, reader: bool) -> str:
    """One line of the table."""
    seen, first, place = outcomes(sample, sample.judged(learned.weights, reader=reader), learned.weights)
    asked, near, far = sample.wanted >= 0, sample.wanted == -1, sample.wanted == -2
    right = np.asarray([probability(s, learned.weights.right) for s in seen])
    answerable = np.maximum(right, [probability(s, learned.weights.answerable) for s in seen])
    answered = (answerable >= learned.threshold) & (right >= LIKELY)
    offered = answerable >= learned.offer
    sure = answered & (right >= learned.sure)
    shown = (first & answered) | ((place < 3) & offered & ~sure)
    of = lambda what, kind=asked: f"{what[kind].mean():.2f}" if kind.any() else "–"  # noqa: E731
    return (
        f"{sample.name:14} {len(sample.owner):5} | first {of(first)} in 3 {of(place < 3)} in 5 {of(place < 5)} | "
        f"right {of(first & answered)} or offered {of(shown)} silent {of(~offered)} sure {of(sure)} | "
        f"near: not answered {of(~answered, near)} plainly {of(~offered, near)} | "
        f"far: {of(~answered, far)}, {of(~offered, far)} | "
        f"sure and wrong {(sure & ~first & ~far).mean():.3f} right of the sure {of(first, sure & ~far)}"
    )


def far(known: Questions, all_: Sequence[Questions]) -> list[str]:
    """Questions that the other corpora answer."""
    rng, others = np.random.default_rng(0), [o.answered for o in all_ if o is not known]
    return [answered[row][0] for answered in others for row in rng.permutation(len(answered))[:_FAR].tolist()]


def _some(things: Sequence[T]) -> list[T]:
    return [things[row] for row in sorted(np.random.default_rng(0).permutation(len(things))[:_MOST].tolist())]


def _make_readable() -> None:
    """Weights for other fields or signals keep an index from being built: neutral ones take their place."""
    try:
        shipped(MAX_ERROR, reader=True)
    except ValueError:
        nothing = (0.0,) * (len(SIGNALS) + 1)
        weights = Weights((1.0,) * (len(FIELDS) + 1), (1.0, 0.0), nothing, nothing)
        neutral = learned_to_json(Learned(weights, 0.5, 0.5, 0.5, Curve((0.5,), (False,))))
        _WEIGHTS.write_text(json.dumps({"reader": neutral, "plain": neutral}), encoding="utf-8")


def guides(part: str, work: Path) -> list[Questions]:
    """The documents of a part of ``reader_data`` in two corpora."""
    paths = documents(part)
    return [document_questions(paths[n::2], work / "corpora" / f"{part}-{n + 1}") for n in range(2)]


def shipped_questions(work: Path) -> Questions:
    """The shipped corpus without its phrasings, which become questions."""
    bare = work / "corpora" / "shipped"
    (bare / "documents").mkdir(parents=True, exist_ok=True)
    corpus = read_corpus(_SHIPPED)
    for document in corpus.documents:
        shutil.copy(_SHIPPED / "documents" / document.source.file, bare / "documents")
    for name in ("catalogue.toml", "lexicon.toml"):
        shutil.copy(_SHIPPED / name, bare)
    written = read_phrasings(_SHIPPED, corpus.entries)
    asked = tuple((text, target.passage.entry) for target in written.targets for text in target.phrasings)
    return Questions(bare, asked, written.unanswered)


def main() -> None:
    shared, work = Path(sys.argv[1]), Path(sys.argv[2])
    encoder = Remembering(default_encoder(), work / "encoded")
    _make_readable()
    fitted = [faq_questions(path, work) for path in faqs("calibrate")]
    fitted += guides("calibrate", work)
    fitted += [benchmark_questions(shared / "benchmarks" / "cnil-faq", work), shipped_questions(work)]
    if (work / "pages.jsonl").exists():
        fitted.append(page_questions(work / "pages.jsonl", work))
    aside = [*(faq_questions(path, work) for path in faqs("held")), *guides("held", work)]
    samples, held = (
        [Sample(known, far(known, [*fitted, *aside]), work, encoder) for known in kind] for kind in (fitted, aside)
    )
    content = {}
    for reader in (True, False):
        print("with a reader" if reader else "without")
        for sample in samples:
            others = fit([s for s in samples if s is not sample], reader=reader)
            print(report(sample, others, reader=reader), flush=True)
        learned = fit(samples, reader=reader)
        for sample in held:
            print(report(sample, learned, reader=reader), "(held)")
        fields = np.round(learned.weights.fields, 2).tolist()
        print(dict(zip(TEXT_FIELDS, fields, strict=False)), "reader", learned.weights.reader)
        print(f"answer from {learned.threshold:.3f}, offer from {learned.offer:.3f}, sure from {learned.sure:.3f}")
        content["reader" if reader else "plain"] = learned_to_json(learned)
    if "--write" in sys.argv:
        _WEIGHTS.write_text(json.dumps(content) + "\n", encoding="utf-8")
        print(f"wrote {_WEIGHTS.name}")


if __name__ == "__main__":
    main()
