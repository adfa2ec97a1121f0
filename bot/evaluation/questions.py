"""Known questions, whose right answers an evaluator wrote down: read, asked, judged, and which phrasings would help."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rapidfuzz import fuzz

from bot.answer import Answer, Kind
from corpus.document import Document, Entry, Span
from corpus.errors import MotamotError, UnreadableDocumentError
from corpus.readers.formats import decode
from corpus.readers.table import csv_rows, xlsx_rows
from index.french import fold

if TYPE_CHECKING:
    from bot.service import AssistantLike

_COLUMNS = {"id", "turns", "question", "kind", "expect", "tags"}
_KINDS = (Kind.ANSWER, Kind.REFUSE, Kind.SMALLTALK)


class KnownQuestionsError(MotamotError):
    """A file of known questions that cannot be used: which line, which key, what was expected."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """An expected excerpt, or a whole entry, found in a document."""

    document: str
    span: Span
    entry: str | None
    """The entry whose question or answer holds it; None for text that belongs to no entry."""


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """One known question and where its answer stands."""

    id: str
    turns: tuple[str, ...]
    """What is asked, in order; the last turn is judged."""
    kind: Kind
    expect: tuple[Excerpt, ...]
    """Any one counts; empty unless ``kind`` is ``answer``."""
    tags: tuple[str, ...] = ()


def read_known_questions(path: Path, entries: Sequence[Entry]) -> list[KnownQuestion]:
    """Read a ``.jsonl``, ``.csv`` or ``.xlsx`` file and find what it expects in the documents.

    ``expect`` names an entry (``document/entry``), a question or heading of the documents, which is its entry, or an
    excerpt. In a table, several turns or excerpts of one cell stand on lines of their own.

    Raises:
        KnownQuestionsError: The file or one of its lines is not of the form expected, or an excerpt
            stands in no document; the message names the line.
    """
    finder = Finder(entries)
    found: list[KnownQuestion] = []
    seen: set[str] = set()
    for line, row in _rows(path):
        question = known_question(row, finder, f"« {path.name} », ligne {line}")
        if question.id in seen:
            raise KnownQuestionsError(f"« {path.name} », ligne {line} : l’identifiant « {question.id} » sert déjà.")
        seen.add(question.id)
        found.append(question)
    if not found:
        raise KnownQuestionsError(f"« {path.name} » ne contient aucune question.")
    return found


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Line numbers and rows, lists already lists."""
    readers = {".jsonl": _json_rows, ".csv": _table_rows, ".xlsx": _table_rows}
    if not path.is_file():
        raise KnownQuestionsError(f"Le fichier de questions « {path} » n’existe pas.")
    if path.suffix.lower() not in readers:
        raise KnownQuestionsError(f"« {path.name} » : un fichier .jsonl, .csv ou .xlsx est attendu.")
    try:
        yield from readers[path.suffix.lower()](path)
    except UnreadableDocumentError as error:
        raise KnownQuestionsError(str(error)) from error


