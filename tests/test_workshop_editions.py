"""A new edition of a document, given or found by the watch: entries aligned, what belongs to them following."""

import re
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from real_site import foreign_site
from small_corpus import EDITION, FAQ, FEW, PHRASINGS, small_encoder, table, workshop_of, write_corpus
from starlette.testclient import TestClient

from bot.workshop.app import build_workshop
from bot.workshop.draft import WorkshopError, marks
from bot.workshop.editing import Workshop
from bot.workshop.replay import Origin
from bot.workshop.updating import Seen, add, compared, taken, update, watch, watched, withdraw
from corpus.alignment import Fate
from corpus.catalogue import read_catalogue
from corpus.document import TextStatus
from corpus.errors import MotamotError
from index.build import build


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("editions")
    live = write_corpus(folder / "corpus", phrasings={key: asked[:2] for key, asked in PHRASINGS.items()})
    path = live / "phrasings" / "mediatheque.toml"
    part = f'\n[[entry]]\nquestion = "{FAQ["retard"][0]}"\nsentence = "Un rappel part"\nask = ["quand le rappel"]\n'
    path.write_text(path.read_text(encoding="utf-8") + part, encoding="utf-8")
    build(live, folder / "index", small_encoder())
    return folder.rename(folder.with_name(f"{folder.name}-moved"))


@pytest.fixture
def workshop(built: Path, tmp_path: Path) -> Workshop:
    site = Path(shutil.copytree(built, tmp_path / "site"))
    return workshop_of(site)


@pytest.fixture
def client(workshop: Workshop) -> TestClient:
    door, _ = build_workshop(workshop)
    client = TestClient(door, base_url="http://127.0.0.1")
    client.get(f"/entrer?cle={door.key}")
    return client


def test_entries_are_aligned_and_what_belongs_to_them_follows(workshop: Workshop) -> None:
    workshop.known.accept(["une amende"], FAQ["retard"][0])
    workshop.known.accept(["amende ?"], "mediatheque/retard")
    edition = update(workshop, "mediatheque", "2026.csv", table(EDITION))
    fates = {p.before.id if p.before else "-": (p.fate, p.after.id if p.after else "-") for p in edition.pairs}

    assert fates == {
        "portage": (Fate.MOVED, "portage"),
        "inscription": (Fate.SAME, "inscription"),
        "pret": (Fate.CHANGED, "emprunts"),
        "retard": (Fate.CHANGED, "retards"),
        "internet": (Fate.SAME, "internet"),
        "-": (Fate.NEW, "café"),
        "salle": (Fate.GONE, "-"),
    }
    assert (edition.n_following, edition.left) == (11, (FAQ["salle"][0],))
    later = compared(workshop, "mediatheque")  # by a workshop that was opened since
    assert ([p.fate for p in later.pairs], later.n_following) == ([p.fate for p in edition.pairs], 11)
    attached = workshop.attached()
    assert attached["mediatheque/retards"].phrasings == ("amende de retard", "livre rendu trop tard", "quand le rappel")
    assert attached["mediatheque/emprunts"].phrasings == ("emprunter des livres", "livres à emporter")
    text = workshop.draft.read("phrasings/mediatheque.toml").decode()
    assert ("salle pour une association" in text, "Un rappel part" in text) == (True, True)
    expects = [line["expect"] for line in workshop.known.lines()]
    assert expects == [[EDITION["retards"][0]], ["mediatheque/retards"]]
    assert workshop.indexes.tried("quand le rappel")[1].quotes[0].source.entry == "retards"


@pytest.mark.parametrize(("name", "content"), [("a.docx", b"PK rompu"), ("a.exe", b"x"), ("vide.txt", b"")])
def test_a_file_that_cannot_be_read_changes_nothing(workshop: Workshop, name: str, content: bytes) -> None:
    before = marks(workshop.draft.folder)
    with pytest.raises(MotamotError):
        update(workshop, "mediatheque", name, content)

    assert marks(workshop.draft.folder) == before
    assert not list(workshop.draft.home.glob("*.part*"))


def test_another_document_is_added_and_a_wrong_form_leaves_the_catalogue_as_it_was(workshop: Workshop) -> None:
    said = {"title": "Piscine", "publisher": "Ville", "date": "2026-05", "kind": "faq"}
    content = b"Quand la piscine ouvre-t-elle ?\n\nElle ouvre le mardi.\n"
    before = marks(workshop.draft.folder)
    for wrong in ({"date": "mai"}, {"title": "?"}, {"id": "mediatheque"}, {"nature": "avis"}):
        with pytest.raises(MotamotError):
            add(workshop, said | wrong, "p.txt", content)
        assert marks(workshop.draft.folder) == before

    add(workshop, said | {"nature": "faq", "notice": ""}, "p.txt", content)
    assert {entry.document.id for entry in workshop.corpus.entries} == {"mediatheque", "piscine"}
    withdraw(workshop, "piscine")
    assert marks(workshop.draft.folder) == before
    with pytest.raises(WorkshopError, match="rien"):
        update(workshop, "rien", "p.txt", content)


def test_a_document_that_changed_is_named_in_the_draft_with_a_link_to_what_changed(
    client: TestClient, workshop: Workshop
) -> None:
    update(workshop, "mediatheque", "2026.csv", table(EDITION))
    [link] = re.findall(r'href="(/documents\?edition=[^"]*)"', client.get("/brouillon").text)

    assert EDITION["café"][0] in client.get(link).text


