"""Read how people speak: ``lexicon.toml``, and ``phrasings/<document>.toml``, other ways to ask each entry."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from corpus.document import Entry, Passage, Span
from corpus.errors import CorpusError, typeset
from corpus.split.sentences import sentences
from corpus.toml_file import read_toml

_KEYS = {"question", "part", "sentence", "ask", "title"}
# Of rapidfuzz, from 0 to 100: a heading whose words were half replaced still scores above this.
_NEAR = 60.0
# Characters of an entry in a warning.
_SHOWN = 90


@dataclass(frozen=True, slots=True)
class Lexicon:
    """``lexicon.toml``, read."""

    acronyms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Acronym -> what its letters stand for: ``PNR`` -> ``("parc naturel régional",)``."""
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Everyday word or expression -> words of the documents: ``interco`` -> ``("intercommunalité",)``."""


def read_lexicon(folder: Path) -> Lexicon:
    """Read ``lexicon.toml`` of a corpus folder; an absent file is an empty lexicon.

    Raises:
        CorpusError: The file is not TOML, or a key or value is not of the form that the template shows.
    """
    path = folder / "lexicon.toml"
    if not path.is_file():
        return Lexicon()
    tables = read_toml(path)
    if unknown := sorted(set(tables) - {"acronyms", "words"}):
        raise CorpusError(f"« {path} » : table inconnue « {unknown[0]} » ; sont attendues [acronyms] et [words].")
    return Lexicon(*(_pairs(tables.get(table, {}), f"« {path} », [{table}]") for table in ("acronyms", "words")))


def _pairs(table: Any, where: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(table, dict):
        raise CorpusError(f'{where} : une table « mot = ["mots du document"] » est attendue.')
    pairs: dict[str, tuple[str, ...]] = {}
    for key, value in table.items():
        listed = [value] if isinstance(value, str) else value
        if not listed or not _are_texts(listed):
            raise CorpusError(f"{where}, « {key} » : {value!r} n’est pas une liste de mots entre guillemets.")
        pairs[key] = tuple(listed)
    return pairs


@dataclass(frozen=True, slots=True)
class Target:
    """What a group of phrasings asks for: one passage, one or more of its sentences, or all of its entry."""

    passage: Passage
    """The first one, where it is all of the entry."""
    span: Span
    """The slice that answers."""
    phrasings: tuple[str, ...] = ()
    title: str = ""
    """What it is called where it is offered; empty where its heading is short enough."""

    @property
    def is_entry(self) -> bool:
        """Whether all of an entry is meant, and not only ``passage``: which of its passages answers is not said."""
        return self.span.end > self.passage.end


@dataclass(frozen=True, slots=True)
class Phrasings:
    """Every file of ``phrasings``, read."""

    targets: tuple[Target, ...] = ()
    unanswered: tuple[str, ...] = ()
    """Questions people ask that the documents do not answer: refusal is learned on them too."""
    warnings: tuple[str, ...] = ()
    """What was left out and why, each a sentence in French for the editor."""

    def counts(self) -> Counter[str]:
        """Document identifier -> number of phrasings attached to its entries."""
        return Counter(target.passage.document.id for target in self.targets for _ in target.phrasings)


def read_phrasings(folder: Path, entries: Sequence[Entry]) -> Phrasings:
    """Read every file of ``folder/phrasings``; each table becomes one target.

    A table whose words are no longer in its document, and a file whose document is not in the index, are left out
    with a warning: they were right when they were written, and the others still are.

    Raises:
        CorpusError: A file is not TOML, or a key is unknown, missing or of another form.
    """
    targets: list[Target] = []
    unanswered: list[str] = []
    warnings: list[str] = []
    for path in sorted((folder / "phrasings").glob("*.toml")):
        content = _content(path)
        tables = [_checked(table, f"« {path} », table {n}") for n, table in enumerate(content.get("entry", []), 1)]
        own = [entry for entry in entries if entry.document.id == path.stem]
        if not own:
            warnings.append(_orphan(path, entries))
            continue
        unanswered += content.get("unanswered", [])
        for number, table in enumerate(tables, 1):
            try:
                targets.append(_target(table, own))
            except _RewordedError as error:
                warnings.append(f"« {path} », table {number} : {error}")
    return Phrasings(tuple(targets), tuple(unanswered), tuple(map(typeset, warnings)))


class _RewordedError(Exception):
    """Words that stand nowhere in the document any more, as a sentence in French."""


def _orphan(path: Path, entries: Sequence[Entry]) -> str:
    known = list(dict.fromkeys(entry.document.id for entry in entries))
    near = process.extractOne(path.stem, known, scorer=fuzz.ratio, score_cutoff=_NEAR)
    advice = f"Le plus proche : « {near[0]} »." if near else f"Documents lus : {', '.join(known) or 'aucun'}."
    return (
        f"« {path} » : aucun document lu n’a l’identifiant « {path.stem} », ce fichier n’est pas utilisé ; "
        f"donnez-lui le nom d’un document du catalogue. {advice}"
    )


def _content(path: Path) -> dict[str, Any]:
    content = read_toml(path)
    if set(content) - {"entry", "unanswered"} or not isinstance(content.get("entry", []), list):
        raise CorpusError(f"« {path} » : seules des tables [[entry]] et une liste « unanswered » sont attendues.")
    if not _are_texts(content.get("unanswered", [])):
        raise CorpusError(f"« {path} » : « unanswered » doit être une liste de questions entre guillemets.")
    return content


def _checked(table: Any, where: str) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise CorpusError(f"{where} : une table [[entry]] est attendue (deux crochets de chaque côté).")
    if unknown := sorted(set(table) - _KEYS):
        raise CorpusError(f"{where} : clé inconnue « {unknown[0]} » ; attendues : {', '.join(sorted(_KEYS))}.")
    if not _is_text(table.get("question")):
        raise CorpusError(
            f"{where} : il manque « question » (la question de la FAQ, ou les premiers mots de l’entrée)."
        )
    if wrong := [key for key in ("part", "sentence", "title") if key in table and not _is_text(table[key])]:
        raise CorpusError(f"{where} : « {wrong[0]} » doit être un texte entre guillemets.")
    ask = table.get("ask", [] if "title" in table else None)
    if not (ask or "title" in table) or not _are_texts(ask):
        raise CorpusError(f"{where} : « ask » doit être une liste de questions entre guillemets.")
    return table


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _target(table: dict[str, Any], entries: Sequence[Entry]) -> Target:
    """What a table asks for: the passage that ``part`` begins, the sentence, else all of the entry."""
    entry = _entry(table["question"], entries)
    slices = [(passage, Span(passage.start, passage.end)) for passage in entry.passages]
    passage, span = entry.passages[0], Span(entry.passages[0].start, entry.passages[-1].end)
    if "sentence" in table:
        found = [(p, s.shift(p.start)) for p in entry.passages for s in sentences(p.text)]
        passage, span = _beginning(table["sentence"], found, "aucune phrase")
    elif "part" in table:
        passage, span = _beginning(table["part"], slices, "aucun paragraphe")
    return Target(passage, span, tuple(table.get("ask", ())), table.get("title", "").strip())


def _entry(question: str, entries: Sequence[Entry]) -> Entry:
    wanted = squeeze(question)
    for attribute in ("heading_text", "body_text", "id"):
        for entry in entries:
            if wanted and squeeze(getattr(entry, attribute)).startswith(wanted):
                return entry
    raise _RewordedError(
        f"aucune entrée ne commence par « {question} », ses questions ne sont pas utilisées. "
        + _nearest(wanted, (entry.heading_text or entry.body_text for entry in entries))
    )


def _beginning(begin: str, slices: Sequence[tuple[Passage, Span]], nothing: str) -> tuple[Passage, Span]:
    wanted = squeeze(begin)
    texts = [span.of(passage.document.text) for passage, span in slices]
    for found, text in zip(slices, texts, strict=True):
        if squeeze(text).startswith(wanted):
            return found
    raise _RewordedError(
        f"{nothing} de cette entrée ne commence par « {begin} », ses questions ne sont pas utilisées. "
        + _nearest(wanted, texts)
    )


def _nearest(wanted: str, texts: Iterable[str]) -> str:
    """Advice: the text whose beginning is nearest to the words wanted, or where to look."""
    shown = {squeeze(text)[: max(len(wanted), 20)]: text for text in texts}
    near = process.extractOne(wanted, list(shown), scorer=fuzz.token_sort_ratio, score_cutoff=_NEAR)
    if near is None:
        return "« motamot inspect » montre les premiers mots de chacune."
    text = " ".join(shown[near[0]].split())
    return f"Le plus proche : « {text if len(text) <= _SHOWN else text[:_SHOWN].rstrip() + '…'} »."


@lru_cache(20_000)  # each table is looked for among all entries
def squeeze(text: str) -> str:
    """A text compared without its bullets, white space, case and kind of apostrophe or quotation mark."""
    text = re.sub(r"^\W*(?:[o•▪–-]\s+)?", "", text.strip())
    return " ".join(text.replace("’", "'").casefold().split())


def entry_named(question: str, entries: Sequence[Entry]) -> Entry | None:
    """The entry that ``question`` of a table names, None where its words are no longer there."""
    try:
        return _entry(question, entries)
    except _RewordedError:
        return None
