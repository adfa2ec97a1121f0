"""Other ways people ask each entry, as an editor writes them in ``phrasings/<document>.toml``."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.document import Entry, Passage, Span
from corpus.errors import CorpusError
from corpus.split.sentences import sentences

_KEYS = {"question", "part", "sentence", "ask"}


@dataclass(frozen=True, slots=True)
class Target:
    """What a group of phrasings asks for: one passage, or one or more of its sentences."""

    passage: Passage
    span: Span
    """The slice that answers, inside ``passage``."""
    phrasings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Phrasings:
    """Every file of ``phrasings``, read."""

    targets: tuple[Target, ...] = ()
    unanswered: tuple[str, ...] = ()
    """Questions people ask that the documents do not answer: refusal is learned on them too."""


def read_phrasings(folder: Path, entries: Sequence[Entry]) -> Phrasings:
    """Read every file of ``folder/phrasings``; each table becomes one target.

    A file of a document that is not indexed is passed over: its phrasings have nothing to point to.

    Raises:
        CorpusError: A file is not TOML, a key is unknown or missing, or a quoted beginning stands nowhere.
    """
    targets: list[Target] = []
    unanswered: list[str] = []
    for path in sorted((folder / "phrasings").glob("*.toml")):
        own = [entry for entry in entries if entry.document.id == path.stem]
        content = _content(path)
        if own:
            tables = enumerate(content.get("entry", []), 1)
            targets += [_target(table, own, f"« {path} », table {n}") for n, table in tables]
            unanswered += content.get("unanswered", [])
    return Phrasings(tuple(targets), tuple(unanswered))


def _content(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CorpusError(
            f"« {path} » n’est pas un fichier TOML valable ({error}) : corrigez la ligne indiquée."
        ) from error
    if set(content) - {"entry", "unanswered"} or not isinstance(content.get("entry", []), list):
        raise CorpusError(f"« {path} » : seules des tables [[entry]] et une liste « unanswered » sont attendues.")
    unanswered = content.get("unanswered", [])
    if not isinstance(unanswered, list) or not all(isinstance(q, str) and q.strip() for q in unanswered):
        raise CorpusError(f"« {path} » : « unanswered » doit être une liste de questions entre guillemets.")
    return content


def _target(table: dict[str, Any], entries: Sequence[Entry], where: str) -> Target:
    if unknown := sorted(set(table) - _KEYS):
        raise CorpusError(f"{where} : clé inconnue « {unknown[0]} » ; attendues : {', '.join(sorted(_KEYS))}.")
    question, ask = table.get("question"), table.get("ask")
    if not isinstance(question, str) or not question.strip():
        raise CorpusError(
            f"{where} : il manque « question » (la question de la FAQ, ou les premiers mots de l’entrée)."
        )
    if not isinstance(ask, list) or not ask or not all(isinstance(a, str) and a.strip() for a in ask):
        raise CorpusError(f"{where} : « ask » doit être une liste de questions entre guillemets.")
    entry = _entry(question, entries, where)
    passage, span = _place(table, entry, where)
    return Target(passage, span, tuple(ask))


def _entry(question: str, entries: Sequence[Entry], where: str) -> Entry:
    wanted = squeeze(question)
    for attribute in ("heading_text", "body_text", "id"):
        for entry in entries:
            if wanted and squeeze(getattr(entry, attribute)).startswith(wanted):
                return entry
    raise CorpusError(
        f"{where} : aucune entrée ne commence par « {question} » ; "
        "« motamot inspect » montre les premiers mots de chacune."
    )


def _place(table: dict[str, Any], entry: Entry, where: str) -> tuple[Passage, Span]:
    """The passage that ``part`` begins, or that holds ``sentence``; else the first passage of the entry."""
    if (begin := table.get("sentence")) is not None:
        for passage in entry.passages:
            for sentence in sentences(passage.text):
                if squeeze(sentence.of(passage.text)).startswith(squeeze(str(begin))):
                    return passage, sentence.shift(passage.start)
        raise CorpusError(f"{where} : aucune phrase de cette entrée ne commence par « {begin} ».")
    if (begin := table.get("part")) is not None:
        for passage in entry.passages:
            if squeeze(passage.text).startswith(squeeze(str(begin))):
                return passage, Span(passage.start, passage.end)
        raise CorpusError(f"{where} : aucun paragraphe de cette entrée ne commence par « {begin} ».")
    first = entry.passages[0]
    return first, Span(first.start, first.end)


def squeeze(text: str) -> str:
    """A text compared without its bullets, white space, case and kind of apostrophe or quotation mark."""
    text = re.sub(r"^\W*(?:[o•▪–-]\s+)?", "", text.strip())
    return re.sub(r"[\s\u00a0\u202f]+", " ", text.replace("’", "'")).casefold().strip()
