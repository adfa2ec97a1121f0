"""A confined child process that answers requests, one at a time, with limits on memory, CPU and wall time."""

import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from typing import Any

LENGTH = 8
"""Bytes, big-endian, before each answer."""
_PIECE = 1 << 20


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
        self._process: subprocess.Popen[bytes] | None = None
        self._ending: weakref.finalize[Any, Any] | None = None

    def ask(self, request: object, seconds: float) -> bytes:
        """The answer to one request, which travels as JSON.

        Where a process ends that has answered others, what those left in its memory may be why: a fresh one is asked.

        Raises:
            EndedError: The process ended first; by ``SIGABRT`` where it was refused memory.
            OSError: It cannot be started.
        """
        fresh = self._process is None
        try:
            return self._asked(request, seconds)
        except EndedError as ended:
            if fresh or ended.late or ended.status == -signal.SIGXCPU:
                raise
            return self._asked(request, seconds)

    def _asked(self, request: object, seconds: float) -> bytes:
        process = self._started()
        if process.stdin is None or process.stdout is None:
            raise ValueError("the process has no pipes")
        deadline = time.monotonic() + seconds
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError as error:
            raise EndedError(self.end()) from error
        length = int.from_bytes(self._exactly(LENGTH, process.stdout.fileno(), deadline), "big")
        if length > self._largest:
            self.end()
            raise EndedError(0)
        return self._exactly(length, process.stdout.fileno(), deadline)

    def end(self, patience: float = 0.0) -> int:
        """End the process; its status is minus the number of the signal that ended it, where one did.

        Args:
            patience: Seconds that it may take to end by itself.
        """
        process, self._process = self._process, None
        if self._ending:
            self._ending.detach()
        return _end(process, patience) if process else 0

    def _exactly(self, wanted: int, pipe: int, deadline: float) -> bytes:
        pieces: list[bytes] = []
        while wanted:
            ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise EndedError(self.end(), late=True)
            piece = os.read(pipe, min(wanted, _PIECE))
            if not piece:
                raise EndedError(self.end(patience=5.0))
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            # The same modules as here, from the same places.
            start = f"import json, sys; sys.path[:] = json.loads(sys.argv[1]); {self._start}"
            command = [sys.executable, "-P", "-W", "ignore", "-c", start, json.dumps(sys.path)]
            # The order of sets, as everything else, is the same at each reading. Threads take addresses for nothing.
            environment = {**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
            self._ending = weakref.finalize(self, _end, self._process, 0.0)
        return self._process


def _end(process: subprocess.Popen[bytes], patience: float) -> int:
    try:
        if patience:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(patience)
        process.kill()
        return process.wait()
    finally:
        for pipe in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):  # of the request that the process did not live to read
                if pipe:
                    pipe.close()


# In the process itself


def answer_requests(answer: Callable[[dict[str, Any]], bytes]) -> None:
    """Answer the requests on standard input until it ends: JSON in, eight bytes of length and the answer out."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that asks: it ends this one
    for line in sys.stdin.buffer:
        try:
            data = answer(json.loads(line))
        except MemoryError:
            os.abort()  # as the libraries do that are refused memory
        answers.write(len(data).to_bytes(LENGTH, "big"))
        answers.write(data)
        answers.flush()


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


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
