"""Keep the documents of an index that its successor no longer has, so that what was quoted can still be verified."""

from collections.abc import Collection
from pathlib import Path

from corpus.kept_editions import keep_edition
from index.stored import Stored


def keep_what_leaves(folder: Path, before: Stored, hashes: Collection[str]) -> None:
    """Keep the documents of an index whose files are none of these.

    Args:
        folder: Of the corpus.
        before: The index that is, or was, in service.
        hashes: SHA-256 of the files of its successor.

    Raises:
        OSError: The folder cannot be written.
    """
    for id_, sha256 in before.manifest.documents.items():
        if sha256 not in hashes:
            keep_edition(folder, before.rows.documents[id_], before.rows.entries_of(id_))
