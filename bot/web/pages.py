"""The light page, the script that embeds it in another site, and what those who publish or run the service look at."""

import time

from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response

from bot import phrases
from bot.logs import report_failure
from bot.service import MAX_HISTORY, MAX_QUESTION, Service
from bot.settings import MetricsFor
from bot.web.branding import LOGOS
from bot.web.rate_limits import RequestLimits
from bot.web.render import TYPES, content, fingerprint, greeting_html, integrity, notice_html, question_html
from bot.web.responses import RefusedError, address_of, page, problem
from bot.web.security import is_one_of
from corpus.errors import MotamotError

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


# --- for those who run the service ---


_FORWARDED = frozenset({"forwarded", "x-forwarded-for", "x-real-ip"})
"""Headers of a proxy: the request then comes from elsewhere, whatever the connection says."""


def build_health(service: Service, limits: RequestLimits, metrics_for: MetricsFor) -> APIRouter:
    """``/healthz``, ``/readyz`` and ``/metrics``."""
    router = APIRouter(include_in_schema=False)

    router.add_api_route("/healthz", alive)

    @router.get("/readyz", dependencies=[Depends(limits.reading)])
    async def readyz() -> Response:
        return await run_in_threadpool(ready, service)

    @router.get("/metrics")
    async def counters(request: Request) -> Response:
        if metrics_for == "non":
            return problem(404, phrases.NOT_FOUND)
        if metrics_for == "local" and not from_this_machine(request):
            return problem(403, phrases.METRICS_LOCAL)
        return Response(await run_in_threadpool(service.metrics.page), media_type=CONTENT_TYPE_LATEST)

    return router


async def alive(_: Request) -> JSONResponse:
    """That it listens."""
    return JSONResponse({"status": "ok"})


def ready(service: Service) -> Response:
    """Whether the index is loaded and a question of its own gets an answer; neither counted nor written down."""
    begun = time.perf_counter()
    try:
        about = service.about()
        if not about.documents:
            return problem(503, phrases.NO_DOCUMENT)
        trial = service.assistant.ask(about.examples[0] if about.examples else about.documents[0].title)
    except MotamotError as error:
        return problem(503, str(error))
    except Exception as error:  # noqa: BLE001  a probe reads a status, never a trace
        report_failure("the trial question could not be answered", error)
        return problem(503, phrases.SERVER_ERROR)
    return JSONResponse(
        {
            "status": "ready",
            "documents": len(about.documents),
            "index_built": about.built,
            "trial": trial.kind.value,
            "trial_ms": round((time.perf_counter() - begun) * 1000, 1),
            # The index before answers: the service is ready, and somebody must look.
            **({"problem": service.assistant.problem} if service.assistant.problem else {}),
        }
    )


def from_this_machine(request: Request) -> bool:
    """Whether a program of this machine asks, and no proxy for somebody else."""
    client = request.client.host if request.client else ""
    return _FORWARDED.isdisjoint(request.headers) and is_one_of(client, ("127.0.0.0/8", "::1"))
