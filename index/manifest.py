"""The manifest of an index: what it was made from and with; to read it loads no library."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import IndexStoreError
from index import versions

FORMAT = 12
"""Changes when an index written by another version of this code could be misread."""


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
    corpus: str
    """Absolute path of the corpus folder."""
    entries: dict[str, int]
    """Identifier of a document -> its number of entries."""
    versions: dict[str, str]
    """Library -> version it was built with."""
    files: dict[str, str]
    """Name of each other file -> its SHA-256."""


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the current version.

    Raises:
        IndexStoreError: There is no index, or its manifest is damaged or of another format.
    """
    return manifest_of(versions.current(folder))


def corpus_of(folder: Path) -> Path | None:
    """The corpus folder that an index of any format was built from; None where it does not say."""
    return corpus_in(remembered(folder))


def corpus_in(manifest: Mapping[str, Any]) -> Path | None:
    """The same, from its manifest."""
    found = manifest.get("corpus")
    return Path(found) if isinstance(found, str) else None


def remembered(folder: Path) -> dict[str, Any]:
    """The manifest of the current version, whatever its format; empty where there is none."""
    try:
        return _content(versions.current(folder))
    except IndexStoreError:
        return {}


def manifest_of(version: Path) -> Manifest:
    """The manifest of a version, as ``read_manifest`` gives it."""
    content = _content(version)
    if content.get("format") != FORMAT:
        raise IndexStoreError(
            f"L’index « {version.parent} » vient d’une autre version de Motamot "
            f"(format {content.get('format')}, attendu {FORMAT}) : {versions.MEND}"
        )
    try:
        return Manifest(**content)
    except TypeError as error:
        raise damaged(version, f"manifeste : {error}") from error


def _content(version: Path) -> dict[str, Any]:
    path = version / versions.MANIFEST
    try:
        # What follows the dot parts versions of one content.
        if version.name.partition(".")[0] != versions.name_of(path):
            raise ValueError("SHA-256")
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise damaged(version, f"manifeste : {error}") from error


def damaged(version: Path, what: object) -> IndexStoreError:
    """The error of a version that cannot be used."""
    return IndexStoreError(f"L’index « {version.parent} » est abîmé ({what}) : {versions.MEND}")
