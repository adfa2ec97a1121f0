"""The pages that prove a quote (the words, their place, the file), and those of one answer, to share and to print."""

import re
from collections.abc import Callable
from datetime import datetime
from mimetypes import guess_type
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from bot import phrases
from bot.answer import Answer, Quote
from bot.service import MAX_HISTORY, MAX_QUESTION, Service
from bot.web.rate_limits import RequestLimits
from bot.web.render import DEEP, LEADS, Addresses, answer_html
from bot.web.responses import RefusedError, page
from bot.web.source_files import Originals, Today
from bot.web.viewer import MAX_PAGES, Viewer, has_pictures, pages_of, window
from corpus.document import Document, Span

if TYPE_CHECKING:
    from bot.quoting import Library

MAX_WORDS = 20_000
"""Characters proven at once: six printed pages. A quote has a few hundred."""
_RANGE = re.compile(r"(0|[1-9][0-9]{0,8})-([1-9][0-9]{0,8})")
_NUMBER = re.compile(r"[1-9][0-9]{0,4}")
_KEPT = "private, max-age=86400, immutable"
"""An image belongs to the hash in its address: it never changes."""
_NOTHING_RUNS = "sandbox; default-src 'none'"
"""For files that others wrote, should a browser show one in spite of its headers."""

Earlier = Annotated[list[str] | None, Query()]
"""``avant``, repeated: the questions before this one, oldest first."""


def build_proof(
    service: Service, limits: RequestLimits, originals: Originals, now: Callable[[], datetime] = datetime.now
) -> APIRouter:
    """The routes of proof.

    Args:
        service: Its assistant knows the documents.
        limits: Of what each client reads.
        originals: The files behind the documents.
        now: The moment of a check, in local time.
    """
    router = APIRouter(include_in_schema=False, dependencies=[Depends(limits.reading)])
    assistant = service.assistant
    viewer = Viewer(originals)

    @router.get("/preuve/{sha256}/{place}")
    def proof(request: Request, sha256: str, place: str) -> Response:
        document, span, quote = _find(assistant.library, sha256, place)
        standing = originals.standing(document, span)
        return page(
            request,
            "proof.html",
            base=DEEP,
            addresses=Addresses(DEEP),
            quote=quote,
            pages=pages_of(document, span),
            standing=standing,
            now=now(),
            file=standing.today is Today.SAME_FILE,
            rebuild=standing.today is not Today.SAME_FILE,
            address=absolute(request, Addresses().proof(quote)),
        )

    @router.get("/document/{sha256}/page-{number}.webp")
    def image(sha256: str, number: str) -> Response:
        document = assistant.library.document(sha256)
        known = document and _NUMBER.fullmatch(number) and int(number) <= len(document.pages)
        drawn = viewer.image(document, int(number)) if document and known else None
        if drawn is None:
            raise RefusedError(404, phrases.NO_SUCH_PAGE)
        return Response(drawn, media_type="image/webp", headers={"Cache-Control": _KEPT})

    @router.get("/document/{sha256}/{place}")
    def place_in_document(request: Request, sha256: str, place: str) -> Response:
        document, span, quote = _find(assistant.library, sha256, place)
        own = pages_of(document, span)
        asked = request.query_params.get("page", "")
        turned = int(asked) if _NUMBER.fullmatch(asked) and int(asked) <= len(document.pages) else None
        marked = own[:MAX_PAGES]
        numbers = marked if turned is None else range(turned, turned + 1)
        spread = viewer.spread(document, span, numbers)
        return page(
            request,
            "viewer.html",
            base=DEEP,
            addresses=Addresses(DEEP),
            quote=quote,
            place=place,
            pages=own,
            spread=spread,
            first_marked=next((sheet.number for sheet in spread.sheets if sheet.boxes), 0) if spread else 0,
            total=len(document.pages),
            before=numbers[0] - 1 if spread else 0,
            after=numbers[-1] + 1 if spread and numbers[-1] < len(document.pages) else 0,
            away=numbers != marked,
            window=None if spread else window(document, span),
            unseen=not spread and has_pictures(document),
            file=originals.path(document) is not None,
        )

    @router.get("/fichier/{sha256}")
    def file(sha256: str) -> Response:
        found = assistant.library.document(sha256)
        if found is None:
            raise RefusedError(404, phrases.UNKNOWN_DOCUMENT)
        path = originals.path(found)
        if path is None:
            raise RefusedError(404, phrases.FILE_GONE)
        kind, _ = guess_type(path.name)
        headers = {"Cache-Control": "private, no-cache", "Content-Security-Policy": _NOTHING_RUNS}
        return FileResponse(path, media_type=kind or "application/octet-stream", filename=path.name, headers=headers)

    return router


def _find(library: "Library", sha256: str, place: str) -> tuple[Document, Span, Quote]:
    """What an address designates."""
    document = library.document(sha256)
    if document is None:
        raise RefusedError(404, phrases.UNKNOWN_DOCUMENT)
    found = _RANGE.fullmatch(place)
    start, end = (int(found[1]), int(found[2])) if found else (0, 0)
    if not start < end <= len(document.text) or not document.text[start:end].strip():
        raise RefusedError(404, phrases.NO_WORDS)
    if end - start > MAX_WORDS:
        raise RefusedError(404, phrases.too_many_words(MAX_WORDS))
    span = Span(start, end)
    return document, span, library.quote(document, span)


def absolute(request: Request, address: str) -> str:
    """The whole address of a page of ours, as the visitor reached this one."""
    return f"{str(request.base_url).rstrip('/')}/{address}"


def build_answer_pages(
    service: Service, limits: RequestLimits, now: Callable[[], datetime] = datetime.now
) -> APIRouter:
    """The routes of one question.

    A visit is counted as a question, since it costs as much; the journal does not write it down: what was asked
    once and shared with fifty people would stand there as asked fifty times.

    Args:
        service: Answers.
        limits: Of what each client asks.
        now: The moment of the consultation, in local time.
    """
    router = APIRouter(include_in_schema=False, dependencies=[Depends(limits.question, scope="function")])

    @router.get("/reponse")
    async def shared(request: Request, question: str = "", avant: Earlier = None) -> Response:
        answer = await run_in_threadpool(_answer, service, question, avant)
        contact = request.app.state.branding.contact
        # Already escaped: the same HTML as in the chat.
        reply = Markup(answer_html(answer, contact=contact, standalone=True))
        return page(request, "reply.html", question=answer.question, earlier=answer.reading.of, reply=reply)

    @router.get("/fiche")
    async def sheet(request: Request, question: str = "", avant: Earlier = None) -> Response:
        answer = await run_in_threadpool(_answer, service, question, avant)
        first = answer.quotes[0] if answer.quotes else None
        document = service.assistant.library.document(first.source.sha256) if first else None
        return page(
            request,
            "sheet.html",
            answer=answer,
            lead=LEADS[answer.kind],
            addresses=Addresses.of_answer(answer),
            earlier=answer.reading.of,
            pages=pages_of(document, Span(first.start, first.end)) if first and document else range(0),
            address=absolute(request, Addresses().proof(first)) if first else "",
            today=phrases.french_date(now().date().isoformat()),
        )

    return router


def _answer(service: Service, question: str, earlier: list[str] | None) -> Answer:
    asked, history = question.strip(), tuple(earlier or ())[-MAX_HISTORY:]
    if not asked:
        raise RefusedError(404, phrases.EMPTY_ADDRESS)
    longest = max(map(len, (asked, *history)))
    if longest > MAX_QUESTION:
        raise RefusedError(413, phrases.too_long(longest, MAX_QUESTION))
    return service.answer(asked, history)
