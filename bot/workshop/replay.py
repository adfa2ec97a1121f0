"""« Rien n’est cassé ? »: what the index in service and that of the draft say to all that is known, side by side."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain
from pathlib import Path

from bot.answer import Answer, Kind
from bot.assistant import Assistant
from bot.evaluation.figures import Estimate
from bot.evaluation.questions import Verdict
from corpus.document import Passage
from corpus.phrasings import read_lexicon, read_phrasings, squeeze
from index.encoder import Encoder, Reader
from index.result import LIKELY
from index.stored import Stored
from index.training import LeftOutQuestion, Training, left_out_in_turn

_WRONG = (Verdict.WRONG_ENTRY, Verdict.NOT_REFUSED)
_RANK = {Verdict.RIGHT: 0, Verdict.CLARIFIED: 1, Verdict.SILENT: 2, **dict.fromkeys(_WRONG, 3)}
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
        was_there = self.expected.origin is Origin.PHRASING and not self.is_new
        return was_there and len(verdicts) > 1 and Verdict.WRONG_ENTRY not in verdicts

    @property
    def is_other(self) -> bool:
        """Whether a visitor reads something else."""
        return (self.before.kind, squeeze(self.before.text)) != (self.after.kind, squeeze(self.after.text))


@dataclass(frozen=True, slots=True)
class Replay:
    """All of them."""

    questions: tuple[Replayed, ...]
    """A phrasing is judged as if nobody had written it down."""
    changed: tuple[Replayed, ...]
    """Those that a visitor reads another answer to, phrasings as they are written down."""
    max_error: float
    """The setting: what is promised of refusal."""
    n_unanswered: tuple[int, int]
    """What the promise was set on, before and after."""

    @property
    def gained(self) -> tuple[Replayed, ...]:
        """Those that became right; a new phrasing as it is answered to whoever writes it."""
        wavering, written = self.wavering, {q.expected: q for q in self.changed if q.is_new}
        return tuple(written.get(q.expected, q) for q in self.questions if q.is_gained and q not in wavering)

    @property
    def lost(self) -> tuple[Replayed, ...]:
        wavering = self.wavering
        return tuple(q for q in self.questions if q.is_lost and q not in wavering)

    @property
    def wavering(self) -> tuple[Replayed, ...]:
        """Phrasings that waver, where as many do so either way as by chance (sign test): any change moves a few."""
        from scipy.stats import binomtest  # seconds of import

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
        return tuple(
            q
            for q in self.questions
            if q.after.verdict in _WRONG
            and (
                (q.is_new and q.expected.origin in (Origin.PHRASING, Origin.UNANSWERED))
                or (q.is_lost and q.expected.origin is Origin.UNANSWERED)
            )
        )

    def refusals(self) -> tuple[Estimate, Estimate]:
        """The share of the questions without an answer that are given one, before and after."""
        own = [q for q in self.questions if not q.expected.entry]
        before = sum(q.before.verdict is Verdict.NOT_REFUSED for q in own)
        after = sum(q.after.verdict is Verdict.NOT_REFUSED for q in own)
        return Estimate.share(before, len(own)), Estimate.share(after, len(own))

    def counts(self) -> dict[Origin, tuple[int, int, int]]:
        """Of each origin: questions, right before, right after."""
        found: dict[Origin, tuple[int, int, int]] = {}
        for origin in Origin:
            if own := [q for q in self.questions if q.expected.origin is origin]:
                before = sum(q.before.verdict is Verdict.RIGHT for q in own)
                found[origin] = len(own), before, sum(q.after.verdict is Verdict.RIGHT for q in own)
        return found


@dataclass(frozen=True, slots=True)
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
    known: Sequence[Expected]
    said: SaidBefore
    training: Training | None = None
    """What the index learned from, where it was built here."""

    def asked(self) -> dict[tuple[Origin, tuple[str, ...]], Expected]:
        """What is asked of it as a visitor would: what is known, and headings that name one entry."""
        found = {(known.origin, known.turns): known for known in self.known}
        headings: dict[str, str] = {}
        for entry in self.stored.entries:
            heading = " ".join(entry.heading_text.split())
            headings[heading] = "" if heading in headings else entry.key
        for heading, key in headings.items():
            if heading and key:
                found[Origin.HEADING, (heading,)] = Expected(Origin.HEADING, (heading,), key)
        return found

    def written(self) -> dict[str, tuple[Expected, Given]]:
        """Each phrasing, and what is quoted to whoever writes it."""
        found = {}
        for target in self.stored.rows.targets:
            passage = target.passage
            is_known = target.span.end <= passage.quote.end  # else it depends on which passage of the entry answers
            for text in target.phrasings:
                expected = Expected(Origin.PHRASING, (text,), f"{passage.document.id}/{passage.entry}")
                found[text] = expected, _quoted(passage) if is_known else self.say(expected)
        return found

    def say(self, expected: Expected) -> Given:
        """What it says to a question."""
        key = expected.turns, expected.entry
        if key not in self.said.answers:
            answer = self.assistant.ask(expected.turns[-1], expected.turns[:-1])
            self.said.answers[key] = given(answer, expected.entry)
        return self.said.answers[key]


Told = Callable[[int, int], None]


def replay(live: Side, draft: Side, encoder: Encoder, max_error: float, told: Told) -> Replay:
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
    for side in new_to_us:
        found = {}
        for expected, own in _left_out(side, encoder.reader):
            found[expected.turns[0]] = expected, own
            told(next(done, total), total)
        side.said.left_out.update(found)
    for text, (wanted, after) in draft.said.left_out.items():
        was, earlier = live.said.left_out.get(text, (None, None))
        is_known = _same(was, wanted, there) is not None
        questions.append(Replayed(wanted, earlier if earlier and is_known else live.say(wanted), after, not is_known))
    gone = (_left_behind(live, draft, was) for key, was in before.items() if key not in asked)
    changed = [q for q in chain(questions[: len(asked)], gone, _rewritten(live, draft)) if q.is_other]
    n_unanswered = live.assistant.searcher.n_unanswered, draft.assistant.searcher.n_unanswered
    return Replay(tuple(questions), tuple(changed), max_error, n_unanswered)


def _same(before: Expected | None, after: Expected, there: Collection[str]) -> Expected | None:
    """The question as it was before, where its entry is the same, or one that the draft calls otherwise."""
    if before is None or (before.entry != after.entry and before.entry in there):
        return None
    return before


def _left_behind(live: Side, draft: Side, was: Expected) -> Replayed:
    before = live.say(was)
    after = replace(draft.say(was), verdict=before.verdict)
    return Replayed(Expected(Origin.GONE, was.turns, was.entry), before, after)


def _rewritten(live: Side, draft: Side) -> Iterator[Replayed]:
    """Phrasings as they are answered to whoever writes them."""
    before, after = live.written(), draft.written()
    for text, (wanted, now) in after.items():
        is_new = text not in before
        yield Replayed(wanted, live.say(wanted) if is_new else before[text][1], now, is_new)
    for text, (wanted, was) in before.items():
        if text not in after:
            yield Replayed(wanted, was, draft.say(wanted))


def _quoted(passage: Passage, verdict: Verdict = Verdict.RIGHT) -> Given:
    document = passage.document
    heading = passage.question.of(document.text) if passage.question else ""
    return Given(verdict, Kind.ANSWER, passage.quote.of(document.text), document.source.title, heading)


def _left_out(side: Side, reader: Reader | None) -> Iterator[tuple[Expected, Given]]:
    training = side.training
    if training is None:
        unanswered = read_phrasings(side.corpus, side.stored.entries).unanswered
        training = Training.of(side.stored, read_lexicon(side.corpus), unanswered, reader)
    for question in left_out_in_turn(training, side.stored.learned):
        entry = question.wanted.key if question.wanted else ""
        origin = Origin.PHRASING if entry else Origin.UNANSWERED
        yield Expected(origin, (question.text,), entry), _given(question, entry)


def _given(question: LeftOutQuestion, entry: str) -> Given:
    """As the assistant decides."""
    kind, is_right = Kind.ANSWER, question.found.key == entry
    if question.answerable < question.levels.answer or question.right < LIKELY:
        kind = Kind.REFUSE if question.answerable < question.levels.offer else Kind.CLARIFY
    verdict = _judged(kind, entry, is_right, is_right)
    return _quoted(question.found.passages[0], verdict) if kind is Kind.ANSWER else Given(verdict, kind)


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
