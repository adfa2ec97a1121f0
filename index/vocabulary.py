"""What the query parser takes from a corpus: its words, the acronyms that it explains, the editor's other names."""

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from corpus.phrasings import Lexicon
from index.french import STOP_WORDS, Runs, fold, singular, stems, words

_TOKEN = re.compile(r"[^\W_]+", re.UNICODE)
"""A word or a number, as it is repaired and re-cased."""

General = tuple[tuple[str, ...], tuple[str, ...]]
"""Words of an everyday expression, and the stems that it adds to a question."""


@dataclass(frozen=True, slots=True)
class CorpusVocabulary:
    """The words, acronyms and other names of one corpus. Every field is in a fixed order."""

    spellings: dict[str, str]
    """Folded word -> how the corpus mostly writes it."""
    variants: tuple[str, ...]
    """The other ways it writes them."""
    stems: tuple[str, ...]
    """Stems of its words of meaning."""
    acronyms: dict[str, tuple[str, ...]]
    """Acronym -> what it stands for: what the editor wrote, and what the documents explain themselves."""
    words: dict[str, tuple[str, ...]]
    """The editor's everyday expression -> words of the documents."""
    general: tuple[General, ...]
    """What the shipped thesaurus can add for these documents."""

    @classmethod
    def of(cls, texts: Iterable[str], lexicon: Lexicon) -> "CorpusVocabulary":
        """Derive it from the texts of a corpus and its lexicon."""
        texts = list(texts)
        forms = dict(sorted(_surface_forms(texts).items()))
        spellings = {word: counts.most_common(1)[0][0] for word, counts in forms.items()}
        known = {term for word in spellings for term in stems(word)}
        return cls(
            spellings=spellings,
            variants=tuple(
                form for word, counts in forms.items() for form in sorted(counts) if form != spellings[word]
            ),
            stems=tuple(sorted(known)),
            acronyms={**explained(texts), **lexicon.acronyms},
            words=dict(lexicon.words),
            general=tuple(_usable(lexicon, known)),
        )


def _surface_forms(texts: Iterable[str]) -> dict[str, Counter[str]]:
    """Folded word -> how often the corpus writes it in each way."""
    written = Counter(token for text in texts for token in _TOKEN.findall(text))
    counts: dict[str, Counter[str]] = {}
    for token, n in written.items():
        # "Les" at the head of a sentence is "les"; "CRTE" and "TI" stay.
        form = token if token.isupper() and len(token) > 1 else token.lower()
        counts.setdefault(fold(form), Counter())[form] += n
    return counts


def _usable(lexicon: Lexicon, known: set[str]) -> Iterable[General]:
    """What of the shipped thesaurus leads to stems of the corpus; the editor's own lines go before it."""
    own = {tuple(singular(words(key))) for key in lexicon.words}
    for key, values in _thesaurus().items():
        run = tuple(singular(words(key)))
        read = [stems(value) for value in values]
        added = tuple(dict.fromkeys(term for value in read if known.issuperset(value) for term in value))
        if added and run not in own:
            yield run, added


@cache
def _thesaurus() -> dict[str, tuple[str, ...]]:
    """Everyday words -> words of any administration, shipped with the code."""
    content = tomllib.loads((Path(__file__).parent / "data" / "everyday.toml").read_text(encoding="utf-8"))
    return {key: tuple(values) for key, values in content["words"].items()}


_ACRONYM = r"[A-Z][A-Z0-9]{1,7}"
_AFTER = re.compile(rf"(?<![\w’'-])((?:[^\W\d_][\w’'-]*+[ \u00a0]++){{1,9}}+)\(\s*+({_ACRONYM})\s*+\)")
"""Words, then their acronym between brackets. Nothing is given back once taken, and only the head of a word begins:
a text made to be slow takes as long as another."""
_BEFORE = re.compile(rf"\b({_ACRONYM})[ \u00a0]*+\(\s*+((?:[^\W\d_][\w’'-]*+[ \u00a0]*+){{2,9}}+)\)")
"""An acronym, then its words between brackets."""
_WORD = re.compile(r"[^\W\d_][\w-]*")
_ELISION = re.compile(r"^(?:qu|[cdjlmnst])['’]", re.IGNORECASE)

# An acronym whose letters are not those of its words (DPO, from the English) must be met this often behind
# the same words before they are believed to be its own.
_OFTEN = 3


