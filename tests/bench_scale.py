"""Print what an index of many passages takes, in a folder and in PostgreSQL.

    python tests/bench_scale.py WORK PASSAGES [PASSAGES …] [--store folder postgres]
    python tests/bench_scale.py WORK --killed 60      while a worker of four is killed each second
    python tests/bench_scale.py WORK --outage 20      while PostgreSQL is away

``WORK`` is that of ``fit_default_weights.py``, with the index of its pages of service-public.fr: their 14,757 passages
are repeated, each copy with a document, an identifier and a tenth of its words of its own. The vectors of the copies
are made up: of a passage, with a third of that of another and noise, scaled to length 1; those of the questions are
real. Questions are the citizens' messages about these pages. Neither the encoder nor a reader is timed.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from benchmark_corpora import page_questions, write_corpus
from conftest import ROOT
from real_postgres import postgres
from real_site import resident
from scale_faults import killed_one_by_one, outage
from scipy.sparse import csc_matrix, csr_matrix, hstack, vstack

from bot import cli_index
from bot.assistant import Assistant
from bot.collection import Collections, CollectionTable, enter
from bot.settings import Settings
from corpus.document import Document, Entry, Passage, Span
from index.build import build
from index.calibration import shipped
from index.candidates import NEAREST
from index.dense import Dense, Vectors, recall
from index.e5.unpack import default_encoder
from index.lexical import Bm25
from index.postgres import DatabaseStore
from index.records import ByName, Records
from index.rows import ExactTexts, Layout, Rows
from index.searcher import Searcher
from index.store import FolderStore, Store, database
from index.stored import FIELDS, Stored

SHIPPED = ROOT / "corpus"
N_QUESTIONS = 150
_OTHER, _NOISE, _NEW_WORDS = 0.35, 0.25, 0.1


class Copies:
    """An index repeated, each copy with changes, ready to be saved; documents and entries are made when asked for.

    Args:
        base: What is repeated.
        n_copies: How often.
        trials: What a build would set its approximate search with: headings, as questions.
    """

    def __init__(self, base: Stored, n_copies: int, trials: Vectors) -> None:
        self._base = base
        self._trials = trials
        self._own = [_alone(entry) for entry in base.entries]
        self._n = len(self._own)
        self._random = np.random.default_rng(0)
        self.stored = self._repeated(n_copies)

    def _repeated(self, copies: int) -> Stored:
        base, layout, n = self._base, self._base.rows.layout, self._n * copies
        names = [f"d{row}" for row in range(n)]
        documents = Records(n, lambda rows: [self._document(row) for row in rows])
        entries = Records(n, lambda rows: [self._entry(row) for row in rows])

        def tiled(owner: np.ndarray, by: int) -> np.ndarray:
            return np.concatenate([owner + copy * by for copy in range(copies)]).astype(np.int32)

        passages = len(layout.entry_of_passage)
        empty = np.zeros(0, np.int32)
        repeated = Layout(
            document_of_entry=np.arange(n, dtype=np.int32),
            entry_of_passage=tiled(layout.entry_of_passage, self._n),
            entry_of_target=tiled(layout.entry_of_passage, self._n),
            passage_of_target=np.arange(passages * copies, dtype=np.int32),
            target_of_phrasing=empty,
            spans=empty.reshape(0, 2),
            phrasings=(),
            titled=empty,
            titles=(),
            named_by=np.ones(n, np.int32),
        )
        bm25 = self._bm25(copies)
        dense = {name: Dense(self._vectors(base.dense[name].all(), copies)) for name in FIELDS[:2]}
        dense |= {name: base.dense[name] for name in ("phrasings", "outside")}
        dense["trials"] = Dense(self._trials)
        return replace(
            base,
            manifest=replace(base.manifest, documents={name: name for name in names}, corpus="", entries={}),
            rows=Rows.restored(entries, ByName(names, documents), repeated),
            exact=ExactTexts(np.zeros(0, np.uint64), empty),
            lexical=replace(base.lexical, entries=bm25),
            classifier=None,
            learned=shipped(0.1, reader=False),
            texts={name: np.zeros((0, 16), np.uint8) for name in FIELDS},
            dense=dense,
            said={},
        )

    def _document(self, row: int) -> Document:
        own = self._own[row % self._n].document
        return replace(own, source=replace(own.source, id=f"d{row}"), sha256=f"d{row}")

    def _entry(self, row: int) -> Entry:
        own, document = self._own[row % self._n], self._document(row)
        return replace(own, document=document, passages=tuple(replace(p, document=document) for p in own.passages))

    def _vectors(self, real: Vectors, copies: int) -> Vectors:
        made = np.empty((len(real) * copies, real.shape[1]), np.float32)
        for copy in range(copies):
            own = made[copy * len(real) : (copy + 1) * len(real)]
            own[:] = real
            if copy:
                noise = self._random.normal(size=real.shape).astype(np.float32) * (_NOISE / np.sqrt(real.shape[1]))
                own += _OTHER * real[self._random.permutation(len(real))] + noise
                own /= np.linalg.norm(own, axis=1, keepdims=True)
        return made

    def _bm25(self, copies: int) -> Bm25:
        """Of each copy, a tenth of the words of an entry give way to words of the copy."""
        known = self._base.lexical.entries
        rows = csc_matrix((known.weights, known.texts, known.starts), shape=(known.n_texts, len(known.vocabulary)))
        base = rows.tocsr().astype(np.float32)
        parts = []
        for copy in range(copies):
            own = base.copy()
            if copy:
                own.data[self._random.random(len(own.data)) < _NEW_WORDS] = 0
                own.eliminate_zeros()
            places = (range(own.shape[0]), [copy] * own.shape[0])
            mark = csr_matrix((np.full(own.shape[0], 2.0, np.float32), places), shape=(own.shape[0], copies))
            parts.append(hstack([own, mark], format="csr"))
        vocabulary = {**known.vocabulary, **{f"copie{n}": len(known.vocabulary) + n for n in range(copies)}}
        return Bm25._of(vstack(parts).tocsc(), vocabulary)


def _alone(entry: Entry) -> Entry:
    """An entry as the only one of a document."""
    text, start = entry.document.text, min((entry.heading or entry.body).start, entry.body.start)

    def moved(span: Span) -> Span:
        return Span(span.start - start, span.end - start)

    document = replace(entry.document, text=text[start : entry.body.end], blocks=(), pages=(), printed=())
    passages = tuple(
        Passage(
            document, p.entry, p.start - start, p.end - start, moved(p.quote), moved(p.question) if p.question else None
        )
        for p in entry.passages
    )
    return Entry(document, entry.id, moved(entry.heading) if entry.heading else None, moved(entry.body), passages)


@contextmanager
def new_store(kind: str, folder: Path) -> Iterator[tuple[Store, Path]]:
    """An empty store, and the folder that its bytes are in."""
    if kind == "folder":
        yield FolderStore(folder / "index"), folder / "index"
        return
    settings = ("shared_buffers=6GB", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=8GB", "jit=off")
    with postgres(*settings) as server:
        yield DatabaseStore(database(server.address), "scale"), server.folder / "data" / "base"


def measure(place: Path | str, work: Path) -> None:
    """In a process of its own, whose memory is that of the index alone."""
    encoder = default_encoder()
    before = resident()
    store: Store = FolderStore(place) if isinstance(place, Path) else DatabaseStore(database(place), "scale")
    begun = time.perf_counter()
    searcher = Searcher.load(store, encoder)  # type: ignore[arg-type]
    print(f"  load {time.perf_counter() - begun:.1f} s", flush=True)
    extractor = searcher.extractor
    known = page_questions(work / "pages.jsonl", work)
    texts = [text for text, _ in known.answered][:N_QUESTIONS]
    asked = [extractor.encode(extractor.parser.read(text), encoder) for text in texts]
    pools, whole, spent = [], [], []
    for question in asked * 2:  # once to warm
        if len(pools) in (0, len(asked)):
            spent.append(_spent())
        begun = time.perf_counter()
        pool = extractor.pool(question)
        middle = time.perf_counter()
        extractor.extract(question, pool=pool)
        pools.append(middle - begun)
        whole.append(time.perf_counter() - begun)
    print(f"  candidates {_ms(pools[len(asked) :])}, with features {_ms(whole[len(asked) :])}", flush=True)
    own, server = (1000 * (after - before) / len(asked) for before, after in zip(spent[1], _spent(), strict=True))
    print(f"  cores: {own:.1f} ms a question here, {server:.1f} ms in PostgreSQL", flush=True)
    near = []
    for question in asked:
        begun = time.perf_counter()
        extractor.dense["passages"].nearest(question.vectors[:1], NEAREST)
        near.append(time.perf_counter() - begun)
    print(f"  nearest passages alone {_ms(near)}")
    if isinstance(store, FolderStore):
        peak = resident()
        print(f"  resident {peak - before:.0f} MB more than before ({resident(name='RssFile'):.0f} MB of files mapped)")
    vectors = np.stack([question.vectors[0] for question in asked])
    true = _exact(extractor.dense["passages"].all(), vectors)
    found = [extractor.dense["passages"].nearest(vector[None], NEAREST) for vector in vectors]
    shares = [recall(t[None], f[None]) for t, f in zip(true, found, strict=True)]
    print(f"  recall@{NEAREST} of real questions {np.mean(shares):.3f}, least {np.min(shares):.2f}", flush=True)


def collections(n: int, work: Path) -> None:
    """So many collections of some 50 passages behind one service, against one of them alone, with encoder and reader.

    One is built from pages of service-public.fr, the others are copies of its index; the common corpus is the shipped
    one. A question goes to a collection drawn at random.
    """
    folder = Path(mkdtemp(prefix="scale-"))
    pages = [json.loads(line) for line in (work / "pages.jsonl").open(encoding="utf-8")][:11]
    corpus = write_corpus(folder / "corpus", [(p["id"], p["title"], p["text"]) for p in pages])
    encoder = default_encoder()
    made = build(corpus, folder / "index", encoder)
    build(SHIPPED, folder / "common", encoder)
    tables = []
    for number in range(n):
        shutil.copytree(folder / "index", folder / f"index{number}")
        tables.append(CollectionTable(name=f"c{number}", corpus=corpus, index=folder / f"index{number}"))
    settings = Settings(corpus=SHIPPED, index=folder / "common", collection=tuple(tables))
    common = Assistant(Searcher.load(folder / "common", encoder))
    known = Collections(settings, common, lambda own: cli_index.open_own(own, encoder))
    print(f"{n} collections of {made.n_passages} passages")
    rng = np.random.default_rng(0)
    questions = [page["title"] + " : que faut-il faire ?" for page in pages]
    before = resident()
    for name, chosen in (("one", np.zeros(300, int)), ("drawn", rng.integers(0, n, 1500)), ("one", np.zeros(300, int))):
        seconds = []
        for number in chosen.tolist():
            begun = time.perf_counter()
            with enter(f"c{number}"):
                known.ask(questions[int(rng.integers(len(questions)))])
            seconds.append(time.perf_counter() - begun)
        print(f"  {name}: {_ms(seconds)}, resident {resident() - before:+.0f} MB", flush=True)
    shutil.rmtree(folder)


def faults(killed: int, every: float, visitors: int, away: float) -> None:
    """What visitors see of them; both with the encoder of the tests, which takes no time."""
    if killed:
        seen = killed_one_by_one(killed, visitors, 4, every)
        print(f"{visitors} visitors, 4 workers behind nginx, {seen.kills} killed")
        print(f"  {seen.asked} questions of {seen.conversations} whole conversations, {_ms(seen.seconds)}")
        print(f"  no answer at first: {seen.failed} ({seen.inside / 4:.0f} were in the killed); nor then: {seen.lost}")
        print(f"  wrong answers: {seen.wrong}; what was said: {dict(seen.reasons)}")
    if away:
        with postgres() as server:
            found = outage(server, away)
        print(f"PostgreSQL away for {away:.0f} s: {dict(found.statuses)}, slowest {found.slowest * 1000:.0f} ms")
        print(f"  first refusal after {found.first * 1000:.0f} ms: {found.said}")
        print(f"  answers {found.back:.1f} s after the database is back, the same: {found.is_same}")


def _exact(vectors: Vectors, queries: Vectors) -> np.ndarray:
    best = [np.argsort(-(vectors @ query))[:NEAREST] for query in queries]
    return np.stack(best)


def _ms(seconds: Sequence[float]) -> str:
    middle, high = np.percentile(np.asarray(seconds) * 1000, [50, 95])
    return f"p50 {middle:.1f} ms p95 {high:.1f} ms"


def _spent() -> tuple[float, float]:
    """Seconds of a core that this process took, and those of PostgreSQL: they depend little on other work."""
    own = server = 0.0
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            name, _, rest = place.read_text(encoding="utf-8").partition("(")[2].rpartition(")")
            seconds = sum(map(int, rest.split()[11:13])) / os.sysconf("SC_CLK_TCK")
            own += seconds * (place.parent.name == str(os.getpid()))
            server += seconds * (name == "postgres")
    return own, server


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("passages", type=int, nargs="*")
    parser.add_argument("--store", nargs="+", default=["folder", "postgres"])
    parser.add_argument("--collections", type=int, default=0, metavar="N", help="so many behind one service")
    parser.add_argument("--killed", type=int, default=0, metavar="SECONDS", help="of a worker killed each second")
    parser.add_argument("--every", type=float, default=1, metavar="SECONDS", help="between two of them")
    parser.add_argument("--visitors", type=int, default=200, help="who talk meanwhile")
    parser.add_argument("--outage", type=float, default=0, metavar="SECONDS", help="of PostgreSQL")
    parser.add_argument("--measure", help="the place of an index that is there")
    given = parser.parse_args()
    if given.measure:
        measure(given.measure if ":" in given.measure else Path(given.measure), given.work)
        return
    if given.killed or given.outage:
        faults(given.killed, given.every, given.visitors, given.outage)
        return
    if given.collections:
        collections(given.collections, given.work)
        return
    base = FolderStore(given.work / "indexes" / "pages").load()
    trials = default_encoder().encode_queries(base.rows.heading_texts()[::15])
    for wanted in given.passages:
        copies = max(1, round(wanted / len(base.rows.passages)))
        for kind in given.store:
            made = Copies(base, copies, trials).stored
            folder = Path(mkdtemp(prefix="scale-"))
            print(f"{len(made.rows.passages):,} passages, {len(made.entries):,} entries, {kind}", flush=True)
            with new_store(kind, folder) as (store, bytes_in):
                begun = time.perf_counter()
                store.save(made)
                print(f"  saved in {time.perf_counter() - begun:.0f} s, {_size(bytes_in):,.0f} MB", flush=True)
                del made
                place = (
                    str(bytes_in) if kind == "folder" else f"postgresql://postgres@/postgres?host={bytes_in.parents[1]}"
                )
                subprocess.run([sys.executable, __file__, given.work, "--measure", place], check=True)
            shutil.rmtree(folder)
    print(f"most memory of a build: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
