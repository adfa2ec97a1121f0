"""PDF files made with fpdf2, and what is read of them; its fonts know Latin-1 only, hence straight apostrophes."""

from fpdf import FPDF

from corpus.document import BlockKind, Document, Source, StructuredText
from corpus.readers.pdf import read_pdf
from corpus.split.split import split

SENTENCE = "Le contrat de relance et de transition fixe les actions que le territoire mène avec l'État. "
MANY = " ".join(f"La mesure {number} concerne {number * 7} communes du territoire." for number in range(1, 130))


class Paper(FPDF):
    """A page with the running header and footer of a guide."""

    def header(self) -> None:
        self.set_font("helvetica", size=8)
        self.cell(0, 5, f"Guide des contrats - édition {2020 + self.page_no()}", new_x="LMARGIN", new_y="NEXT")
        self.ln(8)

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("helvetica", size=8)
        self.cell(0, 5, f"Page {self.page_no()}/{{nb}}", align="C")

    def put(self, text: str, style: str = "", size: float = 11, gap: float = 4) -> "Paper":
        self.set_font("helvetica", style=style, size=size)
        self.multi_cell(0, 6, text, new_x="LMARGIN", new_y="NEXT", align="L")
        self.ln(gap)
        return self


def paper() -> Paper:
    made = Paper()
    made.add_page()
    return made


def plain(*lines: str) -> FPDF:
    made = FPDF()
    made.add_page()
    made.set_font("helvetica", size=11)
    for line in lines or [SENTENCE * 3]:
        made.multi_cell(0, 6, line, new_x="LMARGIN", new_y="NEXT", align="L")
    return made


def box(made: FPDF, x: float, y: float, text: str, width: float = 60) -> None:
    """A box of text at that place, in millimetres."""
    made.set_xy(x, y)
    made.multi_cell(width, 6, text, align="L")


def read(made: FPDF, name: str = "note.pdf") -> StructuredText:
    return read_pdf(bytes(made.output()), name)


def blocks(reading: StructuredText, kind: BlockKind | None = None) -> list[str]:
    return [reading.text[b.start : b.end] for b in reading.blocks if kind in (None, b.kind)]


def document(reading: StructuredText, kind: str = "faq") -> Document:
    source = Source("note", "Note", "ANCT", "2021-05", kind, "note.pdf")
    return Document(
        source, reading.text, "0" * 64, reading.blocks, reading.pages, reading.printed, labels=reading.labels
    )


def entries(reading: StructuredText) -> dict[str, list[str]]:
    return {each.heading_text: [part.text for part in each.passages] for each in split(document(reading, "page"))}


def laid(*pages: str) -> StructuredText:
    """Pages whose lines say where they stand, in points, and ``b`` for bold: "60 740 b14 1. Dépôt"."""
    made = FPDF(unit="pt", format="A4")
    for page in pages:
        made.add_page()
        for line in page.strip().splitlines():
            x, y, style, text = line.split(" ", 3)
            made.set_font("helvetica", style[0].replace("n", ""), float(style[1:] or 11))
            made.text(float(x), 842 - float(y), text)
    return read(made)
