"""A question asked again of something else: an acronym, or a document, which a turn names and says no more."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from index.french import STOP_WORDS, FoldedText, fold, stem, stems
from index.query import Query


class Names:
    """What a corpus has several of: acronyms, and documents, by the words that no other title has.

    Args:
        acronyms: Of its lexicon.
        titles: Of its documents.
    """

    def __init__(self, acronyms: Iterable[str], titles: Sequence[str]) -> None:
        own = [set(stems(title)) for title in titles]
        counts = Counter(term for terms in own for term in terms)
        self._kinds: tuple[Mapping[str, object], ...] = (
            {stem(fold(acronym)): acronym for acronym in acronyms},
            {term: row for row, terms in enumerate(own) for term in terms if counts[term] == 1},
        )

    def substituted(self, turn: Query, earlier: Query) -> str:
        """The earlier question of what the turn names instead ("et celle du TI ?", "et à la piscine ?").

        Empty where the turn says more, or they do not name two of one kind.
        """
        for names in self._kinds:
            before, own = _named(earlier.typed, names), _named(turn.typed, names)
            says_more = {*turn.terms} != {stem(turn.typed.words[row]) for row in own}
            one, other = {*before.values()}, {*own.values()}
            if not says_more and len(one) == len(other) == 1 and one != other:
                name = turn.typed.between(min(own), max(own) + 1)
                runs = _runs(before, earlier.typed.words)
                return earlier.typed.rewritten((first, last, name) for first, last in runs)
        return ""


def _named(text: FoldedText, names: Mapping[str, object]) -> dict[int, object]:
    """Rows of the words that name something -> what they name."""
    found = {row: names.get(stem(word)) for row, word in enumerate(text.words)}
    return {row: name for row, name in found.items() if name is not None}


def _runs(rows: Iterable[int], words: Sequence[str]) -> list[tuple[int, int]]:
    """First row, and row after the last, of names of several words ("salle des fêtes")."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and STOP_WORDS.issuperset(words[found[-1][1] : row]):
            found[-1] = (found[-1][0], row + 1)
        else:
            found.append((row, row + 1))
    return found
