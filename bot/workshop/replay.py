"""« Rien n’est cassé ? »: what the index in service and that of the draft say to all that is known, side by side."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.answer import Answer, Kind
from bot.assistant import LIKELY, Assistant
from bot.evaluation.intervals import Estimate
from corpus.phrasings import read_lexicon, read_phrasings
from index.encoder import Encoder
from index.left_out import LeftOutQuestion, ReadOnce, left_out_in_turn
from index.searcher import Searcher
from index.stored import Stored


class Became(StrEnum):
    """What became of a question, best first, in the words of the page."""

    RIGHT = "juste"
    OFFERED = "bonne question proposée"
    SILENT = "sans réponse"
    WRONG = "réponse fausse"


_RANK = {became: rank for rank, became in enumerate(Became)}


class Origin(StrEnum):
    """Where a question of the replay comes from, in the words of the page."""

    HEADING = "questions des documents"
    PHRASING = "formulations, chacune à son tour mise de côté"
    KNOWN = "questions connues, seules"
    FOLLOWING = "questions connues, à la suite d’une autre"
    UNANSWERED = "questions sans réponse, chacune à son tour mise de côté"


@dataclass(frozen=True, slots=True)
class Expected:
    """A question and the entry that answers it."""

    origin: Origin
    turns: tuple[str, ...]
    entry: str
    """``document/entry``; empty where nothing answers."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A question, before and after."""

    expected: Expected
    before: Became
    after: Became


@dataclass(frozen=True, slots=True)
class Promise:
    """What an index promises of refusal."""

    max_error: float
    n_unanswered: int
    threshold: float


@dataclass(frozen=True, slots=True)
class Replay:
    """All of them."""

    questions: tuple[Replayed, ...]
    """Known to both indexes."""
    n_new: int
    """Phrasings that only the draft has."""
    n_new_gained: int
    """Of these, those that the index in service does not answer rightly."""
    promise_before: Promise
    promise_after: Promise

    @property
    def gained(self) -> tuple[Replayed, ...]:
        return tuple(q for q in self.questions if q.after is Became.RIGHT is not q.before)

    @property
    def lost(self) -> tuple[Replayed, ...]:
        """Those that get less than they did: wrong instead of silent counts, too."""
        return tuple(q for q in self.questions if _RANK[q.after] > _RANK[q.before])

    def refusals(self) -> tuple[Estimate, Estimate]:
        """The share of the questions without an answer that are given one, before and after."""
        own = [q for q in self.questions if not q.expected.entry]
        before, after = (
            sum(became is Became.WRONG for became in c) for c in ([q.before for q in own], [q.after for q in own])
        )
        return Estimate.share(before, len(own)), Estimate.share(after, len(own))

    def counts(self) -> dict[Origin, tuple[int, int, int]]:
        """Of each origin: questions, right before, right after."""
        found: dict[Origin, tuple[int, int, int]] = {}
        for origin in Origin:
            own = [q for q in self.questions if q.expected.origin is origin]
            if own:
                before, after = (
                    sum(became is Became.RIGHT for became in c)
                    for c in zip(*((q.before, q.after) for q in own), strict=True)
                )
                found[origin] = (len(own), before, after)
        return found


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: an index, its corpus, and an assistant over it."""

    corpus: Path
    stored: Stored
    assistant: Assistant
    max_error: float

    @property
    def promise(self) -> Promise:
        searcher = self.assistant.searcher
        return Promise(self.max_error, searcher.n_unanswered, searcher.threshold)


Told = Callable[[int, int], None]


def replay(
    live: Side, draft: Side, encoder: Encoder, known: Sequence[Expected], told: Told = lambda *_: None
) -> Replay:
    """Ask everything of both.

    Raises:
        ValueError: An index is not that of its corpus.
    """
    asked = [*_headings(live, draft), *known]
    total = len(asked) + len(live.stored.rows.phrasings) + len(draft.stored.rows.phrasings)
    questions = []
    for done, expected in enumerate(asked):
        told(done, total)
        answers = (side.assistant.ask(expected.turns[-1], expected.turns[:-1]) for side in (live, draft))
        before, after = (became(answer, expected.entry) for answer in answers)
        questions.append(Replayed(expected, before, after))
    said: dict[str, float] = {}
    sides = [dict(_left_out(side, encoder, said, lambda n: told(len(asked) + n, total))) for side in (live, draft)]
    questions += [Replayed(e, sides[0][e], after) for e, after in sides[1].items() if e in sides[0]]
    new = [e for e in sides[1] if e not in sides[0] and e.entry]
    gained = sum(became(live.assistant.ask(e.turns[-1]), e.entry) is not Became.RIGHT for e in new)
    return Replay(tuple(questions), len(new), gained, live.promise, draft.promise)


def _headings(live: Side, draft: Side) -> Iterator[Expected]:
    """Headings that name one entry in both."""
    names = [_by_heading(side) for side in (live, draft)]
    for heading, entry in names[1].items():
        if entry and names[0].get(heading) == entry:
            yield Expected(Origin.HEADING, (heading,), entry)


def _by_heading(side: Side) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for entry in side.stored.entries:
        if heading := " ".join(entry.heading_text.split()):
            found[heading] = "" if heading in found else f"{entry.document.id}/{entry.id}"
    return found


def _left_out(
    side: Side, encoder: Encoder, said: dict[str, float], told: Callable[[int], None]
) -> Iterator[tuple[Expected, Became]]:
    rows = side.stored.rows
    read = ReadOnce(rows, encoder.reader, side.stored.said | said) if encoder.reader else None
    unanswered = read_phrasings(side.corpus, tuple(rows.entries)).unanswered
    for done, question in enumerate(left_out_in_turn(side.stored, read_lexicon(side.corpus), unanswered, read)):
        told(done)
        entry = f"{question.wanted.document.id}/{question.wanted.id}" if question.wanted else ""
        origin = Origin.PHRASING if entry else Origin.UNANSWERED
        yield Expected(origin, (question.text,), entry), _became(question, side.assistant.searcher)
    said.update(read.said if read else {})


def _became(question: LeftOutQuestion, searcher: Searcher) -> Became:
    """As the assistant decides."""
    if question.answerable < searcher.offer:
        kind = Kind.REFUSE
    elif question.answerable >= searcher.threshold and question.right >= LIKELY:
        kind = Kind.ANSWER
    else:
        kind = Kind.CLARIFY
    found = f"{question.found.document.id}/{question.found.id}"
    wanted = f"{question.wanted.document.id}/{question.wanted.id}" if question.wanted else ""
    return _judged(kind, wanted, found == wanted, found == wanted)


def became(answer: Answer, entry: str) -> Became:
    """What an answer is worth, where this entry is right; nothing but refusal is where it is empty."""
    quoted = answer.quotes[0].source if answer.quotes else None
    offered = [f"{ranked.document}/{ranked.entry}" for ranked in answer.ranking[:3]]
    is_right = quoted is not None and f"{quoted.document}/{quoted.entry}" == entry
    return _judged(answer.kind, entry, is_right, entry in offered)


def _judged(kind: Kind, entry: str, is_right: bool, is_offered: bool) -> Became:
    if not entry:
        # An offer is no answer: it says that it does not know.
        return Became.WRONG if kind is Kind.ANSWER else Became.RIGHT
    if kind is Kind.ANSWER:
        return Became.RIGHT if is_right else Became.WRONG
    return Became.OFFERED if kind is Kind.CLARIFY and is_offered else Became.SILENT
