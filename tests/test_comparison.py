"""Two runs set side by side, and what is kept of a run on disk."""

import json
from pathlib import Path

import pytest
from conftest import plain
from outcomes import not_refused, outcome, polite, refused

from bot.evaluation import words
from bot.evaluation.figures import Estimate
from bot.evaluation.questions import Outcome, Verdict
from bot.evaluation.run_file import (
    Conditions,
    Difference,
    Run,
    RunFileError,
    check_comparable,
    check_writable,
    compare,
    read_run,
    run_to_json,
    sign_test,
)

CONDITIONS = Conditions("q.jsonl", "2026-11-23T14:05:00+00:00", "1.0", 0.45, 0.05, ("FAQ (mai 2021)",))


def test_questions_are_paired_by_identifier() -> None:
    before = [
        outcome("same"),
        outcome("won", Verdict.SILENT),
        outcome("lost"),
        outcome("other", Verdict.SILENT),
        outcome("gone"),
        outcome("reworded", turns=("Qui ?",)),
        refused("judged otherwise"),
    ]
    after = [
        outcome("new"),
        outcome("other", Verdict.WRONG_ENTRY),
        outcome("lost", Verdict.WRONG_PART),
        outcome("won"),
        outcome("same"),
        outcome("reworded", Verdict.SILENT, turns=("Qui donc ?",)),
        outcome("judged otherwise"),
    ]

    found = compare(before, after)

    assert found.n == 4
    groups = (found.better, found.broken, found.other)
    assert [[c.after.id for c in group] for group in groups] == [["won"], ["lost"], ["other"]]
    assert (found.added, found.removed) == (("new",), ("gone",))
    assert found.altered == ("reworded", "judged otherwise")
    assert (found.broken[0].before.verdict, found.broken[0].after.verdict) == (Verdict.RIGHT, Verdict.WRONG_PART)


def test_the_exact_test_by_hand() -> None:
    # Of 6 tosses, at most one head or at least five: 2 x (1 + 6) / 64.
    assert sign_test(1, 5) == sign_test(5, 1) == pytest.approx(14 / 64)
    assert sign_test(0, 6) == pytest.approx(2 / 64)
    assert sign_test(3, 3) == sign_test(0, 0) == pytest.approx(1)


def test_figures_are_taken_again_over_the_questions_in_common() -> None:
    before = [outcome("gone", Verdict.SILENT), *(outcome(str(i), Verdict.SILENT, ranking="b a") for i in range(6))]
    after = [*(outcome(str(i), ranking="a b", ms=30.0) for i in range(6)), outcome("new", Verdict.SILENT)]

    found = {d.key: d for d in compare(before, after).differences}

    assert (found["hit_rate"].before.value, found["hit_rate"].after.value, found["hit_rate"].before.n) == (0, 1, 6)
    # All six moved up: chance does so twice in 64 either way.
    assert found["hit_rate"].p == found["mrr"].p == pytest.approx(2 / 64)
    assert (found["mrr"].before.value, found["mrr"].after.value) == (0.5, 1)
    assert found["latency_p50_ms"].p is None
    assert {d.key for d in compare(before, after).unmoved} >= {"hit@3", "hit@5"}
    assert "refusal_recall" not in {d.key for d in compare(before, after).unmoved}  # no question bears on it


def test_a_comparison_in_plain_french() -> None:
    before = [outcome(str(i), Verdict.SILENT) for i in range(6)] + [outcome("6"), outcome("7"), outcome("gone")]
    after = [outcome(str(i)) for i in range(6)] + [outcome("6", Verdict.SILENT), outcome("7"), outcome("new")]

    # 8 in common, 6 won, 1 lost: 2 x (1 + 7) / 128 = 0.125.
    assert plain(words.summary(compare(before, after))) == (
        "Depuis l’évaluation précédente, sur 8 questions communes : 6 gagnées, 1 perdue. "
        "Cette différence peut être due au hasard (p = 0,12). "
        "1 question nouvelle, hors comparaison. 1 question retirée, hors comparaison."
    )
    assert "est difficilement due au hasard (p = 0,031)" in plain(words.summary(compare(before[:6], after[:6])))
    assert plain(words.summary(compare(after, after))).endswith("0 gagnée, 0 perdue.")
    reworded = [outcome("0", turns=("Qui ?",))]
    assert "Aucune question n’est comparable" in words.summary(compare(reworded, after))


