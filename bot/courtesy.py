"""Greetings, thanks and questions about the assistant itself: told from questions, and met with a fixed reply."""

import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.phrases import PRIVACY
from index.french import STOP_WORDS, is_french, stem
from index.lexical import char_grams
from index.query import Query, written_out

QUESTION = "question"
"""The family of messages that no courtesy answers."""
FOLLOW_UP = "follow-up"
"""The family of those that say too little without the question before."""
ACTS = frozenset({"repeat", "whole", "source", "sure", "print"})
"""Families of messages about the answer just given."""
ON_QUOTES = frozenset({"whole", "source", "print"})
"""Of these, the families about its quote, which a refusal has not."""
ASKING = (QUESTION, FOLLOW_UP)
_AGREEING = ("agreement", "goodbye", "thanks")
"""Families that ask nothing: a message with a question mark is none of theirs, unless it is an example."""
CHARACTERS = (2, 4)
"""Sizes of the character n-grams that the classifier reads."""
CHARACTER_WEIGHT = 0.7

# A courtesy taken for a question is refused, which is dull; a question taken for a courtesy is lost, unless the corpus
# answers it. From 0.45 on, nine in ten unseen courtesies are met, and 7 of 1,587 unseen questions are taken for one.
_LIKELY = 0.45
# Where a third of the words of meaning are in none of the examples: in five folds, of 1,488 questions that look like
# courtesies 116 are then taken for one, 140 with 0.45 alone; of 2,354 courtesies 2,177 are met, and 2,226.
_LIKELY_STRANGE = 0.6
# A question counts this much less beside an act on an answer, for which one is there more often than not.
_ACT = 0.7
# Words that a question takes at least: "bonjour monsieur le robot" leaves two.
_ASKS = 3
SHORTEST = 5
"""Letters of a misspelt word, or of what it is repaired to: shorter ones are acronyms as often as misspellings."""
# "saluuut"
_STRETCHED = re.compile(r"(\w)\1{2,}")
# "tu" and "vous" say the same thing here: an example in one serves both.
_SAME = {
    **dict.fromkeys(["tu", "te", "t", "toi"], "vous"),
    **dict.fromkeys(["ton", "ta"], "votre"),
    **dict.fromkeys(["moi", "m"], "me"),
    "tes": "vos",
    "es": "etes",
    "as": "avez",
}

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Courtesy:
    """What to say to a message that asks nothing of the documents."""

    family: str
    reply: str
    """Of an act, what is said where there is no answer that it could be about."""
    likely: float
    """Probability that the message is a courtesy, by its words alone."""
    certain: bool
    """Whether it is one of the examples."""


@dataclass(frozen=True, slots=True)
class MessageFeatures:
    """What the classifier reads of one message."""

    characters: tuple[str, ...]
    """Character n-grams."""
    runs: tuple[str, ...]
    """Stems and pairs of stems, and the families whose patterns it matches."""
    counts: tuple[float, ...]
    """Strange words, whether there is none, words, whether a pattern matches; each scaled."""


@dataclass(frozen=True, slots=True)
class CourtesyVocabulary:
    """The words of the examples of courtesy."""

    stems: dict[str, int]
    """Stem -> how many examples have it."""
    correct: tuple[str, ...]
    """Its correct words, which misspelt ones are repaired to."""

    def strange(self, spelled: Iterable[str], own: int = 0) -> frozenset[str]:
        """Stems of words of meaning that at most ``own`` examples have."""
        return frozenset(s for s in stems_or_stop_words(spelled) if s not in STOP_WORDS and self.stems.get(s, 0) <= own)

    def features(self, spelled: Sequence[str], example: bool = False) -> MessageFeatures:
        """Features of a message; what is strange in an ``example`` is counted over the others."""
        strange = self.strange(spelled, int(example))
        hinted = hints(spelled)
        reduced = ["^", *(_reduced(word, strange) for word in spelled), "$"]
        runs = [" ".join(reduced[i : i + n]) for n in (1, 2) for i in range(len(reduced) - n + 1)]
        return MessageFeatures(
            characters=tuple(char_grams(" ".join(spelled), *CHARACTERS)),
            runs=(*runs, *(f"<{hint}>" for hint in sorted(hinted))),
            counts=(min(len(strange), 4) / 2, float(not strange), min(len(spelled), 20) / 10, float(bool(hinted))),
        )

    def repaired(self, word: str) -> str:
        """The courteous word that an unknown one is a misspelling of ("bojour"), else the word itself."""
        if len(word) < SHORTEST - 1 or stem(word) in self.stems or is_french(word):
            return word
        near = process.extractOne(_STRETCHED.sub(r"\1", word), self.correct, scorer=OSA.distance, score_cutoff=1)
        found = str(near[0]) if near else word
        return found if found[0] == word[0] and max(len(found), len(word)) >= SHORTEST else word


