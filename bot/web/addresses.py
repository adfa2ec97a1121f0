"""Addresses of the pages about a quote and about an answer, relative, so that they hold under any prefix."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bot.answer import Quote
from bot.conversation import subject

DEEP = "../../"
"""From a page such as ``/preuve/<sha256>/<start>-<end>`` to the root of the site."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where to go from one page."""

    base: str = ""
    """From the page to the root of the site: nothing from ``/``, ``/panneau`` or ``/reponse``."""
    query: str = ""
    """What asks the question again; empty where there is no question."""

    @classmethod
    def of_answer(cls, question: str, history: Sequence[str] = (), base: str = "") -> "Addresses":
        """For an answer; of the earlier questions (oldest first), the one that it can refer to goes along."""
        earlier = subject(history)
        return cls(base, urlencode([("question", question), *([("avant", earlier)] if earlier else [])]))

    def viewer(self, quote: Quote) -> str:
        """Its place in the document."""
        return f"{self.base}document/{_place(quote)}#passage"

    def proof(self, quote: Quote) -> str:
        """The page that proves it."""
        return f"{self.base}preuve/{_place(quote)}"

    def file(self, sha256: str) -> str:
        """The original file."""
        return f"{self.base}fichier/{sha256}"

    def image(self, sha256: str, page: int) -> str:
        """One page of a PDF."""
        return f"{self.base}document/{sha256}/page-{page}.webp"

    def asking(self, question: str) -> str:
        """Another question and its answer."""
        return f"{self.base}reponse?{urlencode([('question', question)])}"

    @property
    def answer(self) -> str:
        """The question and its answer, to be shared."""
        return f"{self.base}reponse?{self.query}"

    @property
    def sheet(self) -> str:
        """The same, to be printed."""
        return f"{self.base}fiche?{self.query}"


def _place(quote: Quote) -> str:
    return f"{quote.source.sha256}/{quote.start}-{quote.end}"
