"""Other names of what has an acronym, put back to the acronym: « contrat de relance » is « CRTE »."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from corpus.lexicon import Lexicon
from index.french import fold, singular, words

_TOKEN = re.compile(r"[^\W_]+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class _Alias:
    acronym: str
    said: bool
    """Whether the page reports it: that the full name is the acronym goes without saying."""


class Aliases:
    """The full names of the acronyms of a lexicon, and the expressions that it reads as an acronym."""

    def __init__(self, lexicon: Lexicon) -> None:
        folded = {fold(acronym) for acronym in lexicon.acronyms}
        runs: dict[tuple[str, ...], _Alias] = {}
        for key, values in lexicon.words.items():
            run = tuple(singular(words(key)))
            # A single word may mean something else ("agglo"): it stays, and its meaning is added.
            if len(run) >= 2 and fold(values[0]) in folded:
                runs[run] = _Alias(values[0], said=True)
        for acronym, names in lexicon.acronyms.items():
            for name in names:
                run = tuple(singular(words(name)))
                if len(run) >= 2:
                    runs[run] = _Alias(acronym, said=False)
        self._runs: Mapping[tuple[str, ...], _Alias] = runs
        self._longest = max(map(len, runs), default=0)

    def replace(self, text: str) -> tuple[str, list[tuple[str, str]]]:
        """The text with each other name, the longest first, replaced; and what the page reports of it."""
        tokens = list(_TOKEN.finditer(text))
        typed = singular([fold(token.group()) for token in tokens])
        pieces: list[str] = []
        replaced: list[tuple[str, str]] = []
        place = end = 0
        while place < len(tokens):
            size, alias = self._at(typed, place)
            if alias:
                first, last = tokens[place], tokens[place + size - 1]
                pieces += [text[end : first.start()], alias.acronym]
                if alias.said:
                    replaced.append((text[first.start() : last.end()], alias.acronym))
                end = last.end()
            place += size
        return "".join([*pieces, text[end:]]), replaced

    def _at(self, typed: list[str], place: int) -> tuple[int, _Alias | None]:
        for size in range(min(self._longest, len(typed) - place), 1, -1):
            if alias := self._runs.get(tuple(typed[place : place + size])):
                return size, alias
        return 1, None
