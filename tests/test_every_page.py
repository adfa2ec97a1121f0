"""Every page, in every state, for everyone: axe-core, zoom, keyboard, language, structure, and print."""

import io
from collections.abc import Callable
from typing import Any

import httpx
import pypdf
import pytest
from conftest import parsed
from conversing import ANSWERS, ask, expect, open_page
from page_checks import SOUND, assert_indicated, axe, look, stops
from whole_site import ARTICLES, BROKEN_DOWN, UNAVAILABLE, WholeSite

pytestmark = [pytest.mark.browser]

STATES = ["bonjour", "longue", "météo", "aides", BROKEN_DOWN]
"""A greeting, an answer, a refusal, a clarification, an error."""


@pytest.fixture(scope="module")
def place_of(site: WholeSite) -> Callable[[str, str], str]:
    """Address of the viewer or of the proof of the first quote of an answer."""

    def place(kind: str, question: str) -> str:
        quote = site.assistant.answers[question].quotes[0]
        return f"{kind}/{quote.source.sha256}/{quote.start}-{quote.end}"

    return place


READ: dict[str, tuple[int, str]] = {
    "viewer of a PDF": (200, "document longue"),
    "viewer of a text": (200, "document horaires"),
    "proof": (200, "preuve forfait"),
    "permalink to an answer": (200, "reponse?question=longue"),
    "permalink to a refusal": (200, "reponse?question=météo"),
    "permalink to a clarification": (200, "reponse?question=aides"),
    "sheet": (200, "fiche?question=longue"),
    "sheet of a refusal": (200, "fiche?question=météo"),
    "integration": (200, "integration"),
    "accessibility": (200, "accessibilite"),
    "status of texts": (200, "statut"),
    "API": (200, "api"),
    "404": (404, "nulle/part"),
    "413": (413, f"reponse?question={'x' * 2001}"),
    "500": (500, f"reponse?question={BROKEN_DOWN}"),
    "503": (503, f"reponse?question={UNAVAILABLE}"),
}
"""Pages that one reads: status and address; two words are a kind of page and the question whose quote it shows."""


def assert_for_everyone(page: Any) -> None:
    found = look(page)
    assert found == SOUND
    assert axe(page) == {}


LIKE_OTHERS = ("413", "500", "503", "permalink to a clarification")
"""As 404 and the refusal, in other words."""


@pytest.mark.parametrize("name", [name for name in READ if name not in LIKE_OTHERS])
def test_a_page_that_one_reads(page: Any, site: WholeSite, place_of: Callable[[str, str], str], name: str) -> None:
    status, address = READ[name]
    page.set_viewport_size({"width": 1280, "height": 800})
    response = page.goto(site.url + (place_of(*address.split()) if " " in address else address))
    page.wait_for_load_state("networkidle")

    assert response.status == status
    assert_for_everyone(page)
    reached = 0
    for element in stops(page):
        assert_indicated(element)
        reached += 1
    assert reached >= 4  # to the content, home, accessibility, integration


