"""``motamot doctor``: what works, what does not, and what to do about it."""

import os
import platform
import shutil
import sqlite3
import stat
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx
from packaging.requirements import Requirement

from bot.cli_index import load_encoder, of_another_corpus
from bot.phrases import counted
from bot.settings import Settings, config_file, foreign_variables, own_variables, read_settings
from corpus.errors import IndexStoreError, MotamotError, reason, typeset
from corpus.read import Corpus, read_corpus
from index import data_home, versions
from index.e5.unpack import BYTES_NEEDED, state_of_default_model
from index.encoder import Encoder
from index.state import State, fingerprint, state

_OLD = 365
"""Days: official texts change within the year, and nobody would look at the catalogue sooner unasked."""
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


def examine(corpus: Path | None, index: Path | None, collection: str = "") -> list[Finding]:
    """Examine everything that an answer depends on, and change nothing; never raises for what a person can mend."""
    try:
        settings = read_settings(collection, corpus=corpus, index=index)
    except MotamotError as problem:
        return [*libraries(), error("Réglages", str(problem))]
    found, read = documents(settings)
    encoding, encoder = model(settings)
    return [
        *libraries(),
        *settings_in_force(settings),
        room(settings),
        *found,
        encoding,
        *index_in_service(settings, encoder, read),
        *journal(settings),
        port(settings),
        clock(settings),
    ]


# --- libraries, settings, machine ---


def libraries() -> list[Finding]:
    """Whether each library is there, and of a version that this one was tried with."""
    wanted = [Requirement(line) for line in metadata.requires("motamot") or []]
    wanted = [each for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})]
    found: list[Finding] = []
    for each in wanted:
        version, remedy = _version(each.name), f"Installez-la dans l’environnement de Motamot : pip install '{each}'."
        if not version:
            found.append(error("Bibliothèque", f"« {each.name} » n’est pas installée", remedy))
        elif not each.specifier.contains(version, prereleases=True):
            found.append(attention("Bibliothèque", f"« {each.name} » {version}, et non {each.specifier}", remedy))
    tried = f"Motamot {metadata.version('motamot')}, Python {platform.python_version()}"
    return found or [
        ok("Bibliothèques", f"{tried}, {counted(len(wanted), 'bibliothèque')} aux versions attendues"),
    ]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def settings_in_force(settings: Settings) -> list[Finding]:
    """Where the settings were read, and what nobody reads."""
    path = config_file()
    read = [f"« {path.absolute()} »"] if path.is_file() else []
    read += [name for name in own_variables() if os.environ.get(name)]
    found = [
        ok("Réglages", f"lus dans {', '.join(read)}" if read else "aucun fichier ni variable : valeurs d’origine"),
        ok("Corpus", f"« {settings.corpus.absolute()} »"),
    ]
    if foreign := foreign_variables():
        found.append(
            attention(
                "Variables",
                f"{', '.join(foreign)} : aucun réglage de ce nom",
                "Retirez ce qui n’est pas voulu, ou corrigez le nom (README.md donne la liste).",
            )
        )
    return found


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
    """Whether what will be written has room, and may be written at all; the next index takes as much as this one."""
    home, folder = data_home(), settings.index_folder
    there = _existing(home)
    free = shutil.disk_usage(there).free
    unpacked = settings.encoder is not None or state_of_default_model() == "whole"
    files = versions.current(folder).iterdir() if versions.is_in_service(folder) else ()
    needed = _SPARE + sum(path.stat().st_size for path in files) + (0 if unpacked else BYTES_NEEDED)
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


def port(settings: Settings) -> Finding:
    """Whether the server may listen where it is told to, or answers there already."""
    from bot.site import listen  # a second of import

    place = f"{settings.host}:{settings.port}"
    try:
        listen(settings.host, settings.port).close()
    except OSError as problem:
        if _answers(settings):
            return ok("Port", f"{place} : Motamot y répond déjà")
        return error("Port", f"{place} : {reason(problem)}", "Choisissez-en un autre (réglages « host » et « port »).")
    return ok("Port", f"{place} est libre")


