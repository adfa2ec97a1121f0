"""Downloads from a real server on this machine."""

import gzip
import hashlib
import json
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from real_site import foreign_site

from corpus.document import Source
from corpus.errors import CorpusError
from corpus.fetch import Fetched, fetch

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 1000
PAGE = b"<!DOCTYPE html><html><body>Acc\xc3\xa8s refus\xc3\xa9</body></html>"
BODIES = {
    "/pdf": PDF,
    "/page": PAGE,
    "/zip": b"PK\x03\x04 et la suite",
    "/texte": "Un texte accentué".encode(),
    "/vide": b"",
    "/binaire": b"\x00\x01\x02",
}
STATUSES = {"/403": 403, "/404": 404, "/500": 500}
REDIRECTS = {"/vers-http": "/pdf", "/vers-ftp": "ftp://a.fr/b", "/vers-fichier": "file:///etc/passwd"}


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        if self.path in REDIRECTS:
            self.answer(302, b"", Location=REDIRECTS[self.path])
        elif self.path in STATUSES:
            self.answer(STATUSES[self.path], PAGE)
        elif self.path == "/comprime":
            self.answer(200, gzip.compress(PDF), **{"Content-Encoding": "gzip"})
        elif self.path == "/sans-taille":
            self.answer(200, PDF, **{"Content-Length": ""})
        elif self.path == "/coupe":
            self.answer(200, PDF[:1000], **{"Content-Length": str(len(PDF))})
        elif self.path == "/muet":
            time.sleep(1)
        else:
            self.answer(200, BODIES[self.path])

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with foreign_site(Site) as server:
        yield server


def source(site: ThreadingHTTPServer, path: str, file: str = "circulaire.pdf") -> Source:
    url = f"http://127.0.0.1:{site.server_port}{path}"
    return Source("circulaire", "Circulaire", "PM", "2020-11-20", "circular", file, url)


def test_a_document_is_saved_with_where_it_came_from(site: ThreadingHTTPServer, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []

    fetched = fetch(source(site, "/pdf"), tmp_path, on_progress=lambda *progress: seen.append(progress))

    path = tmp_path / "documents" / "circulaire.pdf"
    assert fetched == Fetched(path, hashlib.sha256(PDF).hexdigest(), len(PDF))
    assert path.read_bytes() == PDF
    assert seen[0] == (0, len(PDF))
    assert seen[-1] == (len(PDF), len(PDF))
    assert len(seen) > 3
    note = json.loads((tmp_path / "documents" / "circulaire.pdf.json").read_text(encoding="utf-8"))
    assert (note["url"], note["sha256"], note["size"]) == (source(site, "/pdf").url, fetched.sha256, len(PDF))
    assert note["date"].startswith("20")
    assert sorted(path.name for path in path.parent.iterdir()) == ["circulaire.pdf", "circulaire.pdf.json"]


@pytest.mark.parametrize("path", ["/sans-taille", "/comprime"])
def test_the_total_is_unknown_when_the_server_does_not_tell(
    site: ThreadingHTTPServer, tmp_path: Path, path: str
) -> None:
    seen: list[tuple[int, int | None]] = []

    fetched = fetch(source(site, path), tmp_path, on_progress=lambda *progress: seen.append(progress))

    assert fetched.sha256 == hashlib.sha256(PDF).hexdigest()
    assert seen[-1] == (len(PDF), None)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/403", "refuse les téléchargements automatiques (code 403)"),
        ("/404", "n’a plus de document à cette adresse (code 404)"),
        ("/500", "a répondu par une erreur (code 500)"),
        ("/page", "le site a envoyé une page web au lieu d’un fichier .pdf"),
        ("/vide", "le site a envoyé un fichier vide au lieu d’un fichier .pdf"),
        ("/binaire", "le site a envoyé un contenu inconnu au lieu d’un fichier .pdf"),
        ("/coupe", "la connexion a été interrompue"),
        ("/muet", "le site n’a pas répondu en 0,3 seconde"),
        ("/vers-http", "/pdf n’est pas admise (seulement : https)"),
        ("/vers-ftp", "l’adresse ftp://a.fr/b n’est pas admise"),
        ("/vers-fichier", "l’adresse"),
    ],
)
def test_a_failed_download_says_why_and_keeps_the_old_file(
    site: ThreadingHTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, reason: str
) -> None:
    if path == "/muet":
        monkeypatch.setattr("corpus.fetch.TIMEOUT", 0.3)
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "circulaire.pdf").write_bytes(b"%PDF-ancien")

    with pytest.raises(CorpusError) as failed:
        fetch(source(site, path), tmp_path, on_progress=print)

    message = str(failed.value).replace("\u00a0", " ")
    assert message.startswith("Le document « Circulaire » n’a pas pu être téléchargé : ")
    assert reason in message
    assert message.endswith(
        f"Téléchargez-le avec votre navigateur à l’adresse {source(site, path).url} "
        f"et enregistrez-le sous {documents / 'circulaire.pdf'}."
    )
    assert (documents / "circulaire.pdf").read_bytes() == b"%PDF-ancien"
    assert [file.name for file in documents.iterdir()] == ["circulaire.pdf"]
    assert site.asked == [path]  # type: ignore[attr-defined]  # no second try


@pytest.mark.parametrize(
    ("path", "right", "wrong"),
    [("/page", "a.html", "a.txt"), ("/zip", "a.xlsx", "a.html"), ("/texte", "a.csv", "a.docx")],
)
def test_each_format_is_known_by_its_first_bytes(
    site: ThreadingHTTPServer, tmp_path: Path, path: str, right: str, wrong: str
) -> None:
    assert fetch(source(site, path, right), tmp_path, on_progress=print).path.read_bytes() == BODIES[path]
    with pytest.raises(CorpusError, match=f"au lieu d’un fichier {Path(wrong).suffix}"):
        fetch(source(site, path, wrong), tmp_path, on_progress=print)


@pytest.mark.parametrize(("path", "received"), [("/pdf", 0), ("/sans-taille", 100_000)])
def test_a_file_over_the_limit_is_stopped_while_it_comes(
    site: ThreadingHTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, received: int
) -> None:
    monkeypatch.setattr("corpus.fetch.LARGEST", 100_000)
    seen = [0]

    with pytest.raises(CorpusError, match=r"dépasse la taille permise \(0,1 Mo\)"):
        fetch(source(site, path), tmp_path, on_progress=lambda size, _: seen.append(size))

    assert max(seen) <= received
    assert list((tmp_path / "documents").iterdir()) == []


def test_an_unreachable_site_gives_the_manual_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as free:  # bound, but nobody listens
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/a.pdf"
        gone = Source("a", "A", "P", "2020-11", "guide", "a.pdf", url)

        with pytest.raises(CorpusError, match=r"le site est injoignable.*Téléchargez-le avec votre navigateur"):
            fetch(gone, tmp_path, on_progress=print)


def test_a_folder_that_cannot_be_written_is_named(site: ThreadingHTTPServer, tmp_path: Path) -> None:
    (tmp_path / "documents").write_text("un fichier", encoding="utf-8")

    with pytest.raises(CorpusError, match="le fichier n’a pas pu être écrit"):
        fetch(source(site, "/pdf"), tmp_path, on_progress=print)
