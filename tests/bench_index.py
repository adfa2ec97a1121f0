"""Print what building and loading an index take against its size, on the CNIL's FAQ repeated with other words.

    python tests/bench_index.py [SHARED] [--pages 500 1000 2000 4000]

Vectors are drawn at random, so that the encoder costs nothing; a page is an entry of the FAQ. Processor
seconds of this process, on one thread of BLAS. Nothing is asserted.
"""

import argparse
import json
import os
import random
import re
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from conftest import ROOT
from seed_files import listed

from index.build import build
from index.dense import Vectors
from index.searcher import Searcher

DIM = 384


class RandomEncoder:
    """A unit vector of its own for each text."""

    name = "random"
    dim = DIM

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        drawn = np.stack([np.random.default_rng(abs(hash(text))).normal(size=DIM) for text in texts])
        found: Vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        return found

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self.encode_queries(texts)


def write_corpus(shared: Path, folder: Path, n_pages: int) -> Path:
    """So many pages in documents of 100; one word in ten is made a new one, one page in ten explains an acronym."""
    lines = (shared / "benchmarks" / "cnil-faq" / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    rows, chance = [json.loads(line) for line in lines], random.Random(0)
    (folder / "documents").mkdir(parents=True)
    catalogue = []
    for first in range(0, n_pages, 100):
        pages = []
        for n in range(first, min(first + 100, n_pages)):
            row, mark = rows[n % len(rows)], "".join(chance.choices("bcdfglmnprstv", k=3)) + "ique"
            text = re.sub(
                r"\w{5,}", lambda m, mark=mark: m[0] if chance.random() > 0.1 else f"{m[0]}{mark}", row["text"]
            )
            letters = [chance.choice("abcdefilmnoprstuv") for _ in range(4)]
            own = f"Le {' '.join(f'{c}{mark}' for c in letters)} ({''.join(letters).upper()}) est ici. " * (n % 10 == 0)
            pages.append(f"# {row['title']} {mark}\n\n{own}{text}\n")
        (folder / "documents" / f"d{first}.md").write_text("\n".join(pages), encoding="utf-8")
        catalogue.append(listed(f"d{first}.md", kind="page"))
    (folder / "catalogue.toml").write_text("\n".join(catalogue), encoding="utf-8")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description="Time against size of building and loading an index.")
    beside = Path(os.environ.get("MOTAMOT_SHARED", ROOT.parent / "shared"))
    parser.add_argument("shared", nargs="?", type=Path, default=beside)
    parser.add_argument("--pages", type=int, nargs="+", default=[500, 1000, 2000, 4000])
    options = parser.parse_args()
    encoder = RandomEncoder()
    print("   pages  passages    size MB    build s     load s    ms a question")
    for n_pages in options.pages:
        with TemporaryDirectory() as scratch:
            index = Path(scratch) / "index"
            corpus = write_corpus(options.shared, Path(scratch) / "corpus", n_pages)
            begun = time.process_time()
            built = build(corpus, index, encoder)
            loading = time.process_time()
            searcher = Searcher.load(index, encoder)
            asking = time.process_time()
            for entry in searcher.rows.entries[:50]:
                searcher.search(searcher.read(entry.heading_text))
            done = time.process_time()
            size = sum(path.stat().st_size for path in index.rglob("*") if path.is_file()) / 1e6
            print(
                f"{len(built.corpus.entries):8} {built.n_passages:9} {size:10.1f} {loading - begun:10.1f} "
                f"{asking - loading:10.2f} {20 * (done - asking):16.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
