"""The light page inside another site, in a real Chromium: strict policies, another origin, a real nginx in front."""

import os
import shutil
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conversing import ask, box, expect
from fake_assistant import HOSTILE, About, FakeAssistant, refused
from real_site import free_port, served
from whole_site import BUTTON, WholeSite, host_site

from bot.web.server import build_app

pytestmark = [pytest.mark.browser]

ON_BUTTON = "document.activeElement.shadowRoot?.activeElement?.className === 'open'"


def open_panel(page: Any) -> Any:
    page.get_by_role("button", name="Poser une question").click()
    frame = page.frame_locator("dialog iframe")
    expect(box(frame)).to_be_focused()
    return frame


# --- the button and its panel ------------------------------------------------------------------


def test_one_line_opens_the_questions_in_another_site(visit: Any, site: WholeSite) -> None:
    visit.goto(site.host)
    expect(visit.get_by_role("button", name="Poser une question")).to_be_visible()
    assert [frame.url for frame in visit.frames[1:]] == ["about:blank"]  # nothing is loaded before it is wanted
    frame = open_panel(visit)

    assert visit.get_by_role("dialog", name="Questions sur les déchets").is_visible()
    assert ask(frame, "bonjour").inner_text().startswith("Bonjour.")
    assert visit.locator("dialog").evaluate("e => getComputedStyle(e).marginTop") == "0px"  # not the host's 99px
    visit.evaluate("window.postMessage({ motamot: 'close' }, '*')")  # messages of others are not heard
    visit.evaluate("new Promise((done) => setTimeout(done))")
    assert visit.get_by_role("dialog").is_visible()
    visit.mouse.click(30, 400)  # beside the panel
    expect(visit.get_by_role("dialog")).to_be_hidden()


def test_escape_closes_from_inside_the_frame_and_the_focus_returns(visit: Any, site: WholeSite) -> None:
    visit.goto(site.host)
    frame = open_panel(visit)
    ask(frame, "météo")
    visit.keyboard.press("Escape")
    expect(visit.get_by_role("dialog")).to_be_hidden()
    assert visit.evaluate(ON_BUTTON)
    visit.keyboard.press("Enter")  # open again: the conversation is still there
    expect(frame.locator(".mm-turn")).to_have_count(1)
    visit.get_by_role("button", name="Fermer").click()
    expect(visit.get_by_role("dialog")).to_be_hidden()

    assert visit.evaluate(ON_BUTTON)


def test_options_change_the_words_and_the_side(visit: Any, site: WholeSite) -> None:
    visit.goto(
        site.host_page("left", BUTTON.replace(" defer", ' data-label="Une question ?" data-position="left" defer'))
    )
    where = visit.get_by_role("button", name="Une question ?").bounding_box()

    assert (where["x"], round(where["y"] + where["height"])) == (16, 784)


# --- in the page -------------------------------------------------------------------------------


def test_the_block_follows_the_height_of_what_it_says(visit: Any, site: WholeSite) -> None:
    body = '<motamot-chat data-title="Vos questions"></motamot-chat>'
    visit.goto(site.host_page("block", BUTTON.replace(" defer", ' data-position="none" defer'), body))
    frame = visit.frame_locator("motamot-chat iframe")
    expect(visit.locator("motamot-chat iframe")).to_have_attribute("data-ready", "")
    expect(box(frame)).to_be_visible()
    height = "document.querySelector('motamot-chat').offsetHeight"
    empty = visit.evaluate(height)
    ask(frame, "longue")
    visit.wait_for_function(f"before => {height} > before + 900", arg=empty)

    assert visit.frames[1].evaluate("document.documentElement.scrollHeight - innerHeight") == 0
    visit.wait_for_function(
        "() => { const { top } = document.querySelector('motamot-chat').getBoundingClientRect(); return top < 0; }"
    )
    assert 0 <= frame.locator(".mm-question").bounding_box()["y"] < 100  # the host page has scrolled to it
    assert visit.get_by_title("Vos questions").count() == 1
    assert visit.get_by_role("button", name="Poser une question").count() == 0
    frame.get_by_role("button", name="Effacer").click()
    visit.wait_for_function(f"before => {height} < before + 60", arg=empty)


