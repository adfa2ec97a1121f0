"""``motamot evaluate``: what it counts, runs saved and compared, another stated error rate, why it fails."""

import json
from pathlib import Path

from conftest import KNOWN, Run, plain

from index.calibration import threshold
from index.store import FolderStore


def test_it_counts_and_exits_1_below_the_wanted_rate_and_says_why(run: Run) -> None:
    ran = run("evaluate", "q.jsonl", "--json")
    figures = json.loads(ran.out)

    assert ran.code == 0
    assert [figures[name]["value"] for name in ("hit_rate", "right_entry", "refusal_recall", "courtesy_rate")] == [
        0.5, 1, 1, 1,
    ]  # fmt: skip
    assert [q["verdict"] for q in figures["questions"]] == ["right", "wrong_part", "right", "right"]
    assert run("evaluate", "q.jsonl", "--min-hit", "0.5").code == 0
    ran = run("evaluate", "q.jsonl", "--min-hit", "0.51")
    assert ran.code == 1
    assert "Échec : 1 bonne réponse sur 2 (50,0 %), au-dessous du taux demandé par « --min-hit » (51,0 %)." in ran.err


def test_a_run_is_saved_and_the_next_one_says_what_changed(run: Run, tmp_path: Path) -> None:
    assert run("evaluate", "q.jsonl", "--save", "run.json").code == 0
    before = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    # Say that the first question was missed and the second was not.
    before["questions"][0]["verdict"] = "silent"
    before["questions"][1]["verdict"] = "right"
    (tmp_path / "run.json").write_text(json.dumps(before), encoding="utf-8")

    ran = run("evaluate", "q.jsonl", "--compare", "run.json", "--report", "r.html")

    out = plain(ran.out)
    assert ran.code == 0
    assert "sur 4 questions communes : 1 gagnée, 1 perdue." in out
    assert "silence à tort → bonne réponse  a  amende de retard" in out
    assert "bonne réponse → bonne entrée, mauvaise phrase surlignée  b  amende de retard" in out
    assert "Ce qui a changé" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_what_json_prints_can_be_compared_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(run("evaluate", "q.jsonl", "--json").out, encoding="utf-8")

    found = json.loads(run("evaluate", "q.jsonl", "--json", "--compare", "run.json").out)["comparison"]

    assert (found["n"], found["better"], found["broken"], found["p"]) == (4, [], [], 1.0)
    (tmp_path / "q.jsonl").write_text(json.dumps({**KNOWN[0], "id": "z"}), encoding="utf-8")
    ran = run("evaluate", "q.jsonl", "--compare", "run.json")
    assert (ran.code, "aucune question en commun" in ran.err) == (2, True)


def test_another_error_rate_is_tried_without_building(run: Run, small_index: Path, tmp_path: Path) -> None:
    ran = run("evaluate", "q.jsonl", "--max-error", "0.5", "--save", "loose.json")
    run("evaluate", "q.jsonl", "--save", "usual.json")

    loose, usual = (
        json.loads((tmp_path / name).read_text("utf-8"))["conditions"] for name in ("loose.json", "usual.json")
    )
    learned = FolderStore(small_index / "index").load().learned
    assert "Index construit" not in ran.err
    assert (loose["max_error"], loose["threshold"]) == (0.5, threshold(learned.curve, 0.5))
    assert usual["threshold"] == learned.threshold
    assert loose["threshold"] < usual["threshold"]
