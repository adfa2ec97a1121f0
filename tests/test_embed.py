"""The light page inside another site, in a real Chromium: strict policies, another origin, a real nginx in front."""

import datetime
import http.server
import ipaddress
import os
import shutil
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fake_assistant import HOSTILE, About, FakeAssistant, answered, quote, refused
from real_site import chromium, free_port, served, violations

from bot.answer import Answer, Kind
from bot.web.branding import Branding
from bot.web.server import build_app
from corpus.document import Document, Source

sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
expect = sync_api.expect

pytestmark = [pytest.mark.browser]

PHONE = {"width": 390, "height": 800}
DESKTOP = {"width": 1280, "height": 800}
LONG = Document(
    source=Source("long", "Guide des dépôts", "Ville de Test", "2021-05", "faq", "long.txt"),
    text="\n".join(f"Paragraphe {n} : le dépôt est gratuit." for n in range(1, 41)),
    sha256="1" * 64,
    blocks=(),
    pages=(0,),
)
BUTTON = '<script src="{base}embed.js" data-title="Questions sur les dépôts" defer></script>'
HOST = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Intranet</title><link rel="stylesheet" href="host.css">{head}</head>
<body><header>Intranet</header><main><h1>Dossiers</h1><p><a href="#x">Un lien</a></p>{body}</main></body></html>"""
# A site with rules of its own, which must not reach the button or the panel, nor the other way round.
HOST_STYLE = """
body { margin: 0 }
div, aside, button, dialog { display: none; margin: 99px; background: #fff; color: #fff }
"""


@pytest.fixture(scope="module")
def assistant() -> FakeAssistant:
    return FakeAssistant(
        answers={
            "dépôt": answered("dépôt", quote(LONG, LONG.text, "Paragraphe 1 : le dépôt est gratuit.")),
            "bonjour": Answer("bonjour", Kind.SMALLTALK, 1.0, "Bonjour."),
            "météo": refused("météo", "dépôt"),
        },
        known=About((LONG.source, HOSTILE.source), (), ("dépôt",)),
    )


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder under the strictest policy that a host page can have."""

    policy = ""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", self.policy)
        super().end_headers()

    def log_message(self, *arguments: Any) -> None:
        pass


class HostSite:
    """Another site, on another port: pages are written to its folder."""

    def __init__(self, folder: Path, port: int, allowed: str) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}/"
        self.allowed = allowed
        (folder / "host.css").write_text(HOST_STYLE, encoding="utf-8")

    def page(self, name: str, head: str = "", body: str = "") -> str:
        """Write a page and return its address."""
        html = HOST.format(head=head.format(base=self.allowed), body=body.format(base=self.allowed))
        (self.folder / name).write_text(html, encoding="utf-8")
        return f"{self.url}{name}"


@pytest.fixture(scope="module")
def ports() -> tuple[int, int, int]:
    """Of our service, of the site that may embed it, and of one that may not."""
    return free_port(), free_port(), free_port()


@pytest.fixture(scope="module")
def address(assistant: FakeAssistant, ports: tuple[int, int, int]) -> Iterator[str]:
    with served(build_app(assistant, branding=Branding(embedded_by=(f"http://127.0.0.1:{ports[1]}",))), ports[0]):
        yield f"http://127.0.0.1:{ports[0]}/"


