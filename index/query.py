"""A typed question, read as the corpus would write it: shorthand, misspellings, acronyms, everyday words."""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import OSA

from corpus.split.sentences import sentences
from index.french import (
    STOP_WORDS,
    FoldedText,
    Runs,
    fold,
    is_correct,
    needs_no_accent,
    singular,
    stem,
    stems,
    stems_of,
    words,
)
from index.vocabulary import CorpusVocabulary, aliases

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
_ACKNOWLEDGING = frozenset(
    words(
        "ok okay oki d accord dac daccord merci mrc bcp beaucoup infiniment mille bien très super parfait génial top "
        "cool nickel bon ah oh ouf euh pff pfff entendu compris noté je vois vous te toi remercie c est clair gentil "
        "bonjour bonsoir salut hello madame monsieur votre ta pour réponse l la info infos aide à de"
    )
)
"""Words of a sentence, before the one that asks, that only greets, thanks or agrees."""
_GOES_ON = frozenset({"et", "mais", "donc", "alors"})
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
_BRIEF = 60
"""Words of a message that a reader reads: it was trained with 110 tokens of a question."""


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

    @property
    def brief(self) -> str:
        """What a reader reads of it: of a long message, the sentences that ask and what goes before them."""
        if len(self.text.split()) <= _BRIEF:
            return self.text
        parts = [span.of(self.text) for span in sentences(self.text)]
        kept: dict[int, str] = {}
        left = _BRIEF
        for row in by_asking(parts):
            own = parts[row].split()
            if kept and len(own) > left:
                break
            kept[row] = " ".join(own[-left:])
            left -= len(own)
        return " ".join(kept[row] for row in sorted(kept))


class QueryParser:
    """Reads questions with the vocabulary of one corpus. Nothing is derived from the corpus here."""

    def __init__(self, vocabulary: CorpusVocabulary) -> None:
        acronyms, everyday = vocabulary.acronyms, vocabulary.words
        self.vocabulary = vocabulary
        self._surface = vocabulary.spellings
        self._variants = frozenset(vocabulary.variants)
        self._acronyms = {fold(acronym): acronym for acronym in acronyms}
        self._spelled = {fold(a): (expansions[0], stems(expansions[0])) for a, expansions in acronyms.items()}
        self._aliases = aliases(acronyms, everyday)
        expansions = {tuple(stems(full)): stem(fold(acronym)) for acronym, names in acronyms.items() for full in names}
        self._expansions = Runs((run, (row, acronym)) for row, (run, acronym) in enumerate(expansions.items()))
        self._everyday = Runs(
            (singular(words(key)), (values[0], [term for value in values for term in stems(value)]))
            for key, values in everyday.items()
        )
        self._general = Runs(vocabulary.general)
        self._known = {*self._surface, *self._acronyms, *(word for key in everyday for word in words(key))}
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
        read, named = self._with_acronyms(FoldedText.of(text) if text != typed.text else typed)
        terms, singulars = stems_of(read.words), singular(read.words)
        everyday = dict(self._everyday.all(singulars))  # words of the corpus -> their stems
        added = self._acronyms_spelled_in(terms)
        for word in read.words:
            if word in self._spelled and word not in self._surface:
                added += self._spelled[word][1]
        added += [term for found in everyday.values() for term in found]
        added += [term for _, _, found in self._general.longest(singulars) for term in found if term not in terms]
        said = [(typed_as, meant) for typed_as, meant in [*replaced, *named] if not _is_trivial(typed_as, meant)]
        return Query(
            typed=typed,
            asked=typed.text[start:end],
            asked_words=typed.words[rows.start : rows.stop],
            rewritten=FoldedText.of(f"{read.text} ({', '.join(everyday)})") if everyday else read,
            terms=tuple(terms),
            added=tuple(dict.fromkeys(added)),
            replaced=tuple(dict.fromkeys(said)),
            spelled_out=self._spelled_out(read),
        )

    def _spelled_out(self, read: FoldedText) -> str | None:
        rows = [row for row, word in enumerate(read.words) if word in self._spelled]
        return read.rewritten((row, row + 1, self._spelled[read.words[row]][0]) for row in rows) if rows else None

    def _with_acronyms(self, read: FoldedText) -> tuple[FoldedText, list[tuple[str, str]]]:
        """The text with the other names of an acronym put back to it; and what the page reports of it."""
        found = list(self._aliases.longest(singular(read.words)))
        if not found:
            return read, []
        said = [(read.between(first, last), acronym) for first, last, (acronym, reported) in found if reported]
        return FoldedText.of(read.rewritten((first, last, acronym) for first, last, (acronym, _) in found)), said

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
        if word in STOP_WORDS or word in self._known or word.isdigit() or is_correct(word):
            return None
        if word not in tried and len(tried) < _REPAIRS:
            tried[word] = self._repaired(word)
        return tried.get(word)

    def _cased(self, word: str, typed: str) -> str:
        """A word with the capitals and accents of the corpus."""
        if word in self._acronyms:
            return self._acronyms[word]
        # Accents that a phone leaves out matter to the encoder; those that were typed are meant, and so are words
        # that need none ("facture", "vote") or that the corpus writes both ways.
        meant = not typed.isascii() or typed[0].isupper() or word in STOP_WORDS or typed in self._variants
        return typed if meant or needs_no_accent(word) else self._surface.get(word, typed)

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
        return [acronym for _, acronym in sorted(set(self._expansions.all(terms)))]


