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
from starlette.responses import FileResponse, Response

from bot import phrases
from bot.answer import Answer, Quote
from bot.service import MAX_HISTORY, MAX_QUESTION, Service
from bot.web.rate_limits import RequestLimits
from bot.web.render import DEEP, LEADS, Addresses, answer_html, place_of
from bot.web.responses import RefusedError, address_of, page
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
    """The routes of proof, and those of one question.

    A visit to the latter is counted as a question, since it costs as much; the journal does not write it down: what
    was asked once and shared with fifty people would stand there as asked fifty times.
    ``now`` is the moment of a check, in local time.
    """
    router = APIRouter(include_in_schema=False)
    reading = [Depends(limits.reading)]
    asking = [Depends(limits.question, scope="function")]
    viewer = Viewer(originals)

    @router.get("/preuve/{sha256}/{place}", dependencies=reading)
    def proof(request: Request, sha256: str, place: str) -> Response:
        library = service.assistant.library
        cited = find_cited(library, originals, sha256, place)
        return page(
            request,
            "proof.html",
            base=DEEP,
            addresses=Addresses(DEEP),
            quote=cited.quote,
            pages=pages_of(cited.document, cited.span),
            standing=standing_of(cited, library, originals),
            is_earlier=cited.kept is not None,
            now=now(),
            file=originals.path(cited.document) is not None,
            address=address_of(request) + Addresses().proof(cited.quote),
        )

    @router.get("/document/{sha256}/page-{number}.webp", dependencies=reading)
    def image(sha256: str, number: str) -> Response:
        document, _ = find_document(service.assistant.library, originals, sha256)
        known = _NUMBER.fullmatch(number) and int(number) <= len(document.pages)
        drawn = viewer.image(document, int(number)) if known else None
        if drawn is None:
            raise RefusedError(404, phrases.NO_SUCH_PAGE)
        return Response(drawn, media_type="image/webp", headers={"Cache-Control": _KEPT})

    @router.get("/document/{sha256}/{place}", dependencies=reading)
    def place_in_document(request: Request, sha256: str, place: str) -> Response:
        cited = find_cited(service.assistant.library, originals, sha256, place)
        document, span = cited.document, cited.span
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
            file=originals.path(document) is not None,
        )

    @router.get("/fichier/{sha256}", dependencies=reading)
    def file(sha256: str) -> Response:
        document, _ = find_document(service.assistant.library, originals, sha256)
        path = originals.path(document)
        if path is None:
            raise RefusedError(404, phrases.FILE_GONE)
        name = PurePath(document.source.file).name
        kind, _ = guess_type(name)
        headers = {"Cache-Control": "private, no-cache", "Content-Security-Policy": _NOTHING_RUNS}
        return FileResponse(path, media_type=kind or "application/octet-stream", filename=name, headers=headers)

    @router.get("/reponse", dependencies=asking)
    def shared(request: Request, question: str = "", avant: Earlier = None, cite: str = "") -> Response:
        answer, library = _answer(service, question, avant), service.assistant.library
        cited = _cited_then(library, originals, answer, cite) if cite else None
        return page(
            request,
            "reply.html",
            question=answer.question,
            earlier=answer.reading.of,
            # Already escaped: the same HTML as in the chat.
            reply=Markup(answer_html(answer, contact=request.app.state.branding.contact, standalone=True)),
            cited=cited,
            standing=standing_of(cited, library, originals) if cited else None,
            addresses=Addresses(),
        )

    @router.get("/fiche", dependencies=asking)
    def sheet(request: Request, question: str = "", avant: Earlier = None) -> Response:
        answer = _answer(service, question, avant)
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
            address=address_of(request) + Addresses().proof(first) if first else "",
            today=phrases.french_date(now().date().isoformat()),
        )

    return router


@dataclass(frozen=True, slots=True)
class Cited:
    """What an address designates."""

    document: Document
    span: Span
    quote: Quote
    kept: KeptEdition | None
    """Where it is of an earlier edition."""


def find_document(library: "Library", originals: Originals, sha256: str) -> tuple[Document, KeptEdition | None]:
    """A document that is quoted now, or an earlier edition of one."""
    if document := library.document(sha256):
        return document, None
    if kept := originals.edition(sha256):
        return kept.document, kept
    raise RefusedError(404, phrases.UNKNOWN_DOCUMENT)


def find_cited(library: "Library", originals: Originals, sha256: str, place: str) -> Cited:
    """What an address designates, in what is quoted now or in an earlier edition.

    Raises:
        RefusedError: No document has this hash, or it has no such words.
    """
    document, kept = find_document(library, originals, sha256)
    found = _RANGE.fullmatch(place)
    start, end = (int(found[1]), int(found[2])) if found else (0, 0)
    if not start < end <= len(document.text) or not document.text[start:end].strip():
        raise RefusedError(404, phrases.NO_WORDS)
    if end - start > MAX_WORDS:
        raise RefusedError(404, phrases.too_many_words(MAX_WORDS))
    span = Span(start, end)
    holder = library.of_documents([kept.document], kept.entries) if kept else library
    return Cited(document, span, holder.quote(document, span), kept)


def standing_of(cited: Cited, library: "Library", originals: Originals) -> Standing:
    """What became of it."""
    if cited.kept:
        return since(cited.kept, cited.span, library)
    return originals.standing(cited.document, cited.span)


def _answer(service: Service, question: str, earlier: list[str] | None) -> Answer:
    asked, history = question.strip(), tuple(earlier or ())[-MAX_HISTORY:]
    if not asked:
        raise RefusedError(404, phrases.EMPTY_ADDRESS)
    longest = max(map(len, (asked, *history)))
    if longest > MAX_QUESTION:
        raise RefusedError(413, phrases.too_long(longest, MAX_QUESTION))
    return service.answer(asked, history)


def _cited_then(library: "Library", originals: Originals, answer: Answer, cite: str) -> Cited | None:
    """What the answer quoted when its link was given; None where it quotes the same today."""
    sha256, _, place = cite.partition("/")
    first = answer.quotes[0] if answer.quotes else None
    if first and cite == place_of(first):
        return None
    try:
        found = find_cited(library, originals, sha256, place)
    except RefusedError:
        return None  # an address that was cut, or of a document that nobody kept
    same = first and found.quote.text == first.text and found.quote.source.document == first.source.document
    return None if same else found
