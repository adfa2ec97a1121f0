"""The assistant: a question and what came before in, an answer that quotes or a refusal out."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from threading import Lock

from cachetools import TTLCache

from bot import phrases
from bot.answer import Answer, Half, Kind, ReadAs, Reading
from bot.conversation import (
    NONE,
    Halves,
    asks,
    chosen,
    corrected,
    halves,
    is_correction,
    named,
    needs_choice,
    on_another_subject,
)
from bot.courtesy import ACTS, ON_QUOTES, Courtesy, courtesy, leans
from bot.quoting import Library, quote
from bot.reply import about, replied
from corpus.document import Source
from corpus.read import LeftOut
from index.french import STOP_WORDS, stems, words
from index.query import Query
from index.ranking import JOIN
from index.result import Result
from index.rows import unnumbered
from index.searcher import Searcher

# How likely a turn needs the question before it, from which it may, and from which it is not read alone at all. Of
# unseen FAQs, 2 % of the plain questions and 90 % of the follow-ups lie above a half.
_MAY_LEAN, _LEANS = 0.1, 0.5
# From here on, a turn that names something is not read as one message with a statement before.
_LEANS_MOST = 0.9
# The corpus, where it answers or offers, wins over odds of courtesy up to this many times its own. Of 60 short
# questions to five FAQs, 9 got small talk where they were not compared; with 2.5 to 6, one does, and of 40 courtesies
# none is lost. From the second probability of a courtesy on, nothing that a corpus says would win.
_CORPUS_FIRST, _SURELY = 3, 0.996
# Words of a turn that may name one of the questions offered.
_FEW_WORDS = 5
# Words around a name, in a turn that asks nothing of it ("le centre de loisirs"), and words of meaning of such a name.
_AROUND_NAMES = frozenset(
    words(
        "à au aux avec chez d dans de des du en entre hors l la le les leur leurs ma mes mon nos notre par pendant pour"
    )
    + words("sa sans ses son sous sur ta tes ton un une vers vos votre")
)
_NAMED = 2
# Turns before this one that it may refer to; and how long, in seconds, and how many are remembered.
_N_BACK, _SECONDS, _N_REMEMBERED = 4, 600, 1_000


@dataclass(frozen=True, slots=True)
class About:
    """What the assistant knows, for the greeting."""

    documents: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    examples: tuple[str, ...]
    """Questions taken from the documents, verbatim."""
    built: str
    """When the index was, ISO 8601, UTC."""
    entries: int = 0
    """How many the index holds."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said to one turn, and what a later one needs of it."""

    answer: Answer
    subject: str
    """The question that it leans on."""
    turns: tuple[str, ...]
    """The turns that must be asked again to come here, this one last."""
    is_question: bool = True
    """Whether it asks: what does not states something, or but names it."""
    told: "Said | None" = None
    """The statement that it was read after as one message, if it was."""
    target: int | None = None
    """Row of what was quoted first."""
    completed: str = ""
    """The question that its name completes, where it is one ("le centre de loisirs"): another name may, too."""
    chain: str = ""
    """The subject after the questions that it leans on itself, where there are any."""
    choices: Answer | None = None
    """The answer to two questions, of which this is one half."""
    undecided: bool = False
    """Whether it was asked which of several entries is meant."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was said before a turn, courtesies aside, computed when it is needed."""

    said: Callable[[], Iterator[Said]]
    """The last first."""

    def last(self) -> Said | None:
        return next(self.said(), None)

    def quoting(self) -> Said | None:
        """What quoted something last."""
        return next((said for said in self.said() if said.answer.quotes), None)


Found = Callable[[], Result]
"""What a turn alone finds, computed when it is needed."""


