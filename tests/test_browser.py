"""The chat and the light page in a real Chromium: what they show, that nothing typed is lost, and the thumbs."""

import json
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from conversing import ANSWERS, ASKED, SHIFTS, ask, asked, box, open_page, send
from fake_assistant import HOSTILE, HOSTILE_TEXT, About, FakeAssistant, refused
from playwright.sync_api import expect
from real_site import free_port, served, violations
from whole_site import BROKEN_DOWN, WholeSite

from bot.web.server import build_app

pytestmark = [pytest.mark.browser]

PATHS = ["", "panneau"]
both = pytest.mark.parametrize("path", PATHS)
ENDPOINT = {"": "**/run/predict", "panneau": "**/api/ask"}
AGAIN = {"": "Nouvelle conversation", "panneau": "Effacer la conversation"}
SEARCHING = "Recherche en cours…"
ONCE_MORE = "Envoyer à nouveau"
REAL = f"{ANSWERS}:not(.mm-notice)"
UP, DOWN = "Cette réponse m’a été utile", "Cette réponse ne m’a pas aidé"
THANKS = "Merci, votre avis est enregistré."


def status(page: Any, text: str) -> Any:
    return page.get_by_role("status").filter(has_text=text)


@pytest.fixture
def gate(site: WholeSite) -> Iterator[threading.Event]:
    """What the answer to "dépôt" waits for."""
    opened = site.assistant.slow["dépôt"] = threading.Event()
    yield opened
    opened.set()
    del site.assistant.slow["dépôt"]


# --- what is shown ---------------------------------------------------------------------------------


@both
def test_every_character_of_a_hostile_quote_is_shown_and_none_runs(visit: Any, site: WholeSite, path: str) -> None:
    open_page(page := visit, site, path)
    ask(page, "![x](https://evil.example/x.png)")
    shown = ask(page, "piège").locator("blockquote .mm-text").first

    assert shown.evaluate("e => e.textContent") == HOSTILE_TEXT
    # Line breaks are shown as such: the text as the eye has it, white space apart.
    assert shown.inner_text().split() == HOSTILE_TEXT.split()
    assert shown.inner_text().count("\n") == HOSTILE_TEXT.count("\n")
    assert shown.locator("mark").all_text_contents() == ["dixième point"]
    assert page.evaluate("window.hacked") is None
    assert page.locator(".mm-answer :is(img, script, style, .mm-text a)").count() == 0


@both
def test_the_page_is_in_french_with_named_controls_and_suggestions_are_asked_verbatim_by_keyboard(
    page: Any, site: WholeSite, path: str
) -> None:
    open_page(page, site, path)
    refusal = ask(page, "météo")

    assert page.evaluate("[document.documentElement.lang, document.title]") == ["fr", "Motamot, la réponse mot à mot"]
    assert page.get_by_role("heading", level=1).all_inner_texts() == ["Posez votre question"]
    assert page.get_by_role("log", name="Conversation").get_attribute("aria-live") == "polite"
    expect(box(page)).to_have_count(1)
    assert [page.get_by_role(role).count() for role in ("main", "contentinfo")] == [1, 1]
    labels = page.locator("main [aria-label]:not(.mm-view)").evaluate_all("all => all.map(e => e.ariaLabel)")
    assert set(labels) <= {"Conversation", "Nouvelle conversation", "Effacer"}
    box(page).fill("mon brouillon")
    for count in (2, 3):
        refusal.get_by_role("button", name="dépôt").press("Enter")
        expect(page.locator(ANSWERS)).to_have_count(count)
    page.locator(".mm-greeting").get_by_role("button", name="horaires").click()
    expect(page.locator(ANSWERS)).to_have_count(4)

    assert asked(page) == ["météo", "dépôt", "dépôt", "horaires"]
    assert box(page).input_value() == "mon brouillon"
    assert site.assistant.asked[-1] == ("horaires", ("météo", "dépôt", "dépôt"))
    offered = ask(page, "aides").locator(".mm-ask").all_inner_texts()
    assert offered == ["dépôt", "horaires", "Aucune de ces questions"]