def explained(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Acronyms and the words that a text gives for them, most frequent first.

    Letters are aligned as by Schwartz and Hearst (2003, "A simple algorithm for identifying abbreviation
    definitions in biomedical text"); an acronym from another language is believed when it often follows the
    same words.

    >>> explained(["Le parc naturel régional (PNR) est créé par décret."])
    {'PNR': ('parc naturel régional',)}
    """
    meanings: dict[str, Counter[str]] = defaultdict(Counter)
    unexplained: dict[str, list[list[str]]] = defaultdict(list)
    for text in texts:
        for phrase, acronym in _AFTER.findall(text):
            if found := spelled(acronym, phrase):
                meanings[acronym][found] += 1
            else:
                unexplained[acronym].append(phrase.split())
        for acronym, phrase in _BEFORE.findall(text):
            if (found := spelled(acronym, phrase)) and found == phrase.strip():
                meanings[acronym][found] += 1
    for acronym, before in unexplained.items():
        if acronym not in meanings and (common := _common_end(before)):
            meanings[acronym][common] = len(before)
    return {a: tuple(_distinct(counts)) for a, counts in sorted(meanings.items())}


def spelled(acronym: str, phrase: str) -> str | None:
    """The end of ``phrase`` that an acronym abbreviates, or None.

    Where the telling words begin with its letters, one each, those; else the shortest end that begins with the
    first letter and holds the others in order, most of them at the head of a word.
    """
    return _by_initials(acronym, phrase) or _by_letters(acronym, phrase)


def _by_initials(acronym: str, phrase: str) -> str | None:
    places = [m for m in _WORD.finditer(phrase) if m.end() - m.start() > 1]  # the d of "d'impact" is no word
    telling = [m for m in places if fold(m.group()) not in STOP_WORDS]
    for found in (telling, places):
        last = found[-len(acronym) :]
        if len(last) == len(acronym) >= 2 and "".join(fold(m.group())[0] for m in last) == acronym.lower():
            return phrase[last[0].start() :].strip()
    return None


def _by_letters(acronym: str, phrase: str) -> str | None:
    at = len(phrase)
    folded = fold(phrase)
    if len(folded) != len(phrase):
        return None
    for place, letter in enumerate(reversed(acronym.lower())):
        first = place == len(acronym) - 1
        at -= 1
        while at >= 0 and not (folded[at] == letter and (not first or at == 0 or not folded[at - 1].isalnum())):
            at -= 1
        if at < 0:
            return None
    found = phrase[at:].strip()
    telling = [w for w in _WORD.findall(fold(found)) if w not in STOP_WORDS]
    fits = 2 <= len(telling) <= len(acronym) + 2 and len(found) > 2 * len(acronym)
    return found if fits and _begins_most(acronym, telling) else None


def _begins_most(acronym: str, telling: list[str]) -> bool:
    """Whether most letters of the acronym begin its words: others are found in any sentence."""
    letters = iter(acronym.lower())
    begun = sum(any(letter == word[0] for letter in letters) for word in telling)
    return begun >= min(len(telling), len(acronym)) - 1 and begun >= 2


def _common_end(before: list[list[str]]) -> str | None:
    """The words that always stand before an acronym met often enough, when at least two of them tell something."""
    if len(before) < _OFTEN:
        return None
    common: list[str] = []
    for column in zip(*(reversed(phrase) for phrase in before), strict=False):
        if len({_ELISION.sub("", fold(word)).rstrip("sx") for word in column}) > 1:
            break
        common.insert(0, column[0])
    while common and fold(common[0]) in STOP_WORDS:
        common.pop(0)
    telling = [w for w in common if fold(w) not in STOP_WORDS]
    return _ELISION.sub("", " ".join(common)) if len(telling) >= 2 else None


def _distinct(counts: Counter[str]) -> list[str]:
    """Without the plurals and capitals of those kept."""
    kept: dict[str, str] = {}
    for phrase, _ in counts.most_common():
        kept.setdefault(" ".join(w.rstrip("sx") for w in fold(phrase).split()), phrase)
    return list(kept.values())


def aliases(
    acronyms: Mapping[str, Sequence[str]], lexicon_words: Mapping[str, Sequence[str]]
) -> Runs[tuple[str, bool]]:
    """The full names of acronyms, and the expressions that a lexicon reads as one, which the page reports."""
    folded = {fold(acronym) for acronym in acronyms}
    names = [(key, (values[0], True)) for key, values in lexicon_words.items() if fold(values[0]) in folded]
    names += [(name, (acronym, False)) for acronym, full in acronyms.items() for name in full]
    runs = {tuple(singular(words(name))): alias for name, alias in names}
    # A single word may mean something else ("agglo"): it stays, and its meaning is added.
    return Runs((run, alias) for run, alias in runs.items() if len(run) >= 2)