@dataclass(frozen=True, slots=True)
class CourtesyClassifier:
    """Logistic regression over character n-grams, runs of words and four counts, as fitted on the examples.

    Its weights are data: ``tests/fit_courtesy.py`` writes them when an example changes.
    """

    courteous: CourtesyVocabulary
    known: dict[str, str]
    """Example, shorthand written out -> its family: whoever adds an example may rely on it."""
    signs: dict[str, str]
    """Emoji -> family."""
    classes: tuple[str, ...]
    characters: dict[str, int]
    """N-gram -> row of its weights."""
    runs: dict[str, int]
    idf: Floats
    weights: Floats
    """Shape ``(n_rows, n_classes)``: n-grams, runs, counts."""
    intercept: Floats

    def chances(self, features: MessageFeatures) -> dict[str, float]:
        """Probability of each family."""
        rows_of = ((self.characters, features.characters, CHARACTER_WEIGHT), (self.runs, features.runs, 1.0))
        scores = self.intercept + np.asarray(features.counts, np.float32) @ self.weights[-len(features.counts) :]
        for vocabulary, found, weight in rows_of:
            counts = Counter(vocabulary[term] for term in found if term in vocabulary)
            if counts:
                rows = np.fromiter(counts, dtype=np.intp)
                tfidf = (1 + np.log(np.fromiter(counts.values(), dtype=np.float64))) * self.idf[rows]
                scores = scores + weight * (tfidf / np.linalg.norm(tfidf)) @ self.weights[rows]
        likely = np.exp(scores - scores.max())
        return dict(zip(self.classes, (likely / likely.sum()).tolist(), strict=True))

    @classmethod
    @cache
    def load(cls) -> "CourtesyClassifier":
        """The one that is shipped."""
        with files("bot").joinpath("data/courtesy.npz").open("rb") as file, np.load(file, allow_pickle=False) as stored:
            lines = {name: str(stored[name]).split("\n") for name in stored.files if stored[name].dtype.kind == "U"}
            stems, counts = lines["stems"], stored["stem_counts"].tolist()
            characters, runs = ({t: row for row, t in enumerate(lines[name])} for name in ("characters", "runs"))
            return cls(
                courteous=CourtesyVocabulary(dict(zip(stems, counts, strict=True)), tuple(lines["correct"])),
                known=dict(zip(lines["known"], lines["families"], strict=True)),
                signs=dict(zip(lines["signs"], lines["sign_families"], strict=True)),
                classes=tuple(lines["classes"]),
                characters=characters,
                runs={run: len(characters) + row for run, row in runs.items()},
                idf=stored["idf"],
                weights=stored["weights"].astype(np.float32),
                intercept=stored["intercept"],
            )


