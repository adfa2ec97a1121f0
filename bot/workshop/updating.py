"""A document of the draft replaced by its new edition, or added: read first, then written, its phrasings following.

The watch looks whether documents changed where they came from: listed hosts only, nothing taken or published by itself.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path, PurePath
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import tomlkit
from pydantic import TypeAdapter, ValidationError
from tomlkit.items import AoT, Table

from bot.phrases import MONTHS
from bot.workshop.draft import WorkshopError, marks, now, written
from bot.workshop.editing import Workshop
from corpus.alignment import Fate, Pair, aligned
from corpus.catalogue import CATALOGUE, DOCUMENTS, read_catalogue
from corpus.document import Entry, Source
from corpus.errors import CorpusError
from corpus.fetch import TIMEOUT, fetch
from corpus.files import write_file
from corpus.read import SafeReader
from corpus.readers.formats import READERS
from index.french import fold

_DAY, _TEXT = "comme 20/05/2026", "un autre texte : son titre, ou son identifiant"
FIELDS = {
    "title": ("Titre", ""),
    "publisher": ("Publié par", ""),
    "date": ("Date", "comme mai 2026 ou 20/05/2026"),
    "kind": ("Genre", "comment il est découpé"),
    "url": ("Adresse d’origine", "https://… ; la veille y regarde s’il a changé"),
    "nature": ("Nature", ""),
    "signed": ("Signé le", _DAY),
    "published": ("Publié le", _DAY),
    "published_on": ("Publié sur", "recueil, journal ou site"),
    "in_force": ("En vigueur le", _DAY),
    "repealed": ("Abrogé le", _DAY),
    "replaced_by": ("Remplacé par", _TEXT),
    "replaces": ("Remplace", _TEXT),
    "notice": ("Avertissement", "montré avec chaque citation"),
}
"""What the form asks of a document: the name in the catalogue -> the label, and a hint."""
_DATES = ("date", "signed", "published", "in_force", "repealed")


@dataclass(frozen=True, slots=True)
class Edition:
    """What a new edition changes."""

    document: str
    pairs: tuple[Pair, ...]
    n_following: int
    """Phrasings that follow their entry."""
    left: tuple[str, ...]
    """Questions, paragraphs and sentences that phrasings aimed at and that are gone."""
    unread: tuple[str, ...] = ()

    def of(self, fate: Fate) -> list[Pair]:
        """Entries that had this fate."""
        return [pair for pair in self.pairs if pair.fate is fate]


def update(workshop: Workshop, document: str, name: str, content: bytes, day: str = "") -> Edition:
    """Replace a document of the draft by a new edition, whose name tells its format, and whose day may be given.

    Raises:
        WorkshopError: There is no such document, it is no day, or the file is of no format that is read.
        UnreadableDocumentError: It cannot be read: nothing is changed.
    """
    source, day = named(workshop, document), iso_date(day, FIELDS["date"][0])
    before = [entry for entry in workshop.corpus.entries if entry.document.id == document]
    file, known = workshop.file(document), workshop.known
    after, unread = _read(workshop, source, name, content)
    suffix = PurePath(name).suffix.lower()
    stored = source.file if PurePath(source.file).suffix.lower() == suffix else f"{document}{suffix}"
    with _catalogue(workshop) as sources:
        workshop.draft.write(f"{DOCUMENTS}/{stored}", content)
        table = _table(sources, document)
        if day:
            table["date"] = day
        if stored != source.file:
            table["file"] = stored
    if stored != source.file:
        workshop.draft.remove(f"{DOCUMENTS}/{source.file}")
    pairs = aligned(before, after)
    became = {pair.before.id: pair.after for pair in pairs if pair.before}
    n, left = file.follow(became, after)
    known.follow((pair.before, pair.after) for pair in pairs if pair.before and pair.after)
    return Edition(document, tuple(pairs), n, tuple(left), unread)


def compared(workshop: Workshop, document: str) -> Edition:
    """What the draft has of a document, compared with what is in service."""
    before, after = (
        [entry for entry in entries if entry.document.id == document]
        for entries in (workshop.store.load().entries, workshop.corpus.entries)
    )
    unread = after[0].document.unread if after else ()
    n = sum(len(own.phrasings) for id_, own in workshop.file(document).attached().items() if id_)
    return Edition(document, tuple(aligned(before, after)), n, (), unread)


def add(workshop: Workshop, said: dict[str, str], name: str, content: bytes) -> Edition:
    """Add a document to the draft; ``said`` is its table of the catalogue, its title naming it where ``id`` does not.

    Raises:
        CorpusError: The catalogue cannot hold it, or the file cannot be read: nothing is changed.
    """
    suffix = PurePath(name).suffix.lower()
    id_ = said.get("id") or re.sub(r"[^a-z0-9]+", "-", fold(said.get("title", ""))).strip("-")[:60].rstrip("-")
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", id_):
        raise WorkshopError("Le document doit avoir un titre : il en faut au moins une lettre ou un chiffre.")
    if any(source.id == id_ for source in read_catalogue(workshop.draft.folder)):
        raise WorkshopError(f"Le document « {id_} » existe déjà : remplacez-le par sa nouvelle édition.")
    table = {**{key: value for key, value in _iso(said).items() if value}, "id": id_, "file": f"{id_}{suffix}"}
    title, publisher, date, kind = (table.get(key, "") for key in ("title", "publisher", "date", "kind"))
    source = Source(id_, title, publisher, date, kind, table["file"])
    entries, unread = _read(workshop, source, name, content)
    try:
        with _catalogue(workshop) as sources:
            made = tomlkit.table()
            made.update(table)
            sources.append(made)
            workshop.draft.write(f"{DOCUMENTS}/{table['file']}", content)
    except Exception:
        workshop.draft.remove(f"{DOCUMENTS}/{table['file']}")
        raise
    return Edition(id_, tuple(Pair(Fate.NEW, None, entry) for entry in entries), 0, (), unread)


def describe(workshop: Workshop, document: str, said: Mapping[str, str]) -> None:
    """Change what the catalogue of the draft says of a document: what is empty is no longer said.

    Raises:
        CorpusError: The catalogue cannot say it, or there is no such document: nothing is changed.
    """
    named(workshop, document)
    with _catalogue(workshop) as sources:
        table = _table(sources, document)
        for key, value in _iso(said).items():
            if not value:
                table.pop(key, None)
            elif value != str(table.get(key)):
                table[key] = value


def withdraw(workshop: Workshop, document: str) -> None:
    """Take back what the draft made of a document: its new edition, or all of one that is not in service."""
    now, before = (
        {source.id: source for source in read_catalogue(folder)}.get(document)
        for folder in (workshop.draft.folder, workshop.draft.live)
    )
    if now is None or (now == before and not is_other(workshop, now)):
        raise WorkshopError(f"Le brouillon ne change rien au document « {document} ».")
    if before:
        content = (workshop.draft.live / DOCUMENTS / before.file).read_bytes()
        update(workshop, document, before.file, content, before.date)
        return
    with _catalogue(workshop) as sources:
        sources.remove(_table(sources, document))
    workshop.draft.remove(f"{DOCUMENTS}/{now.file}")


def is_other(workshop: Workshop, source: Source) -> bool:
    """Whether the draft has another file of a document than what is in service."""
    return f"{DOCUMENTS}/{source.file}" in workshop.draft.sync().changed


def _iso(said: Mapping[str, str]) -> dict[str, str]:
    """What was typed, its dates as the catalogue has them."""
    return {key: iso_date(value, FIELDS[key][0]) if key in _DATES else value for key, value in said.items()}


def iso_date(typed: str, label: str) -> str:
    """A date as people write it, as the catalogue has it.

    >>> [iso_date(text, "Date") for text in ("20/05/2026", "1er mai 2026", "Mai 2026", "05/2026", "2026-05", "")]
    ['2026-05-20', '2026-05-01', '2026-05', '2026-05', '2026-05', '']
    """
    text = " ".join(fold(typed).split())
    for number, month in enumerate(map(fold, MONTHS), 1):
        text = re.sub(rf"\b{month}\b", str(number), text)
    if found := re.fullmatch(r"(?:(\d{1,2})(?:er)?[ /.-])?(\d{1,2})[ /.-](\d{4})", text):
        text = f"{found[3]}-{int(found[2]):02}{f'-{int(found[1]):02}' if found[1] else ''}"
    day = f"{text}-01" if len(text) == len("2026-05") else text
    try:
        if day and date.fromisoformat(day).isoformat() != day:
            raise ValueError
    except ValueError:
        raise WorkshopError(
            f"{label} : « {typed[:40]} » n’est pas une date. Écrivez-la comme 20/05/2026, mai 2026 ou 2026-05-20 ; "
            "rien n’a été changé."
        ) from None
    return text


def named(workshop: Workshop, document: str) -> Source:
    """What the catalogue of the draft says of a document."""
    for source in read_catalogue(workshop.draft.folder):
        if source.id == document:
            return source
    raise WorkshopError(f"Il n’y a pas de document « {document} » dans le catalogue.")


@contextmanager
def _catalogue(workshop: Workshop) -> Iterator[AoT]:
    """Change the tables of the catalogue; it stays as it was where it would not be a good one."""
    with workshop.draft.locked():
        before = workshop.draft.read(CATALOGUE)
        content = tomlkit.parse(before.decode("utf-8-sig"))
        sources = content["source"]
        assert isinstance(sources, AoT)
        yield sources
        workshop.draft.write(CATALOGUE, tomlkit.dumps(content).encode())
        try:
            read_catalogue(workshop.draft.folder)
        except Exception:
            workshop.draft.write(CATALOGUE, before)
            raise


def _table(sources: AoT, document: str) -> Table:
    """That of a document, which is there."""
    found: Table = next(table for table in sources if table.get("id") == document)
    return found


def _read(workshop: Workshop, source: Source, name: str, content: bytes) -> tuple[list[Entry], tuple[str, ...]]:
    suffix = PurePath(name).suffix.lower()
    if suffix not in READERS:
        raise WorkshopError(f"« {name[:80]} » : sont lus {', '.join(READERS)}. Rien n’a été changé.")
    received: Path = workshop.draft.home / f".{uuid4().hex}.part{suffix}"
    try:
        with written(received.parent):
            write_file(received, content)
        with SafeReader() as reader:
            document, entries = reader.read(replace(source, file=name[:80]), received)  # an error names the file given
    finally:
        received.unlink(missing_ok=True)
    if not entries:
        raise WorkshopError(f"« {name[:80]} » ne contient aucun passage à citer : rien n’a été changé.")
    return list(entries), document.unread


# --- the watch ---


_WATCHED = "veille.json"
_WAITING = "recus"
"""Folder of new versions, under the names that the catalogue gives them."""


class Seen(StrEnum):
    """What became of a document where it came from, in the words of the page."""

    SAME = "inchangé"
    NEW = "nouvelle version, en attente"
    DEAD = "lien mort"
    UNKNOWN = "pas de réponse"


@dataclass(frozen=True, slots=True)
class Watched:
    """One look at one address."""

    document: str
    url: str
    seen: Seen
    at: str
    """ISO 8601, UTC."""
    etag: str = ""
    modified: str = ""
    detail: str = ""
    """What the server said, where it is not the document."""
    sha256: str = ""
    """Of the new version, which waits in ``.atelier/recus``."""


_ALL = TypeAdapter(tuple[Watched, ...])


def watched(workshop: Workshop) -> dict[str, Watched]:
    """What was seen last, by document."""
    try:
        return {each.document: each for each in _ALL.validate_json((workshop.draft.home / _WATCHED).read_bytes())}
    except (OSError, ValidationError):
        return {}


def watch(workshop: Workshop, hosts: Sequence[str]) -> tuple[Watched, ...]:
    """Ask each address of the catalogue whose host is listed whether its document changed."""
    if not hosts:
        raise WorkshopError(
            "La veille est éteinte : nommez les sites à consulter, « motamot watch www.legifrance.gouv.fr ». "
            "Aucun autre n’est appelé."
        )
    before = watched(workshop)
    sources = [s for s in read_catalogue(workshop.draft.folder) if s.url and urlsplit(s.url).hostname in set(hosts)]
    with httpx.Client(headers={"User-Agent": f"motamot/{version('motamot')}"}, timeout=TIMEOUT) as client:
        found = tuple(_look(workshop, client, source, before.get(source.id)) for source in sources)
    _note(workshop, before | {each.document: each for each in found})
    return found


def _look(workshop: Workshop, client: httpx.Client, source: Source, before: Watched | None) -> Watched:
    look = Watched(source.id, source.url or "", Seen.UNKNOWN, now())
    known = before if before and before.url == look.url else look
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
    try:
        # Redirects are not followed: they may lead to a host that nobody listed.
        given = {name: value for name, value in conditions.items() if value}
        with client.stream("GET", look.url, headers=given) as answer:
            status, headers = answer.status_code, answer.headers
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return replace(look, detail=type(error).__name__)
    if status == 304 and given:
        return replace(known, at=look.at)
    if status != 200:
        return replace(look, seen=Seen.DEAD if status in (404, 410) else Seen.UNKNOWN, detail=f"code {status}")
    etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
    return _received(workshop, source, replace(look, seen=Seen.SAME, etag=etag, modified=modified))


def _received(workshop: Workshop, source: Source, look: Watched) -> Watched:
    """The document itself: where it is another than the draft's, it waits."""
    try:
        got = fetch(source, workshop.draft.home / _WAITING, on_progress=lambda *_: None)
    except (CorpusError, OSError) as error:
        return replace(look, seen=Seen.UNKNOWN, detail=str(error))
    if got.sha256 != marks(workshop.draft.folder).get(f"{DOCUMENTS}/{source.file}"):
        return replace(look, seen=Seen.NEW, sha256=got.sha256)
    got.path.unlink(missing_ok=True)
    return look


def taken(workshop: Workshop, document: str) -> Edition:
    """Make the version that waits the draft's."""
    looks, path = watched(workshop), workshop.draft.home / _WAITING / DOCUMENTS / named(workshop, document).file
    if document not in looks or looks[document].seen is not Seen.NEW or not path.is_file():
        raise WorkshopError(f"Aucune nouvelle version de « {document} » n’attend.")
    edition = update(workshop, document, path.name, path.read_bytes())
    path.unlink()
    _note(workshop, looks | {document: replace(looks[document], seen=Seen.SAME)})
    return edition


def _note(workshop: Workshop, looks: Mapping[str, Watched]) -> None:
    with written(workshop.draft.home):
        write_file(workshop.draft.home / _WATCHED, _ALL.dump_json(tuple(looks.values()), indent=1))
