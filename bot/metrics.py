"""Counters for Prometheus: how many questions, of which kind, how long, how old the index; never which ones."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version

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
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot.answer import Kind

CONTENT_TYPE = CONTENT_TYPE_LATEST

# A date of birth for each series: twice the lines, and nothing to see.
disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
"""An answer takes 30 ms on an idle machine; the promise under load is 2 s."""


class Metrics:
    """The counters of one site, in a registry of their own; safe to share between threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._questions = Counter("motamot_questions", "Questions answered, by kind.", ["kind"], registry=self.registry)
        for kind in Kind:
            self._questions.labels(kind.value)  # a series that starts at 0 can be alerted upon
        self.failures = Counter("motamot_failures", "Questions that ended in an error.", registry=self.registry)
        self._seconds = Histogram(
            "motamot_answer_seconds", "Time to answer a question.", buckets=_SECONDS, registry=self.registry
        )
        self._feedback = Counter("motamot_feedback", "Thumbs of visitors.", ["helpful"], registry=self.registry)
        for helpful in (True, False):
            self._feedback.labels(str(helpful).lower())
        self.refused_clients = Counter(
            "motamot_rate_limited", "Requests refused because their client sent too many.", registry=self.registry
        )
        self.refused_questions = Counter(
            "motamot_overloaded", "Questions refused because too many were waiting.", registry=self.registry
        )
        self.journal_failures = Counter(
            "motamot_journal_failures", "Questions answered that the journal could not keep.", registry=self.registry
        )
        self.journal = Gauge("motamot_journal_on", "1 when questions are written down.", registry=self.registry)
        self._age = Gauge("motamot_index_age_seconds", "Time since the index was built.", registry=self.registry)
        self._refused_index = Gauge(
            "motamot_index_refused",
            "1 when the newest index cannot be loaded and the one before answers.",
            registry=self.registry,
        )
        Info("motamot", "What runs.", registry=self.registry).info({"version": version("motamot")})
        ProcessCollector(registry=self.registry)

    def answered(self, kind: Kind, seconds: float) -> None:
        """Count one answer."""
        self._questions.labels(kind.value).inc()
        self._seconds.observe(seconds)

    def judged(self, helpful: bool) -> None:
        """Count one thumb."""
        self._feedback.labels(str(helpful).lower()).inc()

    def watch_index(self, built: Callable[[], datetime]) -> None:
        """Take the age of the index, at each reading, from the date of its building."""
        self._age.set_function(lambda: (datetime.now(UTC) - built()).total_seconds())

    def watch_problem(self, problem: Callable[[], str | None]) -> None:
        """Say, at each reading, whether the newest index is left aside."""
        self._refused_index.set_function(lambda: float(problem() is not None))

    def page(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self.registry)
