"""The shared benchmarks as corpora that the ordinary code builds and searches."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A corpus folder, its queries, and the entry that answers each (``qrels``)."""

    folder: Path
    queries: tuple[str, ...]
    relevant: tuple[str, ...]


def write_benchmark(source: Path, folder: Path) -> Benchmark:
    """Write a BEIR folder as a corpus with one CSV of questions and answers.

    Args:
        source: Holds ``corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv``.
        folder: Of the corpus to write.
    """
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    with (folder / "documents" / "faq.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "question", "réponse"])
        for line in (source / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            writer.writerow([row["_id"], row["title"], row["text"]])
    (folder / "catalogue.toml").write_text(
        f'[[source]]\nid = "{source.name}"\ntitle = "{source.name}"\npublisher = "benchmark"\ndate = "2020-01"\n'
        'kind = "faq"\nfile = "faq.csv"\n',
        encoding="utf-8",
    )
    qrels = dict(line.split("\t")[:2] for line in (source / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:])
    rows = [json.loads(line) for line in (source / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    return Benchmark(folder, tuple(r["text"] for r in rows), tuple(qrels[r["_id"]] for r in rows))
