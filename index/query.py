"""A typed question, read as the corpus would write it: shorthand, misspellings, acronyms, everyday words."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import OSA

from corpus.lexicon import Lexicon
from index.acronyms import Aliases
from index.french import STOP_WORDS, FoldedText, fold, is_french, singular, stem, stems, stems_of, words
from index.vocabulary import CorpusVocabulary, General

_REPAIRS = 30
"""Misspellings looked up for one question: each takes 20 ms where the corpus has 60,000 words."""


_GREETING = (
    r"(?:re)?bonjour|bonsoir|salut|slt|bjr|bsr|coucou|cc|hello|hey|"
    r"madame|monsieur|mesdames|messieurs|mme|mr|a tou[st]e?s?"
)
_PLEASE = r"svp|stp|s il (?:vous|te) plai[ts]"
_TELL = r"(?:dire|indiquer|expliquer|preciser|repondre)"
_ASKING = (
    r"qui|que|qu|quoi|quand|comment|pourquoi|combien|ou|quels?|quelles?|si|ce qu[e]?|lesquels?|lesquelles?|"
    r"est ce|c est quoi"
)
_ABLE = r"(?:est ce que )?(?:peux tu|pouvez vous|tu peux|vous pouvez|pourrais tu|pourriez vous)"
_OPENING = re.compile(
    rf"(?:(?:{_GREETING}|{_PLEASE}|"
    # "merci de m'indiquer la durée": a request; "merci de votre aide": thanks.
    rf"(?:merci|mrc|je (?:vous|te) remercie) de (?:bien vouloir )?(?:me |m |nous )?{_TELL}|"
    r"(?:j ai|j aurais|j avais) une (?:petite |autre )?question(?: pour (?:vous|toi))?|"
    # "dites-moi qui signe", and not "dites-moi votre nom".
    rf"(?:(?:dis|dites) (?:moi|nous)|{_ABLE} (?:me |m |nous ){_TELL}|"
    r"(?:je )?(?:voudrais?|souhaite|souhaiterais?|aimerais?|veux|cherche a) savoir|"
    rf"(?:est ce que )?(?:tu sais|vous savez|sais tu|savez vous))(?= (?:{_ASKING}) )) )+"
)
_THANKS = (
    r"(?:et )?(?:merci|mrc|merki)(?: bcp| beaucoup| infiniment| bien)?(?: d avance| par avance| a vous| a toi)?"
    r"(?: (?:pour|de) (?:votre|ton|ta|vos|tes|l|la|les) (?:aides?|reponses?|retours?|attention|precisions?))?"
)
_CLOSING = re.compile(
    rf"(?: (?:{_THANKS}|(?:bien )?cordialement|(?:et )?(?:bonne|belle) (?:journee|soiree|apres midi)|"
    rf"bien a vous|au revoir|a bientot|{_PLEASE}))+$"
)
"""Of folded words with one space between them."""
_AROUND = " ,;:-–—\n\t"


@dataclass(frozen=True, slots=True)
class Query:
    """A question, read once for all that follows."""

    typed: FoldedText
    """As typed, composed and without invisible characters."""
    asked: str
    """The slice that asks, the formulas of politeness around it set aside."""
    asked_words: tuple[str, ...]
    """Folded words of that slice."""
    rewritten: FoldedText
    """For the encoder: repaired, everyday words followed by the words of the corpus."""
    terms: tuple[str, ...]
    """Stems of the question itself, repaired."""
    added: tuple[str, ...]
    """Stems that the lexicon adds; they count for less."""
    replaced: tuple[tuple[str, str], ...]
    """What was read as something else, as the page reports it."""
    spelled_out: str | None
    """The text with its acronyms spelled out, where there are any."""

    @property
    def text(self) -> str:
        """The rewritten text."""
        return self.rewritten.text


class QueryParser:
    """Reads questions with the vocabulary of one corpus. Nothing is derived from the corpus here."""

    def __init__(self, vocabulary: CorpusVocabulary) -> None:
        acronyms = vocabulary.acronyms
        self.vocabulary = vocabulary
        self._aliases = Aliases(Lexicon(acronyms, vocabulary.words))
        self._surface = vocabulary.spellings
        self._variants = frozenset(vocabulary.variants)
        self._acronyms = {fold(acronym): acronym for acronym in acronyms}
        self._spelled = {fold(a): (expansions[0], stems(expansions[0])) for a, expansions in acronyms.items()}
        self._words: dict[str, list[_Everyday]] = {}
        for key, values in vocabulary.words.items():
            run = tuple(singular(words(key)))
            added = [term for value in values for term in stems(value)]
            self._words.setdefault(run[0] if run else "", []).append(_Everyday(run, key, values[0], added))
        self._general: dict[str, list[General]] = {}
        for general in vocabulary.general:
            self._general.setdefault(general[0][0], []).append(general)
        self._expansions = _by_first_stem(acronyms)
        known_by_key = {word for key in vocabulary.words for word in words(key)}
        self._known = set(self._surface) | set(self._acronyms) | known_by_key
        # Only words long enough for one wrong letter to leave them recognisable are repaired to.
        self._candidates = sorted(w for w in self._surface if len(w) >= 4 and not w.isdigit())

    def terms(self, text: str) -> list[str]:
        """Stems of a text of the corpus, each spelled-out acronym joined by the acronym itself."""
        found = stems(text)
        return found + self._acronyms_spelled_in(found)

    def read(self, question: str) -> Query:
        """Read one question."""
        typed = FoldedText.of(_clean(question))
        rows = asking(typed)
        start, end = _slice(typed, rows)
        text, replaced = self._repair(typed, rows, start, end)
        rewritten = FoldedText.of(text) if text != typed.text else typed
        text, aliases = self._aliases.replace(rewritten)
        if text != rewritten.text:
            rewritten = FoldedText.of(text)
        terms = stems_of(rewritten.words)
        everyday = self._everyday(rewritten)
        added = self._acronyms_spelled_in(terms)
        for word in rewritten.words:
            if word in self._spelled and word not in self._surface:
                added += self._spelled[word][1]
        added += [term for found in everyday for term in found.added]
        added += self._general_terms(rewritten, terms)
        spelled_out = self._spelled_out(rewritten)
        if everyday:
            rewritten = FoldedText.of(f"{text} ({', '.join(found.value for found in everyday)})")
        said = [*replaced, *((found.key, found.value) for found in everyday), *aliases]
        return Query(
            typed=typed,
            asked=typed.text[start:end],
            asked_words=typed.words[rows.start : rows.stop],
            rewritten=rewritten,
            terms=tuple(terms),
            added=tuple(dict.fromkeys(added)),
            replaced=tuple(dict.fromkeys(said)),
            spelled_out=spelled_out,
        )

    def _spelled_out(self, read: FoldedText) -> str | None:
        rows = [row for row, word in enumerate(read.words) if word in self._spelled]
        return read.rewritten((row, row + 1, self._spelled[read.words[row]][0]) for row in rows) if rows else None

    def _repair(self, typed: FoldedText, rows: range, start: int, end: int) -> tuple[str, list[tuple[str, str]]]:
        """What asks, each word as the corpus writes it; and what was read as another word."""
        shouted = _is_shouted(typed.text[start:end])
        replaced: list[tuple[str, str]] = []
        tried: dict[str, str | None] = {}
        changes: list[tuple[int, int, str]] = []
        for row in rows:
            word, (a, b) = typed.words[row], typed.spans[row]
            form = typed.text[a:b]
            meant = self._meant(word, typed.text[b : b + 1] in ("'", "’"), tried)
            if meant and fold(meant) != word:
                replaced.append((form, meant))
            changes.append((row, row + 1, meant or self._cased(word, form.lower() if shouted else form)))
        return typed.rewritten(changes, start, end), replaced

    def _meant(self, word: str, elided: bool, tried: dict[str, str | None]) -> str | None:
        """What a word is read as instead: its shorthand written out, or what it is a misspelling of."""
        if word in self._acronyms:
            return None
        shorthand = None if elided else _shorthand().get(word)
        if shorthand and (len(word) <= 2 or word not in self._known):
            return shorthand
        if word in STOP_WORDS or word in self._known or word.isdigit() or is_french(word):
            return None
        if word not in tried and len(tried) < _REPAIRS:
            tried[word] = self._repaired(word)
        return tried.get(word)

    def _cased(self, word: str, typed: str) -> str:
        """A word with the capitals and accents of the corpus."""
        if word in self._acronyms:
            return self._acronyms[word]
        # Accents that a phone leaves out matter to the encoder; those that were typed are meant,
        # and so are words that differ by them ("ou" and "où", "vote" and "voté").
        meant = not typed.isascii() or typed[0].isupper() or word in STOP_WORDS or typed in self._variants
        return typed if meant else self._surface.get(word, typed)

    def _repaired(self, word: str) -> str | None:
        """The acronym or corpus word that an unknown word is a misspelling of, or None."""
        if acronym := self._swapped(word):
            return acronym
        if len(word) < 5 or any(c.isdigit() for c in word):
            return None
        allowed = 1 if len(word) < 7 else 2
        best = process.extract(word, self._candidates, scorer=OSA.distance, score_cutoff=allowed, limit=2)
        if not best or (len(best) > 1 and best[0][1] == best[1][1] and stem(best[0][0]) != stem(best[1][0])):
            return None
        return self._surface[best[0][0]]

    def _swapped(self, word: str) -> str | None:
        """The one acronym that has the same letters in another order (``CTRE`` -> ``CRTE``)."""
        if not 3 <= len(word) <= 6:
            return None
        same = [a for folded, a in self._acronyms.items() if len(folded) >= 3 and sorted(folded) == sorted(word)]
        return same[0] if len(same) == 1 else None

    def _acronyms_spelled_in(self, terms: Sequence[str]) -> list[str]:
        found = {
            row: acronym
            for place, term in enumerate(terms)
            for row, expansion, acronym in self._expansions.get(term, ())
            if tuple(terms[place : place + len(expansion)]) == expansion
        }
        return [found[row] for row in sorted(found)]

    def _everyday(self, read: FoldedText) -> list["_Everyday"]:
        """What the editor's everyday words in a question stand for, each once."""
        typed = tuple(singular(read.words))
        found: dict[str, _Everyday] = {}
        for place, word in enumerate(typed):
            for everyday in self._words.get(word, ()):
                if typed[place : place + len(everyday.run)] == everyday.run:
                    found.setdefault(everyday.value, everyday)
        return list(found.values())

    def _general_terms(self, read: FoldedText, terms: Sequence[str]) -> list[str]:
        """Stems that the words of every administration add, the longest expression first."""
        typed = tuple(singular(read.words))
        added: list[str] = []
        place = 0
        while place < len(typed):
            fitting = [e for e in self._general.get(typed[place], ()) if typed[place : place + len(e[0])] == e[0]]
            run, found = max(fitting, key=lambda e: len(e[0]), default=((typed[place],), ()))
            added += [term for term in found if term not in terms]
            place += len(run)
        return added


