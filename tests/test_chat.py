"""The chat page without a browser: its conversations, and what the web server lets through to Gradio."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from conftest import parsed, words
from fake_assistant import HOSTILE, HOSTILE_TEXT, About, FakeAssistant, answered, quote, refused
from fastapi.testclient import TestClient
from starlette.requests import Request

from bot.answer import Answer, Kind
from bot.service import MAX_HISTORY, Service
from bot.web.gradio_page import PREDICT, Chat, ChatMessage, questions
from bot.web.responses import RefusedError
from bot.web.server import build_app
from corpus.errors import IndexStoreError

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
def ask(assistant: FakeAssistant) -> Callable[..., list[tuple[str, str]]]:
    """One question, with the JSON of those before it; what is given back."""
    chat = Chat(Service(assistant), everybody)
    return lambda question, earlier=None: said(asyncio.run(chat.ask(question, earlier, REQUEST)))


def said(messages: list[ChatMessage]) -> list[tuple[str, str]]:
    """Role and visible text of each message after the greeting."""
    assert EXAMPLE in words(parsed(messages[0]["content"]))
    return [(message["role"], words(parsed(message["content"]))) for message in messages[1:]]


# --- one turn --------------------------------------------------------------------------------------


def test_a_question_and_its_answer_follow_the_greeting(ask: Any) -> None:
    assert ask("météo") == [
        ("user", "Vous avez demandé :météo"),
        ("assistant", "Les textes ne répondent pas. Les questions les plus proches : Que perçoit l’agent ?"),
    ]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ('["a", "b"]', ("a", "b")),
        (json.dumps([*map(str, range(99))]), tuple(map(str, range(99 - MAX_HISTORY, 99)))),
        *((wrong, ()) for wrong in (None, "", "x", "{}", '"ab"', "[1]", f'["{"x" * 2001}"]', "[" * 9999)),
    ],
)  # fmt: skip
def test_the_browser_sends_the_questions_before_and_what_is_no_list_of_them_counts_for_nothing(
    ask: Any, assistant: FakeAssistant, sent: str | None, read: tuple[str, ...]
) -> None:
    ask("et demain ?", sent)

    assert questions(sent) == read
    assert assistant.asked == [("et demain ?", read)]


def test_an_empty_question_is_not_asked(ask: Any, assistant: FakeAssistant) -> None:
    assert ask("  \n ") == []
    assert assistant.asked == []


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("x" * 2345, "Votre question compte 2 345 caractères, et je peux en lire 2 000. Merci de la raccourcir."),
        ("panne", "Je n’ai pas pu répondre, à cause d’une erreur de ce service. Votre question n’est pas perdue. "
         "Si l’erreur se répète, merci de prévenir la personne qui gère ce service. "
         "Vous pouvez la poser à nouveau : panne"),
        ("index", "Les textes ne peuvent pas être lus pour le moment. Merci de réessayer dans quelques secondes. "
         "Vous pouvez la poser à nouveau : index"),
    ],
)  # fmt: skip
def test_why_there_is_no_answer_is_said_in_french(ask: Any, question: str, reply: str) -> None:
    assert ask(question)[1] == ("assistant", reply)


def test_a_question_over_the_limits_stays_in_the_conversation_and_can_be_asked_again(assistant: FakeAssistant) -> None:
    messages = asyncio.run(Chat(Service(assistant), nobody).ask("météo", None, REQUEST))

    assert said(messages)[1][1] == "Merci de patienter 12 secondes. Vous pouvez la poser à nouveau : météo"
    assert assistant.asked == []


# --- over the network ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served() -> FakeAssistant:
    return table()


@pytest.fixture(scope="module")
def client(served: FakeAssistant) -> Iterator[TestClient]:
    with TestClient(build_app(served)) as client:
        yield client


def call(client: TestClient, function: int, *data: Any, **more: Any) -> list[str]:
    """The questions in what is given back."""
    answer = client.post(PREDICT, json={"data": list(data), "fn_index": function, "session_hash": "abc", **more})
    assert answer.status_code == 200, answer.text
    html = "".join(message["content"][0]["text"] for message in answer.json()["data"][0])
    return [asked.get_text() for asked in parsed(html).select(".mm-question .mm-verbatim")]


def functions(client: TestClient) -> tuple[int, int]:
    """Numbers of those that ask and that start anew."""
    numbers = [each["id"] for each in client.get("/config").json()["dependencies"]]
    return numbers[0], numbers[-1]


def test_a_page_goes_on_in_another_process_as_in_the_first(client: TestClient, served: FakeAssistant) -> None:
    ask, again = functions(client)
    with TestClient(build_app(served)) as other:
        assert functions(other) == (ask, again)
        app_ids = {json.loads(each.get("/config").text)["app_id"] for each in (client, other)}
        assert len(app_ids) == 1  # or Gradio loads the page again
        assert call(client, ask, "météo", "[]") == ["météo"]
        assert call(other, ask, "et demain ?", '["météo"]') == ["et demain ?"]
        assert call(other, again) == []
    assert served.asked[-1] == ("et demain ?", ("météo",))


def test_gradio_keeps_nothing_whatever_names_a_caller_invents(client: TestClient) -> None:
    ask, again = functions(client)
    for number in range(10):
        names = {"session_hash": f"s{number}", "event_id": f"e{number}", "trigger_id": number, "event_data": "x" * 99}
        call(client, ask, "long", "[]", **names)
        call(client, again, **names)
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
        {"fn_index": ask, "data": ["a", ["b"]]},
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


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        (r"motamot/chat\.css\?v=\w+", True),
        (r"assets/index-[\w-]+\.js", True),
        (r"(motamot/icon\.svg)\?", False),  # an address that does not name its content
    ],
)
def test_what_the_page_loads_is_compressed_and_kept_while_its_address_names_its_content(
    client: TestClient, address: str, kept: bool
) -> None:
    found = re.search(address, client.get("/").text)
    assert found is not None
    response = client.get(f"/{found[found.lastindex or 0]}", headers={"accept-encoding": "br, gzip"})

    assert response.headers["cache-control"] == ("public, max-age=31536000, immutable" if kept else "no-cache")
    assert response.headers.get("content-encoding") == (("br" if "assets" in address else "gzip") if kept else None)
    assert "iframeResizer.contentWindow" not in client.get("/").text


# --- the server ------------------------------------------------------------------------------------


def test_the_page_is_french_names_nobody_else_and_runs_only_its_own_scripts(client: TestClient) -> None:
    response = client.get("/")
    page, policy = response.text, response.headers["content-security-policy"]
    scripts = parsed(page).find_all("script", src=False)
    [nonce] = {script.get("nonce") for script in scripts}

    assert '<html lang="fr"' in page
    assert "<title>Motamot, la réponse mot à mot</title>" in page
    assert [name for name in ("githubusercontent", "gradio.app", "manifest.json") if name in page] == []
    assert f"script-src 'self' 'nonce-{nonce}';" in policy
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe-eval" not in policy
    assert client.get("/").headers["content-security-policy"] != policy


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
