"""The pages that prove a quote, and those of one answer to share and to print."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from mimetypes import guess_type
from pathlib import Path, PurePath
from typing import Annotated

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from bot import phrases
from bot.answer import Answer, Quote
from bot.conversation import subject
from bot.service import MAX_HISTORY, MAX_QUESTION, AssistantLike, Service
from bot.web.render import DEEP, LEADS, Addresses, answer_html
from bot.web.responses import explain, page
from bot.web.source_files import Originals, Today
from bot.web.viewer import MAX_PAGES, Viewer, pages_of, window
from corpus.document import Document, Span

MAX_WORDS = 20_000
"""Characters proven at once: six printed pages. A quote has a few hundred."""
_RANGE = re.compile(r"(0|[1-9][0-9]{0,8})-([1-9][0-9]{0,8})")
_NUMBER = re.compile(r"[1-9][0-9]{0,4}")
_KEPT = "private, max-age=86400, immutable"
"""An image belongs to the hash in its address: it never changes."""
_NOTHING_RUNS = "sandbox; default-src 'none'"
"""For files that others wrote, should a browser show one in spite of its headers."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What an address designates."""

    document: Document
    span: Span
    quote: Quote


class _NotFoundError(Exception):
    """An address that designates nothing; its message, in French, says why."""


def build_proof(assistant: AssistantLike, originals: Originals, now: Callable[[], datetime]) -> APIRouter:
    """The routes of proof.

    Args:
        assistant: Knows the documents.
        originals: The files behind them.
        now: The moment of a check, in local time.
    """
    router = APIRouter(include_in_schema=False)
    viewer = Viewer(originals)

    @router.get("/preuve/{sha256}/{place}")
    def proof(request: Request, sha256: str, place: str) -> Response:
        try:
            shown = _find(assistant, sha256, place)
        except _NotFoundError as lost:
            return explain(request, 404, str(lost))
        standing = originals.standing(shown.document, shown.span)
        return page(
            request,
            "proof.html",
            base=DEEP,
            addresses=Addresses(DEEP),
            quote=shown.quote,
            pages=pages_of(shown.document, shown.span),
            standing=standing,
            now=now(),
            file=standing.today is Today.SAME_FILE,
            rebuild=standing.today is not Today.SAME_FILE,
            address=absolute(request, Addresses().proof(shown.quote)),
        )

    @router.get("/document/{sha256}/{place}")
    async def document(request: Request, sha256: str, place: str) -> Response:
        if drawn := re.fullmatch(r"page-([1-9][0-9]{0,4})\.webp", place):
            return await run_in_threadpool(_image, assistant, viewer, request, sha256, int(drawn[1]))
        return await run_in_threadpool(_view, assistant, viewer, originals, request, sha256, place)

    @router.get("/fichier/{sha256}")
    def file(request: Request, sha256: str) -> Response:
        found = assistant.library.document(sha256)
        if found is None:
            return explain(request, 404, phrases.UNKNOWN_DOCUMENT)
        path = originals.path(found)
        return _attached(path) if path else explain(request, 404, phrases.FILE_GONE)

    return router


def absolute(request: Request, address: str) -> str:
    """The whole address of a page of ours, as the visitor reached this one."""
    return f"{str(request.base_url).rstrip('/')}/{address}"


def _find(assistant: AssistantLike, sha256: str, place: str) -> _Shown:
    library = assistant.library  # once: the index may be replaced between two looks
    document = library.document(sha256)
    if document is None:
        raise _NotFoundError(phrases.UNKNOWN_DOCUMENT)
    found = _RANGE.fullmatch(place)
    start, end = (int(found[1]), int(found[2])) if found else (0, 0)
    if not start < end <= len(document.text) or not document.text[start:end].strip():
        raise _NotFoundError(phrases.NO_WORDS)
    if end - start > MAX_WORDS:
        raise _NotFoundError(phrases.too_many_words(MAX_WORDS))
    span = Span(start, end)
    return _Shown(document, span, library.quote(document, span))


