"""The chat's handlers and the web server around them, without a browser."""

import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from fake_assistant import HOSTILE, About, FakeAssistant, answered, quote, refused
from fastapi.testclient import TestClient

from bot.answer import Answer, Kind
from bot.service import MAX_HISTORY, Service
from bot.web.conversations import MAX_TURNS, Conversations
from bot.web.gradio_page import Chat
from bot.web.server import build_app
from corpus.errors import IndexStoreError

KEY = "A-page_secret_of_128-b"
"""Of a visitor's page."""
ABOUT = About(documents=(HOSTILE.source,), examples=("Que perçoit l’agent ?",))


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant(
        answers={
            "Que perçoit l’agent ?": answered("Que perçoit l’agent ?", quote(HOSTILE, "Après.")),
            "bonjour": Answer("bonjour", Kind.SMALLTALK, 1.0, "Bonjour."),
            "météo": refused("météo", "Que perçoit l’agent ?"),
        },
        known=ABOUT,
        failures={
            "panne": RuntimeError("secret detail"),
            "index": IndexStoreError("L’index manque : lancez « motamot build »."),
        },
    )


@pytest.fixture
def client(assistant: FakeAssistant) -> Iterator[TestClient]:
    with TestClient(build_app(assistant)) as client:
        yield client


def said(messages: list[dict[str, str]]) -> list[tuple[str, str]]:
    """Role and visible text of each message after the greeting."""
    return [(m["role"], " ".join(BeautifulSoup(m["content"], "html.parser").get_text().split())) for m in messages[1:]]


def test_questions_and_answers_alternate_after_the_greeting(assistant: FakeAssistant) -> None:
    chat = Chat(Service(assistant))
    chat.ask("bonjour", KEY)
    messages = chat.ask("météo", KEY)

    assert said(messages) == [
        ("user", "Vous avez demandé :bonjour"),
        ("assistant", "Bonjour."),
        ("user", "Vous avez demandé :météo"),
        (
            "assistant",
            "Les textes ne répondent pas. Les questions les plus proches : Que perçoit l’agent ?",
        ),
    ]


def test_earlier_questions_are_given_as_history_but_not_courtesies(assistant: FakeAssistant) -> None:
    chat = Chat(Service(assistant))
    for question in ["bonjour", "météo", "panne", "et demain ?"]:
        chat.ask(question, KEY)

    assert assistant.asked[-1] == ("et demain ?", ("météo",))


def test_history_and_screen_are_bounded(assistant: FakeAssistant) -> None:
    chat = Chat(Service(assistant))
    for number in range(MAX_TURNS + 5):
        messages = chat.ask(f"question {number}", KEY)

    assert len(messages) == 1 + 2 * MAX_TURNS
    assert len(assistant.asked[-1][1]) == MAX_HISTORY
    assert assistant.asked[-1][1][-1] == f"question {MAX_TURNS + 3}"


@pytest.mark.parametrize("question", ["", "  \n "])
def test_an_empty_question_changes_nothing(assistant: FakeAssistant, question: str) -> None:
    visits = Conversations()
    Chat(Service(assistant), visits).ask(question, KEY)

    assert len(visits) == 0
    assert assistant.asked == []


def test_a_question_too_long_is_refused_with_both_numbers_and_kept_on_screen(assistant: FakeAssistant) -> None:
    messages = Chat(Service(assistant)).ask("x" * 2345, KEY)

    assert said(messages) == [
        ("user", "Vous avez demandé :" + "x" * 2345),
        (
            "assistant",
            "Votre question compte 2 345 caractères, et je peux en lire 2 000. Merci de la raccourcir.",
        ),
    ]
    assert assistant.asked == []


def test_an_unforeseen_error_is_said_in_french_without_its_detail(assistant: FakeAssistant) -> None:
    messages = Chat(Service(assistant)).ask("panne", KEY)
    [_, (_, reply)] = said(messages)

    assert reply.startswith("Je n’ai pas pu répondre, à cause d’une erreur de ce service.")
    assert reply.endswith("Vous pouvez la poser à nouveau : panne")
    assert "secret" not in reply


