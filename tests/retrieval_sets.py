"""The sets of bench_retrieval: a corpus, its questions, what answers each, and Motamot not having learned from them."""

import csv
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark_corpora import DATA, benchmark_questions, faq_questions, json_lines
from conftest import ROOT
from retrieval_systems import Motamot
from seed_files import listed

from bot.answer import Kind
from bot.evaluation.questions import read_known_questions
from corpus.document import Entry
from index.build import build
from index.encoder import Encoder
from index.searcher import Searcher
from index.store import FolderStore
from index.stored import Stored

SHIPPED = ROOT / "corpus"


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
        """The trials of one name: ``cnil``, ``barri``, ``held`` or ``faq``."""
        yield from {"cnil": self._of_cnil, "barri": self._of_barri, "faq": self._of_faq, "held": self._of_held}[name]()

    def _of_cnil(self) -> Iterator[Trial]:
        known = benchmark_questions(self._shared / "cnil-faq", self._cache)
        yield self._trial(
            known.folder,
            known.answered,
            "The shipped weights, four for the fields, were fitted on nine corpora of which this is one.",
        )

    def _of_held(self) -> Iterator[Trial]:
        for name in ("dechets", "piscine"):
            known = faq_questions(DATA / "held" / f"{name}.jsonl", self._cache)
            yield self._trial(known.folder, known.answered, "Nothing was fitted or trained on it.")

    def _trial(self, corpus: Path, answered: Sequence[tuple[str, str]], note: str) -> Trial:
        stored = self._indexed(corpus, f"{corpus.name}-index")
        return Trial(
            f"{corpus.name}: {len(stored.entries)} entries, {len(answered)} questions",
            note,
            stored,
            tuple(text for text, _ in answered),
            tuple(frozenset({entry}) for _, entry in answered),
            lambda entry: entry.id,
            (Motamot("Motamot", Searcher(stored, self._encoder), lambda entry: entry.id),),
        )

    def _of_barri(self) -> Iterator[Trial]:
        questions, wanted = write_answers(self._shared / "barri-faq-rh", self._cache / "barri")
        stored = self._indexed(self._cache / "barri", "barri-index")
        yield Trial(
            f"barri, State HR rules: {len(stored.sources)} answers without their headings, {len(questions)} questions",
            "Each question is the heading of the answer that it wants, hence withheld from all systems. Nothing here "
            "was seen.",
            stored,
            questions,
            wanted,
            lambda entry: entry.document.id,
            (Motamot("Motamot", Searcher(stored, self._encoder), lambda entry: entry.document.id),),
        )

    def _of_faq(self) -> Iterator[Trial]:
        stored = self._indexed(SHIPPED, "faq-index")
        bare = self._indexed(write_bare(self._cache / "default"), "default-index")
        motamot = (
            Motamot("Motamot without phrasings", Searcher(bare, self._encoder), unit),
            Motamot("Motamot with phrasings", Searcher(stored, self._encoder), unit),
        )
        for half, seen in (
            ("held", "Motamot was not tuned on them, though their totals were seen"),
            ("tune", "Motamot was tuned on them"),
        ):
            known = read_known_questions(ROOT / "tests" / "known_questions" / f"{half}.jsonl", stored.entries)
            known = [k for k in known if k.kind == Kind.ANSWER and len(k.turns) == 1]
            yield Trial(
                f"Shipped FAQ: {len(stored.entries)} entries, {len(known)} known questions, {half}.jsonl",
                f"In scope and of one turn; {seen}.",
                stored,
                tuple(k.turns[0] for k in known),
                tuple(frozenset(f"{e.document}/{e.entry}" for e in k.expect if e.entry) for k in known),
                unit,
                motamot,
            )

    def _indexed(self, corpus: Path, name: str) -> Stored:
        build(corpus, self._cache / name, self._encoder)
        return FolderStore(self._cache / name).load()


def unit(entry: Entry) -> str:
    """An entry among those of several documents."""
    return f"{entry.document.id}/{entry.id}"


def write_bare(folder: Path) -> Path:
    """Write the shipped corpus without its phrasings."""
    left_out = shutil.ignore_patterns("*.py", "__pycache__", "phrasings", "example")
    shutil.copytree(SHIPPED, folder, ignore=left_out, dirs_exist_ok=True)
    return folder


def write_answers(source: Path, folder: Path) -> tuple[tuple[str, ...], tuple[frozenset[str], ...]]:
    """Write each text of a BEIR folder, without its title, as a document of its own.

    Returns:
        The queries, and the identifiers of the documents that answer each.
    """
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    catalogue = []
    for row in json_lines(source / "corpus.jsonl"):
        id_ = str(row["_id"]).lower()
        (folder / "documents" / f"{id_}.txt").write_text(f"{row['text']}\n", encoding="utf-8")
        catalogue.append(listed(f"{id_}.txt", kind="page"))
    (folder / "catalogue.toml").write_text("\n".join(catalogue), encoding="utf-8")
    wanted: dict[str, set[str]] = {}
    with (source / "qrels.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            wanted.setdefault(row["query-id"], set()).add(row["corpus-id"].lower())
    queries = json_lines(source / "queries.jsonl")
    return tuple(q["text"] for q in queries), tuple(frozenset(wanted[q["_id"]]) for q in queries)
