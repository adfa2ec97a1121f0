"""What the program logs: what happened and where, never what a visitor typed."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

LogFormat = Literal["texte", "json"]

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def trace(error: BaseException) -> str:
    """Where an error comes from: its types and lines of code, without its message, which may hold a question."""
    lines = []
    for link in _chain(error):
        lines.append(f"{type(link).__module__}.{type(link).__qualname__}".removeprefix("builtins."))
        lines += [
            f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(link.__traceback__)
        ]
    return "\n".join(lines)


def _chain(error: BaseException) -> list[BaseException]:
    """The error and those that led to it, the first one last; each once, even in a loop."""
    found: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in found:
        found.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return found


def report_failure(logger: logging.Logger, message: str, error: BaseException) -> None:
    """Log an error that nobody foresaw, with its trace."""
    # Not as `exc_info`: a handler of somebody else would print the error's own message.
    logger.error("%s: %s", message, trace(error))


class DiscreetTraceback:
    """Stands in for the module ``traceback`` where a library prints its errors, questions included."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def print_exc(self) -> None:
        """Log the error under way, without its message."""
        if error := sys.exception():
            report_failure(self._logger, "a request could not be answered", error)


class TextFormatter(logging.Formatter):
    """One line, then the trace; for a person or the systemd journal."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802  the library's name
        return trace(ei[1]) if ei[1] else ""


class JsonFormatter(TextFormatter):
    """One JSON object a line; for a collector of logs."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_logs(style: LogFormat) -> None:
    """Send the warnings and errors of every library to standard error, in this form."""
    handler = logging.StreamHandler(sys.stderr)
    # A library that wants its own details logged (bm25s) does not get them.
    handler.setLevel(logging.WARNING)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(True)
