"""The service: the one place where a visitor's question is answered and counted, whatever brought it."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from bot import phrases
from bot.answer import Answer, Kind
from bot.collection import COMMON, in_force
from bot.journal import Journal, JournalError
from bot.logs import LOG

if TYPE_CHECKING:
    from bot.assistant import About
    from bot.quoting import Library


MAX_QUESTION = 2_000
"""Characters: ten times the longest question of the known FAQs; beyond, it is a text to be read."""
MAX_HISTORY = 10
"""Earlier questions given to the assistant."""

# A date of birth for each series: twice the lines, and nothing to see.
disable_created_metrics()  # type: ignore[no-untyped-call]

_MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
"""An answer takes 30 ms on an idle machine; the promise under load is 2 s."""


class Metrics:
    """Counters for Prometheus, in a registry of their own: how many questions, of which kind, how long; never which."""

    def __init__(self, collections: Sequence[str] = ()) -> None:
        self.registry = registry = CollectorRegistry()
        self._questions = Counter(  # to Prometheus an empty label, that of COMMON, is none
            "motamot_questions", "Questions answered, by kind.", ["kind", "collection"], registry=registry
        )
        self._feedback = Counter("motamot_feedback", "Thumbs of visitors.", ["helpful"], registry=registry)
        # A series that starts at 0 can be alerted upon.
        for kind in Kind:
            for collection in (COMMON, *collections):
                self._questions.labels(kind.value, collection)
        for helpful in ("true", "false"):
            self._feedback.labels(helpful)
        self._seconds = Histogram(
            "motamot_answer_seconds", "Time to answer a question.", buckets=_SECONDS, registry=registry
        )
        self.failures = Counter("motamot_failures", "Questions that ended in an error.", registry=registry)
        self.refused_clients = Counter(
            "motamot_rate_limited", "Requests refused because their client sent too many.", registry=registry
        )
        self.refused_questions = Counter(
            "motamot_overloaded", "Questions refused because too many were waiting.", registry=registry
        )
        self.journal_failures = Counter(
            "motamot_journal_failures", "Questions answered that the journal could not keep.", registry=registry
        )
        # Of each process: with several, the others' stand beside.
        self.own = own = CollectorRegistry()
        self.journal = Gauge("motamot_journal_on", "1 when questions are written down.", registry=own)
        self.index_age = Gauge("motamot_index_age_seconds", "Time since the index was built.", registry=own)
        self.refused_index = Gauge(
            "motamot_index_refused",
            "1 when the newest index cannot be loaded and the one before answers.",
            registry=own,
        )
        self.documents = Gauge("motamot_documents", "Documents that answer.", registry=own)
        self.left_out = Gauge("motamot_documents_left_out", "Documents that could not be read.", registry=own)
        self.entries = Gauge("motamot_entries", "Entries of these documents.", registry=own)
        Info("motamot", "What runs.", registry=own).info({"version": version("motamot")})
        ProcessCollector(registry=own)

    def answered(self, kind: Kind, seconds: float) -> None:
        self._questions.labels(kind.value, in_force()).inc()
        self._seconds.observe(seconds)

    def judged(self, helpful: bool) -> None:
        self._feedback.labels(str(helpful).lower()).inc()

    def page(self) -> bytes:
        """All of them, as Prometheus reads them; counted over all processes of the service."""
        counted = self.registry
        if _MULTIPROCESS in os.environ:
            MultiProcessCollector(counted := CollectorRegistry())  # type: ignore[no-untyped-call]
        return generate_latest(counted) + generate_latest(self.own)


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

    Questions are written down in the ``journal``; ``collections`` are the names of those that are counted apart.
    """

    def __init__(
        self, assistant: AssistantLike, journal: Journal | None = None, collections: Sequence[str] = ()
    ) -> None:
        self.assistant = assistant
        self.journal = journal
        self.metrics = Metrics(collections)
        self.metrics.journal.set(journal is not None)
        # Read when Prometheus reads them.
        self.metrics.index_age.set_function(
            lambda: (datetime.now(UTC) - datetime.fromisoformat(self.about().built)).total_seconds()
        )
        self.metrics.documents.set_function(lambda: len(self.about().documents))
        self.metrics.left_out.set_function(lambda: len(self.about().left_out))
        self.metrics.entries.set_function(lambda: self.about().entries)
        self.metrics.refused_index.set_function(lambda: float(self.assistant.problem is not None))

    def reply(self, question: str, history: Sequence[str] = ()) -> Reply:
        """Answer one question (stripped, not empty); ``history`` are earlier ones, oldest first."""
        answer = self.answer(question, history)
        return Reply(answer, self._write_down(answer, history[-1] if history else None))

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
        """Write down a visitor's opinion of an answer; False when the journal has no such line."""
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

    def _write_down(self, answer: Answer, earlier: str | None) -> str | None:
        if self.journal is None:
            return None
        try:
            return self.journal.record(answer, earlier, in_force())
        except JournalError as error:  # the visitor came for an answer: a full disk does not take it away
            self.metrics.journal_failures.inc()
            LOG.error("%s", error)
            return None