def test_titles_of_pages_say_which_is_which(site: WholeSite, place_of: Callable[[str, str], str]) -> None:
    with httpx.Client(base_url=site.url, headers={"accept": "text/html"}) as client:
        pages = [client.get(place_of(*a.split()) if " " in a else a).text for _, a in READ.values()]
    titles = [parsed(page).title.get_text().strip() for page in pages]

    assert all(titles)
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("path", ["", "panneau", "panneau?forme=panneau", "panneau?forme=bloc"])
def test_a_conversation_with_its_greeting_and_replies_of_each_kind(page: Any, site: WholeSite, path: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page(page, site, path)
    for question in STATES:
        ask(page, question)
    assert page.locator(".mm-greeting").count() == 1
    assert_for_everyone(page)

    page.set_viewport_size({"width": 1280, "height": 800})
    for element in stops(page):
        assert_indicated(element)


def test_a_page_of_another_site_with_the_panel_open(page: Any, site: WholeSite) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{site.host}bloc")
    assert axe(page) == {}
    page.get_by_role("button", name="Poser une question").click()
    frame = page.frame_locator("dialog iframe")
    expect(frame.get_by_role("textbox", name="Votre question")).to_be_focused()
    ask(frame, "longue")

    assert axe(page) == {}
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# What is added to any region that a screen reader follows, and to which.
HEARD = """() => {
  window.heard = [];
  const regions = "[role=log], [role=status], [aria-live]";
  const region = (node) => (node.closest ? node : node.parentElement)?.closest(regions);
  new MutationObserver((all) => all.forEach(({ target, addedNodes }) => addedNodes.forEach((node) => {
    const where = region(target);
    if (where && node.textContent.trim()) window.heard.push([where.getAttribute("role"), node.textContent.trim()]);
  }))).observe(document, { subtree: true, childList: true });
}"""


@pytest.mark.parametrize("path", ["", "panneau"])
def test_a_conversation_is_announced_once_has_the_dates_and_notices_of_its_texts_and_is_printed_whole(
    page: Any, site: WholeSite, path: str
) -> None:
    open_page(page, site, path)
    log = page.get_by_role("log", name="Conversation")
    expect(log).to_have_count(1)
    assert log.get_attribute("aria-live") == "polite"
    assert page.locator("[aria-live=assertive], [role=alert]").count() == 0
    page.evaluate(HEARD)
    ask(page, "météo")
    heard = page.evaluate("window.heard")

    assert [role for role, text in heard if "météo" in text] == ["log"]
    assert [role for role, text in heard if "Les textes ne répondent pas." in text] == ["log"]
    greeting = page.locator(".mm-greeting")
    greeting.get_by_text("2 textes, de mai 2021 à mars 2022").click()
    expect(greeting).to_contain_text("20 mai 2021")
    assert greeting.locator(".mm-badge").is_visible()
    ask(page, "longue")
    page.locator(f"{ANSWERS} summary").click()
    sources = page.locator(f"{ANSWERS} .mm-source")

    assert sources.count() == 4
    for source in sources.all():
        assert "20 novembre 2020" in source.inner_text()
        assert source.get_by_text("abrogé le 1er janvier 2023").is_visible()
    page.emulate_media(media="print")
    expect(page.locator("#mm-composer, .mm-composer")).to_be_hidden()
    asked = page.locator("[role=log] .mm-question").first
    assert asked.evaluate("e => getComputedStyle(e).color") == "rgb(0, 0, 0)"
    page.emulate_media(media="screen")


# --- print -------------------------------------------------------------------------------------


def printed(page: Any, address: str) -> list[str]:
    page.goto(address)
    pdf = pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert {tuple(round(side) for side in sheet.mediabox[2:]) for sheet in pdf.pages} == {(595, 842)}  # A4 in points
    return [sheet.extract_text() for sheet in pdf.pages]


def test_a_sheet_over_several_pages_loses_no_word(page: Any, site: WholeSite) -> None:
    sheets = printed(page, f"{site.url}fiche?question=fleuve")
    words = "".join("".join(sheets).split())

    assert len(sheets) > 3
    assert [article for article in ARTICLES if "".join(article.split()) not in words] == []
    # The order too, and once each: nothing is over anything else, nothing is repeated.
    quoted = "".join(ARTICLES).replace(" ", "")
    assert quoted in words
    assert words.count("Ficheréponse") == 1
    assert [word for word in ("Pages", "Imprimer") if word in sheets[0]] == []
    assert "Adresse de la preuve" in sheets[-1]
    assert all(len(sheet.split()) > 20 for sheet in sheets)
    assert "pages 1 à 6" in sheets[-1].replace("\u00a0", " ")  # 15 articles a page
    assert "abrogé le 1er janvier 2023" in sheets[-1]
    assert "20 novembre 2020" in sheets[-1]


@pytest.mark.parametrize(("question", "sheets"), [("longue", 4), ("dépôt", 1), ("météo", 1)])
def test_no_sheet_ends_on_a_page_of_leavings(page: Any, site: WholeSite, question: str, sheets: int) -> None:
    found = printed(page, f"{site.url}fiche?question={question}")

    assert (len(found), "Consulté le" in found[-1]) == (sheets, True)
