"""Bends small files of every format; what breaks a reader becomes a case of ``test_hostile``.

``MOTAMOT_FUZZ=5000 python -m pytest tests/test_hostile.py -k bent`` bends that many of each format.
"""

import random
import time
from contextlib import suppress

from seed_files import rezipped

from corpus.document import Document, Source
from corpus.readers.formats import READERS
from corpus.readers.office import BROKEN
from corpus.split.split import split

# CPU seconds for a file of a few kilobytes; the slowest seed takes a tenth of one.
SLOW = 8.0
ARCHIVES = (".docx", ".odt", ".xlsx")
WORDS = {
    ".pdf": b"obj endobj stream endstream xref trailer startxref /Kids /Parent /Prev /Length /Filter /FlateDecode "
    b"/Type /Pages /Page /Count /Contents /Font /ToUnicode /Encoding /DescendantFonts /XObject /Form /Resources "
    b"/Differences /W /DW /Root /Size /Encrypt /ObjStm /XRefStm BT ET Tj TJ Td Tm cm Do Tf << >> [ ] ( ) < > R 0 1 "
    b"-1 9999999999 1e400 NaN 65535 2147483648",
    "zip": b"< > </ /> <!DOCTYPE &amp; &#0; &#xD800; xmlns= w:p w:r w:t w:tbl w:tr w:tc w:val= w:numId w:outlineLvl "
    b"w:sdt text:p text:list text:h text:outline-level=\"999\" table:table c r= s= t= v is -1 999999999999 1e400 \"",
    "text": b"\xff\xfe \xef\xbb\xbf \x00 \x0c \xe2\x80\xa8 \xc2\xad \xe2\x80\xae # - * ` ``` | --- > ![ ]( <div> </p> "
    b"<table> <tr> <td> <li> <ul> <h1> <main> <pre> <details> &#xD800; &#0; \" ; , \t ? Q: R: Article 1. 1) a) IV. "
    b"https:// ((((( ))))) .... !!!! \xc2\xab \xc2\xbb \xc2\xa0",
}  # fmt: skip


def check(suffix: str, data: bytes) -> None:
    """Read and split; the reading must hold together.

    Raises:
        UnreadableDocumentError: It is refused with a reason: all is well.
        Exception: Anything else is a finding.
    """
    started = time.process_time()
    reading = READERS[suffix](data, "fichier" + suffix)
    text, end = reading.text, 0
    for block in reading.blocks:
        assert end <= block.start < block.end <= len(text), f"block {block} after {end} in {len(text)}"
        end = block.end
    assert list(reading.pages) == sorted(reading.pages)
    source = Source("fichier", "Fichier", "Mairie", "2021-05", "faq", "fichier" + suffix)
    for entry in split(Document(source, text, "0" * 64, reading.blocks, reading.pages)):
        assert entry.passages
        for passage in entry.passages:
            assert 0 <= entry.body.start <= passage.start < passage.end <= entry.body.end <= len(text)
            assert passage.text.strip()
    assert time.process_time() - started < SLOW


def bent(suffix: str, data: bytes, chance: random.Random) -> bytes:
    """A file with one to eight places changed; of an archive, mostly inside its members."""
    if suffix in ARCHIVES and chance.random() < 0.85:
        with suppress(*BROKEN):  # bent before: no archive any more
            return rezipped(data, lambda _, member: _bent(member, "zip", chance) if chance.random() < 0.4 else member)
    return _bent(data, suffix if suffix == ".pdf" else "text", chance)


def _bent(data: bytes, kind: str, chance: random.Random) -> bytes:
    words, changed = WORDS[kind].split(b" "), bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(changed) + 1)
        length = min(chance.choice((1, 2, 8, 60, 400)), len(changed) - at)
        match chance.randrange(8):
            case 0 if at < len(changed):
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                changed[at:at] = chance.choice(words)
            case 2:
                changed[at : at + length] = chance.choice(words)
            case 3:
                del changed[at : at + length]
            case 4:
                changed[at:at] = changed[at : at + length] * chance.choice((1, 2, 30, 300))
            case 5:
                to = chance.randrange(len(changed) + 1)
                changed[to:to] = changed[at : at + length]
            case 6:
                changed[at:at] = chance.randbytes(length)
            case 7:
                changed[at:at] = chance.choice(words) * chance.choice((2, 20, 2000))
    return bytes(changed)
