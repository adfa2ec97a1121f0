"""Clients that take their time: each is hung up on, and the others are answered meanwhile."""

import asyncio
import json
import resource
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from fake_assistant import HOSTILE, About, FakeAssistant
from raw_http import PATIENCE, Response, hurried, impatient, read, send
from real_site import free_port, served
from starlette.types import Receive, Scope, Send

from bot.web import server
from bot.web.server import allow_many_files, build_app

HEAD = b"POST /api/ask HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A site that waits a second for each thing."""
    number = free_port()
    app = impatient(build_app(FakeAssistant({}, About((HOSTILE.source,)))), 1)
    with hurried(1), served(app, number):
        yield number


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


async def left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def trickled(port: int, begun: bytes, letter: bytes) -> Response:
    """What is answered to one who begins so, and then sends a letter ten times a second."""
    stop = threading.Event()

    def go_on() -> None:
        with suppress(OSError):
            while not stop.wait(0.1):
                connection.sendall(letter)

    with connected(port) as connection:
        connection.sendall(begun)
        sender = threading.Thread(target=go_on)
        sender.start()
        answer = read(connection)
        stop.set()
        sender.join(PATIENCE)
    return answer


def test_a_body_that_comes_letter_by_letter_is_refused_in_french_and_one_too_large_is_not_waited_for(port: int) -> None:
    slow, large = (trickled(port, head, b" ") for head in (HEAD, HEAD.replace(b": 100", b": 99999999")))

    assert (slow.status, slow.headers["connection"]) == (408, "close")
    assert "n’est pas arrivée en entier" in slow.body.decode()
    assert (large.status, large.headers["connection"]) == (413, "close")


def test_a_head_that_comes_letter_by_letter_is_hung_up_on_and_so_is_the_second_of_a_connection(port: int) -> None:
    first = trickled(port, b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ", b"x")
    second = trickled(port, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: ", b"x")

    assert first.status == 0
    assert (second.status, second.body) == (200, b'{"status":"ok"}')


def by_curl(url: str, body: Path) -> tuple[int, str]:
    command = ["curl", "--silent", "--show-error", "--data-binary", f"@{body}", "--write-out", "\n%{http_code}", url]
    said, _, status = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rpartition("\n")
    return int(status), said


def by_urllib(url: str, body: Path) -> tuple[int, str]:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url, body.read_bytes(), timeout=PATIENCE)
    with refused.value as answer:
        return answer.status, answer.read().decode()


def by_requests(url: str, body: Path) -> tuple[int, str]:
    requests = pytest.importorskip("requests")
    answer = requests.post(url, body.read_bytes(), timeout=PATIENCE)
    return answer.status_code, answer.text


@pytest.mark.parametrize("client", [by_curl, by_urllib, by_requests])
def test_ordinary_clients_read_that_ten_megabytes_are_too_many(
    port: int, tmp_path: Path, client: Callable[[str, Path], tuple[int, str]]
) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"x" * 10_000_000)
    status, said = client(f"http://127.0.0.1:{port}/api/ask", body)

    assert (status, json.loads(said)["detail"]) == (413, "La demande est trop volumineuse.")


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    number, given_up = free_port(), threading.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        leaving = asyncio.ensure_future(left(receive))
        while not leaving.done():
            await send({"type": "http.response.body", "body": b"x" * 1_000_000, "more_body": True})
        given_up.set()

    with hurried(1), served(endless, number), connected(number) as connection:
        connection.sendall(HEALTH)

        assert given_up.wait(PATIENCE)


def test_questions_sent_without_waiting_for_answers_fill_no_memory(port: int) -> None:
    """uvicorn keeps all that comes ahead: 300 MB in four seconds."""
    asked = b"GET /motamot/chat.js HTTP/1.1\r\nHost: a\r\n\r\n" * 1_000
    with connected(port) as connection, pytest.raises((ConnectionResetError, BrokenPipeError)):
        connection.sendall(asked * 2_000)


def test_a_crowd_that_says_nothing_keeps_nobody_out(port: int) -> None:
    allow_many_files()
    with ExitStack() as crowd:
        for number in range(600):
            silent = crowd.enter_context(connected(port))
            if number % 2:
                silent.sendall(HEAD)
        assert send(port, HEALTH).status == 200
        silent.settimeout(PATIENCE)

        assert read(silent).status == 408
    assert send(port, HEALTH).status == 200


def test_what_is_no_http_is_told_so_in_french(port: int) -> None:
    answer = send(port, b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")

    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "Cette demande ne peut pas être lue." in answer.body.decode()


def test_as_many_files_as_the_system_allows_may_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    was = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(700, was[1]), was[1]))
        monkeypatch.setattr(server, "MOST_FILES", 900)
        allow_many_files()

        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (900, was[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, was)