@dataclass(frozen=True, slots=True)
class _Everyday:
    run: tuple[str, ...]
    key: str
    value: str
    added: list[str]


def _by_first_stem(acronyms: Mapping[str, Sequence[str]]) -> dict[str, list[tuple[int, tuple[str, ...], str]]]:
    """First stem -> (row, stems of what an acronym stands for, stem of the acronym)."""
    runs = {
        tuple(stems(expansion)): stem(fold(acronym))
        for acronym, expansions in acronyms.items()
        for expansion in expansions
    }
    found: dict[str, list[tuple[int, tuple[str, ...], str]]] = {}
    for row, (run, acronym) in enumerate(runs.items()):
        if run:
            found.setdefault(run[0], []).append((row, run, acronym))
    return found


def asking(typed: FoldedText) -> range:
    """Rows of the words that ask; of all words where nothing else would be left."""
    line = " ".join(typed.words)
    opening = _OPENING.match(f"{line} ")
    first = opening.group().count(" ") if opening else 0
    closing = _CLOSING.search(line)
    last = len(typed.words) - (closing.group().count(" ") if closing else 0)
    return range(len(typed.words)) if STOP_WORDS.issuperset(typed.words[first:last]) else range(first, last)


def _slice(typed: FoldedText, rows: range) -> tuple[int, int]:
    """Where these words stand in the text, without the signs around them that only joined them to the others."""
    if rows == range(len(typed.words)):
        return 0, len(typed.text)
    start = typed.spans[rows.start][0] if rows.start else 0
    end = typed.spans[rows.stop][0] if rows.stop < len(typed.words) else len(typed.text)
    text = typed.text[start:end]
    return end - len(text.lstrip(_AROUND)), start + len(text.rstrip(_AROUND))


def _clean(question: str) -> str:
    composed = unicodedata.normalize("NFC", question)
    return "".join(" " if c.isspace() else c for c in composed if c.isspace() or c.isprintable()).strip()


def _is_shouted(question: str) -> bool:
    """Whether a question is typed in capitals: then capitals mean nothing."""
    letters = [c for c in question if c.isalpha()]
    return len(letters) > 12 and sum(c.isupper() for c in letters) > 0.7 * len(letters)


@cache
def _shorthand() -> dict[str, str]:
    """Shorthand of short messages (``pk`` -> ``pourquoi``), shipped with the code."""
    content = tomllib.loads((Path(__file__).parent / "data" / "sms.toml").read_text(encoding="utf-8"))
    return {fold(key): value for key, value in content["sms"].items()}


@lru_cache(maxsize=256)
def written_out(word: str) -> tuple[str, ...]:
    """Folded words of a folded word of shorthand; of any other, itself."""
    return tuple(words(_shorthand()[word])) if word in _shorthand() else (word,)
