"""A question and its answer as pages of their own: one to share, one to print."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from bot import phrases
from bot.answer import Answer, Quote
from bot.conversation import subject
from bot.service import MAX_HISTORY, MAX_QUESTION, AssistantLike, Desk
from bot.web.addresses import Addresses
from bot.web.proof import absolute
from bot.web.render import LEADS, answer_html
from bot.web.responses import explain, page
from bot.web.viewer import pages_of
from corpus.document import Span

Earlier = Annotated[list[str] | None, Query()]
"""``avant``, repeated: the questions before this one, oldest first."""


def build_reply(desk: Desk, now: Callable[[], datetime]) -> APIRouter:
    """The routes of one question.

    A visit is counted as a question, since it costs as much; the journal does not write it down: what was asked
    once and shared with fifty people would stand there as asked fifty times.

    Args:
        desk: Answers.
        now: The moment of the consultation, in local time.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/reponse")
    def reply(request: Request, question: str = "", avant: Earlier = None) -> Response:
        history = tuple(avant or ())[-MAX_HISTORY:]
        answer = _answer(desk, request, question, history)
        if isinstance(answer, Response):
            return answer
        return page(
            request,
            "reply.html",
            question=answer.question,
            earlier=subject(history),
            # Already escaped: the same HTML as in the chat.
            reply=Markup(answer_html(answer, history, contact=request.app.state.house.contact, standalone=True)),
        )

    @router.get("/fiche")
    def sheet(request: Request, question: str = "", avant: Earlier = None) -> Response:
        history = tuple(avant or ())[-MAX_HISTORY:]
        answer = _answer(desk, request, question, history)
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
            pages=_pages(desk.assistant, first) if first else range(0),
            address=absolute(request, Addresses().proof(first)) if first else "",
            today=phrases.french_date(now().date().isoformat()),
        )

    return router


def _answer(desk: Desk, request: Request, question: str, history: tuple[str, ...]) -> Answer | Response:
    """The answer, or the page that says why there is none."""
    asked = question.strip()
    if not asked:
        return explain(request, 404, phrases.EMPTY_ADDRESS)
    longest = max(map(len, (asked, *history)))
    if longest > MAX_QUESTION:
        return explain(request, 413, phrases.too_long(longest, MAX_QUESTION))
    return desk.answer(asked, history)


def _pages(assistant: AssistantLike, quote: Quote) -> range:
    document = assistant.library.document(quote.source.sha256)
    return pages_of(document, Span(quote.start, quote.end)) if document else range(0)
