"""Pages of PDF files are drawn in another process: what it gives, and what becomes of the files that break it."""

import hashlib
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import hostile_files as hostile
import pytest
from conftest import plain
from fpdf import FPDF

from bot.web import pdf_pages
from bot.web.page_image import UnusablePageError, page_image, printed_page
from bot.web.pdf_pages import BusyError, Drawer, DrawingLimits


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    """Three pages."""
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


def test_it_gives_what_drawing_here_gives(pdf: Path) -> None:
    drawer, data = Drawer(), pdf.read_bytes()

    assert drawer.image(pdf, sha256(pdf), 2) == page_image(data, 2)
    assert drawer.page(pdf, sha256(pdf), 3) == printed_page(data, 3)
    assert drawer.page(pdf, sha256(pdf), 3).text.startswith("Article 3. La déchèterie")


@pytest.mark.parametrize("number", [0, 4, -1, 10**30])
def test_a_page_that_is_not_there_is_unusable(pdf: Path, number: int) -> None:
    with pytest.raises(UnusablePageError, match="of 3"):
        Drawer().image(pdf, sha256(pdf), number)


def test_a_file_that_is_not_the_one_that_was_read_is_not_shown(pdf: Path) -> None:
    with pytest.raises(UnusablePageError, match="has changed"):
        Drawer().image(pdf, "0" * 64, 1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7\n" + bytes(range(256)) * 99,
        hostile.looping_pages(),
        hostile.looping_object(),
        hostile.nested_arrays(100_000),
        hostile.looping_history(),
        hostile.looping_form(),
        hostile.broken_references(),
        hostile.compressed(200_000_000),
        hostile.compressed(200_000_000, 2),
        hostile.doubling_forms(60),
        hostile.script(),
        hostile.executable(),
    ],
    ids=range(13),
)
def test_a_hostile_file_is_drawn_or_not_and_the_next_one_is(tmp_path: Path, pdf: Path, data: bytes) -> None:
    drawer = Drawer(DrawingLimits(cpu_seconds=2))
    path = tmp_path / "hostile.pdf"
    path.write_bytes(data)
    for draw in (drawer.image, drawer.page):
        with suppress(UnusablePageError):
            draw(path, sha256(path), 1)

    assert drawer.image(pdf, sha256(pdf), 1).startswith(b"RIFF")


BREAKS = """
from bot.web import drawing_process
real, asked = drawing_process.draw, []
def draw(what):
    number = what["number"]
    if number == 1:
        return real(what)
    {how}
drawing_process.draw = draw
drawing_process.main()
"""


@pytest.mark.parametrize(
    "how",
    [
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "drawing_process.confine(2**30, 1)\n    while True: pass",
        "import time; time.sleep(60)",
        "raise KeyError",
        "import os; os._exit(0)",
        "import os; os.write(1, b'x' * 10**6); return b''.join(str(n).encode() for n in range(3)) * 10**8",
    ],
)
def test_a_page_that_breaks_the_process_is_tried_once_and_a_file_three_times(
    pdf: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_pages, "_START", BREAKS.replace("{how}", how))
    drawer = Drawer(DrawingLimits(wall_seconds=3, cpu_seconds=1))
    hash_ = sha256(pdf)
    assert drawer.image(pdf, hash_, 1).startswith(b"RIFF")
    for number in (2, 3):
        with pytest.raises(UnusablePageError, match="ended"):
            drawer.image(pdf, hash_, number)
    with pytest.raises(UnusablePageError, match="it broke"):
        drawer.image(pdf, hash_, 2)
    assert drawer.image(pdf, hash_, 1).startswith(b"RIFF")
    with pytest.raises(UnusablePageError, match="ended"):
        drawer.image(pdf, hash_, 4)
    with pytest.raises(UnusablePageError, match="it broke"):
        drawer.image(pdf, hash_, 1)


def test_what_the_system_ends_between_two_pages_costs_nothing(pdf: Path) -> None:
    drawer = Drawer()
    first = drawer.image(pdf, sha256(pdf), 1)
    process = drawer._child._process
    assert process is not None
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
    process = drawer._child._process
    assert process is not None
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
        "import sys\nfrom bot.web import drawing_process\n"
        "def draw(asked):\n"
        "    heavy = {'torch', 'numpy', 'gradio', 'starlette'} & set(sys.modules)\n"
        "    drawing_process.confine(2**30, 10)\n"
        f"    try: open({str(told)!r}, 'w').write('x' * 10**5)\n"
        "    except OSError: return repr(sorted(heavy)).replace(chr(39), chr(34)).encode()\n"
        "drawing_process.draw = draw\ndrawing_process.main()",
    )
    drawer = Drawer()

    assert drawer._child.ask({}, 20) == b"[]"
    assert told.read_bytes() == b""
