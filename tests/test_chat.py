"""The chat page without a browser: its conversations, and what the web server lets through to Gradio."""

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from bs4 import BeautifulSoup
from fake_assistant import HOSTILE, HOSTILE_TEXT, About, FakeAssistant, answered, quote, refused
from fastapi.testclient import TestClient
from starlette.requests import Request

from bot.answer import Answer, Kind
from bot.service import MAX_HISTORY, Service
from bot.web.conversations import (
    MAX_MEMORY_EACH,
    MAX_TURNS,
    MIN_MEMORY_EACH,
    Chat,
    Conversation,
    Conversations,
    Message,
    Turn,
)
from bot.web.gradio_page import PREDICT, SECRET
from bot.web.responses import RefusedError
from bot.web.server import build_app
from corpus.errors import IndexStoreError

ANNE, BOB = "A-page_secret_of_128-b", "B" * 22
"""Secrets of two visitors' pages."""
EXAMPLE = "Que perçoit l’agent ?"
REQUEST = Request({"type": "http", "headers": []})


def table() -> FakeAssistant:
    return FakeAssistant(
        answers={
            EXAMPLE: answered(EXAMPLE, quote(HOSTILE, "Après.")),
            "long": answered("long", quote(HOSTILE, HOSTILE_TEXT)),
            "bonjour": Answer("bonjour", Kind.SMALLTALK, 1.0, "Bonjour."),
            "météo": refused("météo", EXAMPLE),
        },
        known=About(documents=(HOSTILE.source,), examples=(EXAMPLE,)),
        failures={
            "panne": RuntimeError("secret detail"),
            "index": IndexStoreError("L’index manque : lancez « motamot build »."),
        },
    )


@asynccontextmanager
async def everybody(request: Request) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def nobody(request: Request) -> AsyncIterator[None]:
    raise RefusedError(429, "Merci de patienter 12 secondes.")
    yield


@pytest.fixture
def assistant() -> FakeAssistant:
    return table()


@pytest.fixture
def ask(assistant: FakeAssistant) -> Callable[..., list[tuple[str, str]] | None]:
    """Ask questions of one conversation, one after the other; what is on the screen in the end."""
    chat = Chat(Service(assistant), everybody)

    async def asked(questions: tuple[str, ...]) -> list[Message] | None:
        for question in questions:
            messages = await chat.ask(question, ANNE, REQUEST)
        return messages

    def ask(*questions: str) -> list[tuple[str, str]] | None:
        messages = asyncio.run(asked(questions))
        return messages and said(messages)

    ask.chat = chat  # type: ignore[attr-defined]
    return ask


def said(messages: list[Message]) -> list[tuple[str, str]]:
    """Role and visible text of each message after the greeting."""
    return [(m["role"], " ".join(BeautifulSoup(m["content"], "html.parser").get_text().split())) for m in messages[1:]]


# --- a conversation --------------------------------------------------------------------------------


def test_questions_and_answers_alternate_after_the_greeting(ask: Any) -> None:
    assert ask("bonjour", "météo") == [
        ("user", "Vous avez demandé :bonjour"),
        ("assistant", "Bonjour."),
        ("user", "Vous avez demandé :météo"),
        ("assistant", "Les textes ne répondent pas. Les questions les plus proches : Que perçoit l’agent ?"),
    ]


def test_earlier_questions_are_given_as_history_but_not_courtesies_nor_failures(
    ask: Any, assistant: FakeAssistant
) -> None:
    ask("bonjour", "météo", "panne", "et demain ?")

    assert assistant.asked[-1] == ("et demain ?", ("météo",))


def test_history_and_screen_are_bounded(ask: Any, assistant: FakeAssistant) -> None:
    messages = ask(*(f"question {number}" for number in range(MAX_TURNS + 5)))

    assert len(messages) == 2 * MAX_TURNS
    assert len(assistant.asked[-1][1]) == MAX_HISTORY
    assert assistant.asked[-1][1][-1] == f"question {MAX_TURNS + 3}"


def test_an_empty_question_changes_nothing(ask: Any, assistant: FakeAssistant) -> None:
    assert ask("  \n ") is None
    assert (len(ask.chat.conversations), assistant.asked) == (0, [])


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("x" * 2345, "Votre question compte 2 345 caractères, et je peux en lire 2 000. Merci de la raccourcir."),
        ("panne", "Je n’ai pas pu répondre, à cause d’une erreur de ce service. Votre question n’est pas perdue. "
         "Si l’erreur se répète, merci de prévenir la personne qui gère ce service. "
         "Vous pouvez la poser à nouveau : panne"),
        ("index", "L’index manque : lancez « motamot build ». Vous pouvez la poser à nouveau : index"),
    ],
)  # fmt: skip
def test_why_there_is_no_answer_is_said_in_french(ask: Any, question: str, reply: str) -> None:
    assert ask(question)[1] == ("assistant", reply)


