"""The process that reads documents for another: what breaks or stops it, breaks or stops nothing else.

It reads one JSON object a line from standard input, and answers on standard output with eight bytes of length
and a JSON object. It imports no model and no index, writes no file, and ends with its standard input.
"""

import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from math import ceil
from pathlib import Path
from typing import Any, BinaryIO

from corpus.document import Source
from corpus.errors import UnreadableDocumentError
from corpus.formats import read_file
from corpus.limits import Limits, beyond
from corpus.record import Record, document_to_json, entry_to_json
from corpus.splitting import split

LENGTH = 8
"""Bytes, big-endian, before each answer."""


def request(source: Source, path: Path, limits: Limits) -> bytes:
    """The line that asks for one document."""
    return json.dumps({"source": asdict(source), "path": str(path), "limits": asdict(limits)}).encode() + b"\n"


def main() -> None:
    """Answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that asks: it ends this one
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        limits = Limits(**asked["limits"])
        _confine(limits)
        _write(answers, _answer(asked, limits))


def _confine(limits: Limits) -> None:
    """No file written, no memory or time beyond the limits: the system ends this process instead."""
    _limit(resource.RLIMIT_AS, limits.memory)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, ceil(time.process_time()) + limits.cpu_seconds)


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


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


def _write(answers: BinaryIO, answer: Record) -> None:
    try:
        data = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
    except MemoryError:
        data = json.dumps({"memory": True}).encode()
    answers.write(len(data).to_bytes(LENGTH, "big"))
    answers.write(data)
    answers.flush()
