"""``pytest questions.jsonl``: one test a known question, one readable failure each."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fake_assistant import About, FakeAssistant, answered, quote
from small_corpus import write_corpus

from bot import cli_index
from bot.answer import Answer, Ranked
from bot.evaluation import words as _imported_once  # noqa: F401  pytester forgets what is imported during a run
from bot.settings import Settings
from corpus.document import Document
from corpus.errors import IndexStoreError
from corpus.read import read_corpus

NO_FINE = "Aucune amende n’est due."
AMENDMENT = (
    "Les CTI en cours pourront être révisés par voie d’avenant afin de tenir compte de l’évolution des priorités "
    "stratégiques et des projets locaux dans le contexte de la relance."
)
ROWS: list[dict[str, object]] = [
    {"id": "q1", "turns": ["amende de retard"], "expect": [NO_FINE], "tags": ["sms"]},
    {"id": "q2", "turns": ["Bonjour", "et le rappel ?"], "expect": ["Un rappel part après une semaine."]},
    {"id": "q3", "turns": ["capitale du Pérou"], "kind": "refuse", "tags": ["far"]},
    {"id": "q4", "turns": ["wifi"], "expect": ["Un ordinateur se réserve"]},
]
"""The first and the third are met as they should be."""


class Opened:
    """How often the assistant was opened, and with what settings."""

    def __init__(self, assistant: FakeAssistant) -> None:
        self.assistant = assistant
        self.settings: list[Settings] = []

    def __call__(self, settings: Settings) -> FakeAssistant:
        self.settings.append(settings)
        return self.assistant


@pytest.fixture
def corpus(pytester: pytest.Pytester, no_settings: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write_corpus(pytester.path / "corpus")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:schemathesis")  # a second to import, in each of these runs
    monkeypatch.setenv("MOTAMOT_CORPUS", str(folder))
    monkeypatch.setenv("MOTAMOT_HOME", str(pytester.path / "home"))
    return folder


@pytest.fixture
def opened(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """A fake assistant that always quotes the answer on late books, its first sentence marked."""
    document = read_corpus(corpus).documents[0]
    found = Opened(FakeAssistant({"amende de retard": late(document), "et le rappel ?": late(document)}, About(())))
    monkeypatch.setattr(cli_index, "open_assistant", found)
    return found


def late(document: Document) -> Answer:
    given = quote(document, f"{NO_FINE} Un rappel part après une semaine.", NO_FINE, question="En cas de retard ?")
    given = replace(given, source=replace(given.source, entry="retard"))
    ranking = (Ranked("mediatheque", "retard", 0.9), Ranked("mediatheque", "pret", 0.1))
    return replace(answered("", given), ranking=ranking)


@pytest.fixture
def questions(pytester: pytest.Pytester) -> Path:
    path = pytester.path / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    return path


def outcomes(result: pytest.RunResult) -> dict[str, int]:
    return {name: n for name, n in result.parseoutcomes().items() if name not in ("seconds", "second")}


def test_each_question_is_a_test_whose_failure_says_what_was_asked_wanted_and_got(
    pytester: pytest.Pytester, opened: Opened, questions: Path
) -> None:
    result = pytester.runpytest_inprocess("questions.jsonl", "-v")

    assert outcomes(result) == {"passed": 2, "failed": 2}
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "questions.jsonl::q1 PASSED*",
            "questions.jsonl::q2 FAILED*",
            "questions.jsonl::q3 PASSED*",
            "*q2 : et le rappel ?*",
            "bonne entrée, mauvaise phrase surlignée",
            "  avant  ?: Bonjour",
            "  demandé?: et le rappel [?]",
            "  attendu?: «*Un rappel part après une semaine.*» [[]Que risque-t-on en cas de retard*",
            "  obtenu ?: «*Aucune amende n’est due.*» [[]En cas de retard*",
            "  rang   ?: 1 (confiance 0,90)",
            "*q4 : wifi*",
            "silence à tort",
            "  obtenu ?: un refus",
            "  rang   ?: absent du classement (confiance 0,10)",
            "FAILED questions.jsonl::q2 - *bonne entrée, mauvaise phrase surlignée*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")
    assert len(opened.settings) == 1
    # The earlier turns are played as history.
    assert opened.assistant.asked[1] == ("et le rappel ?", ("Bonjour",))


def test_questions_are_chosen_as_other_tests_are_and_options_win_over_the_settings(
    pytester: pytest.Pytester, opened: Opened, questions: Path
) -> None:
    other, index = write_corpus(pytester.path / "other"), pytester.path / "built"
    options = (f"--motamot-corpus={other}", f"--motamot-index={index}")
    chosen = pytester.runpytest_inprocess("questions.jsonl::q1", "questions.jsonl::q2", *options)
    again = pytester.runpytest_inprocess("questions.jsonl", "--lf")
    tagged = pytester.runpytest_inprocess("questions.jsonl", "-k", "sms or refuse")

    assert outcomes(chosen) == {"passed": 1, "failed": 1}
    assert (opened.settings[0].corpus, opened.settings[0].index) == (other, index)
    chosen.stdout.fnmatch_lines(["motamot: corpus*other*index*built*"])
    assert outcomes(again) == {"failed": 1, "deselected": 3}
    assert outcomes(tagged) == {"passed": 2, "deselected": 2}


def test_a_file_met_in_a_folder_is_not_collected(pytester: pytest.Pytester, opened: Opened, questions: Path) -> None:
    pytester.makepyfile(test_other="def test_other():\n    pass\n")

    assert outcomes(pytester.runpytest_inprocess(".")) == {"passed": 1}
    assert opened.settings == []
    assert outcomes(pytester.runpytest_inprocess(".", "questions.jsonl", "-k", "q1 or other")) == {
        "passed": 2,
        "deselected": 3,
    }


def test_a_line_or_a_corpus_that_cannot_be_used_is_one_error_of_collection(
    pytester: pytest.Pytester, opened: Opened, questions: Path
) -> None:
    questions.write_text(json.dumps({"id": "q1", "turns": ["?"], "expect": ["Le roi signe."]}), encoding="utf-8")

    result = pytester.runpytest_inprocess("questions.jsonl")

    assert outcomes(result) == {"errors": 1}
    result.stdout.fnmatch_lines(["*questions.jsonl*ligne 1*Le roi signe.*aucun document*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result = pytester.runpytest_inprocess("questions.jsonl", "--motamot-corpus", "nowhere")
    assert outcomes(result) == {"errors": 1}
    result.stdout.fnmatch_lines(["*nowhere*n’est pas un dossier de corpus*"])
    assert opened.settings == []


def test_an_assistant_that_cannot_be_opened_is_tried_once(
    pytester: pytest.Pytester, corpus: Path, questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def broken(settings: Settings) -> FakeAssistant:
        tried.append(settings)
        raise IndexStoreError("L’index est abîmé.")

    monkeypatch.setattr(cli_index, "open_assistant", broken)

    result = pytester.runpytest_inprocess("questions.jsonl")

    assert outcomes(result) == {"errors": 4}
    assert len(tried) == 1
    result.stdout.fnmatch_lines(["L’index est abîmé."])


OTHER_RUN = """
import os, sys
before = dict(os.environ)
import bot.evaluation.pytest_plugin
assert dict(os.environ) == before
print(*sys.modules)
"""


def test_other_runs_of_pytest_load_nothing_of_ours_and_find_their_variables_as_they_were() -> None:
    heavy = {"torch", "numpy", "scipy", "faiss", "ir_measures", "pydantic", "openpyxl", "bot.settings"}

    done = subprocess.run([sys.executable, "-c", OTHER_RUN], capture_output=True, text=True, check=True)

    assert heavy & set(done.stdout.split()) == set()


@pytest.mark.model
def test_the_real_assistant_passes_a_question_that_the_readme_shows(
    pytester: pytest.Pytester,
    default_index: Path,
    model_home: Path,
    no_settings: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOTAMOT_HOME", str(model_home))
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:schemathesis")
    rows = [
        {"id": "q1", "turns": ["Peut-on modifier un CTI en cours par avenant ?"], "expect": [AMENDMENT]},
        {"id": "q2", "turns": ["Quelle est la recette de la tarte aux pommes ?"], "expect": [AMENDMENT]},
    ]
    (pytester.path / "q.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    # In a process of its own, as people run it.
    command = [sys.executable, "-m", "pytest", "q.jsonl", f"--motamot-index={default_index}"]
    ran = subprocess.run(command, cwd=pytester.path, capture_output=True, text=True, timeout=300, check=False)

    assert ran.returncode == pytest.ExitCode.TESTS_FAILED, ran.stdout + ran.stderr
    assert "1 failed, 1 passed" in ran.stdout
    assert "FAILED q.jsonl::q2" in ran.stdout
    assert "silence à tort" in ran.stdout
