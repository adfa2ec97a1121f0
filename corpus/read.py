"""Read the documents of a corpus folder in a confined child process; report those left out and why.

The process is started again after each document that breaks it. It imports no model and no index and writes no file.
"""

import logging
import os
import signal
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from corpus.catalogue import DOCUMENTS, read_catalogue, shown, unlisted_documents
from corpus.document import LIMITS, Document, Documents, Entry, Limits, Source
from corpus.errors import MORE_MEMORY, CorpusError, UnreadableDocumentError, beyond
from corpus.files import sha256_of
from corpus.readers.formats import missing, read_file
from corpus.sandbox import ChildProcess, EndedError, answer_requests, confine
from corpus.split.split import split

log = logging.getLogger(__name__)

_LARGEST_ANSWER = 200_000_000
"""Bytes that the reading process may answer: more than a document within its limits can make."""
_START = "from corpus.read import main; main()"
_AGAIN = "Enregistrez-le de nouveau (un PDF : imprimez-le dans un nouveau PDF)"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A source of the catalogue that could not be read."""

    source: Source
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a corpus folder holds."""

    folder: Path
    documents: tuple[Document, ...]
    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...] = ()
    unlisted: tuple[str, ...] = ()
    """Files of the documents folder that the catalogue does not name: they are not indexed."""


def read_corpus(
    folder: Path,
    limits: Limits = LIMITS,
    on_progress: Callable[[int, int], None] = lambda *_: None,
    known: Corpus | None = None,
) -> Corpus:
    """Read the documents of a corpus folder; one that cannot be read does not keep the others out.

    ``on_progress`` is called with the number of documents done and to do. What this program has read before,
    ``known``, is not read again where neither the file nor its table of the catalogue changed.

    Raises:
        CorpusError: The catalogue itself cannot be used.
    """
    sources = read_catalogue(folder)
    documents: list[Document] = []
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    with SafeReader(limits) as reader:
        for done, source in enumerate(sources):
            on_progress(done, len(sources))
            try:
                path = place(source, folder)
                if _is_absent(path):
                    raise missing(source, path)  # without starting a process to find that out
                document, own = _same(known, source, path) or reader.read(source, path)
                if not own:
                    raise UnreadableDocumentError(
                        source.file,
                        "ce document ne contient aucun passage à citer.",
                        f"Regardez ce qui en a été compris avec « motamot inspect {source.id} ».",
                    )
            except UnreadableDocumentError as error:
                left_out.append(LeftOut(source, error.reason, error.remedy))
            else:
                documents.append(document)
                entries += own
    unlisted = unlisted_documents(folder, sources)
    return Corpus(folder, tuple(documents), tuple(entries), tuple(left_out), unlisted)


def _is_absent(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False  # why it cannot be opened is for who opens it to say
    return False


def _same(known: Corpus | None, source: Source, path: Path) -> tuple[Document, tuple[Entry, ...]] | None:
    """A document as it was read before, where it is the same."""
    document = next((d for d in known.documents if d.source == source), None) if known else None
    if known is None or document is None or not path.is_file() or sha256_of(path) != document.sha256:
        return None
    return document, tuple(entry for entry in known.entries if entry.document is document)


def find_document(name: str, corpus_folder: Path) -> tuple[Document, Path]:
    """Read the document that has this identifier in the catalogue, or this path; and where its file lies.

    Raises:
        CorpusError: Neither exists, or the document cannot be read.
    """
    known = {source.id: source for source in read_catalogue(corpus_folder)}
    path = Path(name)
    if name in known:
        source, path = known[name], place(known[name], corpus_folder)
    elif path.is_file():
        kind = "faq" if "faq" in path.stem.lower() else "page"
        source = Source(shown(path.stem), shown(path.stem), "", "1970-01", kind, shown(str(path.resolve())))
    else:
        raise CorpusError(f"« {name} » n’est ni un document du catalogue ({', '.join(known)}) ni un fichier.")
    with SafeReader() as reader:
        return reader.read(source, path)[0], path


def place(source: Source, folder: Path) -> Path:
    """Where the file of a source lies, which must be inside the documents folder.

    Raises:
        UnreadableDocumentError: A link leads elsewhere: to what nobody meant to publish.
    """
    documents = folder / DOCUMENTS
    real = Path(os.path.realpath(documents / source.file))
    if not real.is_relative_to(os.path.realpath(documents)):
        raise UnreadableDocumentError(
            source.file,
            f"c’est un lien vers un fichier qui n’est pas dans le dossier « {DOCUMENTS} ».",
            "Copiez-y le document lui-même.",
        )
    return documents / source.file


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


_ANSWER, _SOURCE = TypeAdapter(_Answer), TypeAdapter(Source)


class SafeReader:
    """Use it as a context manager: the process ends with the block.

    One process serves all documents while all goes well, since starting one takes a fifth of a second.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self._child = ChildProcess(_START, _LARGEST_ANSWER)

    def __enter__(self) -> "SafeReader":
        return self

    def __exit__(self, *raised: object) -> None:
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
        remedy = f"{_AGAIN}, ou partagez-le en plusieurs documents"
        match ended.late, -ended.status:
            case True, _:
                reason = f"sa lecture n’était pas finie après {self.limits.wall_seconds} secondes."
            case _, signal.SIGXCPU:
                reason = f"sa lecture demande plus de {self.limits.cpu_seconds} secondes de calcul."
            case _, signal.SIGABRT:
                reason = f"sa lecture demande plus de {self.limits.memory // 2**20} Mo de mémoire."
                remedy += f", ou {MORE_MEMORY}"
            case _, signal.SIGKILL:
                reason = "sa lecture a été arrêtée par le système, sans doute faute de mémoire."
                remedy += f", ou {MORE_MEMORY}"
            case _:
                reason = f"sa lecture s’est arrêtée brutalement (état {ended.status})."
        return UnreadableDocumentError(source.file, reason, f"{remedy}.")


# In the process itself


def main() -> None:
    """Answer until standard input ends."""
    answer_requests(_read)


def _read(asked: Mapping[str, Any]) -> bytes:
    limits, source = Limits(**asked["limits"]), _SOURCE.validate_python(asked["source"])
    confine(limits.memory, limits.cpu_seconds)
    return _ANSWER.dump_json(_answer(source, Path(asked["path"]), limits), exclude_defaults=True)


def _answer(source: Source, path: Path, limits: Limits) -> _Answer:
    try:
        document = read_file(source, path, limits)
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
