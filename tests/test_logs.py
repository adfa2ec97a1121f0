"""What a server prints: with ``log_format = "json"`` one object a line, whoever prints it; never an error's message."""

import json
import subprocess
import sys

import pytest

from bot.logs import trace

NOISE = """
import asyncio, gc, logging, os, subprocess, sys, threading, time, warnings
from bot.logs import configure_logs, report_failure, say

configure_logs(sys.argv[1])


def fail(*_):
    raise ValueError("zanzibar " + str(len(_)))


async def forgotten():
    task = asyncio.ensure_future(asyncio.to_thread(fail))
    while not task.done():
        await asyncio.sleep(0.01)
    del task
    gc.collect()


say("« Ouvert » : oui.")
logging.getLogger("bot.reload").info("the new index answers")
logging.getLogger("bm25s").info("of no interest")
logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
warnings.warn("old")
try:
    fail()
except ValueError as error:
    report_failure("no answer", error)
    logging.getLogger("somebody").exception("it failed")
logging.getLogger("somebody").error("%d", "zanzibar")
print("printed by a library", file=sys.stderr)
os.write(2, b"written in C\\n")
subprocess.run([sys.executable, "-c", "import sys; sys.stderr.write('from a child\\\\n')"])
thread = threading.Thread(target=fail)
thread.start()
thread.join()
asyncio.run(forgotten())
time.sleep(0.2)  # what comes through the pipe is not waited for by what does not
fail("at the end")
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Style -> the lines of a program in which all goes wrong."""
    lines = {}
    for style in ("texte", "json"):
        done = subprocess.run(
            [sys.executable, "-c", NOISE, style],
            capture_output=True,
            text=True,
            cwd=tmp_path_factory.mktemp("logs"),
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stdout) == (1, "")
        lines[style] = done.stderr.splitlines()
    return lines


def test_each_line_is_an_object_with_time_level_logger_and_message(printed: dict[str, list[str]]) -> None:
    objects = [json.loads(line) for line in printed["json"]]

    assert {frozenset(each) for each in objects} == {
        frozenset({"time", "level", "logger", "message"}),
        frozenset({"time", "level", "logger", "message", "trace"}),
    }
    first_lines = [(each["level"], each["logger"], each["message"].splitlines()[0]) for each in objects]
    assert sorted(first_lines) == sorted(
        [
            ("info", "motamot", "«\u00a0Ouvert\u00a0»\u00a0: oui."),
            ("info", "bot.reload", "the new index answers"),
            ("warning", "uvicorn.error", "Invalid HTTP request received."),
            ("warning", "py.warnings", "<string>:24: UserWarning: old"),
            ("error", "motamot", "no answer: ValueError"),
            ("error", "somebody", "it failed"),
            ("info", "motamot", "printed by a library"),
            ("info", "motamot", "written in C"),
            ("info", "motamot", "from a child"),
            ("error", "motamot", "an error that nobody caught: ValueError"),
            ("error", "asyncio", "Task exception was never retrieved"),
            ("error", "motamot", "an error that nobody caught: ValueError"),
        ]
    )
    [caught] = [each for each in objects if each["logger"] == "somebody" and "trace" in each]
    assert caught["trace"].splitlines()[0] == "ValueError"
    assert caught["trace"].splitlines()[-1].endswith(" fail")


@pytest.mark.parametrize("style", ["texte", "json"])
def test_no_error_says_its_message(printed: dict[str, list[str]], style: str) -> None:
    text = "\n".join(printed[style])

    assert "zanzibar" not in text
    assert text.count("an error that nobody caught: ValueError") == 2
    assert "of no interest" not in text


def caught() -> RuntimeError:
    """An error with a cause, both with a question in their message."""
    try:
        try:
            int("zanzibar")
        except ValueError as error:
            raise RuntimeError("zanzibar again") from error
    except RuntimeError as error:
        return error


def test_a_trace_says_where_and_not_what_and_ends_where_causes_form_a_loop() -> None:
    error = caught()
    lines = trace(error).splitlines()

    assert [line for line in lines if not line.startswith("  ")] == ["RuntimeError", "ValueError"]
    assert lines[1].startswith(f"  {__file__}:")
    assert lines[1].endswith(" caught")
    assert "zanzibar" not in "\n".join(lines)
    assert error.__cause__ is not None
    error.__cause__.__cause__ = error
    assert trace(error).count("RuntimeError") == 1
