"""Learning a corpus's own weights at build time from its phrasings, each left out in turn."""

import hashlib
import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from corpus.document import Entry
from corpus.phrasings import Lexicon
from index.calibration import ENOUGH, N_FOLDS, Learned, calibrated, shipped
from index.classifier import OUTSIDE, Classifier, fit
from index.dense import Vectors
from index.encoder import Reader, ReadOnce
from index.features import EncodedQuery, FeatureExtractor
from index.french import STOP_WORDS, stems, words
from index.judging import Matched, judged
from index.lexical import Doubles
from index.query import Query, QueryParser
from index.ranking import SIGNALS, fit_ranking
from index.records import batched
from index.result import Levels
from index.stored import Stored

# As ``ENOUGH``, for the calibration where no reader tells near questions: the shipped one then knows little.
_ENOUGH_UNREAD = 30
# The closed form of the classifier is cubic in the number of its examples.
_MOST_PHRASINGS = 5000
# On the distance of ranking weights from the shipped ones, before the first phrasing. Over six FAQs (bench_workshop.py)
# 1 and 3 put up to 2 points fewer entries first than the shipped weights with 5 to 60 phrasings, 10 to 100 never do.
_PENALTY = 30.0
_AT_ONCE = 64
"""Questions that are compared together with a corpus."""
_NOBODY = -1
"""The entry that answers what no entry answers."""

Trained = tuple[Classifier, Doubles]
"""A classifier, and what it says of each class for each question of its training set, had it not learned from it."""


_DATA = Path(__file__).parent / "data"


def outside_questions(entries: Sequence[Entry], lexicon: Lexicon, unanswered: Sequence[str]) -> list[tuple[int, str]]:
    """Questions that a corpus does not answer, with the group that each belongs to.

    General ones shipped with the code and the editor's, each a group of its own, and those for details of
    its own subjects that it does not give, a group for each detail.
    """
    lines = (_DATA / "out_of_scope.txt").read_text(encoding="utf-8").splitlines()
    # Every other one: they are refused all the same, and the build takes two seconds less.
    general = [line.strip() for line in lines if line.strip()][::2]
    near = _missing_details(entries, lexicon)
    first = max((group for group, _ in near), default=-1) + 1
    return near + list(enumerate([*unanswered, *general], first))


def _missing_details(entries: Sequence[Entry], lexicon: Lexicon) -> list[tuple[int, str]]:
    """Questions about the subjects of a corpus for details that it does not give: (detail, question).

    A detail one of whose words stands in the corpus is passed over: the corpus may well give it.
    """
    content = tomllib.loads((_DATA / "missing_details.toml").read_text(encoding="utf-8"))
    vocabulary = {term for e in entries for term in stems(f"{e.heading_text} {e.body_text}")}
    subjects = _subjects(entries, lexicon, vocabulary)
    questions = []
    for number, detail in enumerate(content["detail"]):
        if any(set(stems(word)) <= vocabulary for word in detail["needs"] if stems(word)):
            continue
        for place, ask in enumerate(detail["ask"]):
            # Each way of asking meets a subject of its own, so that neither is learned by heart.
            chosen = subjects[(number + place) % 6 :: 6][:1]
            questions += [(number, ask.replace("{}", subject)) for subject in chosen]
    return questions


def _subjects(entries: Sequence[Entry], lexicon: Lexicon, vocabulary: Collection[str]) -> list[str]:
    """What one may ask about: the acronyms of the corpus, and the longest frequent words of its entries."""
    acronyms = [a for a in lexicon.acronyms if set(stems(a)) <= set(vocabulary)]
    counts: Counter[str] = Counter()
    for entry in entries:
        counts.update({w for w in words(entry.body_text) if len(w) >= 6 and w not in STOP_WORDS and not w.isdigit()})
    # Words of one to three entries name something; those of every entry name nothing.
    telling = sorted((w for w, n in counts.items() if n <= 3), key=lambda w: (-counts[w], -len(w), w))
    mixed: list[str] = []
    for place in range(9):
        mixed += acronyms[place : place + 1] + telling[place : place + 1]
    return mixed


