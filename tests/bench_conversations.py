"""What is answered turn by turn in the conversations of ``reader_data/held``, over FAQs without phrasings.

    python tests/bench_conversations.py WORK [--misses]

``WORK`` keeps the indexes between runs. A turn is right when its entry is quoted first, when it is plainly refused or
met with an offer where nothing answers, or is met with courtesy. ``offered``: the entry is among those offered.
"""

import sys
from collections import Counter
from pathlib import Path

from benchmark_corpora import DATA, faq_questions, json_lines

from bot.answer import Answer, Kind
from bot.assistant import Assistant
from index.build import build
from index.e5.unpack import default_encoder
from index.searcher import Searcher


def verdict(expect: list[str], answer: Answer, headings: dict[str, str]) -> str:
    """``right``, ``offered``, ``silent``, ``wrong`` or ``unsure and wrong``, of one turn."""
    kind, *entries = expect
    quoted = [quote.source.entry for quote in answer.quotes]
    if kind in ("answer", "two"):
        if answer.kind is Kind.ANSWER and (quoted[0] in entries):
            return "right"
        if any(headings[entry] in answer.suggestions for entry in entries):
            return "offered"
        if answer.kind in (Kind.REFUSE, Kind.CLARIFY):
            return "silent"
        return "courtesy" if answer.kind is Kind.SMALLTALK else "wrong"
    if kind == "refuse":
        return "wrong" if answer.kind is Kind.ANSWER else "right"
    return "right" if answer.kind is not Kind.ANSWER or kind == "repeat" else "wrong"


def main() -> None:
    work, encoder = Path(sys.argv[1]), default_encoder()
    assistants, headings = {}, {}
    for name in ("dechets", "piscine"):
        known = faq_questions(DATA / "held" / f"{name}.jsonl", work)
        build(known.folder, work / "indexes" / name, encoder)
        assistants[name] = Assistant(Searcher.load(work / "indexes" / name, encoder))
        headings |= {e["id"]: e["question"] for e in json_lines(DATA / "held" / f"{name}.jsonl")}
    counts: dict[tuple[str, bool], Counter[str]] = {}
    for said in json_lines(DATA / "held" / "conversations.jsonl"):
        for place, (turn, expect) in enumerate(zip(said["turns"], said["expect"], strict=True)):
            answer = assistants[said["faq"]].ask(turn, said["turns"][:place])
            found = verdict(expect, answer, headings)
            counts.setdefault((expect[0], place > 0), Counter())[found] += 1
            if found != "right" and "--misses" in sys.argv:
                said_ = answer.quotes[0].source.entry if answer.quotes else answer.suggestions
                print(f"{found:9}{said['turns'][: place + 1]} {expect} -> {answer.kind} {answer.confidence} {said_}")
    for (kind, later), found_ in sorted(counts.items()):
        print(f"{kind:10} {'later turn' if later else 'first turn'} {sum(found_.values()):4} {dict(found_)}")


if __name__ == "__main__":
    main()
