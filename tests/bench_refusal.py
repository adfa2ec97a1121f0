"""What FAQs without phrasings answer of their own questions, of somebody else's, and of those that lost their entry.

    python tests/bench_refusal.py SHARED WORK

``SHARED`` holds ``benchmarks``; ``WORK`` keeps the indexes between runs. The shipped weights saw the CNIL's own
questions; those of barri and of the FAQs of ``reader_data/held`` are unseen.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmark_corpora import DATA, Questions, benchmark_questions, faq_questions, json_lines, write_corpus

from bot.answer import Answer, Kind
from bot.assistant import Assistant
from bot.phrases import ANSWERED
from index.build import build
from index.e5.unpack import default_encoder
from index.encoder import Encoder
from index.searcher import Searcher

HELD, N_FOLDS = ("dechets", "piscine"), 5


def main() -> None:
    shared, work = Path(sys.argv[1]) / "benchmarks", Path(sys.argv[2])
    encoder = default_encoder()
    faqs = {name: benchmark_questions(shared / name, work) for name in ("cnil-faq", "barri-faq-rh")}
    faqs |= {name: faq_questions(DATA / "held" / f"{name}.jsonl", work) for name in HELD}
    general = (shared / "out-of-scope" / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    asked = {name: [text for text, _ in faq.answered] for name, faq in faqs.items()}
    asked |= {f"{name}, near": list(faqs[name].unanswered) for name in HELD}
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
        if name in HELD:
            print(row(f"| {name} | its own, entry gone |", list(without_entry(name, work, encoder)), None), flush=True)


def without_entry(name: str, work: Path, encoder: Encoder) -> Iterator[Answer]:
    """What a FAQ answers to the questions of entries that it no longer has."""
    entries = json_lines(DATA / "held" / f"{name}.jsonl")
    for fold in range(N_FOLDS):
        kept = [(e["id"], e["question"], e["answer"]) for n, e in enumerate(entries) if n % N_FOLDS != fold]
        folder = write_corpus(work / "corpora" / f"{name}-{fold}", kept)
        build(folder, work / f"{name}-{fold}-index", encoder)
        assistant = Assistant(Searcher.load(work / f"{name}-{fold}-index", encoder))
        yield from (assistant.ask(question) for entry in entries[fold::N_FOLDS] for question in entry["q"])


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
