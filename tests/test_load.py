"""Many at once: let through in order, refused at once when there are too many."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest
from fake_assistant import HOSTILE, About, FakeAssistant, answered, quote
from starlette.requests import Request

from bot.answer import Answer
from bot.service import Metrics
from bot.web.rate_limits import RequestLimits
from bot.web.responses import RefusedError
from bot.web.server import build_app

# --- the queue -------------------------------------------------------------------------------------

REQUEST = Request({"type": "http", "headers": [], "client": ("192.0.2.1", 1)})


def test_first_come_first_served_and_no_more_than_there_is_room_for() -> None:
    async def run() -> None:
        metrics = Metrics()
        limits = RequestLimits(metrics, concurrent=2, waiting=3)
        came: list[int] = []
        opened = asyncio.Event()

        async def ask(number: int) -> None:
            async with asynccontextmanager(limits.question)(REQUEST):
                came.append(number)
                await opened.wait()

        asked = []
        for number in range(5):
            asked.append(asyncio.create_task(ask(number)))
            while limits.inside <= number:
                await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(RefusedError, match="Trop de questions arrivent en même temps") as late:
            await ask(5)
        assert (late.value.status, late.value.headers) == (503, {"Retry-After": "5"})
        assert came == [0, 1]
        asked.pop().cancel()  # a visitor who goes away gives the place back
        await asyncio.sleep(0)
        assert limits.inside == 4
        opened.set()
        await asyncio.gather(*asked)

        assert came == [0, 1, 2, 3]
        assert (limits.inside, metrics.refused_questions._value.get()) == (0, 1)

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
