"""All that we rely on in Gradio and that it does not promise: what a new version broke is said in words."""

import re
from importlib import import_module
from typing import Any

import pytest
from conversing import ask, expect, open_page, send
from fake_assistant import HOSTILE, About, FakeAssistant
from fastapi.testclient import TestClient
from whole_site import WholeSite

from bot.web.gradio_page import PREDICT, RELIED_ON
from bot.web.server import build_app


def broken(found: dict[str, bool], part: str) -> list[str]:
    """What a user would notice, and the pattern that was looked for."""
    return [f"{harm}: Gradio no longer has {name}" for name, harm in RELIED_ON[part].items() if not found[name]]


def test_gradio_writes_no_stubs_beside_its_source() -> None:
    [(name, harm)] = RELIED_ON["import"].items()
    module, _, function = name.rpartition(".")

    assert getattr(import_module(module), function, print).__module__ == "bot.web.gradio_page", harm


def test_the_page_and_the_calls_of_gradio_are_those_that_we_mend() -> None:
    with TestClient(build_app(FakeAssistant({}, About((HOSTILE.source,))))) as client:
        page = TestClient(client.app.state.chat._gradio).get("/").text  # type: ignore[attr-defined]
        config = client.get("/config").json()
        answer = client.post(PREDICT, json={"fn_index": 0, "data": ["a", "[]"]}).json()

    assert broken({pattern: bool(re.search(pattern, page)) for pattern in RELIED_ON["page"]}, "page") == []
    numbers = [each["id"] for each in config["dependencies"]]
    assert numbers == [0, 1, 2], "calls are numbered in another way"
    message = answer["data"][0][-1]
    assert (message["role"], message["content"][0]["type"]) == ("assistant", "text"), "messages have another form"


@pytest.mark.browser
def test_what_our_script_and_style_look_for_is_in_the_page_once_drawn(page: Any, site: WholeSite) -> None:
    def seen(part: str) -> dict[str, bool]:
        return {selector: page.locator(selector).count() > 0 for selector in RELIED_ON[part]}

    open_page(page, site, "")
    ask(page, "météo")
    assert broken(seen("browser"), "browser") == []
    page.route(f"**{PREDICT}", lambda route: route.fulfill(status=502, body="<p>proxy</p>"))
    send(page, "bonjour")
    lost = page.get_by_role("button", name="Envoyer à nouveau")
    expect(lost).to_have_count(1)
    assert broken(seen("browser, when a call fails"), "browser, when a call fails") == []
    page.unroute(f"**{PREDICT}")
    page.route(f"**{PREDICT}", lambda route: route.abort())
    page.route("**/gradio_api/app_id", lambda route: route.abort())  # or the page is loaded again
    lost.click()
    part = "browser, when the connection is lost"
    page.locator(next(iter(RELIED_ON[part]))).wait_for(state="attached")
    assert broken(seen(part), part) == []
    assert page.locator(".toast-body:visible").count() == 0
