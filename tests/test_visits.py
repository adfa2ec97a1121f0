"""Conversations under way: nobody reads another's, and they fill no memory."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from fake_assistant import HOSTILE, HOSTILE_TEXT, About, FakeAssistant, answered, quote
from fastapi.testclient import TestClient

from bot.web.conversations import MAX_HISTORY, MAX_MEMORY_EACH, MAX_TURNS, Conversation, Conversations, Turn
from bot.web.gradio_page import KEY
from bot.web.server import build_app

SECRET = "x" * 22
OTHER = "y" * 22


def key(number: int) -> str:
    return f"{number:022}"


def turn(reply: str = "réponse") -> Turn:
    return Turn("question", reply, understood=True)


# --- what is kept ----------------------------------------------------------------------------------


def test_a_conversation_is_found_again_under_its_key_only() -> None:
    visits = Conversations()
    visits.conversation(SECRET).add(turn())

    assert len(visits.conversation(SECRET).turns) == 1
    assert visits.conversation(OTHER).turns == ()


@pytest.mark.parametrize("weak", [None, "", "abc", "x" * 21, "x" * 23, "x" * 21 + "\n", "é" * 22, "x" * 21 + " ", KEY])
def test_under_a_key_that_could_be_guessed_nothing_is_kept(weak: str | None) -> None:
    visits = Conversations()
    conversation = visits.conversation(weak)
    conversation.add(turn())
    visits.keep(weak, conversation)

    assert visits.conversation(weak).turns == ()
    assert len(visits) == 0


def test_a_conversation_has_so_many_turns_and_a_question_so_many_before_it() -> None:
    conversation = Conversation()
    for number in range(MAX_TURNS + 5):
        conversation.add(Turn(f"q{number}", "r", understood=number != MAX_TURNS))

    assert len(conversation.turns) == MAX_TURNS
    assert conversation.turns[0].question == "q5"
    assert len(conversation.history()) == MAX_HISTORY
    assert f"q{MAX_TURNS}" not in conversation.history()


def test_a_conversation_takes_so_much_memory_and_keeps_its_last_turn() -> None:
    conversation = Conversation()
    for _ in range(5):
        conversation.add(turn("x" * (MAX_MEMORY_EACH // 2 - 1_000)))
    assert len(conversation.turns) == 2

    conversation.add(turn("x" * (MAX_MEMORY_EACH * 2)))
    assert len(conversation.turns) == 1


def test_beyond_so_many_the_one_left_alone_the_longest_goes() -> None:
    visits = Conversations(most=3)
    for number in (0, 1, 2, 0, 3):
        visits.conversation(key(number)).add(turn())

    assert [len(visits.conversation(key(number)).turns) for number in (0, 2, 3)] == [2, 1, 1]
    assert len(visits) == 3


def test_a_hundred_thousand_visitors_fill_no_memory() -> None:
    visits = Conversations(most=1_000, most_memory=500_000)
    for number in range(100_000):
        conversation = visits.conversation(key(number))
        conversation.add(turn("x" * 900))
        visits.keep(key(number), conversation)

    assert len(visits) < 1_000
    assert 400_000 < visits.memory <= 500_000
    kept = [visits._visits[each].conversation for each in visits._visits]
    assert sum(conversation.size for conversation in kept) == visits.memory


def test_a_conversation_left_alone_goes_by_itself() -> None:
    visits = Conversations(seconds=0.05)
    visits.conversation(SECRET).add(turn())
    limit = time.monotonic() + 20
    while len(visits) and time.monotonic() < limit:
        time.sleep(0.01)

    assert len(visits) == 0
    assert visits.memory == 0


def test_a_conversation_that_is_used_stays() -> None:
    visits = Conversations(seconds=3600)
    visits.conversation(SECRET).add(turn())
    visits._expire()

    assert len(visits.conversation(SECRET).turns) == 1


def test_a_visitor_who_starts_anew_leaves_nothing() -> None:
    visits = Conversations()
    visits.conversation(SECRET).add(turn())
    visits.forget(SECRET)
    visits.forget(SECRET)

    assert (len(visits), visits.memory) == (0, 0)


# --- over the network ------------------------------------------------------------------------------


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant({"a": answered("a", quote(HOSTILE, HOSTILE_TEXT))}, About((HOSTILE.source,)))


@pytest.fixture
def client(assistant: FakeAssistant) -> Iterator[TestClient]:
    with TestClient(build_app(assistant)) as client:
        yield client


def page_key(client: TestClient) -> str:
    [found] = re.findall(r'"value":"([\w-]{22})"', client.get("/").text)
    return str(found)


def call(client: TestClient, function: int, *data: Any, **more: Any) -> list[str]:
    """The questions on the screen of the page that sends this."""
    sent = {"data": list(data), "fn_index": function, "session_hash": "abc", **more}
    answer = client.post("/gradio_api/run/predict", json=sent)
    assert answer.status_code == 200, answer.text
    html = "".join(message["content"][0]["text"] for message in answer.json()["data"][0])
    return [asked.get_text() for asked in BeautifulSoup(html, "html.parser").select(".mm-question .mm-verbatim")]


def functions(client: TestClient) -> tuple[int, int]:
    """Numbers of those that ask and that start anew."""
    found = {dep["targets"][0][1]: dep["id"] for dep in client.get("/config").json()["dependencies"]}
    return found["submit"], found["click"]


def test_each_page_has_a_secret_of_its_own(client: TestClient) -> None:
    keys = {page_key(client) for _ in range(20)}

    assert len(keys) == 20
    assert KEY not in client.get("/").text


def test_the_name_of_a_session_gives_nothing_away(client: TestClient) -> None:
    """It stands in addresses, and so in the logs of proxies; Gradio alone would tell its conversation."""
    ask, _ = functions(client)
    mine = page_key(client)
    assert call(client, ask, "mon divorce", mine, session_hash="abc") == ["mon divorce"]

    assert call(client, ask, "b", page_key(client), session_hash="abc") == ["b"]
    assert call(client, ask, "b", None, session_hash="abc") == ["b"]
    assert call(client, ask, "b", KEY, session_hash="abc") == ["b"]
    assert call(client, ask, "b", mine, session_hash="other") == ["mon divorce", "b"]


def test_nobody_starts_the_conversation_of_another_anew(client: TestClient) -> None:
    ask, again = functions(client)
    mine = page_key(client)
    call(client, ask, "a", mine)
    call(client, again, page_key(client))

    assert call(client, ask, "b", mine) == ["a", "b"]
    assert call(client, again, mine) == []
    assert call(client, ask, "c", mine) == ["c"]


def test_gradio_keeps_nothing_whatever_names_a_caller_invents(client: TestClient, assistant: FakeAssistant) -> None:
    ask, again = functions(client)
    for number in range(30):
        names = {"session_hash": f"s{number}", "event_id": f"e{number}", "trigger_id": number, "event_data": "x" * 99}
        call(client, ask, "a", page_key(client), **names)
        call(client, again, page_key(client), **names)
    gradio = client.app.state.chat  # type: ignore[attr-defined]

    assert len(assistant.asked) == 30
    assert (len(gradio.state_holder.session_data), len(gradio.iterators)) == (0, 0)
    assert gradio.get_blocks().pending_streams == {}


def test_the_page_holds_no_connection_open(client: TestClient) -> None:
    """Gradio's frontend opens a heartbeat where a component keeps state: one connection for each page."""
    config = client.get("/config").json()

    assert config["connect_heartbeat"] is False
    assert not any(component["type"] == "state" for component in config["components"])


def test_what_a_page_sends_is_all_that_gets_in(client: TestClient, assistant: FakeAssistant) -> None:
    ask, again = functions(client)
    for wrong in (
        {"fn_index": 999, "data": ["a", None]},
        {"fn_index": -1, "data": ["a", None]},
        {"fn_index": None, "data": ["a", None]},
        {"fn_index": str(ask), "data": ["a", None]},
        {"fn_index": True, "data": [None]},
        {"data": ["a", None]},
        {"fn_index": ask},
        {"fn_index": ask, "data": []},
        {"fn_index": ask, "data": ["a"]},
        {"fn_index": ask, "data": ["a", None, None]},
        {"fn_index": ask, "data": [{"__type__": "update"}, None]},
        {"fn_index": ask, "data": [1, None]},
        {"fn_index": again, "data": [[]]},
        [],
        None,
    ):
        answer = client.post("/gradio_api/run/predict", json=wrong)

        assert answer.status_code == 422, wrong
        assert answer.json()["detail"].startswith("Cette demande n’a pas la forme")
    form = client.post("/gradio_api/run/predict", content=json.dumps({"fn_index": ask, "data": ["a", None]}))

    assert form.status_code == 422
    assert assistant.asked == []
