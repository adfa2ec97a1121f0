"""Thumbs, and too many questions, in a real Chromium: the chat page and the light page."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fake_assistant import HOSTILE, About, FakeAssistant, answered, quote, refused

from bot.journal import Journal, Record
from bot.web.server import SiteOptions, build_app

sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
expect = sync_api.expect
expect.set_options(timeout=15_000)  # milliseconds; a loaded machine takes its time

pytestmark = [pytest.mark.browser, pytest.mark.flaky(reruns=2)]

UP, DOWN = "Cette réponse m’a été utile", "Cette réponse ne m’a pas aidé"
THANKS = "Merci, votre avis est enregistré."


@contextmanager
def served(service: SiteOptions) -> Iterator[str]:
    assistant = FakeAssistant(
        answers={
            "Où voter ?": answered("Où voter ?", quote(HOSTILE, "Après.")),
            "météo": refused("météo", "Où voter ?"),
        },
        known=About((HOSTILE.source,), examples=("Où voter ?",)),
    )
    app = build_app(assistant, options=service)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    app.state.chat.stop_event.set()
    server.should_exit = True
    thread.join(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium: apt-get install chromium")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    page = browser.new_page(locale="fr-FR", viewport={"width": 390, "height": 844})
    page.set_default_timeout(30_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    yield page
    page.close()
    assert errors == []


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "journal.sqlite3", 90)) as journal:
        yield journal


@pytest.fixture
def site(journal: Journal) -> Iterator[str]:
    with served(SiteOptions(journal)) as address:
        yield address


def ask(page: Any, question: str) -> Any:
    """Ask with the keyboard; the box of thumbs of the answer."""
    typed = page.locator("#mm-typed textarea, textarea#mm-typed")
    before = page.locator(".mm-thumbs").count()
    typed.fill(question)
    typed.press("Enter")
    expect(page.locator(".mm-thumbs")).to_have_count(before + 1)
    return page.locator(".mm-thumbs").last


def lines(journal: Journal) -> dict[str, Record]:
    return {line.question: line for line in journal.records()}


@pytest.mark.parametrize("path", ["", "panneau"])
def test_a_thumb_down_with_its_reason_is_written_down_with_the_keyboard_only(
    page: Any, site: str, journal: Journal, path: str
) -> None:
    page.goto(site + path)
    box = ask(page, "Où voter ?")
    down = box.get_by_role("button", name=DOWN)
    down.focus()
    page.keyboard.press("Enter")
    expect(down).to_have_attribute("aria-pressed", "true")
    expect(box.get_by_role("button", name=UP)).to_have_attribute("aria-pressed", "false")
    expect(box.get_by_role("group", name="Pourquoi")).to_be_visible()
    assert lines(journal)["Où voter ?"].helpful is False

    page.keyboard.press("Tab")  # to the reasons
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("écrivez à jean@mairie.fr")
    page.keyboard.press("Tab")
    expect(box.get_by_role("button", name="Envoyer la raison")).to_be_focused()
    page.keyboard.press("Enter")

    expect(box.locator(".mm-thumbs-note")).to_have_text(THANKS)
    expect(box.locator("form")).to_have_count(0)
    expect(down).to_be_focused()
    line = lines(journal)["Où voter ?"]
    assert (line.helpful, line.reason) == (False, "incomprehensible")
    assert line.comment == "écrivez à [adresse électronique]"


@pytest.mark.parametrize("path", ["", "panneau"])
def test_a_thumb_up_stays_while_other_questions_are_asked(page: Any, site: str, journal: Journal, path: str) -> None:
    page.goto(site + path)
    first = ask(page, "Où voter ?")
    name = first.get_attribute("id")
    first.get_by_role("button", name=UP).click()
    expect(first.locator(".mm-thumbs-note")).to_have_text(THANKS)
    ask(page, "météo")

    box = page.locator(f"#{name}")
    expect(box.get_by_role("button", name=UP)).to_have_attribute("aria-pressed", "true")
    expect(box.locator(".mm-thumbs-note")).to_have_text(THANKS)
    assert (lines(journal)["Où voter ?"].helpful, lines(journal)["météo"].helpful) == (True, None)


@pytest.mark.parametrize("path", ["", "panneau"])
def test_a_reason_being_written_survives_the_next_question(page: Any, site: str, path: str) -> None:
    page.goto(site + path)
    first = ask(page, "Où voter ?")
    name = first.get_attribute("id")
    first.get_by_role("button", name=DOWN).click()
    first.get_by_role("textbox").fill("il manque l’heure")
    ask(page, "météo")

    expect(page.locator(f"#{name} textarea")).to_have_value("il manque l’heure")


def test_an_opinion_that_cannot_be_sent_says_so_and_can_be_sent_again(page: Any, site: str, journal: Journal) -> None:
    page.goto(f"{site}panneau")
    box = ask(page, "Où voter ?")
    page.route("**/api/feedback", lambda route: route.abort())
    box.get_by_role("button", name=UP).click()
    expect(box.locator(".mm-thumbs-note")).to_contain_text("Votre avis n’est pas parti")
    expect(box.get_by_role("button", name=UP)).to_have_attribute("aria-pressed", "false")
    page.unroute("**/api/feedback")
    box.get_by_role("button", name=UP).click()

    expect(box.locator(".mm-thumbs-note")).to_have_text(THANKS)
    assert lines(journal)["Où voter ?"].helpful is True


def test_too_many_questions_are_said_in_french_and_nothing_typed_is_lost(page: Any) -> None:
    with served(SiteOptions(rate="1/day")) as site:
        page.goto(site)
        typed = page.locator("#mm-typed textarea")
        typed.fill("Où voter ?")
        typed.press("Enter")
        expect(page.locator(".mm-quote")).to_have_count(1)
        typed.fill("et demain ?")
        typed.press("Enter")

        expect(page.get_by_role("status").filter(has_text="beaucoup de questions")).to_be_visible()
        expect(typed).to_have_value("et demain ?")
