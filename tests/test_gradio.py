"""All that we rely on in Gradio and that it does not promise: what a new version broke is said in words."""

import re
from importlib import import_module
from typing import Any

import pytest
from conversing import ask, expect, open_page, send
from fake_assistant import HOSTILE, About, FakeAssistant
from fastapi.testclient import TestClient
from whole_site import WholeSite

from bot.web.gradio_page import GREETING, PREDICT, RESIZER, TITLE
from bot.web.server import build_app

RELIED_ON = {
    "import": {
        "gradio.component_meta.create_or_modify_pyi": "starting takes two seconds more",
    },
    "page": {
        r'<html\s+lang="en"': "the language of the page stays English",
        r"</head>": "our style and script are not loaded",
        r"<body[^>]*>": "there is no title, no logo, and no form for browsers without JavaScript",
        r"</body>": "the footer is missing",
        r"<script(?=[\s>])(?![^>]*\ssrc=)": "its inline scripts have no nonce: the browser runs none of them",
        RESIZER: "a script for frames is loaded that no page of ours needs",
        GREETING: "the page greets with these letters, or with the texts of another collection",
        TITLE: "the tab of the browser has these letters for a title, or that of another collection",
    },
    "browser": {
        "#mm-log [role=log]": "chat.js: no answer is brought into view and the conversation has an English name",
        "#mm-log [data-testid=user] .mm-question": "chat.js: what is answered stays shown as waiting",
        "#mm-log [data-testid=bot] .mm-answer": "chat.js: messages keep English labels",
        "#mm-typed textarea": "chat.js: no question leaves the page, no draft is kept",
        "#mm-asked textarea": "chat.js: no question leaves the page",
        "#mm-earlier textarea": "chat.js: a question is read without those before it",
        "button#mm-send": "chat.js: the box is not emptied by the button",
        "button#mm-again": "chat.js: a new conversation still shows what was waiting",
        "button#mm-ask": "chat.js: no question leaves the page",
        "button#mm-show": "chat.js: a page that is loaded again has lost its conversation",
        ".gradio-container main > .column": "chat.css: gaps between header, conversation and box",
        "#mm-log .message-row .flex-wrap .message": "chat.css: messages have bubbles",
        "#mm-log .prose": "chat.css: quotes have Gradio's sizes and colours",
    },
    "browser, when a call fails": {
        "#mm-log > [data-testid=status-tracker] .error": "chat.js does not learn that a question was refused",
    },
    "browser, when the connection is lost": {
        ".toast-wrap .toast-body": "chat.js does not learn that a question was lost, or Gradio says it in English",
    },
}
"""What Gradio 6.31 does and promises nowhere, and what is broken where a new version does it no more: patterns in its
page, and selectors in the page once drawn."""


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
