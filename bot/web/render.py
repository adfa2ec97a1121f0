"""Answers and greeting as HTML, with the relative addresses of the pages about them; templates, styles and scripts."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256, sha384
from html import unescape
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote as percent_encode
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from bot import phrases
from bot.answer import Answer, Kind, Quote
from corpus.errors import typeset

if TYPE_CHECKING:
    from bot.assistant import About

_STATIC = Path(__file__).parent / "static"
_TEMPLATES = Path(__file__).parent / "templates"
_BUNDLES = {
    "chat.css": ("chat.css", "theme.css", "proof.css"),
    "chat.js": ("shared.js", "quote.js", "chat.js"),
    "panel.css": ("theme.css", "proof.css", "panel.css"),
    "panel.js": ("shared.js", "quote.js", "panel.js"),
    "quote.js": ("shared.js", "quote.js"),
    "pages.css": ("theme.css", "pages.css", "proof.css"),
}
"""What a page loads as one file; the order is that of the cascade."""
TYPES = {
    path.name: {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}[path.suffix]
    for path in _STATIC.iterdir()
}
"""Names of our files, and their types."""


def templates(folder: Path) -> Environment:
    """Those of a folder, and of the web pages: what they show is escaped, and a name that is not there is an error."""
    environment = Environment(
        loader=FileSystemLoader([folder, _TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"asset": asset, "phrases": phrases}
    environment.filters |= {
        "typeset": typeset,
        "unbroken": unbroken,
        "french_date": phrases.french_date,
        "linked": linked,
        "segments": segments,
        "laid_out": laid_out,
        "web_address": web_address,
        "web_host": web_host,
    }
    return environment


def unbroken(words: str) -> Markup:
    """Words as someone wrote them, of which no « ? » after a plain space begins a line."""
    together = Markup('<span class="mm-unbroken">{}</span>').format
    return Markup("").join(together(part) if i % 2 else part for i, part in enumerate(_WORD_AND_SIGN.split(words)))


_WORD_AND_SIGN = re.compile(r"(\S{1,30} [?!:;»]+)")


@cache
def content(name: str) -> bytes:
    """The bytes of a file of ours, or of the files that a page loads as one."""
    return b"\n".join((_STATIC / part).read_bytes() for part in _BUNDLES.get(name, (name,)))


@cache
def fingerprint(name: str) -> str:
    """What changes when the file does."""
    return sha256(content(name)).hexdigest()[:12]


@cache
def integrity(name: str) -> str:
    """The value of the attribute ``integrity`` of a script or a style."""
    return f"sha384-{b64encode(sha384(content(name)).digest()).decode()}"


def asset(name: str) -> str:
    """The address of a file of ours from the root of the site; one that browsers may keep for ever."""
    return f"motamot/{name}?v={fingerprint(name)}"


DEEP = "../../"
"""From a page such as ``/preuve/<sha256>/<start>-<end>`` to the root of the site."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where to go from one page."""

    base: str = ""
    """From the page to the root of the site: nothing from ``/``, ``/panneau`` or ``/reponse``."""
    query: str = ""
    """What asks the question again; empty where there is no question."""
    cited: str = ""
    """What is quoted first, of an answer: a link given today is compared with it when it is followed."""

    @classmethod
    def of_answer(cls, answer: Answer) -> "Addresses":
        """For an answer; the earlier questions that it was read with go along, oldest first."""
        query = urlencode([("question", answer.question), *(("avant", q) for q in answer.reading.history)])
        return cls("", query, place_of(answer.quotes[0]) if answer.quotes else "")

    def viewer(self, quote: Quote) -> str:
        """Its place in the document."""
        return f"{self.base}document/{place_of(quote)}#passage"

    def proof(self, quote: Quote) -> str:
        """The page that proves it."""
        return f"{self.base}preuve/{place_of(quote)}"

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
        cited = f"&cite={self.cited}" if self.cited else ""
        return f"{self.base}reponse?{self.query}{cited}"

    @property
    def sheet(self) -> str:
        """The same, to be printed."""
        return f"{self.base}fiche?{self.query}"


T = TypeVar("T")
SCREEN = 900
"""Characters of a quote that fill a telephone, 390 pixels wide and 800 high."""
REST = 300
"""Characters that are worth folding."""


