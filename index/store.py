"""An index on disk: FAISS's own format plus JSON, in versions side by side, each checksummed."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from corpus.document import Block, BlockKind, Document, Entry, Link, Passage, Source, Span
from corpus.errors import IndexStoreError
from corpus.lexicon import Lexicon
from corpus.phrasings import Target
from corpus.reading import LeftOut
from index.dense import Dense
from index.learning import Learned, learned_from_json, learned_to_json

FORMAT = 1
"""Changes when an index written by another version of this code could be misread."""

_CURRENT = "CURRENT"
_MEND = "reconstruisez-le avec « motamot build »."
_KEPT_VERSIONS = 2
_DRAFT = ".draft-"
# Seconds. A draft is written in a few: an hour old, its writer was killed.
_ABANDONED = 3600


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index was made from and with."""

    format: int
    encoder: str
    """``Encoder.name``: model, version and weights."""
    dim: int
    fingerprint: str
    """SHA-256 over the corpus folder and everything else that shapes the index."""
    built: str
    """When, ISO 8601, UTC."""
    documents: dict[str, str]
    """Identifier -> SHA-256 of the file."""
    versions: dict[str, str]
    """Library -> version it was built with."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything an index holds."""

    manifest: Manifest
    entries: tuple[Entry, ...]
    editor_targets: tuple[Target, ...]
    lexicon: Lexicon
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    learned: Learned
    outside: tuple[tuple[int, str], ...]
    """Questions that the corpus does not answer, which its head learned from, with their groups."""
    texts: dict[str, tuple[str, ...]]
    """Field -> what was encoded, so that a rebuild encodes only what changed."""
    dense: dict[str, Dense]
    """Field -> one vector for each of its texts: headings, passages, sentences, phrasings, outside."""


def save(folder: Path, stored: Stored) -> Path:
    """Write a new version beside the others, then point to it in one atomic step.

    Raises:
        IndexStoreError: The folder cannot be written; what was there still answers.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Not mkdtemp: its folder is closed to others, and the account that serves may not be the one that builds.
        draft = folder / f"{_DRAFT}{uuid4().hex}"
        draft.mkdir()
        try:
            for name, dense in stored.dense.items():
                dense.save(draft / f"{name}.faiss")
            _write_json(draft / "corpus.json", _corpus_to_json(stored))
            _write_json(draft / "learned.json", learned_to_json(stored.learned))
            files = {path.name: _sha256(path) for path in sorted(draft.iterdir())}
            _write_json(draft / "manifest.json", {**asdict(stored.manifest), "files": files})
            version = folder / _version_name(draft / "manifest.json")
            if version.exists():
                shutil.rmtree(version)
            draft.replace(version)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        pointer = folder / f".{_CURRENT}-{os.getpid()}"
        pointer.write_text(version.name, encoding="utf-8")
        pointer.replace(folder / _CURRENT)
    except (OSError, RuntimeError) as error:
        raise IndexStoreError(
            f"L’index ne peut pas être écrit dans « {folder} » ({error}) : vérifiez la place et les droits, "
            "ou choisissez un autre dossier avec « --index » ; l’index précédent reste en service."
        ) from error
    _prune(folder, version)
    return version


def _prune(folder: Path, current: Path) -> None:
    """Keep the newest versions; one that is still being read may be deleted: it is in memory already.

    Drafts that a killed build left behind go too.
    """
    versions = sorted(folder.glob("v-*"), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in [v for v in versions if v != current][_KEPT_VERSIONS - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
    for draft in folder.glob(f"{_DRAFT}*"):
        if time.time() - draft.stat().st_mtime > _ABANDONED:
            shutil.rmtree(draft, ignore_errors=True)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the current version.

    Raises:
        IndexStoreError: There is no index, or its manifest is damaged or of another format.
    """
    return _manifest(_version(folder))[0]


def load(folder: Path) -> Stored:
    """Read the current version, every file checked against its SHA-256.

    Raises:
        IndexStoreError: The index is missing, foreign or damaged; the message says how to mend it.
    """
    version = _version(folder)
    manifest, files = _manifest(version)
    try:
        damaged = [name for name, wanted in files.items() if _sha256(version / name) != wanted]
    except OSError as error:
        raise IndexStoreError(f"L’index « {folder} » est abîmé ({error}) : {_MEND}") from error
    if damaged:
        raise IndexStoreError(f"L’index « {folder} » est abîmé (fichier « {damaged[0]} ») : {_MEND}")
    try:
        corpus = json.loads((version / "corpus.json").read_text(encoding="utf-8"))
        entries, targets = _corpus_from_json(corpus)
        return Stored(
            manifest=manifest,
            entries=entries,
            editor_targets=targets,
            lexicon=Lexicon(
                *({k: tuple(v) for k, v in corpus["lexicon"][table].items()} for table in ("acronyms", "words"))
            ),
            sources=tuple(Source(**s) for s in corpus["sources"]),
            left_out=tuple(LeftOut(Source(**o["source"]), o["reason"], o["remedy"]) for o in corpus["left_out"]),
            learned=learned_from_json(json.loads((version / "learned.json").read_text(encoding="utf-8"))),
            outside=tuple((group, text) for group, text in corpus["outside"]),
            texts={name: tuple(texts) for name, texts in corpus["texts"].items()},
            dense={name: Dense.load(version / f"{name}.faiss") for name in corpus["texts"]},
        )
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise IndexStoreError(f"L’index « {folder} » ne peut pas être lu ({error}) : {_MEND}") from error


