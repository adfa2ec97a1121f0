"""When something goes wrong in the chat or on the light page: it is said in French, and nothing typed is lost."""

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from real_site import chromium, violations
from whole_site import BROKEN_DOWN, WholeSite, whole_site

sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
expect = sync_api.expect
expect.set_options(timeout=15_000)  # milliseconds; a loaded machine takes its time

pytestmark = [pytest.mark.browser, pytest.mark.flaky(reruns=2)]

PATHS = ["", "panneau"]
ENDPOINT = {"": "**/run/predict", "panneau": "**/api/ask"}
ANSWERS = "[role=log] .mm-answer:not(.mm-notice)"
ASKED = ":is([role=log], #mm-waiting) .mm-question .mm-verbatim"
SAID = ":is(.mm-status, #mm-status, .mm-turn .mm-notice .mm-message)"
ONCE_MORE = "Envoyer à nouveau"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeSite]:
    with whole_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(browser: Any, site: WholeSite) -> Iterator[Callable[[str], Any]]:
    contexts = []

    def opened(path: str) -> Any:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.goto(site.url + path)
        expect(page.locator(".mm-greeting")).to_be_visible()
        return page

    yield opened
    for context in contexts:
        context.close()


def box_of(page: Any) -> Any:
    return page.get_by_role("textbox", name="Votre question")


def send(page: Any, question: str) -> None:
    box_of(page).fill(question)
    box_of(page).press("Enter")


@pytest.mark.parametrize("path", PATHS)
def test_a_question_shows_before_its_answer_and_those_after_it_wait_in_order(
    visit: Callable[[str], Any], site: WholeSite, path: str
) -> None:
    page = visit(path)
    gate = site.assistant.slow["dépôt"] = threading.Event()
    try:
        for question in ("dépôt", "météo", "bonjour"):
            send(page, question)
        box_of(page).fill("brouillon")
        expect(page.get_by_role("status").filter(has_text="Recherche en cours…")).to_be_visible()
        assert page.locator(ASKED).all_text_contents() == ["dépôt", "météo", "bonjour"]
        assert page.locator(".mm-state").all_text_contents() == ["En attente", "En attente"]
        assert page.locator(ANSWERS).count() == 0
        assert violations(page) == []
    finally:
        gate.set()
        del site.assistant.slow["dépôt"]
    expect(page.locator(ANSWERS)).to_have_count(3)

    assert page.locator(ASKED).all_text_contents() == ["dépôt", "météo", "bonjour"]
    assert page.locator("[role=log] .mm-question").count() == 3
    assert page.locator(".mm-state").count() == 0
    expect(page.get_by_role("status").filter(has_text="Recherche en cours…")).to_have_count(0)
    assert box_of(page).input_value() == "brouillon"


TROUBLES = {
    "connection lost": (None, "le service ne répond pas"),
    "too many": (429, "beaucoup de questions en peu de temps"),
    "overloaded": (503, "indisponible|ne répond pas|surchargé|demande"),
    "broken proxy": (502, "indisponible|ne répond pas"),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_with_a_question_in_line_and_a_draft_nothing_is_lost(
    visit: Callable[[str], Any], path: str, trouble: str
) -> None:
    status, _ = TROUBLES[trouble]
    page = visit(path)
    page.evaluate("() => { window.never_left = true; }")
    send(page, "bonjour")
    expect(page.locator(ANSWERS)).to_have_count(1)
    held: list[Any] = []
    page.route(ENDPOINT[path], lambda route: route.continue_() if held else held.append(route))
    send(page, "dépôt")
    send(page, "météo")
    box_of(page).fill("brouillon")
    while not held:
        page.wait_for_timeout(20)
    if status is None:
        held[0].abort()
    else:
        held[0].fulfill(status=status, content_type="text/html", body="<p>proxy</p>")
    again = page.get_by_role("button", name=ONCE_MORE)
    expect(again).to_have_count(1)
    expect(page.locator(ANSWERS)).to_have_count(2)  # the one in line left by itself

    assert sorted(page.locator(ASKED).all_text_contents()) == ["bonjour", "dépôt", "météo"]
    assert box_of(page).input_value() == "brouillon"
    page.wait_for_timeout(2500)  # Gradio left to itself would now load the page again
    again.click()
    expect(page.locator(ANSWERS)).to_have_count(3)
    assert sorted(page.locator(ASKED).all_text_contents()) == ["bonjour", "dépôt", "météo"]
    assert box_of(page).input_value() == "brouillon"
    assert page.evaluate("window.never_left")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_happened_is_said_and_the_question_is_within_reach(
    visit: Callable[[str], Any], path: str, trouble: str
) -> None:
    status, said = TROUBLES[trouble]
    page = visit(path)
    page.route(
        ENDPOINT[path],
        lambda route: route.abort() if status is None else route.fulfill(status=status, body="<p>proxy</p>"),
    )
    send(page, "dépôt")
    phrase = page.locator(SAID).filter(has_text=re.compile(said, re.IGNORECASE))
    expect(phrase).to_be_visible()
    assert violations(page) == []
    page.unroute(ENDPOINT[path])
    if path:
        page.get_by_role("button", name=ONCE_MORE).click()
    else:
        expect(box_of(page)).to_have_value("dépôt")
        page.wait_for_timeout(100)
        box_of(page).press("Enter")

    expect(page.locator(ANSWERS)).to_have_count(1)
    expect(phrase).to_have_count(0)


@pytest.mark.parametrize("path", PATHS)
def test_an_error_of_the_service_is_said_and_the_conversation_goes_on(visit: Callable[[str], Any], path: str) -> None:
    page = visit(path)
    send(page, BROKEN_DOWN)
    expect(page.locator(".mm-notice .mm-message")).to_contain_text("erreur de ce service")
    assert "secret" not in page.content()
    assert page.locator(ASKED).all_text_contents() == [BROKEN_DOWN]
    send(page, "bonjour")
    expect(page.locator(ANSWERS)).to_have_text("Bonjour. Je vous écoute.")


def test_questions_without_an_answer_are_still_there_after_the_chat_is_loaded_again(
    visit: Callable[[str], Any],
) -> None:
    page = visit("")
    page.route(ENDPOINT[""], lambda route: None)  # never answered
    send(page, "dépôt")
    send(page, "météo")
    box_of(page).fill("brouillon")
    page.reload()
    page.unroute(ENDPOINT[""])
    expect(page.get_by_role("button", name=ONCE_MORE)).to_have_count(2)
    assert page.locator(ASKED).all_text_contents() == ["dépôt", "météo"]
    assert box_of(page).input_value() == "brouillon"
    page.get_by_role("button", name=ONCE_MORE).first.press("Enter")
    expect(page.locator(ANSWERS)).to_have_count(1)
    expect(box_of(page)).to_be_focused()
    page.get_by_role("button", name="Nouvelle conversation").click()

    expect(page.locator(ASKED)).to_have_count(0)
    assert page.evaluate("sessionStorage.length") == 0


def test_a_new_conversation_is_empty_before_the_next_question_leaves(visit: Callable[[str], Any]) -> None:
    page = visit("")
    for question in ("bonjour", "météo", "dépôt"):
        send(page, "horaires")
        page.get_by_role("button", name="Nouvelle conversation").click()
        send(page, question)
        expect(page.locator("[role=log] .mm-question")).to_have_count(1)
        expect(page.locator("[role=log] .mm-question .mm-verbatim")).to_have_text(question)
        expect(page.locator("#mm-waiting .mm-turn")).to_have_count(0)
        page.get_by_role("button", name="Nouvelle conversation").click()
