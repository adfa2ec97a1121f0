"""Reads documents in a process of their own, one after the other, started anew whenever one breaks it."""

import json
import logging
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from corpus.document import Document, Entry, Source
from corpus.errors import CorpusError, UnreadableDocumentError
from corpus.limits import LARGEST_ANSWER, LIMITS, Limits
from corpus.reading_process import LENGTH, request
from corpus.record import document_from_json, entry_from_json

log = logging.getLogger(__name__)

# The same modules as here, from the same places.
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from corpus.reading_process import main; main()"
_PIECE = 1 << 20
_AGAIN = "Enregistrez-le de nouveau (un PDF : imprimez-le dans un nouveau PDF)"
_SHORTER = f"{_AGAIN}, ou partagez-le en plusieurs documents."


class _EndedError(Exception):
    """The reading process ended, or was ended, before it answered."""

    def __init__(self, status: int, *, late: bool = False) -> None:
        super().__init__(status)
        self.status = status
        self.late = late


class SafeReader:
    """Use it as a context manager: the process ends with the block.

    One process serves all documents while all goes well, since starting one takes half a second.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "SafeReader":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def read(self, source: Source, path: Path) -> tuple[Document, tuple[Entry, ...]]:
        """The document in a file, and its entries, of which there may be none.

        Raises:
            UnreadableDocumentError: It cannot be read, or only beyond the limits.
            CorpusError: The reading process cannot be started.
        """
        answer = self._once(source, path)
        if answer is None:  # what the documents before left in memory may be why: it is judged alone
            answer = self._once(source, path)
        if answer is None or "memory" in answer:
            raise UnreadableDocumentError(
                source.file,
                f"sa lecture demande plus de {self.limits.memory // 2**20} Mo de mémoire.",
                _SHORTER,
            )
        if "reason" in answer:
            raise UnreadableDocumentError(source.file, answer["reason"], answer["remedy"])
        if "fault" in answer:
            log.error("%s could not be read: %s", source.file, answer["trace"])
            raise UnreadableDocumentError(
                source.file,
                f"une erreur de Motamot empêche de le lire ({answer['fault'][:200]}).",
                f"{_AGAIN}, ou dans un autre format ; et signalez cette erreur aux auteurs de Motamot.",
            )
        document = document_from_json(answer["document"])
        return document, tuple(entry_from_json(entry, {document.id: document}) for entry in answer["entries"])

    def _once(self, source: Source, path: Path) -> dict[str, Any] | None:
        """What the process answers; None when it must be asked again, in a fresh one."""
        fresh = self._process is None
        try:
            answer = self._ask(request(source, path, self.limits))
        except _EndedError as ended:
            if not fresh and ended.status != -signal.SIGXCPU and not ended.late:
                return None
            raise self._told(source, ended) from ended
        if "memory" in answer:
            self._end()
            return answer if fresh else None
        return answer

    def _told(self, source: Source, ended: _EndedError) -> UnreadableDocumentError:
        if ended.status == -signal.SIGXCPU:
            reason = f"sa lecture demande plus de {self.limits.cpu_seconds} secondes de calcul."
        elif ended.late:
            reason = f"sa lecture n’était pas finie après {self.limits.wall_seconds} secondes."
        elif ended.status == -signal.SIGKILL:
            reason = "sa lecture a été arrêtée par le système, sans doute faute de mémoire."
        else:
            reason = f"sa lecture s’est arrêtée brutalement (état {ended.status})."
        return UnreadableDocumentError(source.file, reason, _SHORTER)

    def _ask(self, line: bytes) -> dict[str, Any]:
        process = self._started()
        if process.stdin is None or process.stdout is None:
            raise ValueError("the reading process has no pipes")
        deadline = time.monotonic() + self.limits.wall_seconds
        try:
            process.stdin.write(line)
            process.stdin.flush()
            length = int.from_bytes(self._exactly(LENGTH, process.stdout.fileno(), deadline), "big")
            if length > LARGEST_ANSWER:
                self._end()
                raise _EndedError(0)
            answer = json.loads(self._exactly(length, process.stdout.fileno(), deadline))
        except BrokenPipeError as error:
            raise _EndedError(self._end()) from error
        if not isinstance(answer, dict):
            raise ValueError(f"an object was expected from the reading process, got {type(answer)}")
        return answer

    def _exactly(self, wanted: int, pipe: int, deadline: float) -> bytes:
        pieces: list[bytes] = []
        while wanted:
            ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise _EndedError(self._end(), late=True)
            piece = os.read(pipe, min(wanted, _PIECE))
            if not piece:
                raise _EndedError(self._end(patience=5.0))
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            command = [sys.executable, "-P", "-W", "ignore", "-c", _START, json.dumps(sys.path)]
            # The order of sets, as everything else, is the same at each reading. Threads take addresses for nothing.
            environment = {**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=environment,
                )
            except OSError as error:
                raise CorpusError(
                    f"Les documents ne peuvent pas être lus : le programme qui les lit ne démarre pas ({error}). "
                    "Vérifiez la mémoire libre et le nombre de processus permis."
                ) from error
        return self._process

    def _end(self, patience: float = 0.0) -> int:
        """End the process; its status is minus the number of the signal that ended it, where one did."""
        process, self._process = self._process, None
        if process is None:
            return 0
        try:
            return process.wait(patience) if patience else self._killed(process)
        except subprocess.TimeoutExpired:
            return self._killed(process)
        finally:
            for pipe in (process.stdin, process.stdout):
                with suppress(BrokenPipeError):  # of the request that the process did not live to read
                    if pipe:
                        pipe.close()

    @staticmethod
    def _killed(process: subprocess.Popen[bytes]) -> int:
        process.kill()
        return process.wait()
