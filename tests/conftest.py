"""Fixtures shared by the tests."""

import fcntl
import gc
import json
import os
import shutil
import sys
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from real_command import Places
    from whole_site import WholeSite

    from bot.assistant import Assistant
    from bot.journal import Journal
    from index.e5.onnx_encoder import OnnxEncoder
    from index.searcher import Searcher

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("MOTAMOT_SHARED", ROOT.parent / "shared"))
"""Real data beside the checkout: benchmarks, PDFs, seeds."""

pytest_plugins = ["pytester"]

# A busy machine is no defect of what is tested.
settings.register_profile("motamot", deadline=None)
settings.load_profile("motamot")


def plain(message: str) -> str:
    """A message with ordinary spaces where French typography puts no-break ones."""
    return message.replace("\u00a0", " ").replace("\u202f", " ")


def parsed(html: str) -> Any:
    """A page or a part of one."""
    from bs4 import BeautifulSoup

    return BeautifulSoup(html, "html.parser")


def words(element: Any) -> str:
    """What an element says, on one line, with ordinary spaces."""
    return " ".join(element.get_text().split())


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"no {SHARED}: set MOTAMOT_SHARED to the folder of shared benchmarks and PDFs")
    return SHARED


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the variables that set Motamot, whatever those of the machine."""
    for name in [name for name in os.environ if name.startswith("MOTAMOT_")]:
        monkeypatch.delenv(name)


_IDLE: list[Any] = []


@pytest.fixture(autouse=True, scope="module")
def reading_process() -> "Generator[None]":
    """One process reads the documents of all corpora of this worker: to start one takes as long as a small build."""
    from corpus.read import SafeReader

    begin, read = SafeReader.__init__, SafeReader.read

    def begun(self: Any, *limits: Any) -> None:
        begin(self, *limits)
        if _IDLE and _IDLE[-1]._start == self._child._start:
            self._child = _IDLE.pop()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SafeReader, "__init__", begun)
        patch.setattr(SafeReader, "read", lambda self, source, path: read(self, source, path.absolute()))  # it stays
        patch.setattr(SafeReader, "__exit__", lambda self, *_: _IDLE.append(self._child))
        yield


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the workers of one run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@contextmanager
def in_turn(folder: Path) -> Generator[None]:
    """One worker at a time; in CI, once the wheel has made what it makes, for which it locks the same file."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def index_folder(run_folder: Path) -> Path:
    """Where the index of the shipped corpus is, or will be; MOTAMOT_TEST_INDEX names that of the wheel of this tree."""
    return Path(os.environ.get("MOTAMOT_TEST_INDEX") or run_folder / "default-index")


@pytest.fixture(scope="session")
def model_home(run_folder: Path, index_folder: Path) -> Path:
    """A data directory in which the default model was unpacked; MOTAMOT_TEST_HOME keeps it between runs."""
    from index.e5.unpack import unpack_default_model

    home = Path(os.environ.get("MOTAMOT_TEST_HOME") or run_folder / "home")
    with in_turn(index_folder):
        unpack_default_model(home / "models")
    return home


@pytest.fixture(scope="session")
def encoder(model_home: Path) -> "OnnxEncoder":
    from index.e5.unpack import default_encoder

    return default_encoder(model_home)


@pytest.fixture(scope="session")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library's FAQ of ``small_corpus`` (in ``corpus``), indexed with its fake encoder (in ``index``)."""
    from small_corpus import small_encoder, write_corpus

    from index.build import build

    folder = tmp_path_factory.mktemp("small")
    build(write_corpus(folder / "corpus"), folder / "index", small_encoder())
    return folder


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]

KNOWN = (
    {"id": "a", "turns": ["amende de retard"], "expect": ["Aucune amende n’est due."]},
    {"id": "b", "turns": ["amende de retard"], "expect": ["Un rappel part"]},
    {"id": "c", "turns": ["capitale du Pérou"], "kind": "refuse"},
    {"id": "d", "turns": ["bonjour"], "kind": "smalltalk"},
)
"""Questions on the library's FAQ: the first, the third and the fourth are answered as they should be."""


@pytest.fixture
def motamot(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``motamot``, as typed."""
    from bot import cli

    def command(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["motamot", *map(str, arguments)])
        with pytest.raises(SystemExit) as exited:
            cli.main()
        printed = capsys.readouterr()
        return Ran(exited.value.code or 0, printed.out, plain(printed.err))  # type: ignore[arg-type]

    return command


@pytest.fixture
def run(small_index: Path, tmp_path: Path, no_settings: None, monkeypatch: pytest.MonkeyPatch, motamot: Run) -> Run:
    """Runs ``motamot`` where only ``q.jsonl`` is, on the library's corpus and index, with its fake encoder."""
    from small_corpus import small_encoder

    from bot import cli_index

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOTAMOT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MOTAMOT_CORPUS", str(small_index / "corpus"))
    monkeypatch.setenv("MOTAMOT_INDEX", str(small_index / "index"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(cli_index, "load_encoder", lambda _: small_encoder())
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, KNOWN)), encoding="utf-8")
    return motamot


