"""A turn after a question: which entry answers it, beside what was quoted for the question, and how likely it does."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from corpus.phrasings import Target
from index.candidates import Pool
from index.encoder import Encoder
from index.features import EncodedQuery, FeatureExtractor, Features
from index.french import stems
from index.negation import Cases, Supposition, is_about_case
from index.precedence import beside_quoted
from index.query import Query
from index.ranking import MOSTLY, UNREAD, Ranking, Turn, after_question, followed
from index.result import AFTER_QUESTION, RESERVE, Result
from index.rows import Rows

# How likely the documents answer a turn alone: below the first, it is refused after a question too, and below the
# second it is never answered without reserve. Of 416 turns over eight FAQs that an entry answers, none lies below the
# first and twelve below the second; of 543 that none does, 142 and 271.
_SAYS_NOTHING, _SAYS_LITTLE = 0.05, 0.15


@dataclass(frozen=True, slots=True)
class Following:
    """A turn after a question, compared with the entries that either may mean."""

    turn: Query
    earlier: Query
    """The question."""
    asked: EncodedQuery
    """Both, joined."""
    pool: Pool
    features: Features
    """Of the turn alone."""
    by_turn: Ranking
    both: Ranking
    """By the question and the turn."""
    quoted: int | None
    """Place of the target that was quoted for the question, if one was."""
    supposed: Supposition | None
    """The case that the turn supposes, if it does."""


class Follower:
    """Judges turns after a question."""

    def __init__(self, rows: Rows, extractor: FeatureExtractor, cases: Cases, encoder: Encoder) -> None:
        self._rows, self._extractor, self._cases, self._encoder = rows, extractor, cases, encoder

    def judged(self, after: Following) -> tuple[Ranking, float]:
        """The ranking for a turn, and how likely its first entry answers it.

        The words of the question alone would carry the ranking: the turn's own ranking counts as well, and the reader,
        if there is one, which was trained for it, says whether an entry answers the turn.
        """
        owner, before, again = after.pool.owner, after.quoted, self._again(after)
        if before is not None and again < MOSTLY and self._states_case(after, int(owner[before])):
            before = None  # its entry speaks of this case too: it answers as well as any
        ranking, chosen = after_question(after.both, after.by_turn, owner, before, again)
        same = None if before is None else int(owner[before])
        logits = self._logits(after, chosen)
        if same in chosen and chosen[same] != before:
            same = None  # another part of the entry that was quoted
        said = UNREAD if same is None else self._said(after)
        ranking, right = followed(ranking, Turn(after.by_turn, same, again, after.features.strangeness, said), logits)
        holds = before is not None and again >= MOSTLY
        right = beside_quoted(ranking, right, after.quoted, holds, after.features.familiarity, owner)
        if not after.turn.terms:
            # Only the words of the question find it ("et après ?"): never without reserve, and unread, it is offered
            # at most.
            right = min(right, (AFTER_QUESTION.sure if logits else AFTER_QUESTION.answer) - RESERVE)
        if not self._is_near(after, int(ranking.entries.argmax())):
            right = min(right, AFTER_QUESTION.sure - RESERVE)
        return ranking, right

    def _is_near(self, after: Following, place: int) -> bool:
        """Whether an entry has a word of the question, or its heading one of the turn.

        One that only has a word of the turn may say it of anything else ("et un cheval ?", after a question on calves).
        Of 18 such answers 4 were wrong, of 112 others 4.
        """
        entry, known = int(after.pool.entries[place]), after.earlier.terms
        if not known or self._extractor.holds(known, entry):
            return True
        return not {*after.turn.terms}.isdisjoint(stems(self._rows.entries[entry].heading_text))

    def of_case_before(self, found: Result, after: Following, ranking: Ranking) -> tuple[Result, Supposition | None]:
        """What is found for a turn that supposes nothing, and what the question does, if that decides.

        The case of the question is still the one that is asked about: what states its opposite is no answer.
        """
        target = ranking.best_target(int(ranking.entries.argmax()), after.pool.owner)
        doubtful = found.sure and not is_about_case(after.turn.text, self._target(after, target).passage, self._encoder)
        if (supposed := Supposition.of(after.earlier.typed.text)) is not None:
            choice = self._cases.choose(supposed.encoded(self._encoder), ranking, after.pool)
            doubtful = doubtful or choice.doubtful or choice.target != target
            supposed = supposed if choice.stated and choice.against else None
        return found.with_reserve() if doubtful else found, supposed

    def _again(self, after: Following) -> float:
        """Share of the words that the turn adds that what was quoted has, weighed by rarity."""
        if after.quoted is None:
            return 0.0
        quoted = self._target(after, after.quoted)
        sentence = quoted.span.of(quoted.passage.document.text)
        return self._extractor.share(after.turn.terms, after.earlier.terms, sentence)

    def _states_case(self, after: Following, entry: int) -> bool:
        """Whether a passage of an entry states the case that the turn supposes."""
        if after.supposed is None:
            return False
        of_entry = np.zeros_like(after.both.entries)
        of_entry[entry] = 1.0
        case = after.supposed.encoded(self._encoder)
        return self._cases.choose(case, Ranking(after.both.targets, of_entry), after.pool).stated

    def _logits(self, after: Following, chosen: Mapping[int, int]) -> dict[int, float]:
        """What the reader, if there is one, says of the entries chosen."""
        if not self._encoder.reader:
            return {}
        joined = after.asked.query
        # An acronym says too little to the reader, and so does a sentence without its passage.
        passages = self._rows.passage_of_target[after.pool.targets[list(chosen.values())]].tolist()
        texts = [self._rows.reader_text(passage, after.turn.terms or joined.terms) for passage in passages]
        said = self._encoder.reader.read(joined.spelled_out or joined.text, texts)
        return dict(zip(chosen, said.tolist(), strict=True))

    def _said(self, after: Following) -> float:
        """What the reader says of the turn alone and what was quoted; ``UNREAD`` where there is none."""
        if not self._encoder.reader or after.quoted is None or after.supposed:
            return UNREAD
        return float(self._encoder.reader.read(after.turn.brief, [self._target(after, after.quoted).passage.text])[0])

    def _target(self, after: Following, place: int) -> Target:
        return self._rows.targets[int(after.pool.targets[place])]


def confirmed(right: float, is_alike: bool, alone: Result) -> float:
    """How likely what was found for a turn after a question is, once the turn is read alone.

    Where it alone says nothing that the documents know ("et la région ?"), what was found is what the question asks:
    it is refused, and where it says little, never without reserve. What would be offered is answered, with a reserve,
    where the turn alone is answered by the same passage.

    Args:
        right: How likely it is without.
        is_alike: Whether the turn alone finds the same passage.
        alone: What it finds.
    """
    unsure = AFTER_QUESTION.sure - RESERVE
    if alone.answerable < _SAYS_NOTHING:
        return alone.confidence
    if right >= AFTER_QUESTION.answer:
        return right if alone.answerable >= _SAYS_LITTLE else min(right, unsure)
    return min(1 - (1 - right) * (1 - alone.confidence), unsure) if alone.answered and is_alike else right
