"""The topics that the reader learns from: each file is written as it is read, and says what it is worth."""

from pathlib import Path

import pytest
from train_topics import read_topic, topics

TOPIC = """= Étude
== A | règlement | Règlement
[1] Article 1
Le matin.

[2] Article 2
Le soir,
tard.
== B | faq | Questions
[1] Quand ?
À midi.
== Q
A1+2 B- | quand ça ouvre
A? B1 | à midi ?
"""


def test_a_topic_is_read(tmp_path: Path) -> None:
    path = tmp_path / "etude.txt"
    path.write_text(TOPIC, encoding="utf-8")

    found = read_topic(path)

    assert found.documents == {
        "A": [("Article 1", "Le matin."), ("Article 2", "Le soir,\ntard.")],
        "B": [("Quand ?", "À midi.")],
    }
    assert found.questions == [("quand ça ouvre", {"A": [0, 1], "B": []}), ("à midi ?", {"A": None, "B": [0]})]


@pytest.mark.parametrize("line", ["A3 B- | quand ?", "A1 | quand ?", "A1 B- C1 | quand ?", "A1 B-"])
def test_a_question_that_is_written_otherwise_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "etude.txt"
    path.write_text(f"{TOPIC}{line}\n", encoding="utf-8")

    with pytest.raises(ValueError, match=r"etude\.txt, line 15"):
        read_topic(path)


@pytest.mark.parametrize("part", ["train", "held"])
def test_every_question_is_answered_by_a_document(part: str) -> None:
    read = topics(part)

    assert read
    for name, topic in read.items():
        assert len(topic.documents) == 3, name
        assert len(topic.questions) > 40, name
        for question, labels in topic.questions:
            assert any(labels.values()), f"{name}: {question}"
