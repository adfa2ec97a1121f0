"""Download the documents whose catalogue entry has a url.

Beside each file, ``<file>.json`` notes where it came from: ``{"url", "date", "sha256", "size"}``.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import httpx

from corpus.document import LIMITS, Source
from corpus.errors import CorpusError
from corpus.files import unfinished, write_file
from corpus.read import place

NOTE_SUFFIX = ".json"
_MOST_REDIRECTS = 5
# Time without a single byte, in seconds: servers of public bodies take up to 20 to wake.
TIMEOUT = 30.0
# Bytes; more is refused, whatever the server announced.
LARGEST = LIMITS.file
# For a whole file, in seconds: 50 MB at 30 kB a second. A server that sends a byte now and then is left there.
LONGEST = 1800.0
# Bytes looked at to tell the format: a page may start with comments and blank lines.
_BEGINNING = 1024

_PDF, _ARCHIVE, _PAGE = "un PDF", "un fichier compressé", "une page web"
_MARKS = {b"%PDF-": _PDF, b"PK\x03\x04": _ARCHIVE}
_KINDS = {".pdf": _PDF, **dict.fromkeys((".docx", ".odt", ".xlsx", ".ods"), _ARCHIVE), ".html": _PAGE, ".htm": _PAGE}
"""What the file of each format begins like; the others are texts."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was downloaded."""

    path: Path
    sha256: str
    size: int
    """In bytes."""


class _RefusedError(Exception):
    """Why a download failed, as a French clause that names what is wrong."""


def fetch(source: Source, folder: Path, *, on_progress: Callable[[int, int | None], None]) -> Fetched:
    """Download the file of a source into a corpus folder; an older file stays until the new one is whole.

    Args:
        source: One that has a url.
        folder: That of the catalogue.
        on_progress: Called with the bytes received and the bytes expected, None when the server does not say.

    Raises:
        ValueError: The source has no url.
        CorpusError: The download failed; the message says why, and how to do it by hand.
    """
    if source.url is None:
        raise ValueError(f"source {source.id!r} has no url to fetch from")
    path = place(source, folder)
    try:
        with _stream(source.url) as response, unfinished(path) as part:
            fetched = Fetched(path, *_save(response, part, on_progress))
            _check_content(part, path.suffix.lower())
        write_file(path.with_name(path.name + NOTE_SUFFIX), _note(source.url, fetched))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, _RefusedError) as error:
        raise CorpusError(
            f"Le document « {source.title} » n’a pas pu être téléchargé : {_reason(error)}. "
            f"Téléchargez-le avec votre navigateur à l’adresse {source.url} et enregistrez-le sous {path}."
        ) from error
    return fetched


@contextmanager
def _stream(url: str) -> Iterator[httpx.Response]:
    """The answer of the last address of a chain of redirects, its body not yet read."""
    # Identity: the sizes that we count and announce are those of the file.
    headers = {"User-Agent": f"motamot/{version('motamot')}", "Accept-Encoding": "identity"}
    hooks = {"request": [lambda request: _check_scheme(request.url, url)]}
    with (
        httpx.Client(headers=headers, timeout=TIMEOUT, max_redirects=_MOST_REDIRECTS, event_hooks=hooks) as client,
        client.stream("GET", url, follow_redirects=True) as response,
    ):
        _check_status(response)
        yield response


def _check_scheme(address: httpx.URL, first: str) -> None:
    """The address in the catalogue may be http; a redirect goes to https only."""
    allowed = ("https", "http") if address == httpx.URL(first) else ("https",)
    if address.scheme not in allowed:
        raise _RefusedError(f"l’adresse {address} n’est pas admise (seulement : {', '.join(allowed)})")


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status in (401, 403, 429):
        raise _RefusedError(f"le site {response.url.host} refuse les téléchargements automatiques (code {status})")
    if status in (404, 410):
        raise _RefusedError(f"le site {response.url.host} n’a plus de document à cette adresse (code {status})")
    if status != 200:
        raise _RefusedError(f"le site {response.url.host} a répondu par une erreur (code {status})")


def _save(response: httpx.Response, part: Path, on_progress: Callable[[int, int | None], None]) -> tuple[str, int]:
    """The SHA-256 and the size of what was received."""
    announced = response.headers.get("Content-Length", "")
    compressed = "Content-Encoding" in response.headers  # the size announced is then another
    total = int(announced) if announced.isdigit() and not compressed else None
    _check_size(total or 0)
    digest, size = hashlib.sha256(), 0
    on_progress(0, total)
    deadline = time.monotonic() + LONGEST
    with part.open("wb") as file:
        for piece in response.iter_bytes():
            if time.monotonic() > deadline:
                raise _RefusedError(f"le site n’avait pas tout envoyé après {_french(LONGEST / 60)} minutes")
            size += len(piece)
            _check_size(size)
            digest.update(piece)
            file.write(piece)
            on_progress(size, total)
    return digest.hexdigest(), size


def _check_size(size: int) -> None:
    if size > LARGEST:
        raise _RefusedError(f"le fichier dépasse la taille permise ({_french(LARGEST / 1_000_000)} Mo)")


def _check_content(part: Path, suffix: str) -> None:
    """A site that refuses robots, or has moved, often answers with a page where the document was."""
    with part.open("rb") as file:
        kind = _kind(file.read(_BEGINNING))
    if _KINDS.get(suffix, "un texte") != kind:
        raise _RefusedError(f"le site a envoyé {kind} au lieu d’un fichier {suffix}")


def _kind(beginning: bytes) -> str:
    if not beginning.strip():
        return "un fichier vide"
    if found := next((kind for mark, kind in _MARKS.items() if beginning.startswith(mark)), None):
        return found
    lowered = beginning.lower()
    if any(mark in lowered for mark in (b"<!doctype html", b"<html", b"<head", b"<body")):
        return _PAGE
    return "un contenu inconnu" if b"\0" in beginning else "un texte"


def _note(url: str, fetched: Fetched) -> bytes:
    date = datetime.now(UTC).isoformat(timespec="seconds")
    note = {"url": url, "date": date, "sha256": fetched.sha256, "size": fetched.size}
    return (json.dumps(note, indent=2) + "\n").encode()


def _reason(error: Exception) -> str:
    match error:
        case _RefusedError():
            return str(error)
        case httpx.TooManyRedirects():
            return f"le site redirige plus de {_MOST_REDIRECTS} fois de suite"
        case httpx.TimeoutException():
            return f"le site n’a pas répondu en {_french(TIMEOUT)} secondes"
        case httpx.ProxyError():
            return f"le serveur mandataire (proxy) refuse la connexion ({error})"
        case httpx.ConnectError() if "CERTIFICATE" in str(error):
            return "le certificat du site n’est pas reconnu (derrière un proxy, indiquez le sien dans SSL_CERT_FILE)"
        case httpx.ConnectError():
            return "le site est injoignable (êtes-vous connecté à Internet ?)"
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return "l’adresse n’est pas correcte"
        case httpx.HTTPError():
            return f"la connexion a été interrompue ({error})"
    return f"le fichier n’a pas pu être écrit ({error})"


def _french(number: float) -> str:
    return f"{number:g}".replace(".", ",")
