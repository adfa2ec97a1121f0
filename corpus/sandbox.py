"""A confined child process that answers requests, one at a time, with limits on memory, CPU and wall time."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any


class EndedError(Exception):
    """The process ended, or was ended, before it answered.

    Attributes:
        status: Minus the number of the signal that ended it, where one did.
        late: It was ended because the time by the clock was over.
    """

    def __init__(self, status: int, *, late: bool = False) -> None:
        super().__init__(status)
        self.status = status
        self.late = late


class ChildProcess:
    """Started at the first request, and again after each end; ended with this object. Not safe between threads.

    Args:
        start: The Python code that it runs; it must call ``answer_requests``.
        largest: Bytes that it may answer.
    """

    def __init__(self, start: str, largest: int) -> None:
        self._start = start
        self._largest = largest
        self._running: tuple[subprocess.Popen[bytes], Connection] | None = None
        self._ending: weakref.finalize[Any, Any] | None = None

    def ask(self, request: object, seconds: float) -> bytes:
        """The answer to one request, which travels as JSON.

        Where a process ends that has answered others, what those left in its memory may be why: a fresh one is asked.

        Raises:
            EndedError: The process ended first; by ``SIGABRT`` where it was refused memory.
            OSError: It cannot be started.
        """
        fresh = self._running is None
        try:
            return self._asked(request, seconds)
        except EndedError as ended:
            if fresh or ended.late or ended.status == -signal.SIGXCPU:
                raise
            return self._asked(request, seconds)

    def _asked(self, request: object, seconds: float) -> bytes:
        connection = self._started()
        try:
            connection.send_bytes(json.dumps(request).encode())
            if connection.poll(seconds):
                return connection.recv_bytes(self._largest)
        except (OSError, EOFError) as error:
            raise EndedError(self.end(patience=5.0)) from error
        raise EndedError(self.end(), late=True)

    def end(self, patience: float = 0.0) -> int:
        """End the process; its status is minus the number of the signal that ended it, where one did.

        Args:
            patience: Seconds that it may take to end by itself.
        """
        running, self._running = self._running, None
        if self._ending:
            self._ending.detach()
        return _end(*running, patience) if running else 0

    def _started(self) -> Connection:
        if self._running is None:
            ours, its = Pipe()
            # The same modules as here, from the same places.
            start = f"import json, sys; sys.path[:] = json.loads(sys.argv[1]); {self._start}"
            command = [sys.executable, "-P", "-W", "ignore", "-c", start, json.dumps(sys.path), str(its.fileno())]
            # The order of sets, as everything else, is the same at each reading. Threads take addresses for nothing.
            environment = {**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
            with its:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,  # whatever a library prints is no answer
                    stderr=subprocess.DEVNULL,
                    env=environment,
                    pass_fds=[its.fileno()],
                )
            self._running = process, ours
            self._ending = weakref.finalize(self, _end, process, ours, 0.0)
        return self._running[1]


def _end(process: "subprocess.Popen[bytes]", connection: Connection, patience: float) -> int:
    connection.close()  # whoever still writes to it ends
    if patience:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(patience)
    process.kill()
    return process.wait()


# In the process itself


def answer_requests(answer: Callable[[dict[str, Any]], bytes]) -> None:
    """Answer the requests of the process that started this one, until it is gone: JSON in, bytes out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that asks: it ends this one
    with Connection(int(sys.argv[2])) as requests, suppress(EOFError):
        while True:
            try:
                requests.send_bytes(answer(json.loads(requests.recv_bytes())))
            except MemoryError:
                os.abort()  # as the libraries do that are refused memory


def confine(memory: int, cpu_seconds: int) -> None:
    """No file written, no memory or time beyond the limits from now on: the system ends this process instead.

    Args:
        memory: Bytes of addresses.
        cpu_seconds: Of the processor, for what follows.
    """
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, ceil(time.process_time()) + cpu_seconds)


def allow_more(cpu_seconds: int) -> None:
    """So much of the processor from now on, at least, where it is limited: for work whose amount is known."""
    soft, _ = resource.getrlimit(resource.RLIMIT_CPU)
    if soft != resource.RLIM_INFINITY:
        _limit(resource.RLIMIT_CPU, max(soft, ceil(time.process_time()) + cpu_seconds))


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