def test_an_error_that_one_can_mend_says_its_remedy(assistant: FakeAssistant) -> None:
    messages = Chat(Service(assistant)).ask("index", KEY)

    assert said(messages)[1][1].startswith("L’index manque : lancez « motamot build ».")


def test_a_new_conversation_has_the_greeting_only(assistant: FakeAssistant) -> None:
    chat = Chat(Service(assistant))
    chat.ask("météo", KEY)
    messages = chat.start_over(KEY)

    assert said(messages) == []
    assert "Guide" in messages[0]["content"]
    assert [text for role, text in said(chat.ask("bonjour", KEY)) if role == "user"] == ["Vous avez demandé :bonjour"]


def test_two_questions_sent_at_once_are_both_kept_in_order(assistant: FakeAssistant) -> None:
    chat = Chat(Service(assistant))
    gate = assistant.slow["lente"] = threading.Event()
    first = threading.Thread(target=chat.ask, args=("lente", KEY))
    first.start()
    while not assistant.asked:
        time.sleep(0.01)
    second = threading.Thread(target=chat.ask, args=("bonjour", KEY))
    second.start()
    gate.set()
    first.join(10)
    second.join(10)

    assert [turn.question for turn in chat.visits.conversation(KEY).turns] == ["lente", "bonjour"]


# --- the server --------------------------------------------------------------------------------


def test_the_page_is_french_and_names_nobody_else(client: TestClient) -> None:
    page = client.get("/").text

    assert '<html\n\tlang="fr"' in page or '<html lang="fr"' in page
    assert "<title>Motamot, la réponse mot à mot</title>" in page
    assert "githubusercontent" not in page
    assert "gradio.app" not in page
    assert "manifest.json" not in page


def test_only_scripts_with_the_nonce_of_the_page_may_run(client: TestClient) -> None:
    response = client.get("/")
    policy = response.headers["content-security-policy"]
    scripts = BeautifulSoup(response.text, "html.parser").find_all("script", src=False)
    nonces = {script.get("nonce") for script in scripts}

    assert len(scripts) > 1
    assert len(nonces) == 1
    assert f"script-src 'self' 'nonce-{nonces.pop()}';" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe-eval" not in policy
    assert client.get("/").headers["content-security-policy"] != policy


@pytest.mark.parametrize("path", ["/", "/healthz", "/motamot/theme.css", "/nulle-part"])
def test_every_response_has_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'self'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/queue/join"),
        ("POST", "/gradio_api/process_recording"),
        ("POST", "/gradio_api/reset"),
        ("POST", "/gradio_api/cancel"),
        ("POST", "/gradio_api/call/ask"),
        ("POST", "/gradio_api/run/predict/"),
        ("GET", "/gradio_api/info"),
        ("GET", "/gradio_api/openapi.json"),
        ("GET", "/gradio_api/runs"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/proxy=https://example.org/"),
        ("GET", "/monitoring"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("GET", "/motamot/server.py"),
        ("GET", "/static/../server.py"),
        ("DELETE", "/"),
    ],
)
def test_all_other_doors_are_closed(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, path)

    assert response.status_code == 404
    assert response.json()["detail"] == "Cette adresse n’existe pas sur ce service."


def test_a_body_too_large_is_refused_announced_or_not(client: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"question": "'
        for _ in range(100):
            yield b"x" * 1024
        yield b'"}'

    announced = client.post("/api/ask", json={"question": "x" * 70_000})
    streamed = client.post("/api/ask", content=pieces(), headers={"content-type": "application/json"})

    assert [announced.status_code, streamed.status_code] == [413, 413]


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)]
)
def test_other_sites_cannot_ask(client: TestClient, site: str, status: int) -> None:
    response = client.post("/api/ask", json={"question": "météo"}, headers={"sec-fetch-site": site})

    assert response.status_code == status


