"""Reads Markdown: headings, paragraphs, nested lists, tables and code, without their marks."""

from collections.abc import Iterator, Sequence

from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from markdown_it.token import Token

from corpus.document import BlockKind, StructuredText
from corpus.errors import UnreadableDocumentError
from corpus.readers.builder import BREAK, Builder, TextRun
from corpus.readers.html import read_element
from corpus.readers.text import decode

_FRONT_MATTER = "---"


def read_markdown(data: bytes, name: str) -> StructuredText:
    """Read CommonMark with tables and HTML; comments and front matter are no content."""
    text = _without_front_matter(decode(data, name))
    reader = _MarkdownReader()
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        reader.read(token)
    reading = reader.builder.reading()
    if not reading.blocks:
        raise UnreadableDocumentError(name, "ce fichier Markdown ne contient aucun texte.", "Complétez-le.")
    return reading


def _without_front_matter(text: str) -> str:
    """Without the settings between two lines of dashes that site generators put first."""
    lines = text.splitlines(keepends=True)
    if lines and lines[0].strip() == _FRONT_MATTER:
        for number, line in enumerate(lines[1:], 1):
            if line.strip() == _FRONT_MATTER:
                return "".join(lines[number + 1 :])
    return text


class _MarkdownReader:
    """What surrounds the token being read."""

    def __init__(self) -> None:
        self.builder = Builder()
        self._heading = 0
        self._depth = 0
        self._item: list[TextRun] = []
        """Paragraphs of the list item being read: together they are one block."""
        self._row: list[list[TextRun]] | None = None

    def read(self, token: Token) -> None:
        match token.type:
            case "heading_open":
                self._close_item()
                self._heading = int(token.tag[1:])
            case "heading_close":
                self._heading = 0
            case "bullet_list_open" | "ordered_list_open":
                self._close_item()
                self._depth += 1
            case "bullet_list_close" | "ordered_list_close":
                self._depth -= 1
            case "list_item_open" | "list_item_close":
                self._close_item()
            case "tr_open":
                self._row = []
            case "tr_close":
                self.builder.add_row(self._row or [])
                self._row = None
            case "inline":
                self._add(list(_runs(token.children or [])))
            case "fence" | "code_block":
                self._add([TextRun(token.content.rstrip("\n"))])
            case "html_block":
                self._close_item()
                read_element(BeautifulSoup(token.content, "lxml"), self.builder)

    def _add(self, runs: list[TextRun]) -> None:
        if self._row is not None:
            self._row.append(runs)
        elif self._heading:
            self.builder.add(runs, BlockKind.HEADING, self._heading)
        elif self._depth:
            self._item += [BREAK, *runs] if self._item else runs
        else:
            self.builder.add(runs, BlockKind.PARAGRAPH)

    def _close_item(self) -> None:
        if self._item:
            self.builder.add(self._item, BlockKind.ITEM, max(1, self._depth))
            self._item = []


def _runs(tokens: Sequence[Token]) -> Iterator[TextRun]:
    bold = 0
    for token in tokens:
        match token.type:
            case "strong_open":
                bold += 1
            case "strong_close":
                bold -= 1
            case "softbreak":
                yield TextRun(" ", bold > 0)
            case "hardbreak":
                yield BREAK
            case "html_inline":
                if token.content.lower().startswith("<br"):
                    yield BREAK
            case "text" | "code_inline" | "image":
                yield TextRun(token.content, bold > 0)
