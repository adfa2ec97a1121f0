"""What a server prints: with ``log_format = "json"`` one object a line, whoever prints it; never an error's message."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

NOISE = """
import asyncio, gc, logging, os, subprocess, sys, threading, time, warnings
from bot.logs import configure_logs, report_failure, say

configure_logs(sys.argv[1])


def fail(*_):
    raise ValueError("zanzibar " + str(len(_)))


async def forgotten():
    task = asyncio.ensure_future(asyncio.to_thread(fail))
    await asyncio.sleep(0.3)
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
    report_failure(logging.getLogger("bot.web"), "no answer", error)
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


def printed(style: str, tmp_path: Path) -> list[str]:
    """The lines of a program in which all goes wrong."""
    done = subprocess.run(
        [sys.executable, "-c", NOISE, style], capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr.splitlines()


def test_each_line_is_an_object_with_time_level_logger_and_message(tmp_path: Path) -> None:
    objects = [json.loads(line) for line in printed("json", tmp_path)]

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
            ("warning", "py.warnings", "<string>:23: UserWarning: old"),
            ("error", "bot.web", "no answer: ValueError"),
            ("error", "somebody", "it failed"),
            ("info", "motamot", "printed by a library"),
            ("info", "motamot", "written in C"),
            ("info", "motamot", "from a child"),
            ("error", "motamot", "an error that nobody caught: ValueError"),
            ("error", "asyncio", "Task exception was never retrieved"),
            ("error", "motamot", "an error that nobody caught: ValueError"),
        ]
    )


def test_a_trace_is_inside_its_object(tmp_path: Path) -> None:
    objects = [json.loads(line) for line in printed("json", tmp_path)]

    [caught] = [each for each in objects if each["logger"] == "somebody"]
    assert caught["trace"].splitlines()[0] == "ValueError"
    assert caught["trace"].splitlines()[-1].endswith(" fail")


@pytest.mark.parametrize("style", ["texte", "json"])
def test_no_error_says_its_message(tmp_path: Path, style: str) -> None:
    text = "\n".join(printed(style, tmp_path))

    assert "zanzibar" not in text
    assert text.count("an error that nobody caught: ValueError") == 2
    assert "of no interest" not in text
