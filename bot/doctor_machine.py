"""The findings of ``motamot doctor``, and its checks of the machine: disk, port, clock, and the journal's file."""

import os
import shutil
import socket
import sqlite3
import stat
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx

from bot.phrases import counted
from bot.settings import Settings
from corpus.errors import MotamotError, reason, typeset
from index import data_home, versions
from index.e5.unpack import BYTES_NEEDED, state_of_default_model

_SPARE = 50 * 2**20
"""Bytes for the journal of a year and the draft of a small index."""
_PURGE_DELAY = timedelta(hours=2)
"""A running server erases every hour what is due."""


class Level(StrEnum):
    """How grave, from bad to worse: the program answers all the same, up to and including ATTENTION."""

    OK = "ok"
    ATTENTION = "attention"
    ERROR = "erreur"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined."""

    name: str
    level: Level
    detail: str
    remedy: str = ""


def ok(name: str, detail: str) -> Finding:
    """Nothing to do."""
    return Finding(name, Level.OK, typeset(detail))


def attention(name: str, detail: str, remedy: str) -> Finding:
    """It answers, and something should be done."""
    return Finding(name, Level.ATTENTION, typeset(detail), typeset(remedy))


def error(name: str, detail: str, remedy: str = "") -> Finding:
    """It cannot answer, or cannot start; the detail may hold its own remedy."""
    return Finding(name, Level.ERROR, typeset(detail), typeset(remedy))


def worst(findings: Iterable[Finding]) -> Level:
    """Of them all."""
    return max((finding.level for finding in findings), key=list(Level).index, default=Level.OK)


def findings_to_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """What was examined, for a program that watches."""
    return {"level": worst(findings), "findings": [asdict(finding) for finding in findings]}


def size(n_bytes: int) -> str:
    """In the unit that suits, a begun kilobyte as a whole one.

    >>> size(300_000_000), size(40_000)
    ('286 Mo', '40 Ko')
    """
    return f"{n_bytes // 2**20} Mo" if n_bytes >= 2**20 else f"{-(-n_bytes // 2**10)} Ko"


def writable(folder: Path) -> bool:
    """Whether this account may write there, or make the folder."""
    there = _existing(folder)
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _existing(folder: Path) -> Path:
    return next(p for p in (folder, *folder.parents) if p.exists())


def room(settings: Settings) -> Finding:
    """Whether what will be written has room, and may be written at all."""
    home = data_home()
    there = _existing(home)
    free = shutil.disk_usage(there).free
    unpacked = settings.encoder is not None or state_of_default_model() == "whole"
    needed = _SPARE + _next_index(settings.index_folder) + (0 if unpacked else BYTES_NEEDED)
    detail = f"{size(free)} libres dans « {there} », {size(needed)} à prévoir"
    if free < needed:
        remedy = "Libérez de la place, ou choisissez un autre dossier avec MOTAMOT_HOME."
        return (attention if unpacked else error)("Place sur le disque", detail, remedy)
    if not writable(home):
        return attention(
            "Place sur le disque",
            f"« {home} » est en lecture seule pour ce compte : rien n’y sera construit ni noté",
            "Rien à faire si c’est voulu ; sinon, donnez-en le droit à ce compte.",
        )
    return ok("Place sur le disque", detail)


def _next_index(folder: Path) -> int:
    """What one more version would take: as much as the one in service."""
    if not versions.is_in_service(folder):
        return 0
    return sum(path.stat().st_size for path in versions.current(folder).iterdir())


def port(settings: Settings) -> Finding:
    """Whether the server may listen where it is told to, or answers there already."""
    place = f"{settings.host}:{settings.port}"
    try:
        try_to_listen(settings.host, settings.port)
    except OSError as problem:
        if _answers(settings):
            return ok("Port", f"{place} : Motamot y répond déjà")
        return error("Port", f"{place} : {reason(problem)}", "Choisissez-en un autre (réglages « host » et « port »).")
    return ok("Port", f"{place} est libre")


def try_to_listen(host: str, port: int) -> None:
    """Raises OSError where this process may not listen."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def _answers(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/healthz"
    try:
        # No proxy of the environment between us and ourselves.
        with httpx.Client(trust_env=False, timeout=5) as client:
            return bool(client.get(url).json() == {"status": "ok"})
    except (httpx.HTTPError, ValueError):
        return False


