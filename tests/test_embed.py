"""The light page inside another site, in a real Chromium: strict policies, another origin, a real nginx in front."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from conversing import ANSWERS, SHIFTS, ask, box, expect
from fake_assistant import HOSTILE, About, FakeAssistant, refused
from real_site import behind_nginx, free_port, served, violations, waited_for
from whole_site import BLOCK, BUTTON, WholeSite, host_site

from bot.web.render import integrity
from bot.web.server import build_app

pytestmark = [pytest.mark.browser]

HEARD = """window.heard = [];
for (const name of ["open", "answer", "close"]) {
  document.addEventListener(`motamot:${name}`, ({ detail }) => window.heard.push([name, detail]));
}"""
ON_BUTTON = "document.activeElement.shadowRoot?.activeElement?.className === 'open'"


@pytest.fixture(autouse=True)
def heard(page: Any) -> None:
    """What a site hears of it, in ``window.heard``."""
    page.add_init_script(HEARD)


def axe_contrast(page: Any) -> list[str]:
    """Texts without contrast, in the page and its frames."""
    frames = [frame for frame in page.frames if frame.url.startswith("http")]
    return [each for frame in frames for each in violations(frame, "color-contrast")]


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
    visit.get_by_role("link", name="La suite").click()  # the page beside it is still there to be read
    assert visit.url.endswith("#suite")
    assert visit.get_by_role("dialog").is_visible()
    assert visit.evaluate("window.heard") == [["open", None], ["answer", {"kind": "smalltalk"}]]


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


def button_with(options: str) -> str:
    """The line of the button with these attributes."""
    return BUTTON.replace(" defer", f" {options} defer")


@pytest.mark.parametrize(
    ("options", "left", "bottom", "width"),
    [
        ('data-label="Une question ?" data-position="left"', 16, 784, None),
        ('data-label="Une question ?" data-position="left" data-offset="40 90"', 40, 710, None),
        ('data-label="Une question ?" data-icon data-offset="0"', 1232, 784, 48),
    ],
)
def test_options_change_the_words_and_the_place(
    visit: Any, site: WholeSite, options: str, left: int, bottom: int, width: int | None
) -> None:
    visit.goto(site.host_page("options", button_with(options)))
    where = visit.get_by_role("button", name="Une question ?").bounding_box()

    assert (where["x"], round(where["y"] + where["height"])) == (left, bottom)
    assert width in (None, where["width"])


def test_it_stays_open_from_page_to_page_and_keeps_its_size_and_the_focus_of_the_page(
    visit: Any, site: WholeSite
) -> None:
    other = site.host_page("autre", body='<form><input autofocus aria-label="Nom"></form>')
    visit.goto(site.host)
    ask(open_panel(visit), "météo")
    size = visit.get_by_role("button", name="Changer la taille")
    before = visit.locator("dialog").bounding_box()
    size.focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown"):
        visit.keyboard.press(key)
    after = visit.locator("dialog").bounding_box()
    assert (after["width"] - before["width"], after["height"] - before["height"]) == (80, -40)
    handle = size.bounding_box()
    visit.mouse.move(handle["x"] + 5, handle["y"] + 5)
    visit.mouse.down()
    visit.mouse.move(handle["x"] - 15, handle["y"] + 105, steps=4)
    visit.mouse.up()
    dragged = visit.locator("dialog").bounding_box()
    assert (dragged["width"] - after["width"], dragged["height"] - after["height"]) == (20, -100)
    visit.goto(other)
    frame = visit.frame_locator("dialog iframe")
    expect(frame.locator(".mm-turn .mm-verbatim")).to_have_text("météo")
    assert visit.locator("dialog").bounding_box() == dragged
    expect(visit.get_by_label("Nom")).to_be_focused()
    visit.keyboard.type("Durand")
    assert visit.get_by_label("Nom").input_value() == "Durand"
    visit.get_by_role("button", name="Fermer").click()
    visit.goto(site.host)
    expect(visit.get_by_role("button", name="Poser une question")).to_be_visible()
    assert visit.get_by_role("dialog").count() == 0


def test_it_comes_back_when_an_application_replaces_the_page(visit: Any, site: WholeSite) -> None:
    visit.goto(site.host)
    ask(open_panel(visit), "météo")
    for replace in ("document.body = document.createElement('body')", "document.body.replaceChildren()"):
        visit.evaluate(replace)
        expect(visit.frame_locator("dialog iframe").locator(".mm-turn .mm-verbatim")).to_have_text("météo")
    visit.get_by_role("button", name="Fermer").click()
    visit.evaluate("document.body.replaceChildren()")

    expect(visit.get_by_role("button", name="Poser une question")).to_be_visible()


def test_the_site_opens_it_with_a_question_in_many_ways(visit: Any, site: WholeSite) -> None:
    body = """<p><a href="#motamot?q=m%C3%A9t%C3%A9o">Par un lien</a>
        <a href="#ailleurs" data-question="dépôt">Par un attribut</a></p>"""
    visit.goto(site.host_page("ways", button_with('data-question="bonjour"'), body))
    verbatim = visit.frame_locator("dialog iframe").locator(".mm-question .mm-verbatim")
    visit.evaluate("Motamot.open()")  # its own question, once
    expect(verbatim).to_have_text(["bonjour"])
    visit.get_by_role("link", name="Par un lien").click()
    expect(verbatim).to_have_text(["bonjour", "météo"])
    visit.get_by_role("link", name="Par un attribut").click()
    visit.evaluate("Motamot.ask('horaires')")
    expect(visit.frame_locator("dialog iframe").locator(ANSWERS)).to_have_count(4)
    expect(verbatim).to_have_text(["bonjour", "météo", "dépôt", "horaires"])
    visit.evaluate("Motamot.close()")
    expect(visit.get_by_role("dialog")).to_have_count(0)
    visit.wait_for_function("window.heard.length === 6")
    assert visit.url == f"{site.host}ways"
    assert [name for name, _ in visit.evaluate("window.heard")] == ["open", *["answer"] * 4, "close"]
    assert [detail["kind"] for _, detail in visit.evaluate("window.heard")[1:5]] == [
        "smalltalk", "refuse", "answer", "answer"
    ]  # fmt: skip
    visit.goto(f"{site.host}ways?#motamot?q=aides")
    expect(verbatim).to_have_text(["bonjour", "météo", "dépôt", "horaires", "aides"])


COLOURS = """(e) => { const s = getComputedStyle(e); return [s.color, s.backgroundColor]; }"""


@pytest.mark.parametrize(
    ("accent", "theme"),
    [
        ("#ffd500", "light"), ("rebeccapurple", "light"), ("#000", "dark"), ("#fff", "light"),
    ],
)  # fmt: skip
def test_the_accent_of_the_site_colours_all_of_it_and_stays_readable(
    page: Any, site: WholeSite, accent: str, theme: str
) -> None:
    page.goto(site.host_page("colours", button_with(f'data-theme="{theme}"'), BLOCK))
    page.evaluate("accent => document.documentElement.style.setProperty('--mm-accent', accent)", accent)
    frame = open_panel(page)
    ask(frame, "météo")

    assert axe_contrast(page) == []
    ground = frame.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    assert ground == {"light": "rgb(244, 245, 246)", "dark": "rgb(18, 23, 27)"}[theme]
    asked = frame.locator(".mm-question").evaluate(COLOURS)
    assert asked == page.locator("dialog .bar").evaluate(COLOURS)
    if (accent, theme) == ("rebeccapurple", "light"):
        assert asked == ["rgb(255, 255, 255)", "rgb(102, 51, 153)"]


def test_the_line_may_be_a_module_and_name_what_the_script_must_be(visit: Any, site: WholeSite) -> None:
    hashed = f'crossorigin integrity="{integrity("embed.js")}"'
    visit.goto(site.host_page("hashed", button_with(f'type="module" {hashed}')))

    assert ask(open_panel(visit), "bonjour").inner_text().startswith("Bonjour.")


# --- where it cannot answer ----------------------------------------------------------------------


def test_a_site_that_was_not_named_is_told_so_and_the_question_has_another_way(page: Any, site: WholeSite) -> None:
    port = free_port()
    site.host_page("unnamed", button_with('data-contact="mairie@montbrun.example"'))
    with served(host_site(site.url, site.pages), port):
        with page.expect_console_message(lambda message: f"« http://127.0.0.1:{port} »" in message.text):
            page.goto(f"http://127.0.0.1:{port}/unnamed")
            page.get_by_role("button", name="Poser une question").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("ne peuvent pas s’afficher dans cette page")).to_be_visible()
        expect(dialog.get_by_role("link", name="mairie@montbrun.example")).to_be_visible()
        with page.context.expect_page() as opened:
            dialog.get_by_role("link", name="nouvel onglet").click()
        expect(box(opened.value)).to_be_visible()
        dialog.get_by_role("button", name="Réessayer").click()
        expect(dialog.get_by_text("Ouverture…")).to_be_visible()


@pytest.mark.parametrize("trouble", ["502", "no answer", "no server"])
def test_a_server_that_does_not_answer_is_said_and_taken_up_again_by_itself(
    page: Any, site: WholeSite, trouble: str
) -> None:
    page.goto(site.host)

    def fail(route: Any) -> None:
        if trouble == "502":
            route.fulfill(status=502, body="<h1>Bad Gateway</h1>", content_type="text/html")
        elif trouble == "no server" or "essai" in route.request.url:
            route.abort()

    for pattern in ("**/panneau?*", "**/embed.js?essai=*"):
        page.route(pattern, fail)
    page.get_by_role("button", name="Poser une question").click()
    expect(page.get_by_text("Le service de questions ne répond pas pour le moment.")).to_be_visible()
    page.keyboard.press("Escape")
    page.unroute_all(behavior="ignoreErrors")
    page.get_by_role("button", name="Poser une question").click()  # not the error of before, for ever
    frame = page.frame_locator("dialog iframe")
    assert ask(frame, "bonjour").inner_text().startswith("Bonjour.")


def test_a_frame_that_failed_is_loaded_again_once_the_server_is_back(page: Any, site: WholeSite) -> None:
    page.goto(f"{site.host}bloc")
    failing = [page.route(pattern, lambda route: route.abort()) for pattern in ("**/panneau?*", "**/embed.js?essai=*")]
    page.get_by_role("button", name="Poser une question").click()
    expect(page.get_by_text("ne répond pas pour le moment").first).to_be_visible()
    assert failing
    page.unroute_all(behavior="ignoreErrors")

    assert ask(page.frame_locator("dialog iframe"), "bonjour").inner_text().startswith("Bonjour.")


# --- in the page -------------------------------------------------------------------------------


@pytest.mark.parametrize(("viewport", "later"), [((1280, 800), ""), ((390, 800), " defer"), ((320, 256), "")])
def test_the_box_of_a_block_comes_first_stays_in_sight_and_nothing_moves(
    visit: Any, site: WholeSite, viewport: tuple[int, int], later: str
) -> None:
    visit.set_viewport_size({"width": viewport[0], "height": viewport[1]})
    visit.add_init_script(SHIFTS)
    visit.goto(site.host_page("block", BUTTON.replace(" defer", f' data-position="none"{later}'), BLOCK))
    block = visit.locator("motamot-chat")
    frame = visit.frame_locator("motamot-chat iframe")
    expect(box(frame)).to_be_visible()
    height = block.bounding_box()["height"]
    assert height < viewport[1]
    for question in ("longue", "météo"):
        ask(frame, question)
        block.scroll_into_view_if_needed()
        around, typed, said = (e.bounding_box() for e in (block, box(frame), frame.locator(".mm-question").last))
        assert around["y"] <= typed["y"] < typed["y"] + typed["height"] <= said["y"] + 1
        assert said["y"] + said["height"] <= around["y"] + around["height"]
    assert block.bounding_box()["height"] == height
    assert max(frame.evaluate("window.shift ?? 0") for frame in visit.frames) <= 0.02
    assert visit.get_by_title("Vos questions").count() == 1
    assert visit.get_by_role("button", name="Poser une question").count() == 0


def test_two_on_a_page_keep_their_own_conversations(visit: Any, site: WholeSite) -> None:
    lines = BUTTON + BUTTON.replace(" defer", " async") + BUTTON  # and the script more than once
    visit.goto(site.host_page("two", lines, "<motamot-chat></motamot-chat><motamot-chat></motamot-chat>"))
    elements = [visit.locator("motamot-chat").nth(n) for n in (0, 1)]
    first, second = (element.locator("iframe").content_frame for element in elements)
    ask(first, "bonjour")
    elements[1].scroll_into_view_if_needed()  # of the host page: a frame out of sight draws nothing to wait for
    ask(second, "météo")
    ask(open_panel(visit), "dépôt")
    visit.reload()  # the panel was open, and still is
    for element, frame, question in zip(elements, (first, second), ("bonjour", "météo"), strict=True):
        element.scroll_into_view_if_needed()
        expect(frame.locator(".mm-turn .mm-verbatim").first).to_have_text(question)
    panel = visit.frame_locator("dialog iframe")
    expect(panel.locator(".mm-turn .mm-verbatim").first).to_have_text("dépôt")
    visit.get_by_role("button", name="Fermer").click()

    expect(visit.get_by_role("button", name="Poser une question")).to_have_count(1)


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
server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/site.crt; ssl_certificate_key {folder}/site.key;
    proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    location /garde/ {{ proxy_pass http://127.0.0.1:{kept}; }}
    location /retire/ {{ proxy_pass http://127.0.0.1:{stripped}/; }}
}}
"""


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """nginx with HTTPS in front of the service twice: one prefix kept, one stripped."""
    folder = tmp_path_factory.mktemp("nginx")
    certificate(folder)
    port, kept, stripped = free_port(), free_port(), free_port()
    assistant = FakeAssistant({"météo": refused("météo", "dépôt")}, About((HOSTILE.source,)))
    with (
        served(build_app(assistant, root_path="/garde"), kept),
        served(build_app(assistant, root_path="/retire"), stripped),
        behind_nginx(folder, NGINX.format(folder=folder, port=port, kept=kept, stripped=stripped)),
    ):
        url = f"https://127.0.0.1:{port}/"
        waited_for(lambda: httpx.get(f"{url}garde/healthz", verify=False).is_success)
        yield url


@pytest.mark.parametrize("prefix", ["garde", "retire"])
def test_under_a_prefix_and_https_everything_works(page: Any, proxied: str, prefix: str) -> None:
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
    assert page.context.cookies() == []
