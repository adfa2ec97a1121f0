"""Greetings, thanks and questions about the assistant itself: told from questions, and met with a fixed reply."""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot.phrases import PRIVACY
from index.french import STOP_WORDS, is_french, stem, words
from index.query import bare

QUESTION = "question"
"""The family of messages that no courtesy answers."""

# Strength, n-grams and weights were compared by five-fold cross-validation: neighbours differ by about a point.
_STRENGTH = 20.0
_CHARACTERS = (2, 4)
_CHARACTER_WEIGHT = 0.7
# Loose: a hundred times tighter changes 3 decisions of 619 and makes learning half as long again.
_TOLERANCE = 1e-2

# Shorter unknown words are acronyms as often as misspellings.
_SHORTEST = 5
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
# A courtesy taken for a question is refused, which is dull; a question taken for a courtesy is lost.
_LIKELY = 2 / 3
# Words that a question takes at least: "bonjour monsieur le robot" leaves two.
_ASKS = 3
# Asks for the coloured drawing of the character before it; says nothing by itself.
_VARIATION = "\N{VARIATION SELECTOR-16}"


@dataclass(frozen=True, slots=True)
class Example:
    """A message and its family."""

    text: str
    family: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a message looks like."""

    family: str
    """The likeliest courtesy."""
    probability: float
    """That it is a courtesy at all."""
    strange: frozenset[str]
    """Stems of its words of meaning, as typed, that no example of courtesy has."""
    familiar: bool
    """Whether an example of courtesy has any of its words."""


class Recogniser:
    """Logistic regression over character n-grams, runs of words, and how many words are strange.

    What is strange in an example is counted over the *other* examples, or no example would look like the
    messages to come.
    """

    def __init__(self, examples: Sequence[Example], hints: Callable[[str], Collection[str]]) -> None:
        """Learn.

        Args:
            examples: Of every family and of ``QUESTION``.
            hints: Families that hand-written rules see in a message; they are one more clue.
        """
        self._hints = hints
        courteous = {" ".join(words(e.text)): e.text for e in examples if e.family != QUESTION}
        self._seen = Counter(s for text in courteous.values() for s in set(_stems(_spelled(text))))
        self._written = sorted({w for text in courteous.values() for w in _spelled(text) if _is_word(w)})
        self._characters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=_CHARACTERS, min_df=2, sublinear_tf=True, dtype=np.float32
        )
        self._runs = TfidfVectorizer(analyzer=_same, sublinear_tf=True, dtype=np.float32)
        self._known = {" ".join(_spelled(e.text)): e.family for e in reversed(examples)}
        said = [self._read(e.text, e.family != QUESTION) for e in examples]
        characters = self._characters.fit_transform([s.text for s in said])
        runs = self._runs.fit_transform([s.runs for s in said])
        self._model = LogisticRegression(C=_STRENGTH, solver="newton-cg", tol=_TOLERANCE, max_iter=200)
        self._model.fit(_beside(characters, runs, said), [e.family for e in examples])
        self._classes: list[str] = [str(name) for name in self._model.classes_]

    def judge(self, message: str) -> Judgement:
        """What one message looks like."""
        typed = _spelled(message)
        spelled = [self._repaired(word) for word in typed]
        # Whoever adds an example may rely on it.
        if family := self._known.get(" ".join(spelled)):
            return Judgement(family, float(family != QUESTION), self._strange(typed, 0), True)
        said = self._read(" ".join(spelled), known=False)
        chances = dict(zip(self._classes, self._model.predict_proba(self._columns([said]))[0], strict=True))
        question = float(chances.pop(QUESTION))
        return Judgement(
            family=max(chances, key=lambda family: float(chances[family])),
            probability=1 - question,
            strange=self._strange(typed, 0),
            familiar=any(self._seen[s] for s in _stems(spelled)),
        )

    def _repaired(self, word: str) -> str:
        """The courteous word that an unknown one is a misspelling of ("bojour"), else the word itself."""
        if len(word) < _SHORTEST or self._seen[stem(word)] or is_french(word):
            return word
        stretched = _STRETCHED.sub(r"\1", word)
        near = process.extractOne(stretched, self._written, scorer=OSA.distance, score_cutoff=1)
        return str(near[0]) if near and near[0][0] == word[0] else word

    def _read(self, text: str, known: bool) -> "_Said":
        spelled = _spelled(text)
        # An example of courtesy has been counted once in its own words.
        strange = self._strange(spelled, int(known))
        hints = self._hints(text)
        reduced = ["^", *(_reduced(word, strange) for word in spelled), "$"]
        runs = [" ".join(reduced[i : i + n]) for n in (1, 2) for i in range(len(reduced) - n + 1)]
        counts = (min(len(strange), 4) / 2, float(not strange), min(len(spelled), 20) / 10, float(bool(hints)))
        return _Said(" ".join(spelled), (*runs, *(f"<{hint}>" for hint in sorted(hints))), strange, counts)

    def _strange(self, spelled: Iterable[str], own: int) -> frozenset[str]:
        return frozenset(s for s in _stems(spelled) if s not in STOP_WORDS and self._seen[s] <= own)

    def _columns(self, said: Sequence["_Said"]) -> csr_matrix:
        characters = self._characters.transform([s.text for s in said])
        return _beside(characters, self._runs.transform([s.runs for s in said]), said)


@dataclass(frozen=True, slots=True)
class _Said:
    text: str
    runs: tuple[str, ...]
    strange: frozenset[str]
    counts: tuple[float, ...]


def _beside(characters: csr_matrix, runs: csr_matrix, said: Sequence[_Said]) -> csr_matrix:
    counts = csr_matrix([s.counts for s in said], dtype=np.float32)
    return hstack([_CHARACTER_WEIGHT * characters, runs, counts]).tocsr()


def _is_word(word: str) -> bool:
    return len(word) >= _SHORTEST - 1 and (word in STOP_WORDS or is_french(word))


def _same(runs: tuple[str, ...]) -> tuple[str, ...]:
    return runs


def _spelled(text: str) -> list[str]:
    """Folded words, text-message shorthand written out."""
    return [whole for word in words(text) for whole in _shorthand().get(word, (word,))]


def _stems(spelled: Iterable[str]) -> list[str]:
    return [word if word in STOP_WORDS else stem(word) for word in spelled]


def _reduced(word: str, strange: Collection[str]) -> str:
    if word in _SAME:
        return _SAME[word]
    return "<strange>" if word not in STOP_WORDS and stem(word) in strange else stem(word)


@cache
def _shorthand() -> dict[str, tuple[str, ...]]:
    content = tomllib.loads(files("index").joinpath("data/sms.toml").read_text(encoding="utf-8"))
    return {key: tuple(words(value)) for key, value in content["sms"].items()}


@dataclass(frozen=True, slots=True)
class Courtesy:
    """What to say to a message that asks nothing of the documents."""

    family: str
    reply: str


def courtesy(message: str, vocabulary: Collection[str]) -> Courtesy | None:
    """The reply to a greeting, thanks or a question about the assistant; None for anything else.

    Args:
        message: As typed.
        vocabulary: Stems of the documents; a message that has one beside its courtesy asks about them.
    """
    family = recognised(message, vocabulary, _recogniser())
    return Courtesy(family, _toml("courtesy.toml")["family"][family].get("reply", PRIVACY)) if family else None


def recognised(message: str, vocabulary: Collection[str], recogniser: Recogniser) -> str | None:
    """The family of a message that asks nothing of the documents, None for anything else."""
    if not words(message):
        return next((_signs()[sign] for sign in message if sign in _signs()), None)
    judged = recogniser.judge(message)
    if judged.probability < _LIKELY or not judged.strange.isdisjoint(vocabulary):
        return None
    # "Merci de me dire comment supprimer mon compte": what is asked decides, not how politely.
    asked = bare(message)
    certain = judged.probability == 1  # one of the examples
    if asked != message and not certain and len(words(asked)) >= _ASKS:
        return judged.family if recognised(asked, vocabulary, recogniser) else None
    # A lone word that nothing is known of ("tourisme") is not a courtesy, however short.
    return judged.family if judged.familiar or hints(message) else None


def hints(message: str) -> frozenset[str]:
    """The families whose hand-written patterns a message matches."""
    text = " ".join(words(message))
    return frozenset(family for family, pattern in _patterns() if pattern.search(text))


def examples() -> list[Example]:
    """Every message to learn from: courtesies, questions that look like them, questions about other things."""
    content = _toml("courtesy_examples.toml")
    outside = files("index").joinpath("data/out_of_scope.txt").read_text(encoding="utf-8").splitlines()
    found = [Example(t, family) for family, table in content["family"].items() for t in table["examples"]]
    found += [Example(text, QUESTION) for text in content["not_courtesy"]]
    # Small talk that the documents do not answer either ("es-tu marié") is in that file and is courtesy here.
    found += [Example(line, QUESTION) for line in outside if line.strip() and "who" not in hints(line)]
    return found


@cache
def _recogniser() -> Recogniser:
    return Recogniser(examples(), hints)


@cache
def _signs() -> dict[str, str]:
    """Emoji -> family, from the examples that have no word."""
    return {
        sign: family
        for family, table in _toml("courtesy_examples.toml")["family"].items()
        for text in table["examples"]
        if not words(text)
        for sign in text
        if not (sign.isspace() or sign == _VARIATION)
    }


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (family, re.compile(rf"\b(?:{'|'.join(table['patterns'])})"))
        for family, table in _toml("courtesy.toml")["family"].items()
    )


@cache
def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(files("bot").joinpath("data", name).read_text(encoding="utf-8"))
