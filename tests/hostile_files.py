"""Files made to hurt who reads them: bombs, loops, lies. Each maker says what it makes; none needs a file on disk."""

import io
import zipfile
import zlib

from seed_files import ODT_BODY, odt, pdf, rezipped, word, workbook

LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
BILLION_LAUGHS = f'<!DOCTYPE bomb [<!ENTITY a0 "rire">{LAUGHS}]>'
"""Ten entities, each ten times the one before: ``&a9;`` is a billion words."""
FOREIGN = '<!DOCTYPE x [<!ENTITY a9 SYSTEM "file:///etc/passwd">]>'
SENTENCE = b"La commune paie les travaux de la salle et la region les aide. "


def objects(*bodies: bytes, trailer: bytes = b"/Root 1 0 R") -> bytes:
    """A PDF of these objects, numbered from 1, with its table of references."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer\n<< /Size %d %b >>\nstartxref\n%d\n%%%%EOF" % (len(bodies) + 1, trailer, table))


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """A stream object."""
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(content), entries, content)


FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
WORDS = b"BT /F 12 Tf 72 700 Td (" + SENTENCE * 3 + b") Tj ET"


def page(entries: bytes = b"") -> bytes:
    """A page whose content is object 4 and whose font is object 5."""
    return (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R "
        b"/Resources << /Font << /F 5 0 R >> %b >> >>" % entries
    )


KIDS = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"


def many_pages(count: int) -> bytes:
    """As many references to one page."""
    kids = b"<< /Type /Pages /Kids [%b] /Count %d >>" % (b"3 0 R " * count, count)
    return objects(CATALOG, kids, page(), stream(WORDS), FONT)


def one_page(content: bytes, entries: bytes = b"", resources: bytes = b"", *more: bytes) -> bytes:
    """One page with this stream of content, and more objects, numbered from 6."""
    return objects(CATALOG, KIDS, page(resources), stream(content, entries), FONT, *more)


def form(number: int) -> bytes:
    """A drawing that draws object ``number`` twice."""
    resources = b"/Resources << /XObject << /X %d 0 R >> /Font << /F 5 0 R >> >>" % number
    return stream(WORDS + b" /X Do /X Do", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] " + resources)


def looping_pages() -> bytes:
    """A page tree whose only child is itself."""
    return objects(CATALOG, b"<< /Type /Pages /Kids [2 0 R] /Count 1 /Parent 2 0 R >>")


def looping_object() -> bytes:
    """Objects that are one another."""
    return objects(b"2 0 R", b"3 0 R", b"2 0 R")


def looping_history() -> bytes:
    """A table of references whose previous version is itself."""
    made = one_page(WORDS)
    at = made.rindex(b"startxref\n") + 10
    return made.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev " + made[at:].split(b"\n")[0])


def looping_form() -> bytes:
    """A drawing that draws itself."""
    return one_page(WORDS + b" /X Do", b"", b"/XObject << /X 6 0 R >>", form(6))


def doubling_forms(depth: int) -> bytes:
    """Drawings of which each draws the next one twice: two to the power of ``depth`` in all."""
    forms = (form(number) for number in range(7, 7 + depth))
    return one_page(b"/X Do", b"", b"/XObject << /X 6 0 R >>", *forms, stream(WORDS))


def nested_arrays(depth: int) -> bytes:
    """An array in an array in an array."""
    return objects(CATALOG, b"<< /Type /Pages /Kids " + b"[" * depth + b"]" * depth + b" /Count 1 >>")


def compressed(size: int, times: int = 1) -> bytes:
    """One page whose content unpacks to ``size`` bytes; several layers of compression for ``times``."""
    content = SENTENCE * (size // len(SENTENCE))
    for _ in range(times):
        content = zlib.compress(content, 1)
    return one_page(content, b"/Filter [%b]" % (b"/FlateDecode " * times))


def broken_references() -> bytes:
    """A good PDF whose table of references points beside every object."""
    made = pdf()
    at = made.index(b"\nxref\n")
    return made[:at] + made[at:].replace(b" 00000 n", b" 00000 n").replace(b"\n0000", b"\n0009")


def script() -> bytes:
    """A PDF that wants a script run when it is opened."""
    action = b"/OpenAction << /S /JavaScript /JS (app.launchURL\\('https://evil.example/'\\);) >>"
    return one_page(WORDS).replace(b"/Type /Catalog", b"/Type /Catalog " + action)


def executable() -> bytes:
    """The head of a Windows program."""
    return b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + bytes(50) + b"PE\x00\x00L\x01" + bytes(400)


def word_with(body: str, prolog: str = "") -> bytes:
    """A Word file with this body."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    content = f'{prolog}<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>'.encode()
    return rezipped(word(), lambda name, old: content if name == "word/document.xml" else old)


def sheet_with(body: str, prolog: str = "") -> bytes:
    """A workbook with these rows."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    content = f'{prolog}<worksheet xmlns="{space}"><sheetData>{body}</sheetData></worksheet>'.encode()
    return rezipped(workbook(), lambda name, old: content if name == "xl/worksheets/sheet1.xml" else old)


def padded(data: bytes, size: int) -> bytes:
    """An office file with one more member that unpacks to ``size`` bytes."""
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("word/media/image1.png", bytes(size))
    return buffer.getvalue()


def understated(data: bytes, member: str, size: int) -> bytes:
    """An office file one of whose members says that it unpacks to ``size`` bytes, and holds more."""
    changed = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo(member)
    changed[info.header_offset + 22 : info.header_offset + 26] = size.to_bytes(4, "little")
    central = changed.rindex(b"PK\x01\x02", 0, changed.rindex(member.encode()))
    changed[central + 24 : central + 28] = size.to_bytes(4, "little")
    return bytes(changed)


def deep_odt(depth: int) -> bytes:
    """Lists in lists in lists."""
    tag = "text:list><text:list-item"
    return odt(f"<{tag}>" * depth + "<text:p>Fond.</text:p>" + "</text:list-item></text:list>" * depth + ODT_BODY)
