"""Many at once: let through in order, refused at once when there are too many."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from fake_assistant import HOSTILE, About, FakeAssistant, answered, quote
from prometheus_client import CollectorRegistry, Counter
from starlette.types import Receive, Scope, Send

from bot.answer import Answer
from bot.web.rate_limits import QuestionQueue
from bot.web.server import build_app

# At the door


class Slow:
    """An application that answers when it is told to, and says who came."""

    def __init__(self) -> None:
        self.came: list[str] = []
        self.open = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.came.append(scope["query_string"].decode())
        await self.open.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["query_string"]})


def counter() -> Counter:
    return Counter("refused", "", registry=CollectorRegistry())


def test_first_come_first_served_and_no_more_than_there_is_room_for() -> None:
    async def run() -> None:
        app, refused = Slow(), counter()
        door = QuestionQueue(app, refused, at_work=2, waiting=3)
        transport = httpx.ASGITransport(app=door)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            asked = []
            for n in range(5):
                asked.append(asyncio.create_task(client.post(f"/api/ask?{n}")))
                while door.inside <= n:
                    await asyncio.sleep(0)
            late = await client.post("/api/ask?late")
            page = asyncio.create_task(client.get("/healthz?page"))
            while "page" not in app.came:
                await asyncio.sleep(0)

            assert late.status_code == 503
            assert late.headers["Retry-After"] == "5"
            assert late.headers["Content-Type"].startswith("application/problem+json")
            assert late.json()["detail"].startswith("Trop de questions arrivent en même temps.")
            assert app.came == ["0", "1", "page"]
            app.open.set()
            assert [(await answer).status_code for answer in (*asked, page)] == [200] * 6

        assert app.came == ["0", "1", "page", "2", "3", "4"]
        assert (door.inside, refused._value.get()) == (0, 1)

    asyncio.run(run())


def test_a_visitor_who_goes_away_gives_the_place_back() -> None:
    async def run() -> None:
        app = Slow()
        door = QuestionQueue(app, counter(), at_work=1, waiting=1)
        transport = httpx.ASGITransport(app=door)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            first, second = (asyncio.create_task(client.post(f"/api/ask?{n}")) for n in range(2))
            while door.inside < 2:
                await asyncio.sleep(0)
            second.cancel()
            while door.inside > 1:
                await asyncio.sleep(0)
            third = asyncio.create_task(client.post("/api/ask?third"))
            while door.inside < 2:
                await asyncio.sleep(0)
            app.open.set()
            assert [(await answer).status_code for answer in (first, third)] == [200, 200]

    asyncio.run(run())


class Held(FakeAssistant):
    """Answers once it is released."""

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        assert RELEASED.wait(60)
        return super().ask(question, history)


RELEASED = threading.Event()


@pytest.fixture
def released() -> Iterator[None]:
    RELEASED.clear()
    yield
    RELEASED.set()


@pytest.mark.usefixtures("released")
def test_pages_and_probes_do_not_wait_behind_questions() -> None:
    known = About((HOSTILE.source,), examples=("Où voter ?",), built="2026-01-02T03:04:05+00:00")
    app = build_app(Held(answers={"q": answered("q", quote(HOSTILE, "Après."))}, known=known))

    async def run() -> None:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            asked = [asyncio.create_task(client.post("/api/ask", json={"question": "q"})) for _ in range(100)]
            await asyncio.sleep(0.2)  # as many as may are at work
            pages = [await client.get(path) for path in ("/healthz", "/motamot/theme.css", "/panneau", "/integration")]
            RELEASED.set()
            answers = [await answer for answer in asked]

        assert [page.status_code for page in pages] == [200] * 4
        assert [answer.status_code for answer in answers] == [200] * 100

    asyncio.run(asyncio.wait_for(run(), 60))


SLOW_SERVER = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from fake_assistant import HOSTILE, About, FakeAssistant, answered, quote
from bot.web.server import build_app, serve

class Slow(FakeAssistant):
    def ask(self, question, history=()):
        os.write(1, b"asked\\n")  # in one piece: four threads write
        time.sleep(1)
        return super().ask(question, history)

known = About((HOSTILE.source,), examples=("q",), built="2026-01-02T03:04:05+00:00")
app = build_app(Slow(answers={"q": answered("q", quote(HOSTILE, "Après."))}, known=known))
serve(app, "127.0.0.1", int(sys.argv[2]))
"""


def test_answers_under_way_are_finished_when_the_service_is_asked_to_stop() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", SLOW_SERVER, str(Path(__file__).parent), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            while True:
                try:
                    httpx.get(f"http://127.0.0.1:{port}/healthz")
                    break
                except httpx.ConnectError:
                    assert server.poll() is None

            def ask(n: int) -> int:
                return httpx.post(f"http://127.0.0.1:{port}/api/ask", json={"question": "q"}, timeout=60).status_code

            with ThreadPoolExecutor(4) as visitors:
                asked = [visitors.submit(ask, n) for n in range(4)]
                assert server.stdout is not None
                for _ in range(4):
                    assert server.stdout.readline() == "asked\n"
                server.send_signal(signal.SIGTERM)
                assert [answer.result() for answer in asked] == [200] * 4
            assert server.wait(30) in (0, -signal.SIGTERM)
            with pytest.raises(httpx.ConnectError):
                ask(0)
        finally:
            server.kill()