class Assistant:
    """Answers questions over one index. Holds no conversation: each call brings its own."""

    problem: str | None = None
    """An index loaded once stays as it is."""

    def __init__(self, searcher: Searcher) -> None:
        self.searcher = searcher
        self.library = Library.of(searcher.rows, searcher.manifest.documents)
        self._vocabulary = frozenset(searcher.extractor.parser.vocabulary.stems)
        # A conversation is asked again at each of its turns: what was said lately need not be computed again.
        self._remembered: TTLCache[tuple[str, ...], Said] = TTLCache(_N_REMEMBERED, _SECONDS)
        self._lock = Lock()

    def about(self) -> About:
        """What is indexed, what is not, and a few questions to begin with."""
        known = self.searcher
        return About(known.sources, known.left_out, known.examples, known.manifest.built, len(known.rows.entries))

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        """Answer one question, read alone or with the earlier questions when it needs them (oldest first)."""
        begun = time.perf_counter()
        said = self._say(question, tuple(history))
        return replace(said.answer, elapsed_ms=round((time.perf_counter() - begun) * 1000, 1))

    def _say(self, question: str, history: tuple[str, ...]) -> Said:
        said = self._said(self.searcher.read(question), Past(partial(self._before, history)))
        said = replace(said, answer=replace(said.answer, question=question))
        with self._lock:
            self._remembered[*history, question] = said
        return said

    def _before(self, history: tuple[str, ...]) -> Iterator[Said]:
        """See ``Past.said``."""
        for row in range(len(history) - 1, max(len(history) - 1 - _N_BACK, -1), -1):
            with self._lock:
                said = self._remembered.get(history[: row + 1])
            said = said or self._say(history[row], history[:row])
            if said.answer.kind is not Kind.SMALLTALK:
                yield said

    def _said(self, query: Query, past: Past) -> Said:
        # The corpus goes before small talk and before what was said earlier.
        if self.searcher.exact(query):
            return self._spoken(query, self.searcher.search(query), past)
        if (_is_short(query) or needs_choice(query.typed)) and (found := self._chosen(query, past)):
            return found
        polite = self._courtesy(query)
        if polite is None and not query.typed.words:
            polite = Courtesy("", phrases.ASK_SOMETHING, likely=1.0, certain=True)
        if polite is None:
            return self._content(query, past)
        said = Said(Answer("", Kind.SMALLTALK, 1.0, polite.reply), "", ())
        if polite.family in ACTS:
            if acted := self._acted(polite.family, past):
                said = acted
            elif (content := self._alone(query, past)).answer.kind is Kind.ANSWER:
                return content  # "imprimer", where nothing was said yet
        if polite.likely >= _SURELY or (polite.certain and polite.family in ACTS):
            return said
        content = self._content(query, past)
        return content if _outweighs(content.answer, polite) else said

    def _acted(self, act: str, past: Past) -> Said | None:
        """An act on what was said last, or, where that quotes nothing ("la page ?"), on the last quote before it."""
        before = past.quoting() if act in ON_QUOTES else past.last()
        answer = about(act, before.answer, self.library) if before else None
        return replace(before, answer=replace(answer, reading=_read(ReadAs.ACT, before))) if before and answer else None

    def _courtesy(self, query: Query) -> Courtesy | None:
        """The courtesy or act of a turn; "sûr ? ma voisine dit le contraire" is the act of its first sentence."""
        if found := courtesy(query, self._vocabulary):
            return found
        first, sign, more = query.typed.text.partition("?")
        found = courtesy(self.searcher.read(first), self._vocabulary) if sign and words(more) else None
        return found if found and found.certain and found.family in ACTS else None

    def _chosen(self, query: Query, past: Past) -> Said | None:
        """The answer to what a turn chooses among the questions offered before, or the half of an answer."""
        before = past.last()
        if before is None:
            return None
        among = before.choices or before.answer
        offered, quotes = among.suggestions, among.quotes if among.halves else ()
        row = chosen(query.typed, len(quotes or offered)) if quotes or offered else None
        if row is None and among.kind is Kind.CLARIFY:
            row = named(query.terms, offered)
        if row is None or (before.answer.kind is Kind.ANSWER and row == NONE):
            return None
        turns = (*before.turns, query.typed.text)
        if row == NONE:
            refused = Answer("", Kind.REFUSE, 0.0, phrases.refused_again(before.turns[-1:]))
            said = Said(refused, before.subject, turns)
        elif quotes:
            answer = replace(among, message=phrases.REPEATED, halves=(), quotes=quotes[row : row + 1])
            subject = next(half.question for half in among.halves if half.quote == row)
            said = replace(before, answer=answer, turns=turns, choices=among, subject=subject)
        else:
            picked = self.searcher.read(offered[row])
            said = self._spoken(picked, self.searcher.search(picked), past)
            rest = tuple(other for other in offered if other != offered[row])
            said = replace(said, answer=replace(said.answer, suggestions=rest), turns=turns)
        return replace(said, answer=replace(said.answer, reading=_read(ReadAs.ACT, before)))

    def _content(self, query: Query, past: Past) -> Said:
        """What the documents say, the readings of the turn competing."""
        if switched := on_another_subject(query.typed.text):
            return self._alone(self.searcher.read(switched), past)
        leaning, corrects = leans(query), is_correction(query.typed)
        found = cache(lambda: self.searcher.search(query))
        if not corrects and not _only_names(query) and (said := self._told(query, leaning, past, found)):
            return said
        leaning_on = corrects or leaning >= _MAY_LEAN or found().undecided
        before = past.last() if leaning_on or _is_short(query) else None
        # "Tarifs ?", asked back, then "la salle des fêtes": a name of few words says which.
        says_which = before is not None and before.undecided and _is_short(query)
        if before is None or not before.subject or not (leaning_on or says_which or _only_names(query)):
            return self._alone(query, past, found)
        if corrects:
            return self._corrected(query, before, past)
        if said := self._substituted(query, leaning, before, past, found):
            return said
        if _only_names(query) and not says_which and not found().undecided:
            return self._named(query, before, past, found)
        if leaning < _LEANS and not says_which:
            alone = self._alone(query, past, found)
            if alone.answer.kind is Kind.ANSWER:
                return alone
        return self._followed(query, leaning, before, past, found)

    def _substituted(self, query: Query, leaning: float, before: Said, past: Past, found: Found) -> Said | None:
        """The question before of something else ("et celle du TI ?", "et à la piscine ?"), if that is answered."""
        other = self.searcher.substituted(query, before.subject)
        if not other:
            return None
        after = self.searcher.search(self.searcher.read(other))
        if not after.sure and (same := self._of_same_heading(query, before, after)):
            after = same
        if not after.answered:
            return None
        if leaning < _LEANS and found().sure and not _same_entry(found(), after):
            after = after.with_reserve()
        return replace(self._spoken(query, after, past, before, ReadAs.FOLLOW_UP), subject=other)

    def _of_same_heading(self, query: Query, before: Said, after: Result) -> Result | None:
        """What has the heading of what was quoted, in the document that a turn names; with a reserve."""
        rows = self.searcher.rows
        if before.target is None or not rows.is_shared(before.target):
            return None
        heading = unnumbered(rows.entries[int(rows.entry_of_target[before.target])].heading_text)
        for hit in after.hits:
            if unnumbered(hit.entry.heading_text) == heading and {*query.terms} <= {*stems(hit.label)}:
                return self.searcher.search(after.query, known=hit.row).with_reserve()
        return None

    def _followed(self, query: Query, leaning: float, before: Said, past: Past, found: Found) -> Said:
        """A turn after a question; alone where it may be read so, and is not answered after it."""
        after = self._after(query, before.subject, before, found)
        between: tuple[str, ...] = ()
        if not after.answered and before.answer.kind is Kind.REFUSE and (quoting := past.quoting()):
            # What was refused between is left aside ("et lui ?"); what only one reading finds is never without reserve.
            earlier = self._after(query, quoting.subject, quoting, found)
            if earlier.answered:
                after, before, between = earlier.with_reserve(), quoting, before.turns[-1:]
        said = self._spoken(query, after, past, before, ReadAs.FOLLOW_UP, between)
        said = replace(said, chain=f"{before.chain or before.subject} {JOIN} {query.asked}")
        if after.answered and self.searcher.rows.is_shared(after.hits[0].row):
            # "Et les tarifs ?" does not say of what: the turn after it must know.
            said = replace(said, subject=after.hits[0].label)
        elif leaning < _MAY_LEAN:
            said = replace(said, subject=said.chain)
        if said.answer.kind is not Kind.REFUSE:
            return said
        if not query.terms:
            # It names nothing that a later turn could lean on: that leans on the question before.
            return replace(before, answer=said.answer)
        alone = self._alone(query, past, found)
        if leaning < _LEANS:
            return alone
        # What a turn that leans on a question finds only without it is never said without reserve.
        surely = alone.answer.confidence >= self.searcher.levels.sure
        return self._alone(query, past, lambda: found().with_reserve()) if surely else said

    def _told(self, query: Query, leaning: float, past: Past, found: Found) -> Said | None:
        """A question after a statement ("j’ai perdu les clés", "que faire ?"), read with it as one message.

        None where the turn is answered alone, or the message is not.
        """
        if (leaning >= _LEANS_MOST and query.terms) or (found().sure and leaning < _LEANS) or found().undecided:
            return None
        last = past.last() if asks(query.text) and not halves(query.asked) else None
        before = last.told if last and last.is_question else last
        if before is None or (before is not last and not query.terms):
            return None  # "et après ?" goes on from the question between
        both = self.searcher.search(self.searcher.read(f"{before.subject.rstrip(' .')}. {query.asked}"))
        is_known = self._vocabulary.issuperset(query.terms)
        if not both.sure and not (both.answered and leaning >= _LEANS and is_known):
            return None
        if not query.terms and both.hits[0].row == before.target:
            both = both.with_reserve()  # "et après ?": the statement alone finds it
        said = self._spoken(query, both, past, before, ReadAs.FOLLOW_UP)
        return replace(said, chain=f"{before.subject} {JOIN} {query.asked}", told=before)

    def _named(self, query: Query, before: Said, past: Past, found: Found) -> Said:
        """A turn that but names something: it completes the question before ("comment annuler ?"), or is a new subject.

        It is answered without reserve where two readings find the same.
        """
        question = before.completed or before.subject
        alone, after = found(), self._after(query, question, replace(before, subject=question), found)
        joined = self.searcher.search(self.searcher.read(f"{question} {JOIN} {query.asked}"))
        is_complete = phrases.ANSWERED in before.answer.message
        as_joined, as_after = _same_entry(alone, joined), _same_entry(alone, after)
        if not is_complete and joined.sure and not as_joined:
            after = joined if _same_entry(joined, after) else joined.with_reserve()
        elif not after.answered or (alone.answered and (alone.sure >= after.sure if as_after else as_joined)):
            surely = as_joined or (as_after and (is_complete or not joined.answered))
            said = self._alone(query, past, lambda: alone if surely else alone.with_reserve())
            is_new = alone.sure and not (as_joined or as_after)
            return said if is_new else replace(said, completed=question)
        elif not as_after and not _same_entry(joined, after):
            after = after.with_reserve()
        said = self._spoken(query, after, past, before, ReadAs.FOLLOW_UP)
        answer = replace(said.answer, reading=replace(said.answer.reading, of=question))
        chain = f"{before.chain or question} {JOIN} {query.asked}"
        return replace(said, answer=answer, chain=chain, completed=question)

    def _after(self, turn: Query, earlier: str, before: Said, alone: Found) -> Result:
        """A turn after a question.

        A question that leaned on another one says little by itself: what is found after it, or is not, is looked for
        after both.
        """
        follow = self.searcher.follow
        found = follow(turn, earlier, before.target, alone)
        if not before.chain or (found.answered and not found.sure):
            return found
        whole = follow(turn, before.chain, before.target, alone)
        if found.sure and found.hits[0].entry == whole.hits[0].entry:
            return found
        # What only one of the two readings finds is never without reserve.
        return max(found, whole, key=lambda result: result.confidence).with_reserve()

    def _alone(self, query: Query, past: Past, found: Found | None = None) -> Said:
        """A turn by itself; of two questions, both."""
        if (two := halves(query.asked)) and (said := self._both(query, two, past)):
            return said
        return self._spoken(query, found() if found else self.searcher.search(query), past)

    def _corrected(self, query: Query, before: Said, past: Past) -> Said:
        """What a correction says, after what it leaves of the previous question, or by itself if it is a sentence."""
        said = corrected(query.typed, before.subject)
        meant, subject = self.searcher.read(said.meant), f"{said.kept} {said.meant}"
        found = cache(lambda: self.searcher.search(meant))
        if said.is_sentence and found().answered:
            return self._spoken(query, found(), past)
        other = self.searcher.substituted(meant, before.subject)
        whole = self.searcher.search(self.searcher.read(other or subject))
        after = whole if other else self._after(meant, said.kept, before, found)
        if whole.sure and not after.answered:
            after = whole
        elif not whole.sure or after.hits[0].entry != whole.hits[0].entry:
            after = after.with_reserve()
        if after.answered and after.hits[0].row == before.target:
            # What was quoted is what it takes back.
            is_other = found().answered and found().hits[0].row != before.target
            after = (found() if is_other else after).with_reserve()
        return replace(self._spoken(query, after, past, before, ReadAs.CORRECTION), subject=subject)

    def _both(self, query: Query, two: Halves, past: Past) -> Said | None:
        """The answers to two questions, or one and the question that is left; None where they are rather one."""
        first = self.searcher.search(self.searcher.read(two.first))
        answered = first.answered
        turn = self.searcher.read(two.second)
        alone = cache(lambda: self.searcher.search(turn))
        complete = leans(turn) < _MAY_LEAN
        quoted = first.hits[0].row if answered else None
        second = alone() if complete else self.searcher.follow(turn, two.first, quoted, alone)
        also = second.answered
        # What leans on the first question may be answered by the same quote: it is not said to have no answer.
        if not (answered and also) and not ((answered or also) and two.surely and complete):
            return None
        if first.hits[0].row == second.hits[0].row:
            return self._spoken(query, self._in_one_place(query, first, second), past) if answered and also else None
        own = [result for result, is_answered in ((first, answered), (second, also)) if is_answered]
        said = self._spoken(query, own[0], past)
        parts = (Half(two.first, 0 if answered else None), Half(two.second, len(own) - 1 if also else None))
        quotes = tuple(quote(result.hits[0], result.marked) for result in own)
        return replace(said, answer=replace(said.answer, quotes=quotes, halves=parts, suggestions=()))

    def _in_one_place(self, query: Query, first: Result, second: Result) -> Result:
        """Of two questions that one passage answers, what is found for both together, with the marks of each."""
        found = self.searcher.search(query)
        marks = [result.marked for result in (found, first, second) if result.hits[0].row == first.hits[0].row]
        together = {span for each in marks for span in each}
        return replace(found, marked=tuple(sorted(together))) if len(marks) == 3 and all(marks) else found

    def _spoken(
        self,
        query: Query,
        result: Result,
        past: Past,
        before: Said | None = None,
        as_: ReadAs = ReadAs.ALONE,
        between: tuple[str, ...] = (),
    ) -> Said:
        """What is said of a result, read alone or with what was said before, what was refused between left aside."""
        answer = replied(result, reading := _read(as_, before, between))
        turns = (*reading.history, query.typed.text)
        said = Said(answer, query.asked, turns, asks(query.text) or leans(query) >= _LEANS, undecided=result.undecided)
        if answer.kind is Kind.ANSWER:
            message = " ".join([*self._greeting(query), answer.message])
            answer = replace(answer, message=message, understood=query.replaced)
            return replace(said, answer=answer, target=result.hits[0].row)
        if answer.kind is Kind.REFUSE and (earlier := past.last()) and earlier.answer.kind is Kind.REFUSE:
            message = phrases.refused_again([earlier.answer.question, query.typed.text])
            return replace(said, answer=replace(answer, message=message))
        return said

    def _greeting(self, query: Query) -> list[str]:
        """What answers the greeting or the thanks around a question."""
        if query.asked_words == query.typed.words:
            return []
        found = courtesy(self.searcher.read(query.typed.text.replace(query.asked, " ")), ())
        return [phrases.GREETINGS[found.family]] if found and found.family in phrases.GREETINGS else []