def _json_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    # Not splitlines: a line separator of Unicode may stand inside a string of JSON.
    for number, line in enumerate(decode(path.read_bytes(), path.name).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise KnownQuestionsError(f"« {path.name} », ligne {number} : ce n’est pas du JSON ({error}).") from error
        if not isinstance(row, dict):
            raise KnownQuestionsError(f"« {path.name} », ligne {number} : un objet JSON est attendu.")
        yield number, row


def _table_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    read = csv_rows if path.suffix.lower() == ".csv" else xlsx_rows
    rows = read(path.read_bytes(), path.name, lambda header: len(_COLUMNS & {*_names(header)}))
    names = _names(rows[0].cells) if rows else []
    for row in rows[1:]:
        yield row.number, _table_row(dict(zip(names, row.cells, strict=False)))


def _names(header: Sequence[str]) -> list[str]:
    return [fold(name).strip() for name in header]


def _table_row(cells: Mapping[str, str]) -> dict[str, Any]:
    def lines(column: str) -> list[str]:
        return [line.strip() for line in cells.get(column, "").splitlines() if line.strip()]

    return {
        "id": cells.get("id", "").strip(),
        "turns": lines("turns") or lines("question"),
        "kind": cells.get("kind", "").strip() or Kind.ANSWER.value,
        "expect": lines("expect"),
        "tags": cells.get("tags", "").split(),
    }


def known_question(row: Mapping[str, Any], finder: "Finder", where: str) -> KnownQuestion:
    """What a line says; ``where`` it stands is for the message.

    Raises:
        KnownQuestionsError: It is not of the form expected, or what it expects stands nowhere.
    """
    id_, turns, kind = row.get("id"), row.get("turns"), row.get("kind", Kind.ANSWER.value)
    if not isinstance(id_, str | int) or not str(id_).strip():
        raise KnownQuestionsError(f"{where} : il manque « id ».")
    if not isinstance(turns, list) or not turns or not all(isinstance(t, str) and t.strip() for t in turns):
        raise KnownQuestionsError(f"{where} : « turns » doit être une liste de questions, la dernière étant jugée.")
    if kind not in _KINDS:
        raise KnownQuestionsError(f"{where} : « kind » vaut {kind!r}, attendu : {', '.join(_KINDS)}.")
    expect = row.get("expect") or []
    expect = [expect] if isinstance(expect, str) else expect
    if kind == Kind.ANSWER and not expect:
        raise KnownQuestionsError(f"{where} : il manque « expect », les extraits attendus.")
    excerpts = []
    for text in expect if kind == Kind.ANSWER else []:
        places = finder.find(str(text))
        if not places:
            raise KnownQuestionsError(
                f"{where} : « {str(text)[:80]} » n’est ni « document/entrée », ni une question, ni un extrait d’aucun "
                "document."
            )
        excerpts += places
    return KnownQuestion(str(id_), tuple(turns), Kind(kind), tuple(excerpts), tuple(row.get("tags") or ()))


def read_batch(path: Path) -> list[tuple[str, list[str]]]:
    """Read ``{"id", "turns"}`` lines: identifiers and turns, the last of which is to be answered."""
    asked = []
    for line, row in _rows(path):
        turns = row.get("turns")
        if "id" not in row or not isinstance(turns, list) or not turns or not all(isinstance(t, str) for t in turns):
            raise KnownQuestionsError(
                f"« {path.name} », ligne {line} : il faut « id » et « turns », une liste de questions."
            )
        asked.append((str(row["id"]), list(turns)))
    return asked


class Finder:
    """Finds entries by their identifier or heading, and excerpts, white space and kinds of apostrophe aside."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        documents = {e.document.id: e.document for e in entries}
        self._squeezed = [(d, *_squeezed(d.text)) for d in documents.values()]
        self._named: dict[str, list[Excerpt]] = {}
        for entry in entries:
            start = min(entry.body.start, entry.heading.start if entry.heading else entry.body.start)
            whole = Excerpt(entry.document.id, Span(start, entry.body.end), entry.id)
            for name in (entry.key, _squeezed(entry.heading_text)[0]):
                self._named.setdefault(name, []).append(whole)

    def find(self, excerpt: str) -> list[Excerpt]:
        wanted = _squeezed(excerpt.strip())[0]
        if wanted and (whole := self._named.get(wanted)):
            return whole
        places = []
        for document, text, offsets in self._squeezed:
            at = text.find(wanted)
            while wanted and at >= 0:
                span = Span(offsets[at], offsets[at + len(wanted) - 1] + 1)
                places.append(Excerpt(document.id, span, self._entry_at(document, span.start)))
                at = text.find(wanted, at + 1)
        return places

    def _entry_at(self, document: Document, offset: int) -> str | None:
        for entry in self._entries:
            spans = [entry.body, *([entry.heading] if entry.heading else [])]
            if entry.document.id == document.id and any(s.start <= offset < s.end for s in spans):
                return entry.id
        return None


def _squeezed(text: str) -> tuple[str, list[int]]:
    """A text without white space and with one kind of apostrophe, and the offset of each character kept."""
    kept = [(i, "'" if c == "’" else c) for i, c in enumerate(text) if not c.isspace()]
    return "".join(c for _, c in kept), [i for i, _ in kept]


# --- the answers, judged ---


_CHOICES = 3
"""Entries that a clarification offers."""
_MOST_ADVICE = 5


class Verdict(StrEnum):
    """What became of one known question."""

    RIGHT = "right"
    WRONG_PART = "wrong_part"
    """The right entry, but what is highlighted lies mostly elsewhere in it."""
    WRONG_ENTRY = "wrong_entry"
    SILENT = "silent"
    """Refused or met with courtesy although the documents answer."""
    CLARIFIED = "clarified"
    """Asked back, the right entry being among the choices."""
    NOT_REFUSED = "not_refused"
    NOT_COURTEOUS = "not_courteous"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was asked, wanted and given, without the words of the documents: what figures and later runs need."""

    id: str
    turns: tuple[str, ...]
    expected: Kind
    kind: Kind
    """Of the answer given."""
    verdict: Verdict
    wanted: tuple[str, ...]
    """Entries that answer, any one of them; ``document/entry``."""
    ranking: tuple[str, ...]
    """Best first, at most ten."""
    confidence: float
    elapsed_ms: float
    tags: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        return self.verdict == Verdict.RIGHT

    @property
    def rank(self) -> int | None:
        """Of the best wanted entry, from 1; None when it is not in the ranking or none is wanted."""
        return next((rank for rank, entry in enumerate(self.ranking, 1) if entry in self.wanted), None)


@dataclass(frozen=True, slots=True)
class Judged:
    """One known question, the answer given to it, and what that is worth."""

    question: KnownQuestion
    answer: Answer
    outcome: Outcome


def evaluate(
    assistant: "AssistantLike",
    questions: Sequence[KnownQuestion],
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Judged]:
    """Ask every known question, earlier turns first, and judge the last answer."""
    judged = []
    for done, question in enumerate(questions, 1):
        judged.append(judge(question, assistant.ask(question.turns[-1], question.turns[:-1])))
        if on_progress:
            on_progress(done, len(questions))
    return judged


def judge(question: KnownQuestion, answer: Answer) -> Judged:
    """Judge one answer."""
    outcome = Outcome(
        id=question.id,
        turns=question.turns,
        expected=question.kind,
        kind=answer.kind,
        verdict=_verdict(question, answer),
        wanted=tuple(dict.fromkeys(f"{e.document}/{e.entry}" for e in question.expect if e.entry is not None)),
        ranking=tuple(f"{ranked.document}/{ranked.entry}" for ranked in answer.ranking),
        confidence=answer.confidence,
        elapsed_ms=answer.elapsed_ms,
        tags=question.tags,
    )
    return Judged(question, answer, outcome)


def _verdict(question: KnownQuestion, answer: Answer) -> Verdict:
    if question.kind == Kind.REFUSE:
        return Verdict.RIGHT if answer.kind == Kind.REFUSE else Verdict.NOT_REFUSED
    if question.kind == Kind.SMALLTALK:
        return Verdict.RIGHT if answer.kind == Kind.SMALLTALK else Verdict.NOT_COURTEOUS
    if answer.kind == Kind.CLARIFY:
        wanted = {(e.document, e.entry) for e in question.expect}
        offered = {(r.document, r.entry) for r in answer.ranking[:_CHOICES]}
        return Verdict.CLARIFIED if wanted & offered else Verdict.WRONG_ENTRY
    if answer.kind != Kind.ANSWER:
        return Verdict.SILENT
    return _verdict_on_quote(question, answer)


def _verdict_on_quote(question: KnownQuestion, answer: Answer) -> Verdict:
    first = answer.quotes[0]
    if not any(e.document == first.source.document and e.entry == first.source.entry for e in question.expect):
        return Verdict.WRONG_ENTRY
    marked = [first.start + at for a, b in first.highlights for at in range(a, b)]
    # Several excerpts may each hold a part of what is highlighted: a character inside any of them counts once.
    expected = {
        at for e in question.expect if e.document == first.source.document for at in range(e.span.start, e.span.end)
    }
    return Verdict.RIGHT if 2 * sum(at in expected for at in marked) > len(marked) else Verdict.WRONG_PART


_MENDED = (Verdict.WRONG_ENTRY, Verdict.SILENT, Verdict.CLARIFIED)
"""What another phrasing may mend; where the wrong sentence is marked, it does not."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A phrasing to add."""

    phrasing: str
    """The question most like the others."""
    entry: str
    """``document/entry``; empty for the questions that nothing answers."""
    questions: tuple[str, ...]
    """Those that were not answered rightly, this one included."""


def advice(outcomes: Sequence[Outcome]) -> tuple[Advice, ...]:
    """At most five; an entry that more questions fail on goes first."""
    failed: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.expected == Kind.ANSWER and outcome.verdict in _MENDED and outcome.wanted:
            failed.setdefault(outcome.wanted[0], []).append(outcome.turns[-1])
        elif outcome.verdict == Verdict.NOT_REFUSED and outcome.kind == Kind.ANSWER:
            failed.setdefault("", []).append(outcome.turns[-1])
    found = [Advice(_central(texts), entry, tuple(texts)) for entry, texts in failed.items()]
    return tuple(sorted(found, key=lambda a: -len(a.questions))[:_MOST_ADVICE])


def _central(texts: Sequence[str]) -> str:
    return max(texts, key=lambda text: sum(fuzz.token_set_ratio(text, other) for other in texts))
