"""A whole visit in a real Chromium: from another site's page to the printed sheet, and with the keyboard alone."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from conversing import ANSWERS, ask, asked, box, expect, open_page
from page_checks import assert_indicated, focused, name_of, tab_to
from printed_corpus import BROKEN, OPENING, RULE
from real_site import violations
from whole_site import WholeSite

pytestmark = [pytest.mark.browser]

VIEWER = "dialog.mm-beside[open]"
UP, DOWN = "Cette réponse m’a été utile", "Cette réponse ne m’a pas aidé"
THANKS = "Merci, votre avis est enregistré."
FILES = {"panel.css", "panel.js", "feedback.css", "feedback.js"}
"""Of the light page; the last two because this site has its journal on."""


def enter(visit: Any, site: WholeSite, way: str) -> Any:
    """Where one asks: the chat, the light page, or the frame of the panel opened in another site's page."""
    if way != "embed":
        open_page(visit, site, way)
        return visit
    visit.goto(site.host)
    visit.get_by_role("button", name="Poser une question").click()
    frame = visit.frame_locator("dialog iframe")
    expect(box(frame)).to_be_focused()
    return frame


def drawn(viewer: Any) -> None:
    """Wait until the page of the document is there, and is an image."""
    image = viewer.locator("img").first
    expect(image).to_be_visible()
    assert image.evaluate("async (e) => { await e.decode(); return e.naturalWidth; }") > 1000


@pytest.mark.parametrize("way", ["", "embed"])
def test_from_the_question_to_the_printed_sheet(visit: Any, site: WholeSite, way: str) -> None:
    place = enter(visit, site, way)
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
    around = visit.get_by_role("dialog", name="Questions sur les déchets")
    if way == "embed":
        inner, outer = viewer.bounding_box(), around.bounding_box()
        assert outer["x"] <= inner["x"]
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]
    visit.keyboard.press("Escape")
    expect(place.locator("dialog.mm-beside")).to_be_hidden()
    expect(see).to_be_focused()
    assert asked(place) == ["bonjour", "dépôt"]
    assert around.is_visible() is (way == "embed")

    # The proof, in a tab of its own; the conversation is still here.
    with visit.context.expect_page() as opened:
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
    told = place.get_by_role("status").filter(has_text="Citation copiée")
    assert told.bounding_box()["width"] <= 1  # for who hears the page
    reference = "Règlement des déchèteries, Ville de Montbrun, 20 mai 2021, page 1 (version de mai 2021)"
    text = visit.evaluate("navigator.clipboard.readText()")
    assert text == f"«\u00a0{RULE}\u00a0»\n\n{reference}\nPreuve\u00a0: {place_of_proof}"
    html = visit.evaluate("navigator.clipboard.read().then((all) => all[0].getType('text/html')).then((b) => b.text())")
    assert f"<blockquote>«&nbsp;{RULE}&nbsp;»</blockquote>" in html
    assert f'<a href="{place_of_proof}">' in html

    # The link to share: the same words; and from there the sheet.
    with visit.context.expect_page() as opened:
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


def test_how_much_each_page_loads(visit: Any, site: WholeSite) -> None:
    requests: list[str] = []
    visit.context.on("request", lambda request: requests.append(urlsplit(request.url).path.rpartition("/")[2]))
    visit.goto(site.host)
    visit.wait_for_load_state("networkidle")
    assert requests == ["", "host.css", "embed.js"]  # the page's own files, and the script that it names
    visit.get_by_role("button", name="Poser une question").click()
    frame = visit.frame_locator("dialog iframe")
    expect(box(frame)).to_be_focused()
    assert set(requests[3:]) - {"icon.svg"} == {"panneau", *FILES}
    before = len(requests)
    ask(frame, "dépôt")
    assert len(requests) == before + 1
    open_page(visit, site, "")
    visit.wait_for_load_state("networkidle")
    assert len(requests) - before < 55  # 51 measured: Gradio cuts its script into many files
    before = len(requests)
    ask(visit, "dépôt")
    assert len(requests) == before + 1


# --- with the keyboard alone -------------------------------------------------------------------


