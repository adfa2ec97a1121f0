"""The workshop's pages and commands: who may enter, what is decided and published, nothing typed is lost."""

import json
import re
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, parsed, plain, words
from fake_assistant import HOSTILE, answered, quote
from openpyxl import load_workbook
from small_corpus import FAQ, workshop_of
from starlette.testclient import TestClient

from bot.answer import Answer, Kind, Ranked
from bot.journal import Journal
from bot.web.security import RootPath
from bot.workshop.app import Access, build_workshop
from bot.workshop.editing import Workshop
from bot.workshop.entry_pages import COLUMNS

HOST = "http://127.0.0.1"
RETARD = "mediatheque/retard"
UNANSWERED = ("payer une amende pour un film", "film rendu tard", "amende film", "le parking")
ENTRY = "/questions/entree?entree=mediatheque/retard"


@pytest.fixture
def workshop(place: Path, journal: Journal) -> Workshop:
    for question in UNANSWERED:
        near = (Ranked("mediatheque", "salle" if "parking" in question else "retard", 0.5),)
        journal.record(Answer(question, Kind.REFUSE, 0.5, "", ranking=near))
    return workshop_of(place, journal)


def client_of(door: Access, **options: Any) -> TestClient:
    return TestClient(door, base_url=HOST, follow_redirects=True, **options)


@pytest.fixture
def client(workshop: Workshop) -> TestClient:
    door, _ = build_workshop(workshop, hosts=("127.0.0.1",), owner="Annie")
    client = client_of(door)
    assert client.get(f"/entrer?cle={door.key}").status_code == 200
    return client


# --- who may enter -----------------------------------------------------------------------------------------


def test_the_link_opens_once_and_nothing_is_shown_without_it(workshop: Workshop) -> None:
    door, _ = build_workshop(workshop, hosts=("127.0.0.1",))
    link = f"/entrer?cle={door.key}"
    first, second = client_of(door), client_of(door)

    assert (second.get("/").status_code, second.get("/entrer?cle=x").status_code) == (403, 403)
    assert first.get(link).status_code == 200
    assert (second.get(link).status_code, second.get("/questions").status_code) == (403, 403)
    assert "amende" not in second.get(link).text
    assert first.get("/questions").status_code == 200
    cookie = first.cookies.jar._cookies["127.0.0.1"]["/"]["motamot-atelier"]  # type: ignore[attr-defined]
    assert (cookie.has_nonstandard_attr("HttpOnly"), cookie.get_nonstandard_attr("SameSite")) == (True, "strict")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "mechant.example"}, 400),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"content-length": "999999999"}, 413),
    ],
)
def test_a_request_of_another_site_is_refused(client: TestClient, headers: dict[str, str], status: int) -> None:
    assert client.post("/annuler", headers=headers, data={"decision": "x"}).status_code == status


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {"x-remote-user": "annie"}, 200),
        ("127.0.0.1", {}, 403),
        ("10.1.2.3", {"x-remote-user": "annie"}, 403),
    ],
)
def test_behind_a_proxy_only_its_own_header_opens(
    workshop: Workshop, peer: str, headers: dict[str, str], status: int
) -> None:
    door, _ = build_workshop(workshop, header="X-Remote-User", proxies=("127.0.0.1",))

    assert client_of(door, client=(peer, 5000)).get("/", headers=headers).status_code == status


def test_no_page_of_the_public_site_leads_here() -> None:
    from bot.web.security import OPEN_ROUTES

    assert not any(re.fullmatch(OPEN_ROUTES, f"{m}{p}") for m in ("GET", "POST") for p in ("/questions", "/brouillon"))


# --- what one does -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/nulle-part", "GET", 404), ("/questions/entree?entree=a/b", "GET", 409), ("/annuler", "POST", 409)],
)
def test_a_page_that_tells_an_error_leads_to_the_others(
    client: TestClient, workshop: Workshop, path: str, method: str, status: int
) -> None:
    page = client.request(method, path)

    assert (page.status_code, 'href="/brouillon"' in page.text) == (status, True)
    assert "/brouillon" not in client_of(build_workshop(workshop)[0]).get("/").text


