"""A new edition of a document: entries aligned, phrasings and known questions following, nothing lost unsaid."""

import csv
import shutil
from io import StringIO
from pathlib import Path

import pytest
from small_corpus import FAQ, PHRASINGS, small_encoder, write_corpus
from starlette.testclient import TestClient

from bot.workshop.app import build_workshop
from bot.workshop.draft import WorkshopError, marks
from bot.workshop.editing import Workshop
from bot.workshop.replay import Origin
from bot.workshop.updating import add, compared, update, withdraw
from corpus.alignment import Fate
from corpus.catalogue import read_catalogue
from corpus.document import TextStatus
from corpus.errors import MotamotError
from index.build import build
from index.store import FolderStore


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
    return Workshop(site / "corpus", FolderStore(site / "index"), small_encoder(), 0.1, None)


def table(rows: dict[str, tuple[str, str]]) -> bytes:
    content = StringIO()
    csv.writer(content, delimiter=";").writerows(
        [["id", "question", "réponse"], *([key, *row] for key, row in rows.items())]
    )
    return content.getvalue().encode()


EDITION = {
    "portage": FAQ["portage"],  # moved to the front
    "inscription": FAQ["inscription"],
    "emprunts": ("Quels ouvrages emprunter ?", "Tous les livres et les films se prêtent. Les dictionnaires restent."),
    "retards": ("Que risque-t-on quand on rend en retard ?", "Une amende est due. Un rappel part après deux semaines."),
    "internet": FAQ["internet"],
    "café": ("Où boire un café ?", "Le distributeur est dans le hall."),
}
"""The hall is gone."""


def test_entries_are_aligned_and_what_belongs_to_them_follows(workshop: Workshop) -> None:
    workshop.known().accept(["une amende"], FAQ["retard"][0])
    workshop.known().accept(["amende ?"], "mediatheque/retard")
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
    expects = [line["expect"] for line in workshop.known().lines()]
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


def test_the_check_lists_each_question_whose_answer_changes_before_and_after_word_for_word(workshop: Workshop) -> None:
    workshop.known().accept(["amende de retard"], "mediatheque/retard")
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


def test_the_page_keeps_what_was_typed_and_the_date_of_an_edition_that_cannot_be_read(workshop: Workshop) -> None:
    door, _ = build_workshop(workshop)
    client = TestClient(door, base_url="http://127.0.0.1")
    client.get(f"/entrer?cle={door.key}")
    page = client.post("/documents/ajouter", data={"title": "Mon titre"}, files={"fichier": ("n.exe", b"x")})
    assert (page.status_code, "Mon titre" in page.text) == (422, True)
    date = {"document": "mediatheque", "date": "mai 2026"}
    for name, status, said in (("n.exe", 422, "2024-03"), ("n.csv", 200, "2026-05")):
        page = client.post("/documents/edition", data=date, files={"fichier": (name, table(EDITION))})
        assert (page.status_code, read_catalogue(workshop.draft.folder)[0].date) == (status, said)
    assert "Guide du lecteur" in client.get("/documents/compris?document=mediatheque").text


SHEET = {"document": "mediatheque", "title": "Guide", "publisher": "Ville", "date": "2024-03", "kind": "faq"}


def test_the_sheet_of_a_document_is_changed_and_what_is_wrong_in_it_changes_nothing(workshop: Workshop) -> None:
    door, _ = build_workshop(workshop)
    client = TestClient(door, base_url="http://127.0.0.1")
    client.get(f"/entrer?cle={door.key}")
    before = workshop.draft.read("catalogue.toml")
    page = client.post("/documents/fiche", data=SHEET | {"repealed": "bientôt", "notice": "ma note"})
    assert (page.status_code, "ma note" in page.text, workshop.draft.read("catalogue.toml")) == (422, True, before)

    client.post("/documents/fiche", data=SHEET | {"nature": "circulaire", "replaced_by": "un autre"})
    [source] = read_catalogue(workshop.draft.folder)
    assert (source.title, source.notice, source.file) == ("Guide", None, "mediatheque.csv")
    assert source.status == TextStatus("circulaire", replaced_by="un autre")