@pytest.mark.parametrize("way", ["", "embed"])
def test_all_is_done_with_the_keyboard_and_the_focus_always_shows(visit: Any, site: WholeSite, way: str) -> None:
    keys = visit.keyboard
    again = "Effacer la conversation" if way else "Nouvelle conversation"
    question = f"dépôt {way}".strip()
    site.assistant.answers[question] = replace(site.assistant.answers["dépôt"], question=question)
    if way == "embed":
        visit.goto(site.host)
        keys.press("Tab")  # the page's own link
        tab_to(visit, "Poser une question")
        keys.press("Enter")
        place = visit.frame_locator("dialog iframe")
        expect(box(place)).to_be_focused()
    else:
        place = enter(visit, site, way)
        tab_to(visit, "Votre question")
    typed = box(place)
    keys.type(question)
    keys.press("Enter")
    expect(place.locator(ANSWERS)).to_have_count(1)
    expect(typed).to_be_focused()

    # The source, and back.
    tab_to(visit, "Voir dans le document", back=True)
    keys.press("Enter")
    viewer = place.locator(VIEWER)
    drawn(viewer)
    expect(viewer.locator("h2.mm-title")).to_be_focused()
    for name in ("Vérifier", "Copier la citation", "Page suivante"):
        tab_to(visit, name)
    keys.press("Enter")
    expect(viewer.locator("figcaption")).to_contain_text("Page 2 sur 2")
    tab_to(visit, "Fermer", back=True)
    keys.press("Escape")
    expect(place.locator("dialog.mm-beside")).to_be_hidden()
    assert name_of(focused(visit)).startswith("Voir dans le document")
    assert_indicated(focused(visit))

    # A further passage, unfolded.
    tab_to(visit, "Voir un autre passage")
    keys.press("Enter")
    expect(place.get_by_text(OPENING)).to_be_visible()

    # A thumb up.
    tab_to(visit, UP)
    keys.press("Enter")
    expect(place.get_by_text(THANKS)).to_be_visible()
    assert name_of(focused(visit)).casefold() == UP.casefold()

    # A thumb down with its reason.
    tab_to(visit, "Votre question")
    keys.type(f"météo {way}")
    keys.press("Enter")
    expect(place.locator(ANSWERS)).to_have_count(2)
    tab_to(visit, DOWN, back=True)
    keys.press("Enter")
    expect(place.get_by_role("group", name="Pourquoi")).to_be_visible()
    keys.press("Tab")
    keys.press("ArrowDown")
    assert_indicated(focused(visit))
    tab_to(visit, "Envoyer la raison")
    keys.press("Enter")
    expect(place.locator(".mm-why")).to_have_count(0)
    assert name_of(focused(visit)).casefold() == DOWN.casefold()
    lines = site.opinions()
    assert lines[question].helpful is True
    line = lines[f"météo {way}".strip()]
    assert (line.helpful, line.reason) == (False, "incomplet")

    # Again from the beginning; and out.
    tab_to(visit, again)
    keys.press("Enter")
    expect(place.locator(ANSWERS)).to_have_count(0)
    assert not focused(visit).evaluate("e => e === document.body")
    if way == "embed":
        keys.press("Escape")
        expect(visit.get_by_role("dialog")).to_be_hidden()
        assert name_of(focused(visit)) == "Poser une question"
        assert_indicated(focused(visit))


def test_on_a_phone_the_panel_keeps_the_focus_the_source_fills_it_and_escape_closes_one_thing_at_a_time(
    visit: Any, site: WholeSite
) -> None:
    visit.set_viewport_size({"width": 390, "height": 800})
    place = enter(visit, site, "embed")
    answer = ask(place, "forfait")
    names = set()
    for _ in range(60):
        visit.keyboard.press("Tab")
        element = focused(visit)
        if not element.evaluate("e => e === document.body"):  # the browser's own bar
            names.add(name_of(element))

    assert {"Fermer", "Votre question", "Envoyer", "Effacer la conversation", "Copier la citation"} <= names
    assert not names & {"La suite", "Poser une question"}
    answer.get_by_role("link", name="Voir dans le document").click()
    viewer = place.locator(VIEWER)
    drawn(viewer)
    frame = visit.locator("dialog iframe").bounding_box()
    assert viewer.bounding_box() == frame
    assert frame["width"] == 390
    visit.keyboard.press("Escape")
    expect(place.locator("dialog.mm-beside")).to_be_hidden()
    assert visit.get_by_role("dialog", name="Questions sur les déchets").is_visible()
    visit.keyboard.press("Escape")
    expect(visit.get_by_role("dialog")).to_be_hidden()


