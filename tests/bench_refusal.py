"""What FAQs without phrasings answer of their own questions, and of those of somebody else.

    python tests/bench_refusal.py SHARED WORK

``SHARED`` holds ``benchmarks``; ``WORK`` keeps the indexes between runs. The shipped weights saw the CNIL's own
questions; those of barri and of the FAQs of ``reader_data/held`` are unseen.
"""

import json
import sys
from pathlib import Path

from benchmark_corpora import DATA, Questions, benchmark_questions, faq_questions

from bot.answer import Answer, Kind
from bot.assistant import Assistant
from bot.phrases import ANSWERED
from index.build import build
from index.e5.unpack import default_encoder
from index.searcher import Searcher


def main() -> None:
    shared, work = Path(sys.argv[1]) / "benchmarks", Path(sys.argv[2])
    encoder = default_encoder()
    faqs = {name: benchmark_questions(shared / name, work) for name in ("cnil-faq", "barri-faq-rh")}
    faqs |= {name: faq_questions(DATA / "held" / f"{name}.jsonl", work) for name in ("dechets", "piscine")}
    general = (shared / "out-of-scope" / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    asked = {name: [text for text, _ in faq.answered] for name, faq in faqs.items()}
    asked |= {f"{name}, near": list(faqs[name].unanswered) for name in ("dechets", "piscine")}
    asked["out-of-scope"] = [json.loads(line)["text"] for line in general]
    print(
        "| FAQ | questions of | answered | without reserve | offered | right, if its own |\n|---|---|---|---|---|---|"
    )
    for name, faq in faqs.items():
        build(faq.folder, work / f"{name}-index", encoder)
        assistant = Assistant(Searcher.load(work / f"{name}-index", encoder))
        for other, questions in asked.items():
            answers = [assistant.ask(question) for question in questions]
            print(row(f"| {name} | {other} |", answers, faq if other == name else None), flush=True)


def row(begun: str, answers: list[Answer], own: Questions | None) -> str:
    """One line of the table; courtesy is no answer."""
    given = [n for n, answer in enumerate(answers) if answer.kind is Kind.ANSWER]
    surely = sum(answers[n].message == ANSWERED for n in given)
    offered = sum(answer.kind is Kind.CLARIFY for answer in answers)
    right = ""
    if own:
        right = f"{sum(answers[n].quotes[0].source.entry == own.answered[n][1] for n in given)} of {len(given)}"
    return f"{begun} {len(given)} of {len(answers)} | {surely} | {offered} | {right} |"


if __name__ == "__main__":
    main()