@both
def test_a_turn_read_after_another_can_be_asked_alone_and_further_passages_stay_open_once_opened(
    page: Any, site: WholeSite, path: str
) -> None:
    open_page(page, site, path)
    answer = ask(page, "dépôt")
    folded = answer.locator("details .mm-text")
    assert not folded.is_visible()
    answer.locator("summary").click()
    ask(page, "et là ?").get_by_role("button", name="Poser seule").click()
    expect(page.locator(ANSWERS)).to_have_count(3)

    # What announces another subject is read by itself, by whatever answers.
    assert site.assistant.asked[-1] == ("Autre question\u00a0: et là ?", ("dépôt", "et là ?"))
    assert folded.is_visible()


@pytest.mark.parametrize("width", [320, 1280])
@both
def test_a_long_answer_begins_in_view_and_the_page_is_not_too_wide(
    page: Any, site: WholeSite, path: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    open_page(page, site, path)
    ask(page, "météo")
    answer = ask(page, "longue")
    assert answer.bounding_box()["height"] < 800
    answer.get_by_role("button", name="Voir la suite du passage").click()
    composer = page.locator("#mm-composer, .mm-composer").bounding_box()

    assert answer.bounding_box()["height"] > 800
    assert 0 < answer.locator("mark").first.bounding_box()["y"] < composer["y"] - 40
    assert composer["y"] + composer["height"] <= 800
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    said = ask(page, "un mot " * 280).locator(".mm-message")  # after a long question too
    assert 0 < said.bounding_box()["y"] < composer["y"]


@both
def test_what_is_empty_or_too_long_does_not_leave_and_shift_enter_makes_a_new_line(
    page: Any, site: WholeSite, path: str
) -> None:
    open_page(page, site, path)
    before = len(site.assistant.asked)
    send(page, "  \n")
    send(page, "x" * 2001)
    said = "Votre question dépasse 2\u202f000 caractères. Merci de la raccourcir avant de l’envoyer."
    expect(status(page, said)).to_be_visible()

    assert len(box(page).input_value()) == 2001
    ask(page, "bonjour")
    assert (asked(page), len(site.assistant.asked)) == (["bonjour"], before + 1)
    expect(status(page, said)).to_have_count(0)
    expect(box(page)).to_be_focused()
    expect(box(page)).to_have_value("")
    page.keyboard.type("première")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("seconde")
    # The box grows a moment after what is typed in it.
    page.wait_for_function("box => box.getBoundingClientRect().height > 60", arg=box(page).element_handle())
    page.get_by_role("button", name="Envoyer", exact=True).click()
    expect(page.locator(ANSWERS)).to_have_count(2)

    assert asked(page) == ["bonjour", "première\nseconde"]
    expect(box(page)).to_be_focused()


VOICES = """(voices) => {
  window.spoken = [];
  SpeechSynthesis.prototype.getVoices = () => voices;
  SpeechSynthesis.prototype.speak = ({ text, voice }) => window.spoken.push([text, voice.name]);
  SpeechSynthesis.prototype.cancel = () => window.spoken.push("silence");
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
}"""
REMOTE = [{"name": "A", "lang": "fr-FR", "localService": False}, {"name": "B", "lang": "en-GB", "localService": True}]
LOCAL = {"name": "C", "lang": "fr_FR", "localService": True}


@pytest.mark.parametrize(
    ("path", "voices"), [("", [*REMOTE, LOCAL]), ("panneau", [*REMOTE, LOCAL]), ("panneau", REMOTE)]
)
def test_a_quote_is_read_aloud_by_a_voice_of_the_machine_or_not_at_all(
    visit: Any, site: WholeSite, path: str, voices: list[dict[str, Any]]
) -> None:
    visit.add_init_script(f"({VOICES})({json.dumps(voices)})")
    open_page(visit, site, path)
    listen = ask(visit, "piège").get_by_role("button", name="Écouter la citation").first
    if LOCAL not in voices:
        assert listen.count() == 0
        return
    listen.click()
    expect(listen).to_have_attribute("aria-pressed", "true")
    listen.click()

    assert visit.evaluate("window.spoken") == [[HOSTILE_TEXT, "C"], "silence"]
    assert listen.get_attribute("aria-pressed") is None


# --- nothing typed is lost -------------------------------------------------------------------------


@both
def test_an_error_of_the_service_is_said_and_the_conversation_goes_on(page: Any, site: WholeSite, path: str) -> None:
    open_page(page, site, path)
    notice = ask(page, BROKEN_DOWN)
    expect(notice.locator(".mm-message")).to_contain_text("erreur de ce service")
    assert "secret" not in notice.inner_text()
    ask(page, "météo")
    ask(page, "et demain ?")

    assert site.assistant.asked[-1] == ("et demain ?", ("météo",))


@both
def test_a_question_shows_before_its_answer_and_those_after_it_wait_in_order(
    page: Any, site: WholeSite, gate: threading.Event, path: str
) -> None:
    open_page(page, site, path)
    for count, question in enumerate(("dépôt", "météo", "bonjour"), 1):
        send(page, question)
        expect(page.locator(ASKED)).to_have_count(count)
    box(page).fill("brouillon")
    expect(status(page, SEARCHING)).to_be_visible()
    assert asked(page) == ["dépôt", "météo", "bonjour"]
    assert page.locator(".mm-state").all_text_contents() == ["En attente", "En attente"]
    assert page.locator(ANSWERS).count() == 0
    assert violations(page) == []
    gate.set()
    expect(page.locator(ANSWERS)).to_have_count(3)

    assert asked(page) == ["dépôt", "météo", "bonjour"]
    assert page.locator("[role=log] .mm-question").count() == 3
    expect(page.locator(".mm-state")).to_have_count(0)
    expect(status(page, SEARCHING)).to_have_count(0)
    assert box(page).input_value() == "brouillon"


@both
def test_nothing_moves_when_an_answer_comes(page: Any, site: WholeSite, gate: threading.Event, path: str) -> None:
    page.add_init_script(SHIFTS)
    open_page(page, site, path)
    send(page, "dépôt")
    expect(status(page, SEARCHING)).to_be_visible()
    page.wait_for_timeout(600)  # what moves within half a second of an action is excused
    gate.set()
    expect(page.locator(ANSWERS)).to_have_count(1)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")

    assert page.evaluate("window.shift ?? 0") <= 0.02


@both
def test_a_new_conversation_gives_up_what_is_under_way_and_leaves_no_trace(
    page: Any, site: WholeSite, gate: threading.Event, path: str
) -> None:
    open_page(page, site, path)
    ask(page, "météo")
    send(page, "dépôt")
    expect(status(page, SEARCHING)).to_be_visible()
    page.get_by_role("button", name=AGAIN[path]).click()
    expect(page.locator(ASKED)).to_have_count(0)
    gate.set()
    ask(page, "bonjour")

    assert asked(page) == ["bonjour"]
    assert site.assistant.asked[-1] == ("bonjour", ())
    expect(status(page, SEARCHING)).to_have_count(0)
    page.get_by_role("button", name=AGAIN[path]).click()
    expect(page.locator(ASKED)).to_have_count(0)
    expect(box(page)).to_be_focused()
    page.reload()
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_a_question_sent_before_the_script_is_there_is_answered_and_a_draft_is_not_sent(
    page: Any, site: WholeSite
) -> None:
    held: list[Any] = []
    page.route("**/panel.js*", lambda route: held.append(route))
    for typed, then, answers in (("bonjour", "Enter", 1), ("météo", "End", 1)):
        with page.expect_request("**/panel.js*"):
            page.goto(f"{site.url}panneau", wait_until="commit")
        box(page).fill(typed)
        box(page).press(then)
        held.pop().continue_()
        expect(box(page)).to_have_attribute("enterkeyhint", "send")
        expect(page.locator(REAL)).to_have_count(answers)
        expect(box(page)).to_have_value("" if then == "Enter" else typed)
    assert asked(page) == ["bonjour"]


TROUBLES = {"connection lost": None, "too many": 429, "broken proxy": 502}


@pytest.mark.parametrize("trouble", TROUBLES)
@both
def test_with_a_question_in_line_and_a_draft_nothing_is_lost(
    page: Any, site: WholeSite, path: str, trouble: str
) -> None:
    """At a lost connection Gradio loads the page again: the conversation, the question and the draft are there."""
    open_page(page, site, path)
    ask(page, "bonjour")
    held: list[Any] = []
    page.route(ENDPOINT[path], lambda route: route.continue_() if held else held.append(route))
    with page.expect_request(ENDPOINT[path]):
        send(page, "dépôt")
    send(page, "météo")
    box(page).fill("brouillon")
    if TROUBLES[trouble] is None:
        held[0].abort()
    else:
        held[0].fulfill(status=TROUBLES[trouble], content_type="text/html", body="<p>proxy</p>")
    again = page.get_by_role("button", name=ONCE_MORE)
    lost = 2 if path == "" and TROUBLES[trouble] is None else 1  # Gradio sends nothing more, and loads the page again
    if lost == 2:
        page.wait_for_event("load")
    expect(again).to_have_count(lost)
    expect(page.locator(REAL)).to_have_count(3 - lost)  # the one in line left by itself

    assert sorted(asked(page)) == ["bonjour", "dépôt", "météo"]
    assert box(page).input_value() == "brouillon"
    for count in range(4 - lost, 4):
        again.first.click()
        expect(page.locator(REAL)).to_have_count(count)
    assert sorted(asked(page)) == ["bonjour", "dépôt", "météo"]
    assert box(page).input_value() == "brouillon"
    expect(box(page)).to_be_focused()


@both
def test_questions_draft_and_conversation_are_still_there_after_a_reload_in_this_tab_only(
    page: Any, site: WholeSite, path: str
) -> None:
    open_page(page, site, path)
    ask(page, "piège")
    page.route(ENDPOINT[path], lambda route: None, times=1)  # this one is never answered
    send(page, "dépôt")
    expect(page.locator(ASKED)).to_have_count(2)
    box(page).fill("brouillon")
    page.reload()
    again = page.get_by_role("button", name=ONCE_MORE)
    expect(again).to_have_count(1)
    expect(page.locator(REAL)).to_have_count(1)

    assert page.locator("blockquote .mm-text").first.evaluate("e => e.textContent") == HOSTILE_TEXT
    assert (asked(page), box(page).input_value()) == (["piège", "dépôt"], "brouillon")
    assert page.evaluate("indexedDB.databases().then((all) => all.length + localStorage.length)") == 0
    assert page.evaluate("Object.keys(sessionStorage)") == ["motamot /panneau " if path else "motamot /"]
    again.press("Enter")
    expect(page.locator(REAL)).to_have_count(2)
    another = page.context.new_page()
    open_page(another, site, path)
    assert another.locator(ASKED).count() == 0


@both
def test_a_conversation_of_more_turns_than_are_kept_goes_on(page: Any, site: WholeSite, path: str) -> None:
    open_page(page, site, path)
    ask(page, "météo")
    page.add_init_script("""for (const key of Object.keys(sessionStorage)) {
      const kept = JSON.parse(sessionStorage[key]);
      sessionStorage[key] = JSON.stringify({ ...kept, turns: Array(50).fill(kept.turns[0]) });
    }""")
    page.reload()
    expect(page.locator(ANSWERS)).to_have_count(50)
    ask(page, "bonjour")
    ask(page, "dépôt")

    assert asked(page)[-3:] == ["météo", "bonjour", "dépôt"]


@both
def test_the_conversation_goes_on_in_the_process_that_follows(page: Any, path: str) -> None:
    port, assistant = free_port(), FakeAssistant({"météo": refused("météo", "dépôt")}, About((HOSTILE.source,)))
    site: Any = SimpleNamespace(url=f"http://127.0.0.1:{port}/")
    with served(build_app(assistant), port):
        open_page(page, site, path)
        ask(page, "météo")
    with served(build_app(assistant), port):
        ask(page, "dépôt")
        assert assistant.asked == [("météo", ()), ("dépôt", ("météo",))]
        page.reload()
        expect(page.locator(ANSWERS)).to_have_count(2)
    assert asked(page) == ["météo", "dépôt"]


# --- the light page alone: it waits and says by itself ---------------------------------------------


WRONG = {
    413: "Cette question est trop longue pour être envoyée.",
    429: "Vous avez posé beaucoup de questions en peu de temps. Merci de patienter",
    500: "Une erreur de ce service l’a empêché de répondre à cette question.",
    200: "Le service est momentanément indisponible.",  # the page of a portal, in place of ours
}


def with_status(code: int) -> Callable[[Any], None]:
    return lambda route: route.fulfill(status=code, body="<p>proxy</p>")


def test_the_light_page_says_what_went_wrong(page: Any, site: WholeSite) -> None:
    open_page(page, site, "panneau")
    for count, (code, said) in enumerate(WRONG.items(), 1):
        page.route(ENDPOINT["panneau"], with_status(code))
        notice = ask(page, "bonjour")
        assert notice.locator(".mm-message").inner_text().startswith(said)
        page.unroute(ENDPOINT["panneau"])
        notice.get_by_role("button").click()
        if code == 413:
            assert box(page).input_value() == "bonjour"
            box(page).press("Enter")
        expect(page.locator(ANSWERS)).to_have_text(["Bonjour. Je vous écoute."] * count)

    assert asked(page) == ["bonjour"] * len(WRONG)


def test_when_the_server_says_how_long_to_wait_the_question_leaves_by_itself(page: Any, site: WholeSite) -> None:
    refusals = [429]

    def once(route: Any) -> None:
        if refusals:
            route.fulfill(status=refusals.pop(), headers={"Retry-After": "1"}, body="")
        else:
            route.continue_()

    open_page(page, site, "panneau")
    page.route(ENDPOINT["panneau"], once)
    send(page, "bonjour")
    expect(status(page, "partira d’elle-même dans 1\u00a0s.")).to_be_visible()
    expect(page.locator(ANSWERS)).to_have_text("Bonjour. Je vous écoute.")


def test_the_light_page_has_a_strict_policy_and_works_without_storage(page: Any, site: WholeSite) -> None:
    page.add_init_script("Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('no'); } })")
    policy = page.goto(f"{site.url}panneau").headers["content-security-policy"]

    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'"} <= set(policy.split("; "))
    assert ask(page, "bonjour").inner_text().startswith("Bonjour.")


# --- the thumbs ------------------------------------------------------------------------------------


@both
def test_a_thumb_down_with_its_reason_is_written_down_with_the_keyboard_only(
    page: Any, site: WholeSite, path: str
) -> None:
    open_page(page, site, path)
    thumbs = ask(page, "forfait").locator(".mm-thumbs")
    down = thumbs.get_by_role("button", name=DOWN)
    down.press("Enter")
    expect(down).to_have_attribute("aria-pressed", "true")
    expect(thumbs.get_by_role("button", name=UP)).to_have_attribute("aria-pressed", "false")
    expect(thumbs.get_by_role("group", name="Pourquoi")).to_be_visible()
    for key in ("Tab", "ArrowDown", "ArrowDown", "Tab"):  # to the reasons, the third, the comment
        page.keyboard.press(key)
    page.keyboard.type("écrivez à jean@mairie.fr")
    ask(page, "bonjour")  # what is being written stays
    expect(thumbs.get_by_role("textbox")).to_have_value("écrivez à jean@mairie.fr")
    thumbs.get_by_role("button", name="Envoyer la raison").press("Enter")

    expect(thumbs.locator(".mm-thumbs-note")).to_have_text(THANKS)
    expect(thumbs.locator("form")).to_have_count(0)
    expect(down).to_be_focused()
    line = site.opinions()["forfait"]
    assert (line.helpful, line.reason, line.comment) == (
        False, "incomprehensible", "écrivez à [adresse électronique]"
    )  # fmt: skip


@both
def test_an_opinion_that_cannot_be_sent_says_so_can_be_sent_again_and_stays(
    page: Any, site: WholeSite, path: str
) -> None:
    open_page(page, site, path)
    thumbs = ask(page, "horaires").locator(".mm-thumbs")
    up, note = thumbs.get_by_role("button", name=UP), thumbs.locator(".mm-thumbs-note")
    page.route("**/api/feedback", lambda route: route.abort())
    up.click()
    expect(note).to_contain_text("Votre avis n’est pas parti")
    expect(up).to_have_attribute("aria-pressed", "false")
    page.unroute("**/api/feedback")
    up.click()
    expect(note).to_have_text(THANKS)
    ask(page, "bonjour")

    expect(up).to_have_attribute("aria-pressed", "true")
    expect(note).to_have_text(THANKS)
    assert site.opinions()["horaires"].helpful is True