def _answers(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/healthz"
    try:
        # No proxy of the environment between us and ourselves.
        return bool(httpx.get(url, trust_env=False, timeout=5).json() == {"status": "ok"})
    except (httpx.HTTPError, ValueError):
        return False


def clock(settings: Settings, now: datetime | None = None) -> Finding:
    """Whether the clock is after all that was dated: a journal is purged, and an index aged, by it."""
    now = now or datetime.now(UTC)
    try:
        built = datetime.fromisoformat(settings.home.remembered()["built"])
    except (MotamotError, LookupError, ValueError):
        built = now
    if now < built - timedelta(minutes=5):
        return attention(
            "Horloge",
            f"{now:%d/%m/%Y %H:%M} (UTC), et l’index est daté du {built:%d/%m/%Y %H:%M}",
            "Réglez l’heure de la machine : les lignes du journal sont effacées d’après elle.",
        )
    return ok("Horloge", f"{now:%d/%m/%Y %H:%M} (UTC)")


# --- documents, model, index ---


def documents(settings: Settings) -> tuple[list[Finding], Corpus | None]:
    """Whether each document of the catalogue is there and can be read."""
    try:
        corpus = read_corpus(settings.corpus)
    except MotamotError as problem:
        return [error("Documents", str(problem))], None
    n_read = f"{counted(len(corpus.documents), 'document lu')}, {counted(len(corpus.entries), 'entrée')}"
    found = [
        ok("Documents", n_read) if corpus.entries else error("Documents", "aucun n’a pu être lu", "Voyez ci-dessous.")
    ]
    found += [attention("Document", f"« {o.source.title} » : {o.reason}", o.remedy) for o in corpus.left_out]
    found += [
        attention("Document", f"« {document.source.title} » : {what}", "Complétez-le, ou laissez-le ainsi.")
        for document in corpus.documents
        for what in document.unread
    ]
    found += [
        attention("Document", f"« {name} » n’est pas dans catalogue.toml", "Ajoutez-l’y, ou retirez le fichier.")
        for name in corpus.unlisted
    ]
    return found, corpus


def model(settings: Settings) -> tuple[Finding, Encoder | None]:
    """Whether the encoder is whole, and runs; one that is not unpacked yet is left so."""
    if settings.encoder is None and (found := state_of_default_model()) != "whole":
        what = "n’est pas encore décompressé" if found == "missing" else "est abîmé"
        if writable(home := data_home()):
            return attention("Modèle", f"il {what}", "Le prochain lancement s’en charge."), None
        return _not_writable("Modèle", f"il {what}", home, "Donnez-en le droit à ce compte", "MOTAMOT_HOME"), None
    try:
        encoder = load_encoder(settings)
        encoder.encode_queries(["essai"])
    except MotamotError as problem:
        return error("Modèle", str(problem)), None
    checked = "" if settings.encoder else ", empreintes vérifiées"
    return ok("Modèle", f"{encoder.name}, {encoder.dim} dimensions{checked}"), encoder


def _not_writable(name: str, what: str, folder: Path, first: str, setting: str) -> Finding:
    return error(
        name,
        f"{what}, et « {folder} » n’est pas accessible en écriture",
        f"{first}, ou choisissez un autre dossier avec {setting}.",
    )


def index_in_service(settings: Settings, encoder: Encoder | None, corpus: Corpus | None) -> list[Finding]:
    """Whether the index is there, whole, of its age, and of the corpus as it is."""
    try:
        if not settings.home.is_in_service():
            return [_missing(settings)]
        stored = settings.home.load()
    except IndexStoreError as problem:
        return [error("Index", str(problem))]
    made = stored.manifest
    built = datetime.fromisoformat(made.built)
    days = max((datetime.now(UTC) - built).days, 0)
    detail = (
        f"{counted(len(stored.entries), 'entrée')}, construit le {built:%d/%m/%Y} (il y a {counted(days, 'jour')}), "
        "empreintes vérifiées"
    )
    remedy = "Vérifiez que les textes sont toujours en vigueur, puis « motamot build »."
    found = [attention("Index", detail, remedy) if days > _OLD else ok("Index", detail)]
    if encoder and (why := _stale(settings, encoder, made, corpus)):
        found.append(why)
    return found


def _missing(settings: Settings) -> Finding:
    folder = settings.index_folder
    if settings.store or writable(folder):
        return attention(
            "Index", "il n’est pas encore construit", "Lancez « motamot build » (« serve » le fait aussi)."
        )
    first = "Construisez-le depuis un compte qui a ce droit"
    return _not_writable("Index", "il n’est pas construit", folder, first, "« --index »")


def _stale(settings: Settings, encoder: Encoder, made: versions.Manifest, corpus: Corpus | None) -> Finding | None:
    """Why the index is not what a build would make now."""
    if state(settings.corpus, settings.home, encoder.name, settings.max_error) is State.OTHER_CORPUS:
        return error("Index", of_another_corpus(settings))
    mark = fingerprint(settings.corpus, encoder.name, settings.max_error)
    if mark == made.fingerprint:
        return None
    if mark in settings.home.withdrawn():
        return attention(
            "Index",
            "c’est une version antérieure, remise en service par « motamot rollback »",
            "Corrigez le corpus, puis lancez « motamot build ».",
        )
    reasons = _changes(encoder, made, corpus) or "le catalogue, le lexique, les formulations ou un réglage ont changé"
    return attention("Index", f"il ne correspond plus au corpus : {reasons}", "Lancez « motamot build ».")


def _changes(encoder: Encoder, made: versions.Manifest, corpus: Corpus | None) -> str:
    then = made.documents
    now = {document.id: document.sha256 for document in corpus.documents} if corpus else then
    libraries = {name: (old, _version(name) or "rien") for name, old in made.versions.items()}
    parts = [
        *(f"« {id_} » est nouveau" for id_ in sorted(now.keys() - then.keys())),
        *(f"« {id_} » n’est plus lu" for id_ in sorted(then.keys() - now.keys())),
        *(f"« {id_} » a changé" for id_ in sorted(now.keys() & then.keys()) if now[id_] != then[id_]),
        *(f"{name} est passé de {old} à {new}" for name, (old, new) in libraries.items() if old != new),
        *(["le modèle a changé"] if made.encoder != encoder.name else []),
    ]
    return ", ".join(parts)


# --- the journal ---

_NOT_OURS = "Vérifiez à quel compte il appartient, ou éteignez-le avec « journal = false »."


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
