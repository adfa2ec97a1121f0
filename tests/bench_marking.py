"""What is marked in the entry that answers, given that entry: FAQs, documents of ``reader_data``, and real ones.

    python tests/bench_marking.py WORK [SHARED]

``WORK`` keeps the corpora and indexes between runs. The constants of ``index/marking.py`` were tuned on the first rows;
the held ones were only measured. Holds: what is marked has a sentence that answers, or an excerpt that does. Mostly:
and at least half of what is marked answers, or may be marked as well. Nothing is asserted.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from bench_documents import KNOWN, write_corpus
from benchmark_corpora import DATA, document_corpus, documents, faq_questions, json_lines, letters
from conftest import SHARED

from corpus.document import Entry
from index.build import build
from index.e5.unpack import default_encoder
from index.encoder import Encoder
from index.judging import ranked
from index.ranking import Ranking
from index.result import Result
from index.searcher import Searcher

Answers = tuple[Callable[[Entry], bool], list[str], list[str]]
"""Whether an entry answers a question, what answers it there, and what may be marked as well; by their letters."""


def of_faqs(work: Path) -> Iterator[tuple[str, Path, list[tuple[str, Answers]]]]:
    """The FAQs of ``marks.jsonl``: its part, the corpus, and its questions."""
    by_faq = defaultdict(list)
    for line in json_lines(DATA / "marks.jsonl"):
        answers = [letters(text) for text in line["answer"]], [letters(text) for text in line["ok"]]
        by_faq[line["faq"]].append((line["q"], (lambda entry, id_=line["entry"]: entry.id == id_, *answers)))
    for name, questions in by_faq.items():
        part, faq = name.split("/")
        yield f"{part} FAQs", faq_questions(DATA / part / f"{faq}.jsonl", work).folder, questions


def of_documents(work: Path, shared: Path) -> Iterator[tuple[str, Path, list[tuple[str, Answers]]]]:
    """The documents of ``reader_data``, then the real ones: as ``of_faqs``."""
    for part in ("calibrate", "held"):
        lines = [line for path in documents(part) for line in json_lines(path.with_suffix(".jsonl"))]
        questions = [(line["q"], _holding(line["expect"])) for line in lines if line["expect"]]
        yield f"{part} documents", document_corpus(documents(part), work / "corpora" / f"{part}-documents"), questions
    if not (shared / "pdfs").exists():
        return
    folder = write_corpus(shared, work / "corpora" / "real")
    for half, part in (("tune", "calibrate"), ("held", "held")):
        lines = json_lines(KNOWN / f"documents.{half}.jsonl")
        yield f"{part} documents", folder, [(line["turns"][-1], _holding(line["expect"])) for line in lines]


def _holding(excerpts: list[str]) -> Answers:
    wanted = [letters(excerpt) for excerpt in excerpts]
    return lambda entry: any(each in letters(f"{entry.heading_text}\n{entry.body_text}") for each in wanted), wanted, []


def marked_in(searcher: Searcher, encoder: Encoder, question: str, answers: Callable[[Entry], bool]) -> list[str]:
    """What would be marked were the likeliest of the entries that answer the first; nothing where none was compared."""
    query = searcher.read(question)
    asked = searcher.extractor.encode(query, encoder)
    pool = searcher.extractor.pool(asked)
    ranking = ranked(searcher.learned, searcher._matched(asked, None, pool))
    given = np.asarray([answers(searcher.rows.entries[place]) for place in pool.entries.tolist()])
    if not given.any():
        return []
    of_entries = np.where(np.arange(len(given)) == np.where(given, ranking.entries, -1.0).argmax(), 1.0, 0.0)
    ranking = Ranking(ranking.targets, of_entries.astype(np.float32))
    found = replace(Result(query, (), 1.0, 1.0, searcher.levels), hits=searcher._hits(ranking, pool, 1))
    found = searcher._marked(found, asked, ranking, pool)
    return [span.of(found.hits[0].entry.document.text) for span in found.marked]


def main() -> None:
    folders = [Path(argument) for argument in sys.argv[1:]]
    work = folders[0]
    shared = folders[1] if folders[1:] else SHARED
    encoder = default_encoder()
    figures: dict[str, list[tuple[bool, bool, int]]] = defaultdict(list)
    for part, folder, questions in (*of_faqs(work), *of_documents(work, shared)):
        index = work / "indexes" / folder.name
        build(folder, index, encoder)
        searcher = Searcher.load(index, encoder)
        for question, (answers, wanted, also) in questions:
            if marked := [letters(text) for text in marked_in(searcher, encoder, question, answers)]:
                figures[part].append(_figures(marked, wanted, also))
    print(f"{'':22}questions  holds  mostly  characters")
    for part, found in sorted(figures.items()):
        holds, mostly, length = np.mean(found, axis=0)
        print(f"{part:22}{len(found):9}  {holds:.3f}  {mostly:.3f}  {length:10.0f}")


def _figures(marked: list[str], wanted: list[str], also: list[str]) -> tuple[bool, bool, int]:
    def of(texts: list[str]) -> int:
        return sum(len(m) for m in marked if any(t in m or (len(m) > 20 and m in t) for t in texts))

    total = sum(map(len, marked))
    return of(wanted) > 0, of(wanted) > 0 and of([*wanted, *also]) >= total / 2, total


if __name__ == "__main__":
    main()
