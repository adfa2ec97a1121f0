"""The light page in a real Chromium: nothing typed is lost, and everyone can use it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from fake_assistant import HOSTILE, HOSTILE_TEXT, About, FakeAssistant, answered, quote, refused
from real_site import chromium, free_port, served, violations

from bot.answer import Answer, Kind
from bot.web.branding import Branding
from bot.web.server import build_app
from corpus.document import Document, Source

sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
expect = sync_api.expect

pytestmark = [pytest.mark.browser, pytest.mark.flaky(reruns=2)]

EXAMPLE = "Le dépôt est-il *gratuit* ?"
LONG = Document(
    source=Source("long", "Guide des dépôts", "Ville de Test", "2021-05", "faq", "long.txt"),
    text="\n".join(f"Paragraphe {n} : le dépôt est gratuit pour tous les habitants." for n in range(1, 41)),
    sha256="1" * 64,
    blocks=(),
    pages=(0,),
)
PHONE = {"width": 390, "height": 800}
DESKTOP = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def assistant() -> FakeAssistant:
    long = quote(LONG, LONG.text, "Paragraphe 1 : le dépôt est gratuit pour tous les habitants.", question=EXAMPLE)
    return FakeAssistant(
        answers={
            "piège": answered("piège", quote(HOSTILE, HOSTILE_TEXT, "dixième point"), quote(HOSTILE, "Après.")),
            EXAMPLE: answered(EXAMPLE, long),
            "aides": Answer("aides", Kind.CLARIFY, 0.5, "De quoi s’agit-il ?", suggestions=(EXAMPLE, "piège")),
            "météo": refused("météo", EXAMPLE),
            "bonjour": Answer("bonjour", Kind.SMALLTALK, 1.0, "Bonjour."),
        },
        known=About((LONG.source, HOSTILE.source), (), (EXAMPLE,)),
        failures={"panne": RuntimeError("secret")},
    )


@pytest.fixture(scope="module")
def address(assistant: FakeAssistant) -> Iterator[str]:
    port = free_port()
    branding = Branding(name="Ville de Test", contact="mairie@ville.example")
    with served(build_app(assistant, branding=branding), port):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@dataclass
class Visit:
    """The open light page and all that it asked of the network."""

    page: Any
    hosts: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def box(self) -> Any:
        return self.page.locator("#mm-typed")

    @property
    def status(self) -> Any:
        return self.page.locator(".mm-status")

    @property
    def answers(self) -> Any:
        return self.page.locator(".mm-turn .mm-answer")

    def send(self, question: str) -> None:
        self.box.fill(question)
        self.box.press("Enter")

    def ask(self, question: str) -> Any:
        """Type a question, press Enter, and wait for its answer."""
        before = self.answers.count()
        self.send(question)
        expect(self.answers).to_have_count(before + 1)
        return self.answers.nth(before)

    def questions(self) -> list[str]:
        return self.page.locator(".mm-turn .mm-question .mm-verbatim").all_text_contents()


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Visit]:
    context = browser.new_context(locale="en-US", viewport=DESKTOP, reduced_motion="reduce")
    visit = Visit(context.new_page())
    visit.page.on("request", lambda request: visit.hosts.append(urlsplit(request.url).hostname or "data"))
    visit.page.on("console", lambda message: visit.complaints.append(message.text))
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.goto(f"{address}panneau")
    yield visit
    context.close()


def answer_with(visit: Visit, status: int, **headers: str) -> None:
    """The next questions meet this response instead of the server's."""
    visit.page.route("**/api/ask", lambda route: route.fulfill(status=status, headers=headers, body="<p>proxy</p>"))


# --- what is shown -----------------------------------------------------------------------------


def test_every_character_of_a_hostile_quote_is_shown_and_none_runs(visit: Visit) -> None:
    shown = visit.ask("piège").locator("blockquote .mm-text").first

    assert shown.evaluate("e => e.textContent") == HOSTILE_TEXT
    assert shown.locator("mark").all_text_contents() == ["dixième point"]
    assert visit.page.evaluate("window.hacked") is None
    assert visit.page.locator(".mm-answer :is(img, script, style, .mm-text a)").count() == 0


