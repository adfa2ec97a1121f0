"""``motamot evaluate``: runs saved and compared, another stated error rate, why it fails."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import plain
from small_corpus import small_encoder

from bot import cli, cli_index
from index import store
from index.calibration import threshold

Ran = tuple[int, str, str]
"""Exit code, standard output, standard error."""

ROWS: list[dict[str, object]] = [
    {"id": "a", "turns": ["amende de retard"], "expect": ["Aucune amende n’est due."]},
    {"id": "b", "turns": ["amende de retard"], "expect": ["Un rappel part"]},
    {"id": "c", "turns": ["capitale du Pérou"], "kind": "refuse"},
]


@pytest.fixture
def evaluate(
    small_index: Path,
    tmp_path: Path,
    no_settings: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Ran]:
    """Runs ``motamot evaluate q.jsonl`` on the library's corpus, with its fake encoder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOTAMOT_CORPUS", str(small_index / "corpus"))
    monkeypatch.setenv("MOTAMOT_INDEX", str(small_index / "index"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(cli_index, "load_encoder", lambda _: small_encoder())
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["motamot", "evaluate", "q.jsonl", *arguments])
        with pytest.raises(SystemExit) as exited:
            cli.main()
        printed = capsys.readouterr()
        return exited.value.code or 0, plain(printed.out), plain(printed.err)  # type: ignore[return-value]

    return run


def test_a_run_is_saved_and_the_next_one_says_what_changed(evaluate: Callable[..., Ran], tmp_path: Path) -> None:
    assert evaluate("--save", "run.json")[0] == 0
    before = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    # Say that the first question was missed and the second was not.
    before["questions"][0]["verdict"] = "silent"
    before["questions"][1]["verdict"] = "right"
    (tmp_path / "run.json").write_text(json.dumps(before), encoding="utf-8")

    code, out, _ = evaluate("--compare", "run.json")

    assert code == 0
    assert "sur 3 questions communes : 1 gagnée, 1 perdue." in out
    assert "silence à tort → bonne réponse  a  amende de retard" in out
    assert "bonne réponse → bonne entrée, mauvaise phrase surlignée  b  amende de retard" in out


def test_what_json_prints_can_be_compared_too(evaluate: Callable[..., Ran], tmp_path: Path) -> None:
    _, out, _ = evaluate("--json")
    (tmp_path / "run.json").write_text(out, encoding="utf-8")

    code, again, _ = evaluate("--json", "--compare", "run.json", "--report", "r.html")

    found = json.loads(again)["comparison"]
    assert code == 0
    assert (found["n"], found["better"], found["broken"], found["p"]) == (3, [], [], 1.0)
    assert "Ce qui a changé" in (tmp_path / "r.html").read_text(encoding="utf-8")
    (tmp_path / "q.jsonl").write_text(json.dumps({**ROWS[0], "id": "z"}), encoding="utf-8")
    code, _, err = evaluate("--compare", "run.json")
    assert code == 2
    assert "aucune question en commun" in err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--compare", "nowhere.json"), "nowhere.json"),
        (("--save", "nowhere/run.json"), "nowhere"),
        (("--report", "nowhere/r.html"), "nowhere"),
        (("--max-error", "2"), "max_error"),
    ],
)
def test_what_cannot_be_used_is_refused_before_the_encoder_is_loaded(
    evaluate: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], named: str
) -> None:
    def never(_: object) -> None:
        raise AssertionError("the encoder was loaded")

    monkeypatch.setattr(cli_index, "load_encoder", never)

    code, out, err = evaluate(*arguments)

    assert (code, out) == (2, "")
    assert err.startswith("Erreur : ")
    assert named in err


def test_too_few_right_answers_are_a_failure_that_says_why(evaluate: Callable[..., Ran]) -> None:
    code, _, err = evaluate("--min-hit", "0.9")

    assert code == 1
    assert "Échec : 1 bonne réponse sur 2 (50,0 %), au-dessous du taux demandé par « --min-hit » (90,0 %)." in err
    assert evaluate("--min-hit", "0.5")[0] == 0


def test_another_error_rate_is_tried_without_building(
    evaluate: Callable[..., Ran], small_index: Path, tmp_path: Path
) -> None:
    _, _, err = evaluate("--max-error", "0.5", "--save", "loose.json")
    evaluate("--save", "usual.json")

    loose, usual = (json.loads((tmp_path / name).read_text("utf-8")) for name in ("loose.json", "usual.json"))
    learned = store.load(small_index / "index").learned
    assert "Index construit" not in err
    assert loose["conditions"]["max_error"] == 0.5
    assert loose["conditions"]["threshold"] == threshold(learned.curve, 0.5)
    assert usual["conditions"]["threshold"] == learned.threshold
    assert loose["conditions"]["threshold"] < usual["conditions"]["threshold"]
