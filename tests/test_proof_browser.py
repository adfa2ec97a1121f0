"""A quote seen in its document, proven, copied, shared and printed, in a real Chromium."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pypdfium2
import pytest
from printed_corpus import BROKEN, RULE, assistant_on, documents, write_printed_corpus
from real_site import free_port, served, violations

from bot.web.server import build_app

sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
expect = sync_api.expect

pytestmark = pytest.mark.browser

VIEW = "a.mm-view >> nth=0"
OPEN = "dialog.mm-beside[open]"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = write_printed_corpus(tmp_path_factory.mktemp("printed") / "corpus")
    port = free_port()
    with served(build_app(assistant_on(documents(folder)), corpus=folder), port):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def hosts(page: Any) -> list[str]:
    """Whom the page asks for something."""
    found: list[str] = []
    page.on("request", lambda request: found.append(urlsplit(request.url).hostname or "data"))
    return found


def ask_in_chat(page: Any, address: str, question: str) -> None:
    page.goto(address)
    page.wait_for_selector("#mm-log .mm-greeting")
    page.fill("#mm-typed textarea", question)
    page.press("#mm-typed textarea", "Enter")
    page.wait_for_selector("#mm-log a.mm-view")


def test_a_question_is_asked_although_gradio_did_not_yet_listen(page: Any, address: str) -> None:
    page.add_init_script(
        "const click = HTMLElement.prototype.click; let deaf = 2;"
        " HTMLElement.prototype.click = function () { if (this.id !== 'mm-ask' || deaf-- <= 0) click.call(this); };"
    )
    ask_in_chat(page, address, "dépôt")

    assert page.locator("#mm-log .mm-question").count() == 1


def drawn(page: Any, where: str) -> None:
    """Wait until every image there is loaded, and is one."""
    page.wait_for_function(
        "where => { const all = [...document.querySelectorAll(`${where} img`)];"
        " return all.length > 0 && all.every((image) => image.complete && image.naturalWidth > 1000); }",
        arg=where,
    )


def test_by_keyboard_the_source_opens_beside_the_chat_and_escape_comes_back(
    page: Any, address: str, hosts: list[str]
) -> None:
    ask_in_chat(page, address, "dépôt")
    page.focus(VIEW)
    page.keyboard.press("Enter")
    drawn(page, OPEN)
    dialog = page.locator(OPEN)

    assert page.url == address
    expect(dialog.locator("h2.mm-title")).to_be_focused()
    assert dialog.locator(".mm-text").text_content() == RULE
    assert dialog.bounding_box()["width"] < 700
    assert dialog.locator("rect").bounding_box()["y"] < 800
    assert violations(page) == []

    dialog.get_by_role("link", name="Page suivante").first.press("Enter")
    expect(dialog.locator("figcaption")).to_contain_text("Page 2 sur 2")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    assert page.evaluate("document.activeElement === document.querySelector('a.mm-view')")
    assert set(hosts) == {"127.0.0.1"}


def test_on_a_phone_the_source_takes_the_whole_screen_and_its_page_can_be_enlarged(page: Any, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    ask_in_chat(page, address, "forfait")
    page.click(VIEW)
    drawn(page, OPEN)
    dialog = page.locator(OPEN)

    assert dialog.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 800}
    assert dialog.locator("rect").count() == 3
    zoom = dialog.get_by_role("button", name="Agrandir page 1 sur 2")
    zoom.click()
    expect(zoom).to_have_attribute("aria-pressed", "true")
    assert dialog.locator("img").first.bounding_box()["width"] > 900
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert violations(page) == []
    dialog.get_by_role("button", name="Fermer").click()
    expect(page.locator(OPEN)).to_have_count(0)


def test_a_quote_is_copied_with_its_reference(page: Any, address: str) -> None:
    ask_in_chat(page, address, "dépôt")
    page.locator(".mm-copy").first.click()
    said = page.get_by_role("status").filter(has_text="Citation copiée")
    expect(said).to_have_count(1)
    assert said.bounding_box()["width"] <= 1  # for who hears the page
    copied = page.evaluate("navigator.clipboard.readText()")
    proof = page.locator(".mm-proof").first.evaluate("a => a.href")

    assert copied == (
        f"«\u00a0{RULE}\u00a0»\n\nRèglement des déchèteries, Ville de Montbrun, 20 mai 2021, page 1"
        f" (version de mai 2021)\nPreuve\u00a0: {proof}"
    )
    html = page.evaluate("navigator.clipboard.read().then((all) => all[0].getType('text/html')).then((b) => b.text())")
    assert f"<blockquote>«&nbsp;{RULE}&nbsp;»</blockquote>" in html
    assert f'<a href="{proof}">' in html


def test_without_the_new_clipboard_the_old_one_serves(page: Any, address: str) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.goto(f"{address}reponse?question=dépôt")
    page.evaluate(
        "document.addEventListener('copy', (e) => { window.copied = e.clipboardData.getData('text/plain'); })"
    )
    page.locator(".mm-copy").first.click()

    expect(page.locator(".mm-copy").first).to_have_text("Citation copiée")
    assert page.evaluate("window.copied").startswith(f"«\u00a0{RULE}\u00a0»")


def test_without_script_every_page_can_be_reached_and_read(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}reponse?question=forfait")
    expect(page.locator(".mm-copy").first).to_be_hidden()
    page.get_by_role("link", name="Voir dans le document").first.click()
    expect(page.locator(".mm-text")).to_have_text(BROKEN)
    assert page.locator("rect").count() == 3
    page.get_by_role("link", name="Vérifier").click()
    expect(page.get_by_text("Le fichier n’a pas changé")).to_be_visible()
    context.close()


def test_the_sheet_prints_on_one_page(page: Any, address: str) -> None:
    page.goto(f"{address}fiche?question=forfait")
    printed = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    text = printed[0].get_textpage().get_text_bounded()
    width, height = printed[0].get_size()

    assert len(printed) == 1
    assert (round(width), round(height)) == (595, 842)  # A4 in points
    assert " ".join(BROKEN.split()[:6]) in " ".join(text.split())
    assert "Imprimer" not in text
    assert "Adresse de la preuve" in text
    printed.close()