def _view(
    assistant: AssistantLike, viewer: Viewer, originals: Originals, request: Request, sha256: str, place: str
) -> Response:
    try:
        shown = _find(assistant, sha256, place)
    except _NotFoundError as lost:
        return explain(request, 404, str(lost))
    own = pages_of(shown.document, shown.span)
    asked = request.query_params.get("page", "")
    turned = int(asked) if _NUMBER.fullmatch(asked) and int(asked) <= len(shown.document.pages) else None
    marked = own[:MAX_PAGES]
    numbers = marked if turned is None else range(turned, turned + 1)
    spread = viewer.spread(shown.document, shown.span, numbers)
    return page(
        request,
        "viewer.html",
        base=DEEP,
        addresses=Addresses(DEEP),
        quote=shown.quote,
        place=place,
        pages=own,
        spread=spread,
        first_marked=next((sheet.number for sheet in spread.sheets if sheet.boxes), 0) if spread else 0,
        total=len(shown.document.pages),
        before=numbers[0] - 1 if spread else 0,
        after=numbers[-1] + 1 if spread and numbers[-1] < len(shown.document.pages) else 0,
        away=numbers != marked,
        window=None if spread else window(shown.document, shown.span),
        unseen=not spread and PurePath(shown.document.source.file).suffix.lower() == ".pdf",
        file=originals.path(shown.document) is not None,
    )


def _image(assistant: AssistantLike, viewer: Viewer, request: Request, sha256: str, number: int) -> Response:
    document = assistant.library.document(sha256)
    image = viewer.image(document, number) if document and number <= len(document.pages) else None
    if image is None:
        return explain(request, 404, phrases.NO_SUCH_PAGE)
    return Response(image, media_type="image/webp", headers={"Cache-Control": _KEPT})


def _attached(path: Path) -> Response:
    kind, _ = guess_type(path.name)
    return FileResponse(
        path,
        media_type=kind or "application/octet-stream",
        filename=path.name,
        headers={"Cache-Control": "private, no-cache", "Content-Security-Policy": _NOTHING_RUNS},
    )


Earlier = Annotated[list[str] | None, Query()]
"""``avant``, repeated: the questions before this one, oldest first."""


def build_reply(service: Service, now: Callable[[], datetime]) -> APIRouter:
    """The routes of one question.

    A visit is counted as a question, since it costs as much; the journal does not write it down: what was asked
    once and shared with fifty people would stand there as asked fifty times.

    Args:
        service: Answers.
        now: The moment of the consultation, in local time.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/reponse")
    def reply(request: Request, question: str = "", avant: Earlier = None) -> Response:
        history = tuple(avant or ())[-MAX_HISTORY:]
        answer = _answer(service, request, question, history)
        if isinstance(answer, Response):
            return answer
        return page(
            request,
            "reply.html",
            question=answer.question,
            earlier=subject(history),
            # Already escaped: the same HTML as in the chat.
            reply=Markup(answer_html(answer, history, contact=request.app.state.branding.contact, standalone=True)),
        )

    @router.get("/fiche")
    def sheet(request: Request, question: str = "", avant: Earlier = None) -> Response:
        history = tuple(avant or ())[-MAX_HISTORY:]
        answer = _answer(service, request, question, history)
        if isinstance(answer, Response):
            return answer
        first = answer.quotes[0] if answer.quotes else None
        return page(
            request,
            "sheet.html",
            answer=answer,
            lead=LEADS[answer.kind],
            addresses=Addresses.of_answer(answer.question, history),
            earlier=subject(history),
            pages=_pages(service.assistant, first) if first else range(0),
            address=absolute(request, Addresses().proof(first)) if first else "",
            today=phrases.french_date(now().date().isoformat()),
        )

    return router


def _answer(service: Service, request: Request, question: str, history: tuple[str, ...]) -> Answer | Response:
    """The answer, or the page that says why there is none."""
    asked = question.strip()
    if not asked:
        return explain(request, 404, phrases.EMPTY_ADDRESS)
    longest = max(map(len, (asked, *history)))
    if longest > MAX_QUESTION:
        return explain(request, 413, phrases.too_long(longest, MAX_QUESTION))
    return service.answer(asked, history)


def _pages(assistant: AssistantLike, quote: Quote) -> range:
    document = assistant.library.document(quote.source.sha256)
    return pages_of(document, Span(quote.start, quote.end)) if document else range(0)
