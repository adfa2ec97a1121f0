"""Read documents in a confined child process, restarted after each document that breaks it.

The process answers each request with a JSON object. It imports no model and no index, writes no file, and ends with
its standard input.
"""

import logging
import signal
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from pydantic import TypeAdapter

from corpus.document import LIMITS, Document, Documents, Entry, Limits, Source
from corpus.errors import CorpusError, UnreadableDocumentError, beyond
from corpus.readers.formats import read_file
from corpus.sandbox import ChildProcess, EndedError, answer_requests, confine
from corpus.split.split import split

log = logging.getLogger(__name__)

_LARGEST_ANSWER = 200_000_000
"""Bytes that the reading process may answer: more than a document within its limits can make."""
_START = "from corpus.read_worker import main; main()"
_AGAIN = "Enregistrez-le de nouveau (un PDF : imprimez-le dans un nouveau PDF)"
_SHORTER = f"{_AGAIN}, ou partagez-le en plusieurs documents."


@dataclass(frozen=True, slots=True)
class _Answer:
    """One document and its entries, or why there is none."""

    documents: Documents = ()
    entries: tuple[Entry, ...] = ()
    reason: str = ""
    remedy: str = ""
    fault: str = ""
    """An error of ours, in a line."""
    trace: str = ""


_ANSWER = TypeAdapter(_Answer)


class SafeReader:
    """Use it as a context manager: the process ends with the block.

    One process serves all documents while all goes well, since starting one takes a fifth of a second.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self._child = ChildProcess(_START, _LARGEST_ANSWER)

    def __enter__(self) -> "SafeReader":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._child.end()

    def read(self, source: Source, path: Path) -> tuple[Document, tuple[Entry, ...]]:
        """The document in a file, and its entries, of which there may be none.

        Raises:
            UnreadableDocumentError: It cannot be read, or only beyond the limits.
            CorpusError: The reading process cannot be started.
        """
        answer = self._answer(source, path)
        if answer.fault:
            log.error("%s could not be read: %s", source.file, answer.trace)
            raise UnreadableDocumentError(
                source.file,
                f"une erreur de Motamot empêche de le lire ({answer.fault[:200]}).",
                f"{_AGAIN}, ou dans un autre format ; et signalez cette erreur aux auteurs de Motamot.",
            )
        if answer.reason:
            raise UnreadableDocumentError(source.file, answer.reason, answer.remedy)
        return answer.documents[0], answer.entries

    def _answer(self, source: Source, path: Path) -> _Answer:
        asked = {"source": asdict(source), "path": str(path), "limits": asdict(self.limits)}
        try:
            return _ANSWER.validate_json(self._child.ask(asked, self.limits.wall_seconds), context={})
        except EndedError as ended:
            raise self._told(source, ended) from ended
        except OSError as error:
            raise CorpusError(
                f"Les documents ne peuvent pas être lus : le programme qui les lit ne démarre pas ({error}). "
                "Vérifiez la mémoire libre et le nombre de processus permis."
            ) from error

    def _told(self, source: Source, ended: EndedError) -> UnreadableDocumentError:
        if ended.status == -signal.SIGXCPU:
            reason = f"sa lecture demande plus de {self.limits.cpu_seconds} secondes de calcul."
        elif ended.late:
            reason = f"sa lecture n’était pas finie après {self.limits.wall_seconds} secondes."
        elif ended.status == -signal.SIGABRT:
            reason = f"sa lecture demande plus de {self.limits.memory // 2**20} Mo de mémoire."
        elif ended.status == -signal.SIGKILL:
            reason = "sa lecture a été arrêtée par le système, sans doute faute de mémoire."
        else:
            reason = f"sa lecture s’est arrêtée brutalement (état {ended.status})."
        return UnreadableDocumentError(source.file, reason, _SHORTER)


# In the process itself


def main() -> None:
    """Answer until standard input ends."""
    answer_requests(_read)


def _read(asked: Mapping[str, Any]) -> bytes:
    limits = Limits(**asked["limits"])
    confine(limits.memory, limits.cpu_seconds)
    return _ANSWER.dump_json(_answer(asked, limits), exclude_defaults=True)


def _answer(asked: Mapping[str, Any], limits: Limits) -> _Answer:
    source = Source(**asked["source"])
    try:
        document = read_file(source, Path(asked["path"]), limits)
        _count(source, "paragraphes", len(document.blocks), limits.blocks)
        entries = split(document)
        _count(source, "passages", sum(len(entry.passages) for entry in entries), limits.passages)
        return _Answer((document,), tuple(entries))
    except UnreadableDocumentError as error:
        return _Answer(reason=error.reason, remedy=error.remedy)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  a fault of ours: the process that asks logs it and reads on
        return _Answer(fault=f"{type(error).__name__}: {error}", trace=traceback.format_exc())


def _count(source: Source, what: str, found: int, most: int) -> None:
    if found > most:
        raise beyond(source.file, found, most, what)