def test_the_check_lists_each_question_whose_answer_changes_before_and_after_word_for_word(workshop: Workshop) -> None:
    workshop.known.accept(["amende de retard"], "mediatheque/retard")
    workshop.publish("Annie", "")
    update(workshop, "mediatheque", "2026.csv", table(EDITION))
    found = workshop.indexes.check()
    told = {(q.expected.origin, q.expected.turns[-1]): (q.before.text, q.after.text) for q in found.changed}

    late = FAQ["retard"][1], EDITION["retards"][1]
    assert {told[Origin.PHRASING, text] for text in ("amende de retard", "livre rendu trop tard")} == {late}
    assert told[Origin.KNOWN, "amende de retard"] == late
    assert told[Origin.PHRASING, "salle pour une association"][0] == FAQ["salle"][1]
    assert told[Origin.HEADING, EDITION["café"][0]][1] == EDITION["café"][1]
    assert told[Origin.GONE, FAQ["salle"][0]][0] == FAQ["salle"][1]
    same = [text for key in ("inscription", "portage", "internet") for text in (FAQ[key][0], *PHRASINGS[key][:2])]
    assert not {text for _, text in told} & set(same)
    assert next(q for q in found.changed if q.after.text == late[1]).after.title == "Guide du lecteur"


def test_the_page_keeps_what_was_typed_and_the_date_of_an_edition_that_cannot_be_read(
    client: TestClient, workshop: Workshop
) -> None:
    page = client.post("/documents/ajouter", data={"title": "Mon titre"}, files={"fichier": ("n.exe", b"x")})
    assert (page.status_code, "Mon titre" in page.text) == (422, True)
    date = {"document": "mediatheque", "date": "mai 2026"}
    for name, status, said in (("n.exe", 422, "2024-03"), ("n.csv", 200, "2026-05")):
        page = client.post("/documents/edition", data=date, files={"fichier": (name, table(EDITION))})
        assert (page.status_code, read_catalogue(workshop.draft.folder)[0].date) == (status, said)
    assert "Guide du lecteur" in client.get("/documents/compris?document=mediatheque").text


SHEET = {"document": "mediatheque", "title": "Guide", "publisher": "Ville", "date": "2024-03", "kind": "faq"}


def test_the_sheet_of_a_document_is_changed_and_what_is_wrong_in_it_changes_nothing(
    client: TestClient, workshop: Workshop
) -> None:
    before = workshop.draft.read("catalogue.toml")
    page = client.post("/documents/fiche", data=SHEET | {"repealed": "bientôt", "notice": "ma note"})
    assert (page.status_code, "ma note" in page.text, workshop.draft.read("catalogue.toml")) == (422, True, before)

    client.post("/documents/fiche", data=SHEET | {"nature": "circulaire", "replaced_by": "un autre"})
    [source] = read_catalogue(workshop.draft.folder)
    assert (source.title, source.notice, source.file) == ("Guide", None, "mediatheque.csv")
    assert source.status == TextStatus("circulaire", replaced_by="un autre")


# --- the watch: conditional requests to listed hosts only, and a new version that waits ---


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
def watched_site(publisher: ThreadingHTTPServer, tmp_path: Path) -> Workshop:
    live = write_corpus(tmp_path / "corpus", phrasings=FEW)
    catalogue = live / "catalogue.toml"
    address = f'url = "http://127.0.0.1:{publisher.server_port}/faq"\n'
    catalogue.write_text(catalogue.read_text(encoding="utf-8") + address, encoding="utf-8")
    return workshop_of(tmp_path)


def test_a_new_version_waits_is_not_asked_for_twice_and_is_taken_when_wanted(
    watched_site: Workshop, publisher: ThreadingHTTPServer
) -> None:
    new = table(FAQ | {"café": ("Où boire un café ?", "Dans le hall.")})
    publisher.answer = (200, new, '"un"')  # type: ignore[attr-defined]
    assert [each.seen for each in watch(watched_site, ["127.0.0.1"])] == [Seen.NEW]
    assert watched_site.draft.sync().changed == ()
    assert [each.seen for each in watch(watched_site, ["127.0.0.1"])] == [Seen.NEW]
    assert publisher.asked == [("/faq", None), ("/faq", None), ("/faq", '"un"')]  # type: ignore[attr-defined]

    assert len(taken(watched_site, "mediatheque").pairs) == len(FAQ) + 1
    assert watched_site.draft.read("documents/mediatheque.csv") == new
    assert [each.seen for each in watched(watched_site).values()] == [Seen.SAME]
    with pytest.raises(WorkshopError, match="attend"):
        taken(watched_site, "mediatheque")


@pytest.mark.parametrize(("status", "seen"), [(404, Seen.DEAD), (302, Seen.UNKNOWN), (500, Seen.UNKNOWN)])
def test_a_dead_link_is_told_and_a_redirect_is_not_followed(
    watched_site: Workshop, publisher: ThreadingHTTPServer, status: int, seen: Seen
) -> None:
    publisher.answer = (status, b"x", "")  # type: ignore[attr-defined]

    assert [each.seen for each in watch(watched_site, ["127.0.0.1"])] == [seen]
    assert len(publisher.asked) == 1  # type: ignore[attr-defined]


def test_a_host_that_nobody_listed_is_not_asked(watched_site: Workshop, publisher: ThreadingHTTPServer) -> None:
    watch(watched_site, ["127.0.0.1"])
    publisher.asked.clear()  # type: ignore[attr-defined]
    assert watch(watched_site, ["localhost", "example.fr"]) == ()
    assert [*watched(watched_site)] == ["mediatheque"]  # what was seen before stays
    with pytest.raises(WorkshopError, match="éteinte"):
        watch(watched_site, [])
    assert publisher.asked == []  # type: ignore[attr-defined]