def test_a_question_over_the_limits_stays_in_the_conversation_and_can_be_asked_again(assistant: FakeAssistant) -> None:
    messages = asyncio.run(Chat(Service(assistant), nobody).ask("météo", ANNE, REQUEST))

    assert messages is not None
    assert said(messages)[1][1] == "Merci de patienter 12 secondes. Vous pouvez la poser à nouveau : météo"
    assert assistant.asked == []


def test_two_questions_sent_at_once_are_answered_in_order_and_a_new_conversation_drops_them(
    assistant: FakeAssistant,
) -> None:
    async def run() -> None:
        chat = Chat(Service(assistant), everybody)
        gate = assistant.slow["lente"] = threading.Event()
        first, second = (asyncio.create_task(chat.ask(question, ANNE, REQUEST)) for question in ("lente", "bonjour"))
        while not assistant.asked:
            await asyncio.sleep(0.001)
        gate.set()
        await first
        assert [text for role, text in said(await second or []) if role == "user"] == [
            "Vous avez demandé :lente",
            "Vous avez demandé :bonjour",
        ]
        gate.clear()
        asked = len(assistant.asked)
        late = asyncio.create_task(chat.ask("lente", ANNE, REQUEST))
        while len(assistant.asked) == asked:
            await asyncio.sleep(0.001)
        assert said(chat.start_over(ANNE)) == []
        gate.set()
        assert await late is None
        assert said(chat.show(ANNE)) == []

    asyncio.run(run())


# --- what is kept ----------------------------------------------------------------------------------


def turn(reply: str = "réponse") -> Turn:
    return Turn("question", reply, understood=True)


@pytest.mark.parametrize("weak", [None, "", "x" * 21, "x" * 23, "x" * 21 + "\n", "é" * 22, SECRET])
def test_under_a_secret_that_could_be_guessed_nothing_is_kept(weak: str | None) -> None:
    conversations = Conversations()
    conversations.keep(weak, conversations.get(weak)).add(turn())

    assert conversations.get(weak).turns == ()
    assert len(conversations) == 0