def test_in_a_block_the_source_opens_apart_and_the_conversation_stays(visit: Any, site: WholeSite) -> None:
    visit.goto(f"{site.host}bloc")
    place = visit.frame_locator("motamot-chat iframe")
    expect(place.locator(".mm-greeting")).to_be_visible()
    expect(visit.locator("motamot-chat .room.ready")).to_be_attached()
    answer = ask(place, "dépôt")
    with visit.context.expect_page() as opened:
        answer.get_by_role("link", name="Voir dans le document").first.click()

    assert opened.value.locator(".mm-text").text_content() == RULE
    drawn(opened.value)
    assert asked(place) == ["dépôt"]


def test_the_source_stands_beside_the_chat_and_on_a_phone_over_it_where_its_page_can_be_enlarged(
    visit: Any, site: WholeSite
) -> None:
    open_page(visit, site, "")
    answer = ask(visit, "forfait")
    viewer = visit.locator(VIEWER)
    answer.get_by_role("link", name="Voir dans le document").click()
    drawn(viewer)
    assert viewer.bounding_box()["width"] < 700
    foot = visit.locator(".mm-foot").bounding_box()
    assert foot["x"] + foot["width"] <= viewer.bounding_box()["x"] + 1
    assert viewer.locator("rect").first.bounding_box()["y"] < 800
    assert violations(visit) == []

    visit.set_viewport_size({"width": 390, "height": 800})
    assert viewer.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 800}
    assert viewer.locator("rect").count() == 3
    zoom = viewer.get_by_role("button", name="Agrandir page 1 sur 2")
    zoom.click()
    expect(zoom).to_have_attribute("aria-pressed", "true")
    assert viewer.locator("img").first.bounding_box()["width"] > 900
    bar, line = (viewer.locator(name).bounding_box() for name in (".mm-bar", ".mm-byline"))
    assert line["y"] == pytest.approx(bar["y"] + bar["height"], abs=1)
    assert visit.evaluate("document.documentElement.scrollWidth") == 390
    assert violations(visit) == []
    viewer.get_by_role("button", name="Fermer").click()
    expect(viewer).to_have_count(0)


# --- browsers that can do less, or do it late ---------------------------------------------------


def test_a_question_is_asked_although_gradio_did_not_yet_listen(visit: Any, site: WholeSite) -> None:
    visit.add_init_script(
        "const click = HTMLElement.prototype.click; let deaf = 2;"
        " HTMLElement.prototype.click = function () { if (this.id !== 'mm-ask' || deaf-- <= 0) click.call(this); };"
    )
    open_page(visit, site, "")
    ask(visit, "dépôt")

    assert asked(visit) == ["dépôt"]


def test_without_the_new_clipboard_the_old_one_serves(visit: Any, site: WholeSite) -> None:
    visit.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    visit.goto(f"{site.url}reponse?question=dépôt")
    visit.evaluate(
        "document.addEventListener('copy', (e) => { window.copied = e.clipboardData.getData('text/plain'); })"
    )
    visit.locator(".mm-copy").first.click()

    expect(visit.locator(".mm-copy").first).to_have_text("Citation copiée")
    assert visit.evaluate("window.copied").startswith(f"«\u00a0{RULE}\u00a0»")


def test_without_script_every_page_can_be_reached_and_read(browser: Any, site: WholeSite) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}reponse?question=forfait")
    expect(page.locator(".mm-copy").first).to_be_hidden()
    page.get_by_role("link", name="Voir dans le document").first.click()
    expect(page.locator(".mm-text")).to_have_text(BROKEN)
    assert page.locator("rect").count() == 3
    page.get_by_role("link", name="Vérifier").click()
    expect(page.get_by_text("Le fichier n’a pas changé")).to_be_visible()
    context.close()