@contextmanager
def host_site(folder: Path, port: int, allowed: str) -> Iterator[HostSite]:
    origin = allowed.rstrip("/")
    policy = f"default-src 'none'; style-src 'self'; script-src {origin}; frame-src {origin}; base-uri 'none'"
    handler = partial(type("Strict", (Quiet,), {"policy": policy}), directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield HostSite(folder, port, allowed)
        server.shutdown()
        thread.join(5)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, address: str, ports: tuple[int, int, int]) -> Iterator[HostSite]:
    with host_site(tmp_path_factory.mktemp("host"), ports[1], address) as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens pages that must make no complaint, of policy or otherwise."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def opened(url: str, viewport: dict[str, int] = DESKTOP, **options: Any) -> Any:
        context = browser.new_context(viewport=viewport, reduced_motion="reduce", locale="fr-FR", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        return page

    yield opened
    cookies = [cookie for context in contexts for cookie in context.cookies()]
    for context in contexts:
        context.close()
    assert (complaints, cookies) == ([], [])


def ask(frame: Any, question: str) -> Any:
    """Ask in a light page, in a frame, and wait for the answer."""
    answers = frame.locator(".mm-turn .mm-answer")
    before = answers.count()
    frame.locator("#mm-typed").fill(question)
    frame.locator("#mm-typed").press("Enter")
    expect(answers).to_have_count(before + 1)
    return answers.nth(before)


def open_panel(page: Any) -> Any:
    page.get_by_role("button", name="Poser une question").click()
    frame = page.frame_locator("dialog iframe")
    expect(frame.locator("#mm-typed")).to_be_focused()
    return frame


ON_BUTTON = "document.activeElement.shadowRoot?.activeElement?.className === 'open'"


# --- the button and its panel ------------------------------------------------------------------


def test_one_line_opens_the_questions_in_another_site(open_page: Callable[..., Any], host: HostSite) -> None:
    page = open_page(host.page("one.html", BUTTON))
    expect(page.get_by_role("button", name="Poser une question")).to_be_visible()
    assert [frame.url for frame in page.frames[1:]] == ["about:blank"]  # nothing is loaded before it is wanted
    frame = open_panel(page)

    assert page.get_by_role("dialog", name="Questions sur les dépôts").is_visible()
    assert ask(frame, "bonjour").inner_text() == "Bonjour."
    assert page.locator("dialog").evaluate("e => getComputedStyle(e).marginTop") == "0px"  # not the host's 99px
    assert {site_of(frame.url) for frame in page.frames} == {site_of(host.url), site_of(host.allowed)}


def site_of(url: str) -> str:
    return url.split("/")[2]


def test_escape_closes_from_inside_the_frame_and_the_focus_returns(
    open_page: Callable[..., Any], host: HostSite
) -> None:
    page = open_page(host.page("escape.html", BUTTON))
    frame = open_panel(page)
    ask(frame, "météo")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.evaluate(ON_BUTTON)
    page.keyboard.press("Enter")  # open again: the conversation is still there
    expect(frame.locator(".mm-turn")).to_have_count(1)
    page.get_by_role("button", name="Fermer").click()
    expect(page.get_by_role("dialog")).to_be_hidden()

    assert page.evaluate(ON_BUTTON)


def test_the_page_behind_the_panel_is_out_of_reach(open_page: Callable[..., Any], host: HostSite) -> None:
    page = open_page(host.page("trap.html", BUTTON))
    open_panel(page)
    for _ in range(14):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") in {"DIV", "BODY"}  # ours, or the browser's own bar

    page.mouse.click(30, 400)  # beside the panel
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_on_a_phone_the_panel_fills_the_screen(open_page: Callable[..., Any], host: HostSite) -> None:
    page = open_page(host.page("phone.html", BUTTON), viewport=PHONE)
    open_panel(page)

    assert page.get_by_role("dialog").bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 800}


def test_options_change_the_words_and_the_side(open_page: Callable[..., Any], host: HostSite) -> None:
    line = '<script src="{base}embed.js" data-label="Une question ?" data-position="left" defer></script>'
    page = open_page(host.page("left.html", line))
    box = page.get_by_role("button", name="Une question ?").bounding_box()

    assert (box["x"], round(box["y"] + box["height"])) == (16, 784)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
def test_axe_finds_nothing_in_the_host_page_nor_in_the_panel(
    open_page: Callable[..., Any], host: HostSite, viewport: dict[str, int]
) -> None:
    body = "<motamot-chat></motamot-chat>"
    page = open_page(host.page("axe.html", BUTTON, body), viewport=viewport, bypass_csp=False)
    found = {"closed": violations(page)}
    frame = open_panel(page)
    ask(frame, "dépôt")
    found["open"] = violations(page)
    for inner in page.frames[1:]:
        found[inner.url] = violations(inner)

    assert found == {name: [] for name in found}
    assert len(found) == 4


