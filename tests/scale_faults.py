"""What visitors see while workers are killed behind nginx, or while PostgreSQL is away: real processes, counted."""

import asyncio
import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from conftest import ROOT
from real_postgres import Server
from real_site import behind_nginx, free_port, waited_for
from small_corpus import FAQ, small_encoder, write_corpus

from index.build import build
from index.postgres import DatabaseStore
from index.store import database

TURNS = ([FAQ["retard"][0], "et pour une semaine ?"], ["une carte", "le portage"], ["louer la salle", FAQ["pret"][0]])
"""Conversations: each has a question that is read with the one before."""


@dataclass(slots=True)
class Seen:
    """What the visitors saw."""

    asked: int = 0
    failed: int = 0
    """Questions whose first try got no answer."""
    lost: int = 0
    """Those whose second try, after a second, got none either."""
    wrong: int = 0
    """Answers other than those of a quiet service."""
    conversations: int = 0
    kills: int = 0
    inside: int = 0
    """Questions under way in all workers when one was killed, summed."""
    seconds: list[float] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)


@contextmanager
def service(n: int, folder: Path, settings: dict[str, object]) -> Iterator[tuple[int, Path, "subprocess.Popen[bytes]"]]:
    """Some workers on a port, a folder with a note of each, and the process that started them."""
    notes, port = folder / "notes", free_port()
    notes.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOTAMOT_")}
    environment |= {f"MOTAMOT_{name}": str(value) for name, value in settings.items()}
    environment |= {"MOTAMOT_HOME": str(folder), "NOTES": str(notes)}
    command = [sys.executable, Path(__file__).with_name("serving_workers.py"), str(n), str(port)]
    with (folder / "err").open("wb") as said:
        process = subprocess.Popen(command, env=environment, cwd=folder, stderr=said)
    try:
        waited_for(lambda: len(alive(notes)) == n, process, 300)
        yield port, notes, process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, (folder / "err").read_text("utf-8")


def alive(notes: Path) -> list[int]:
    """The workers that answer."""
    return [int(note.name) for note in notes.iterdir() if Path("/proc", note.name).exists()]


@contextmanager
def nginx(port: int, folder: Path) -> Iterator[int]:
    """nginx in front of one address, with the settings of ``deploy/nginx-replicas.conf``."""
    own = free_port()
    shown = (ROOT / "deploy" / "nginx-replicas.conf").read_text("utf-8")
    # Names of a network of containers: here there is none, and Debian's nginx is older than "resolve" in an upstream.
    shown = re.sub(r"(?m)^resolver .*$", "", shown).replace("server:7860 resolve", f"127.0.0.1:{port}")
    shown = shown.replace("listen 8080", f"listen 127.0.0.1:{own}")
    with behind_nginx(folder, shown):
        yield own


def killed_one_by_one(seconds: int, visitors: int, n: int, every: float) -> Seen:
    """Have visitors talk to workers behind nginx of which one is killed every so many seconds."""
    folder = Path(tempfile.mkdtemp(prefix="killed-"))
    write_corpus(folder / "corpus")
    build(folder / "corpus", folder / "index", small_encoder())
    settings = {"CORPUS": folder / "corpus", "INDEX": folder / "index", "RATE_LIMIT": "non"}
    with service(n, folder, settings) as (port, notes, _), nginx(port, folder) as front:
        seen = asyncio.run(_visited(f"http://127.0.0.1:{front}", notes, seconds, visitors, every))
    shutil.rmtree(folder)
    return seen


