"""The pages for people around the chat, without a browser: light page, integration, accessibility, errors, theme."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import parsed, plain
from fake_assistant import HOSTILE, About, FakeAssistant, answered, quote, refused
from fastapi.testclient import TestClient

from bot.web.branding import Branding, check_theme, read_frame_ancestors
from bot.web.render import answer_html, linked
from bot.web.server import build_app
from corpus.errors import IndexStoreError, SettingsError

PERSON = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGES = ["/panneau", "/integration", "/accessibilite", "/statut"]
ANSWER = answered("qui", quote(HOSTILE, "Après."))


class MovingAssistant(FakeAssistant):
    """Raises what it is told to when asked what it knows."""

    trouble: Exception | None = None

    def about(self) -> About:
        if self.trouble:
            raise self.trouble
        return super().about()


@pytest.fixture(scope="module")
def assistant() -> MovingAssistant:
    return MovingAssistant(answers={"qui": ANSWER}, known=About((HOSTILE.source,)))


@pytest.fixture(scope="module")
def theme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("theme")
    (folder / "theme.css").write_text(":root { --mm-accent: #5a1846; }", encoding="utf-8")
    (folder / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def client(assistant: MovingAssistant, theme: Path) -> Iterator[TestClient]:
    branding = Branding("Ville de Test", "mairie@ville.example", theme, ("https://intranet.example",))
    with TestClient(build_app(assistant, branding=branding)) as client:
        yield client


@pytest.fixture(scope="module")
def bare(assistant: MovingAssistant) -> Iterator[TestClient]:
    """The same without a branding, behind a prefix."""
    with TestClient(build_app(assistant, root_path="/faq")) as client:
        yield client


# --- the answer in two forms -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html", "text/html; charset=utf-8"),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
    ],
)
def test_the_endpoint_answers_in_the_form_that_is_asked_for(client: TestClient, accept: str, kind: str) -> None:
    response = client.post("/api/ask", json={"question": "qui"}, headers={"accept": accept})

    assert response.headers["content-type"] == kind
    assert "Accept" in response.headers["vary"].split(", ")
    if kind != "application/json":
        assert response.text == answer_html(ANSWER, contact="mairie@ville.example")


def test_a_refusal_names_the_contact_and_an_answer_does_not() -> None:
    assert "mairie@ville.example" in answer_html(refused("q"), contact="mairie@ville.example")
    assert "mairie@ville.example" not in answer_html(ANSWER, contact="mairie@ville.example")
    assert "mm-contact" not in answer_html(refused("q"))


@pytest.mark.parametrize(
    ("contact", "html"),
    [
        ("a@b.fr", '<a class="mm-link" href="mailto:a@b.fr">a@b.fr</a>'),
        ("+33 1 02 03 04 05", '<a class="mm-link" href="tel:+33102030405">+33 1 02 03 04 05</a>'),
        (
            "https://a.fr/nous?b=1&c",
            '<a class="mm-link" href="https://a.fr/nous?b=1&amp;c">https://a.fr/nous?b=1&amp;c</a>',
        ),
        ("le pôle <Contrats>", "le pôle &lt;Contrats&gt;"),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_a_contact_is_a_link_when_it_can_be_one(contact: str, html: str) -> None:
    assert str(linked(contact)) == html


# --- who may embed -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", *PAGES, "/api", "/nulle-part", "/healthz", "/embed.js"])
def test_every_response_says_who_may_embed(client: TestClient, bare: TestClient, path: str) -> None:
    named = client.get(path, headers=PERSON).headers["content-security-policy"]
    default = bare.get(path, headers=PERSON).headers["content-security-policy"]

    assert "frame-ancestors 'self' https://intranet.example" in named
    assert default.rstrip(";").endswith("frame-ancestors 'self'")


@pytest.mark.parametrize(
    ("value", "sites"),
    [
        ("", ()),
        ("https://a.fr", ("https://a.fr",)),
        ("https://A.fr/ http://b:8080", ("https://a.fr", "http://b:8080")),
        ("https://*.ville.fr, https://c.fr", ("https://*.ville.fr", "https://c.fr")),
        (["https://a.fr"], ("https://a.fr",)),
    ],
)
def test_sites_that_may_embed_are_read(value: object, sites: tuple[str, ...]) -> None:
    assert read_frame_ancestors(value) == sites


@pytest.mark.parametrize(
    "value",
    [
        *("*", "https:", "a.fr", "https://a.fr/chemin", "https://a.fr?q", "https://a.fr:70000", "https://*", "data:"),
        *("https://a.fr; script-src *", "https://a.fr\nX-Header: 1", "https://a.fr\r\n", ["https://a.fr https://b.fr"]),
        *([3], 3),
    ],
)
def test_what_is_not_the_address_of_a_site_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is not"):
        read_frame_ancestors(value)


# --- colours and logo --------------------------------------------------------------------------


def test_one_s_own_colours_come_last_and_the_logo_is_named(client: TestClient) -> None:
    for path in ["/", *PAGES]:
        page = parsed(client.get(path).text)
        *_, ours, own = (str(link["href"]).partition("?")[0] for link in page.select("link[rel=stylesheet]"))
        assert re.fullmatch(r"motamot/(chat|panel|pages)\.css", ours), path
        assert own == "motamot/own.css"
        [logo] = page.select("img.mm-logo")
        assert (logo["src"], logo["alt"]) == ("motamot/logo.svg", "Ville de Test")
    assert client.get("/motamot/own.css").text == ":root { --mm-accent: #5a1846; }"


def test_a_logo_opened_by_its_address_runs_nothing(client: TestClient) -> None:
    logo = client.get("/motamot/logo.svg")

    assert logo.headers["content-type"] == "image/svg+xml"
    assert logo.headers["x-content-type-options"] == "nosniff"
    assert logo.headers["content-security-policy"].startswith("default-src 'none'")
    assert logo.headers["content-security-policy"].endswith("sandbox")


@pytest.mark.parametrize("name", ["own.css", "logo.svg", "logo.png"])
def test_without_a_theme_there_is_neither(bare: TestClient, name: str) -> None:
    assert bare.get(f"/motamot/{name}").status_code == 404
    assert name not in bare.get("/panneau").text


def test_a_theme_folder_that_brings_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="n’est pas un dossier"):
        check_theme(tmp_path / "absent")
    with pytest.raises(SettingsError, match=r"ni couleurs ni logo.*theme\.css.*logo\.svg.*logo\.png"):
        check_theme(tmp_path)


# --- pages -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PAGES, "/nulle-part"])
def test_nothing_is_inline_in_our_pages_and_no_cookie_is_set(client: TestClient, path: str) -> None:
    response = client.get(path, headers=PERSON)
    page = parsed(response.text)

    assert page.select("[style], style") == []
    assert [tag for tag in page.find_all() if any(name.startswith("on") for name in tag.attrs)] == []
    assert [script for script in page.find_all("script") if not script.get("src")] == []
    assert "unsafe" not in response.headers["content-security-policy"]
    assert "set-cookie" not in response.headers


def test_the_script_for_other_sites_is_small_and_may_be_loaded_from_anywhere(client: TestClient) -> None:
    script = client.get("/embed.js", headers={"accept-encoding": "gzip"})

    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    assert script.headers["access-control-allow-origin"] == "*"  # or no page could name its hash, or load a module
    assert int(script.headers["content-length"]) < 9_500
    assert client.get("/motamot/panel.js").headers["cross-origin-resource-policy"] == "same-origin"


def test_the_integration_page_gives_the_address_of_this_server(bare: TestClient) -> None:
    page = parsed(bare.get("/faq/integration", headers={"host": "intranet.example"}).text)
    codes = [code.get_text() for code in page.select(".mm-snippet code")]

    assert codes[0] == (
        '<script src="http://intranet.example/faq/embed.js" data-title="Posez votre question" defer></script>'
    )
    assert "script-src http://intranet.example; frame-src http://intranet.example" in codes
    assert len(page.select(".mm-snippet button")) == len(codes)


def test_the_accessibility_statement_is_the_operator_s(client: TestClient, bare: TestClient) -> None:
    named = parsed(client.get("/accessibilite").text).main.get_text()
    unnamed = parsed(bare.get("/accessibilite").text).main.get_text()

    assert "Ville de Test s’engage" in named
    assert "mairie@ville.example" in named
    assert "L’organisme qui publie ce service s’engage" in unnamed
    assert "n’a pas encore indiqué ici comment le joindre" in unnamed
    assert "non conforme" in named


# --- errors ------------------------------------------------------------------------------------


def test_a_person_gets_a_page_and_a_program_a_problem(client: TestClient) -> None:
    page = client.get("/nulle/part", headers=PERSON)
    problem = client.get("/nulle/part")
    posted = client.post("/nulle/part", headers=PERSON)

    assert [r.status_code for r in (page, problem, posted)] == [404, 404, 404]
    assert parsed(page.text).h1.get_text() == "Page introuvable"
    assert [r.headers["content-type"] for r in (problem, posted)] == ["application/problem+json"] * 2


def test_an_error_page_finds_its_style_from_any_depth_under_a_prefix(bare: TestClient) -> None:
    page = parsed(bare.get("/faq/nulle/part", headers=PERSON).text)

    [style] = page.select("link[rel=stylesheet]")
    assert bare.get(style["href"]).headers["content-type"].startswith("text/css")
    assert page.select_one(".mm-action")["href"] == "/faq/"


@pytest.mark.parametrize(
    ("trouble", "status", "said"),
    [
        (
            IndexStoreError("L’index manque : lancez « motamot build »."),
            503,
            "Les textes ne peuvent pas être lus pour le moment.",
        ),
        (RuntimeError("secret"), 500, "Une erreur de ce service empêche de répondre."),
    ],
)
def test_a_page_that_cannot_be_made_says_so_in_french(
    client: TestClient, assistant: MovingAssistant, trouble: Exception, status: int, said: str
) -> None:
    assistant.trouble = trouble
    try:
        response = client.get("/panneau", headers=PERSON)
        probe = client.get("/embed.js?essai=1")  # as the script of another site does
    finally:
        assistant.trouble = None

    assert (response.status_code, probe.status_code) == (status, status)
    assert said in plain(parsed(response.text).main.get_text())
    assert "secret" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
