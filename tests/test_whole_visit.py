"""A whole visit in a real Chromium: from another site's page to the printed sheet, and with the keyboard alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from page_checks import assert_indicated, focused, name_of, tab_to
from printed_corpus import OPENING, RULE
from real_site import chromium
from whole_site import WholeSite, whole_site

sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
expect = sync_api.expect
expect.set_options(timeout=15_000)  # milliseconds; a loaded machine takes its time

pytestmark = [pytest.mark.browser, pytest.mark.flaky(reruns=2)]

ANSWERS = "[role=log] .mm-answer"
VIEWER = "dialog.mm-beside[open]"
UP, DOWN = "Cette réponse m’a été utile", "Cette réponse ne m’a pas aidé"
THANKS = "Merci, votre avis est enregistré."
FILES = {"panel.css", "panel.js", "proof.css", "quote.js", "theme.css", "feedback.css", "feedback.js"}
"""Of the light page; the last two because this site has its journal on."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeSite]:
    with whole_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@dataclass
class Network:
    """All that a visit asked of the network; what was not for our two sites was stopped and is in ``foreign``."""

    requests: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def count(self) -> int:
        """Requests since the last count."""
        number = len(self.requests)
        self.requests.clear()
        return number


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def page(browser: Any, site: WholeSite, network: Network) -> Iterator[Any]:
    """A page whose visit must stay at home, make no complaint and set no cookie."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800},
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    homes = {urlsplit(address).netloc for address in (site.url, site.host)}

    def stop(route: Any) -> None:
        network.foreign.append(route.request.url)
        route.abort()

    context.route(lambda url: urlsplit(url).scheme.startswith("http") and urlsplit(url).netloc not in homes, stop)
    context.on("request", lambda request: network.requests.append(request.url))
    context.on("console", lambda message: network.complaints.append(message.text))
    context.on("weberror", lambda error: network.complaints.append(str(error.error)))
    yield context.new_page()
    cookies = context.cookies()
    context.close()
    assert (network.foreign, network.complaints, cookies) == ([], [], [])


def ask(place: Any, question: str) -> Any:
    """Ask in a page or a frame, and wait for the answer."""
    answers = place.locator(ANSWERS)
    before = answers.count()
    box = place.get_by_role("textbox", name="Votre question")
    box.fill(question)
    box.press("Enter")
    expect(answers).to_have_count(before + 1)
    return answers.nth(before)


def asked(place: Any) -> list[str]:
    texts: list[str] = place.locator("[role=log] .mm-question .mm-verbatim").all_text_contents()
    return texts


def enter(page: Any, site: WholeSite, way: str) -> Any:
    """Where one asks: the chat, the light page, or the frame of the panel opened in another site's page."""
    if way != "embed":
        page.goto(site.url + way)
        expect(page.get_by_role("textbox", name="Votre question")).to_be_visible()
        expect(page.locator(".mm-greeting")).to_be_visible()
        return page
    page.goto(site.host)
    page.get_by_role("button", name="Poser une question").click()
    frame = page.frame_locator("dialog iframe")
    expect(frame.get_by_role("textbox", name="Votre question")).to_be_focused()
    return frame


def drawn(viewer: Any) -> None:
    """Wait until the page of the document is there, and is an image."""
    image = viewer.locator("img").first
    expect(image).to_be_visible()
    assert image.evaluate("async (e) => { await e.decode(); return e.naturalWidth; }") > 1000


