"""The conversation of the chat page: its browser keeps it and sends the earlier questions; one turn is given back."""

import json
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from bot import phrases
from bot.logs import report_failure
from bot.service import MAX_HISTORY, MAX_QUESTION, Service, readable
from bot.web.render import answer_html, greeting_html, notice_html, proof_against_markdown, question_html
from bot.web.responses import RefusedError, told
from corpus.errors import MotamotError

LOG = logging.getLogger(__name__)

Message = dict[str, str]
"""``{"role": …, "content": …}``, as Gradio wants it."""


class Chat:
    """What the page asks for; its methods never raise, because Gradio would speak English in their place.

    Nothing is kept from one call to the next, so that any process may answer any of them. ``admit`` lets a question in
    when its turn comes, or refuses it; ``contact`` says whom to ask when the texts do not answer, at that moment.
    """

    def __init__(
        self,
        service: Service,
        admit: Callable[[Request], AbstractAsyncContextManager[None]],
        contact: Callable[[], str] = str,
    ) -> None:
        self.service = service
        self.admit = admit
        self.contact = contact

    async def ask(self, question: str | None, earlier: str | None, request: Request) -> list[Message]:
        """The greeting, a question and its answer; ``earlier`` are the questions before it, as JSON."""
        if not question or not question.strip():
            return self.greeting()
        asked = readable(question)
        reply = await self._reply(asked, questions(earlier), request)
        return [*self.greeting(), _message("user", question_html(asked)), _message("assistant", reply)]

    async def _reply(self, question: str, history: tuple[str, ...], request: Request) -> str:
        """What is said to one question: the answer, or a courteous phrase that says why there is none."""
        if len(question) > MAX_QUESTION:
            return notice_html(phrases.too_long(len(question), MAX_QUESTION))
        try:
            async with self.admit(request):
                reply = await run_in_threadpool(self.service.reply, question.strip(), history)
            return answer_html(reply.answer, contact=self.contact(), reference=reply.reference)
        except (MotamotError, RefusedError) as error:
            complaint = told(error)
        except Exception as error:  # noqa: BLE001
            # Whatever it is, the visitor must read French and be able to go on; the log gets the
            # trace without the question, which is written nowhere.
            report_failure(LOG, "a question could not be answered", error)
            complaint = phrases.FAILED
        return notice_html(complaint, phrases.RETRY, [question])

    def greeting(self) -> list[Message]:
        """What the assistant knows now: it may have been rebuilt since the server started."""
        try:
            html = greeting_html(self.service.about(), self.service.journal_days)
        except Exception as error:  # noqa: BLE001  as above
            report_failure(LOG, "the greeting could not be written", error)
            html = notice_html(phrases.FAILED)
        return [_message("assistant", html)]


def questions(earlier: str | None) -> tuple[str, ...]:
    """The last earlier questions, oldest first; none where what was sent is no list of them.

    >>> questions('["un", 2]'), questions('["un", "deux"]')
    ((), ('un', 'deux'))
    """
    try:
        found = json.loads(earlier or "[]")
    except (ValueError, RecursionError):
        return ()
    last = found[-MAX_HISTORY:] if isinstance(found, list) else []
    return tuple(last) if all(isinstance(each, str) and len(each) <= MAX_QUESTION for each in last) else ()


def _message(role: str, html: str) -> Message:
    return {"role": role, "content": proof_against_markdown(html)}
