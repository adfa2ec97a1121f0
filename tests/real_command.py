"""A real ``motamot serve``, in a process and in folders of its own, for the tests that look at what it leaves."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from real_site import free_port, waited_for

MOTAMOT = Path(sys.executable).with_name("motamot")


@dataclass(frozen=True, slots=True)
class Places:
    """All the folders that a process may write in, under one."""

    root: Path

    @property
    def data(self) -> Path:
        """``MOTAMOT_HOME``."""
        return self.root / "data"

    @property
    def journal(self) -> Path:
        """The only one, once a server has opened it."""
        [path] = (self.data / "journals").glob("*.sqlite3")
        return path

    @property
    def printed(self) -> bytes:
        """All that came out of it."""
        return b"".join((self.root / name).read_bytes() for name in ("stdout", "stderr"))

    def environment(self) -> dict[str, str]:
        """Everything that says where to write leads here; nothing of ours is inherited."""
        return {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "MOTAMOT_HOME": str(self.data),
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
            **{f"XDG_{name}_HOME": str(self.root / "xdg") for name in ("CACHE", "CONFIG", "DATA", "STATE")},
        }

    def holding(self, words: str | bytes) -> set[str]:
        """The files, of any name, that hold these words or are named so."""
        wanted = words.encode() if isinstance(words, str) else words
        files = [Path(folder) / name for folder, _, names in os.walk(self.root, followlinks=True) for name in names]
        return {
            str(file.relative_to(self.root)) for file in files if wanted in str(file).encode() or wanted in read(file)
        }


def read(file: Path) -> bytes:
    """Of a file that its owner may remove at any moment."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


def places(root: Path, model_home: Path, index: Path | None = None) -> Places:
    """Those folders, with the real model and a copy of a built index, if one is given."""
    made = Places(root)
    for name in ("data", "home", "tmp", "xdg", "cwd"):
        (root / name).mkdir(parents=True)
    (made.data / "models").symlink_to(model_home / "models")
    if index:
        shutil.copytree(index, root / "index")
    return made


@dataclass(frozen=True, slots=True)
class Site:
    """A server that answers."""

    url: str
    process: subprocess.Popen[bytes]

    def send(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """Status and body of a POST, or of a GET when there is nothing to send."""
        request = urllib.request.Request(self.url + path, body, {"Content-Type": "application/json", **headers})
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@contextmanager
def serving(
    where: Places, settings: Mapping[str, str], *options: str, before: Sequence[str | Path] = (), killed: bool = False
) -> Iterator[Site]:
    """``motamot serve`` until the end of the block, which it must leave in good order unless it is to be killed.

    Args:
        where: Its folders.
        settings: Variables, without their prefix.
        options: Of the command.
        before: What stands before the command, such as ``setpriv``.
        killed: End it with SIGKILL.
    """
    port = free_port()
    environment = where.environment() | {f"MOTAMOT_{key}": value for key, value in settings.items()}
    with (where.root / "stdout").open("wb") as out, (where.root / "stderr").open("wb") as err:
        process = subprocess.Popen(
            [*before, MOTAMOT, "serve", "--port", str(port), *options],
            stdout=out, stderr=err, cwd=where.root / "cwd", env=environment,
        )  # fmt: skip
    site = Site(f"http://127.0.0.1:{port}", process)
    try:
        waited_for(lambda: site.send("/readyz")[0] == 200, process)
        yield site
    finally:
        process.send_signal(signal.SIGKILL if killed else signal.SIGTERM)
        code = process.wait(60)
    assert code == (-signal.SIGKILL if killed else 0), where.printed.decode()


CONFINED = """
set -e
root=$1 writable=$2
shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
for folder in $writable; do mount --bind "$root/$folder" "$root/$folder"; done
mount -o remount,ro,bind "$root"
mount -o remount,ro,bind /
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"
"""
"""Runs a command to which the whole system is read-only but for some folders, and that may not change it."""


def confined(where: Places, writable: str) -> list[str]:
    """What stands before a command to run it so; nothing where this system lets nobody mount folders read-only.

    Args:
        where: Its folders.
        writable: Those that it may write in, parted by spaces.
    """
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    before = ["unshare", "--mount", *own, "sh", "-c", CONFINED, "sh", str(where.root), writable]
    probe = [*before, "sh", "-c", f"! touch {__file__} && ! touch {where.root}/cwd/a"]
    can = shutil.which("unshare") and subprocess.run(probe, capture_output=True, check=False).returncode == 0
    return before if can else []
