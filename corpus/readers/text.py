"""Read plain text in the encodings of French office software, wrapped or printed page by page."""

import codecs

from corpus.document import LIMITS, StructuredText
from corpus.errors import UnreadableDocumentError, beyond
from corpus.layout.compose import clean, compose
from corpus.layout.headers_footers import printed_links
from corpus.layout.lines import is_blank, of_text

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_text(data: bytes, name: str) -> StructuredText:
    """Read a ``.txt`` file; form feeds, or the link lists that a printer leaves, end its pages."""
    raw = decode(data, name)
    if all(is_blank(char) for char in raw):
        raise UnreadableDocumentError(
            name, "le fichier est vide.", "Remplacez-le par un fichier qui contient le texte du document."
        )
    if "\f" in raw:
        return clean(raw).reading
    lines = printed_links(of_text(raw), raw)
    return compose(raw, lines, paged=any(line.noise for line in lines)).reading


def decode(data: bytes, name: str, most: int = LIMITS.characters) -> str:
    """Read UTF-8 and UTF-16 with a mark, UTF-8 without one, else Windows-1252, which Excel still writes.

    Raises:
        UnreadableDocumentError: It has more than ``most`` characters, none fits, or the bytes are no text at all.
    """
    encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    for candidate in [encoding] if encoding else ["utf-8", "cp1252"]:
        try:
            text = data.decode(candidate)
        except UnicodeDecodeError:
            continue
        if len(text) > most:
            raise beyond(name, len(text), most, "caractères")
        if "\0" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise UnreadableDocumentError(
        name,
        "ce fichier n’est pas un texte lisible.",
        "Ouvrez-le dans le logiciel qui l’a produit et enregistrez-le de nouveau en UTF-8.",
    )