def test_two_on_a_page_keep_their_own_conversations(visit: Any, site: WholeSite) -> None:
    lines = BUTTON + BUTTON.replace(" defer", " async") + BUTTON  # and the script more than once
    visit.goto(site.host_page("two", lines, "<motamot-chat></motamot-chat><motamot-chat></motamot-chat>"))
    elements = [visit.locator("motamot-chat").nth(n) for n in (0, 1)]
    first, second = (element.locator("iframe").content_frame for element in elements)
    ask(first, "bonjour")
    elements[1].scroll_into_view_if_needed()  # of the host page: a frame out of sight draws nothing to wait for
    ask(second, "météo")
    ask(open_panel(visit), "dépôt")
    visit.reload()
    for element, frame, question in zip(elements, (first, second), ("bonjour", "météo"), strict=True):
        element.scroll_into_view_if_needed()
        expect(frame.locator(".mm-turn .mm-verbatim").first).to_have_text(question)
    expect(open_panel(visit).locator(".mm-turn .mm-verbatim").first).to_have_text("dépôt")

    assert visit.get_by_role("button", name="Poser une question").count() == 1


def test_a_plain_frame_works_sandboxed_and_its_documents_open_in_a_tab(visit: Any, site: WholeSite) -> None:
    sandbox = "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox"
    body = f'<iframe src="{{base}}panneau" title="Questions" width="600" height="600" sandbox="{sandbox}"></iframe>'
    visit.goto(site.host_page("plain", "", body))
    frame = visit.frame_locator("iframe")
    answer = ask(frame, "dépôt")
    with visit.context.expect_page() as opened:
        answer.get_by_role("link", name="Vérifier").first.click()

    assert "/preuve/" in opened.value.url
    assert opened.value.evaluate("window.opener") is None
    opened.value.close()
    assert frame.locator(".mm-turn").count() == 1


def test_a_site_that_was_not_named_cannot_embed(page: Any, site: WholeSite) -> None:
    port = free_port()
    site.host_page("thief", "", '<iframe src="{base}panneau" title="x"></iframe>')
    refusal = page.expect_console_message(lambda message: "frame-ancestors" in message.text)
    with served(host_site(site.url, site.pages), port), refusal:
        page.goto(f"http://127.0.0.1:{port}/thief")


def test_the_integration_page_copies_its_line_and_shows_it_at_work(visit: Any, site: WholeSite) -> None:
    visit.goto(f"{site.url}integration")
    visit.get_by_role("button", name="Copier Un bouton qui ouvre un panneau").click()
    expect(visit.get_by_role("status").first).to_have_text("Copié dans le presse-papiers.")
    copied = visit.evaluate("navigator.clipboard.readText()")

    assert copied == f'<script src="{site.url}embed.js" data-title="Posez votre question" defer></script>'
    visit.locator("motamot-chat").scroll_into_view_if_needed()
    assert ask(visit.frame_locator("motamot-chat iframe"), "bonjour").inner_text().startswith("Bonjour.")


# --- behind nginx ------------------------------------------------------------------------------


def certificate(folder: Path) -> None:
    """A certificate for this machine, signed by itself."""
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=127.0.0.1 -days 2"
    written = ["-keyout", folder / "site.key", "-out", folder / "site.crt"]
    subprocess.run([*command.split(), *written], check=True, capture_output=True)


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
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
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
    assistant = FakeAssistant({"météo": refused("météo", "dépôt")}, About((HOSTILE.source,)))
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
    context = browser.new_context(ignore_https_errors=True, reduced_motion="reduce")
    page = context.new_page()
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("response", lambda response: failed.append(response.url) if response.status >= 400 else None)
    page.goto(f"{proxied}{prefix}/integration")
    line = page.locator(".mm-snippet code").first.inner_text()
    assert line.startswith(f'<script src="{proxied}{prefix}/embed.js"')
    assert ask(open_panel(page), "météo").get_by_role("button").all_inner_texts() == ["dépôt"]
    for path in ("/panneau", "/"):
        page.goto(f"{proxied}{prefix}{path}")
        expect(page.get_by_role("log", name="Conversation")).to_be_attached()
        assert ask(page, "météo").get_by_role("button").all_inner_texts() == ["dépôt"]
    assert failed == []
    page.goto(f"{proxied}{prefix}/nulle/part")
    page.get_by_role("link", name="Aller à la page de questions").click()
    expect(page.locator("#mm-log .mm-greeting")).to_be_visible()
    assert page.url == f"{proxied}{prefix}/"
    assert context.cookies() == []
    context.close()
