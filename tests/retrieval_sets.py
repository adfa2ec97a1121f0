"""The sets of bench_retrieval: a corpus, its questions, what answers each, and Motamot not having learned from them."""

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from benchmark_corpora import write_benchmark
from conftest import ROOT
from fit_default_weights import Sample, fit
from retrieval_systems import Motamot, searcher_with

from bot.answer import Kind
from bot.evaluation.questions import read_known_questions
from corpus.document import Entry
from corpus.phrasings import read_phrasings
from corpus.read import read_corpus
from index import store
from index.build import build
from index.encoder import Encoder
from index.ranking import Weights
from index.searcher import Searcher
from index.store import Stored

SHIPPED = ROOT / "corpus"
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Trial:
    """One set, and the rows of Motamot for it; the last is the one that others are compared with."""

    title: str
    note: str
    stored: Stored
    questions: tuple[str, ...]
    wanted: tuple[frozenset[str], ...]
    """Units that answer each question; any one counts."""
    unit_of: Callable[[Entry], str]
    motamot: tuple[Motamot, ...]


class Sets:
    """Makes the sets of a shared folder; what is encoded stays in ``cache``, for the next run and for every system."""

    def __init__(self, shared: Path, cache: Path, encoder: Encoder) -> None:
        self._shared = shared / "benchmarks"
        self._cache = cache
        self._encoder = encoder

    def of(self, name: str) -> Iterator[Trial]:
        """The trials of one name: ``cnil``, ``barri`` or ``faq``."""
        yield from {"cnil": self._of_cnil, "barri": self._of_barri, "faq": self._of_faq}[name]()

    @cached_property
    def _cnil(self) -> Sample:
        made = write_benchmark(self._shared / "cnil-faq", self._cache / "cnil")
        index = self._cache / "cnil-index"
        return Sample(made.folder, index, self._encoder, list(made.queries), list(made.relevant))

    @cached_property
    def _shipped(self) -> Sample:
        """The shipped corpus without its phrasings, asked them as if nobody had written them down."""
        targets = read_phrasings(SHIPPED, read_corpus(SHIPPED).entries).targets
        pairs = [(text, target.passage.entry) for target in targets for text in target.phrasings]
        texts, wanted = [text for text, _ in pairs], [entry for _, entry in pairs]
        return Sample(write_bare(self._cache / "default"), self._cache / "default-index", self._encoder, texts, wanted)

    def _of_cnil(self) -> Iterator[Trial]:
        queries = write_benchmark(self._shared / "cnil-faq", self._cache / "cnil")
        own, other = self._cnil, self._shipped
        stored = store.load(self._cache / "cnil-index")
        fold_of = np.arange(len(queries.queries)) % FOLDS
        rest = (other, everything(other))
        fitted = [fit([(own, np.flatnonzero(fold_of != fold)), rest]) for fold in range(FOLDS)]
        searchers = [searcher_with(stored, weights, self._encoder) for weights in fitted]
        searcher_of = {q: searchers[fold] for q, fold in zip(queries.queries, fold_of, strict=True)}
        yield Trial(
            f"CNIL FAQ: {len(stored.entries)} entries, {len(queries.queries)} reformulations",
            "Motamot's weights are fitted on the other four fifths of the reformulations and on the phrasings of the "
            "shipped FAQ; in its row “other corpus only”, on the latter alone.",
            stored,
            queries.queries,
            tuple(frozenset({entry}) for entry in queries.relevant),
            lambda entry: entry.id,
            (
                self._one("Motamot, other corpus only", stored, fit([rest]), lambda entry: entry.id),
                Motamot("Motamot, five-fold", searcher_of.__getitem__, lambda entry: entry.id),
            ),
        )

    def _of_barri(self) -> Iterator[Trial]:
        questions, wanted = write_answers(self._shared / "barri-faq-rh", self._cache / "barri")
        stored = self._indexed(self._cache / "barri", "barri-index")
        weights = fit([(sample, everything(sample)) for sample in (self._cnil, self._shipped)])
        yield Trial(
            f"barri, State HR rules: {len(stored.sources)} answers without their headings, {len(questions)} questions",
            "Each question is the heading of the answer that it wants, hence withheld from all systems. Motamot's "
            "weights are fitted on the CNIL and on the shipped FAQ: nothing here was seen.",
            stored,
            questions,
            wanted,
            lambda entry: entry.document.id,
            (self._one("Motamot", stored, weights, lambda entry: entry.document.id),),
        )

    def _of_faq(self) -> Iterator[Trial]:
        stored = self._indexed(SHIPPED, "faq-index")
        bare = self._indexed(write_bare(self._cache / "default"), "default-index")
        weights = fit([(self._cnil, everything(self._cnil))])
        searcher = Searcher(stored, self._encoder)
        motamot = (
            self._one("Motamot without phrasings", bare, weights, unit),
            Motamot("Motamot with phrasings", lambda _: searcher, unit),
        )
        for half, seen in (
            ("held", "Motamot was not tuned on them, though their totals were seen"),
            ("tune", "Motamot was tuned on them"),
        ):
            known = read_known_questions(ROOT / "tests" / "known_questions" / f"{half}.jsonl", stored.entries)
            known = [k for k in known if k.kind == Kind.ANSWER and len(k.turns) == 1]
            yield Trial(
                f"Shipped FAQ: {len(stored.entries)} entries, {len(known)} known questions, {half}.jsonl",
                f"In scope and of one turn; {seen}. Without phrasings, Motamot's weights are fitted on the CNIL alone.",
                stored,
                tuple(k.turns[0] for k in known),
                tuple(frozenset(f"{e.document}/{e.entry}" for e in k.expect if e.entry) for k in known),
                unit,
                motamot,
            )

    def _indexed(self, corpus: Path, name: str) -> Stored:
        build(corpus, self._cache / name, self._encoder)
        return store.load(self._cache / name)

    def _one(self, name: str, stored: Stored, weights: Weights, unit_of: Callable[[Entry], str]) -> Motamot:
        searcher = searcher_with(stored, weights, self._encoder)
        return Motamot(name, lambda _: searcher, unit_of)