def test_a_conversation_takes_so_much_memory_and_keeps_its_last_turn() -> None:
    conversation = Conversation()
    for _ in range(5):
        conversation.add(turn("x" * (MAX_MEMORY_EACH // 2 - 1_000)))
    assert len(conversation.turns) == 2

    conversation.add(turn("x" * (MAX_MEMORY_EACH * 2)))
    assert len(conversation.turns) == 1


def test_many_visitors_fill_no_memory_and_the_one_left_alone_the_longest_goes() -> None:
    conversations = Conversations(max_memory=100 * MIN_MEMORY_EACH)
    for number in range(300):
        secret = f"{number:022}"
        conversation = conversations.get(secret)
        conversation.add(turn("x" * 3 * MIN_MEMORY_EACH))
        conversations.keep(secret, conversation)

    assert 30 < len(conversations) < 40
    assert conversations.memory <= 100 * MIN_MEMORY_EACH
    assert len(conversations.get(f"{299:022}").turns) == 1
    assert conversations.get(f"{0:022}").turns == ()


def test_a_conversation_left_alone_goes_and_one_that_is_used_stays() -> None:
    conversations = Conversations(seconds=-1)
    conversations.keep(ANNE, Conversation())
    conversations.expire()
    assert len(conversations) == 0

    conversations = Conversations(seconds=3600)
    conversations.get(ANNE).add(turn())
    conversations.expire()
    assert len(conversations.get(ANNE).turns) == 1


# --- over the network ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served() -> FakeAssistant:
    return table()


@pytest.fixture(scope="module")
def client(served: FakeAssistant) -> Iterator[TestClient]:
    with TestClient(build_app(served)) as client:
        yield client


def secret_of(client: TestClient) -> str:
    """Of a page that was just opened."""
    [found] = re.findall(r'"value":"([\w-]{22})"', client.get("/").text)
    return str(found)


def call(client: TestClient, function: int, *data: Any, **more: Any) -> list[str]:
    """The questions on the screen of the page that sends this."""
    answer = client.post(PREDICT, json={"data": list(data), "fn_index": function, "session_hash": "abc", **more})
    assert answer.status_code == 200, answer.text
    html = "".join(message["content"][0]["text"] for message in answer.json()["data"][0])
    return [asked.get_text() for asked in BeautifulSoup(html, "html.parser").select(".mm-question .mm-verbatim")]


def functions(client: TestClient) -> tuple[int, int]:
    """Numbers of those that ask and that start anew."""
    numbers = [each["id"] for each in client.get("/config").json()["dependencies"]]
    return numbers[0], numbers[-1]


def test_each_page_has_a_secret_and_a_conversation_of_its_own(client: TestClient) -> None:
    """The name of a session, which stands in addresses and so in the logs of proxies, gives nothing away."""
    ask, again = functions(client)
    mine, other = secret_of(client), secret_of(client)
    assert mine != other
    assert SECRET not in client.get("/").text
    assert call(client, ask, "mon divorce", mine) == ["mon divorce"]

    assert call(client, ask, "b", other) == ["b"]
    assert call(client, ask, "b", None) == call(client, ask, "b", SECRET) == ["b"]
    call(client, again, other)
    assert call(client, ask, "b", mine, session_hash="other") == ["mon divorce", "b"]
    assert call(client, again, mine) == []


def test_gradio_keeps_nothing_whatever_names_a_caller_invents(client: TestClient) -> None:
    ask, again = functions(client)
    for number in range(10):
        names = {"session_hash": f"s{number}", "event_id": f"e{number}", "trigger_id": number, "event_data": "x" * 99}
        call(client, ask, "long", secret_of(client), **names)
        call(client, again, secret_of(client), **names)
    gradio = client.app.state.chat.blocks.app  # type: ignore[attr-defined]

    assert (len(gradio.state_holder.session_data), len(gradio.iterators)) == (0, 0)
    assert gradio.get_blocks().pending_streams == {}
    config = client.get("/config").json()
    # Gradio's frontend opens a heartbeat where a component keeps state: one connection for each page.
    assert config["connect_heartbeat"] is False
    assert not any(component["type"] == "state" for component in config["components"])


def test_what_a_page_sends_is_all_that_gets_in(client: TestClient, served: FakeAssistant) -> None:
    ask, again = functions(client)
    asked = len(served.asked)
    for wrong in (
        {"fn_index": 999, "data": ["a", None]},
        {"fn_index": str(ask), "data": ["a", None]},
        {"fn_index": True, "data": [None]},
        {"data": ["a", None]},
        {"fn_index": ask, "data": ["a"]},
        {"fn_index": ask, "data": [{"__type__": "update"}, None]},
        {"fn_index": ask, "data": [1, None]},
        {"fn_index": again, "data": [[]]},
        [],
        None,
    ):
        answer = client.post(PREDICT, json=wrong)

        assert answer.status_code == 422, wrong
        assert answer.json()["detail"].startswith("Cette demande n’a pas la forme")
    form = client.post(PREDICT, content=json.dumps({"fn_index": ask, "data": ["a", None]}))

    assert (form.status_code, len(served.asked)) == (422, asked)


# --- the server ------------------------------------------------------------------------------------


def test_the_page_is_french_names_nobody_else_and_runs_only_its_own_scripts(client: TestClient) -> None:
    response = client.get("/")
    page, policy = response.text, response.headers["content-security-policy"]
    scripts = BeautifulSoup(page, "html.parser").find_all("script", src=False)
    [nonce] = {script.get("nonce") for script in scripts}

    assert '<html lang="fr"' in page
    assert "<title>Motamot, la réponse mot à mot</title>" in page
    assert [name for name in ("githubusercontent", "gradio.app", "manifest.json") if name in page] == []
    assert f"script-src 'self' 'nonce-{nonce}';" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe-eval" not in policy
    assert client.get("/").headers["content-security-policy"] != policy


@pytest.mark.parametrize("path", ["/", "/healthz", "/motamot/theme.css", "/nulle-part"])
def test_every_response_has_the_security_headers_and_is_for_no_other_origin(client: TestClient, path: str) -> None:
    headers = client.get(path, headers={"origin": "https://evil.example", "host": "faq.intranet"}).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/gradio_api/upload"), ("GET", "/motamot/server.py"), ("GET", "/static/../server.py"), ("DELETE", "/")],
)
def test_what_no_page_needs_is_closed(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, path)

    assert response.status_code == 404
    assert response.json()["detail"] == "Cette adresse n’existe pas sur ce service."


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)]
)
def test_other_sites_cannot_ask(client: TestClient, site: str, status: int) -> None:
    response = client.post("/api/ask", json={"question": "météo"}, headers={"sec-fetch-site": site})

    assert response.status_code == status


@pytest.mark.parametrize("header", ["x-forwarded-host", "x-gradio-server"])
def test_where_the_page_stands_is_not_for_anybody_to_say(client: TestClient, header: str) -> None:
    page = client.get("/", headers={header: "https://evil.example", "x-forwarded-proto": "https"}).text

    assert '"root":"http://testserver"' in page
    assert "evil.example" not in page


@pytest.mark.parametrize("host", ["[", "evil.example/x", "<script>", ""])
def test_a_host_that_is_no_name_is_refused(client: TestClient, host: str) -> None:
    response = client.get("/integration", headers={"host": host, "accept": "text/html"})

    assert response.status_code == 400
    assert "Demande illisible" in response.text


def test_a_proxy_may_keep_or_strip_the_prefix() -> None:
    with TestClient(build_app(table(), root_path="/assistant")) as client:
        for prefix in ("", "/assistant"):
            assert '"root":"http://testserver/assistant"' in client.get(f"{prefix}/").text
            assert client.get(f"{prefix}/motamot/theme.css").headers["content-type"].startswith("text/css")
            answer = client.post(f"{prefix}/api/ask", json={"question": "bonjour"})
            assert answer.json()["message"] == "Bonjour."