def test_nothing_leaves_and_nothing_complains_over_a_conversation(visit: Visit) -> None:
    for question in ["piège", "météo", "aides", "bonjour", EXAMPLE, "![x](https://evil.example/x.png)"]:
        visit.ask(question)
    visit.page.click(".mm-erase")

    assert set(visit.hosts) == {"127.0.0.1"}
    assert visit.complaints == []
    assert visit.page.context.cookies() == []


def test_the_page_loads_few_files_and_runs_under_a_strict_policy(visit: Visit) -> None:
    policy = visit.page.reload().headers["content-security-policy"]
    visit.page.wait_for_load_state("networkidle")
    loaded = visit.page.evaluate("performance.getEntriesByType('resource').map(r => r.name.split('/').pop()).sort()")

    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert set(loaded) - {"icon.svg"} == {"panel.css", "panel.js", "proof.css", "quote.js", "theme.css"}


def test_a_refusal_offers_questions_and_the_contact(visit: Visit) -> None:
    refusal = visit.ask("météo")

    assert refusal.get_by_role("button").all_inner_texts() == [EXAMPLE]
    contact = refusal.locator(".mm-contact a")
    assert (contact.inner_text(), contact.get_attribute("href")) == (
        "mairie@ville.example",
        "mailto:mairie@ville.example",
    )


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_a_long_answer_begins_in_view_and_the_page_is_not_too_wide(visit: Visit, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    visit.ask("météo")
    answer = visit.ask(EXAMPLE)
    top = answer.locator("mark").first.bounding_box()["y"]
    composer = visit.page.locator(".mm-composer").bounding_box()

    assert answer.bounding_box()["height"] > 800
    assert 0 < top < composer["y"] - 40
    assert composer["y"] + composer["height"] <= 800
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_zoomed_four_times_the_composer_covers_nothing(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 320, "height": 256})
    visit.ask(EXAMPLE)

    assert visit.page.locator(".mm-composer").evaluate("e => getComputedStyle(e).position") == "relative"
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 320


# --- nothing typed is lost ---------------------------------------------------------------------


def test_earlier_questions_go_along_but_not_courtesies_nor_failures(visit: Visit, assistant: FakeAssistant) -> None:
    for question in ["bonjour", "météo", "panne", EXAMPLE, "et demain ?"]:
        visit.ask(question)

    assert assistant.asked[-1] == ("et demain ?", ("météo", EXAMPLE))


def test_questions_typed_while_another_is_answered_wait_in_order(visit: Visit, assistant: FakeAssistant) -> None:
    gate = assistant.slow["lente"] = threading.Event()
    visit.send("lente")
    expect(visit.status).to_have_text("Recherche en cours…")
    visit.send("bonjour")
    visit.send("météo")
    assert visit.page.locator(".mm-state").all_text_contents() == ["En attente", "En attente"]
    visit.box.fill("suite")
    gate.set()
    expect(visit.answers).to_have_count(3)

    assert visit.questions() == ["lente", "bonjour", "météo"]
    assert [one.inner_text().split("\n")[0] for one in visit.answers.all()] == [
        "Les textes ne répondent pas.",
        "Bonjour.",
        "Les textes ne répondent pas.",
    ]
    assert visit.page.locator(".mm-state").count() == 0
    assert visit.box.input_value() == "suite"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (413, "Cette question est trop longue pour être envoyée."),
        (429, "Vous avez posé beaucoup de questions en peu de temps. Merci de patienter"),
        (500, "Une erreur de ce service l’a empêché de répondre à cette question."),
        (502, "Le service est momentanément indisponible."),
        (200, "Le service est momentanément indisponible."),  # the page of a portal, in place of ours
    ],
)
def test_what_went_wrong_is_said_and_the_question_can_be_sent_again(visit: Visit, status: int, said: str) -> None:
    answer_with(visit, status)
    notice = visit.ask("bonjour")
    assert notice.locator(".mm-message").inner_text().startswith(said)
    visit.page.unroute("**/api/ask")
    notice.get_by_role("button").click()
    if status == 413:
        assert visit.box.input_value() == "bonjour"
        visit.box.press("Enter")
    expect(visit.answers).to_have_text("Bonjour.")

    assert visit.questions() == ["bonjour"]
    expect(visit.box).to_be_focused()


