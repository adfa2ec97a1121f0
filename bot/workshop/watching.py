"""Look whether documents of the catalogue changed where they came from: listed hosts only, nothing published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from pydantic import TypeAdapter, ValidationError

from bot.workshop.draft import WorkshopError, marks, now, written
from bot.workshop.editing import Workshop
from bot.workshop.updating import Edition, named, update
from corpus.catalogue import DOCUMENTS, read_catalogue
from corpus.document import Source
from corpus.errors import CorpusError
from corpus.fetch import TIMEOUT, fetch
from corpus.files import write_file

_NAME = "veille.json"


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
        return {each.document: each for each in _ALL.validate_json((workshop.draft.home / _NAME).read_bytes())}
    except (OSError, ValidationError):
        return {}


def watch(workshop: Workshop, hosts: Sequence[str]) -> tuple[Watched, ...]:
    """Ask each address of the catalogue whose host is listed whether its document changed.

    Raises:
        WorkshopError: No host is listed, or what was seen cannot be written.
    """
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
        got = fetch(source, _received_folder(workshop), on_progress=lambda *_: None)
    except (CorpusError, OSError) as error:
        return replace(look, seen=Seen.UNKNOWN, detail=str(error))
    if got.sha256 != marks(workshop.draft.folder).get(f"{DOCUMENTS}/{source.file}"):
        return replace(look, seen=Seen.NEW, sha256=got.sha256)
    got.path.unlink(missing_ok=True)
    return look


def _received_folder(workshop: Workshop) -> Path:
    """Where new versions wait, under the names that the catalogue gives them."""
    return workshop.draft.home / "recus"


def taken(workshop: Workshop, document: str) -> Edition:
    """Make the version that waits the draft's.

    Raises:
        WorkshopError: None waits, or it cannot be read.
    """
    looks, path = watched(workshop), _received_folder(workshop) / DOCUMENTS / named(workshop, document).file
    if document not in looks or looks[document].seen is not Seen.NEW or not path.is_file():
        raise WorkshopError(f"Aucune nouvelle version de « {document} » n’attend.")
    edition = update(workshop, document, path.name, path.read_bytes())
    path.unlink()
    _note(workshop, looks | {document: replace(looks[document], seen=Seen.SAME)})
    return edition


def _note(workshop: Workshop, looks: Mapping[str, Watched]) -> None:
    with written(workshop.draft.home):
        write_file(workshop.draft.home / _NAME, _ALL.dump_json(tuple(looks.values()), indent=1))
