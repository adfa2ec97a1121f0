"""Reads Markdown through the reader of web pages."""

from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from corpus.document import StructuredText
from corpus.errors import UnreadableDocumentError
from corpus.readers.builder import Builder
from corpus.readers.html import read_element
from corpus.readers.text import decode

_FRONT_MATTER = "---"


def read_markdown(data: bytes, name: str) -> StructuredText:
    """Read CommonMark with tables and HTML; comments and front matter are no content."""
    text = _without_front_matter(decode(data, name))
    builder = Builder()
    read_element(BeautifulSoup(MarkdownIt("commonmark").enable("table").render(text), "lxml"), builder)
    reading = builder.reading()
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
