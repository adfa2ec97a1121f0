"""Questions in, ranked entries and a calibrated confidence out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from corpus.document import Source
from corpus.errors import IndexStoreError
from corpus.read import LeftOut
from index.candidates import NEAREST, Pool
from index.classifier import OUTSIDE
from index.encoder import Encoder
from index.features import EncodedQuery, FeatureExtractor
from index.following import Follower, Following, confirmed
from index.french import stems
from index.judging import Matched, judged, ranked
from index.marking import N_PASSAGES, Marker
from index.negation import Cases, Choice, Supposition, are_opposite, denies
from index.precedence import N_NEAR, Succession, alike, with_each, with_first
from index.query import Query, QueryParser
from index.ranking import JOIN, Opinion, Ranking
from index.records import some
from index.result import AFTER_QUESTION, Hit, Levels, Result
from index.store import Store, store_at
from index.stored import Stored
from index.substitution import Names

# Characters of an earlier question that are read before a turn: some 60 of the 110 tokens of a question.
_EARLIER = 240
# What is left of the probability of the passages of another case than the one that is quoted.
_OTHER_CASE = 0.1


class Searcher:
    """An index in memory. Safe to share between threads: nothing in it changes."""

    def __init__(self, stored: Stored, encoder: Encoder) -> None:
        # The products of one question are too small to share: with two threads they take 8 ms instead of one
        # as soon as something else wants a core.
        threadpool_limits(1, user_api="blas")
        self.encoder = encoder
        self.rows = stored.rows
        self.extractor = FeatureExtractor(self.rows, QueryParser(stored.vocabulary), stored.dense, stored.lexical)
        self._classifier = stored.classifier
        self._marker = Marker(encoder)
        self._cases = Cases(self.rows, self.extractor.dense["passages"], encoder)
        self._follower = Follower(self.rows, self.extractor, self._cases, encoder)
        self._exact = stored.exact
        titles = [source.title for source in stored.sources]
        self._names = Names(stored.vocabulary.acronyms, titles)
        self.learned = stored.learned
        self.n_unanswered = stored.learned.curve.answerable.count(False)
        self.sources: tuple[Source, ...] = stored.sources
        self._succession = Succession(stored.sources, list(self.rows.documents), date.today().isoformat())
        self.left_out: tuple[LeftOut, ...] = stored.left_out
        self.examples: tuple[str, ...] = stored.examples
        self.manifest = stored.manifest

    @classmethod
    def load(cls, place: Path | Store, encoder: Encoder) -> "Searcher":
        """Load the current index of a folder or of a store.

        Raises:
            IndexStoreError: It is missing, damaged, or was built with another encoder.
        """
        store = store_at(place)
        stored = store.load()
        if (stored.manifest.encoder, stored.manifest.dim) != (encoder.name, encoder.dim):
            raise IndexStoreError(
                f"L’index « {store} » a été construit avec l’encodeur « {stored.manifest.encoder} » "
                f"({stored.manifest.dim} dimensions) et non « {encoder.name} » ({encoder.dim}) : "
                "reconstruisez-le avec « motamot build »."
            )
        return cls(stored, encoder)

    @property
    def levels(self) -> Levels:
        """What the probabilities of answers by entries with phrasings are compared with, or all if none has any."""
        return self.learned.levels

    def read(self, question: str) -> Query:
        """Read one question, with the words of this corpus."""
        return self.extractor.parser.read(question)

    def exact(self, query: Query) -> list[int]:
        """Rows of the targets whose heading or phrasing a question is, word for word; none where several share it."""
        rows = self._exact.find(query.typed.words) or self._exact.find(query.asked_words)
        return rows if len({self.rows.label(row) for row in rows[:N_NEAR]}) <= 1 else []

    def search(self, query: Query, k: int = 10, known: int | None = None) -> Result:
        """Rank the entries for one question, best first; the entry of an exact heading or phrasing goes before all.

        Args:
            query: What is asked.
            k: Hits wanted.
            known: Row of a target whose entry answers, where it is known.

        Raises:
            ValueError: ``k < 1``.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        asked = self.extractor.encode(query, self.encoder)
        opinion, exact = self._opinion(query, asked), self.exact(query) if known is None else [known]
        pool = self.extractor.pool(asked, [*exact, *(_likeliest(opinion) if opinion else ())])
        matched, meant = self._matched(asked, opinion, pool), list[int]()
        if exact:
            ranking = with_first(ranked(self.learned, matched), np.searchsorted(pool.targets, exact), pool.owner)
            answerable, right, levels = 1.0, 1.0, self.levels
        else:
            found = judged(self.learned, matched, sparing=True)
            ranking, answerable, right, levels = found.ranking, found.answerable, found.right, found.levels
            if meant := alike(query, ranking, pool, self.rows):
                ranking, most = with_each(ranking, meant), levels.undecided
                heading = self.rows.entries[int(pool.entries[meant[0]])].heading_text
                # Where it says more than the heading, that may be what no entry answers ("combien coûte le permis ?").
                of_heading = set(query.terms) <= set(stems(heading))
                answerable, right = (most, most) if of_heading else (min(answerable, most), min(right, most))
        result = Result(query, (), answerable, right, levels, undecided=bool(meant))
        return self._said(result, None if exact else Supposition.of(query.text), asked, ranking, pool, k)

    def substituted(self, turn: Query, earlier: str) -> str:
        """See ``Names``."""
        return self._names.substituted(turn, self.read(earlier))

    def follow(self, turn: Query, earlier: str, quoted: int | None, alone: Callable[[], Result], k: int = 10) -> Result:
        """Rank the entries for a turn that may need the question before it.

        Args:
            turn: What was typed.
            earlier: The question before.
            quoted: Row of the target that was quoted for it, if one was.
            alone: What the turn alone finds; asked where it decides between an offer and an answer or a refusal.
            k: Hits wanted.
        """
        after = self._following(turn, earlier, quoted)
        ranking, right = self._follower.judged(after)
        pool, joined, supposed = after.pool, after.asked.query, after.supposed
        if right >= AFTER_QUESTION.offer and (turn.terms or right < AFTER_QUESTION.answer):
            first = pool.targets[ranking.best_target(int(ranking.entries.argmax()), pool.owner)]
            passages = self.rows.passage_of_target[[first, alone().hits[0].row]]
            right = confirmed(right, bool(passages[0] == passages[1]), alone())
        if meant := alike(joined, ranking, pool, self.rows):
            ranking, right = with_each(ranking, meant), min(right, AFTER_QUESTION.undecided)
        found = Result(joined, (), right, right, AFTER_QUESTION, undecided=bool(meant))
        if found.answered and not supposed:
            found, supposed = self._follower.of_case_before(found, after, ranking)
        return self._said(found, supposed, after.asked, ranking, pool, k)

    def _following(self, turn: Query, earlier: str, quoted: int | None) -> Following:
        """A turn compared, alone and with the question before it, with the entries that are near to either."""
        joined = self.read(f"{earlier[-_EARLIER:].rstrip()} {JOIN} {turn.asked}")
        asked, own = (self.extractor.encode(query, self.encoder) for query in (joined, turn))
        near = self.extractor.pool(own)
        pool = self.extractor.pool(asked, near.targets[near.stands[near.owner] == 1].tolist())
        matched = self._matched(own, self._opinion(turn, own), pool)
        both = self._matched(asked, self._opinion(joined, asked), pool)
        return Following(
            turn,
            self.read(earlier),
            asked,
            pool,
            matched.features,
            ranked(self.learned, matched),
            ranked(self.learned, both),
            next(iter(np.flatnonzero(pool.targets == quoted).tolist()), None),
            Supposition.of(turn.text),
        )

    def _said(
        self, found: Result, supposed: Supposition | None, asked: EncodedQuery, ranking: Ranking, pool: Pool, k: int
    ) -> Result:
        """A result with its hits, and what an answer needs: the case that the question supposes, and marks."""
        if found.answered and supposed:
            asked, ranking, choice = self._of_case(supposed, asked, ranking, pool)
            # The words of the question before are likely of any case.
            doubtful = choice.doubtful or (found.levels is AFTER_QUESTION and not choice.stated)
            found = found.with_reserve() if doubtful else found
        elif found.answered and found.levels is not AFTER_QUESTION:
            ranking = self._affirmed_first(ranking, pool)
        found = replace(found, hits=self._hits(ranking, pool, k))
        return self._marked(found, asked, ranking, pool) if found.answered else found

    def _affirmed_first(self, ranking: Ranking, pool: Pool) -> Ranking:
        """The ranking where of two passages of the first entry in the same words, the one that denies is not first.

        So it is for a question that denies nothing ("on sait nager" beside "Vous ne savez pas nager : …").
        """
        first, *others = ranking.best_targets(int(ranking.entries.argmax()), pool.owner)[:N_PASSAGES].tolist()
        passage, *beside = (one.passage for one in some(self.rows.targets, pool.targets[[first, *others]].tolist()))
        affirmed = [target for target, other in zip(others, beside, strict=True) if denies(passage, other)]
        return with_first(ranking, np.asarray(affirmed), pool.owner) if affirmed else ranking

    def _matched(self, asked: EncodedQuery, opinion: Opinion | None, pool: Pool) -> Matched:
        if opinion:
            opinion = replace(opinion, targets=opinion.targets[pool.targets])
        documents = self.rows.layout.document_of_entry[pool.entries]
        return Matched(
            self.extractor.extract(asked, pool=pool),
            opinion,
            pool.owner,
            partial(self._read, asked.query, pool) if self.encoder.reader else None,
            partial(self._succession.preferring, documents=documents, owner=pool.owner),
        )

    def _read(self, query: Query, pool: Pool, places: Sequence[int], nearest: Sequence[int]) -> Sequence[float]:
        """What the reader says of some targets of a pool, each with the phrasing that the question is nearest to."""
        assert self.encoder.reader
        targets = pool.targets[list(places)]
        some(self.rows.entries, self.rows.entry_of_target[targets].tolist())  # read at once
        chosen = zip(targets.tolist(), nearest, strict=True)
        texts = [self.rows.reader_text(target, query.terms, phrasing) for target, phrasing in chosen]
        said: list[float] = self.encoder.reader.read(query.brief, texts).tolist()
        return said

    def _hits(self, ranking: Ranking, pool: Pool, k: int) -> tuple[Hit, ...]:
        best = np.argsort(-ranking.entries, kind="stable")[:k]
        entries = some(self.rows.entries, pool.entries[best].tolist())
        rows = [int(pool.targets[ranking.best_target(place, pool.owner)]) for place in best.tolist()]
        found = zip(entries, some(self.rows.targets, rows), rows, ranking.entries[best].tolist(), strict=True)
        return tuple(
            Hit(entry, target, row, self.rows.label(row), score, place)
            for place, (entry, target, row, score) in enumerate(found, 1)
        )

    def _of_case(
        self, supposed: Supposition, asked: EncodedQuery, ranking: Ranking, pool: Pool
    ) -> tuple[EncodedQuery, Ranking, Choice]:
        """The question farther from the opposite case, the ranking by the case, and what was chosen by it."""
        case = supposed.encoded(self.encoder)
        choice = self._cases.choose(case, ranking, pool)
        if choice.settled:
            others = Ranking(ranking.targets * np.float32(_OTHER_CASE), ranking.entries)
            ranking = with_first(others, np.asarray([choice.target]), pool.owner)
        return replace(asked, vectors=asked.vectors + (case[0] - case[1])), ranking, choice

    def _marked(self, found: Result, asked: EncodedQuery, ranking: Ranking, pool: Pool) -> Result:
        """The same with what is marked in the first hit, which may be another of its likely targets."""
        likely = ranking.best_targets(int(ranking.entries.argmax()), pool.owner)[: N_PASSAGES + 1]
        rows, first = pool.targets[likely].tolist(), found.hits[0]
        likelihoods = np.log(ranking.targets[likely] + 1e-12).tolist()
        candidates = list(zip(rows, some(self.rows.targets, rows), likelihoods, strict=True))
        # Who wrote phrasings for an entry did not say which of its passages answers.
        candidates = [one for one in candidates if not one[1].is_entry][:N_PASSAGES]
        likeliest = candidates[0][1].passage
        candidates = [one for one in candidates if not are_opposite(likeliest, one[1].passage)]
        among = [(target, likelihood) for _, target, likelihood in candidates]
        place, marked = self._marker.mark(asked.query.brief, asked.vectors[0], first.entry, among)
        hits = (replace(first, target=candidates[place][1], row=candidates[place][0]), *found.hits[1:])
        return replace(found, hits=hits, marked=marked)

    def _opinion(self, query: Query, asked: EncodedQuery) -> Opinion | None:
        """What the classifier thinks: of a long message, what its most telling sentence says counts too."""
        if self._classifier is None:
            return None
        pieces = [query, *(self.extractor.parser.read(p) for p in self.extractor.pieces(query)[1:])]
        scores = self._classifier.scores(pieces, asked.vectors)
        inside = self._classifier.classes != OUTSIDE
        best = scores[1 + int(scores[1:, inside].max(axis=1).argmax())] if len(scores) > 1 else scores[0]
        return self._classifier.opinion((scores[0] + best) / 2, len(self.rows.targets))


def _likeliest(opinion: Opinion) -> list[int]:
    """Rows of the targets that the classifier thinks of first."""
    n = min(NEAREST, len(opinion.targets))
    found: list[int] = np.argpartition(-opinion.targets, n - 1)[:n].tolist()
    return found
