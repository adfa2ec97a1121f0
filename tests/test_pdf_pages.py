"""Pages of PDF files: where a quote stands on them, and what becomes of the files that break who draws them."""

import hashlib
import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import hostile_files as hostile
import pytest
from bench_reading import SOURCE, PageCharacters, measure
from conftest import plain
from fpdf import FPDF
from pypdf import PdfWriter

from bot.web import pdf_pages
from bot.web.pdf_pages import BusyError, Drawer, DrawingLimits, UnusablePageError, page_image, placed_text
from bot.web.viewer import printed_on
from corpus.document import Document, Span
from corpus.readers.formats import read_file


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    made = FPDF(format=(420, 300))
    for number in (1, 2, 3):
        made.add_page()
        made.set_font("Helvetica", size=14)
        made.cell(text=f"Article {number}. La déchèterie ouvre le lundi.")
    path = tmp_path / "reglement.pdf"
    made.output(str(path))
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(path: Path) -> Document:
    return read_file(SOURCE, path)


def shown(document: Document, data: bytes, words: str, at: int = 0) -> str:
    """What stands under the boxes of the occurrence of ``words`` from ``at`` on, on the first page."""
    start = document.text.index(words, at)
    runs, wanted = printed_on(document, Span(start, start + len(words)), 1)
    placed = placed_text(data, 1, [runs])
    assert placed.texts[0] == wanted == "".join(words.split())
    return PageCharacters.of(data, 1).under(placed.boxes[0])


def paper(*lines: str, width: float = 0) -> bytes:
    made = FPDF()
    made.add_page()
    made.set_font("helvetica", size=11)
    for line in lines:
        made.multi_cell(width, 6, line, new_x="LMARGIN", new_y="NEXT", align="L")
    return bytes(made.output())


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "note.pdf"


def test_a_hyphen_that_the_reader_took_out_is_covered_and_one_that_it_kept_too(written: Path) -> None:
    data = paper("Il est question de la contractua-", "lisation des sous-", "préfectures de la région.")
    written.write_bytes(data)
    document = read(written)

    assert document.text == "Il est question de la contractualisation des sous-préfectures de la région."
    assert shown(document, data, "la contractualisation des sous-préfectures") == (
        "lacontractua-lisationdessous-préfectures"
    )
    assert shown(document, data, "lisation des") == "lisationdes"


def test_a_repeated_sentence_is_highlighted_where_it_is_quoted(written: Path) -> None:
    data = paper("Congé simple. Oui, sans délai. Congé long. Oui, sans délai.")
    written.write_bytes(data)
    document = read(written)
    boxes = []
    for start in (document.text.index("Oui"), document.text.rindex("Oui")):
        runs, _ = printed_on(document, Span(start, start + 16), 1)
        boxes.append(placed_text(data, 1, [runs]).boxes[0])

    assert [len(found) for found in boxes] == [1, 1]
    assert boxes[0][0].right < boxes[1][0].left


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_on_a_page_that_is_shown_turned_or_cropped_the_boxes_follow(written: Path, turn: int) -> None:
    writer = PdfWriter(BytesIO(paper("La déchèterie ouvre le lundi.", "Elle ferme le dimanche soir.")))
    writer.pages[0].rotate(turn)
    writer.pages[0].cropbox.upper_right = (400, 842)
    writer.write(written)
    document = read(written)

    assert document.text == "La déchèterie ouvre le lundi. Elle ferme le dimanche soir."
    assert shown(document, written.read_bytes(), "ferme le dimanche") == "fermeledimanche"


def test_every_quote_is_highlighted_exactly_in_tables_notes_and_fields_too(written: Path) -> None:
    made = FPDF()
    made.add_page()
    made.set_font("helvetica", size=11)
    with made.table() as table:
        table.row(["Zone", "Occupation", "Tarif"])
        row = table.row()
        row.cell("Centre", rowspan=2)
        row.cell("Étalage")
        row.cell("20 euros")
        table.row(["Terrasse", "30 euros"])
    made.output(str(written))

    for path in (written, *(Path(__file__).parent / "pdf_files").glob("*.pdf")):
        found = measure(path)
        assert 0 < len(found.quotes) == found.exact, path.name


@pytest.mark.parametrize("name", ["cerfa_demande_domiciliation.pdf", "fiche_loi_climat_cnrc.pdf"])
def test_every_quote_of_real_files_is_highlighted_exactly(shared: Path, name: str) -> None:
    found = measure(shared / "pdfs" / name)

    assert found.exact == len(found.quotes) > 9


def test_the_process_gives_what_drawing_here_gives(pdf: Path) -> None:
    drawer, data = Drawer(), pdf.read_bytes()

    assert drawer.image(pdf, sha256(pdf), 2) == page_image(data, 2)
    assert drawer.place(pdf, sha256(pdf), 3, [((11, 24),)]) == placed_text(data, 3, [((11, 24),)])
    assert drawer.place(pdf, sha256(pdf), 3, [((11, 24), (900, 999))]).texts == ("Ladéchèterie",)