def test_an_error_of_the_service_is_said_in_its_own_words(visit: Visit) -> None:
    assert visit.ask("panne").inner_text().startswith("Une erreur de ce service empêche de répondre.")
    assert "secret" not in visit.page.content()


def test_a_lost_connection_is_said_and_the_draft_stays(visit: Visit) -> None:
    visit.page.route("**/api/ask", lambda route: route.abort())
    notice = visit.ask("bonjour")
    visit.box.fill("brouillon")

    assert notice.inner_text().startswith("Cette question n’est pas partie")
    visit.page.unroute("**/api/ask")
    notice.get_by_role("button", name="Envoyer à nouveau").click()
    expect(visit.answers).to_have_text("Bonjour.")
    assert visit.box.input_value() == "brouillon"


def test_when_the_server_says_how_long_to_wait_the_question_leaves_by_itself(visit: Visit) -> None:
    refusals = [1]

    def once(route: Any) -> None:
        if refusals.pop() if refusals else 0:
            route.fulfill(status=429, headers={"Retry-After": "1"}, body="")
        else:
            route.continue_()

    visit.page.route("**/api/ask", once)
    visit.send("bonjour")
    expect(visit.status).to_contain_text("partira d’elle-même dans 1\u00a0s.")
    expect(visit.answers).to_have_text("Bonjour.")
    expect(visit.status).to_have_text("")


def test_a_question_too_long_stays_in_the_box(visit: Visit, assistant: FakeAssistant) -> None:
    asked = len(assistant.asked)
    visit.send("x" * 2001)

    expect(visit.status).to_have_text(
        "Votre question dépasse 2\u202f000 caractères. Merci de la raccourcir avant de l’envoyer."
    )
    assert len(visit.box.input_value()) == 2001
    assert (visit.questions(), len(assistant.asked)) == ([], asked)


def test_an_empty_question_asks_nothing(visit: Visit, assistant: FakeAssistant) -> None:
    asked = len(assistant.asked)
    visit.send("  \n")

    assert (visit.questions(), len(assistant.asked)) == ([], asked)


# --- the history -------------------------------------------------------------------------------


def test_conversation_and_draft_survive_a_reload_in_this_tab_only(visit: Visit, assistant: FakeAssistant) -> None:
    visit.ask("piège")
    visit.box.fill("brouillon")
    asked = len(assistant.asked)
    visit.page.reload()
    expect(visit.answers).to_have_count(1)

    assert visit.page.locator("blockquote .mm-text").first.evaluate("e => e.textContent") == HOSTILE_TEXT
    assert (visit.questions(), visit.box.input_value()) == (["piège"], "brouillon")
    assert len(assistant.asked) == asked
    assert visit.page.evaluate("localStorage.length") == 0
    another = visit.page.context.new_page()
    another.goto(visit.page.url)
    expect(another.locator(".mm-turn")).to_have_count(0)


def test_a_question_that_the_reload_cut_short_can_be_sent_again(visit: Visit) -> None:
    visit.page.route("**/api/ask", lambda route: None)  # never answered
    visit.send("bonjour")
    expect(visit.page.locator(".mm-turn")).to_have_count(1)
    visit.page.reload()
    visit.page.unroute("**/api/ask")
    expect(visit.answers).to_contain_text("n’a pas eu de réponse avant que la page soit quittée")
    visit.answers.get_by_role("button").click()

    expect(visit.answers).to_have_text("Bonjour.")


