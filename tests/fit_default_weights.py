"""Fit the weights that a corpus without phrasings uses, and say how they fare on a corpus they have not seen.

    python tests/fit_default_weights.py SHARED WORK [--write]

``SHARED`` holds ``benchmarks/cnil-faq`` and ``benchmarks/out-of-scope``; ``WORK`` keeps the indexes between runs.
Questions come from the CNIL reformulations and from the phrasings of the shipped corpus, asked here as if nobody
had written them down; each corpus weighs the same. What has no answer in a corpus: general questions, those of the
other corpus, and those that the shipped corpus's editor wrote as unanswered (without the last two, three near
questions out of four were answered). ``--write`` replaces ``index/data/default_weights.json``.
"""

import json
import sys
from pathlib import Path

import numpy as np
from benchmark_corpora import write_benchmark

import index
from corpus.phrasings import Lexicon, read_phrasings
from corpus.read import read_corpus
from index import MAX_ERROR
from index.build import build
from index.calibration import calibrated, learned_to_json
from index.e5.unpack import default_encoder
from index.encoder import Encoder
from index.features import FIELDS, FeatureExtractor, Features
from index.outside import outside_questions
from index.ranking import TEXT_FIELDS, TEXT_SIGNALS, Weights, fit_ranking, rank, ranking_columns
from index.searcher import Searcher

_LEARNED = [FIELDS.index(name) for name in TEXT_FIELDS]
_PENALTY = 1.0
_DEFAULT_CORPUS = Path(index.__file__).parents[1] / "corpus"


class Sample:
    """One corpus without phrasings, matched with questions it answers and questions it does not."""

    def __init__(
        self, folder: Path, encoder: Encoder, asked: list[str], wanted: list[str], unanswered: list[str]
    ) -> None:
        index_folder = folder.with_name(f"{folder.name}-index")
        build(folder, index_folder, encoder)
        searcher = Searcher.load(index_folder, encoder)
        self.owner = searcher.rows.entry_of_target
        row = {entry.id: n for n, entry in enumerate(searcher.rows.entries)}
        self.wanted = np.asarray([row[w] for w in wanted])
        extractor = searcher.extractor
        outside = [t for _, t in outside_questions(searcher.rows.entries, Lexicon(), unanswered)]
        self.inside = [self._match(extractor, encoder, q) for q in asked]
        self.outside = [self._match(extractor, encoder, q) for q in outside]
        self.columns = [ranking_columns(m, None, self.owner) for m, _ in self.inside]

    @staticmethod
    def _match(extractor: FeatureExtractor, encoder: Encoder, text: str) -> tuple[Features, int]:
        read = extractor.parser.read(text)
        return extractor.extract(extractor.encode(read, encoder)), len(read.terms)

    def targets(self, n: int) -> np.ndarray:
        """Rows of the targets of the entry that question ``n`` wants."""
        return np.flatnonzero(self.owner == self.wanted[n])

    def ranks(self, weights: Weights, rows: np.ndarray) -> np.ndarray:
        """Rank, from 1, of the wanted entry for each of the questions ``rows``."""
        found = []
        for n in rows:
            match, words = self.inside[n]
            entries = rank(match, None, weights, self.owner, words).entries
            found.append(1 + int((entries > entries[self.wanted[n]]).sum()))
        return np.asarray(found)


def fit(samples: list[tuple[Sample, np.ndarray]]) -> Weights:
    """Weights of the fields from some questions of each sample, each sample weighing the same."""
    columns, wanted = [], []
    smallest = min(len(rows) for _, rows in samples)
    for sample, rows in samples:
        chosen = np.random.default_rng(0).permutation(rows)[:smallest]
        columns += [sample.columns[n] for n in chosen]
        wanted += [sample.targets(int(n)) for n in chosen]
    fields = fit_ranking(columns, wanted, _PENALTY, _LEARNED)
    return Weights(tuple(fields.tolist()), (), ())


def main() -> None:
    shared, work = Path(sys.argv[1]), Path(sys.argv[2])
    encoder = default_encoder()
    cnil = write_benchmark(shared / "benchmarks" / "cnil-faq", work / "cnil")
    bare = work / "default"
    (bare / "documents").mkdir(parents=True, exist_ok=True)
    corpus = read_corpus(_DEFAULT_CORPUS)
    for document in corpus.documents:
        name = document.source.file
        (bare / "documents" / name).write_bytes((_DEFAULT_CORPUS / "documents" / name).read_bytes())
    for name in ("catalogue.toml", "lexicon.toml"):
        (bare / name).write_bytes((_DEFAULT_CORPUS / name).read_bytes())
    written = read_phrasings(_DEFAULT_CORPUS, corpus.entries)
    pairs = [(text, target.passage.entry) for target in written.targets for text in target.phrasings]
    asked, wanted = [t for t, _ in pairs], [e for _, e in pairs]
    queries, near = list(cnil.queries), list(written.unanswered)
    samples = [
        Sample(cnil.folder, encoder, queries, list(cnil.relevant), asked),
        Sample(bare, encoder, asked, wanted, queries + near),
    ]
    whole = [np.arange(len(s.inside)) for s in samples]
    for name, own, other in (("cnil", 0, 1), ("default corpus", 1, 0)):
        unseen = fit([(samples[other], whole[other])])
        ranks = samples[own].ranks(unseen, whole[own])
        folds = np.arange(len(ranks)) % 5
        crossed = np.zeros(len(ranks), dtype=int)
        for fold in range(5):
            both = fit([(samples[own], whole[own][folds != fold]), (samples[other], whole[other])])
            crossed[folds == fold] = samples[own].ranks(both, whole[own][folds == fold])
        for how, found in (("fitted on the other corpus only", ranks), ("five-fold with the other", crossed)):
            print(f"{name:16} {how:34} hit@1 {np.mean(found == 1):.3f}  hit@5 {np.mean(found <= 5):.3f}")
    weights = fit(list(zip(samples, whole, strict=True)))
    rankings, answerable, right = [], [], []
    smallest = min(len(sample.inside) for sample in samples)
    for sample in samples:
        for n in np.random.default_rng(0).permutation(len(sample.inside))[:smallest]:
            match, words = sample.inside[n]
            rankings.append(rank(match, None, weights, sample.owner, words))
            answerable.append(True)
            right.append(int(rankings[-1].entries.argmax()) == sample.wanted[n])
        for match, words in sample.outside:
            rankings.append(rank(match, None, weights, sample.owner, words))
            answerable.append(False)
            right.append(False)
    groups, known = np.arange(len(rankings)), np.asarray(answerable)
    learned = calibrated(rankings, known, np.asarray(right), groups, weights.fields, TEXT_SIGNALS, MAX_ERROR)
    print("fields", dict(zip(TEXT_FIELDS, np.round(learned.weights.fields, 3).tolist(), strict=False)))
    silent = np.mean([p < learned.threshold for p, a in zip(learned.curve.probabilities, answerable, strict=True) if a])
    print(f"threshold {learned.threshold:.3f}: silent {silent:.3f}, answered of the others {MAX_ERROR}")
    if "--write" in sys.argv:
        path = Path(index.__file__).parent / "data" / "default_weights.json"
        path.write_text(json.dumps(learned_to_json(learned)) + "\n", encoding="utf-8")
        print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
