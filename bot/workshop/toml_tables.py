"""A file of phrasings as TOML whose comments stay: parsed once for each content, and its tables changed in place."""

import hashlib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import tomlkit
from cachetools import LRUCache
from tomlkit.items import AoT, Array, Table

from corpus.toml_file import read_toml

_LOCK = Lock()
# By SHA-256 of the content: 100 kB take tomlkit 0.4 s and tomllib 0.05 s, and an editor makes many small changes.
_PLAIN: LRUCache[bytes, dict[str, Any]] = LRUCache(20)
_EDITABLE: LRUCache[bytes, tomlkit.TOMLDocument] = LRUCache(20)


def plain(path: Path) -> dict[str, Any]:
    """What a file says, not to be changed; nothing where it is not there.

    Raises:
        TomlError: It is not TOML; the message says where.
    """
    try:
        key = _key(path.read_bytes())
    except FileNotFoundError:
        return {}
    with _LOCK:
        known = _PLAIN.get(key)
    if known is None:
        known = read_toml(path)
        with _LOCK:
            _PLAIN[key] = known
    return known


def editable(raw: bytes) -> tomlkit.TOMLDocument:
    """The same with its comments; it is the caller's, to change and then to write with ``written``."""
    with _LOCK:
        known = _EDITABLE.pop(_key(raw), None)
    return known if known is not None else tomlkit.parse(raw.decode("utf-8-sig"))


def prepare(raw: bytes) -> None:
    """Parse a content that will be changed: the first decision of an editor is then as quick as the others."""
    content = editable(raw)
    with _LOCK:
        _EDITABLE[_key(raw)] = content


def written(content: tomlkit.TOMLDocument) -> bytes | None:
    """What was changed as a file; None where that would not say the same."""
    text = tomlkit.dumps(content)
    read = tomllib.loads(text)
    if read != content.unwrap():
        return None
    raw = text.encode()
    with _LOCK:
        _PLAIN[_key(raw)], _EDITABLE[_key(raw)] = read, content
    return raw


def _key(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def tables(content: tomlkit.TOMLDocument) -> list[Table]:
    """Those of the entries, to be changed in place."""
    found = content.get("entry")
    return list(found) if isinstance(found, AoT) else []


def remove_from(listed: Any, gone: set[str]) -> None:
    """Remove texts of a list, word for word."""
    for row in range(len(listed) - 1, -1, -1):
        if str(listed[row]) in gone:
            del listed[row]


def fill(table: Table, new: Sequence[str], title: str | None) -> None:
    """Add phrasings, and set the short title where one is given."""
    if title:
        table["title"] = title
    if new and "ask" not in table:
        table["ask"] = tomlkit.parse("ask = [\n]\n")["ask"]
    asked = table.get("ask")
    if isinstance(asked, Array):
        for text in new:
            asked.append(text)


def drop_empty(content: tomlkit.TOMLDocument) -> None:
    """A table that asks nothing and has no title is an error in the file."""
    entries = content.get("entry")
    if not isinstance(entries, AoT):
        return
    for row in range(len(entries) - 1, -1, -1):
        if not entries[row].get("ask") and not entries[row].get("title"):
            del entries[row]
        elif "ask" in entries[row] and not entries[row]["ask"]:
            del entries[row]["ask"]
    if not len(entries):
        del content["entry"]


def with_unanswered(content: tomlkit.TOMLDocument) -> tomlkit.TOMLDocument:
    """With an empty list before the tables, below the comments that begin the file."""
    text = tomlkit.dumps(content)
    head, mark, rest = text.partition("[[entry]]")
    return tomlkit.parse(f"{head}unanswered = [\n]\n\n{mark}{rest}")