def by_asking(parts: Sequence[str]) -> list[int]:
    """Rows of the sentences of a message: those that ask, what goes before the last of them, backwards, the rest.

    >>> by_asking(["Bonjour.", "J’ai une carte.", "Est-elle valable ?", "Merci."])
    [2, 1, 0, 3]
    """
    asking = [row for row, part in enumerate(parts) if part.rstrip().endswith("?")]
    last = asking[-1] if asking else len(parts) - 1
    return sorted(range(len(parts)), key=lambda row: (row not in asking, row > last, abs(row - last)))


def asking(typed: FoldedText) -> range:
    """Rows of the words that ask; of all words where nothing else would be left."""
    line = " ".join(typed.words)
    greeted = _acknowledged(typed)
    opening = _OPENING.match(f"{' '.join(typed.words[greeted:])} ")
    first = greeted + (opening.group().count(" ") if opening else 0)
    closing = _CLOSING.search(line)
    last = len(typed.words) - (closing.group().count(" ") if closing else 0)
    asked = typed.words[first:last]
    nothing = STOP_WORDS.issuperset(asked) if not greeted else not asked
    return range(len(typed.words)) if nothing else range(first, last)


def _acknowledged(typed: FoldedText) -> int:
    """How many words only greet, thank or agree before the others: up to a sign, or to a word that goes on ("et")."""
    found = 0
    for row, word in enumerate(typed.words):
        gap = typed.text[typed.spans[row - 1][1] : typed.spans[row][0]] if row else ""
        ends = typed.words[row + 1 : row + 2] in (("bonne",), ("belle",), ("merci",), ("a",))
        if row and (gap.strip(" '’-") or (word in _GOES_ON and not ends)):
            found = row
        if word not in _ACKNOWLEDGING:
            break
    return found


def _slice(typed: FoldedText, rows: range) -> tuple[int, int]:
    """Where these words stand in the text, without the signs around them that only joined them to the others."""
    if rows == range(len(typed.words)):
        return 0, len(typed.text)
    start = typed.spans[rows.start][0] if rows.start else 0
    end = typed.spans[rows.stop][0] if rows.stop < len(typed.words) else len(typed.text)
    text = typed.text[start:end]
    return end - len(text.lstrip(_AROUND)), start + len(text.rstrip(_AROUND))


def _is_trivial(typed: str, meant: str) -> bool:
    """Whether a word of no meaning was written out ("pk"), or the plural is all that differs: nobody needs to know."""
    return not stems(meant) or singular(words(meant)) == singular(words(typed))


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
