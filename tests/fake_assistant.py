"""An assistant checkable by hand: it answers from a table, over real documents with real offsets."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.answer import Answer, Kind, Quote, QuoteSource
from bot.quoting import Library
from corpus.document import Document, Source
from corpus.read import LeftOut

HOSTILE_TEXT = "\n".join(
    [
        "Article 1. L’agent_e perçoit $$x^2$$ euros ~~bruts~~ **nets**, soit `1 200` \\\\ an &amp; mois &lt;b&gt;.",
        "- premier point :  deux  espaces",
        '2. deuxième point <img src=x onerror="window.hacked=1"> <script>window.hacked=2</script>',
        "10. dixième point ![image](https://evil.example/i.png) [lien](javascript:window.hacked=3)",
        "",
        "# pas un titre",
        "    pas du code |a|b| <https://evil.example/> :smile: $y$ \\(z\\) \\[w\\]",
        "<style>body{display:none}</style> <thinking>non</thinking> {{ 7*7 }} </p></blockquote><b>",
        "Fin : https://example.org/a_b_c?d=1&e=2 “guillemets” d'apostrophe…",
    ]
)
"""Everything that Markdown, LaTeX or HTML would alter or run, in one text."""

HOSTILE = Document(
    source=Source(
        id="hostile",
        title="Guide <b>des</b> _pièges_ & autres",
        publisher="Commune d’Essai",
        date="2021-05",
        kind="guide",
        file="hostile.txt",
        url="https://www.example.org/guide_a.pdf",
        notice="version de mai 2021",
    ),
    text=f"Avant.\n{HOSTILE_TEXT}\nAprès.",
    sha256="0" * 64,
    blocks=(),
    pages=(0,),
)


def quote(
    document: Document, words: str, *highlights: str, question: str | None = None, section: str | None = None
) -> Quote:
    """The quote of ``words`` where they stand in the document, with those parts of them highlighted."""
    start = document.text.index(words)
    end = start + len(words)
    spans = tuple((words.index(part), words.index(part) + len(part)) for part in highlights)
    source = document.source
    return Quote(
        text=document.text[start:end],
        highlights=spans,
        source=QuoteSource(
            document=source.id,
            entry="essai",
            title=source.title,
            publisher=source.publisher,
            date=source.date,
            page=document.page_at(start),
            section=section,
            question=question,
            url=source.url,
            sha256=document.sha256,
            notice=source.notice,
        ),
        start=start,
        end=end,
    )


def answered(question: str, *quotes: Quote, understood: tuple[tuple[str, str], ...] = ()) -> Answer:
    return Answer(question, Kind.ANSWER, 0.9, "Voici ce que disent les textes :", quotes, understood)


def refused(question: str, *suggestions: str) -> Answer:
    return Answer(question, Kind.REFUSE, 0.1, "Les textes ne répondent pas.", suggestions=suggestions)


@dataclass(frozen=True, slots=True)
class About:
    documents: tuple[Source, ...]
    left_out: tuple[LeftOut, ...] = ()
    examples: tuple[str, ...] = ()
    built: str = "2026-01-02T03:04:05+00:00"
    entries: int = 0


@dataclass
class FakeAssistant:
    """Answers the questions of its table, refuses the others, raises what it is told to raise."""

    answers: dict[str, Answer]
    known: About
    failures: dict[str, Exception] = field(default_factory=dict)
    slow: dict[str, threading.Event] = field(default_factory=dict)
    """Questions answered only once their event is set."""
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    library: Library = field(default_factory=lambda: Library.of_documents([HOSTILE]))
    problem: str | None = None

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        self.asked.append((question, tuple(history)))
        if question in self.slow:
            assert self.slow[question].wait(20)
        if question in self.failures:
            raise self.failures[question]
        return self.answers.get(question) or refused(question)

    def about(self) -> About:
        return self.known
