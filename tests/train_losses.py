"""What encoder and reader learn from: batches of questions with near entries, and the losses over them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor
from torch.nn import functional
from train_data import KINDS, Asked, Corpus, TrainingData
from train_models import DEVICE, Judge, cosines, pair, vectors
from transformers import BertModel

_FAR = 300
"""Questions of other FAQs that each one does not answer."""


class Neighbours:
    """The entries that the encoder finds nearest to each question that is learned from, best first."""

    def __init__(self, bert: BertModel, data: TrainingData) -> None:
        self._of: dict[tuple[int, int], list[int]] = {}
        self.far: dict[int, list[tuple[list[int], list[int]]]] = {}
        """Of each corpus, questions of others, and entries that are near to each."""
        for corpus in data.learned.values():
            alone = [turn.alone for turn in corpus.questions["follow"]]
            asked = [question.texts[0] for question in (*corpus.questions["asked"], *corpus.questions["near"])]
            self._note(corpus, [*asked, *alone], cosines(bert, data, corpus, [*asked, *alone]).sum(0), 8)
        self._note_far(bert, data)
        for own in (*data.documents.values(), *data.topics.values(), data.official):
            asked = [question.texts[0] for question in (*own.questions["asked"], *own.questions["near"])]
            self._note(own, asked, cosines(bert, data, own, asked, ("wholes",))[0], 16)

    def _note(self, corpus: Corpus, asked: Sequence[int], scores: Tensor, most: int) -> None:
        rows = scores.topk(min(most, scores.shape[1]), dim=1).indices.tolist()
        self._of.update({(id(corpus), text): near for text, near in zip(asked, rows, strict=True)})

    def _note_far(self, bert: BertModel, data: TrainingData) -> None:
        """Questions of other FAQs: the nearest two entries may answer them, those that come after do not."""
        random = Random(1)
        for name, corpus in data.learned.items():
            others = [q.texts for n, of in data.learned.items() if n != name for q in of.questions["asked"]]
            chosen = random.sample(others, min(_FAR, len(others)))
            rows = cosines(bert, data, corpus, [texts[0] for texts in chosen]).sum(0).topk(6, dim=1).indices[:, 2:]
            self.far[id(corpus)] = list(zip(chosen, rows.tolist(), strict=True))

    def of(self, corpus: Corpus, text: int, without: int) -> list[int]:
        return [row for row in self._of[id(corpus), text] if row != without]


class EncoderLoss:
    """InfoNCE both ways over a batch of questions and their entries (van den Oord et al., 2018).

    Three eighths of the questions are those of FAQs, as many those of topics, an eighth those of official passages, and
    an eighth official headings, each of which wants its passage. Near entries, and questions that nothing answers, are
    negatives only.
    """

    _temperature = 0.02

    def __init__(self, bert: BertModel, data: TrainingData, near: Neighbours, batch: int) -> None:
        self._bert, self._data, self._near, self._batch = bert, data, near, batch
        self._random = Random(0)
        self._asked = [(corpus, question) for corpus in data.learned.values() for question in corpus.questions["asked"]]
        self._of_topics = [(topic, question) for topic in data.topics.values() for question in topic.questions["asked"]]
        self._unanswered = [question for corpus in data.learned.values() for question in corpus.questions["near"]]

    def __call__(self) -> Tensor:
        random, batch, official = self._random, self._batch, self._data.official
        pairs = [self._of_faq(*own) for own in random.sample(self._asked, 3 * batch // 8)]
        pairs += [self._of_topic(*own) for own in random.sample(self._of_topics, 3 * batch // 8)]
        pairs += [self._of_official(question) for question in random.sample(official.questions["asked"], batch // 8)]
        headings = [Asked([text], row) for row, text in enumerate(official.headings)]
        pairs += [self._pairs(official, official.wholes, own, []) for own in random.sample(headings, batch // 8)]
        unanswered = [random.choice(question.texts) for question in random.sample(self._unanswered, batch // 8)]
        queries = self._vectors([*(query for query, _ in pairs), *unanswered])
        entries = [own[0] for _, own in pairs] + [other for _, own in pairs for other in own[1:]]
        scores = queries @ self._vectors([text for _, text in entries]).T / self._temperature
        # An entry that is there twice is no negative of itself.
        number = {key: place for place, key in enumerate({key for key, _ in entries})}
        same = torch.tensor([number[key] for key, _ in entries], device=DEVICE)
        n = len(pairs)
        twin = same[:n, None] == same
        twin.fill_diagonal_(False)
        wanted = torch.arange(n, device=DEVICE)
        answered = scores[:n].masked_fill(twin, -1e4)
        back = torch.cat([answered[:, :n], scores[n:, :n]]).T
        return functional.cross_entropy(answered, wanted) + functional.cross_entropy(back, wanted) / 2

    def _vectors(self, texts: Sequence[int]) -> Tensor:
        return vectors(self._bert, [self._data.tokens[text] for text in texts])

    def _of_faq(self, corpus: Corpus, question: Asked) -> "_Pairs":
        [texts] = self._random.choices([corpus.headings, corpus.bodies, corpus.wholes], (0.35, 0.2, 0.45))
        near = self._random.sample(self._near.of(corpus, question.texts[0], question.row)[:5], 2)
        return self._pairs(corpus, texts, question, near)

    def _of_topic(self, topic: Corpus, question: Asked) -> "_Pairs":
        """The section that answers, and two near ones that do not; other sections that answer are no negatives here."""
        [texts] = self._random.choices([topic.headings, topic.bodies, topic.wholes], (0.1, 0.25, 0.65))
        right = [question.row, *question.doubtful]
        near = [row for row in self._near.of(topic, question.texts[0], question.row) if row not in right][:6]
        return self._pairs(topic, texts, question, self._random.sample(near, min(2, len(near))))

    def _of_official(self, question: Asked) -> "_Pairs":
        corpus = self._data.official
        [texts] = self._random.choices([corpus.headings, corpus.wholes], (0.15, 0.85))
        near = self._random.choice(self._near.of(corpus, question.texts[0], question.row)[:8])
        return self._pairs(corpus, texts, question, [near] if texts[near] != texts[question.row] else [])

    def _pairs(self, corpus: Corpus, texts: list[int], question: Asked, near: list[int]) -> "_Pairs":
        rows = (question.row, *near)
        return self._random.choice(question.texts), [((id(corpus), row), texts[row]) for row in rows]


_Pairs = tuple[int, list[tuple[tuple[int, int], int]]]
"""A query, and the entry that it wants, then others: which each is, and its text."""


# Of the groups of FAQs.
_FAR_SHARE = 0.08
# Of the other groups of FAQs, by kind.
_KIND_SHARES = (0.54, 0.18, 0.12, 0.09, 0.07)
# Of the groups of official passages and of documents, those whose question has an answer.
_ANSWERED = 0.75
# Of all groups, those of official passages, of documents, of FAQs and of topics.
_SHARES = (0.15, 0.05, 0.35, 0.45)


@dataclass(frozen=True, slots=True)
class Group:
    """A question and passages: the one that answers it, or that it is near to, then others."""

    query: int
    passages: list[int]
    answered: bool


class ReaderLoss:
    """Logistic loss of each passage, with smoothing, plus a listwise softmax of each group that has an answer.

    The softmax is that of ListNet (Cao et al., 2007) with one right passage.
    """

    _smoothing = 0.03

    def __init__(self, judge: Judge, data: TrainingData, near: Neighbours, groups: int) -> None:
        self._judge, self._data, self._near, self._groups = judge, data, near, groups
        self._random = Random(0)
        self._faqs = list(data.learned.values())
        self._kinds = {kind: [(own, q) for own in self._faqs for q in own.questions[kind]] for kind in KINDS}
        own = data.documents.values()
        self._of_documents = [[(doc, q) for doc in own for q in doc.questions[kind]] for kind in ("asked", "near")]
        self._of_topics = [(topic, q) for topic in data.topics.values() for q in topic.questions["asked"]]
        self._page: dict[str, list[int]] = defaultdict(list)
        for row, page in enumerate(data.official.pages):
            self._page[page].append(row)

    def __call__(self) -> Tensor:
        makers = (self._of_official, self._of_document, self._of_faq, self._of_topic)
        groups = [make() for make in self._random.choices(makers, _SHARES, k=self._groups)]
        logits = self._judge([pair(self._data, group.query, p) for group in groups for p in group.passages])
        own = logits.split([len(group.passages) for group in groups])
        right = [float(group.answered and not place) for group in groups for place in range(len(group.passages))]
        smooth = torch.tensor(right, device=DEVICE) * (1 - 2 * self._smoothing) + self._smoothing
        listwise = [-found.log_softmax(0)[0] for found, group in zip(own, groups, strict=True) if group.answered]
        return functional.binary_cross_entropy_with_logits(logits, smooth) + sum(listwise) / max(1, len(listwise))

    def _of_faq(self) -> Group:
        random = self._random
        if random.random() < _FAR_SHARE:
            corpus = random.choice(self._faqs)
            texts, rows = random.choice(self._near.far[id(corpus)])
            return Group(random.choice(texts), [self._passage(corpus, row) for row in rows[:3]], answered=False)
        [kind] = random.choices(tuple(self._kinds), _KIND_SHARES)
        corpus, question = random.choice(self._kinds[kind])
        rows = [question.row, *self._others(kind, corpus, question)]
        passages = [self._passage(corpus, row) for row in rows]
        other = random.choice(self._faqs)
        if random.random() < 0.25 and other is not corpus:
            passages.append(self._passage(other, random.randrange(len(other.wholes))))
        return Group(random.choice(question.texts), passages, kind not in ("near", "near_after"))

    def _of_document(self) -> Group:
        """Four near pieces."""
        answered = self._random.random() < _ANSWERED
        corpus, question = self._random.choice(self._of_documents[not answered])
        near = self._near.of(corpus, question.texts[0], question.row)[:6]
        rows = [question.row, *self._random.sample(near, min(4, len(near)))]
        return Group(self._random.choice(question.texts), [self._passage(corpus, row) for row in rows], answered)

    def _of_topic(self) -> Group:
        """One of the sections that answer, and four near ones that do not, of the same or other documents."""
        topic, question = self._random.choice(self._of_topics)
        right = [question.row, *question.doubtful]
        near = [row for row in self._near.of(topic, question.texts[0], question.row) if row not in right][:10]
        rows = [question.row, *self._random.sample(near, min(4, len(near)))]
        return Group(self._random.choice(question.texts), [question.read[row] for row in rows], answered=True)

    def _others(self, kind: str, corpus: Corpus, question: Asked) -> list[int]:
        """Four near entries; after an earlier question its own entry and one more, near or any."""
        if kind in ("asked", "near"):
            near = self._near.of(corpus, question.texts[0], question.row)[:6]
            return self._random.sample(near, min(4, len(near)))
        near = self._near.of(corpus, question.alone, question.row) if kind == "follow" else []
        any_ = [self._random.randrange(len(corpus.wholes)) for _ in range(4)]
        rows = dict.fromkeys([question.earlier, *near, *any_])
        return [row for row in rows if row != question.row][:2]

    def _passage(self, corpus: Corpus, row: int) -> int:
        return (corpus.bodies if self._random.random() < 0.1 else corpus.wholes)[row]

    def _of_official(self) -> Group:
        """Two near passages, one of the same page and any other."""
        random, corpus = self._random, self._data.official
        answered = random.random() < _ANSWERED
        question = random.choice(corpus.questions["asked" if answered else "near"])
        near = self._near.of(corpus, question.texts[0], question.row)[:8]
        page = [row for row in self._page[corpus.pages[question.row]] if row != question.row]
        rows = [question.row, *random.sample(near, 2), *random.sample(page, min(1, len(page)))]
        rows.append(random.randrange(len(corpus.wholes)))
        return Group(random.choice(question.texts), [corpus.wholes[row] for row in rows], answered)