def journal(settings: Settings) -> list[Finding]:
    """Whether questions are written down, who may read them, and whether the old ones went."""
    path, shared = settings.journal_path, settings.shared_journal
    if not path.is_file():
        return [_no_journal(settings, path), *([_shared(shared)] if shared and shared.is_file() else [])]
    try:
        number, oldest = _read(path)
    except sqlite3.Error as problem:
        level = error if settings.journal else attention
        return [level("Journal", f"« {path} » ne peut pas être lu ({problem})", _NOT_OURS)]
    files = [each for suffix in ("", "-wal", "-shm") if (each := Path(f"{path}{suffix}")).exists()]
    found = [_journal_line(settings, number, oldest, sum(each.stat().st_size for each in files))]
    if settings.journal and not (os.access(path, os.W_OK) and writable(path.parent)):
        found.append(error("Journal", f"« {path} » n’est pas accessible en écriture", _NOT_OURS))
    if exposed := [each for each in files if stat.S_IMODE(each.stat().st_mode) & 0o077]:
        names = " ".join(str(each) for each in exposed)
        found.append(attention("Journal", f"d’autres comptes peuvent lire {names}", f"chmod 600 {names}"))
    return found


_NOT_OURS = "Vérifiez à quel compte il appartient, ou éteignez-le avec « journal = false »."


def _no_journal(settings: Settings, path: Path) -> Finding:
    if not settings.journal:
        return ok("Journal", "éteint, aucune question n’est notée")
    if writable(path.parent):
        return ok("Journal", f"« {path} » sera ouvert au lancement, {counted(settings.journal_days, 'jour')} gardés")
    return error("Journal", f"« {path.parent} » n’est pas accessible en écriture", _NOT_OURS)


def _shared(path: Path) -> Finding:
    return attention(
        "Journal",
        f"« {path} », que les sites de ce dossier partageaient, n’est plus lu ni purgé",
        "Le premier site qui s’ouvre avec « journal = true » le reprend ; sinon, effacez-le, ou nommez-le avec "
        "« journal_file ».",
    )


def _journal_line(settings: Settings, number: int, oldest: str | None, n_bytes: int) -> Finding:
    what = f"{counted(number, 'ligne')}, {size(n_bytes)}"
    if oldest:
        what += f", la plus ancienne du {datetime.fromisoformat(oldest):%d/%m/%Y}"
    kept = f"gardées {counted(settings.journal_days, 'jour')}"
    detail = f"{what}, {kept}" if settings.journal else f"éteint ; il reste {what}, {kept}"
    due = datetime.now(UTC) - timedelta(days=settings.journal_days) - _PURGE_DELAY
    if oldest and datetime.fromisoformat(oldest) < due:
        return attention(
            "Journal",
            f"{detail} : des lignes échues n’ont pas été effacées",
            "Lancez « motamot journal purge » ; un serveur ouvert le fait chaque heure.",
        )
    return ok("Journal", detail)


def _read(path: Path) -> tuple[int, str | None]:
    """The number of lines, and when the oldest was asked."""
    # While nobody has it open, it is read without the companions that SQLite would leave beside it.
    alone = "" if Path(f"{path}-wal").exists() else "&immutable=1"
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{alone}", uri=True, timeout=5)) as connection:
        [(verdict,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        number, oldest = connection.execute("SELECT COUNT(*), MIN(asked) FROM question").fetchone()
        return number, oldest


def clock(settings: Settings, now: datetime | None = None) -> Finding:
    """Whether the clock is after all that was dated: a journal is purged, and an index aged, by it."""
    now = now or datetime.now(UTC)
    try:
        built = datetime.fromisoformat(settings.home.remembered()["built"])
    except (MotamotError, LookupError, ValueError):
        return ok("Horloge", f"{now:%d/%m/%Y %H:%M} (UTC)")
    if now < built - timedelta(minutes=5):
        return attention(
            "Horloge",
            f"{now:%d/%m/%Y %H:%M} (UTC), et l’index est daté du {built:%d/%m/%Y %H:%M}",
            "Réglez l’heure de la machine : les lignes du journal sont effacées d’après elle.",
        )
    return ok("Horloge", f"{now:%d/%m/%Y %H:%M} (UTC)")