def test_no_other_origin_is_allowed(client: TestClient) -> None:
    headers = client.get("/config", headers={"origin": "https://evil.example", "host": "faq.intranet"}).headers

    assert "access-control-allow-origin" not in headers


def test_the_endpoint_returns_the_contract(client: TestClient, assistant: FakeAssistant) -> None:
    body = {"question": " Que perçoit l’agent ? ", "history": ["bonjour"]}
    answer = client.post("/api/ask", json=body).json()

    assert assistant.asked == [("Que perçoit l’agent ?", ("bonjour",))]
    assert answer["kind"] == "answer"
    assert answer["quotes"][0]["text"] == "Après."
    assert answer["quotes"][0]["source"]["date"] == "2021-05"


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({}, 422, "La demande n’a pas la forme attendue"),
        ({"question": 3}, 422, "La demande n’a pas la forme attendue"),
        ({"question": "a", "autre": 1}, 422, "La demande n’a pas la forme attendue"),
        ({"question": "  "}, 422, "La question est vide."),
        ({"question": "x" * 2001}, 422, "Votre question compte 2\u202f001 caractères"),
        ({"question": "index"}, 503, "L’index manque"),
        ({"question": "panne"}, 500, "Une erreur de ce service empêche de répondre."),
    ],
)
def test_the_endpoint_explains_its_errors_in_french(
    client: TestClient, body: dict[str, Any], status: int, detail: str
) -> None:
    response = client.post("/api/ask", json=body)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status
    assert response.json()["detail"].startswith(detail)


def key_of(client: TestClient) -> str:
    """The secret of a page that was just opened."""
    [key] = re.findall(r'"value":"([\w-]{22})"', client.get("/").text)
    return key


def ask_as(client: TestClient, key: str, question: str) -> list[tuple[str, str]]:
    """Ask through Gradio's endpoint, as the page of that visitor does."""
    config = client.get("/config").json()
    [submit] = [d for d in config["dependencies"] if d["targets"][0][1] == "submit"][:1]
    body = {"data": [question, key], "fn_index": submit["id"], "session_hash": "shared"}
    data = client.post("/gradio_api/run/predict", json=body).json()["data"]
    return said([{"role": m["role"], "content": m["content"][0]["text"]} for m in data[0]])


def test_visitors_do_not_share_a_conversation(client: TestClient) -> None:
    anne_key, bob_key = (key_of(client) for _ in range(2))
    ask_as(client, anne_key, "bonjour")
    bob = ask_as(client, bob_key, "météo")
    anne = ask_as(client, anne_key, "météo")

    assert len(bob) == 2
    assert [text for role, text in anne if role == "user"] == [
        "Vous avez demandé :bonjour",
        "Vous avez demandé :météo",
    ]


@pytest.mark.parametrize("header", ["x-forwarded-host", "x-gradio-server"])
def test_where_the_page_stands_is_not_for_anybody_to_say(client: TestClient, header: str) -> None:
    page = client.get("/", headers={header: "https://evil.example", "x-forwarded-proto": "https"}).text

    assert '"root":"http://testserver"' in page
    assert "evil.example" not in page


@pytest.mark.parametrize("host", ["[", "a b", "evil.example/x", "<script>", "a@b", ""])
def test_a_host_that_is_no_name_is_refused(client: TestClient, host: str) -> None:
    response = client.get("/integration", headers={"host": host, "accept": "text/html"})

    assert response.status_code == 400
    assert "Demande illisible" in response.text


@pytest.mark.parametrize("prefix", ["", "/assistant"])
def test_a_proxy_may_keep_or_strip_the_prefix(assistant: FakeAssistant, prefix: str) -> None:
    with TestClient(build_app(assistant, root_path="/assistant")) as client:
        page = client.get(f"{prefix}/")
        style = client.get(f"{prefix}/motamot/theme.css")
        answer = client.post(f"{prefix}/api/ask", json={"question": "bonjour"})

    assert '"root":"http://testserver/assistant"' in page.text
    assert style.headers["content-type"].startswith("text/css")
    assert answer.json()["message"] == "Bonjour."