def test_what_was_published_is_not_undone_with_one_key(client: TestClient, workshop: Workshop) -> None:
    client.post("/", data={"acte": "formulation:mediatheque/retard", "question": "film rendu tard"})
    [made] = workshop.decisions.all()
    assert made.id in client.get("/").text
    workshop.publish("Annie", "")

    assert made.id not in client.get("/").text
    page = client.post("/annuler", data={"decision": made.id})
    assert (page.status_code, "a été publiée" in page.text) == (409, True)
    assert "film rendu tard" in workshop.attached()["mediatheque/retard"].phrasings


def test_a_decision_that_cannot_be_read_is_told_with_its_line(client: TestClient, workshop: Workshop) -> None:
    client.post("/", data={"acte": "ignoree", "question": UNANSWERED[0]})
    assert "(ligne 1)" not in client.get("/").text
    (workshop.draft.home / "decisions.jsonl").write_text("[]\n{", encoding="utf-8")
    page = plain(client.get("/").text)

    assert ("(ligne 1)" in page, "effacez du fichier" in page, UNANSWERED[0] in page) == (True,) * 3


@pytest.mark.parametrize(
    ("revision", "typed", "status", "told"),
    [("autre", "un film", 409, "Quelqu’un d’autre"), (None, "roman " * 200, 422, "au plus 500")],
)
def test_what_cannot_be_saved_stays_in_its_field(
    client: TestClient, workshop: Workshop, revision: str | None, typed: str, status: int, told: str
) -> None:
    before = workshop.attached()
    revision = revision or before["mediatheque/retard"].revision
    page = client.post(
        ENTRY, data={"entree": "mediatheque/retard", "revision": revision, "titre": "", "nouvelles": typed}
    )

    assert page.status_code == status
    assert told in page.text
    assert typed.strip() in page.text
    assert workshop.attached() == before


def test_the_workbook_goes_out_and_in_without_loss_and_a_changed_line_changes_one_phrasing(
    client: TestClient, workshop: Workshop
) -> None:
    workshop.change("mediatheque/", "Annie", add=["=1+1", "le parking"])
    workshop.change("mediatheque/retard", "Annie", add=["=somme", "l’« amende »"])
    before = workshop.draft.read("phrasings/mediatheque.toml")
    content = client.get("/questions.xlsx").content
    rows = [[cell.value for cell in row] for row in load_workbook(BytesIO(content)).worksheets[0].iter_rows()]
    assert tuple(rows[0]) == COLUMNS
    assert ["mediatheque/retard", FAQ["retard"][0], None, "=somme"] in rows

    page = client.post("/questions.xlsx", files={"tableau": ("f.xlsx", content)})
    assert "0 formulation ajoutée, 0 retirée" in plain(page.text)
    assert workshop.draft.read("phrasings/mediatheque.toml") == before

    workshop.change("mediatheque/retard", "Jean", add=["entre-temps"])
    page = client.post("/questions.xlsx", files={"tableau": ("f.xlsx", reworded(content, "la somme due"))})
    assert "1 formulation ajoutée, 1 retirée" in plain(page.text)
    assert {"la somme due", "entre-temps"} <= {*workshop.attached()["mediatheque/retard"].phrasings}
    page = client.post("/questions.xlsx", files={"tableau": ("f.xlsx", reworded(content, "Le parking ?"))})
    assert "est déjà rattachée à « mediatheque/ »" in plain(page.text)


def reworded(content: bytes, text: str) -> bytes:
    book, saved = load_workbook(BytesIO(content)), BytesIO()
    [cell] = [row[3] for row in book.worksheets[0].iter_rows() if row[3].value == "=somme"]
    cell.value = text
    book.save(saved)
    return saved.getvalue()


def test_what_has_no_answer_is_a_page_of_its_own_from_which_a_question_moves_to_its_entry(
    client: TestClient, workshop: Workshop
) -> None:
    workshop.change("mediatheque/", "Annie", add=["le parking"])
    assert "n’a ce mot" in client.get("/questions?q=zzz").text
    assert 'mediatheque%2F">Aucun texte n’y répond' in client.get("/questions?q=parking").text
    revision = workshop.attached()["mediatheque/salle"].revision
    form = {"entree": "mediatheque/salle", "revision": revision, "nouvelles": "le parking"}
    assert "déjà rattachée à" in client.post("/questions/entree", data=form).text
    client.post("/questions/entree", data=form | {"nouvelles": "", "deplacer": "le parking"})

    attached = workshop.attached()
    assert ("mediatheque/" in attached, attached["mediatheque/salle"].phrasings[-1]) == (False, "le parking")


