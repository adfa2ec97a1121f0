"""What plain questions on the real documents of the shared folder get, without phrasings: read, indexed and asked.

    python tests/bench_documents.py WORK [SHARED] [--held] [--misses]

``WORK`` keeps the corpus and its index between runs. Asks ``known_questions/documents.tune.jsonl``, or with ``--held``
the half kept apart. Right: what is marked in the first quote holds the excerpt. Quoted: it stands in the first quote,
outside the mark. Offered: its entry is suggested. Unread: no entry holds the excerpt. Nothing is asserted.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmark_corpora import json_lines, letters
from conftest import SHARED
from seed_files import listed

from bot.answer import Answer, Kind
from bot.assistant import Assistant
from corpus.document import Entry
from index.build import build
from index.e5.unpack import default_encoder
from index.searcher import Searcher

KNOWN = Path(__file__).parent / "known_questions"


def verdict(expect: list[str], answer: Answer, entries: Sequence[Entry]) -> str:
    """What one question got."""
    wanted = [letters(excerpt) for excerpt in expect]
    holding = [entry for entry in entries if any(each in letters(_whole(entry)) for each in wanted)]
    if answer.kind is Kind.ANSWER:
        quote = answer.quotes[0]
        marked = letters(" ".join(quote.text[start:end] for start, end in quote.highlights))
        if any(each in marked or (len(marked) > 20 and marked in each) for each in wanted):
            return "right"
        if any(each in letters(quote.text) for each in wanted):
            return "quoted"
    if not holding:
        return "unread"
    if answer.kind is Kind.ANSWER:
        return "wrong"
    headings = {entry.heading_text for entry in holding}
    return "offered" if headings & {label.split(" › ")[-1] for label in answer.suggestions} else "refused"


def _whole(entry: Entry) -> str:
    return f"{entry.heading_text}\n{entry.body_text}"


def write_corpus(shared: Path, folder: Path) -> Path:
    """The documents of the shared folder, linked from a catalogue."""
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    tables = []
    for path in sorted((shared / "pdfs").glob("*.pdf")):
        (copy := folder / "documents" / path.name).unlink(missing_ok=True)
        copy.write_bytes(path.read_bytes())
        kind = "faq" if path.name.startswith("faq") else "guide"
        tables.append(listed(path.name, id=path.stem.replace("_", "-"), title=path.stem.replace("_", " "), kind=kind))
    (folder / "catalogue.toml").write_text("\n".join(tables), encoding="utf-8")
    return folder


def main() -> None:
    folders = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("--")]
    work = folders[0]
    shared = folders[1] if folders[1:] else SHARED
    encoder = default_encoder()
    corpus, index = write_corpus(shared, work / "corpus"), work / "index"
    built = build(corpus, index, encoder)
    for left in built.corpus.left_out:
        print(f"left out: {left.source.file}: {left.reason}")
    searcher = Searcher.load(index, encoder)
    assistant = Assistant(searcher)
    half = "held" if "--held" in sys.argv else "tune"
    counts: Counter[str] = Counter()
    for known in json_lines(KNOWN / f"documents.{half}.jsonl"):
        answer = assistant.ask(known["turns"][-1])
        found = verdict(known["expect"], answer, searcher.rows.entries)
        counts[found] += 1
        if found != "right" and "--misses" in sys.argv:
            quote = answer.quotes[0] if answer.quotes else None
            said = [quote.text[start:end] for start, end in quote.highlights] if quote else answer.suggestions
            where = f"{quote.source.document} p. {quote.source.page}, {quote.source.section!r}" if quote else ""
            print(f"{found:8}{known['id']} {known['turns']} {known['expect'][0]!r}")
            print(f"        -> {answer.kind} {answer.confidence:.2f} {where} {said}")
    print(f"{half}: {sum(counts.values())} questions, {dict(counts.most_common())}")


if __name__ == "__main__":
    main()
