"""French as people write it: folding, words, lemmas and stems that ignore accents, case and elisions."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Generic, TypeVar
from zlib import crc32

import numpy as np
import numpy.typing as npt
import Stemmer
from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

T = TypeVar("T")

_LIGATURES = (
    *(("œ", "oe"), ("Œ", "oe"), ("æ", "ae"), ("Æ", "ae"), ("ß", "ss")),
    *(("’", "'"), ("‘", "'"), ("ʼ", "'"), ("`", "'")),
)

# "aujourd'hui" and "quelqu'un" are one word; every other apostrophe ends an elided one.
_WORD = re.compile(r"aujourd'hui|quelqu'une?|presqu'ile|[^\W_]+", re.UNICODE)

# Words that carry no subject: articles, pronouns, prepositions, auxiliaries, question words, courtesy.
STOP_WORDS = frozenset((Path(__file__).parent / "data" / "stopwords.txt").read_text(encoding="utf-8").split())


def fold(text: str) -> str:
    """Lower case without accents, ligatures or typographic apostrophes.

    >>> fold("L’Œuvre où")
    "l'oeuvre ou"
    """
    if text.isascii():
        return text.lower().replace("`", "'")
    # Letter by letter and not character by character: the dictionary below is folded as one text of 3 MB.
    for typed, plain in _LIGATURES:
        text = text.replace(typed, plain)
    text = unicodedata.normalize("NFKD", text)
    for mark in filter(unicodedata.combining, set(text)):
        text = text.replace(mark, "")
    return text.casefold()


def words(text: str) -> list[str]:
    """Folded words of a text, in order, elisions split.

    >>> words("L’intercommunalité s'est inscrite en 2019 !")
    ['l', 'intercommunalite', 's', 'est', 'inscrite', 'en', '2019']
    """
    return _WORD.findall(fold(text))


@dataclass(frozen=True, slots=True)
class FoldedText:
    """A text, folded and split once."""

    text: str
    folded: str
    words: tuple[str, ...]
    """Folded words, as ``words`` gives them."""
    spans: tuple[tuple[int, int], ...]
    """Where each stands in ``text``. Signs that fold to several words ("½") give them all one place."""

    @classmethod
    def of(cls, text: str) -> "FoldedText":
        """Fold and split a text."""
        folded = fold(text)
        # Row of the character of ``text`` that each folded one comes from: "œ" makes two, a lone accent none.
        origin = range(len(text)) if text.isascii() else [row for row, c in enumerate(text) for _ in range(_width(c))]
        found = list(_WORD.finditer(folded))
        spans = tuple((origin[m.start()], origin[m.end() - 1] + 1) for m in found)
        return cls(text, folded, tuple(m.group() for m in found), spans)

    def between(self, first: int, last: int) -> str:
        """What stands from one word to before another, by their rows."""
        return self.text[self.spans[first][0] : self.spans[last - 1][1]]

    def rewritten(self, changes: Iterable[tuple[int, int, str]], start: int = 0, end: int | None = None) -> str:
        """The text between two offsets, with runs of words (first row, row after the last) written otherwise."""
        pieces: list[str] = []
        for first, last, written in changes:
            if (place := self.spans[first][0]) >= start:
                pieces += [self.text[start:place], written]
                start = self.spans[last - 1][1]
        return "".join([*pieces, self.text[start:end]])


@lru_cache(maxsize=1024)
def _width(character: str) -> int:
    return len(fold(character))


def singular(typed: Iterable[str]) -> list[str]:
    """Folded words without the plural's s or x, so that "comcoms" is "comcom"."""
    return [word[:-1] if len(word) > 3 and word[-1] in "sx" else word for word in typed]


class Runs(Generic[T]):
    """Expressions of one or more folded words, found in a text by their first word."""

    def __init__(self, runs: Iterable[tuple[Sequence[str], T]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], T]]] = {}
        for run, value in runs:
            if run:
                self._by_first.setdefault(run[0], []).append((tuple(run), value))

    def at(self, words: Sequence[str], place: int) -> list[tuple[int, T]]:
        """Those that begin at a place: row after their last word, and their value."""
        return [
            (place + len(run), value)
            for run, value in self._by_first.get(words[place], ())
            if tuple(words[place : place + len(run)]) == run
        ]

    def all(self, words: Sequence[str]) -> Iterator[T]:
        """Every one in a text, in order."""
        return (value for place in range(len(words)) for _, value in self.at(words, place))

    def longest(self, words: Sequence[str]) -> Iterator[tuple[int, int, T]]:
        """Those in a text that do not overlap, the longest first: first row, row after the last, value."""
        place = 0
        while place < len(words):
            if found := self.at(words, place):
                end, value = max(found, key=lambda run: run[0])
                yield place, end, value
                place = end
            else:
                place += 1


@cache
def _lemmas() -> dict[str, str]:
    """Folded form -> folded lemma, of the French dictionary that simplemma ships (250,000 forms)."""
    forms = DefaultDictionaryFactory().get_dictionary("fr")
    keys, values = (fold("\n".join(side)).split("\n") for side in (forms, forms.values()))
    lemmas: dict[str, str] = {}
    for key, value in zip(keys, values, strict=True):
        # Of two forms that differ by accents only, the one that is its own lemma wins.
        if key not in lemmas or value == key or (lemmas[key] != key and value < lemmas[key]):
            lemmas[key] = value
        lemmas.setdefault(value, value)
    return lemmas


def is_french(word: str) -> bool:
    """Whether the dictionary knows this folded word, whatever its accents."""
    return word in _lemmas()


def is_correct(word: str) -> bool:
    """Whether a dictionary knows this folded word: the French one, or the English one ("internet", "smartphone")."""
    return is_french(word) or _is_in("en", word)


def needs_no_accent(word: str) -> bool:
    """Whether the French dictionary has this word as it is, without accents: "facture", and not "facturé"."""
    return _is_in("fr", word)


def _is_in(language: str, word: str) -> bool:
    hashes, own = _unaccented(language), np.uint32(crc32(word.encode()))  # of another type, all would be converted
    place = int(np.searchsorted(hashes, own))
    return place < len(hashes) and bool(hashes[place] == own)


@cache
def _unaccented(language: str) -> npt.NDArray[np.uint32]:
    """Hashes, in order, of the forms of a dictionary that have no accent: less than a megabyte, the words are 20."""
    forms = DefaultDictionaryFactory().get_dictionary(language)
    return np.sort(np.fromiter((crc32(f.encode()) for f in forms if f.isascii()), dtype=np.uint32))


_stemmer = Stemmer.Stemmer("french")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The key under which a folded word is indexed: its lemma, stemmed until it no longer changes.

    Snowball's French rules read accents that hurried people leave out; the lemma first, then the
    rules twice over folded letters, makes "signée", "signee", "signe" and "signer" one key.
    """
    key = _lemmas().get(word, word)
    for _ in range(2):
        key = _stemmer.stemWord(key)
        if len(key) > 3:
            key = key.rstrip("e") or key  # "eeee" is a word, however little it says
    return key


def stems(text: str) -> list[str]:
    """Stems of the words of a text that carry meaning, in order."""
    return stems_of(words(text))


def stems_of(folded: Iterable[str]) -> list[str]:
    """Stems of those folded words that carry meaning, in order."""
    return [stem(word) for word in folded if word not in STOP_WORDS]