def test_a_page_or_a_file_that_is_not_there_is_unusable(pdf: Path) -> None:
    drawer = Drawer()
    for number in (0, 4, -1, 10**30):
        with pytest.raises(UnusablePageError, match="of 3"):
            drawer.image(pdf, sha256(pdf), number)
    with pytest.raises(UnusablePageError, match="has changed"):
        drawer.image(pdf, "0" * 64, 1)


HOSTILE = (
    bytes,
    hostile.looping_object,
    lambda: hostile.nested_arrays(100_000),
    hostile.looping_form,
    lambda: hostile.compressed(80_000_000, 2),
)


def test_a_hostile_file_is_drawn_or_not_and_the_next_one_is(tmp_path: Path, pdf: Path) -> None:
    drawer, path = Drawer(DrawingLimits(cpu_seconds=1)), tmp_path / "hostile.pdf"
    for make in HOSTILE:
        path.write_bytes(make())
        with suppress(UnusablePageError):
            drawer.image(path, sha256(path), 1)
        with suppress(UnusablePageError):
            drawer.place(path, sha256(path), 1, [((0, 9),)])

        assert drawer.image(pdf, sha256(pdf), 1).startswith(b"RIFF")


BREAKS = """
from bot.web.pdf_pages import answer
from corpus.sandbox import answer_requests, confine
def draw(what):
    if what["number"] == 1:
        return answer(what)
    {how}
answer_requests(draw)
"""


@pytest.mark.parametrize(
    ("how", "seconds", "status"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 30, -signal.SIGSEGV),
        ("import time; time.sleep(60)", 1, -signal.SIGKILL),
        ("import os; os.write(1, b'x' * 10**6); return b'012' * 3 * 10**7", 30, 1),
    ],
)
def test_a_page_that_breaks_the_process_is_tried_once_and_a_file_as_often_as_is_spared(
    pdf: Path, how: str, seconds: float, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_pages, "_START", BREAKS.replace("{how}", how))
    drawer, hash_ = Drawer(DrawingLimits(spared=2)), sha256(pdf)

    def refused(number: int) -> str:
        drawer.limits = replace(drawer.limits, wall_seconds=seconds)
        with pytest.raises(UnusablePageError) as why:
            drawer.image(pdf, hash_, number)
        drawer.limits = replace(drawer.limits, wall_seconds=30)
        return str(why.value)

    assert drawer.image(pdf, hash_, 1).startswith(b"RIFF")
    assert refused(2).endswith(f"ended: {status}")
    assert "it broke" in refused(2)
    assert drawer.image(pdf, hash_, 1).startswith(b"RIFF")
    assert "ended" in refused(3)
    assert "it broke" in refused(1)


def test_what_the_system_ends_between_two_pages_costs_nothing(pdf: Path) -> None:
    drawer = Drawer()
    first = drawer.image(pdf, sha256(pdf), 1)
    assert drawer._child._running is not None
    process = drawer._child._running[0]
    os.kill(process.pid, signal.SIGKILL)

    assert drawer.image(pdf, sha256(pdf), 1) == first


def test_only_so_many_wait_for_a_page(pdf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawer = Drawer(DrawingLimits(waiting=2))
    go = threading.Event()
    monkeypatch.setattr(drawer._child, "ask", lambda *asked: go.wait(20) and b"{}\n")
    waiting = [threading.Thread(target=drawer.image, args=(pdf, "0" * 64, number)) for number in (1, 2)]
    for thread in waiting:
        thread.start()
    while drawer._room._value:  # type: ignore[attr-defined]
        time.sleep(0.01)

    with pytest.raises(BusyError) as busy:
        drawer.image(pdf, "0" * 64, 3)
    go.set()
    for thread in waiting:
        thread.join(20)

    assert plain(str(busy.value)).endswith("Rechargez-la dans quelques secondes.")
    assert drawer.image(pdf, "0" * 64, 3) == b""


def test_the_process_ends_with_the_drawer(pdf: Path) -> None:
    drawer = Drawer()
    drawer.image(pdf, sha256(pdf), 1)
    assert drawer._child._running is not None
    process = drawer._child._running[0]
    del drawer

    assert process.wait(10) == -signal.SIGKILL


def test_the_process_knows_no_model_and_writes_no_file(
    pdf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "told"
    told.touch()
    monkeypatch.setattr(
        pdf_pages,
        "_START",
        "import sys\nfrom bot.web.pdf_pages import answer\nfrom corpus.sandbox import answer_requests, confine\n"
        "def draw(asked):\n"
        "    heavy = {'torch', 'numpy', 'gradio', 'starlette', 'simplemma'} & set(sys.modules)\n"
        "    confine(2**30, 10)\n"
        f"    try: open({str(told)!r}, 'w').write('x' * 10**5)\n"
        "    except OSError: return repr(sorted(heavy)).replace(chr(39), chr(34)).encode()\n"
        "answer_requests(draw)",
    )
    drawer = Drawer()

    assert drawer._child.ask({}, 20) == b"[]"
    assert told.read_bytes() == b""
