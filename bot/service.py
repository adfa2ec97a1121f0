"""The service: the one place where a visitor's question is answered, whatever page or program brought it."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot import phrases
from bot.answer import Answer
from bot.journal import Journal, JournalError
from bot.metrics import Metrics

if TYPE_CHECKING:
    from bot.assistant import About
    from bot.quoting import Library

LOG = logging.getLogger(__name__)

MAX_QUESTION = 2_000
"""Characters: ten times the longest question of the known FAQs; beyond, it is a text to be read."""
MAX_HISTORY = 10
"""Earlier questions given to the assistant."""


class AssistantLike(Protocol):
    """What the pages ask of an assistant."""

    @property
    def library(self) -> "Library": ...

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer: ...

    def about(self) -> "About": ...

    @property
    def problem(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and how the visitor may refer to it."""

    answer: Answer
    reference: str | None = None
    """Opaque name of its line in the journal; None when the journal is off."""


def readable(text: str) -> str:
    r"""The text with half characters (lone surrogates, which no file nor page can hold) shown as lost.

    >>> readable("caf\ud800")
    'caf?'
    """
    return text.encode("utf-8", "replace").decode()


class Service:
    """Answers for the chat, the light page, the API and MCP alike; called from several threads at once.

    Args:
        assistant: Answers the questions.
        journal: Where they are written down; None for nowhere.
    """

    def __init__(self, assistant: AssistantLike, journal: Journal | None = None) -> None:
        self.assistant = assistant
        self.journal = journal
        self.metrics = Metrics()
        self.metrics.journal.set(journal is not None)
        self.metrics.watch_index(lambda: datetime.fromisoformat(self.about().built))
        self.metrics.watch_problem(lambda: self.assistant.problem)

    def reply(self, question: str, history: Sequence[str] = ()) -> Reply:
        """Answer one question (stripped, not empty); ``history`` are earlier ones, oldest first."""
        answer = self.answer(question, history)
        return Reply(answer, self._write_down(answer))

    def answer(self, question: str, history: Sequence[str] = ()) -> Answer:
        """The same for a question that was asked before, and is not written down again."""
        begun = time.perf_counter()
        with self.metrics.failures.count_exceptions():
            answer = self.assistant.ask(question, history)
        if self.journal and answer.message == phrases.PRIVACY:  # the assistant does not know what is written down
            answer = replace(answer, message=phrases.privacy_with_journal(self.journal_days))
        self.metrics.answered(answer.kind, time.perf_counter() - begun)
        return answer

    def judge(self, reference: str, helpful: bool, reason: str | None = None, comment: str | None = None) -> bool:
        """Write down a visitor's opinion of an answer; False when the journal has no such line.

        Raises:
            JournalError: It cannot be written.
        """
        if self.journal is None or not self.journal.judge(reference, helpful, reason, comment):
            return False
        self.metrics.judged(helpful)
        return True

    @property
    def journal_days(self) -> int:
        """How long questions are kept; 0 when they are not."""
        return self.journal.days if self.journal else 0

    def about(self) -> "About":
        """What the assistant knows now: it may have been rebuilt since the server started."""
        return self.assistant.about()

    def _write_down(self, answer: Answer) -> str | None:
        if self.journal is None:
            return None
        try:
            return self.journal.record(answer)
        except JournalError as error:  # the visitor came for an answer: a full disk does not take it away
            self.metrics.journal_failures.inc()
            LOG.error("%s", error)
            return None
