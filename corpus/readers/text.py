"""Reads plain text: wrapped or not, printed from a PDF or not."""

from corpus.document import StructuredText
from corpus.errors import UnreadableDocumentError
from corpus.layout.compose import clean, compose
from corpus.layout.headers_footers import printed_links
from corpus.layout.lines import is_blank, of_text
from corpus.readers.decoding import decode


def read_text(data: bytes, name: str) -> StructuredText:
    """Read a ``.txt`` file; form feeds, or the link lists that a printer leaves, end its pages.

    Raises:
        UnreadableDocumentError: The file is empty, or is no text.
    """
    raw = decode(data, name)
    if all(is_blank(char) for char in raw):
        raise UnreadableDocumentError(
            name, "le fichier est vide.", "Remplacez-le par un fichier qui contient le texte du document."
        )
    if "\f" in raw:
        return clean(raw).reading
    lines = printed_links(of_text(raw), raw)
    return compose(raw, lines, paged=any(line.noise for line in lines)).reading
