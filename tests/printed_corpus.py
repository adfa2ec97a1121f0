"""A corpus of one printed PDF and one text file, and an assistant that quotes them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fake_assistant import About, FakeAssistant, answered, quote, refused
from fpdf import FPDF
from seed_files import listed

from bot.quoting import Library
from corpus.document import Document
from corpus.read import read_corpus

RULE = "Le dépôt des encombrants est gratuit pour tous les habitants de la commune."
BROKEN = "Les artisans paient un forfait annuel dont le montant est fixé chaque année par le conseil municipal."
"""Starts at the foot of the first page and ends at the head of the second."""
OPENING = "La déchèterie ouvre du lundi au samedi."
TOWN = "Ville de Montbrun"
RULES = {"title": "Règlement des déchèteries", "date": "2021-05-20", "notice": "version de mai 2021"}
CATALOGUE = listed("reglement.pdf", publisher=TOWN, kind="guide", **RULES) + listed(
    "horaires.txt", title="Horaires", publisher=TOWN, date="2022-03", kind="page"
)
HOURS = f"Horaires\n\n{OPENING} Elle ferme à dix-huit heures.\n\nElle est fermée les jours fériés."


def write_pdf(path: Path, before: Sequence[str] = ()) -> None:
    """Two pages; ``before`` are paragraphs that a newer edition has in front."""
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(auto=True, margin=20)
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    for number, text in enumerate([*before, RULE], 1):
        pdf.multi_cell(0, 7, text, new_x="LMARGIN", new_y="NEXT")
        pdf.ln(7 * number)
    pdf.set_y(-29)  # one line of it fits above the margin
    pdf.multi_cell(90, 7, BROKEN, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(14)
    pdf.multi_cell(0, 7, "Les pneus sont refusés. Les gravats sont acceptés.", new_x="LMARGIN", new_y="NEXT")
    pdf.output(str(path))


def write_printed_corpus(folder: Path) -> Path:
    """The corpus, in a folder of its own."""
    (folder / "documents").mkdir(parents=True)
    (folder / "catalogue.toml").write_text(CATALOGUE, encoding="utf-8")
    write_pdf(folder / "documents" / "reglement.pdf")
    (folder / "documents" / "horaires.txt").write_text(HOURS, encoding="utf-8")
    return folder


def documents(folder: Path) -> dict[str, Document]:
    return {document.id: document for document in read_corpus(folder).documents}


def assistant_on(known: Mapping[str, Document]) -> FakeAssistant:
    """Answers "dépôt", "forfait" and "horaires" from these documents, refuses "météo" with a suggestion."""
    rules, hours = known["reglement"], known["horaires"]
    return FakeAssistant(
        answers={
            "dépôt": answered("dépôt", quote(rules, RULE, "gratuit pour tous"), quote(hours, OPENING)),
            "forfait": answered("forfait", quote(rules, BROKEN, BROKEN)),
            "horaires": replace(
                answered("horaires", quote(hours, OPENING, OPENING, question="Quand ouvre-t-elle ?")),
                understood=(("déchet", "déchèterie"),),
            ),
            "météo": refused("météo", "dépôt"),
        },
        known=About((rules.source, hours.source), (), ("dépôt", "horaires")),
        library=Library.of_documents(known.values()),
    )
