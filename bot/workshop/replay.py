"""« Rien n’est cassé ? »: what the index in service and that of the draft say to all that is known, side by side."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain
from pathlib import Path

from scipy.stats import binomtest

from bot.answer import Answer, Kind
from bot.assistant import Assistant
from bot.evaluation.figures import Estimate
from bot.evaluation.judge import Verdict
from corpus.document import Passage
from corpus.phrasings import read_lexicon, read_phrasings, squeeze
from index.encoder import Encoder
from index.left_out import LeftOutQuestion, ReadOnce, left_out_in_turn
from index.result import LIKELY
from index.stored import Stored

_RANK = {
    Verdict.RIGHT: 0,
    Verdict.CLARIFIED: 1,
    Verdict.SILENT: 2,
    Verdict.WRONG_ENTRY: 3,
    Verdict.NOT_REFUSED: 3,
}
"""What may become of a question, best first: wrong is worse than silent."""
_CHANCE = 0.05


class Origin(StrEnum):
    """Where a question of the replay comes from, in the words of the page."""

    HEADING = "questions des documents"
    PHRASING = "formulations, chacune à son tour mise de côté"
    KNOWN = "questions connues, seules"
    FOLLOWING = "questions connues, à la suite d’une autre"
    UNANSWERED = "questions sans réponse, chacune à son tour mise de côté"
    GONE = "questions qui ne sont plus dans les documents"
    """Nothing is right of them; what becomes of their answer is shown."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A question and the entry that answers it."""

    origin: Origin
    turns: tuple[str, ...]
    entry: str
    """``document/entry``; empty where nothing answers."""

    @property
    def kind(self) -> Kind:
        """What is to be said."""
        return Kind.ANSWER if self.entry else Kind.REFUSE


