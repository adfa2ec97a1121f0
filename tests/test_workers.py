"""Several processes under one address: any of them answers, none takes anything away when it dies."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from real_site import waited_for
from scale_faults import alive, service
from serving_workers import SLOW
from small_corpus import FAQ

from bot.web.rate_limits import RequestCounts


@dataclass(frozen=True, slots=True)
class Served:
    port: int
    notes: Path
    process: subprocess.Popen[bytes]

    def send(self, path: str, body: object, visitor: str = "127.0.0.1") -> httpx.Response:
        """On a connection of its own, which any process may accept."""
        with httpx.Client(transport=httpx.HTTPTransport(verify=False, local_address=visitor), timeout=30) as client:
            return client.post(f"http://127.0.0.1:{self.port}{path}", json=body)

    def ask(self, question: str, visitor: str = "127.0.0.1") -> int:
        return self.send("/api/ask", {"question": question}, visitor).status_code

    def chat(self, question: str) -> str:
        return self.send("/gradio_api/run/predict", {"fn_index": 0, "data": [question, "[]"]}).text


@pytest.fixture(scope="module")
def served(small_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings: dict[str, Any] = {name.upper(): small_index / name for name in ("corpus", "index")}
    with service(2, tmp_path_factory.mktemp("workers"), settings | {"RATE_LIMIT": "60/hour"}) as found:
        yield Served(*found)


def test_processes_share_counts_and_limits_and_one_that_is_killed_takes_nothing_away(served: Served) -> None:
    before = alive(served.notes)
    for word in ("carte", "amende", "salle"):
        assert f"une {word}" in served.chat(f"une {word}")
    os.kill(before[0], signal.SIGKILL)
    for word in ("wifi", "domicile"):
        try:
            shown = served.chat(f"le {word}")
        except httpx.TransportError:  # the connection was the killed one's: the page asks again
            shown = served.chat(f"le {word}")
        assert f"le {word}" in shown

    waited_for(lambda: set(alive(served.notes)) - set(before))
    assert len(alive(served.notes)) == 2
    assert {note.read_text(encoding="utf-8") for note in served.notes.iterdir()} == {"3"}  # dictionaries, read once
    counted = httpx.get(f"http://127.0.0.1:{served.port}/metrics").text
    total = sum(float(n) for n in re.findall(r"motamot_questions_total\{[^}]*\} ([0-9.]+)", counted))
    assert total == 5  # of both, the dead one's among them
    assert "motamot_index_age_seconds" in counted

    statuses = [served.ask(FAQ["retard"][0]) for _ in range(60)]
    assert statuses.count(429) >= 5  # the questions of the page count too
    assert set(statuses) == {200, 429}
    assert statuses[-1] == 429


def test_the_answers_under_way_are_finished_when_it_is_asked_to_stop(served: Served) -> None:
    found: list[int] = []
    asked = f"{SLOW} une carte"
    threads = [threading.Thread(target=lambda: found.append(served.ask(asked, "127.0.0.2"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    inside = served.notes.with_name("inside")
    waited_for(lambda: inside.exists() and len(inside.read_text()) >= 2)
    time.sleep(1)  # the others have come too
    served.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join()

    assert found == [200] * 4
    assert served.process.wait(30) == 0
    assert alive(served.notes) == []


def test_a_count_begins_again_when_its_window_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (RequestCounts.in_file(tmp_path / "state.sqlite3") for _ in range(2))

    assert one.salt == other.salt
    assert [counts.hit("a", 60)[0] for counts in (one, other, one)] == [1, 2, 3]
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert other.hit("a", 30) == (1, later + 30)
    later += 31
    monkeypatch.setattr("bot.web.rate_limits._SWEPT", 1)
    one.hit("b", 60)
    assert one._tables.rows("SELECT key FROM motamot_count") == [("b",)]
