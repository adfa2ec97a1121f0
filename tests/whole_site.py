"""The whole site on a small corpus, every kind of answer in it, and a page of another site that embeds it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from fake_assistant import HOSTILE, HOSTILE_TEXT, FakeAssistant, answered, quote, refused
from fpdf import FPDF
from printed_corpus import TOWN, assistant_on, documents, write_printed_corpus
from real_site import free_port, served
from seed_files import listed
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.answer import Answer, Kind, ReadAs, Reading
from bot.journal import Journal, Record
from bot.quoting import Library
from bot.web.branding import Branding
from bot.web.server import build_app
from corpus.errors import IndexStoreError

CODE = {
    "title": "Code communal des déchets et de la propreté",
    "date": "2020-11-20",
    "notice": "abrogé le 1er janvier 2023",
}
ARTICLES = [
    f"Article {number}. Le dépositaire {number} remet le bordereau {number * 7} au gardien de la zone {number * 3}, "
    f"qui le signe et le garde {number + 2} jours."
    for number in range(1, 91)
]
UNAVAILABLE = "indisponible"
BROKEN_DOWN = "panne"
HOST = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Intranet des élus</title><link rel="stylesheet" href="host.css">{head}</head>
<body><header>Intranet</header><main><h1>Dossiers de la commune</h1><p><a href="#suite">La suite</a></p>{body}
<p id="suite">La suite du dossier.</p></main></body></html>"""
BUTTON = '<script src="{base}embed.js" data-title="Questions sur les déchets" defer></script>'
BLOCK = '<motamot-chat data-title="Vos questions"></motamot-chat>'
# A site with rules of its own, which must not reach the button or the panel, nor the other way round.
HOST_STYLE = (
    "body { margin: 0 } div, aside, button, dialog { display: none; margin: 99px; background: #fff; color: #fff }"
    "motamot-chat:not(:defined) { display: block; height: min(600px, 88dvh) }"
)


def write_corpus(folder: Path) -> Path:
    """The printed corpus, and a code of 90 articles over several pages."""
    write_printed_corpus(folder)
    with (folder / "catalogue.toml").open("a", encoding="utf-8") as catalogue:
        catalogue.write(listed("code.pdf", publisher=TOWN, kind="circular", **CODE))
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(auto=True, margin=20)
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    for article in ARTICLES:
        pdf.multi_cell(0, 7, article, new_x="LMARGIN", new_y="NEXT")
        pdf.ln(4)
    pdf.output(str(folder / "documents" / "code.pdf"))
    return folder


def assistant_of(folder: Path) -> FakeAssistant:
    """The printed corpus's assistant, and: "longue" (3,000 characters and three more quotes), "fleuve" (11,000), a
    clarification, a greeting, two failures."""
    known = documents(folder)
    assistant, code = assistant_on(known), known["code"]
    starts = [code.text.index(f"Article {number}.") for number in (1, 28, 30, 32, 34)]
    long, *others = (quote(code, code.text[a:b].strip()) for a, b in pairwise(starts))
    first = long.text[: long.text.index("Article 2.")].strip()
    assistant.answers |= {
        "longue": answered("longue", quote(code, long.text, first), *others, understood=(("déchet", "déchèterie"),)),
        "fleuve": answered("fleuve", quote(code, code.text.strip())),
        "piège": answered("piège", quote(HOSTILE, HOSTILE_TEXT, "dixième point"), quote(HOSTILE, "Après.")),
        "aides": Answer("aides", Kind.CLARIFY, 0.5, "De quoi s’agit-il ?", suggestions=("dépôt", "horaires")),
        "bonjour": Answer("bonjour", Kind.SMALLTALK, 1.0, "Bonjour. Je vous écoute."),
        "et là ?": replace(refused("et là ?"), reading=Reading(ReadAs.FOLLOW_UP, "dépôt", ("dépôt",))),
    }
    assistant.failures |= {
        BROKEN_DOWN: RuntimeError("secret"),
        UNAVAILABLE: IndexStoreError("L’index manque : lancez « motamot build »."),
    }
    assistant.library = Library.of_documents([*documents(folder).values(), HOSTILE])
    return assistant


@dataclass(frozen=True, slots=True)
class WholeSite:
    """The service, and the page of another site (another port, so another origin) that embeds it."""

    url: str
    host: str
    assistant: FakeAssistant
    journal: Journal
    app: Any

    pages: dict[str, str]
    """Of the other site, by name."""

    def host_page(self, name: str, head: str = BUTTON, body: str = "") -> str:
        """Write a page of the other site and return its address."""
        self.pages[name] = HOST.format(head=head.format(base=self.url), body=body.format(base=self.url))
        return self.host + name

    def opinions(self) -> dict[str, Record]:
        """What the journal knows of each question."""
        return {line.question: line for line in self.journal.records()}


@contextmanager
def whole_site(folder: Path) -> Iterator[WholeSite]:
    """Both served, with the journal on, until the end of the block."""
    corpus = write_corpus(folder / "corpus")
    port, host = free_port(), free_port()
    url, around = f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{host}/"
    assistant = assistant_of(corpus)
    branding = Branding("Ville de Montbrun", "mairie@montbrun.example", embedded_by=(around.rstrip("/"),))
    with closing(Journal(folder / "journal.sqlite3", 90)) as journal:
        app = build_app(assistant, branding=branding, corpus=corpus, journal=journal)
        pages: dict[str, str] = {}
        site = WholeSite(url, around, assistant, journal, app, pages)
        site.host_page("")
        site.host_page("bloc", body=BLOCK)
        with served(app, port), served(host_site(url, pages), host):
            yield site


def host_site(url: str, pages: dict[str, str]) -> Starlette:
    """These pages, under a policy that lets in nothing but our site."""
    origin = url.rstrip("/")
    policy = f"default-src 'none'; style-src 'self'; script-src {origin}; frame-src {origin}; base-uri 'none'"

    def page(request: Request) -> Response:
        if request.path_params["name"] == "host.css":
            return Response(HOST_STYLE, media_type="text/css")
        if request.path_params["name"] == "favicon.ico":
            return Response(status_code=204)
        return HTMLResponse(pages[request.path_params["name"]], headers={"Content-Security-Policy": policy})

    return Starlette(routes=[Route("/{name:path}", page)])
