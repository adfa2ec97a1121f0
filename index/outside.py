"""Questions that a corpus does not answer, from which refusal is learned: general ones and made-up near ones."""

import tomllib
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from corpus.document import Entry
from corpus.phrasings import Lexicon
from index.french import STOP_WORDS, stems, words

_DATA = Path(__file__).parent / "data"


def outside_questions(entries: Sequence[Entry], lexicon: Lexicon, unanswered: Sequence[str]) -> list[tuple[int, str]]:
    """Questions that a corpus does not answer, with the group that each belongs to.

    General ones shipped with the code and the editor's, each a group of its own, and those for details of
    its own subjects that it does not give, a group for each detail.
    """
    lines = (_DATA / "out_of_scope.txt").read_text(encoding="utf-8").splitlines()
    # Every other one: they are refused all the same, and the build takes two seconds less.
    general = [line.strip() for line in lines if line.strip()][::2]
    near = _missing_details(entries, lexicon)
    first = max((group for group, _ in near), default=-1) + 1
    return near + list(enumerate([*unanswered, *general], first))


def _missing_details(entries: Sequence[Entry], lexicon: Lexicon) -> list[tuple[int, str]]:
    """Questions about the subjects of a corpus for details that it does not give: (detail, question).

    A detail one of whose words stands in the corpus is passed over: the corpus may well give it.
    """
    content = tomllib.loads((_DATA / "missing_details.toml").read_text(encoding="utf-8"))
    vocabulary = {term for e in entries for term in stems(f"{e.heading_text} {e.body_text}")}
    subjects = _subjects(entries, lexicon, vocabulary)
    questions = []
    for number, detail in enumerate(content["detail"]):
        if any(set(stems(word)) <= vocabulary for word in detail["needs"] if stems(word)):
            continue
        for place, ask in enumerate(detail["ask"]):
            # Each way of asking meets a subject of its own, so that neither is learned by heart.
            chosen = subjects[(number + place) % 6 :: 6][:1]
            questions += [(number, ask.replace("{}", subject)) for subject in chosen]
    return questions


def _subjects(entries: Sequence[Entry], lexicon: Lexicon, vocabulary: Collection[str]) -> list[str]:
    """What one may ask about: the acronyms of the corpus, and the longest frequent words of its entries."""
    acronyms = [a for a in lexicon.acronyms if set(stems(a)) <= set(vocabulary)]
    counts: Counter[str] = Counter()
    for entry in entries:
        counts.update({w for w in words(entry.body_text) if len(w) >= 6 and w not in STOP_WORDS and not w.isdigit()})
    # Words of one to three entries name something; those of every entry name nothing.
    telling = sorted((w for w, n in counts.items() if n <= 3), key=lambda w: (-counts[w], -len(w), w))
    mixed: list[str] = []
    for place in range(9):
        mixed += acronyms[place : place + 1] + telling[place : place + 1]
    return mixed