# --- in the page -------------------------------------------------------------------------------


def test_the_block_follows_the_height_of_what_it_says(open_page: Callable[..., Any], host: HostSite) -> None:
    body = '<motamot-chat data-title="Vos questions"></motamot-chat><p id="after">Après.</p>'
    page = open_page(host.page("block.html", BUTTON.replace(" defer", ' data-position="none" defer'), body))
    element = page.locator("motamot-chat")
    frame = page.frame_locator("motamot-chat iframe")
    expect(frame.locator("#mm-typed")).to_be_visible()
    empty = element.bounding_box()["height"]
    ask(frame, "dépôt")
    page.wait_for_function("before => document.querySelector('motamot-chat').offsetHeight > before + 900", arg=empty)

    inner = page.frames[1]
    assert inner.evaluate("document.documentElement.scrollHeight - innerHeight") == 0
    question = frame.locator(".mm-question").bounding_box()
    assert 0 <= question["y"] < 100  # the host page has scrolled to it
    assert page.get_by_title("Vos questions").count() == 1
    assert page.get_by_role("button", name="Poser une question").count() == 0
    frame.get_by_role("button", name="Effacer").click()
    page.wait_for_function("before => document.querySelector('motamot-chat').offsetHeight < before + 60", arg=empty)


def test_two_on_a_page_keep_their_own_conversations(open_page: Callable[..., Any], host: HostSite) -> None:
    line = BUTTON + BUTTON.replace(" defer", " async") + BUTTON  # and the script more than once
    page = open_page(host.page("two.html", line, "<motamot-chat></motamot-chat><motamot-chat></motamot-chat>"))
    first, second = (page.locator("motamot-chat").nth(n).locator("iframe").content_frame for n in (0, 1))
    ask(first, "bonjour")
    second.locator("#mm-typed").scroll_into_view_if_needed()
    ask(second, "météo")
    panel = open_panel(page)
    ask(panel, "dépôt")
    page.reload()
    expect(first.locator(".mm-turn .mm-verbatim").first).to_have_text("bonjour")
    second.locator("#mm-typed").scroll_into_view_if_needed()
    expect(second.locator(".mm-turn .mm-verbatim").first).to_have_text("météo")
    expect(open_panel(page).locator(".mm-turn .mm-verbatim").first).to_have_text("dépôt")

    assert page.get_by_role("button", name="Poser une question").count() == 1


def test_a_plain_frame_works_sandboxed_and_its_documents_open_in_a_tab(
    open_page: Callable[..., Any], host: HostSite
) -> None:
    sandbox = "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox"
    body = f'<iframe src="{{base}}panneau" title="Questions" width="600" height="600" sandbox="{sandbox}"></iframe>'
    page = open_page(host.page("plain.html", "", body))
    frame = page.frame_locator("iframe")
    answer = ask(frame, "dépôt")
    with page.context.expect_page() as opened:
        answer.get_by_role("link", name="Vérifier").first.click()

    assert f"/preuve/{LONG.sha256}/" in opened.value.url
    assert opened.value.evaluate("window.opener") is None
    opened.value.close()
    assert frame.locator(".mm-turn").count() == 1


def test_messages_of_others_are_not_heard(open_page: Callable[..., Any], host: HostSite) -> None:
    page = open_page(host.page("others.html", BUTTON))
    open_panel(page)
    page.evaluate("window.postMessage({ motamot: 'close' }, '*')")
    page.wait_for_timeout(100)

    assert page.get_by_role("dialog").is_visible()


def test_a_site_that_was_not_named_cannot_embed(
    browser: Any, tmp_path: Path, address: str, ports: tuple[int, int, int]
) -> None:
    with host_site(tmp_path, ports[2], address) as stranger:
        page = browser.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        page.goto(stranger.page("thief.html", "", '<iframe src="{base}panneau" title="x"></iframe>'))
        page.wait_for_timeout(500)
        page.close()

    assert any("frame-ancestors" in text for text in refused)


# --- the integration page ----------------------------------------------------------------------


