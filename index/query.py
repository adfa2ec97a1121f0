"""A typed question, read as the corpus would write it: shorthand, misspellings, acronyms, everyday words."""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import OSA

from corpus.lexicon import Lexicon
from index.acronyms import Aliases
from index.french import STOP_WORDS, fold, is_french, singular, stem, stems, words
from index.vocabulary import TOKEN, CorpusVocabulary, General

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


@dataclass(frozen=True, slots=True)
class Query:
    """A question, read."""

    text: str
    """For the encoder: repaired, everyday words followed by the words of the corpus."""
    terms: tuple[str, ...]
    """Stems of the question itself, repaired."""
    added: tuple[str, ...]
    """Stems that the lexicon adds; they count for less."""
    replaced: tuple[tuple[str, str], ...]
    """What was read as something else, as the page reports it."""
    spelled_out: str | None = None
    """The text with its acronyms spelled out, where there are any."""


class QueryParser:
    """Reads questions with the vocabulary of one corpus. Nothing is derived from the corpus here."""

    def __init__(self, vocabulary: CorpusVocabulary) -> None:
        acronyms = vocabulary.acronyms
        self.vocabulary = vocabulary
        self._aliases = Aliases(Lexicon(acronyms, vocabulary.words))
        self._surface = vocabulary.spellings
        self._variants = frozenset(vocabulary.variants)
        self._acronyms = {fold(acronym): acronym for acronym in acronyms}
        self._spelled = {fold(a): expansions[0] for a, expansions in acronyms.items()}
        self._words: dict[str, list[tuple[list[str], str, tuple[str, ...]]]] = {}
        for key, values in vocabulary.words.items():
            run = singular(words(key))
            self._words.setdefault(run[0] if run else "", []).append((run, key, values))
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
        question = bare(_clean(question))
        shouted = _is_shouted(question)
        replaced: list[tuple[str, str]] = []
        tried: dict[str, str | None] = {}

        def repair(word: str) -> str | None:
            if word not in tried and len(tried) < _REPAIRS:
                tried[word] = self._repaired(word)
            return tried.get(word)

        def rewrite(match: re.Match[str]) -> str:
            typed = match.group()
            elided = match.string[match.end() : match.end() + 1] in ("'", "’")
            written = self._written(typed.lower() if shouted else typed, elided, repair)
            if fold(written) != fold(typed):
                replaced.append((typed, written))
            return written

        text, aliases = self._aliases.replace(TOKEN.sub(rewrite, question))
        terms = stems(text)
        added, additions = self._everyday(text, replaced)
        spelled = self._acronyms_spelled_in(terms)
        expanded = [
            term
            for word in words(text)
            if word in self._spelled and word not in self._surface
            for term in stems(self._spelled[word])
        ]
        return Query(
            text=f"{text} ({', '.join(additions)})" if additions else text,
            terms=tuple(terms),
            added=tuple(dict.fromkeys([*spelled, *expanded, *added, *self._general_terms(text, terms)])),
            replaced=tuple(dict.fromkeys([*replaced, *aliases])),
            spelled_out=self._spelled_out(text),
        )

    def _spelled_out(self, text: str) -> str | None:
        spelled = TOKEN.sub(lambda match: self._spelled.get(fold(match.group()), match.group()), text)
        return spelled if spelled != text else None

    def _written(self, typed: str, elided: bool, repair: Callable[[str], str | None]) -> str:
        """One typed word as the corpus writes it; unchanged when it is a correct word."""
        word = fold(typed)
        if word in self._acronyms:
            return self._acronyms[word]
        shorthand = None if elided else _shorthand().get(word)
        if shorthand and (len(word) <= 2 or word not in self._known):
            return shorthand
        if word in self._surface:
            # Accents that a phone leaves out matter to the encoder; those that were typed are meant,
            # and so are words that differ by them ("ou" and "où", "vote" and "voté").
            meant = not typed.isascii() or typed[0].isupper() or word in STOP_WORDS or typed in self._variants
            return typed if meant else self._surface[word]
        if word in STOP_WORDS or word in self._known or word.isdigit() or is_french(word):
            return typed
        return repair(word) or typed

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

    def _everyday(self, text: str, replaced: list[tuple[str, str]]) -> tuple[list[str], list[str]]:
        """Stems and words that the lexicon adds for the everyday words of a question."""
        typed = singular(words(text))
        added: list[str] = []
        additions: list[str] = []
        for place, word in enumerate(typed):
            for run, key, values in self._words.get(word, ()):
                if typed[place : place + len(run)] == run and values[0] not in additions:
                    replaced.append((key, values[0]))
                    additions.append(values[0])
                    added += [term for value in values for term in stems(value)]
        return added, additions

    def _general_terms(self, text: str, terms: Sequence[str]) -> list[str]:
        """Stems that the words of every administration add, the longest expression first."""
        typed = singular(words(text))
        added: list[str] = []
        place = 0
        while place < len(typed):
            fitting = [
                e for e in self._general.get(typed[place], ()) if tuple(typed[place : place + len(e[0])]) == e[0]
            ]
            run, found = max(fitting, key=lambda e: len(e[0]), default=((typed[place],), ()))
            added += [term for term in found if term not in terms]
            place += len(run)
        return added


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


def bare(question: str) -> str:
    """The slice of a question that asks; the whole where nothing else would be left.

    >>> bare("Bonjour, merci de me dire qui signe le contrat ? Cordialement")
    'qui signe le contrat ?'
    >>> bare("merci pour votre aide")
    'merci pour votre aide'
    """
    tokens = list(TOKEN.finditer(question))
    line = " ".join(fold(token.group()) for token in tokens)
    opening = _OPENING.match(f"{line} ")
    first = opening.group().count(" ") if opening else 0
    closing = _CLOSING.search(line)
    last = len(tokens) - (closing.group().count(" ") if closing else 0)
    if (first, last) == (0, len(tokens)) or all(fold(t.group()) in STOP_WORDS for t in tokens[first:last]):
        return question
    start = tokens[first].start() if first else 0
    end = tokens[last].start() if last < len(tokens) else len(question)
    return question[start:end].strip(" ,;:-–—\n\t")


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