def test_erasing_leaves_no_trace_and_gives_up_what_is_under_way(visit: Visit, assistant: FakeAssistant) -> None:
    erase = visit.page.get_by_role("button", name="Effacer la conversation")
    expect(erase).to_be_hidden()
    visit.ask("météo")
    gate = assistant.slow["très lente"] = threading.Event()
    visit.send("très lente")
    expect(visit.status).to_have_text("Recherche en cours…")
    erase.click()
    gate.set()

    expect(visit.status).to_have_text("La conversation est effacée.")
    expect(visit.box).to_be_focused()
    assert visit.page.evaluate("sessionStorage.length") == 0
    assert visit.ask("bonjour").inner_text() == "Bonjour."
    assert assistant.asked[-1] == ("bonjour", ())
    assert visit.questions() == ["bonjour"]


def test_without_storage_the_page_works_all_the_same(browser: Any, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('no'); } })")
    page.goto(f"{address}panneau")
    visit = Visit(page)

    assert visit.ask("bonjour").inner_text() == "Bonjour."
    context.close()


# --- for everyone ------------------------------------------------------------------------------


@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_axe_finds_nothing_in_any_state(browser: Any, address: str, viewport: dict[str, int], scheme: str) -> None:
    context = browser.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    found = {}
    for shape in ("?forme=panneau", "?forme=bloc", ""):
        page.goto(f"{address}panneau{shape}")
        found[shape] = violations(page)
    visit = Visit(page)
    for question in ("piège", "météo", "aides", "panne"):
        visit.ask(question)
        found[question] = violations(page)
    context.close()

    assert found == {name: [] for name in found}


def test_the_page_has_one_title_a_log_and_named_controls(visit: Visit) -> None:
    visit.ask("météo")
    page = visit.page

    assert page.evaluate("document.documentElement.lang") == "fr"
    assert page.get_by_role("heading", level=1).all_inner_texts() == ["Posez votre question"]
    assert page.get_by_role("log", name="Conversation").get_attribute("aria-live") == "polite"
    assert page.get_by_role("textbox", name="Votre question").count() == 1
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("contentinfo").count() == 1


def test_an_answer_is_added_once_to_the_live_region(visit: Visit) -> None:
    visit.page.evaluate(
        """() => {
          window.added = [];
          new MutationObserver((all) => all.forEach((one) => one.addedNodes.forEach((node) => {
            if (node.nodeType === 1) window.added.push(node.className);
          }))).observe(document.querySelector('[role=log]'), { subtree: true, childList: true });
        }"""
    )
    visit.ask("bonjour")

    assert visit.page.evaluate("window.added") == ["mm-turn", "mm-answer mm-smalltalk"]


def test_all_is_done_with_the_keyboard(visit: Visit) -> None:
    page, keys = visit.page, visit.page.keyboard
    focused = "document.activeElement.innerText ?? ''"
    keys.press("Tab")
    assert page.evaluate(focused) == "Aller à la zone de saisie"
    keys.press("Enter")
    expect(visit.box).to_be_focused()
    keys.type("aides")
    keys.press("Enter")
    expect(visit.answers).to_have_count(1)
    keys.press("Shift+Tab")  # the button that erases
    keys.press("Shift+Tab")
    keys.press("Shift+Tab")
    assert page.evaluate(focused) == EXAMPLE
    keys.press("Enter")
    expect(visit.answers).to_have_count(2)
    expect(page.locator(".mm-answer mark")).to_have_count(1)
    page.get_by_role("button", name="Effacer").focus()
    keys.press("Space")

    expect(page.locator(".mm-turn")).to_have_count(0)
    expect(visit.box).to_be_focused()


def test_shift_enter_makes_a_new_line(visit: Visit) -> None:
    visit.box.press_sequentially("première")
    visit.box.press("Shift+Enter")
    visit.box.press_sequentially("seconde")
    before = visit.box.bounding_box()["height"]

    assert visit.box.input_value() == "première\nseconde"
    assert before > 60
    visit.page.get_by_role("button", name="Envoyer").click()
    expect(visit.answers).to_have_count(1)
    assert visit.questions() == ["première\nseconde"]
