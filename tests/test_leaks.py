"""No known question is a phrasing, or nearly one: the assistant would be judged on what it was taught."""

import json
from itertools import combinations
from pathlib import Path

import pytest
from conftest import ROOT
from rapidfuzz import fuzz, process

from corpus.phrasings import read_phrasings
from corpus.read import read_corpus
from index.french import fold

KNOWN = [ROOT / "tests" / "known_questions" / f"{half}.jsonl" for half in ("tune", "held")]
NEARLY = 85
"""rapidfuzz ratio from which two folded texts are nearly the same."""


def turns(path: Path, kinds: tuple[str, ...] = ("answer", "refuse", "smalltalk")) -> dict[str, str]:
    """Identifier -> the turn that is judged."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["id"]: row["turns"][-1] for row in rows if row["kind"] in kinds}


def taught() -> list[str]:
    """Everything that a build of the shipped corpus learns from and that is specific to it."""
    phrasings = read_phrasings(ROOT / "corpus", read_corpus(ROOT / "corpus").entries)
    return [text for target in phrasings.targets for text in target.phrasings] + list(phrasings.unanswered)


def near_pairs(questions: dict[str, str], learned: list[str]) -> list[str]:
    """The pairs that are too near, as a person would report them."""
    asked, learned_folded = list(questions.items()), [fold(text) for text in learned]
    scores = process.cdist([fold(text) for _, text in asked], learned_folded, scorer=fuzz.ratio, score_cutoff=NEARLY)
    return [
        f"{asked[row][0]} « {asked[row][1]} » is nearly « {learned[column]} » ({scores[row, column]:.0f})"
        for row, column in zip(*scores.nonzero(), strict=True)
    ]


def test_a_leak_would_be_seen() -> None:
    [pair] = near_pairs({"in-1": "Peut-on modifier un contrat ?"}, ["rien", "peut on modifier un contrat"])

    assert pair == "in-1 « Peut-on modifier un contrat ? » is nearly « peut on modifier un contrat » (93)"


@pytest.mark.parametrize("path", KNOWN, ids=lambda path: path.stem)
def test_no_known_question_is_taught_nor_among_the_general_ones_to_refuse(path: Path) -> None:
    shipped = (ROOT / "index" / "data" / "out_of_scope.txt").read_text(encoding="utf-8").splitlines()

    assert near_pairs(turns(path, ("answer", "refuse")), taught() + shipped) == []


def test_no_known_question_stands_in_both_halves() -> None:
    for one, other in combinations(KNOWN, 2):
        assert near_pairs(turns(one, ("answer", "refuse")), list(turns(other).values())) == []
