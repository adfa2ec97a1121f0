"""The watch: conditional requests to listed hosts only, and a new version that waits."""

import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from real_site import foreign_site
from small_corpus import FAQ, FEW, small_encoder, write_corpus
from test_workshop_editions import table

from bot.workshop.draft import WorkshopError
from bot.workshop.editing import Workshop
from bot.workshop.watching import Seen, taken, watch, watched
from index.store import FolderStore


class Publisher(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("If-None-Match")))  # type: ignore[attr-defined]
        status, body, etag = self.server.answer  # type: ignore[attr-defined]
        status = 304 if etag and self.headers.get("If-None-Match") == etag else status
        self.send_response(status)
        self.send_header("ETag", etag)
        self.send_header("Location", "http://ailleurs.example/")
        self.send_header("Content-Length", str(0 if status == 304 else len(body)))
        self.end_headers()
        if status != 304:
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def publisher() -> Iterator[ThreadingHTTPServer]:
    with foreign_site(Publisher) as server:
        yield server


@pytest.fixture
def workshop(publisher: ThreadingHTTPServer, tmp_path: Path) -> Workshop:
    live = write_corpus(tmp_path / "corpus", phrasings=FEW)
    catalogue = live / "catalogue.toml"
    address = f'url = "http://127.0.0.1:{publisher.server_port}/faq"\n'
    catalogue.write_text(catalogue.read_text(encoding="utf-8") + address, encoding="utf-8")
    return Workshop(live, FolderStore(tmp_path / "index"), small_encoder(), 0.1, None)


def test_a_new_version_waits_is_not_asked_for_twice_and_is_taken_when_wanted(
    workshop: Workshop, publisher: ThreadingHTTPServer
) -> None:
    new = table(FAQ | {"café": ("Où boire un café ?", "Dans le hall.")})
    publisher.answer = (200, new, '"un"')  # type: ignore[attr-defined]
    assert [each.seen for each in watch(workshop, ["127.0.0.1"])] == [Seen.NEW]
    assert workshop.draft.sync().changed == ()
    assert [each.seen for each in watch(workshop, ["127.0.0.1"])] == [Seen.NEW]
    assert publisher.asked == [("/faq", None), ("/faq", None), ("/faq", '"un"')]  # type: ignore[attr-defined]

    assert len(taken(workshop, "mediatheque").pairs) == len(FAQ) + 1
    assert workshop.draft.read("documents/mediatheque.csv") == new
    assert [each.seen for each in watched(workshop)] == [Seen.SAME]
    with pytest.raises(WorkshopError, match="attend"):
        taken(workshop, "mediatheque")


@pytest.mark.parametrize(("status", "seen"), [(404, Seen.DEAD), (302, Seen.UNKNOWN), (500, Seen.UNKNOWN)])
def test_a_dead_link_is_told_and_a_redirect_is_not_followed(
    workshop: Workshop, publisher: ThreadingHTTPServer, status: int, seen: Seen
) -> None:
    publisher.answer = (status, b"x", "")  # type: ignore[attr-defined]

    assert [each.seen for each in watch(workshop, ["127.0.0.1"])] == [seen]
    assert len(publisher.asked) == 1  # type: ignore[attr-defined]


def test_a_host_that_nobody_listed_is_not_asked(workshop: Workshop, publisher: ThreadingHTTPServer) -> None:
    watch(workshop, ["127.0.0.1"])
    publisher.asked.clear()  # type: ignore[attr-defined]
    assert watch(workshop, ["localhost", "example.fr"]) == ()
    assert [each.document for each in watched(workshop)] == ["mediatheque"]  # what was seen before stays
    with pytest.raises(WorkshopError, match="éteinte"):
        watch(workshop, [])
    assert publisher.asked == []  # type: ignore[attr-defined]
    shutil.rmtree(workshop.draft.home)
