"""Many at once: encoded together, let through in order, refused at once when there are too many."""

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
import numpy as np
import pytest
from fake_assistant import HOSTILE, About, FakeAssistant, answered, quote
from prometheus_client import CollectorRegistry, Counter
from starlette.types import Receive, Scope, Send

from bot.answer import Answer
from bot.web.rate_limits import QuestionQueue
from bot.web.server import build_app
from index.batching import Batching
from index.dense import Vectors
from index.encoder import SentenceTransformerEncoder


class Model:
    """Gives each text its length; holds the first call until it is released."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.begun, self.released = threading.Event(), threading.Event()

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(list(texts))
        self.begun.set()
        assert self.released.wait(60)
        if "poison" in texts:
            raise ValueError("poison")
        return np.asarray([[len(text)] for text in texts], dtype=np.float32)


def waiting(batching: Batching, n: int) -> None:
    """Until so many calls wait behind the one at work."""
    while len(batching._waiting) < n:
        threading.Event().wait(0.001)


def asked_while_busy(model: Model, most: int, asked: list[list[str]]) -> list[list[float] | str]:
    """What each caller got, who asked one after the other while the model was busy with "first"."""
    batching = Batching(model, most)
    got: list[list[float] | str] = ["nothing"] * len(asked)

    def call(n: int) -> None:
        try:
            got[n] = batching.encode(asked[n])[:, 0].tolist()
        except ValueError as error:
            got[n] = str(error)

    first = threading.Thread(target=batching.encode, args=(["first"],))
    first.start()
    assert model.begun.wait(60)
    threads = []
    for n in range(len(asked)):
        threads.append(threading.Thread(target=call, args=(n,)))
        threads[-1].start()
        waiting(batching, n + 1)
    model.released.set()
    for thread in (first, *threads):
        thread.join(60)
        assert not thread.is_alive()
    return got


def test_what_waits_is_encoded_together_in_the_order_of_its_coming() -> None:
    model = Model()

    got = asked_while_busy(model, 4, [["a"], ["bb", "ccc"], ["dddd"], ["eeeee"]])

    assert model.calls == [["first"], ["a", "bb", "ccc", "dddd"], ["eeeee"]]
    assert got == [[1.0], [2.0, 3.0], [4.0], [5.0]]


def test_a_call_larger_than_a_batch_goes_alone() -> None:
    model = Model()

    got = asked_while_busy(model, 2, [["a", "b", "c"], ["dd"]])

    assert model.calls == [["first"], ["a", "b", "c"], ["dd"]]
    assert got == [[1.0, 1.0, 1.0], [2.0]]


def test_one_that_fails_does_not_fail_the_others() -> None:
    model = Model()

    got = asked_while_busy(model, 4, [["a"], ["poison"], ["cc"]])

    assert got == [[1.0], "poison", [2.0]]
    assert model.calls == [["first"], ["a", "poison", "cc"], ["a"], ["poison"], ["cc"]]


@pytest.mark.model
def test_together_or_alone_the_vectors_are_the_same(encoder: SentenceTransformerEncoder) -> None:
    questions = ["qui signe ?", "Peut-on modifier un CTI en cours par avenant ?", "le préfet", "crte " * 40] * 3
    alone = np.stack([encoder.encode_queries([question])[0] for question in questions])
    together = np.zeros_like(alone)

    def ask(n: int) -> None:
        together[n] = encoder.encode_queries([questions[n]])[0]

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(len(questions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (alone * together).sum(axis=1).min() > 0.9999


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