def _is_short(query: Query) -> bool:
    """Whether a turn is short enough to name one of the questions offered before it."""
    return len(query.typed.words) <= _FEW_WORDS


def _same_entry(one: Result, other: Result) -> bool:
    return one.hits[0].entry == other.hits[0].entry


def _only_names(query: Query) -> bool:
    """Whether a turn asks nothing of what it names ("la caution", "un enfant de 3 ans")."""
    asks = STOP_WORDS.intersection(query.typed.words) - _AROUND_NAMES
    return _is_short(query) and not asks and 0 < len(set(query.terms)) <= _NAMED


def _outweighs(content: Answer, polite: Courtesy) -> bool:
    """Whether the corpus wins over small talk: by the odds of both, and over an example only without reserve."""
    if polite.certain and phrases.ANSWERED not in content.message:
        return False
    asked, said = content.confidence, polite.likely
    return content.kind is not Kind.REFUSE and said * (1 - asked) <= _CORPUS_FIRST * asked * (1 - said)


def _read(as_: ReadAs, before: Said | None, between: tuple[str, ...] = ()) -> Reading:
    if before is None:
        return Reading()
    # "La première" is no question: what it chose is.
    of = before.subject if before.answer.reading.as_ is ReadAs.ACT else before.turns[-1]
    return Reading(as_, of, (*before.turns, *between))
