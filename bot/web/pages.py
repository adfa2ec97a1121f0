"""The light page, the script that embeds it in another site, and the pages for those who publish the service."""

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from bot import phrases
from bot.service import MAX_HISTORY, MAX_QUESTION, Service
from bot.web.assets import TYPES, content, fingerprint, integrity
from bot.web.branding import LOGOS
from bot.web.render import greeting_html, notice_html, question_html
from bot.web.responses import RefusedError, address_of, page

FRESH = {"Cache-Control": "no-cache"}
"""Kept by browsers, and asked about again each time: a file may change with a new version."""
UNCHANGING = {"Cache-Control": "public, max-age=31536000, immutable"}
"""For an address that names its content."""
SAFE_IMAGE = {**FRESH, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
"""An SVG opened by its own address is a document: it runs nothing and fetches nothing."""
SHAPES = frozenset({"panneau", "bloc"})
"""How the light page is embedded: it fills a panel that has its title, or is a block as high as its content."""


def build_pages(service: Service) -> APIRouter:
    """The routes of these pages."""
    pages = APIRouter(include_in_schema=False)

    @pages.get("/panneau")
    async def panel(request: Request, forme: str = "") -> Response:
        about = await run_in_threadpool(service.about)
        return page(
            request,
            "panel.html",
            shape=forme if forme in SHAPES else "alone",
            # Already escaped, by the templates that the chat uses too.
            greeting=Markup(greeting_html(about, service.journal_days)),
            blank=Markup(question_html("")),
            trouble=Markup(notice_html("")),
            feedback=service.journal is not None,
            journal_days=service.journal_days,
            max_question=MAX_QUESTION,
            max_history=MAX_HISTORY,
        )

    @pages.get("/integration")
    async def integration(request: Request) -> Response:
        return page(
            request,
            "integration.html",
            about=await run_in_threadpool(service.about),
            address=address_of(request),
            origin=f"{request.url.scheme}://{request.url.netloc}",
            integrity=integrity("embed.js"),
        )

    @pages.get("/embed.js")
    async def embed(essai: str | None = None) -> Response:
        if essai is not None:  # the script asks whether the panel could be shown
            await run_in_threadpool(service.about)
        # The one file that a page of another site loads, whatever policy that page has.
        headers = {**FRESH, "Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
        return Response(content("embed.js"), media_type="text/javascript", headers=headers)

    for path, endpoint in (
        ("/statut", status),
        ("/accessibilite", accessibility),
        ("/motamot/own.css", own_style),
        ("/motamot/logo.{kind}", own_logo),
        ("/motamot/{name}", static_file),
    ):
        pages.add_api_route(path, endpoint)
    return pages


async def status(request: Request) -> Response:
    """What the line beside a quote says of its value in law."""
    return page(request, "status.html")


async def accessibility(request: Request) -> Response:
    """The statement that the law asks for."""
    return page(request, "accessibility.html")


async def own_style(request: Request) -> Response:
    """The operator's colours."""
    style = request.app.state.branding.style
    if style is None:
        raise RefusedError(404, phrases.NOT_FOUND)
    return FileResponse(style, media_type="text/css", headers=FRESH)


async def own_logo(request: Request, kind: str) -> Response:
    """The operator's logo."""
    logo = request.app.state.branding.logo
    if logo is None or logo.name != f"logo.{kind}":
        raise RefusedError(404, phrases.NOT_FOUND)
    return FileResponse(logo, media_type=LOGOS[logo.name], headers=SAFE_IMAGE)


async def static_file(request: Request) -> Response:
    """A file of ours, as it is."""
    name = request.path_params["name"]
    if name not in TYPES:
        raise RefusedError(404, phrases.NOT_FOUND)
    known = request.query_params.get("v") == fingerprint(name)
    return Response(content(name), media_type=TYPES[name], headers=UNCHANGING if known else FRESH)
