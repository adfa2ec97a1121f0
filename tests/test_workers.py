"""Several processes under one address: any of them answers, none takes anything away when it dies."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from real_site import free_port
from serving_workers import SLOW
from small_corpus import FAQ

from bot.web.rate_limits import SharedState


@dataclass(frozen=True, slots=True)
class Served:
    port: int
    process: subprocess.Popen[bytes]
    notes: Path

    def send(self, path: str, body: object = None) -> tuple[int, str]:
        """On a connection of its own, which any process may accept."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            content = None if body is None else json.dumps(body)
            method, headers = ("GET", {}) if body is None else ("POST", {"Content-Type": "application/json"})
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def ask(self, question: str) -> int:
        return self.send("/api/ask", {"question": question})[0]

    def chat(self, question: str) -> str:
        return self.send("/gradio_api/run/predict", {"fn_index": 0, "data": [question, "[]"]})[1]

    def workers(self) -> list[int]:
        """Those alive that answer."""
        return [int(note.name) for note in self.notes.iterdir() if Path("/proc", note.name).exists()]


@pytest.fixture
def served(small_index: Path, tmp_path: Path) -> Iterator[Served]:
    notes, port = tmp_path / "notes", free_port()
    notes.mkdir()
    settings = {"CORPUS": small_index / "corpus", "INDEX": small_index / "index", "RATE_LIMIT": "60/hour"}
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MOTAMOT_")},
        **{f"MOTAMOT_{name}": str(value) for name, value in settings.items()},
        "MOTAMOT_HOME": str(tmp_path),
        "NOTES": str(notes),
    }
    command = [sys.executable, Path(__file__).with_name("serving_workers.py"), "2", str(port)]
    with (tmp_path / "err").open("wb") as said:
        process = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=said)
    site = Served(port, process, notes)
    until = time.monotonic() + 120
    while not _ready(site):
        assert (process.poll(), time.monotonic() < until) == (None, True), (tmp_path / "err").read_text(
            encoding="utf-8"
        )
        time.sleep(0.2)
    yield site
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def _ready(site: Served) -> bool:
    """Whether every process answers."""
    with suppress(OSError):
        return len(site.workers()) == 2 and site.send("/readyz")[0] == 200
    return False


def test_processes_share_counts_and_limits_and_one_that_is_killed_takes_nothing_away(served: Served) -> None:
    before = served.workers()
    for word in ("carte", "amende", "salle"):
        assert f"une {word}" in served.chat(f"une {word}")
    os.kill(before[0], signal.SIGKILL)
    for word in ("wifi", "domicile"):
        try:
            shown = served.chat(f"le {word}")
        except OSError:  # the connection was the killed one's: the page asks again
            shown = served.chat(f"le {word}")
        assert f"le {word}" in shown

    until = time.monotonic() + 60
    while len(set(served.workers()) - set(before)) < 1 and time.monotonic() < until:
        time.sleep(0.2)
    assert len(served.workers()) == 2
    assert {note.read_text(encoding="utf-8") for note in served.notes.iterdir()} == {"3"}  # dictionaries, read once
    counted = served.send("/metrics")[1]
    total = sum(float(n) for n in re.findall(r"motamot_questions_total\{[^}]*\} ([0-9.]+)", counted))
    assert total == 5  # of both, the dead one's among them
    assert "motamot_index_age_seconds" in counted

    statuses = [served.ask(FAQ["retard"][0]) for _ in range(60)]
    assert statuses.count(429) >= 5  # the questions of the page count too
    assert set(statuses) == {200, 429}
    assert statuses[-1] == 429


def test_the_answers_under_way_are_finished_when_it_is_asked_to_stop(served: Served) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(served.ask(f"{SLOW} une carte"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(1.5)  # they are all inside
    served.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join()

    assert found == [200] * 4
    assert served.process.wait(30) == 0
    assert served.workers() == []


def test_a_count_begins_again_when_its_window_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (SharedState.in_file(tmp_path / "state.sqlite3") for _ in range(2))

    assert one.salt == other.salt
    assert [one.hit("a", 1, 60), other.hit("a", 2, 60), one.count("a")[0]] == [1, 3, 3]
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert other.count("a")[0] == 0
    monkeypatch.setattr("bot.web.rate_limits._SWEPT", 1)
    one.hit("b", 1, 60)
    assert one._tables.rows("SELECT key FROM motamot_count") == [("b",)]
