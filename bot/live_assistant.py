"""The assistant over the index in service, whichever that is when a question comes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bot.answer import Answer
from bot.assistant import About, Assistant
from bot.library import Library
from bot.reload import EVERY, Live, Mark
from index.searcher import Searcher


class LiveAssistant:
    """An assistant that is replaced when its index is; safe to share between threads.

    A question keeps to its end the index that it began with. Every call may meet a newer one than the call before.

    Args:
        folder: Of the index.
        first: The assistant over it now.
        seen: What was in service before ``first`` was loaded: a version that came since is picked up.
    """

    def __init__(self, folder: Path, first: Assistant, seen: Mark) -> None:
        encoder = first.searcher.encoder

        def load() -> Assistant:
            return Assistant(Searcher.load(folder, encoder))

        self._live: Live[Assistant] = Live(folder, load, first, seen)

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        """As ``Assistant.ask``."""
        return self._live.get().ask(question, history)

    def about(self) -> About:
        """As ``Assistant.about``."""
        return self._live.get().about()

    @property
    def library(self) -> Library:
        """What the answers are quoted from now: take it once for what must agree."""
        return self._live.get().library

    @property
    def problem(self) -> str | None:
        """Why the newest index is not the one that answers, in French; None when it is."""
        return self._live.problem

    @contextmanager
    def watched(self, every: float = EVERY) -> Iterator[None]:
        """Look for a newer index every so many seconds, as long as the block runs."""
        with self._live.watched(every):
            yield
