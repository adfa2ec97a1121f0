"""Time the default encoder on this machine: ``python tests/bench_encoder.py``."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

from real_site import resident
from rich.console import Console
from rich.table import Table

DOCUMENTS = Path(__file__).parents[1] / "corpus" / "documents"
PASSAGE = 1_800  # characters
ROUNDS = 20


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    table = Table("measure", "value", title=f"Default encoder, {os.cpu_count()} cores")

    from index.e5.unpack import default_encoder, unpack_default_model

    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(DOCUMENTS.glob("*.txt")))
    questions = [line.strip() for line in text.splitlines() if line.strip().endswith("?")]
    text *= 1 + 17 * PASSAGE // len(text)
    passages = [text[start:end] for start, end in pairwise(range(0, 17 * PASSAGE, PASSAGE))]

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        table.add_row("unpack and check", f"{seconds(lambda: unpack_default_model(home / 'models')):.1f} s")
        table.add_row("verify", f"{seconds(lambda: unpack_default_model(home / 'models')):.2f} s")
        start = time.perf_counter()
        encoder = default_encoder(home)
        table.add_row("verify and load", f"{time.perf_counter() - start:.1f} s")
        table.add_row("resident after loading", f"{resident():.0f} MiB")
        encoder.encode_queries(questions[:1])
        times = [1_000 * seconds(partial(encoder.encode_queries, [question])) for question in questions * ROUNDS]
        p95 = statistics.quantiles(times, n=20)[-1]
        table.add_row(
            f"one question ({len(times)} measured)",
            f"median {statistics.median(times):.1f} ms, p95 {p95:.1f} ms",
        )
        rate = len(passages) / seconds(lambda: encoder.encode_passages(passages))
        table.add_row(f"passages of {PASSAGE} characters", f"{rate:.1f} /s")
        table.add_row("resident after encoding", f"{resident():.0f} MiB")
    Console().print(table)


if __name__ == "__main__":
    main()