@pytest.fixture(scope="session")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of few phrasings (in ``index``), built from ``corpus`` on 1 May, then on 2 May."""
    from small_corpus import built

    folder = tmp_path_factory.mktemp("two-days")
    built(folder, 1)
    built(folder, 2)
    return folder.rename(folder.with_name(f"{folder.name}-moved"))  # or a copy would be of another corpus


@pytest.fixture
def folder(two_days: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(two_days, tmp_path / "copy"))


@pytest.fixture(scope="session")
def few_phrasings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library's FAQ with few phrasings (in ``corpus``), indexed (in ``index``)."""
    from small_corpus import FEW, small_encoder, write_corpus

    from index.build import build

    folder = tmp_path_factory.mktemp("few")
    build(write_corpus(folder / "corpus", phrasings=FEW), folder / "index", small_encoder())
    return folder.rename(folder.with_name(f"{folder.name}-moved"))  # or a copy would be of another corpus


@pytest.fixture
def place(few_phrasings: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(few_phrasings, tmp_path / "site"))


@pytest.fixture
def journal(tmp_path: Path) -> "Generator[Journal]":
    from bot.journal import Journal

    with closing(Journal(tmp_path / "journal.sqlite3", 90)) as journal:
        yield journal


@pytest.fixture(scope="session")
def small_searcher(small_index: Path) -> "Searcher":
    from small_corpus import small_encoder

    from index.searcher import Searcher

    return Searcher.load(small_index / "index", small_encoder())


@pytest.fixture(scope="session")
def small_assistant(small_searcher: "Searcher") -> "Assistant":
    from bot.assistant import Assistant

    return Assistant(small_searcher)


@pytest.fixture(scope="session")
def default_index(encoder: "OnnxEncoder", index_folder: Path) -> Path:
    """The corpus that is shipped, indexed with the real encoder: by the wheel, or the first worker to come, for all."""
    from index import MAX_ERROR
    from index.build import build
    from index.state import State, state

    with in_turn(index_folder):
        if not (index_folder / "CURRENT").exists():
            build(ROOT / "corpus", index_folder, encoder)
    assert state(ROOT / "corpus", index_folder, encoder.name, MAX_ERROR) is State.FRESH
    return index_folder


@pytest.fixture
def where(tmp_path: Path, model_home: Path, default_index: Path) -> "Places":
    """Folders of a ``motamot`` in a process of its own, with the shipped corpus indexed."""
    from real_command import places

    return places(tmp_path / "all", model_home, default_index)


LONG = (
    "every_page", "browser", "embed", "workshop_flow", "whole_visit", "faults", "hostile", "stores", "workshop", "ocr",
    "end_to_end", "workers", "pdf_pages", "bad_inputs", "collections", "store", "rebuilding", "api", "mcp", "cli",
    "privacy", "deployment", "offline", "encoder", "pytest_plugin", "courtesy",
)  # fmt: skip
"""Files by the time that they take, 290 s to 8. What waits for the wheel comes after the longest; what waits for an
index that no wheel made, which the first of them builds, after others."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take longest first: short ones even out the end of a run."""
    place = {f"test_{name}": number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONG)))


def pytest_collection_finish() -> None:
    """What was imported stays to the end: it is not looked through again and again for what is no longer used."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests that pass want to be known, under the property ``notice``."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "notice":
                terminalreporter.write_line(f"{report.nodeid}: {text}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> "Generator[WholeSite]":
    """The whole site and a page that embeds it, on real ports."""
    from whole_site import whole_site

    with whole_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> "Generator[Any]":
    from real_site import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def opener(browser: Any) -> "Generator[Any]":
    """A tab of an English browser that stays: what it opens is of its process, which compiles our scripts once."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800},
        reduced_motion="reduce",
        locale="en-US",
        permissions=["clipboard-read", "clipboard-write"],
        ignore_https_errors=True,  # certificates that the tests sign themselves
    )
    context.set_default_navigation_timeout(90_000)  # milliseconds; a loaded machine takes its time
    yield context.new_page()
    context.close()


@pytest.fixture
def page(opener: Any) -> "Generator[Any]":
    """A tab of its own, which nothing is kept for from another, with errors of no script."""
    errors: list[str] = []

    def note(error: Any) -> None:
        errors.append(str(error.error))

    context = opener.context
    context.on("weberror", note)
    with opener.expect_popup() as opened:
        opener.evaluate("() => { open('about:blank') }")
    page = opened.value
    yield page
    if opener.url == "about:blank" and page.url.startswith("http"):
        opener.goto(urljoin(page.url, "/healthz"))  # or the process would end with the last of our pages
    context.unroute_all()
    context.remove_listener("weberror", note)
    for other in context.pages:
        if other is not opener:
            other.close()
    assert errors == []


@pytest.fixture
def visit(page: Any, site: "WholeSite") -> "Generator[Any]":
    """A page whose visit must stay at home, make no complaint and set no cookie."""
    homes = {urlsplit(address).netloc for address in (site.url, site.host)}
    foreign: list[str] = []
    complaints: list[str] = []

    def stop(route: Any) -> None:
        foreign.append(route.request.url)
        route.abort()

    def complain(message: Any) -> None:
        complaints.append(message.text)

    page.context.route(lambda url: urlsplit(url).scheme.startswith("http") and urlsplit(url).netloc not in homes, stop)
    page.context.on("console", complain)
    yield page
    page.context.remove_listener("console", complain)
    assert (foreign, complaints, page.context.cookies()) == ([], [], [])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> "Generator[None, pytest.TestReport, pytest.TestReport]":
    """With MOTAMOT_NO_SKIP set, as in CI, a test that would be skipped fails: nothing goes unseen."""
    report = yield
    excused = item.get_closest_marker("privileged") or hasattr(report, "wasxfail")
    if report.skipped and os.environ.get("MOTAMOT_NO_SKIP") and not excused:
        report.outcome = "failed"
    return report
