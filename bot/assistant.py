"""The assistant: a question and what came before in, an answer that quotes or a refusal out."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot import phrases
from bot.answer import Answer, Kind, Ranked
from bot.conversation import read_turn
from bot.courtesy import courtesy
from bot.quoting import Library, quote
from corpus.document import Source
from corpus.read import LeftOut
from index.query import Query
from index.ranking import JOIN
from index.searcher import Hit, Result, Searcher

_N_SUGGESTIONS = 3
_N_RANKED = 10
# A second passage is worth unfolding when it is at least this likely to be the one meant.
_WORTH_READING = 0.05
# Below, the first entry is so likely wrong that the likeliest few are offered instead. Of held-out FAQs without
# phrasings, 0.5 answers 41 % rightly and 0.25 50 %; 76 % are answered or offered either way.
LIKELY = 0.25
# This many times less likely to be answered than what is offered, a question has no near ones.
_FAR = 3
# Logits of the reader of a turn after another question. Of the follow-ups of held-out FAQs, those of the entry that
# answers lie at 1.3 on average, those of the entry quoted before at -2.
_ANSWERS, _MAY_ANSWER = 0.0, -1.5
# A turn this many times less likely to be answered than the threshold asks for something else.
_CLEARLY = 3


@dataclass(frozen=True, slots=True)
class About:
    """What the assistant knows, for the greeting."""

    documents: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    examples: tuple[str, ...]
    """Questions taken from the documents, verbatim."""
    built: str
    """When the index was, ISO 8601, UTC."""


class Assistant:
    """Answers questions over one index. Holds no conversation: each call brings its own."""

    def __init__(self, searcher: Searcher) -> None:
        self.searcher = searcher
        self.library = Library.of(searcher.rows, searcher.manifest.documents)
        self._vocabulary = frozenset(searcher.extractor.parser.vocabulary.stems)

    @property
    def problem(self) -> None:
        """Nothing: an index loaded once stays as it is."""
        return None

    def about(self) -> About:
        """What is indexed, what is not, and a few questions to begin with."""
        known = self.searcher
        return About(known.sources, known.left_out, known.examples, known.manifest.built)

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        """Answer one question, read alone or with the earlier questions when it needs them (oldest first)."""
        begun = time.perf_counter()
        answer = self._answer(question, history)
        return replace(answer, elapsed_ms=round((time.perf_counter() - begun) * 1000, 1))

    def _answer(self, question: str, history: Sequence[str]) -> Answer:
        query = self.searcher.read(question)
        # The corpus goes before small talk and before what was said earlier.
        exact = bool(self.searcher.exact(query))
        if not exact and (polite := courtesy(query, self._vocabulary)):
            return Answer(question, Kind.SMALLTALK, 1.0, polite.reply)
        if not query.typed.words:
            return Answer(question, Kind.SMALLTALK, 1.0, phrases.ASK_SOMETHING)
        result = self.searcher.search(query, _N_RANKED) if exact else self._search(query, history)
        ranking = tuple(Ranked(h.entry.document.id, h.entry.id, round(h.score, 4)) for h in result.hits[:_N_RANKED])
        spoken = Answer(
            question,
            Kind.REFUSE,
            round(result.confidence, 4),
            phrases.REFUSED,
            understood=result.query.replaced,
            ranking=ranking,
        )
        near = _headings(result.hits, _N_SUGGESTIONS)
        if result.answerable < self.searcher.offer:
            return replace(spoken, suggestions=near if result.answerable >= self.searcher.offer / _FAR else ())
        answers = result.answerable >= self.searcher.threshold
        if not (answers and (result.confidence >= LIKELY or not near)):
            return replace(spoken, kind=Kind.CLARIFY, message=phrases.CLARIFY, suggestions=near) if near else spoken
        first, *others = result.hits
        further = [quote(hit) for hit in others[:2] if hit.score >= _WORTH_READING]
        sure = result.confidence >= self.searcher.sure
        return replace(
            spoken,
            kind=Kind.ANSWER,
            message=phrases.ANSWERED if sure else phrases.UNSURE,
            quotes=(quote(first, result.sentences), *further),
            suggestions=() if sure else _headings(others, _N_SUGGESTIONS - 1),
        )

    def _search(self, query: Query, history: Sequence[str]) -> Result:
        """Search a turn alone or with what came before, as it needs."""
        reading = read_turn(query, history, self._vocabulary)
        alone = None
        if reading.alone is not None:
            own = query if reading.alone == query.typed.text else self.searcher.read(reading.alone)
            alone = self.searcher.search(own, _N_RANKED)
            if reading.joined is None or self._is_settled(alone):
                return alone
        joined = self.searcher.search(self.searcher.read(reading.joined or ""), _N_RANKED)
        # The earlier words alone may carry the ranking: the reader says whether the turn itself is answered.
        if joined.said is None or joined.said >= _ANSWERS or JOIN not in joined.query.typed.text:
            return joined
        most = self.searcher.offer if joined.said >= _MAY_ANSWER else 0.0
        return replace(joined, answerable=min(joined.answerable, most))

    def _is_settled(self, alone: Result) -> bool:
        """Whether half a sentence is enough: it is answered, or clearly is about something else."""
        threshold = self.searcher.threshold
        return alone.answerable >= threshold or alone.answerable < self.searcher.offer / _CLEARLY


def _headings(hits: Sequence[Hit], n: int) -> tuple[str, ...]:
    found = dict.fromkeys(hit.entry.heading_text for hit in hits if hit.entry.heading)
    return tuple(found)[:n]
