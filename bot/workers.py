"""Several processes that serve one address: started, watched, replaced when they die, and asked to finish."""

import multiprocessing
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from bot.logs import LOG

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
    """A socket that the workers accept from, each in turn."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
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