@pytest.mark.parametrize(
    ("key", "before", "after", "p", "written", "chance"),
    [
        ("hit_rate", 0.5, 0.625, 0.03, "+12,5 points", "difficilement (p = 0,030)"),
        ("hit_rate", 0.5, 0.49, 0.6, "−1,0 point", "peut-être (p = 0,60)"),
        ("mrr", 0.5, 0.75, 0.0001, "+0,250", "difficilement (p < 0,001)"),
        ("latency_p50_ms", 30, 20, None, "−10 ms", "—"),
        ("hit_rate", 0.5, 0.5, 1.0, "0,0 point", "—"),
    ],
)
def test_a_difference_in_french(
    key: str, before: float, after: float, p: float | None, written: str, chance: str
) -> None:
    was, now = Estimate(before, 0, 1, 10), Estimate(after, 0, 1, 10)

    assert plain(words.difference(key, was, now)) == written
    assert plain(words.chance(Difference(key, was, now, p))) == chance


OUTCOMES = (
    outcome("a", tags="sms"),
    outcome("b", Verdict.SILENT, ranking="b a"),
    refused("c"),
    not_refused("d"),
    polite("e"),
)


def saved(path: Path, outcomes: tuple[Outcome, ...] = OUTCOMES) -> Path:
    path.write_text(json.dumps(run_to_json(Run(CONDITIONS, outcomes))), encoding="utf-8")
    return path


def test_a_run_in_json_holds_figures_curves_and_what_changed() -> None:
    before = (outcome("a", Verdict.SILENT), *OUTCOMES[1:])
    found = run_to_json(Run(CONDITIONS, OUTCOMES), compare(before, OUTCOMES))

    assert {key for key, value in found.items() if isinstance(value, dict) and "low" in value} == set(words.FIGURES)
    low, high = pytest.approx(0.0945, abs=1e-4), pytest.approx(0.9055, abs=1e-4)
    assert found["hit_rate"] == {"value": 0.5, "low": low, "high": high, "n": 2}
    assert [b["right"]["n"] for b in found["reliability"]] == [1, 1, 2]
    assert found["risk_coverage"][-1] == {"threshold": 0.1, "coverage": 1.0, "risk": 0.75}
    assert found["in_force"]["coverage"]["value"] == 0.75
    assert found["comparison"]["better"] == [
        {"id": "a", "turns": ["Qui signe ?"], "before": "silent", "after": "right"}
    ]
    assert found["comparison"]["figures"]["hit_rate"] == {"before": 0, "after": 0.5, "p": 1.0}
    assert {k: found["questions"][1][k] for k in ("id", "expected", "kind", "verdict", "rank")} == {
        "id": "b",
        "expected": "answer",
        "kind": "answer",
        "verdict": "silent",
        "rank": 2,
    }


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"\xff\xfe", "JSON"),
        (b"[]", "motamot-evaluation/1"),
        (b'{"format": "motamot-evaluation/9"}', "motamot-evaluation/1"),
        (b'{"format": "motamot-evaluation/1"}', "conditions"),
    ],
)
def test_a_foreign_file_is_refused_with_the_remedy(tmp_path: Path, content: bytes, named: str) -> None:
    (tmp_path / "run.json").write_bytes(content)

    with pytest.raises(RunFileError, match=named) as caught:
        read_run(tmp_path / "run.json")

    assert [word for word in ("run.json", "--save") if word not in str(caught.value)] == []


@pytest.mark.parametrize("damage", [{"verdict": None}, {"kind": "shrug"}, {"confidence": "high"}])
def test_a_run_is_read_as_written_and_a_damaged_question_is_named(tmp_path: Path, damage: dict[str, object]) -> None:
    assert read_run(saved(tmp_path / "run.json")) == Run(CONDITIONS, OUTCOMES)
    content = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    content["questions"][1] |= damage
    (tmp_path / "run.json").write_text(json.dumps(content), encoding="utf-8")

    with pytest.raises(RunFileError, match=rf"run\.json.*abîmée.*questions\.1\.{next(iter(damage))}"):
        read_run(tmp_path / "run.json")


def test_a_file_that_cannot_be_read_written_or_compared_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match=r"nowhere\.json"):
        read_run(tmp_path / "nowhere.json")
    with pytest.raises(RunFileError, match=r"le dossier .*nowhere"):
        check_writable(tmp_path / "nowhere" / "run.json")
    with pytest.raises(RunFileError, match="est un dossier"):
        check_writable(tmp_path)
    check_writable(tmp_path / "run.json")
    run = Run(CONDITIONS, OUTCOMES)
    check_comparable(run, Path("run.json"), ["a", "z"], "other.csv")
    with pytest.raises(RunFileError, match=r"run\.json.*q\.jsonl.*other\.csv"):
        check_comparable(run, Path("run.json"), ["z"], "other.csv")