def test_of_questions_that_no_text_seems_to_answer_one_is_decided_apart(
    client: TestClient, workshop: Workshop, journal: Journal
) -> None:
    for question in ("la piscine est-elle ouverte", "une patinoire", "une patinoire"):
        near = (Ranked("mediatheque", "salle", 0.5),)
        journal.record(Answer(question, Kind.REFUSE, 0.01, "", ranking=near))
    place = next(place for place, group in enumerate(workshop.groups()) if not group.entry)
    together = client.get(f"/?rang={place}").text
    links = re.findall(r'href="(/\?rang=\d+&amp;seule=(\w+))"', together)
    assert (len(links), 'value="manque"' in together, 'data-key="1"' in together) == (2, False, False)

    hash_ = next(q.hash for q in workshop.groups()[place].questions if "patinoire" in q.text)
    alone = client.get(f"/?rang={place}&seule={hash_}").text
    assert ("posée 2" in plain(alone), "la piscine" in alone, 'data-key="1"' in alone) == (True, False, True)
    client.post(f"/?rang={place}", data={"acte": "manque", "question": "une patinoire", "montree": hash_})
    [wish] = workshop.decisions.all()
    assert (wish.count, wish.texts, wish.passed) == (2, ("une patinoire",), ())
    assert [group.questions[0].text for group in workshop.groups() if not group.entry] == [
        "la piscine est-elle ouverte"
    ]


def test_what_was_shown_and_left_out_is_passed(client: TestClient, workshop: Workshop) -> None:
    group = next(group for group in workshop.groups() if group.entry == RETARD)
    shown = [question.hash for question in group.questions]
    client.post("/", data={"acte": f"formulation:{RETARD}", "question": UNANSWERED[0], "montree": shown})

    [made] = workshop.decisions.all()
    assert (len(made.keys), {*made.passed}) == (1, {*shown} - {*made.keys})


def test_under_the_path_of_a_proxy_every_address_leads_back_to_it(workshop: Workshop) -> None:
    door, _ = build_workshop(workshop, owner="Annie")
    client = TestClient(RootPath(door, "/atelier"), base_url=HOST, follow_redirects=False)
    assert client.get(f"/entrer?cle={door.key}").status_code == 303
    assert 'href="/atelier/questions"' in client.get("/atelier/").text
    made = client.post("/", data={"acte": "ignoree", "question": "le parking"})
    assert made.headers["location"].startswith("/atelier/?fait=")


def test_what_another_entry_has_is_not_attached_twice_from_the_inbox_or_a_trial(
    client: TestClient, workshop: Workshop
) -> None:
    workshop.change("mediatheque/salle", "Annie", add=["film rendu tard"])
    decided = client.post("/", data={"acte": "formulation:mediatheque/retard", "question": "film rendu tard"})
    trial = {"question": "film rendu tard", "rattacher": "oui", "autre": FAQ["retard"][0]}
    tried = client.post("/essai", data=trial)
    client.post("/essai", data=trial | {"question": "pénalité"})

    for page, status in ((decided, 422), (tried, 409)):
        assert (page.status_code, "est déjà rattachée à" in page.text) == (status, True)
    found = workshop.attached()["mediatheque/retard"].phrasings
    assert ("film rendu tard" in found, found[-1]) == (False, "pénalité")


