"""The site of these settings: what each process of a service loads; one process or several that serve an address.

Several are started, watched, replaced when they die, and asked to finish.
"""

import multiprocessing
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bot import cli_index
from bot.collection import COMMON, Collections, CurrentBranding
from bot.journal import Journal
from bot.logs import LOG, configure_logs
from bot.settings import Settings, read_log_format, read_settings
from bot.web.branding import Branding
from bot.web.rate_limits import RequestCounts
from bot.web.server import Loading, build_app, serve
from index.store import database

if TYPE_CHECKING:
    from fastapi import FastAPI

    from bot.service import AssistantLike


def branding_of(settings: Settings) -> Branding:
    """Of the service; where it has collections, of the one in force."""
    every = {
        name: Branding(own.operator, own.contact, own.theme, own.frame_ancestors, own.title)
        for name in (COMMON, *(table.name for table in settings.collection))
        for own in [settings.of(name)]
    }
    return cast(Branding, CurrentBranding(every)) if settings.collection else every[COMMON]


def load_site(
    settings: Settings, journal: Journal | None, until_closed: ExitStack, folder: Path | None = None
) -> "FastAPI":
    """Load the index, built where it must be, and make the site over it; what watches it ends with ``until_closed``.

    ``folder`` is what the processes of this machine share, None for one alone; several machines share a database.
    """
    live = cli_index.open_live(settings, publish=folder is None)
    until_closed.enter_context(live.watched())
    encoder = live.encoder
    assistant: AssistantLike = live
    if settings.collection:
        assistant = Collections(settings, live, lambda own: cli_index.open_own(own, encoder))
    counts = RequestCounts.in_file(folder / "state.sqlite3") if folder else None
    if settings.store:
        counts = RequestCounts.in_database(database(settings.store))
    return build_app(
        assistant,
        root_path=settings.root_path,
        corpus=settings.corpus,
        journal=journal,
        rate=settings.rate_limit,
        trusted_proxies=settings.trusted_proxies,
        metrics_for=settings.metrics,
        collections=settings.collection,
        counts=counts,
    )


def serve_site(
    settings: Settings,
    given: Mapping[str, object],
    ready: Callable[[], None],
    folder: Path | None = None,
    listener: socket.socket | None = None,
    first: bool = False,
) -> None:
    """Load the site of these settings and serve it until interrupted.

    Args:
        settings: Of the service.
        given: Those of the command line; the branding is read again with them at the signal SIGHUP.
        ready: Called once the site answers.
        folder: As in ``load_site``.
        listener: A socket that other processes accept from too.
        first: Whether to load before the first request is accepted: other processes answer meanwhile.
    """
    with ExitStack() as until_closed:
        book = until_closed.enter_context(cli_index.kept_journal(settings))
        app = Loading(
            lambda: load_site(settings, book, until_closed, folder),
            lambda: branding_of(read_settings(**given)),  # type: ignore[arg-type]
            ready,
            settings.root_path,
            first=first,
        )
        serve(app, settings.host, settings.port, listener)


def work(listener: socket.socket, folder: Path, again: bool, given: Mapping[str, object]) -> None:
    """One of several processes that serve an address (see ``workers.Work``)."""
    configure_logs(read_log_format())
    settings = read_settings(**given)  # type: ignore[arg-type]
    serve_site(settings, given, (folder / str(os.getpid())).touch, folder, listener, first=again)


# --- several processes that serve one address ---


METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""Variable that prometheus_client reads when it is imported."""
_MEMORY = Path("/dev/shm")
_LOOK = 0.2
_FINISH = 15.0
"""Seconds: the answers under way have five, then what is open is closed."""
_TOO_SOON = 5.0
"""Seconds before a worker that never answered is replaced: it would die again at once."""

Work = Callable[[socket.socket, Path, bool, Mapping[str, object]], None]
"""Serves a listening socket with the folder that the workers share; whether it takes the place of another; settings."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that the workers accept from, each in turn.

    Raises:
        OSError: This process may not listen there.
    """
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def shared_folder() -> Iterator[Path]:
    """What the workers share, in the machine's memory where it can be; gone afterwards."""
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="motamot-", dir=place))
    (folder / "metrics").mkdir()
    os.environ[METRICS] = str(folder / "metrics")
    try:
        yield folder
    finally:
        del os.environ[METRICS]
        shutil.rmtree(folder, ignore_errors=True)


def run(work: Work, n: int, listener: socket.socket, given: Mapping[str, object]) -> None:
    """Keep ``n`` workers alive until SIGTERM or SIGINT; SIGHUP is passed on to them."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bot.forked"])
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: stopping.append(number))
    workers: dict[ForkServerProcess, float] = {}
    signal.signal(signal.SIGHUP, lambda *_: _tell(workers, signal.SIGHUP))

    with shared_folder() as shared:

        def start(again: bool) -> None:
            process = context.Process(target=work, args=(listener, shared, again, given), name="motamot-worker")
            process.start()
            workers[process] = time.monotonic()

        for _ in range(n):
            start(False)
        due: list[float] = []
        while not stopping:
            time.sleep(_LOOK)
            for process in [each for each in workers if not each.is_alive()]:
                lived = time.monotonic() - workers.pop(process)
                LOG.error("a worker ended with %s after %.0f s: another takes its place", process.exitcode, lived)
                answered = shared / str(process.pid)
                due.append(time.monotonic() + (0 if answered.exists() else _TOO_SOON))
                answered.unlink(missing_ok=True)
            while due and min(due) <= time.monotonic():
                due.remove(min(due))
                start(True)
        listener.close()
        _tell(workers, signal.SIGTERM)
        until = time.monotonic() + _FINISH
        for process in workers:
            process.join(max(0.0, until - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()


def _tell(workers: Mapping[ForkServerProcess, float], number: int) -> None:
    for process in workers:
        if process.is_alive() and process.pid:
            os.kill(process.pid, number)
