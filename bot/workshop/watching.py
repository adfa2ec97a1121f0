"""Look whether documents of the catalogue changed where they came from: listed hosts only, nothing published."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from pydantic import TypeAdapter, ValidationError

from bot.workshop.draft import WorkshopError, marks, written
from bot.workshop.editing import Workshop
from bot.workshop.updating import Edition, update
from corpus.catalogue import DOCUMENTS, read_catalogue
from corpus.document import Source
from corpus.errors import CorpusError
from corpus.fetch import TIMEOUT, fetch
from corpus.files import write_file

_NAME = "veille.json"
_TAGS = ("etag", "last-modified")


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


def watched(workshop: Workshop) -> tuple[Watched, ...]:
    """What was seen last."""
    try:
        return _ALL.validate_json((workshop.draft.home / _NAME).read_bytes())
    except (OSError, ValidationError):
        return ()


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
    before = {each.document: each for each in watched(workshop)}
    sources = [s for s in read_catalogue(workshop.draft.folder) if s.url and urlsplit(s.url).hostname in set(hosts)]
    with httpx.Client(headers={"User-Agent": f"motamot/{version('motamot')}"}, timeout=TIMEOUT) as client:
        found = tuple(_look(workshop, client, source, before.get(source.id)) for source in sources)
    _note(workshop, (*found, *(each for id_, each in before.items() if id_ not in {source.id for source in sources})))
    return found


def _look(workshop: Workshop, client: httpx.Client, source: Source, before: Watched | None) -> Watched:
    url, now = source.url or "", datetime.now(UTC).isoformat(timespec="seconds")
    known = before if before and before.url == url else None
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.modified} if known else {}
    try:
        # Redirects are not followed: they may lead to a host that nobody listed.
        given = {name: value for name, value in conditions.items() if value}
        with client.stream("GET", url, headers=given) as answer:
            status, headers = answer.status_code, answer.headers
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Watched(source.id, url, Seen.UNKNOWN, now, detail=type(error).__name__)
    if status == 304 and known:
        return Watched(source.id, url, known.seen, now, known.etag, known.modified, known.detail, known.sha256)
    if status in (404, 410):
        return Watched(source.id, url, Seen.DEAD, now, detail=f"code {status}")
    if status != 200:
        return Watched(source.id, url, Seen.UNKNOWN, now, detail=f"code {status}")
    return _received(workshop, source, Watched(source.id, url, Seen.SAME, now, *map(headers.get, _TAGS, ("", ""))))


def _received(workshop: Workshop, source: Source, look: Watched) -> Watched:
    """The document itself: where it is another than the draft's, it waits."""
    try:
        got = fetch(source, received_folder(workshop), on_progress=lambda *_: None)
    except (CorpusError, OSError) as error:
        return replace(look, seen=Seen.UNKNOWN, detail=str(error))
    if got.sha256 != marks(workshop.draft.folder).get(f"{DOCUMENTS}/{source.file}"):
        return replace(look, seen=Seen.NEW, sha256=got.sha256)
    got.path.unlink(missing_ok=True)
    return look


def received_folder(workshop: Workshop) -> Path:
    """Where new versions wait, under the names that the catalogue gives them."""
    return workshop.draft.home / "recus"


def taken(workshop: Workshop, document: str) -> Edition:
    """Make the version that waits the draft's.

    Raises:
        WorkshopError: None waits, or it cannot be read.
    """
    look = next((each for each in watched(workshop) if each.document == document and each.seen is Seen.NEW), None)
    source = next((s for s in read_catalogue(workshop.draft.folder) if s.id == document), None)
    path = received_folder(workshop) / DOCUMENTS / source.file if source else None
    if look is None or path is None or not path.is_file():
        raise WorkshopError(f"Aucune nouvelle version de « {document} » n’attend.")
    edition = update(workshop, document, path.name, path.read_bytes())
    path.unlink()
    _note(workshop, tuple(replace(w, seen=Seen.SAME) if w == look else w for w in watched(workshop)))
    return edition


def _note(workshop: Workshop, found: tuple[Watched, ...]) -> None:
    with written(workshop.draft.home):
        content = json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=1)
        write_file(workshop.draft.home / _NAME, content.encode())