def place_of(quote: Quote) -> str:
    """Where a quote stands: the hash of its file, and its offsets."""
    return f"{quote.source.sha256}/{quote.start}-{quote.end}"


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a quote; the pieces put end to end are the quote."""

    text: str
    marked: bool
    rest: bool = False
    """What follows the last mark of a quote longer than a screen: folded."""


def segments(quote: Quote) -> Iterator[Segment]:
    """Cut a quote where its highlights start and end.

    Raises:
        ValueError: The highlights overlap, are out of order, or leave the text.
    """
    at = 0
    for start, end in quote.highlights:
        if not at <= start <= end <= len(quote.text):
            raise ValueError(f"highlight [{start}, {end}) does not fit after {at} in {len(quote.text)}")
        if at < start:
            yield Segment(quote.text[at:start], marked=False)
        yield Segment(quote.text[start:end], marked=True)
        at = end
    if at < len(quote.text):
        long = len(quote.text) > SCREEN and len(quote.text) - at > REST and at > 0
        yield Segment(quote.text[at:], marked=False, rest=long)


def laid_out(quote: Quote | str | Sequence[Segment]) -> Iterator[tuple[bool, list[list[list[Segment]]]]]:
    """A quote as runs of text and tables, where tabs make cells: whether it is one, and its rows, cells and pieces.

    Text is one row of one cell. The pieces put end to end are the quote, tabs and line feeds included.
    """
    if isinstance(quote, str):
        quote = [Segment(quote, marked=False)]
    marked = segments(quote) if isinstance(quote, Quote) else quote
    pieces = [replace(piece, text=text) for piece in marked for text in _CELL_ENDS.split(piece.text) if text]
    cells = _cut_after(pieces, lambda piece: piece.text.endswith(("\t", "\n")))
    rows = _cut_after(cells, lambda cell: cell[-1].text.endswith("\n"))
    for is_table, run in groupby(rows, key=lambda row: len(row) > 1):
        if is_table:  # what ends a row is no rest to unfold
            yield (
                True,
                [[[replace(p, rest=p.rest and not p.text.isspace()) for p in cell] for cell in row] for row in run],
            )
        else:
            alike = groupby((piece for row in run for cell in row for piece in cell), key=lambda p: (p.marked, p.rest))
            yield False, [[[Segment("".join(p.text for p in own), *kind) for kind, own in alike]]]


def _cut_after(things: Iterable[T], ends: Callable[[T], bool]) -> Iterator[list[T]]:
    run: list[T] = []
    for thing in things:
        run.append(thing)
        if ends(thing):
            yield run
            run = []
    if run:
        yield run


_CELL_ENDS = re.compile(r"(?<=[\t\n])")


def web_address(url: str | None) -> str | None:
    """The address to link to, or None when it is not one of the web (``javascript:``, a path)."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:  # a malformed host such as "http://[": shown nowhere rather than wrongly
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    return percent_encode(url, safe="%/:?#[]@!&'()*+,;=~-._")


def web_host(url: str) -> str:
    """The site of an address, as people know it: without « www. »."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def linked(contact: str) -> Markup:
    """A contact as a link, when it is a mail address, a telephone number or the address of a page."""
    address = web_address(contact)
    if re.fullmatch(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+", contact):
        address = f"mailto:{percent_encode(contact, safe='@+')}"
    elif re.fullmatch(r"\+?[\d .\u00a0]{4,20}", contact):
        address = f"tel:{re.sub(r'[^+0-9]', '', contact)}"
    if address is None:
        return escape(contact)
    return Markup('<a class="mm-link" href="{}">{}</a>').format(address, contact)


TEMPLATES = templates(_TEMPLATES)

LEADS = {
    Kind.ANSWER: phrases.TRY_ALSO,
    Kind.CLARIFY: "",
    Kind.REFUSE: phrases.NEAREST,
    Kind.SMALLTALK: phrases.TRY_ALSO,
}


def answer_html(answer: Answer, *, contact: str = "", standalone: bool = False, reference: str | None = None) -> str:
    """An answer of any kind; ``contact`` is whom to ask instead, said with a refusal.

    ``standalone`` is on a page of its own, where the questions it offers are links and not buttons of a chat;
    ``reference`` is its name in the journal, for the thumbs: without one there are none.
    """
    return TEMPLATES.get_template("answer.html").render(
        answer=answer,
        lead=LEADS[answer.kind],
        addresses=Addresses.of_answer(answer),
        contact=contact,
        standalone=standalone,
        reference=reference,
    )


def greeting_html(about: "About", journal_days: int = 0) -> str:
    """What it knows, what it could not read, questions to try, and how long questions are kept, if they are."""
    return TEMPLATES.get_template("greeting.html").render(about=about, journal_days=journal_days)


def question_html(question: str) -> str:
    """What the visitor typed, as typed."""
    return TEMPLATES.get_template("question.html").render(question=question)


def notice_html(message: str, lead: str = "", questions: Sequence[str] = ()) -> str:
    """A fixed phrase about the service itself: an error, a limit."""
    return TEMPLATES.get_template("notice.html").render(message=message, lead=lead, questions=questions)


def proof_against_markdown(html: str) -> str:
    r"""The same HTML, on one line and with no character that Markdown could read as its own.

    Gradio passes a message through Markdown before showing it; a reference such as ``&#95;`` for
    ``_`` goes through untouched and is shown as the character that it stands for.

    >>> proof_against_markdown("<p>1. a_b &amp;\n</p>")
    '<p>1&#46; a&#95;b &#38;&#10;</p>'
    """
    return re.sub(
        r"(<[^<>]*>)|([^<>]+)",
        lambda found: found[1] or re.sub(r"[\x01-\x1f!-/:-@\[-`{-\x7f]", _reference, unescape(found[2])),
        html,
    )


def _reference(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"
