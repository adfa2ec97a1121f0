"""Fit the classifier that tells courtesy from questions, when an example, a pattern or a word list changes.

    python tests/fit_courtesy.py

It reads ``bot/data/courtesy_examples.toml`` and writes ``bot/data/courtesy.npz``, which the assistant loads.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix, hstack

from bot.courtesy import (
    ASKING,
    CHARACTER_WEIGHT,
    FOLLOW_UP,
    QUESTION,
    SHORTEST,
    CourtesyVocabulary,
    hints,
    spell,
    stems_or_stop_words,
)
from index.french import STOP_WORDS, is_french, words

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer

ROOT = Path(__file__).parents[1]
# Strength, n-grams and weights were compared by five-fold cross-validation: neighbours differ by about a point.
_STRENGTH = 20.0
# Looser, what an example changes depends on where the fit stops.
_TOLERANCE = 1e-4
# Of the examples' weight; of unseen courtesies 90 % were met with 1, 91 % with 1/2, as many with 1/4.
_WRITTEN = 1 / 2
# Of the questions of an entry (``reader_data/README.md``).
_PLAIN = (0, 1, 4)
# Asks for the coloured drawing of the character before it; says nothing by itself.
_VARIATION = "\N{VARIATION SELECTOR-16}"


@dataclass(frozen=True, slots=True)
class Example:
    """A message and its family."""

    text: str
    family: str


def examples() -> list[Example]:
    """Every message to learn from: courtesies, questions that look like them, questions about other things."""
    content = tomllib.loads((ROOT / "bot/data/courtesy_examples.toml").read_text(encoding="utf-8"))
    outside = (ROOT / "index/data/out_of_scope.txt").read_text(encoding="utf-8").splitlines()
    found = [Example(t, family) for family, table in content["family"].items() for t in table["examples"]]
    found += [Example(text, QUESTION) for text in content["not_courtesy"]]
    found += [Example(text, FOLLOW_UP) for text in content["follow_up"]]
    # Small talk that the documents do not answer either ("es-tu marié") is in that file and is courtesy here.
    found += [Example(line, QUESTION) for line in outside if line.strip() and "who" not in hints(words(line))]
    return found


def written() -> list[Example]:
    """Questions that the reader learned from (plain words, keywords, searches of two to four words) and follow-ups."""
    found = []
    for path in sorted((ROOT / "tests" / "reader_data" / "train").glob("*.jsonl")):
        for entry in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            found += [Example(entry["q"][row], QUESTION) for row in _PLAIN]
            found += [Example(turn, FOLLOW_UP) for _, turn in entry["follow"]]
    return found


def _tfidf(min_df: int) -> "TfidfVectorizer":
    from sklearn.feature_extraction.text import TfidfVectorizer  # seconds, in each process that collects tests

    return TfidfVectorizer(analyzer=tuple, min_df=min_df, sublinear_tf=True, dtype=np.float32)


def fit() -> dict[str, Any]:
    """What ``courtesy.npz`` holds: arrays of numbers, and lists of texts as lines."""
    from sklearn.linear_model import LogisticRegression

    own = [(example, spell(words(example.text))) for example in examples()]
    courteous = _vocabulary({tuple(words(e.text)): spelled for e, spelled in own if e.family not in ASKING}.values())
    learned = own + [(example, spell(words(example.text))) for example in written()]
    said = [courteous.features(spelled, example=e.family not in ASKING) for e, spelled in learned]
    characters, runs = _tfidf(2), _tfidf(1)
    columns = hstack(
        [
            CHARACTER_WEIGHT * characters.fit_transform([s.characters for s in said]),
            runs.fit_transform([s.runs for s in said]),
            csr_matrix([s.counts for s in said], dtype=np.float32),
        ]
    ).tocsr()
    model = LogisticRegression(C=_STRENGTH, solver="newton-cg", tol=_TOLERANCE, max_iter=200)
    # What was written for the reader, all of it asking, counts half as much as the examples, however much there is.
    shares = np.ones(len(learned))
    shares[len(own) :] = _WRITTEN * len(own) / (len(learned) - len(own))
    model.fit(columns, [e.family for e, _ in learned], sample_weight=shares)
    known = {" ".join(spelled): e.family for e, spelled in reversed(own)}
    signs = {
        sign: e.family
        for e, spelled in reversed(own)
        if not spelled
        for sign in e.text
        if not (sign.isspace() or sign == _VARIATION)
    }
    return {
        **_lines(stems=courteous.stems, correct=courteous.correct, known=known, signs=signs, classes=model.classes_),
        **_lines(characters=_terms(characters), runs=_terms(runs)),
        **_lines(families=known.values(), sign_families=signs.values()),
        "stem_counts": np.asarray(list(courteous.stems.values())),
        "idf": np.concatenate([characters.idf_, runs.idf_]).astype(np.float32),
        "weights": model.coef_.T.astype(np.float16),
        "intercept": model.intercept_.astype(np.float32),
    }


def _vocabulary(courteous: Iterable[Sequence[str]]) -> CourtesyVocabulary:
    counts = Counter(stem for spelled in courteous for stem in set(stems_or_stop_words(spelled)))
    found = {word for spelled in courteous for word in spelled if len(word) >= SHORTEST - 1}
    correct = sorted(word for word in found if word in STOP_WORDS or is_french(word))
    return CourtesyVocabulary(dict(sorted(counts.items())), tuple(correct))


def _terms(vectorizer: "TfidfVectorizer") -> list[str]:
    vocabulary: Mapping[str, int] = vectorizer.vocabulary_
    return sorted(vocabulary, key=vocabulary.__getitem__)


def _lines(**texts: Any) -> dict[str, Any]:
    return {name: np.asarray("\n".join(lines)) for name, lines in texts.items()}


if __name__ == "__main__":
    np.savez_compressed(ROOT / "bot/data/courtesy.npz", **fit())
