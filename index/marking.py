"""The sentences of an entry that answer a question."""

from collections.abc import Sequence
from operator import attrgetter
from threading import Lock

import numpy as np
from cachetools import LRUCache, cachedmethod

from corpus.document import Entry, Passage, Span
from corpus.phrasings import Target
from corpus.split.sentences import sentences
from index.bands import row_in_band
from index.dense import Vectors
from index.encoder import Encoder
from index.french import stems

# A sentence by its cosine, the logarithm of its passage's probability, whether it is the first there, and the logit of
# a reader. Fitted on 310 questions over documents and FAQs, measured on 302 others: see ``reader_data/README.md``, What
# is marked.
_COSINE, _PASSAGE, _FIRST, _READER = 24.0, 0.5, 0.2, 0.26
# A passage this much less likely than the best, in logarithms, is no candidate; nor are more than so many.
_NEAR_PASSAGE = 1.0
N_PASSAGES = 3
# Sentences that are read: none where one is ahead by more than this, as of three questions in five.
_UNSETTLED, _N_SENTENCES = 1.0, 3
# A sentence of the same passage whose score is this close to the best one's is marked as well.
_CLOSE = 0.7
# Characters from the first to the last row that are marked together: some forty rows.
_WIDEST = 3000
# Passages whose sentences' vectors are kept: some ten sentences each, 15 MB.
_N_KEPT = 1000


class Marker:
    """Chooses what is marked. Safe to share between threads."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._vectors: LRUCache[tuple[str, int, int], Vectors] = LRUCache(_N_KEPT)
        self._lock = Lock()

    def mark(
        self, question: str, vector: Vectors, entry: Entry, targets: Sequence[tuple[Target, float]]
    ) -> tuple[int, tuple[Span, ...]]:
        """Place of the target to quote, and its sentences that answer, in order; none where an editor chose it.

        Args:
            question: As a reader reads it.
            vector: Of the question, shape ``(dim,)``.
            entry: That answers it.
            targets: Its likeliest, the first before the others, each with the logarithm of its probability.
        """
        (first, highest), text = targets[0], entry.document.text
        if not _is_passage(first):
            return 0, ()
        # Where phrasings were written for a passage, they know better than its sentences that it answers.
        lowest = highest - (0.0 if first.phrasings else _NEAR_PASSAGE)
        near = [place for place, (t, own) in enumerate(targets) if _is_passage(t) and own >= lowest]
        found = [(place, span) for place in near for span in _sentences(targets[place][0].passage)]
        if len(found) == 1:
            return 0, _alike(question, entry, first.passage, (found[0][1],))
        cosines = np.concatenate([self._encoded(targets[place][0].passage) @ vector for place in near])
        scores = _COSINE * cosines + _PASSAGE * np.asarray([targets[place][1] for place, _ in found])
        scores += _FIRST * np.asarray([span.start == targets[place][0].passage.start for place, span in found])
        order = np.argsort(-scores, kind="stable")[:_N_SENTENCES]
        order = order[scores[order] >= scores[order[0]] - _UNSETTLED]
        if self._encoder.reader and len(order) > 1:
            texts = [f"{entry.heading_text}\n{found[row][1].of(text)}" for row in order.tolist()]
            scores[order] += _READER * self._encoder.reader.read(question, texts)
        best = order[scores[order].argmax()]
        chosen = found[best][0]
        close = sorted(row for row in order.tolist() if scores[row] >= scores[best] - _CLOSE)
        marked = tuple(found[row][1] for row in close if found[row][0] == chosen)
        return chosen, _alike(question, entry, targets[chosen][0].passage, marked)

    @cachedmethod(
        attrgetter("_vectors"),
        key=lambda _, passage: (passage.document.id, passage.start, passage.end),
        lock=attrgetter("_lock"),
    )
    def _encoded(self, passage: Passage) -> Vectors:
        """Of its sentences, each below the heading and what it must be read with.

        Encoded when they are needed: the vectors of all sentences would be most of an index and of its build.
        """
        text = passage.document.text
        above = f"{passage.question.of(text)}\n" if passage.question else ""
        above += "".join(f"{span.of(text)} " for span in passage.context)
        return self._encoder.encode_passages([above + span.of(text) for span in _sentences(passage)])


def _alike(question: str, entry: Entry, row: Passage, marked: tuple[Span, ...]) -> tuple[Span, ...]:
    """What is marked; of a row, all rows of its table instead that have the same words of the question, or more.

    "Une concession de 30 ans" asks as much for the row of a single one as for that of a double one, and what has only
    words of the headings and of the head of the table, for all its rows.
    """
    if "\t" not in row.text or marked != (Span(row.start, row.end),):
        return marked
    asked, text, is_alone = set(stems(question)), entry.document.text, row.quote == marked[0]
    near = [one for one in entry.passages if abs(one.start - row.start) <= _WIDEST and "\t" in one.text]
    below = [one for one in near if marked[0] in one.context]  # where the row is their head
    alike = (below or [row])[0]
    rows = [one for one in near if one.context == alike.context and (is_alone or one.quote == alike.quote)]
    head = " ".join(span.of(text) for span in (*alike.headings, *alike.context))
    columns = next((own for span in alike.context if "\t" in (own := span.of(text))), "")
    if (at := row_in_band(question, [one.text for one in rows], columns)) is not None:
        return (Span(rows[at].start, rows[at].end),)
    if below:
        asked.difference_update(stems(row.text))
        row = max(rows, key=lambda one: len(asked.intersection(stems(one.text))))
        if asked.isdisjoint(stems(row.text)):
            return marked
    held = [asked.intersection(stems(one.text)) for one in rows]
    if known := held[rows.index(row)]:
        most = max((own for own in held if own >= known), key=len)
        rows = [one for one, own in zip(rows, held, strict=True) if own == most]
    elif not asked.issubset(stems(head)):
        return marked
    return tuple(Span(one.start, one.end) for one in rows) if rows[-1].end - rows[0].start <= _WIDEST else marked


def _is_passage(target: Target) -> bool:
    return target.span == Span(target.passage.start, target.passage.end)


def _sentences(passage: Passage) -> list[Span]:
    return [span.shift(passage.start) for span in sentences(passage.text)]