def test_a_trial_shows_an_answer_once_where_the_draft_changes_nothing_and_its_rows_as_a_table(
    client: TestClient, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices = replace(HOSTILE, text="Tarifs :\nDurée\tPrix\n15 ans\t180 €")
    now = answered("prix", quote(prices, prices.text, "15 ans\t180 €"))
    other = answered("prix", quote(prices, "15 ans"))
    sides: list[tuple[Answer, Answer]] = [(now, now), (now, other)]
    monkeypatch.setattr(workshop.indexes, "tried", lambda *_: sides.pop(0))
    same, changed = (parsed(client.get("/essai?question=prix").text) for _ in range(2))

    assert [words(title) for title in same.select(".at-sides h2")] == ["Répond"]
    assert [[words(cell) for cell in row.select("[role=cell]")] for row in same.select("[role=row]")] == [
        ["Durée", "Prix"],
        ["15 ans", "180 €"],
    ]
    assert same.select_one("blockquote").get_text() == prices.text
    assert [words(title) for title in changed.select(".at-sides h2")] == ["En service : répond", "Brouillon : répond"]


def test_an_abandoned_draft_is_kept_aside_and_its_questions_are_to_be_decided_again(
    client: TestClient, workshop: Workshop
) -> None:
    client.post("/", data={"acte": "formulation:mediatheque/retard", "question": "film rendu tard"})
    client.post("/", data={"acte": "ignoree", "question": "le parking"})
    client.post("/brouillon/abandonner")

    assert workshop.draft.sync().changed == ()
    assert "film rendu tard" in (workshop.draft.home / "brouillon-abandonne/phrasings/mediatheque.toml").read_text()
    assert [d.act.value for d in workshop.decisions.all()] == ["ignoree"]
    assert "film rendu tard" in {q.text for g in workshop.groups() for q in g.questions}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 rompu", "entrée;question".encode()])
def test_a_broken_workbook_changes_nothing_and_is_told_in_french(
    client: TestClient, workshop: Workshop, content: bytes
) -> None:
    before = workshop.draft.read("phrasings/mediatheque.toml")
    page = client.post("/questions.xlsx", files={"tableau": ("f.xlsx", content)})

    assert page.status_code == 409
    assert "Rien n’a été changé" in page.text
    assert workshop.draft.read("phrasings/mediatheque.toml") == before


def test_nothing_is_published_without_a_name(client: TestClient) -> None:
    client.post("/", data={"acte": "formulation:mediatheque/retard", "question": "film rendu tard"})
    page = client.post("/brouillon/publier", data={"auteur": " ", "note": "les films"})

    assert (page.status_code, "les films" in page.text) == (422, True)


def test_who_publishes_while_another_job_is_under_way_is_told_and_the_note_stays(workshop: Workshop) -> None:
    workshop.change("mediatheque/retard", "Annie", add=["film rendu tard"])
    door, app = build_workshop(workshop, owner="Annie")
    client = client_of(door)
    client.get(f"/entrer?cle={door.key}")
    app.state.site.job.is_running, app.state.site.job.name = True, "Contrôle"
    page = client.post("/brouillon/publier", data={"auteur": "Annie", "note": "les films"})

    assert (page.status_code, "Contrôle en cours" in page.text, app.state.site.note) == (409, True, "les films")
    assert workshop.releases.all() == []


def test_what_someone_else_decided_meanwhile_is_told(client: TestClient, workshop: Workshop) -> None:
    decided = {"acte": "formulation:mediatheque/retard", "question": "film rendu tard"}
    client.post("/", data=decided)
    page = client.post("/", data=decided | {"acte": "formulation:mediatheque/salle"})

    assert (page.status_code, "viennent d’être traitées" in page.text) == (409, True)
    assert "film rendu tard" not in workshop.attached()["mediatheque/salle"].phrasings


# --- the same on the command line ---


def test_from_what_is_missed_to_what_is_published(
    run: Run, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTAMOT_CORPUS", str(place / "corpus"))
    monkeypatch.setenv("MOTAMOT_INDEX", str(place / "index"))
    monkeypatch.setenv("MOTAMOT_JOURNAL_FILE", str(tmp_path / "journal.sqlite3"))
    with closing(Journal(tmp_path / "journal.sqlite3", 90)) as journal:
        for question in ("film rendu tard", "payer une amende pour un film"):
            journal.record(Answer(question, Kind.REFUSE, 0.5, "", ranking=(Ranked("mediatheque", "retard", 0.5),)))
    [group] = json.loads(run("misses", "--json").out)
    assert (group["count"], group["why"], group["candidates"][0]) == (2, ["sans réponse"], RETARD)
    assert "1 groupe à traiter" in run("misses").out

    added = run("phrase", "add", RETARD, "film rendu tard", "avoir une carte")
    assert (added.code, "« avoir une carte » est déjà rattachée" in added.out.replace("\u00a0", " ")) == (1, True)
    assert run("phrase", "add", "mediatheque/rien", "un film").code == 2

    checked = run("check", "--json")
    assert (checked.code, json.loads(checked.out)["lost"], json.loads(checked.out)["new"]) == (0, [], 1)
    assert "perdue" in run("check").out
    published = json.loads(run("publish", "--note", "les films", "--author", "Annie", "--json").out)
    assert (published["author"], published["note"], published["lost"]) == ("Annie", "les films", 0)
    assert run("ask", "film rendu tard").code == 0
    again = run("publish")
    assert (again.code, "rien à publier" in again.err) == (2, True)
