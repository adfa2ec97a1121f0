"""What the browser tests do in a conversation, wherever it stands: the chat, the light page, a frame."""

from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
expect = playwright.expect
expect.set_options(timeout=30_000)  # milliseconds; a loaded machine takes its time

ANSWERS = "[role=log] .mm-answer"
SHIFTS = """new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift = (window.shift ?? 0) + (entry.hadRecentInput ? 0 : entry.value);
}).observe({ type: "layout-shift", buffered: true })"""
"""Adds up in ``window.shift`` what moves without an action of the half second before, as browsers do."""
ASKED = ":is([role=log], #mm-waiting) .mm-question .mm-verbatim"


def open_page(page: Any, site: Any, path: str) -> None:
    """The chat (``""``) or the light page, drawn."""
    page.goto(site.url + path)
    expect(page.locator(".mm-greeting")).to_be_visible()
    expect(page.get_by_role("log", name="Conversation")).to_be_attached()  # named once Gradio has drawn it
    expect(box(page)).to_be_visible()


def box(place: Any) -> Any:
    """Where one types."""
    return place.get_by_role("textbox", name="Votre question")


def send(place: Any, question: str) -> None:
    """Type a question and press Enter, once that sends: the script of the light page says so when it listens."""
    expect(box(place)).to_have_attribute("enterkeyhint", "send")
    box(place).fill(question)
    box(place).press("Enter")


def ask(place: Any, question: str) -> Any:
    """The answer to a question, once it is there and the box is free."""
    answers = place.locator(ANSWERS)
    before = answers.count()
    send(place, question)
    expect(answers).to_have_count(before + 1)
    expect(place.locator("#mm-waiting .mm-turn")).to_have_count(0)
    return answers.nth(before)


def asked(place: Any) -> list[str]:
    """The questions of the conversation, answered or not."""
    texts: list[str] = place.locator(ASKED).all_text_contents()
    return texts