@pytest.mark.parametrize("way", ["", "embed"])
def test_from_the_question_to_the_printed_sheet(page: Any, site: WholeSite, network: Network, way: str) -> None:
    place = enter(page, site, way)
    ask(place, "bonjour")
    answer = ask(place, "dépôt")
    assert answer.locator(".mm-text").first.text_content() == RULE

    # The source, over or beside the conversation, and back to it.
    see = answer.get_by_role("link", name="Voir dans le document").first
    see.click()
    viewer = place.locator(VIEWER)
    drawn(viewer)
    assert viewer.locator("rect").count() == 1
    assert viewer.locator(".mm-text").text_content() == RULE
    around = page.get_by_role("dialog", name="Questions sur les déchets")
    if way == "embed":
        inner, outer = viewer.bounding_box(), around.bounding_box()
        assert outer["x"] <= inner["x"]
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]
    page.keyboard.press("Escape")
    expect(place.locator("dialog.mm-beside")).to_be_hidden()
    expect(see).to_be_focused()
    assert asked(place) == ["bonjour", "dépôt"]
    assert around.is_visible() is (way == "embed")

    # The proof, in a tab of its own; the conversation is still here.
    with page.context.expect_page() as opened:
        answer.get_by_role("link", name="Vérifier").first.click()
    proof = opened.value
    expect(proof.get_by_text("Le fichier n’a pas changé")).to_be_visible()
    assert proof.locator(".mm-text").text_content() == RULE
    assert proof.evaluate("window.opener") is None
    place_of_proof = proof.url
    proof.close()

    # The quote with its reference.
    answer.get_by_role("button", name="Copier la citation").first.click()
    expect(answer.get_by_role("button", name="Citation copiée")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.startswith(f"«\u00a0{RULE}\u00a0»")
    assert copied.endswith(place_of_proof)

    # The link to share: the same words; and from there the sheet.
    with page.context.expect_page() as opened:
        answer.get_by_role("link", name="Lien vers cette réponse").click()
    shared = opened.value
    expect(shared.get_by_role("heading", level=1)).to_have_text("dépôt")
    assert shared.locator(".mm-text").first.text_content() == RULE
    shared.get_by_role("link", name="Fiche réponse").click()
    expect(shared.get_by_role("button", name="Imprimer")).to_be_visible()
    assert shared.locator(".mm-leaflet .mm-text").text_content() == RULE
    assert "version de mai 2021" in shared.locator(".mm-leaflet").inner_text()
    shared.close()
    assert asked(place) == ["bonjour", "dépôt"]


def test_how_much_each_page_loads(page: Any, site: WholeSite, network: Network) -> None:
    page.goto(site.host)
    page.wait_for_load_state("networkidle")
    assert network.count() == 2  # the page, and the script that it names
    page.get_by_role("button", name="Poser une question").click()
    frame = page.frame_locator("dialog iframe")
    expect(frame.get_by_role("textbox", name="Votre question")).to_be_focused()
    loaded = {urlsplit(url).path.rpartition("/")[2] for url in network.requests}
    assert loaded - {"icon.svg"} == {"panneau", *FILES}
    network.count()
    ask(frame, "dépôt")
    assert network.count() == 1
    page.goto(site.url)
    expect(page.locator(".mm-greeting")).to_be_visible()
    page.wait_for_timeout(500)
    chat = network.count()
    ask(page, "dépôt")

    assert chat < 70  # 61 measured: Gradio cuts its script into many files
    assert network.count() == 1


@pytest.mark.parametrize("way", ["", "panneau", "embed"])
def test_erasing_leaves_nothing_in_the_browser(page: Any, site: WholeSite, way: str) -> None:
    place = enter(page, site, way)
    ask(place, "dépôt")
    ask(place, "météo")
    place.get_by_role("textbox", name="Votre question").fill("brouillon")
    page.reload()
    place = page if way != "embed" else enter(page, site, way)
    box = place.get_by_role("textbox", name="Votre question")
    expect(box).to_have_value("brouillon")
    box.fill("")
    ask(place, "horaires")
    place.get_by_role("button", name=re.compile("Nouvelle conversation|Effacer la conversation")).click()
    expect(place.locator(ANSWERS)).to_have_count(0)
    expect(place.locator("#mm-waiting .mm-turn")).to_have_count(0)

    for frame in page.frames:
        if frame.url.startswith("http"):
            assert frame.evaluate("() => [localStorage.length, sessionStorage.length]") == [0, 0], frame.url
            assert frame.evaluate("async () => (await indexedDB.databases()).length") == 0
    page.goto(site.url + "accessibilite")  # on leaving, nothing is kept either
    assert page.evaluate("() => [localStorage.length, sessionStorage.length]") == [0, 0]


def test_what_is_kept_of_a_conversation_is_in_this_tab_only(page: Any, site: WholeSite) -> None:
    """The light page keeps it so that a page turned is not a conversation lost; the chat keeps what is typed."""
    for path, kept in (("", {"motamot-draft"}), ("panneau", {"motamot /panneau "})):
        page.goto(site.url + path)
        ask(page, "dépôt")
        page.get_by_role("textbox", name="Votre question").fill("brouillon")
        page.goto(site.url + "accessibilite")
        assert page.evaluate("() => localStorage.length") == 0
        assert set(page.evaluate("() => Object.keys(sessionStorage)")) == kept
        page.evaluate("() => sessionStorage.clear()")


# --- with the keyboard alone -------------------------------------------------------------------


@pytest.mark.parametrize("way", ["", "panneau", "embed"])
def test_all_is_done_with_the_keyboard_and_the_focus_always_shows(page: Any, site: WholeSite, way: str) -> None:
    keys = page.keyboard
    again = "Effacer la conversation" if way else "Nouvelle conversation"
    question = f"dépôt {way}".strip()
    site.assistant.answers[question] = replace(site.assistant.answers["dépôt"], question=question)
    if way == "embed":
        page.goto(site.host)
        keys.press("Tab")  # the page's own link
        tab_to(page, "Poser une question")
        keys.press("Enter")
        place = page.frame_locator("dialog iframe")
        expect(place.get_by_role("textbox", name="Votre question")).to_be_focused()
    else:
        place = enter(page, site, way)
        tab_to(page, "Votre question")
    box = place.get_by_role("textbox", name="Votre question")
    keys.type(question)
    keys.press("Enter")
    expect(place.locator(ANSWERS)).to_have_count(1)
    expect(box).to_be_focused()

    # The source, and back.
    tab_to(page, "Voir dans le document", back=True)
    keys.press("Enter")
    viewer = place.locator(VIEWER)
    drawn(viewer)
    for name in ("Vérifier", "Copier la citation"):
        tab_to(page, name)
    tab_to(page, "Fermer", back=True)
    keys.press("Escape")
    expect(place.locator("dialog.mm-beside")).to_be_hidden()
    assert name_of(focused(page)).startswith("Voir dans le document")
    assert_indicated(focused(page))

    # A further passage, unfolded.
    tab_to(page, "Voir un autre passage")
    keys.press("Enter")
    expect(place.get_by_text(OPENING)).to_be_visible()

    # A thumb up.
    tab_to(page, UP)
    keys.press("Enter")
    expect(place.get_by_text(THANKS)).to_be_visible()
    assert name_of(focused(page)) == UP

    # A thumb down with its reason.
    tab_to(page, "Votre question")
    keys.type(f"météo {way}")
    keys.press("Enter")
    expect(place.locator(ANSWERS)).to_have_count(2)
    tab_to(page, DOWN, back=True)
    keys.press("Enter")
    expect(place.get_by_role("group", name="Pourquoi")).to_be_visible()
    keys.press("Tab")
    keys.press("ArrowDown")
    assert_indicated(focused(page))
    tab_to(page, "Envoyer la raison")
    keys.press("Enter")
    expect(place.locator(".mm-why")).to_have_count(0)
    assert name_of(focused(page)) == DOWN
    lines = site.opinions()
    assert lines[question].helpful is True
    line = lines[f"météo {way}".strip()]
    assert (line.helpful, line.reason) == (False, "incomplet")

    # Again from the beginning; and out.
    tab_to(page, again)
    keys.press("Enter")
    expect(place.locator(ANSWERS)).to_have_count(0)
    assert not focused(page).evaluate("e => e === document.body")
    if way == "embed":
        keys.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        assert name_of(focused(page)) == "Poser une question"
        assert_indicated(focused(page))


def test_the_panel_keeps_the_focus_within(page: Any, site: WholeSite) -> None:
    place = enter(page, site, "embed")
    ask(place, "dépôt")
    names = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        element = focused(page)
        if not element.evaluate("e => e === document.body"):  # the browser's own bar
            names.add(name_of(element))

    assert {"Fermer", "Votre question", "Envoyer", "Effacer la conversation", "Copier la citation"} <= names
    assert not names & {"La suite", "Poser une question"}


def test_on_a_phone_the_source_fills_the_panel_and_escape_closes_one_thing_at_a_time(
    page: Any, site: WholeSite
) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    place = enter(page, site, "embed")
    answer = ask(place, "forfait")
    answer.get_by_role("link", name="Voir dans le document").click()
    viewer = place.locator(VIEWER)
    drawn(viewer)
    frame = page.locator("dialog iframe").bounding_box()
    assert viewer.bounding_box() == frame
    assert frame["width"] == 390
    page.keyboard.press("Escape")
    expect(place.locator("dialog.mm-beside")).to_be_hidden()
    assert page.get_by_role("dialog", name="Questions sur les déchets").is_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_in_a_block_the_source_opens_apart_and_the_conversation_stays(page: Any, site: WholeSite) -> None:
    page.goto(f"{site.host}bloc")
    place = page.frame_locator("motamot-chat iframe")
    expect(place.locator(".mm-greeting")).to_be_visible()
    expect(page.locator("motamot-chat iframe")).to_have_attribute("data-ready", "")
    answer = ask(place, "dépôt")
    with page.context.expect_page() as opened:
        answer.get_by_role("link", name="Voir dans le document").first.click()

    assert opened.value.locator(".mm-text").text_content() == RULE
    drawn(opened.value)
    assert asked(place) == ["dépôt"]
