"""All known questions have the same answers whether the index is in a folder or searched in PostgreSQL."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from real_postgres import postgres

from bot.assistant import Assistant
from bot.evaluation.questions import read_known_questions
from index import candidates, postgres_vectors
from index import postgres as pg
from index.database import Database
from index.e5.onnx_encoder import OnnxEncoder
from index.searcher import Searcher
from index.store import FolderStore

KNOWN = ROOT / "tests" / "known_questions"
NAMES = ("tune", "held")


def remembered(work: Callable[..., Any]) -> Callable[..., Any]:
    """The same for each list of texts: a model is not asked twice."""

    @cache
    def known(*given: object) -> Any:
        return work(*given)

    return lambda *given: known(
        *(
            tuple(each) if isinstance(each, Sequence | np.ndarray) and not isinstance(each, str) else each
            for each in given
        )
    )


@pytest.mark.model
def test_all_known_questions_have_the_same_answers_in_both_stores(
    default_index: Path, encoder: OnnxEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if it were large: candidates are chosen, and vectors and stems compared in the database.
    monkeypatch.setattr(candidates, "SMALL", 10)
    for module in (pg, postgres_vectors):
        monkeypatch.setattr(module, "LARGE", 10)
    for owner, name in ((encoder, "encode_queries"), (encoder, "encode_passages"), (encoder.reader, "read")):
        monkeypatch.setattr(owner, name, remembered(getattr(owner, name)))
    stored = FolderStore(default_index).load()
    questions = [q for name in NAMES for q in read_known_questions(KNOWN / f"{name}.jsonl", stored.entries)]
    with postgres() as server:
        store = pg.DatabaseStore(Database(server.address), "same")
        store.save(stored)
        one, other = (Assistant(Searcher.load(place, encoder)) for place in (default_index, store))
        assert isinstance(other.searcher.extractor.dense["passages"], postgres_vectors.DatabaseField)

        different = [
            question.turns for question in questions if said(one, question.turns) != said(other, question.turns)
        ]

    assert len(questions) > 390
    assert different == []


def said(assistant: Assistant, turns: Sequence[str]) -> list[dict[str, Any]]:
    """What is answered to each turn; probabilities to a thousandth, as vectors are added up in another order."""
    found = []
    for place, turn in enumerate(turns):
        answer = assistant.ask(turn, turns[:place]).to_json()
        answer["elapsed_ms"] = 0
        answer["confidence"] = round(answer["confidence"], 3)
        answer["ranking"] = [(each["document"], each["entry"]) for each in answer["ranking"][:3]]
        found.append(answer)
    return found
