"""What tests of real servers share: a port, a served site, nginx, a real Chromium, and axe-core in its pages."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import uvicorn

from bot.web.server import configuration

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(app: Any, port: int) -> Iterator[None]:
    """The application on a port of this machine, until the end of the block."""
    config = configuration(app, "127.0.0.1", port)
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


Found = TypeVar("Found")


def waited_for(
    look: Callable[[], Found], process: "subprocess.Popen[Any] | None" = None, seconds: float = 120
) -> Found:
    """What is seen, once there is something: looked at again while nobody listens; a process may not end before."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process is None or process.poll() is None, "it ended"
        with suppress(OSError, httpx.TransportError):
            if found := look():
                return found
        time.sleep(0.02)
    raise AssertionError(f"not so after {seconds} s")


@contextmanager
def foreign_site(handler: type[BaseHTTPRequestHandler]) -> Iterator[ThreadingHTTPServer]:
    """A site that is none of ours, which notes in ``asked`` what it is asked."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.asked = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def resident(pid: int | str = "self", name: str = "VmRSS") -> float:
    """Resident memory of a process, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def nginx_with(folder: Path, http: str) -> list[str | Path]:
    """The command of the system's nginx with these lines of its "http" block; all that it writes is in the folder."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
    if nginx is None:
        pytest.skip("no nginx: apt-get install nginx-light")
    # As root, its workers would be another user, who may not enter the folder.
    user = "user root;" if os.geteuid() == 0 else ""
    paths = "".join(f"{name}_temp_path {folder};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log info; worker_processes 1;\n"
        f"events {{ worker_connections 1024; }}\nhttp {{ access_log {folder}/access.log; {paths}\n{http}\n}}\n",
        encoding="utf-8",
    )
    return [nginx, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"]


@contextmanager
def behind_nginx(folder: Path, http: str) -> Iterator[None]:
    """That nginx, until the end of the block."""
    with subprocess.Popen(nginx_with(folder, http)) as process:
        try:
            yield
        finally:
            process.terminate()


@contextmanager
def chromium() -> Iterator[Any]:
    """The system's Chromium, if possible as the shell without a window of its own, which takes half; or skips."""
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if found is None:
        pytest.skip("no chromium: apt-get install chromium-headless-shell")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


def violations(page: Any, *rules: str) -> list[str]:
    """What axe-core finds wrong in a page or a frame, by all its rules or by these: rule and first element of each."""
    if not page.evaluate("'axe' in window"):
        # Not as a script element: the page's own policy would refuse it, and rightly.
        page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    # Frames have a page of their own here, and are examined there. What it finds right stays there: to bring it here
    # takes longer than to find it.
    found: list[str] = page.evaluate(
        """(rules) => axe.run(document, {
          iframes: false, resultTypes: ["violations"], ...(rules.length && { runOnly: rules }),
        }).then((found) => found.violations.map((rule) => `${rule.id}: ${rule.nodes[0].html.slice(0, 200)}`))""",
        rules,
    )
    return found
