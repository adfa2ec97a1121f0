"""How an index stands to a corpus: absent, fresh, stale or of another one, and what a new build would lose."""

import hashlib
import os
from collections.abc import Mapping
from enum import Enum, auto
from importlib.metadata import version
from pathlib import Path

from corpus.catalogue import CORPUS_FILES
from corpus.document import LIMITS
from corpus.errors import LossError
from corpus.read import Corpus
from index import versions
from index.store import Store, store_at

SHAPING_LIBRARIES = ("motamot", "faiss-cpu", "bm25s", "PyStemmer", "simplemma", "pypdf", "pypdfium2")

# A share of the entries of each document; fewer gone is an editor's ordinary work.
_MOST_LOST = 0.1


class State(Enum):
    """Of an index folder, for one corpus and its settings."""

    ABSENT = auto()
    """No index is in service."""
    FRESH = auto()
    """A build would make it again, or it was rolled back to from this very corpus."""
    STALE = auto()
    """The corpus, the settings or this code changed since, or it is damaged."""
    OTHER_CORPUS = auto()
    """It was built from another corpus folder, which still exists."""


def state(corpus_folder: Path, place: Path | Store, encoder: str, max_error: float) -> State:
    """How an index stands to a corpus, an encoder (``Encoder.name``) and a setting.

    The same files elsewhere are the same corpus: a folder may be moved, or copied to another machine.
    """
    store = store_at(place)
    if not store.is_in_service():
        return State.ABSENT
    if fingerprint(corpus_folder, encoder, max_error) in fingerprints(store):
        return State.FRESH
    return State.OTHER_CORPUS if other_corpus(corpus_folder, store) else State.STALE


def fingerprints(store: Store) -> frozenset[str]:
    """Of the index in service and of those that were rolled back: none of these is built again unasked."""
    return store.withdrawn() | {str(store.remembered().get("fingerprint"))}


def fingerprint(corpus_folder: Path, encoder: str, max_error: float) -> str:
    """SHA-256 of everything that shapes an index: files of the corpus, encoder, settings, libraries, format."""
    digest = hashlib.sha256(f"{versions.FORMAT}\n{encoder}\n{max_error}\n".encode())
    for library in SHAPING_LIBRARIES:
        digest.update(f"{library}={version(library)}\n".encode())
    files = [p for pattern in CORPUS_FILES for p in corpus_folder.glob(pattern)]
    for path in sorted(p for p in files if p.is_file()):
        name = os.fsencode(path.relative_to(corpus_folder))  # which may be no text
        digest.update(hashlib.sha256(name).digest() + _content_mark(path))
    return digest.hexdigest()


def _content_mark(path: Path) -> bytes:
    """SHA-256 of a file; of its size where it is too large to be read, and of nothing where it cannot be."""
    try:
        if (size := path.stat().st_size) > LIMITS.file:
            return hashlib.sha256(str(size).encode()).digest()
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return hashlib.sha256().digest()


def check_replaceable(corpus: Corpus, store: Store, mark: str) -> None:
    """See that an index made of this corpus takes nothing much away from the one in service.

    Args:
        corpus: As it is read now.
        store: Whose current version would be replaced.
        mark: Fingerprint of the index to be made.

    Raises:
        LossError: The index is of another corpus, a document that it has cannot be read now, or more than a tenth
            of its entries are gone.
    """
    other = other_corpus(corpus.folder, store)
    if other and mark not in fingerprints(store):
        raise LossError(
            f"L’index « {store} » a été construit depuis le corpus « {other} », et non « {corpus.folder} » : "
            "choisissez un autre dossier avec « --index », ou remplacez-le avec « motamot build --accept-loss »."
        )
    if lost := _lost(corpus, store.remembered().get("entries", {})):
        raise LossError(
            f"L’index « {store} » perdrait une part de ce qu’il contient : {' '.join(lost)} Corrigez le "
            "corpus, ou acceptez cette perte avec « motamot build --accept-loss ». L’index précédent reste en service."
        )


def other_corpus(corpus_folder: Path, store: Store) -> Path | None:
    """The corpus that the index was built from, where it is another than this one and still there."""
    remembered = versions.corpus_in(store.remembered())
    if remembered is None or not (remembered / "catalogue.toml").is_file():
        return None
    return None if remembered.resolve() == corpus_folder.resolve() else remembered


def _lost(corpus: Corpus, before: Mapping[str, int]) -> list[str]:
    """A sentence for each document that cannot be read now; for each that has fewer entries, where many are gone."""
    unread = {left.source.id: left for left in corpus.left_out if left.source.id in before}
    now = dict.fromkeys(before, 0)
    for entry in corpus.entries:
        if entry.document.id in now:
            now[entry.document.id] += 1
    missing = {id_: max(n - now[id_], 0) for id_, n in before.items()}
    many = sum(missing.values()) > _MOST_LOST * sum(before.values())
    return [
        f"« {left.source.title} » ({_counted(before[id_])}) ne peut plus être lu : {left.reason} {left.remedy}"
        for id_, left in unread.items()
    ] + [
        f"« {id_} » n’a plus que {now[id_]} de ses {_counted(before[id_])}."
        if now[id_]
        else f"« {id_} » ({_counted(before[id_])}) n’est plus dans le corpus."
        for id_, n in missing.items()
        if many and n and id_ not in unread
    ]


def _counted(n: int) -> str:
    return "1 entrée" if n == 1 else f"{n} entrées"
