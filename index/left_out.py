"""What an index would say of its own phrasings and unanswered questions, had nobody written each of them down."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.document import Entry
from corpus.phrasings import Lexicon
from index.calibration import Learned
from index.dense import Field
from index.encoder import Reader
from index.features import EncodedQuery, FeatureExtractor
from index.outside import outside_questions
from index.query import Query, QueryParser
from index.ranking import probability
from index.result import Levels
from index.rows import Rows
from index.stored import Stored
from index.training import NOBODY, TrainingSet, Trial, judged, train_classifier


@dataclass(frozen=True, slots=True)
class LeftOutQuestion:
    """One of them, asked of an index that does not know it."""

    text: str
    wanted: Entry | None
    """What it asks for; None where nothing answers it."""
    found: Entry
    """What comes first."""
    answerable: float
    """Probability that the documents answer."""
    right: float
    """Probability that ``found`` does."""
    levels: Levels
    """What they are compared with."""


class ReadOnce:
    """A reader that remembers what it said, and what was said before.

    Args:
        rows: The corpus.
        reader: Says how well texts answer a question.
        known: What it said, by a hash of question and text; one that changed is read again.
    """

    def __init__(self, rows: Rows, reader: Reader, known: Mapping[str, float]) -> None:
        self._rows = rows
        self._reader = reader
        self._known = dict(known)
        self.said: dict[str, float] = {}
        """What was asked of it, in the same form."""

    def __call__(self, question: EncodedQuery, targets: Sequence[int]) -> list[float]:
        """A logit for each of the targets, given by their rows."""
        query = question.query
        texts = [self._rows.reader_text(row, query.terms) for row in targets]
        keys = [_key(query.brief, text) for text in texts]
        if not self._known.keys() >= set(keys):
            self._known.update(zip(keys, self._reader.read(query.brief, texts).tolist(), strict=True))
        self.said.update((key, self._known[key]) for key in keys)
        return [self._known[key] for key in keys]


def _key(query: str, text: str) -> str:
    return hashlib.blake2b(f"{query}\n{text}".encode(), digest_size=12).hexdigest()


def encoded(queries: Sequence[Query], dense: Field) -> list[EncodedQuery]:
    """Questions with the vectors that an index has of them."""
    return [EncodedQuery(query, vector[None, :]) for query, vector in zip(queries, dense.all(), strict=True)]


def left_out_in_turn(
    stored: Stored, lexicon: Lexicon, unanswered: Sequence[str], read: ReadOnce | None
) -> Iterator[LeftOutQuestion]:
    """Each phrasing of an index, then each of its unanswered questions, asked of an index without it.

    Args:
        stored: The index.
        lexicon: Of its corpus.
        unanswered: Of its corpus, as they were when it was built.
        read: Its reader, if it has one.

    Raises:
        ValueError: ``unanswered`` or ``lexicon`` are not those of the index.
    """
    rows, parser = stored.rows, QueryParser(stored.vocabulary)
    extractor = FeatureExtractor(rows, parser, stored.dense, stored.lexical)
    outside = outside_questions(stored.entries, lexicon, unanswered) if rows.phrasings else []
    if len(outside) != len(stored.dense["outside"].all()):
        raise ValueError(
            f"{len(outside)} questions without an answer, {len(stored.dense['outside'].all())} in the index"
        )
    asked = encoded([parser.read(text) for text in rows.phrasings], stored.dense["phrasings"])
    beyond = encoded([parser.read(text) for _, text in outside], stored.dense["outside"])
    trained = train_classifier(extractor, TrainingSet(asked, beyond, [group for group, _ in outside]))
    entries, own = rows.entries, rows.entry_of_target
    wanted = [entries[entry] for entry in own[rows.target_of_phrasing].tolist()]
    written = set(unanswered)
    trials = [
        (q, text, entry, number)
        for number, (q, text, entry) in enumerate(zip(asked, rows.phrasings, wanted, strict=True))
    ]
    everything = [
        *trials,
        *(
            (q, text, None, len(asked) + n)
            for n, (q, (_, text)) in enumerate(zip(beyond, outside, strict=True))
            if text in written
        ),
    ]
    for question, text, entry, number in everything:
        features = extractor.extract(question, np.asarray([number], dtype=np.intp) if entry else None)
        opinion = trained[0].opinion(trained[1][number], len(own)) if trained else None
        seen = Trial(question, features, opinion, own, np.empty(0, dtype=np.intp), NOBODY)
        learned = stored.learned
        first, answerable, right = _judged(seen, learned, read)
        if learned.others and not learned.is_sure(answerable, right):  # as ``Searcher`` does
            other = _judged(seen, learned.others, read)
            if other[2] > right and not features.asked[other[0]]:
                learned, (first, answerable, right) = learned.others, other
        yield LeftOutQuestion(text, entry, entries[first], answerable, right, learned.levels)


def _judged(trial: Trial, learned: Learned, read: ReadOnce | None) -> tuple[int, float, float]:
    """The first entry, and the probabilities that the documents answer and that it does."""
    weights = learned.weights
    [seen], [first] = judged([trial], weights, read)
    right = probability(seen, weights.right)
    return int(first), max(right, probability(seen, weights.answerable)), right
