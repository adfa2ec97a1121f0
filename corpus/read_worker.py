"""The process that reads documents for another: what breaks or stops it, breaks or stops nothing else.

It answers each request with a JSON object. It imports no model and no index, writes no file, and ends with its
standard input.
"""

import json
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from corpus.document import Source
from corpus.errors import UnreadableDocumentError
from corpus.limits import Limits, beyond
from corpus.readers.formats import read_file
from corpus.record import Record, document_to_json, entry_to_json
from corpus.sandbox import answer_requests, confine
from corpus.split.split import split


def request(source: Source, path: Path, limits: Limits) -> Record:
    """What asks for one document."""
    return {"source": asdict(source), "path": str(path), "limits": asdict(limits)}


def main() -> None:
    """Answer until standard input ends."""
    answer_requests(_read)


def _read(asked: Mapping[str, Any]) -> bytes:
    limits = Limits(**asked["limits"])
    confine(limits.memory, limits.cpu_seconds)
    answer = _answer(asked, limits)
    try:
        return json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
    except MemoryError:
        return json.dumps({"memory": True}).encode()


def _answer(asked: Mapping[str, Any], limits: Limits) -> Record:
    source = Source(**asked["source"])
    try:
        document = read_file(source, Path(asked["path"]), limits)
        _count(source, "paragraphes", len(document.blocks), limits.blocks)
        entries = split(document)
        _count(source, "passages", sum(len(entry.passages) for entry in entries), limits.passages)
        return {"document": document_to_json(document), "entries": [entry_to_json(entry) for entry in entries]}
    except UnreadableDocumentError as error:
        return {"reason": error.reason, "remedy": error.remedy}
    except MemoryError:
        return {"memory": True}
    except Exception as error:  # noqa: BLE001  a fault of ours: the process that asks logs it and reads on
        return {"fault": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}


def _count(source: Source, what: str, found: int, most: int) -> None:
    if found > most:
        raise beyond(source.file, found, most, what)