def test_the_integration_page_copies_its_line_and_shows_it_at_work(open_page: Callable[..., Any], address: str) -> None:
    page = open_page(f"{address}integration", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copier Un bouton qui ouvre un panneau").click()
    expect(page.get_by_role("status").first).to_have_text("Copié dans le presse-papiers.")
    copied = page.evaluate("navigator.clipboard.readText()")

    assert copied == f'<script src="{address}embed.js" data-title="Posez votre question" defer></script>'
    page.locator("motamot-chat").scroll_into_view_if_needed()
    assert ask(page.frame_locator("motamot-chat iframe"), "bonjour").inner_text() == "Bonjour."


@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_axe_finds_nothing_in_the_pages_that_are_read(
    browser: Any, address: str, viewport: dict[str, int], scheme: str
) -> None:
    context = browser.new_context(viewport=viewport, color_scheme=scheme)
    page = context.new_page()
    found = {}
    for path in ("integration", "accessibilite", "nulle/part"):
        page.goto(address + path)
        found[path] = violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], path
    context.close()

    assert found == {name: [] for name in found}


# --- behind nginx ------------------------------------------------------------------------------


def certificate(folder: Path) -> None:
    """A certificate for this machine, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "site.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "site.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/site.crt; ssl_certificate_key {folder}/site.key;
        proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        location /garde/ {{ proxy_pass http://127.0.0.1:{kept}; }}
        location /retire/ {{ proxy_pass http://127.0.0.1:{stripped}/; }}
    }}
}}
"""


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory, assistant: FakeAssistant) -> Iterator[str]:
    """nginx with HTTPS in front of the service twice: one prefix kept, one stripped."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
    if nginx is None:
        pytest.skip("no nginx: apt-get install nginx-light")
    folder = tmp_path_factory.mktemp("nginx")
    certificate(folder)
    port, kept, stripped = free_port(), free_port(), free_port()
    configuration = NGINX.format(folder=folder, port=port, kept=kept, stripped=stripped)
    # As root, its workers would be another user, who may not enter the folder.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(user + configuration, encoding="utf-8")
    with (
        served(build_app(assistant, root_path="/garde"), kept),
        served(build_app(assistant, root_path="/retire"), stripped),
        subprocess.Popen([nginx, "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL) as process,
    ):
        url = f"https://127.0.0.1:{port}/"
        _wait_for(f"{url}garde/healthz", process)
        yield url
        process.terminate()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    trusting = ssl._create_unverified_context()
    for _ in range(200):
        assert process.poll() is None, "nginx stopped"
        try:
            with urllib.request.urlopen(url, context=trusting):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


@pytest.mark.parametrize("prefix", ["garde", "retire"])
def test_under_a_prefix_and_https_everything_works(browser: Any, proxied: str, prefix: str) -> None:
    context = browser.new_context(ignore_https_errors=True, viewport=DESKTOP, reduced_motion="reduce")
    page = context.new_page()
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("response", lambda response: failed.append(response.url) if response.status >= 400 else None)
    page.goto(f"{proxied}{prefix}/integration")
    line = page.locator(".mm-snippet code").first.inner_text()
    assert line.startswith(f'<script src="{proxied}{prefix}/embed.js"')
    panel = open_panel(page)
    assert ask(panel, "bonjour").inner_text() == "Bonjour."
    page.keyboard.press("Escape")
    page.goto(f"{proxied}{prefix}/panneau")
    assert ask(page, "météo").get_by_role("button").all_inner_texts() == ["dépôt"]
    page.goto(f"{proxied}{prefix}/")
    page.wait_for_selector("#mm-log .mm-greeting")
    page.fill("#mm-typed textarea", "bonjour")
    page.press("#mm-typed textarea", "Enter")
    expect(page.locator("#mm-log .mm-answer")).to_have_text("Bonjour.")
    assert failed == []
    page.goto(f"{proxied}{prefix}/nulle/part")
    page.get_by_role("link", name="Aller à la page de questions").click()
    page.wait_for_selector("#mm-log .mm-greeting")
    assert page.url == f"{proxied}{prefix}/"
    assert context.cookies() == []
    context.close()