def unit(entry: Entry) -> str:
    """An entry among those of several documents."""
    return f"{entry.document.id}/{entry.id}"


def write_bare(folder: Path) -> Path:
    """Write the shipped corpus without its phrasings."""
    left_out = shutil.ignore_patterns("*.py", "__pycache__", "phrasings", "example")
    shutil.copytree(SHIPPED, folder, ignore=left_out, dirs_exist_ok=True)
    return folder


def everything(sample: Sample) -> np.ndarray:
    """Rows of all the questions of a sample."""
    return np.arange(len(sample.inside))


def write_answers(source: Path, folder: Path) -> tuple[tuple[str, ...], tuple[frozenset[str], ...]]:
    """Write each text of a BEIR folder, without its title, as a document of its own.

    Returns:
        The queries, and the identifiers of the documents that answer each.
    """
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    catalogue = []
    for row in _lines(source / "corpus.jsonl"):
        id_ = str(row["_id"]).lower()
        (folder / "documents" / f"{id_}.txt").write_text(f"{row['text']}\n", encoding="utf-8")
        catalogue.append(
            f'[[source]]\nid = "{id_}"\ntitle = "{id_}"\npublisher = "benchmark"\ndate = "2020-01"\n'
            f'kind = "page"\nfile = "{id_}.txt"\n'
        )
    (folder / "catalogue.toml").write_text("\n".join(catalogue), encoding="utf-8")
    wanted: dict[str, set[str]] = {}
    with (source / "qrels.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            wanted.setdefault(row["query-id"], set()).add(row["corpus-id"].lower())
    queries = list(_lines(source / "queries.jsonl"))
    return tuple(q["text"] for q in queries), tuple(frozenset(wanted[q["_id"]]) for q in queries)


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)
