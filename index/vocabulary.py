"""What the query parser takes from a corpus, as plain values that an index stores as JSON."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from corpus.lexicon import Lexicon
from index.acronyms import explained
from index.french import fold, singular, stems, words

TOKEN = re.compile(r"[^\W_]+", re.UNICODE)
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
    written = Counter(token for text in texts for token in TOKEN.findall(text))
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
