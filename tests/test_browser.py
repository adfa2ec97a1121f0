"""The chat in a real Chromium, against a real server."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from fake_assistant import HOSTILE, HOSTILE_TEXT, About, FakeAssistant, LeftOut, answered, quote, refused
from real_site import violations

from bot.answer import Answer, Kind
from bot.web.server import build_app
from corpus.document import Document, Source

sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
Page = sync_api.Page
expect = sync_api.expect
expect.set_options(timeout=15_000)  # milliseconds; a loaded machine takes its time

# Gradio draws a moment after it is told to: on a loaded machine a first try may look too early.
pytestmark = [pytest.mark.browser, pytest.mark.flaky(reruns=2)]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOOPBACK = ("127.0.0.1", "::1", "localhost")
LONG = Document(
    source=Source("long", "Guide des dépôts", "Ville de Test", "2021-05", "faq", "long.txt"),
    text="\n".join(f"Paragraphe {n} : le dépôt est gratuit pour tous les habitants." for n in range(1, 41)),
    sha256="1" * 64,
    blocks=(),
    pages=(0,),
)
MISSING = LeftOut(
    Source("circ", "Circulaire absente", "Ministère", "2020-11-20", "circular", "c.pdf"),
    "Le fichier n’a pas encore été téléchargé.",
    "motamot fetch",
)
EXAMPLE = "Le dépôt_est-il *gratuit* pour les habitants ?"


def table() -> FakeAssistant:
    long = quote(LONG, LONG.text, "Paragraphe 1 : le dépôt est gratuit pour tous les habitants.", question=EXAMPLE)
    return FakeAssistant(
        answers={
            "piège": answered("piège", quote(HOSTILE, HOSTILE_TEXT, "dixième point"), quote(HOSTILE, "Après.")),
            EXAMPLE: answered(EXAMPLE, long),
            "aides": Answer("aides", Kind.CLARIFY, 0.5, "De quoi s’agit-il ?", suggestions=(EXAMPLE, "piège")),
            "météo": refused("météo", EXAMPLE),
            "bonjour": Answer("bonjour", Kind.SMALLTALK, 1.0, "Bonjour."),
        },
        known=About((LONG.source, HOSTILE.source), (MISSING,), (EXAMPLE,)),
        failures={"panne": RuntimeError("secret")},
    )


@dataclass
class Site:
    """The server under test and the hosts it tried to reach."""

    url: str
    assistant: FakeAssistant
    outside: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    assistant = table()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    site = Site(f"http://127.0.0.1:{port}/", assistant)
    with pytest.MonkeyPatch.context() as patch:
        _refuse_outside(patch, site.outside)
        app = build_app(assistant)
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield site
        app.state.chat.stop_event.set()
        server.should_exit = True
        thread.join(10)


def _refuse_outside(patch: pytest.MonkeyPatch, seen: list[str]) -> None:
    real_connect, real_resolve = socket.socket.connect, socket.getaddrinfo

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            seen.append(str(address))
            raise OSError("outside")
        real_connect(self, address)

    def resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in LOOPBACK:
            seen.append(str(host))
            raise OSError("outside")
        return real_resolve(host, *args, **kwargs)

    patch.setattr(socket.socket, "connect", connect)
    patch.setattr(socket, "getaddrinfo", resolve)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """An open page and all that it asked of the network."""

    page: Any
    hosts: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def ask(self, question: str) -> Any:
        """Type a question, press Enter, and wait for its answer."""
        answers = self.page.locator("#mm-log .mm-answer")
        before = answers.count()
        self.page.fill("#mm-typed textarea", question)
        self.page.press("#mm-typed textarea", "Enter")
        expect(answers).to_have_count(before + 1)
        return answers.nth(before)

    def questions(self) -> list[str]:
        return self.page.locator("#mm-log .mm-question .mm-verbatim").all_text_contents()


@pytest.fixture
def visit(browser: Any, site: Site) -> Iterator[Visit]:
    # English on purpose: the page speaks French whatever the browser's language.
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    visit = Visit(context.new_page())
    visit.page.on("request", lambda request: visit.hosts.append(urlsplit(request.url).hostname or "data"))
    visit.page.on("console", lambda message: visit.complaints.append(message.text))
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.goto(site.url)
    visit.page.wait_for_selector("#mm-log .mm-greeting")
    yield visit
    context.close()


def test_every_character_of_a_hostile_quote_is_shown_and_none_runs(visit: Visit, site: Site) -> None:
    shown = visit.ask("piège").locator("blockquote .mm-text").first

    assert shown.evaluate("e => e.textContent") == HOSTILE_TEXT
    # Line breaks are shown as such: the text as the eye has it, white space apart.
    assert shown.inner_text().split() == HOSTILE_TEXT.split()
    assert shown.inner_text().count("\n") == HOSTILE_TEXT.count("\n")
    assert shown.locator("mark").all_text_contents() == ["dixième point"]
    assert visit.page.evaluate("window.hacked") is None
    assert visit.page.locator(".mm-answer :is(img, script, style, .mm-text a)").count() == 0


def test_nothing_leaves_and_nothing_complains_over_a_conversation(visit: Visit, site: Site) -> None:
    for question in ["piège", "météo", "aides", "bonjour", EXAMPLE, "![x](https://evil.example/x.png)"]:
        visit.ask(question)
    visit.page.click("#mm-again")
    expect(visit.page.locator("#mm-log .mm-answer")).to_have_count(0)

    assert set(visit.hosts) == {"127.0.0.1"}
    assert site.outside == []
    assert visit.complaints == []


def test_the_page_is_in_french_for_an_english_browser(visit: Visit) -> None:
    page = visit.page

    assert page.evaluate("document.documentElement.lang") == "fr"
    assert page.title() == "Motamot, la réponse mot à mot"
    expect(page.get_by_role("textbox", name="Votre question")).to_have_count(1)  # named once Gradio has drawn it
    assert page.get_by_role("log", name="Conversation").get_attribute("aria-live") == "polite"
    assert [b.inner_text() for b in page.locator("#mm-composer button").all()] == ["Envoyer", "Nouvelle conversation"]
    labels = page.locator("main [aria-label]").evaluate_all("all => all.map(e => e.ariaLabel)")
    assert set(labels) == {"Conversation", "Nouvelle conversation"}


def test_the_greeting_says_what_is_known_and_what_is_not(visit: Visit) -> None:
    greeting = visit.page.locator(".mm-greeting").inner_text()

    assert "Guide des dépôts" in greeting
    assert "Ville de Test, mai 2021" in greeting
    assert "Circulaire absente" in greeting
    assert "Le fichier n’a pas encore été téléchargé." in greeting


def test_an_example_is_asked_verbatim_and_the_draft_stays(visit: Visit, site: Site) -> None:
    visit.page.fill("#mm-typed textarea", "mon brouillon")
    visit.page.get_by_role("button", name=EXAMPLE).click()
    expect(visit.page.locator("#mm-log .mm-answer")).to_have_count(1)

    assert site.assistant.asked[-1] == (EXAMPLE, ())
    assert visit.page.input_value("#mm-typed textarea") == "mon brouillon"


def test_a_suggestion_can_be_asked_with_the_keyboard_twice(visit: Visit, site: Site) -> None:
    refusal = visit.ask("météo")
    for count in (2, 3):
        refusal.get_by_role("button", name=EXAMPLE).press("Enter")
        expect(visit.page.locator("#mm-log .mm-answer")).to_have_count(count)

    assert visit.questions() == ["météo", EXAMPLE, EXAMPLE]


def test_a_clarification_offers_its_questions(visit: Visit) -> None:
    assert visit.ask("aides").get_by_role("button").all_inner_texts() == [EXAMPLE, "piège"]


def test_further_passages_are_folded_and_stay_open_once_opened(visit: Visit) -> None:
    answer = visit.ask("piège")
    folded = answer.locator("details .mm-text")
    assert not folded.is_visible()
    answer.locator("summary").click()
    visit.ask("bonjour")

    assert folded.is_visible()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_beginning_of_a_long_answer_is_in_view_and_the_page_is_not_too_wide(visit: Visit, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    visit.ask("météo")
    answer = visit.ask(EXAMPLE)
    top = answer.locator("mark").first.bounding_box()["y"]
    composer = visit.page.locator("#mm-composer").bounding_box()

    assert answer.bounding_box()["height"] > 800
    assert 0 < top < composer["y"] - 40
    assert composer["y"] + composer["height"] <= 800
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_focus_stays_in_the_box_and_shift_enter_makes_a_new_line(visit: Visit, site: Site) -> None:
    visit.ask("bonjour")
    assert visit.page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    assert visit.page.input_value("#mm-typed textarea") == ""
    visit.page.keyboard.type("première")
    visit.page.keyboard.press("Shift+Enter")
    visit.page.keyboard.type("seconde")

    assert visit.page.input_value("#mm-typed textarea") == "première\nseconde"
    visit.page.click("#mm-send")
    expect(visit.page.locator("#mm-log .mm-answer")).to_have_count(2)
    assert visit.questions() == ["bonjour", "première\nseconde"]


def test_an_empty_question_asks_nothing(visit: Visit, site: Site) -> None:
    asked = len(site.assistant.asked)
    visit.page.fill("#mm-typed textarea", "   ")
    visit.page.press("#mm-typed textarea", "Enter")
    visit.ask("bonjour")

    assert len(site.assistant.asked) == asked + 1


def test_an_error_is_said_and_the_conversation_goes_on(visit: Visit) -> None:
    assert "Je n’ai pas pu répondre" in visit.ask("panne").inner_text()
    assert visit.ask("bonjour").inner_text() == "Bonjour."


def test_a_question_typed_while_another_is_answered_is_answered_too(visit: Visit, site: Site) -> None:
    gate = site.assistant.slow["lente"] = threading.Event()
    box = visit.page.locator("#mm-typed textarea")
    box.fill("lente")
    box.press("Enter")
    expect(visit.page.locator("#mm-status")).to_have_text("Recherche en cours…")
    box.type("bonjour")
    box.press("Enter")
    box.type("suite")
    gate.set()
    expect(visit.page.locator("#mm-log .mm-answer")).to_have_count(2)

    assert visit.questions() == ["lente", "bonjour"]
    assert box.input_value() == "suite"


def test_a_new_conversation_waits_for_the_answer_under_way(visit: Visit, site: Site) -> None:
    gate = site.assistant.slow["très lente"] = threading.Event()
    visit.page.fill("#mm-typed textarea", "très lente")
    visit.page.press("#mm-typed textarea", "Enter")
    expect(visit.page.locator("#mm-status")).to_have_text("Recherche en cours…")
    visit.page.click("#mm-again")
    gate.set()
    expect(visit.page.locator("#mm-status")).to_have_text("")
    visit.ask("bonjour")

    assert visit.questions() == ["bonjour"]


def test_a_lost_connection_gives_the_question_back(visit: Visit) -> None:
    visit.page.route("**/run/predict", lambda route: route.abort())
    visit.page.fill("#mm-typed textarea", "ma question")
    visit.page.press("#mm-typed textarea", "Enter")

    expect(visit.page.locator("#mm-status")).to_contain_text("Le service ne répond pas.")
    assert visit.page.input_value("#mm-typed textarea") == "ma question"
    assert visit.page.locator(".toast-body:visible").count() == 0


def test_a_draft_survives_a_reload(visit: Visit) -> None:
    visit.page.fill("#mm-typed textarea", "mon brouillon")
    visit.page.reload()

    expect(visit.page.locator("#mm-typed textarea")).to_have_value("mon brouillon")


def test_a_text_too_large_is_refused_in_french_and_given_back(visit: Visit) -> None:
    visit.page.fill("#mm-typed textarea", "x" * 70_000)
    visit.page.press("#mm-typed textarea", "Enter")

    expect(visit.page.locator("#mm-status")).to_contain_text("Votre texte est trop long")
    assert len(visit.page.input_value("#mm-typed textarea")) == 70_000


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing_in_any_state(visit: Visit, width: int, scheme: str) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    visit.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    expect(visit.page.get_by_role("log", name="Conversation")).to_be_visible()  # named once Gradio has drawn it
    found = {"empty": violations(visit.page)}
    for question in ["piège", "météo", "aides", "panne"]:
        visit.ask(question)
        found[question] = violations(visit.page)

    assert found == {name: [] for name in found}
