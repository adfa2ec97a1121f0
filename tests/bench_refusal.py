"""What FAQs without phrasings answer of their own questions, and of those of somebody else.

    python tests/bench_refusal.py SHARED WORK

``SHARED`` holds ``benchmarks``; ``WORK`` keeps the indexes between runs. The shipped weights saw the CNIL's own
questions, so that only barri's row of its own questions and the rows of other people's questions are unseen.
"""

import json
import sys
from pathlib import Path

from benchmark_corpora import Benchmark, write_benchmark

from bot.answer import Answer, Kind
from bot.assistant import Assistant
from index.build import build
from index.e5.unpack import default_encoder
from index.searcher import Searcher

SURE = 0.5


def main() -> None:
    shared, work = Path(sys.argv[1]) / "benchmarks", Path(sys.argv[2])
    encoder = default_encoder()
    faqs = {name: write_benchmark(shared / name, work / name) for name in ("cnil-faq", "barri-faq-rh")}
    general = (shared / "out-of-scope" / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    asked = {name: list(faq.queries) for name, faq in faqs.items()}
    asked["out-of-scope"] = [json.loads(line)["text"] for line in general]
    print("| FAQ | questions of | answered | of these surely | right, if its own |\n|---|---|---|---|---|")
    for name, faq in faqs.items():
        build(faq.folder, work / f"{name}-index", encoder)
        assistant = Assistant(Searcher.load(work / f"{name}-index", encoder))
        for other, questions in asked.items():
            answers = [assistant.ask(question) for question in questions]
            print(row(name, other, answers, faq if other == name else None), flush=True)


def row(name: str, other: str, answers: list[Answer], own: Benchmark | None) -> str:
    """One line of the table; courtesy is no answer."""
    given = [n for n, answer in enumerate(answers) if answer.kind is Kind.ANSWER]
    surely = sum(answers[n].confidence >= SURE for n in given)
    right = ""
    if own:
        found = sum(answers[n].quotes[0].source.entry == own.relevant[n] for n in given)
        right = f"{found} of {len(given)}"
    return f"| {name} | {other} | {len(given)} of {len(answers)} | {surely} | {right} |"


if __name__ == "__main__":
    main()
