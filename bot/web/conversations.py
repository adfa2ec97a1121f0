"""The conversations of the chat page: each under the secret of its page, in memory only, four hours after its use."""

import logging
import re
import sys
from asyncio import Lock
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from cachetools import TTLCache
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from bot import phrases
from bot.answer import Kind
from bot.logs import report_failure
from bot.service import MAX_HISTORY, MAX_QUESTION, Service, readable
from bot.web.render import answer_html, greeting_html, notice_html, proof_against_markdown, question_html
from bot.web.responses import RefusedError
from corpus.errors import MotamotError

LOG = logging.getLogger(__name__)

MAX_TURNS = 50
"""Kept on screen; each answer sends them all again, about 4 kB each before compression."""
SECONDS = 4 * 3_600
"""How long a conversation left alone stays in memory."""
MAX_MEMORY = 200_000_000
"""Bytes of all of them: 3,000 conversations of ten questions, which take 65 kB each, as measured. Beyond, the least
recently used goes."""
MIN_MEMORY_EACH = 20_000
"""What the shortest one counts for: no more than 10,000 are kept."""
MAX_MEMORY_EACH = 4_000_000
"""Bytes of one: fifty answers five times as long as the longest measured (16 kB). Beyond, its first turns go."""

SECRET = re.compile(r"[\w-]{22}", re.ASCII)
"""The secret of a page: 128 random bits in Base64, as ``secrets.token_urlsafe(16)`` makes them."""

Message = dict[str, str]
"""``{"role": …, "content": …}``, as Gradio wants it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what was said to it, as HTML."""

    question: str
    reply: str
    understood: bool
    """Whether the assistant read it: only then may a later question refer to it."""


class Conversation:
    """What one visitor asked; the lock keeps two questions sent at once in order."""

    def __init__(self) -> None:
        self.turns: tuple[Turn, ...] = ()
        self.lock = Lock()

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return sum(sys.getsizeof(turn.question) + sys.getsizeof(turn.reply) for turn in self.turns)

    def history(self) -> tuple[str, ...]:
        """The earlier questions, oldest first."""
        return tuple(turn.question for turn in self.turns if turn.understood)[-MAX_HISTORY:]

    def add(self, turn: Turn) -> None:
        """Keep one more turn, without the first ones where it would be too many or too much."""
        self.turns = (*self.turns, turn)[-MAX_TURNS:]
        while len(self.turns) > 1 and self.size > MAX_MEMORY_EACH:
            self.turns = self.turns[1:]


class Conversations:
    """Used from one event loop. Nothing is kept under a secret that is missing or could be guessed."""

    def __init__(self, seconds: float = SECONDS, max_memory: int = MAX_MEMORY) -> None:
        self._cache: TTLCache[str, Conversation] = TTLCache(
            max_memory, seconds, getsizeof=lambda each: max(MIN_MEMORY_EACH, each.size)
        )

    def __len__(self) -> int:
        return len(self._cache)

    @property
    def memory(self) -> float:
        """Bytes that they count for."""
        return self._cache.currsize

    def get(self, secret: str | None) -> Conversation:
        """The one under this secret; a new one at first."""
        return self._cache.get(secret or "") or self.keep(secret, Conversation())

    def keep(self, secret: str | None, conversation: Conversation) -> Conversation:
        """Remember what was said, from now on for so long."""
        if secret and SECRET.fullmatch(secret):
            self._cache[secret] = conversation
        return conversation

    def replaced(self, secret: str | None, conversation: Conversation) -> bool:
        """Whether another one has taken its place under this secret."""
        return self._cache.get(secret or "", conversation) is not conversation

    def expire(self) -> None:
        """Drop what was left alone for too long."""
        self._cache.expire()


class Chat:
    """What the page asks for; its methods never raise, because Gradio would speak English in their place.

    Args:
        service: Answers the questions.
        admit: Lets a question in when its turn comes, or refuses it.
        contact: Whom to ask when the texts do not answer, at that moment.
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
        self.conversations = Conversations()

    async def ask(self, question: str | None, secret: str | None, request: Request) -> list[Message] | None:
        """The messages of the conversation with one more answer; None where nothing is to be shown."""
        if not question or not question.strip():
            return None
        conversation = self.conversations.get(secret)
        async with conversation.lock:
            conversation.add(await self._turn(readable(question), conversation.history(), request))
        if self.conversations.replaced(secret, conversation):
            return None
        self.conversations.keep(secret, conversation)
        return self.messages(conversation)

    async def _turn(self, question: str, history: tuple[str, ...], request: Request) -> Turn:
        """One question answered, or a courteous phrase that says why not."""
        if len(question) > MAX_QUESTION:
            return Turn(question, notice_html(phrases.too_long(len(question), MAX_QUESTION)), understood=False)
        try:
            async with self.admit(request):
                reply = await run_in_threadpool(self.service.reply, question.strip(), history)
            html = answer_html(reply.answer, history, contact=self.contact(), reference=reply.reference)
            # A greeting says nothing that a later question could refer to.
            return Turn(question, html, understood=reply.answer.kind is not Kind.SMALLTALK)
        except (MotamotError, RefusedError) as error:
            complaint = str(error)
        except Exception as error:  # noqa: BLE001
            # Whatever it is, the visitor must read French and be able to go on; the log gets the
            # trace without the question, which is written nowhere.
            report_failure(LOG, "a question could not be answered", error)
            complaint = phrases.FAILED
        return Turn(question, notice_html(complaint, phrases.RETRY, [question]), understood=False)

    def show(self, secret: str | None) -> list[Message]:
        """The conversation as it is, for a page that was loaded again."""
        return self.messages(self.conversations.get(secret))

    def start_over(self, secret: str | None) -> list[Message]:
        """A new conversation, with its greeting."""
        return self.messages(self.conversations.keep(secret, Conversation()))

    def messages(self, conversation: Conversation) -> list[Message]:
        """The whole conversation, after the greeting."""
        messages = [_message("assistant", self._greeting())]
        for turn in conversation.turns:
            messages += [_message("user", question_html(turn.question)), _message("assistant", turn.reply)]
        return messages

    def _greeting(self) -> str:
        """What the assistant knows now: it may have been rebuilt since the server started."""
        try:
            return greeting_html(self.service.about(), self.service.journal_days)
        except Exception as error:  # noqa: BLE001  as above
            report_failure(LOG, "the greeting could not be written", error)
            return notice_html(phrases.FAILED)


def _message(role: str, html: str) -> Message:
    return {"role": role, "content": proof_against_markdown(html)}