def _version_name(manifest: Path) -> str:
    return f"v-{_sha256(manifest)[:16]}"


def _version(folder: Path) -> Path:
    try:
        name = (folder / _CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise IndexStoreError(f"Il n’y a pas d’index dans « {folder} » : {_MEND}") from error
    if not name.startswith("v-") or "/" in name or not (folder / name).is_dir():
        raise IndexStoreError(f"L’index « {folder} » est abîmé (version « {name} » absente) : {_MEND}")
    return folder / name


def _manifest(version: Path) -> tuple[Manifest, dict[str, str]]:
    try:
        if _version_name(version / "manifest.json") != version.name:
            raise ValueError("SHA-256")
        content = json.loads((version / "manifest.json").read_text(encoding="utf-8"))
        files = content.pop("files")
        if content.get("format") != FORMAT:
            raise IndexStoreError(
                f"L’index « {version.parent} » vient d’une autre version de Motamot "
                f"(format {content.get('format')}, attendu {FORMAT}) : {_MEND}"
            )
        return Manifest(**content), files
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexStoreError(f"L’index « {version.parent} » est abîmé (manifeste : {error}) : {_MEND}") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=None, sort_keys=True), encoding="utf-8")


def _corpus_to_json(stored: Stored) -> dict[str, Any]:
    documents = list({e.document.id: e.document for e in stored.entries}.values())
    passages = [p for e in stored.entries for p in e.passages]
    row = {(p.document.id, p.start, p.end): i for i, p in enumerate(passages)}
    return {
        "documents": [asdict(d) for d in documents],
        "entries": [_entry_to_json(e) for e in stored.entries],
        "targets": [
            {
                "passage": row[t.passage.document.id, t.passage.start, t.passage.end],
                "span": _pair(t.span),
                "phrasings": list(t.phrasings),
            }
            for t in stored.editor_targets
        ],
        "lexicon": asdict(stored.lexicon),
        "sources": [asdict(s) for s in stored.sources],
        "left_out": [asdict(o) for o in stored.left_out],
        "outside": [list(pair) for pair in stored.outside],
        "texts": {name: list(texts) for name, texts in stored.texts.items()},
    }


def _entry_to_json(entry: Entry) -> dict[str, Any]:
    return {
        "document": entry.document.id,
        "id": entry.id,
        "heading": _pair(entry.heading),
        "body": _pair(entry.body),
        "passages": [
            {
                "start": p.start,
                "end": p.end,
                "quote": _pair(p.quote),
                "question": _pair(p.question),
                "section": [_pair(s) for s in p.section],
                "context": [_pair(s) for s in p.context],
            }
            for p in entry.passages
        ],
    }


def _pair(span: Span | None) -> list[int] | None:
    return [span.start, span.end] if span else None


def _span(pair: Sequence[int] | None) -> Span | None:
    return Span(*pair) if pair else None


def _corpus_from_json(content: dict[str, Any]) -> tuple[tuple[Entry, ...], tuple[Target, ...]]:
    documents = {d["source"]["id"]: _document(d) for d in content["documents"]}
    entries = []
    for e in content["entries"]:
        document = documents[e["document"]]
        passages = tuple(
            Passage(
                document=document,
                entry=e["id"],
                start=p["start"],
                end=p["end"],
                quote=Span(*p["quote"]),
                question=_span(p["question"]),
                section=tuple(Span(*s) for s in p["section"]),
                context=tuple(Span(*s) for s in p["context"]),
            )
            for p in e["passages"]
        )
        entries.append(Entry(document, e["id"], _span(e["heading"]), Span(*e["body"]), passages))
    flat = [p for e in entries for p in e.passages]
    targets = [Target(flat[t["passage"]], Span(*t["span"]), tuple(t["phrasings"])) for t in content["targets"]]
    return tuple(entries), tuple(targets)


def _document(content: dict[str, Any]) -> Document:
    return Document(
        source=Source(**content["source"]),
        text=content["text"],
        sha256=content["sha256"],
        blocks=tuple(Block(**{**b, "kind": BlockKind(b["kind"])}) for b in content["blocks"]),
        pages=tuple(content["pages"]),
        links=tuple(Link(**link) for link in content["links"]),
    )
