"""Thousands of requests that no page of ours sends, to a real server: each is answered in French, and harms nothing."""

import json
import logging
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from itertools import product

import pytest
from bad_inputs import CANARY, JSON, BadInput, bad_inputs, doors, exchange, posted, typed
from bs4 import BeautifulSoup
from fake_assistant import HOSTILE, HOSTILE_TEXT, About, FakeAssistant, answered, quote
from raw_http import Response, hurried, impatient, send
from real_site import free_port, served
from test_assistant import assert_verbatim

from bot import phrases
from bot.assistant import Assistant
from bot.journal import Journal
from bot.web.gradio_page import PREDICT
from bot.web.server import build_app

ALL = bad_inputs()
FAMILIES: dict[str, list[BadInput]] = defaultdict(list)
for made in ALL:
    FAMILIES[made.family].append(made)

SLOW = 15
"""Seconds. Each takes milliseconds; a machine that does other work must not fail the test."""
ENGLISH = re.compile(
    r"\b(?:the|not found|error|invalid|request|field|required|expected|unavailable|timed? out)\b", re.I
)
QUOTED = re.compile(r'«.*?»|".*?"', re.S)
"""What an error repeats of what was sent is in the language of the sender."""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Of a whole site with its journal on, so that opinions are read too."""
    assistant = FakeAssistant(
        {"a": answered("a", quote(HOSTILE, HOSTILE_TEXT, "premier point"))}, About((HOSTILE.source,))
    )
    number = free_port()
    journal = Journal(tmp_path_factory.mktemp("bad") / "journal.sqlite3", 90)
    with closing(journal), hurried(), served(impatient(build_app(assistant, journal=journal), 1), number):
        yield number


def complaints(given: BadInput, response: Response) -> Iterator[str]:
    """What is wrong with an answer."""
    if response.status >= 500:
        yield f"{response.status} {response.body[:200]!r}"
    if response.headers.get("x-injected"):
        yield "a header was injected"
    if given.family == "no HTTP" and response.status in {0, 400}:
        return
    if response.status == 0:
        if given.family != "sizes":
            yield "hung up"
        return
    if response.headers.get("x-content-type-options") != "nosniff":
        yield f"no security headers on {response.status} {response.body[:80]!r}"
    if "access-control-allow-origin" in response.headers:
        yield "opened to another origin"
    if response.status >= 400 and response.body:
        yield from _errors_in_english(response)
    yield from _markup(response)


def _errors_in_english(response: Response) -> Iterator[str]:
    if response.kind == "application/problem+json":
        said = json.loads(response.body)["detail"]
    elif response.kind == "text/html":
        page = BeautifulSoup(response.body, "html.parser")
        said = page.get_text(" ")
        if page.html is None or page.html.get("lang") != "fr":
            yield f"an error page without a language: {response.body[:100]!r}"
    else:
        yield f"{response.status} {response.kind}: {response.body[:100]!r}"
        return
    if found := ENGLISH.search(QUOTED.sub("", said)):
        yield f"« {found[0]} » in {said[:200]!r}"


def _markup(response: Response) -> Iterator[str]:
    if response.kind == "text/html":
        yield from foreign(response.body.decode())
    elif response.kind == "application/json" and b'"is_generating"' in response.body:
        for messages in json.loads(response.body)["data"]:
            for message in messages if isinstance(messages, list) else ():
                yield from foreign(message["content"][0]["text"])


def foreign(html: str) -> Iterator[str]:
    """What no page of ours has: handlers, scripts in it without a nonce, addresses that run, elements of others."""
    page = BeautifulSoup(html, "html.parser")
    for element in page.find_all(True):
        for name, value in element.attrs.items():
            if name.startswith("on") or (
                name in {"href", "src", "action"} and re.match(r"\s*(javascript|data|//)", value)
            ):
                yield f"<{element.name} {name}={value!r}>"
        if element.name in {"iframe", "object", "embed", "math"} or (
            element.name == "base" and element["href"] != "./"
        ):
            yield f"<{element.name}>"
        if element.name == "script" and not element.get("src") and not element.get("nonce"):
            yield f"a script: {element.get_text()[:80]!r}"


def test_there_are_thousands() -> None:
    assert len({made.raw for made in ALL}) >= 2_000
    assert all(len(family) >= 20 for family in FAMILIES.values())


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: f"{family}-{len(FAMILIES[family])}")
def test_each_is_answered_in_french_and_leaves_no_trace(
    port: int, family: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    wrong: list[str] = []
    for given in FAMILIES[family]:
        begun = time.monotonic()
        response = send(port, given.raw)
        wrong += [f"{given.raw[:160]!r}: {why}" for why in complaints(given, response)]
        if (took := time.monotonic() - begun) > SLOW:
            wrong.append(f"{given.raw[:160]!r}: {took:.1f} s")
    printed = "".join([*capfd.readouterr(), caplog.text])

    assert wrong == []
    assert CANARY not in printed
    assert send(port, exchange("GET", "/healthz")).status == 200
    assert json.loads(send(port, posted("/api/ask", {"question": "a"})).body)["kind"] == "answer"


def test_every_door_of_gradio_that_no_page_needs_is_closed(port: int) -> None:
    """Whatever the name of the host: on one that is not local, Gradio alone opens some to any site."""
    call = b'{"session_hash": "abc", "data": [], "fn_index": 0, "event_id": "a"}'
    found = {}
    for (method, path), host in product(doors(), (b"faq.mairie.example", b"localhost")):
        headers = [JSON, (b"Origin", b"https://evil.example")]
        raw = exchange(method, path, headers, call if method == "POST" else b"", host)
        found[host, method, path] = BadInput("doors", raw), send(port, raw)

    assert {asked: answer.status for asked, (_, answer) in found.items() if answer.status != 404} == {}
    assert {json.loads(answer.body)["detail"] for _, answer in found.values()} == {phrases.NOT_FOUND}
    assert [why for given, answer in found.values() for why in complaints(given, answer)] == []


@pytest.mark.parametrize("host", [b"faq.mairie.example", b"localhost"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/config"), ("POST", "/api/ask"), ("POST", PREDICT)]
)
def test_no_page_of_another_site_reads_an_answer(port: int, host: bytes, method: str, path: str) -> None:
    """Not with credentials either; and what a browser asks before it sends is refused."""
    body = b'{"question": "a"}' if method == "POST" else b""
    origin = (b"Origin", b"https://evil.example")
    answer = send(port, exchange(method, path, [JSON, origin, (b"Cookie", b"a=b")], body, host))
    before = send(
        port,
        exchange("OPTIONS", path, [origin, (b"Access-Control-Request-Method", method.encode())], host=host),
    )

    assert [name for name in (*answer.headers, *before.headers) if name.startswith("access-control")] == []
    assert before.status == 404


def test_the_assistant_itself_answers_whatever_is_typed_and_after_it(small_assistant: Assistant) -> None:
    asked = typed()
    answers = [small_assistant.ask(text) for text in asked]
    after = [small_assistant.ask("et pour les associations ?", [text]) for text in asked]

    assert len(asked) > 80
    assert [answer.question for answer in answers] == asked
    assert_verbatim(small_assistant, [*answers, *after])
