"""Write and copy files in one step, which a crash or a full disk leaves done or not done; their hashes."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


def write_file(path: Path, content: bytes) -> None:
    """Write a file.

    Raises:
        OSError: It cannot be written; what was there stays.
    """
    with unfinished(path) as part:
        part.write_bytes(content)


def copy_file(origin: Path, to: Path) -> None:
    """Make a file what another is, and remove it where the other is not there.

    Raises:
        OSError: It cannot be written; what was there stays.
    """
    if not origin.is_file():
        to.unlink(missing_ok=True)
        return
    with unfinished(to) as part:
        shutil.copyfile(origin, part)


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Another name to write to; what it holds after the block is on the disk, then takes the place of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """Of the content of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