@dataclass(frozen=True, slots=True)
class Given:
    """What one of the two says to a question, and what that is worth."""

    verdict: Verdict
    kind: Kind
    text: str = ""
    """Word for word, where it answers."""
    title: str = ""
    """Of the document."""
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A question, before and after."""

    expected: Expected
    before: Given
    after: Given
    is_new: bool = False
    """Whether only the draft has it."""

    @property
    def is_gained(self) -> bool:
        """Whether it is right with the draft only; a new phrasing is answered word for word, once it is there."""
        right_after = self.after.verdict is Verdict.RIGHT or (self.is_new and self.expected.entry != "")
        return right_after and self.before.verdict is not Verdict.RIGHT

    @property
    def is_lost(self) -> bool:
        """Whether it gets less than it did: wrong instead of silent counts, too."""
        return not self.is_new and _RANK[self.after.verdict] > _RANK[self.before.verdict]

    @property
    def is_wavering(self) -> bool:
        """Whether it is a phrasing that, left out, is found a little more or less surely, and is not answered wrongly.

        Whoever writes it gets its answer all the same: it is written down.
        """
        verdicts = {self.before.verdict, self.after.verdict}
        is_known = self.expected.origin is Origin.PHRASING and not self.is_new
        return is_known and len(verdicts) > 1 and Verdict.WRONG_ENTRY not in verdicts

    @property
    def is_other(self) -> bool:
        """Whether a visitor reads something else."""
        return (self.before.kind, squeeze(self.before.text)) != (self.after.kind, squeeze(self.after.text))


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
    """A phrasing is judged as if nobody had written it down."""
    changed: tuple[Replayed, ...]
    """Those that a visitor reads another answer to, phrasings as they are written down."""
    promise_before: Promise
    promise_after: Promise

    @property
    def gained(self) -> tuple[Replayed, ...]:
        wavering = self.wavering
        return tuple(q for q in self.questions if q.is_gained and q not in wavering)

    @property
    def lost(self) -> tuple[Replayed, ...]:
        wavering = self.wavering
        return tuple(q for q in self.questions if q.is_lost and q not in wavering)

    @property
    def wavering(self) -> tuple[Replayed, ...]:
        """Phrasings that waver, where as many do so either way as by chance (sign test): any change moves a few."""
        found = tuple(q for q in self.questions if q.is_wavering)
        n_lost = sum(q.is_lost for q in found)
        return found if found and binomtest(n_lost, len(found)).pvalue >= _CHANCE else ()

    @property
    def new(self) -> tuple[Replayed, ...]:
        """Those that only the draft has."""
        return tuple(q for q in self.questions if q.is_new)

    @property
    def doubtful(self) -> tuple[Replayed, ...]:
        """What was written down in the wrong place, perhaps.

        New phrasings that would be answered from another entry, had nobody written them down; questions said to have
        no answer that get one, where it is new that they are said so, or that they get one.
        """
        phrasings = (q for q in self.new if q.expected.origin is Origin.PHRASING)
        unanswered = (q for q in self.questions if q.expected.origin is Origin.UNANSWERED and (q.is_new or q.is_lost))
        return (
            *(q for q in phrasings if q.after.verdict is Verdict.WRONG_ENTRY),
            *(q for q in unanswered if q.after.verdict is Verdict.NOT_REFUSED),
        )

    @property
    def told_otherwise(self) -> tuple[Replayed, ...]:
        """Questions known before whose answer changes."""
        return tuple(q for q in self.changed if not q.is_new)

    def refusals(self) -> tuple[Estimate, Estimate]:
        """The share of the questions without an answer that are given one, before and after."""
        own = [q for q in self.questions if not q.expected.entry]
        before, after = (
            sum(v is Verdict.NOT_REFUSED for v in verdicts)
            for verdicts in ([q.before.verdict for q in own], [q.after.verdict for q in own])
        )
        return Estimate.share(before, len(own)), Estimate.share(after, len(own))

    def counts(self) -> dict[Origin, tuple[int, int, int]]:
        """Of each origin: questions, right before, right after."""
        found: dict[Origin, tuple[int, int, int]] = {}
        for origin in Origin:
            own = [q for q in self.questions if q.expected.origin is origin]
            right = [(q.before.verdict is Verdict.RIGHT, q.after.verdict is Verdict.RIGHT) for q in own]
            if own:
                found[origin] = (len(own), sum(before for before, _ in right), sum(after for _, after in right))
        return found


@dataclass(slots=True)
class SaidBefore:
    """What an assistant said before, as it would say it again."""

    answers: dict[tuple[tuple[str, ...], str], Given] = field(default_factory=dict)
    """By the turns, and the entry that is right."""
    left_out: dict[str, tuple[Expected, Given]] = field(default_factory=dict)
    """By the phrasing, or the question without an answer."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: an index, its corpus, an assistant over it, and what is known to be right of it."""

    corpus: Path
    stored: Stored
    assistant: Assistant
    max_error: float
    known: Sequence[Expected]
    said: SaidBefore

    @property
    def promise(self) -> Promise:
        searcher = self.assistant.searcher
        return Promise(self.max_error, searcher.n_unanswered, searcher.levels.answer)

    def asked(self) -> dict[tuple[Origin, tuple[str, ...]], Expected]:
        """What is asked of it as a visitor would: headings that name one entry, and what is known."""
        found = {(known.origin, known.turns): known for known in self.known}
        for heading, entry in self._by_heading().items():
            if entry:
                found[Origin.HEADING, (heading,)] = Expected(Origin.HEADING, (heading,), entry)
        return found

    def _by_heading(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for entry in self.stored.entries:
            if heading := " ".join(entry.heading_text.split()):
                found[heading] = "" if heading in found else entry.key
        return found

    def phrasings(self) -> dict[str, tuple[Expected, Passage]]:
        """Each phrasing, and the passage that is quoted to whoever writes it."""
        return {
            text: (Expected(Origin.PHRASING, (text,), _name(target.passage)), target.passage)
            for target in self.stored.rows.targets
            for text in target.phrasings
        }

    def say(self, expected: Expected) -> Given:
        """What it says to a question."""
        key = expected.turns, expected.entry
        if key not in self.said.answers:
            answer = self.assistant.ask(expected.turns[-1], expected.turns[:-1])
            self.said.answers[key] = given(answer, expected.entry)
        return self.said.answers[key]


Told = Callable[[int, int], None]


def replay(live: Side, draft: Side, encoder: Encoder, told: Told = lambda *_: None) -> Replay:
    """Ask everything of both.

    Raises:
        ValueError: An index is not that of its corpus.
    """
    asked, before = draft.asked(), live.asked()
    there = {entry.key for entry in draft.stored.entries}
    new_to_us = [side for side in (live, draft) if not side.said.left_out]
    total = len(asked) + sum(len(side.stored.rows.phrasings) for side in new_to_us)
    done = iter(range(1, total + 1))
    questions = []
    for key, wanted in asked.items():
        told(next(done, total), total)
        same = _same(before.get(key), wanted, there)
        is_new = same is None and wanted.origin is Origin.HEADING
        questions.append(Replayed(wanted, live.say(same or wanted), draft.say(wanted), is_new))
    said: dict[str, float] = {}
    for side in new_to_us:
        found = _left_out(side, encoder, said, lambda: told(next(done, total), total))
        side.said.left_out = {expected.turns[0]: (expected, given) for expected, given in found}
    for text, (wanted, after) in draft.said.left_out.items():
        was, earlier = live.said.left_out.get(text, (None, None))
        is_known = earlier is not None and _same(was, wanted, there) is not None
        questions.append(Replayed(wanted, earlier if earlier and is_known else live.say(wanted), after, not is_known))
    said_before = {q.expected.turns[0]: q.before for q in questions if q.is_new}
    gone = (_left_behind(live, draft, was) for key, was in before.items() if key not in asked)
    changed = [q for q in chain(questions[: len(asked)], gone, _rewritten(live, draft, said_before)) if q.is_other]
    return Replay(tuple(questions), tuple(changed), live.promise, draft.promise)


def _same(before: Expected | None, after: Expected, there: Collection[str]) -> Expected | None:
    """The question as it was before, where its entry is the same, or one that the draft calls otherwise."""
    if before is None or (before.entry != after.entry and before.entry in there):
        return None
    return before


def _left_behind(live: Side, draft: Side, was: Expected) -> Replayed:
    before = live.say(was)
    after = replace(draft.say(was), verdict=before.verdict)
    return Replayed(Expected(Origin.GONE, was.turns, was.entry), before, after)


def _rewritten(live: Side, draft: Side, said_before: Mapping[str, Given]) -> Iterator[Replayed]:
    """Phrasings whose answer has other words, or another place."""
    before, after = live.phrasings(), draft.phrasings()
    for text, (wanted, passage) in after.items():
        if text not in before:
            yield Replayed(wanted, said_before.get(text) or live.say(wanted), _quoted(passage), is_new=True)
        elif _words(before[text][1]) != _words(passage):
            yield Replayed(wanted, _quoted(before[text][1]), _quoted(passage))
    for text, (wanted, passage) in before.items():
        if text not in after:
            yield Replayed(wanted, _quoted(passage), draft.say(wanted))


def _quoted(passage: Passage, verdict: Verdict = Verdict.RIGHT) -> Given:
    document = passage.document
    heading = passage.question.of(document.text) if passage.question else ""
    return Given(verdict, Kind.ANSWER, passage.quote.of(document.text), document.source.title, heading)


def _words(passage: Passage) -> str:
    return squeeze(passage.quote.of(passage.document.text))


def _name(passage: Passage) -> str:
    return f"{passage.document.id}/{passage.entry}"


def _left_out(
    side: Side, encoder: Encoder, said: dict[str, float], told: Callable[[], None]
) -> Iterator[tuple[Expected, Given]]:
    rows = side.stored.rows
    read = ReadOnce(rows, encoder.reader, side.stored.said | said) if encoder.reader else None
    unanswered = read_phrasings(side.corpus, tuple(rows.entries)).unanswered
    for question in left_out_in_turn(side.stored, read_lexicon(side.corpus), unanswered, read):
        told()
        entry = question.wanted.key if question.wanted else ""
        origin = Origin.PHRASING if entry else Origin.UNANSWERED
        yield Expected(origin, (question.text,), entry), _given(question, entry)
    said.update(read.said if read else {})


def _given(question: LeftOutQuestion, entry: str) -> Given:
    """As the assistant decides."""
    found = question.found.passages[0]
    is_right = _name(found) == entry
    if question.answerable < question.levels.offer:
        return Given(_judged(Kind.REFUSE, entry, is_right, is_right), Kind.REFUSE)
    if question.answerable < question.levels.answer or question.right < LIKELY:
        return Given(_judged(Kind.CLARIFY, entry, is_right, is_right), Kind.CLARIFY)
    return _quoted(found, _judged(Kind.ANSWER, entry, is_right, is_right))


def given(answer: Answer, entry: str) -> Given:
    """An answer, and what it is worth where this entry is right; nothing but refusal is where it is empty."""
    offered = [f"{ranked.document}/{ranked.entry}" for ranked in answer.ranking[:3]]
    if not answer.quotes:
        return Given(_judged(answer.kind, entry, False, entry in offered), answer.kind)
    quote = answer.quotes[0]
    source = quote.source
    is_right = f"{source.document}/{source.entry}" == entry
    verdict = _judged(answer.kind, entry, is_right, entry in offered)
    return Given(verdict, answer.kind, quote.text, source.title, source.question or source.section or "")


def _judged(kind: Kind, entry: str, is_right: bool, is_offered: bool) -> Verdict:
    if not entry:
        # An offer is no answer: it says that it does not know.
        return Verdict.NOT_REFUSED if kind is Kind.ANSWER else Verdict.RIGHT
    if kind is Kind.ANSWER:
        return Verdict.RIGHT if is_right else Verdict.WRONG_ENTRY
    return Verdict.CLARIFIED if kind is Kind.CLARIFY and is_offered else Verdict.SILENT
