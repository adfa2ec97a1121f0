"""Questions and the corpora that answer them, or not, as the ordinary code builds and searches them."""

import csv
import json
import shutil
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seed_files import listed

from corpus.read import read_corpus

DATA = Path(__file__).parent / "reader_data"


def faqs(part: str) -> list[Path]:
    """The FAQs of a part of ``reader_data``: its conversations are over them."""
    return sorted(path for path in (DATA / part).glob("*.jsonl") if path.stem != "conversations")


def documents(part: str) -> list[Path]:
    """The documents of a part of ``reader_data``, each with its questions beside it."""
    return sorted((DATA / part / "documents").glob("*.md"))


@dataclass(frozen=True, slots=True)
class Questions:
    """A corpus folder, questions with the entry that answers each, and questions that nothing in it answers."""

    folder: Path
    answered: tuple[tuple[str, str], ...]
    unanswered: tuple[str, ...] = ()


def write_corpus(folder: Path, rows: Iterable[tuple[str, str, str]]) -> Path:
    """A corpus of one FAQ of (identifier, question, answer)."""
    write_table(folder / "documents" / "faq.csv", rows)
    table = listed("faq.csv", id=folder.name, title=folder.name)
    (folder / "catalogue.toml").write_text(table, encoding="utf-8")
    return folder


def write_table(path: Path, rows: Iterable[tuple[str, str, str]]) -> None:
    """A FAQ as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "question", "réponse"), *rows])


def faq_questions(path: Path, work: Path) -> Questions:
    """A FAQ of ``reader_data``, each of its entries with its questions (``q``) and near ones (``no``)."""
    entries = json_lines(path)
    rows = [(e["id"], e["question"], e["answer"]) for e in entries]
    return Questions(
        write_corpus(work / "corpora" / path.stem, rows),
        tuple((text, e["id"]) for e in entries for text in e["q"]),
        tuple(text for e in entries for text in e["no"]),
    )


def document_corpus(paths: Sequence[Path], folder: Path) -> Path:
    """A corpus of some documents."""
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    tables = []
    for path in paths:
        shutil.copy(path, folder / "documents")
        tables.append(listed(path.name, kind="guide"))
    (folder / "catalogue.toml").write_text("\n".join(tables), encoding="utf-8")
    return folder


def document_questions(paths: Sequence[Path], folder: Path) -> Questions:
    """Documents in one corpus, with their questions; an entry answers that holds an excerpt that is expected.

    Raises:
        ValueError: No entry holds what is expected.
    """
    entries = read_corpus(document_corpus(paths, folder)).entries
    held = [(e.id, e.document.source.id, letters(f"{e.heading_text}\n{e.body_text}")) for e in entries]
    answered, unanswered = [], []
    for path in paths:
        for line in json_lines(path.with_suffix(".jsonl")):
            wanted = [letters(excerpt) for excerpt in line["expect"]]
            found = [id_ for id_, of, text in held if of == path.stem and any(each in text for each in wanted)]
            if wanted and not found:
                raise ValueError(f"no entry of {path.name} holds {line['expect']}")
            answered += [(line["q"], found[0])] if found else []
            unanswered += [] if wanted else [line["q"]]
    return Questions(folder, tuple(answered), tuple(unanswered))


def letters(text: str) -> str:
    """Without white space, signs and typography, which readers may write otherwise."""
    return "".join(char for char in unicodedata.normalize("NFKC", text) if char.isalnum())


def benchmark_questions(source: Path, work: Path) -> Questions:
    """A BEIR folder: ``corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv``.

    What it does not answer: questions to the staff of a town and to its social centre.
    """
    rows = [(e["_id"], e["title"], e["text"]) for e in json_lines(source / "corpus.jsonl")]
    qrels = dict(line.split("\t")[:2] for line in (source / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:])
    asked = tuple((q["text"], qrels[q["_id"]]) for q in json_lines(source / "queries.jsonl") if q["_id"] in qrels)
    other = [e["q"][0] for name in ("train/rh", "calibrate/social") for e in json_lines(DATA / f"{name}.jsonl")]
    return Questions(write_corpus(work / "corpora" / source.name, rows), asked, tuple(other))


def page_questions(pages: Path, work: Path, first: int = 0) -> Questions:
    """Pages of service-public.fr (``id``, ``title``, ``text``) with messages and short queries of citizens.

    Args:
        pages: As ``train_reader.py prepare`` writes them.
        work: Folder of the corpus.
        first: 0 for the messages about every other page, 1 for those about the others.
    """
    rows = [(p["id"], p["title"], p["text"]) for p in json_lines(pages)]
    messages = json_lines(DATA / "messages.jsonl")[first::2]
    return Questions(
        write_corpus(work / "corpora" / "pages", rows),
        tuple((text, m["id"]) for m in messages for text in m["q"]),
        tuple(m["no"] for m in messages),
    )


def json_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of one a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
