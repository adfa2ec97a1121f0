"""An index on disk: FAISS's own format, NumPy arrays and JSON, in versions side by side, each checksummed."""

import json
import logging
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from corpus.document import Documents, Entry, Source, Span
from corpus.errors import IndexStoreError
from corpus.phrasings import Target
from corpus.read import LeftOut
from index import versions
from index.calibration import Learned, learned_from_json, learned_to_json
from index.classifier import Classifier
from index.dense import Dense
from index.lexical import flatten, restore
from index.manifest import Manifest, damaged, manifest_of, remembered
from index.rows import LexicalFields
from index.vocabulary import CorpusVocabulary

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything an index holds: what a build knew, so that loading computes nothing of it."""

    manifest: Manifest
    entries: tuple[Entry, ...]
    editor_targets: tuple[Target, ...]
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    vocabulary: CorpusVocabulary
    lexical: LexicalFields
    classifier: Classifier | None
    """None where there are too few phrasings."""
    learned: Learned
    texts: dict[str, tuple[str, ...]]
    """Field -> what was encoded, so that a rebuild encodes only what changed."""
    dense: dict[str, Dense]
    """Field -> one vector for each of its texts: headings, openings, passages, phrasings, outside."""
    said: dict[str, float]
    """What the reader said of the questions that were learned from, by a hash of question and text."""


@dataclass(frozen=True, slots=True)
class _CorpusFile:
    """``corpus.json``."""

    documents: Documents
    entries: tuple[Entry, ...]
    targets: tuple[tuple[int, Span, tuple[str, ...]], ...]
    """Number of a passage, counted over all entries; the slice of it that answers; phrasings."""
    vocabulary: CorpusVocabulary
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    texts: dict[str, tuple[str, ...]]


_CORPUS_FILE = TypeAdapter(_CorpusFile)


def save(folder: Path, stored: Stored) -> Path:
    """Write a new version beside the others, then put it in service in one atomic step.

    Raises:
        IndexStoreError: The folder cannot be written; what was there still answers.
    """
    arrays = flatten(stored.lexical, "lexical")
    if stored.classifier:
        arrays |= flatten(stored.classifier, "classifier")
    packed = BytesIO()
    np.savez(packed, allow_pickle=False, **arrays)
    with versions.written(folder), versions.drafted(folder) as draft:
        for name, dense in stored.dense.items():
            versions.write(draft / f"{name}.faiss", dense.to_bytes())
        versions.write(draft / "corpus.json", _CORPUS_FILE.dump_json(_corpus_file(stored), exclude_defaults=True))
        versions.write(draft / "arrays.npz", packed.getvalue())
        _write_json(draft / "learned.json", learned_to_json(stored.learned))
        _write_json(draft / "said.json", stored.said)
        files = {path.name: versions.sha256(path) for path in sorted(draft.iterdir())}
        _write_json(draft / versions.MANIFEST, asdict(replace(stored.manifest, files=files)))
        return versions.publish(folder, draft)


def rollback(folder: Path) -> Manifest:
    """Put the version before the one in service back in service; its manifest.

    The corpus of the version that is left is noted: it is not built again before it changes, or before a build
    is asked for.

    Raises:
        IndexStoreError: No older version is whole, or the folder cannot be written.
    """
    with versions.turn(folder), versions.written(folder):
        left = versions.current(folder)
        known = versions.newest_first(folder)
        for older in known[known.index(left) + 1 :]:
            try:
                manifest = _load(older).manifest
            except IndexStoreError as error:
                log.warning("%s cannot be gone back to: %s", older, error)
                continue
            if mark := remembered(folder).get("fingerprint"):  # unknown where it is damaged: that is why one goes back
                versions.withdraw(folder, mark)
            versions.point_to(folder, older)
            return manifest
    raise IndexStoreError(
        f"L’index « {folder} » n’a pas de version précédente en bon état : corrigez le corpus, puis {versions.MEND}"
    )


def load(folder: Path) -> Stored:
    """Read the current version, every file checked against its SHA-256.

    Raises:
        IndexStoreError: The index is missing, foreign or damaged; the message says how to mend it.
    """
    version = versions.current(folder)
    while True:
        try:
            return _load(version)
        except IndexStoreError:
            newer = versions.current(folder)
            if newer == version:
                raise
            version = newer  # a build replaced the one that we were reading


def _load(version: Path) -> Stored:
    manifest = manifest_of(version)
    try:
        for name, wanted in manifest.files.items():
            if versions.sha256(version / name) != wanted:
                raise ValueError(f"fichier « {name} »")
        return _read(version, manifest)
    except (OSError, LookupError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise damaged(version, error) from error


def _read(version: Path, manifest: Manifest) -> Stored:
    corpus = _CORPUS_FILE.validate_json((version / "corpus.json").read_bytes(), context={})
    passages = [passage for entry in corpus.entries for passage in entry.passages]
    with np.load(version / "arrays.npz", allow_pickle=False) as packed:
        arrays = {name: packed[name] for name in packed.files}
    return Stored(
        manifest=manifest,
        entries=corpus.entries,
        editor_targets=tuple(Target(passages[row], span, asked) for row, span, asked in corpus.targets),
        sources=corpus.sources,
        left_out=corpus.left_out,
        vocabulary=corpus.vocabulary,
        lexical=restore(LexicalFields, arrays, "lexical"),
        classifier=restore(Classifier, arrays, "classifier") if "classifier.classes" in arrays else None,
        learned=learned_from_json(json.loads((version / "learned.json").read_text(encoding="utf-8"))),
        texts=corpus.texts,
        said=json.loads((version / "said.json").read_text(encoding="utf-8")),
        dense={name: Dense.load(version / f"{name}.faiss") for name in corpus.texts},
    )


def _write_json(path: Path, content: object) -> None:
    versions.write(path, json.dumps(content, ensure_ascii=False, indent=None, sort_keys=True).encode())


def _corpus_file(stored: Stored) -> _CorpusFile:
    passages = [p for e in stored.entries for p in e.passages]
    row = {(p.document.id, p.start, p.end): i for i, p in enumerate(passages)}
    return _CorpusFile(
        documents=tuple({e.document.id: e.document for e in stored.entries}.values()),
        entries=stored.entries,
        targets=tuple(
            (row[t.passage.document.id, t.passage.start, t.passage.end], t.span, t.phrasings)
            for t in stored.editor_targets
        ),
        vocabulary=stored.vocabulary,
        sources=stored.sources,
        left_out=stored.left_out,
        texts=stored.texts,
    )
