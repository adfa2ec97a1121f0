"""What the program logs: what happened and where, never what a visitor typed; and work that only the log sees."""

import atexit
import json
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, TextIO

from rich.console import Console

from corpus.errors import MotamotError, typeset

LOG = logging.getLogger("motamot")

_OURS = ("motamot", "bot", "corpus", "index")
"""Names of loggers whose information is worth a line."""

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


def report_failure(message: str, error: BaseException) -> None:
    """Log an error that nobody foresaw, with its trace."""
    # Not as `exc_info`: a handler of somebody else would print the error's own message.
    LOG.error("%s: %s", message, trace(error))


@contextmanager
def repeated(work: Callable[[], object], seconds: float, name: str) -> Iterator[None]:
    """Do it every so many seconds, in a thread of this name, until the block ends; what fails is logged."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(seconds):
            try:
                work()
            except MotamotError as error:
                LOG.error("%s", error)
            except Exception as error:  # noqa: BLE001  the next round tries again
                report_failure(f"{name} failed", error)

    thread = threading.Thread(target=repeat, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class TextFormatter(logging.Formatter):
    """One line, then the trace; for a person or the systemd journal."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return super().format(_discreet(record))

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802  the library's name
        return trace(ei[1]) if ei[1] else ""


class JsonFormatter(TextFormatter):
    """One JSON object a line; for a collector of logs."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _discreet(record).getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _discreet(record: logging.LogRecord) -> logging.LogRecord:
    """Without the objects that asyncio shows after its first line: an error is among them, with its message."""
    if record.name != "asyncio":
        return record
    return logging.makeLogRecord({**record.__dict__, "msg": record.getMessage().partition("\n")[0], "args": None})


def configure_logs(style: LogFormat) -> None:
    """Send what we log, and the warnings and errors of every library, to standard error, in this form.

    With ``json`` each line that comes out there is an object; errors that nobody catches lose their message in
    both forms.
    """
    handler = logging.StreamHandler(_taken_over() if style == "json" else sys.stderr)
    # A library that wants its own details logged (bm25s) does not get them.
    handler.addFilter(lambda record: record.levelno >= logging.WARNING or record.name.partition(".")[0] in _OURS)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    logging.captureWarnings(True)
    # A record that cannot be formatted would be printed with its arguments.
    logging.raiseExceptions = False
    sys.excepthook = lambda _kind, error, _trace: _uncaught(error)
    threading.excepthook = lambda about: _uncaught(about.exc_value) if about.exc_value else None


def _taken_over() -> TextIO:
    """Make a log of each line that anybody writes on standard error, be it a library in C or a child process.

    Returns:
        The real one.
    """
    kept = os.dup(2)
    come_out, go_in = os.pipe()
    os.dup2(go_in, 2)
    os.close(go_in)

    def follow() -> None:
        with open(come_out, encoding="utf-8", errors="replace") as lines:  # noqa: PTH123  a descriptor
            for line in lines:
                if line.strip():
                    LOG.info("%s", line.rstrip())

    follower = threading.Thread(target=follow, name="motamot-stderr", daemon=True)
    follower.start()

    def finish() -> None:
        sys.stderr.flush()
        os.dup2(kept, 2)  # the pipe ends here, unless a child still has it
        follower.join(1)

    atexit.register(finish)
    return open(kept, "w", encoding="utf-8", buffering=1, closefd=False)


def _uncaught(error: BaseException) -> None:
    if isinstance(error, KeyboardInterrupt):
        return
    report_failure("an error that nobody caught", error)


def say(message: str, level: int = logging.INFO) -> None:
    """Tell the person at the terminal, or whoever collects the logs, one sentence of French."""
    if any(isinstance(handler.formatter, JsonFormatter) for handler in logging.getLogger().handlers):
        LOG.log(level, "%s", typeset(message))
    else:
        Console(stderr=True, soft_wrap=True).print(typeset(message), markup=False, highlight=False)