def courtesy(query: Query, vocabulary: Collection[str]) -> Courtesy | None:
    """The reply to a greeting, thanks, a question about the assistant or its last answer; None for anything else.

    Args:
        query: As read.
        vocabulary: Stems of the documents; a message that has one beside its courtesy asks about them.
    """
    classifier, words = CourtesyClassifier.load(), query.typed.words
    if not words:
        signs = (classifier.signs[sign] for sign in query.typed.text if sign in classifier.signs)
        return next((_courtesy(family, likely=1.0, certain=True) for family in signs), None)
    found = _judged(words, vocabulary, classifier)
    if not found or found.certain:
        return found
    if found.family in _AGREEING and query.typed.text.rstrip().endswith("?"):
        return None
    # "Merci de me dire comment supprimer mon compte": what is asked decides, not how politely.
    asks = query.asked_words != words and len(query.asked_words) >= _ASKS
    return None if asks and not _judged(query.asked_words, vocabulary, classifier) else found


def leans(query: Query) -> float:
    """How likely what a message asks says too little without the question before it, in [0, 1]."""
    classifier = CourtesyClassifier.load()
    courteous = classifier.courteous
    chances = classifier.chances(courteous.features([courteous.repaired(word) for word in spell(query.asked_words)]))
    return chances[FOLLOW_UP] / (chances[FOLLOW_UP] + chances[QUESTION])


def _courtesy(family: str, *, likely: float, certain: bool) -> Courtesy:
    return Courtesy(family, _tables()[family][0], likely, certain)


def _judged(words: Sequence[str], vocabulary: Collection[str], classifier: CourtesyClassifier) -> Courtesy | None:
    """What these words are; None for a question."""
    courteous, typed = classifier.courteous, spell(words)
    # A word of the corpus that one example at most has: it is about the corpus.
    if not courteous.strange(typed, 1).isdisjoint(vocabulary):
        return None
    spelled = [courteous.repaired(word) for word in typed]
    known = classifier.known.get(" ".join(spelled))
    stems = stems_or_stop_words(spelled)
    meaning = {stem for stem in stems if stem not in STOP_WORDS}
    # A lone word that nothing is known of ("tourisme", "CET") is not a courtesy, however short.
    telling = meaning if len(stems) == 1 else stems
    if not known and not any(s in courteous.stems for s in telling) and not hints(words):
        return None
    chances = classifier.chances(courteous.features(spelled))
    question, follow_up = (chances.pop(family) for family in ASKING)
    likely, family = 1 - question - follow_up, max(chances, key=chances.__getitem__)
    if known:
        return None if known in ASKING else _courtesy(known, likely=likely, certain=True)
    least = _LIKELY_STRANGE if 3 * len(courteous.strange(spelled)) >= max(1, len(meaning)) else _LIKELY
    # Several unlikely families together are none. In five folds, of 1,498 questions that look like courtesies 70 are
    # then taken for one, 113 without; of 2,416 courtesies 2,168 are met, and 2,227.
    beside = max(question * (_ACT if family in ACTS else 1), follow_up)
    met = likely >= least and (chances[family] >= beside or bool(hints(spelled)))
    return _courtesy(family, likely=likely, certain=False) if met else None


def spell(words: Iterable[str]) -> list[str]:
    """Folded words, text-message shorthand written out."""
    return [whole for word in words for whole in written_out(word)]


def hints(words: Sequence[str]) -> frozenset[str]:
    """The families whose hand-written patterns a message matches."""
    text = " ".join(words)
    return frozenset(family for family, (_, pattern) in _tables().items() if pattern.search(text))


def stems_or_stop_words(spelled: Iterable[str]) -> list[str]:
    """The stem of each folded word; a stop word as it is."""
    return [word if word in STOP_WORDS else stem(word) for word in spelled]


def _reduced(word: str, strange: Collection[str]) -> str:
    if word in _SAME:
        return _SAME[word]
    return "<strange>" if word not in STOP_WORDS and stem(word) in strange else stem(word)


@cache
def _tables() -> dict[str, tuple[str, re.Pattern[str]]]:
    """Family -> its reply and its patterns."""
    families = tomllib.loads(files("bot").joinpath("data/courtesy.toml").read_text(encoding="utf-8"))["family"]
    replies = {family: families[table.get("like", family)].get("reply", PRIVACY) for family, table in families.items()}
    return {
        family: (replies[family], re.compile(rf"\b(?:{'|'.join(table['patterns'])})"))
        for family, table in families.items()
    }