async def _visited(address: str, notes: Path, seconds: int, visitors: int, every: float) -> Seen:
    seen, inside = Seen(), [0]
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        expected = {tuple(turns): [await _answer(client, *each) for each in _asked(turns)] for turns in TURNS}
        until = time.monotonic() + seconds

        async def visit(own: int) -> None:
            await asyncio.sleep(random.Random(own).uniform(0, 3))
            for turns in itertools.islice(itertools.cycle(TURNS), own, None):
                if time.monotonic() > until:
                    return
                for (question, earlier), right in zip(_asked(turns), expected[tuple(turns)], strict=True):
                    await _ask_twice(client, question, earlier, right, seen, inside)
                    await asyncio.sleep(random.uniform(1, 4))
                seen.conversations += 1

        tasks = [asyncio.create_task(visit(own)) for own in range(visitors)]
        while time.monotonic() < until:
            await asyncio.sleep(every)
            if workers := alive(notes):
                seen.inside += inside[0]
                seen.kills += 1
                os.kill(random.choice(workers), signal.SIGKILL)
        await asyncio.gather(*tasks)
    return seen


def _asked(turns: list[str]) -> list[tuple[str, list[str]]]:
    return [(turn, turns[:place]) for place, turn in enumerate(turns)]


async def _ask_twice(
    client: httpx.AsyncClient, question: str, earlier: list[str], right: str, seen: Seen, inside: list[int]
) -> None:
    """As the page does: what got no answer is sent again, with the conversation that the browser keeps."""
    seen.asked += 1
    for attempt in range(2):
        begun = time.perf_counter()
        inside[0] += 1
        try:
            found = await _answer(client, question, earlier)
        except (httpx.HTTPError, LookupError) as error:
            seen.reasons[str(error) or type(error).__name__] += 1
            seen.failed += attempt == 0
            seen.lost += attempt == 1
            await asyncio.sleep(1)
            continue
        finally:
            inside[0] -= 1
        seen.wrong += found != right
        seen.seconds.append(time.perf_counter() - begun)
        return


async def _answer(client: httpx.AsyncClient, question: str, earlier: list[str]) -> str:
    """What the chat page gets for a question; LookupError where it is no answer."""
    body = {"fn_index": 0, "data": [question, json.dumps(earlier)]}
    response = await client.post("/gradio_api/run/predict", json=body)
    response.raise_for_status()
    _, _, answer = response.json()["data"][0]
    return str(answer["content"])


@dataclass(frozen=True, slots=True)
class Outage:
    """What was said while PostgreSQL was away."""

    statuses: Counter[int]
    said: str
    """Of the first refusal."""
    first: float
    """Seconds from the stop to the first refusal."""
    slowest: float
    """Longest that an answer took, whatever it said."""
    back: float
    """Seconds from when the database was back to the first answer."""
    is_same: bool
    """Whether that answer is the one of before."""


def outage(server: Server, seconds: float) -> Outage:
    """Stop PostgreSQL for so long under two workers whose index and counts are there, asking all the time."""
    folder = Path(tempfile.mkdtemp(prefix="outage-"))
    write_corpus(folder / "corpus")
    build(folder / "corpus", DatabaseStore(database(server.address), "index"), small_encoder())
    settings = {"CORPUS": folder / "corpus", "STORE": server.address}
    with (
        service(2, folder, settings) as (port, *_),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        body = {"question": FAQ["retard"][0]}
        before = client.post("/api/ask", json=body).json()["quotes"]
        server.stop()
        stopped, statuses, said, first, slowest = time.monotonic(), Counter[int](), "", 0.0, 0.0
        while time.monotonic() - stopped < seconds:
            begun = time.monotonic()
            response = client.post("/api/ask", json=body, headers={"Connection": "close"})
            slowest = max(slowest, time.monotonic() - begun)
            statuses[response.status_code] += 1
            if response.status_code == 503 and not said:
                said, first = response.json()["detail"], time.monotonic() - stopped
            time.sleep(0.05)
        server.start()
        started = time.monotonic()
        while (response := client.post("/api/ask", json=body)).status_code != 200:
            assert time.monotonic() - started < 60, response.text
            time.sleep(0.05)
        back = time.monotonic() - started
    shutil.rmtree(folder)
    return Outage(statuses, said, first, slowest, back, response.json()["quotes"] == before)