class Training:
    """The questions of known answer of a corpus, each asked as if nobody had written it down.

    Args:
        extractor: The corpus, with the vectors of its questions.
        asked: Its phrasings, read.
        beyond: What it does not answer, read.
        outside: The same as ``outside_questions`` gives it.
        unanswered: Which of these its editor wrote.
        read: Its reader, if there is one.
    """

    def __init__(
        self,
        extractor: FeatureExtractor,
        asked: Sequence[Query],
        beyond: Sequence[Query],
        outside: Sequence[tuple[int, str]],
        unanswered: Collection[str],
        read: Reader | None,
    ) -> None:
        self.extractor = extractor
        self.asked, self.outside = _encoded(asked, extractor, "phrasings"), _encoded(beyond, extractor, "outside")
        written = set(unanswered)
        self.unanswered = {row for row, (_, text) in enumerate(outside) if text in written}
        """Rows of ``outside``."""
        self._reader = read
        self._trained = self._train_classifier([group for group, _ in outside])
        self._asked: dict[int, Matched] = {}

    @classmethod
    def of(cls, stored: Stored, lexicon: Lexicon, unanswered: Sequence[str], reader: Reader | None) -> "Training":
        """What an index learned from.

        Args:
            stored: The index.
            lexicon: Of its corpus.
            unanswered: Of its corpus, as they were when it was built.
            reader: Its reader, if there is one.

        Raises:
            ValueError: ``unanswered`` or ``lexicon`` are not those of the index.
        """
        rows, parser = stored.rows, QueryParser(stored.vocabulary)
        outside = outside_questions(stored.entries, lexicon, unanswered) if rows.phrasings else []
        if len(outside) != (n := len(stored.dense["outside"].all())):
            raise ValueError(f"{len(outside)} questions without an answer, {n} in the index")
        asked, beyond = [parser.read(text) for text in rows.phrasings], [parser.read(text) for _, text in outside]
        extractor = FeatureExtractor(rows, parser, stored.dense, stored.lexical)
        return cls(extractor, asked, beyond, outside, unanswered, ReadOnce(reader, stored.said) if reader else None)

    @property
    def classifier(self) -> Classifier | None:
        """Of a corpus that has phrasings, and not too many."""
        return self._trained[0] if self._trained else None

    def _train_classifier(self, outside_groups: Sequence[int]) -> Trained | None:
        n, labels = len(self.asked), self.extractor.rows.target_of_phrasing
        if not 0 < n <= _MOST_PHRASINGS:
            return None
        questions = [*self.asked, *self.outside]
        vectors: Vectors = np.stack([q.vectors[0] for q in questions])
        classes = np.concatenate([labels, np.full(len(self.outside), OUTSIDE, dtype=np.intp)])
        groups = np.asarray([*range(n), *(n + group for group in outside_groups)], dtype=np.intp)
        return fit([q.query for q in questions], vectors, classes, groups)

    def left_out(self, rows: Sequence[int]) -> Iterator[Matched]:
        """Questions by their rows in ``asked``, then in ``outside``."""
        for own in batched(rows, _AT_ONCE):
            if new := [row for row in own if row not in self._asked]:
                self._asked |= zip(new, self._matched(new), strict=True)
            yield from map(self._asked.__getitem__, own)

    def _matched(self, rows: Sequence[int]) -> Iterator[Matched]:
        n, owner, trained = len(self.asked), self.extractor.rows.entry_of_target, self._trained
        every = [*self.asked, *self.outside]
        questions = [every[row] for row in rows]
        without = [np.asarray([row][: row < n], dtype=np.intp) for row in rows]
        found = self.extractor.extract_each(questions, without)
        for row, question, features in zip(rows, questions, found, strict=True):
            opinion = trained[0].opinion(trained[1][row], len(owner)) if trained else None
            yield Matched(features, opinion, owner, partial(self._read, question.query) if self._reader else None)

    def _read(self, query: Query, targets: Sequence[int], nearest: Sequence[int]) -> list[float]:
        """A logit for each of the targets, given by their rows and those of their phrasings (see ``reader_text``)."""
        assert self._reader
        chosen = zip(targets, nearest, strict=True)
        texts = [self.extractor.rows.reader_text(target, query.terms, phrasing) for target, phrasing in chosen]
        said: list[float] = self._reader.read(query.brief, texts).tolist()
        return said

    def learn(self, max_error: float, on_progress: Callable[[int, int], None] = lambda *_: None) -> Learned:
        """Weights, calibration and thresholds: the shipped ones, moved as far as the corpus's own questions tell.

        The phrasings move the ranking; beside them, the questions that an editor wrote as unanswered, and half as many
        general ones, the calibration. General ones alone would not do: they are so easily refused that near ones would
        pass. Where there is no reader they have to: it is what tells near ones.

        What is learned from phrasings is about entries that have some: for the others, the shipped weights stay.
        Learning one ranking for both, from phrasings asked as if their entry had none, answered 4 of 35 questions about
        five entries added to the shipped corpus, and lost 20 of its 394 known ones.

        Args:
            max_error: See ``threshold``.
            on_progress: Called with the number of questions asked and to ask.
        """
        prior = shipped(max_error, reader=self._reader is not None)
        if self._trained is None:
            return prior
        rows, n = self.extractor.rows, len(self.asked)
        inside, outside = list(range(n)), self._without_answer(0 if self._reader else n)
        questions = list[Matched]()
        for question in self.left_out([*inside, *outside]):
            questions.append(question)
            on_progress(len(questions), n + len(outside))
        entries = rows.entry_of_target[rows.target_of_phrasing]
        # Where an entry has one phrasing, nothing is left that tells which part of it was meant.
        wanted = [
            rows.target_of_phrasing[row : row + 1]
            if (entries == entry).sum() > 1
            else np.flatnonzero(rows.entry_of_target == entry)
            for row, entry in enumerate(entries)
        ]
        columns = [question.columns for question in questions[:n]]
        penalty = _PENALTY ** max(0.0, 1 - n / ENOUGH)
        weights = replace(
            prior.weights, fields=tuple(fit_ranking(columns, wanted, penalty, prior.weights.fields).tolist())
        )
        others = prior if len(np.unique(entries)) < len(rows.entries) else None
        ranking = replace(prior, weights=weights)
        if not outside:
            return replace(ranking, others=others)
        # One phrasing more changes at most one of these: what a reader said of the others is known.
        hashes = [_hash(question) for question in self.asked]
        inside = sorted(inside, key=hashes.__getitem__)[:ENOUGH]
        found = [judged(ranking, questions[row]) for row in inside] + [judged(ranking, one) for one in questions[n:]]
        groups = [hashes[row] for row in inside] + [_hash(self.outside[row - n]) for row in outside]
        answers = np.asarray([*entries[inside], *[_NOBODY] * len(outside)])
        sizes = [len(inside), len(outside)]
        learned = calibrated(
            np.stack([judgement.seen for judgement in found]),
            answerable=answers != _NOBODY,
            right=np.asarray([judgement.first for judgement in found]) == answers,
            groups=np.asarray([own % N_FOLDS for own in groups]),
            weights=weights,
            telling=SIGNALS,
            max_error=max_error,
            shares=np.repeat([min(sizes) / size for size in sizes], sizes),  # both kinds weigh the same
            prior=prior,
            enough=ENOUGH if self._reader else _ENOUGH_UNREAD,
        )
        return replace(learned, others=others)

    def _without_answer(self, n_general: int) -> list[int]:
        """Rows of what an editor wrote that nothing answers, and of half as many others, or ``n_general``."""
        rows = sorted(range(len(self.outside)), key=lambda row: _hash(self.outside[row]))
        written = [row for row in rows if row in self.unanswered][:ENOUGH]
        others = [row for row in rows if row not in self.unanswered][: max(len(written) // 2, n_general)]
        return [len(self.asked) + row for row in [*written, *others]]


def _encoded(queries: Sequence[Query], extractor: FeatureExtractor, field: str) -> list[EncodedQuery]:
    vectors = extractor.dense[field].all()
    return [EncodedQuery(query, vector[None, :]) for query, vector in zip(queries, vectors, strict=True)]


def _hash(question: EncodedQuery) -> int:
    return int.from_bytes(hashlib.blake2b(question.query.text.encode(), digest_size=8).digest())


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


def left_out_in_turn(training: Training, learned: Learned) -> Iterator[LeftOutQuestion]:
    """Each phrasing of an index, then each of its unanswered questions, asked of an index without it."""
    rows = training.extractor.rows
    n, entries = len(training.asked), rows.entry_of_target[rows.target_of_phrasing].tolist()
    wanted = [
        (row, text, rows.entries[entry]) for row, (text, entry) in enumerate(zip(rows.phrasings, entries, strict=True))
    ]
    nothing = [(n + row, training.outside[row].query.typed.text, None) for row in sorted(training.unanswered)]
    asked = [*wanted, *nothing]
    for (_, text, entry), matched in zip(asked, training.left_out([row for row, *_ in asked]), strict=True):
        found = judged(learned, matched)
        yield LeftOutQuestion(text, entry, rows.entries[found.first], found.answerable, found.right, found.levels)
