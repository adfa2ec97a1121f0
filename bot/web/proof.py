"""The pages that prove a quote (the words, their place, the file), and those of one answer, to share and to print."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from mimetypes import guess_type
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from bot import phrases
from bot.answer import Answer, Quote
from bot.service import MAX_HISTORY, MAX_QUESTION, Service
from bot.web.rate_limits import RequestLimits
from bot.web.render import DEEP, LEADS, Addresses, answer_html, place_of
from bot.web.responses import RefusedError, page
from bot.web.source_files import Originals, Standing, since
from bot.web.viewer import MAX_PAGES, Viewer, has_pictures, pages_of, window
from corpus.document import Document, Span
from corpus.kept_editions import KeptEdition

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
        originals: The files behind the documents, and their earlier editions.
        now: The moment of a check, in local time.
    """
    router = APIRouter(include_in_schema=False, dependencies=[Depends(limits.reading)])
    pages = _ProofPages(service, originals, now)
    router.add_api_route("/preuve/{sha256}/{place}", pages.proof)
    router.add_api_route("/document/{sha256}/page-{number}.webp", pages.image)
    router.add_api_route("/document/{sha256}/{place}", pages.place_in_document)
    router.add_api_route("/fichier/{sha256}", pages.file)
    return router


class _ProofPages:
    """The routes of proof, which share a viewer."""

    def __init__(self, service: Service, originals: Originals, now: Callable[[], datetime]) -> None:
        self._service = service
        self._originals = originals
        self._viewer = Viewer(originals)
        self._now = now

    def proof(self, request: Request, sha256: str, place: str) -> Response:
        """The words, the document, and whether it says them today."""
        cited = find_cited(self._service.assistant.library, self._originals, sha256, place)
        return page(
            request,
            "proof.html",
            base=DEEP,
            addresses=Addresses(DEEP),
            quote=cited.quote,
            pages=pages_of(cited.document, cited.span),
            standing=cited.standing(),
            is_earlier=cited.kept is not None,
            now=self._now(),
            file=self._originals.path(cited.document) is not None,
            address=absolute(request, Addresses().proof(cited.quote)),
        )

    def image(self, sha256: str, number: str) -> Response:
        """A page of a document, drawn."""
        document = self._document(sha256)
        known = document and _NUMBER.fullmatch(number) and int(number) <= len(document.pages)
        drawn = self._viewer.image(document, int(number)) if document and known else None
        if drawn is None:
            raise RefusedError(404, phrases.NO_SUCH_PAGE)
        return Response(drawn, media_type="image/webp", headers={"Cache-Control": _KEPT})

    def place_in_document(self, request: Request, sha256: str, place: str) -> Response:
        """The words in their document."""
        cited = find_cited(self._service.assistant.library, self._originals, sha256, place)
        document, span = cited.document, cited.span
        own = pages_of(document, span)
        asked = request.query_params.get("page", "")
        turned = int(asked) if _NUMBER.fullmatch(asked) and int(asked) <= len(document.pages) else None
        marked = own[:MAX_PAGES]
        numbers = marked if turned is None else range(turned, turned + 1)
        spread = self._viewer.spread(document, span, numbers)
        return page(
            request,
            "viewer.html",
            base=DEEP,
            addresses=Addresses(DEEP),
            quote=cited.quote,
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
            is_earlier=cited.kept is not None,
            file=self._originals.path(document) is not None,
        )

    def file(self, sha256: str) -> Response:
        """The file itself."""
        document = self._document(sha256)
        if document is None:
            raise RefusedError(404, phrases.UNKNOWN_DOCUMENT)
        path = self._originals.path(document)
        if path is None:
            raise RefusedError(404, phrases.FILE_GONE)
        name = PurePath(document.source.file).name
        kind, _ = guess_type(name)
        headers = {"Cache-Control": "private, no-cache", "Content-Security-Policy": _NOTHING_RUNS}
        return FileResponse(path, media_type=kind or "application/octet-stream", filename=name, headers=headers)

    def _document(self, sha256: str) -> Document | None:
        if document := self._service.assistant.library.document(sha256):
            return document
        kept = self._originals.edition(sha256)
        return kept.document if kept else None


@dataclass(frozen=True, slots=True)
class Cited:
    """What an address designates."""

    document: Document
    span: Span
    quote: Quote
    kept: KeptEdition | None
    """Where it is of an earlier edition."""
    library: "Library"
    originals: Originals

    def standing(self) -> Standing:
        """What became of it."""
        if self.kept:
            return since(self.kept, self.span, self.library)
        return self.originals.standing(self.document, self.span)


def find_cited(library: "Library", originals: Originals, sha256: str, place: str) -> Cited:
    """What an address designates, in what is quoted now or in an earlier edition.

    Raises:
        RefusedError: No document has this hash, or it has no such words.
    """
    document, kept = library.document(sha256), None
    if document is None and (kept := originals.edition(sha256)):
        document = kept.document
    if document is None:
        raise RefusedError(404, phrases.UNKNOWN_DOCUMENT)
    found = _RANGE.fullmatch(place)
    start, end = (int(found[1]), int(found[2])) if found else (0, 0)
    if not start < end <= len(document.text) or not document.text[start:end].strip():
        raise RefusedError(404, phrases.NO_WORDS)
    if end - start > MAX_WORDS:
        raise RefusedError(404, phrases.too_many_words(MAX_WORDS))
    span = Span(start, end)
    holder = library.of_documents([kept.document], kept.entries) if kept else library
    return Cited(document, span, holder.quote(document, span), kept, library, originals)


def absolute(request: Request, address: str) -> str:
    """The whole address of a page of ours, as the visitor reached this one."""
    return f"{str(request.base_url).rstrip('/')}/{address}"


def build_answer_pages(
    service: Service, limits: RequestLimits, originals: Originals, now: Callable[[], datetime] = datetime.now
) -> APIRouter:
    """The routes of one question.

    A visit is counted as a question, since it costs as much; the journal does not write it down: what was asked
    once and shared with fifty people would stand there as asked fifty times.

    Args:
        service: Answers.
        limits: Of what each client asks.
        originals: With the earlier editions, which older links quoted.
        now: The moment of the consultation, in local time.
    """
    router = APIRouter(include_in_schema=False, dependencies=[Depends(limits.question, scope="function")])

    @router.get("/reponse")
    async def shared(request: Request, question: str = "", avant: Earlier = None, cite: str = "") -> Response:
        answer = await run_in_threadpool(_answer, service, question, avant)
        cited = await run_in_threadpool(_cited_then, service, originals, answer, cite) if cite else None
        contact = request.app.state.branding.contact
        # Already escaped: the same HTML as in the chat.
        reply = Markup(answer_html(answer, contact=contact, standalone=True))
        return page(
            request,
            "reply.html",
            question=answer.question,
            earlier=answer.reading.of,
            reply=reply,
            cited=cited,
            addresses=Addresses(),
        )

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


def _cited_then(service: Service, originals: Originals, answer: Answer, cite: str) -> tuple[Cited, Standing] | None:
    """What the answer quoted when its link was given, and what became of it; None where it quotes the same today."""
    sha256, _, place = cite.partition("/")
    first = answer.quotes[0] if answer.quotes else None
    if first and cite == place_of(first):
        return None
    try:
        found = find_cited(service.assistant.library, originals, sha256, place)
    except RefusedError:
        return None  # an address that was cut, or of a document that nobody kept
    if first and found.quote.text == first.text and found.quote.source.document == first.source.document:
        return None
    return found, found.standing()
