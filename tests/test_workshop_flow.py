"""The work of an editor from beginning to end, in a browser, beside a site that visitors ask all the while."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from openpyxl import load_workbook
from page_checks import SOUND, axe, look, tab_to
from real_site import free_port, served, waited_for
from small_corpus import EDITION, FAQ, small_encoder, table, workshop_of

from bot.assistant import Assistant
from bot.journal import Journal
from bot.reload import LiveAssistant
from bot.service import Service
from bot.web.api import build_api
from bot.web.branding import Branding
from bot.web.proof import build_proof
from bot.web.rate_limits import RequestLimits
from bot.web.source_files import Originals
from bot.workshop.app import build_workshop
from bot.workshop.editing import Workshop
from index.searcher import Searcher
from index.store import FolderStore

LATE, COFFEE = FAQ["retard"][0], EDITION["café"][0]
REGISTERS = (
    "film rendu tard", "FILM RENDU TARD ?", "bonjour, film rendu tard svp", "g rendu 1 film en retar",
    "payer une amende pour un film", "Mme Duval a rendu un film en retard", "le parking", "un café",
    "ou garer ma voiture", "merci pour le parking",
)  # fmt: skip
"""Of visitors: hurried, loud, courteous, abbreviated, naming a person, about what no text answers."""


@dataclass
class Public:
    """The site of the visitors, and one of them who never stops asking."""

    client: httpx.Client
    statuses: list[int] = field(default_factory=list)
    stop: Event = field(default_factory=Event)

    def ask(self, question: str) -> dict[str, Any]:
        response = self.client.post("/api/ask", json={"question": question})
        self.statuses.append(response.status_code)
        found: dict[str, Any] = response.json()
        return found

    def visit(self) -> None:
        while not self.stop.wait(0.3):
            self.ask(LATE)

    def wait_for(self, question: str, kind: str) -> dict[str, Any]:
        """Ask until this is what becomes of it; the site looks for a newer index by itself."""

        def answer() -> dict[str, Any] | None:
            found = self.ask(question)
            return found if found["kind"] == kind else None

        return waited_for(answer)


@pytest.fixture
def public(place: Path, journal: Journal) -> Iterator[Public]:
    store = FolderStore(place / "index")
    live = LiveAssistant(store, Assistant(Searcher.load(store, small_encoder())), store.mark())
    app, service = FastAPI(), Service(live, journal)
    app.state.branding = Branding()
    limits = RequestLimits(service.metrics)
    app.include_router(build_api(service, limits))
    app.include_router(build_proof(service, limits, Originals(place / "corpus")))
    with (
        live.watched(every=0.05),
        served(app, port := free_port()),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        site = Public(client)
        for question in REGISTERS:
            site.ask(question)
        visitor = Thread(target=site.visit)
        visitor.start()
        yield site
        site.stop.set()
        visitor.join()


@dataclass
class Editor:
    """A page of the workshop, and whoever sits before it."""

    page: Any
    home: str
    faults: dict[str, Any] = field(default_factory=dict)

    def open(self, path: str) -> None:
        self.page.goto(self.home + path)

    def look(self) -> None:
        """Note what is wrong with the page as it is."""
        found = {name: value for name, value in look(self.page).items() if value != SOUND[name]}
        if violations := axe(self.page) or found:
            self.faults[self.page.url] = (violations, found)
        self.page.set_viewport_size({"width": 1280, "height": 800})

    def key(self, key: str, told: str) -> None:
        self.page.wait_for_load_state()  # from then on, the script listens
        self.page.keyboard.press(key)
        self.page.get_by_text(told).first.wait_for()

    def press(self, name: str, told: str) -> None:
        """By the keyboard alone."""
        tab_to(self.page, name)
        self.page.keyboard.press("Enter")
        try:
            self.page.get_by_text(told).first.wait_for()
        except Exception as error:
            raise AssertionError(self.page.inner_text("main")) from error


@pytest.mark.browser
def test_from_the_questions_of_visitors_to_a_published_answer_and_back(
    browser: Any, place: Path, public: Public, journal: Journal, tmp_path: Path
) -> None:
    before = public.ask(LATE)["quotes"][0]
    workshop = workshop_of(place, journal)
    door, _ = build_workshop(workshop, hosts=("127.0.0.1",), owner="Annie")
    with served(door, port := free_port()):
        context = browser.new_context(
            viewport={"width": 1280, "height": 800}, reduced_motion="reduce", accept_downloads=True
        )
        context.set_default_timeout(90_000)
        editor = Editor(context.new_page(), f"http://127.0.0.1:{port}/")
        editor.open(f"entrer?cle={door.key}")
        decide(editor, workshop)
        phrase(editor, workshop, tmp_path)
        renew(editor)
        publish(editor, public)
        proof = public.client.get(
            f"/preuve/{before['source']['sha256']}/{before['start']}-{before['end']}",
            headers={"accept": "text/html"},
        )
        assert ("Édition antérieure" in proof.text, EDITION["retards"][1] in proof.text) == (True, True)
        go_back(editor, public)
        for path in ("mois", "souhaits", "rien"):
            editor.open(path)
            editor.look()
        context.close()
    assert set(public.statuses) == {200}
    assert editor.faults == {}


def decide(editor: Editor, workshop: Workshop) -> None:
    """« À traiter »: one key each, what was done taken back, shortcuts turned off."""
    page = editor.page
    editor.look()
    n = len(workshop.groups())
    names = " ".join(q.text for g in workshop.groups() for q in g.questions)
    assert ("Duval" in names, "[nom]" in names) == (False, True)
    place = next(p for p, g in enumerate(workshop.groups()) if g.entry == "mediatheque/retard")
    editor.open(f"?rang={place}")
    told = (": une réponse manque", "Décision annulée", ": ignorée", "Décision annulée", ": aucun texte n’y répond")
    for key, words in zip("mziza", told, strict=True):
        editor.key(key, words)
    editor.open("")  # what was done before can still be taken back
    editor.key("z", "Décision annulée")
    assert len(workshop.groups()) == n
    editor.open(f"?rang={place}")
    page.get_by_text("Tout cocher").click()
    editor.key("1", "au brouillon, pour")
    page.get_by_role("checkbox", name="Raccourcis").uncheck()
    page.keyboard.press("i")
    page.get_by_role("checkbox", name="Raccourcis").check()
    assert [d.act.value for d in workshop.decisions.all()] == ["formulation"]
    place, group = next((p, g) for p, g in enumerate(workshop.groups()) if not g.entry and len(g.questions) > 1)
    editor.open(f"?rang={place}")
    editor.look()
    page.get_by_role("link", name=f"À part : {group.questions[0].text}").click()
    editor.look()
    editor.key("m", ": une réponse manque")
    editor.open("souhaits")
    assert page.get_by_role("button", name="Remettre").count() == 1


def phrase(editor: Editor, workshop: Workshop, folder: Path) -> None:
    """« Questions »: pasted lines, one of which another entry has; the workbook out and in."""
    page = editor.page
    editor.open("questions")
    editor.look()
    page.get_by_role("link", name=LATE).click()
    lines = [f"- amende numéro {n}" for n in range(20)]
    page.get_by_label("Nouvelles formulations").fill("\n".join([*lines, "avoir une carte"]))
    editor.press("Enregistrer", "déjà rattachée à")
    editor.look()
    page.get_by_role("checkbox", name="avoir une carte").check()
    editor.press("Enregistrer", "Enregistré dans le brouillon")
    attached = workshop.attached()
    assert {"amende numéro 19", "avoir une carte"} <= set(attached["mediatheque/retard"].phrasings)
    assert "avoir une carte" not in attached["mediatheque/inscription"].phrasings

    editor.open("questions")
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger").click()
    book = load_workbook(BytesIO(download.value.path().read_bytes()))
    [cell] = [row[3] for row in book.worksheets[0].iter_rows() if row[3].value == "amende numéro 19"]
    cell.value = "somme due"
    book.save(folder / "formulations.xlsx")
    page.get_by_label("Le même tableau").set_input_files(folder / "formulations.xlsx")
    editor.press("Lire ce tableau", "1 formulation ajoutée, 1 retirée")


def renew(editor: Editor) -> None:
    """« Documents »: what is not of its format changes nothing; a new edition, taken back and given again."""
    page = editor.page
    given = {"name": "edition.csv", "mimeType": "text/csv", "buffer": table(EDITION)}
    editor.open("documents")
    for name, day, told in (
        ("edition.docx", "", "« edition.docx » : ce fichier est endommagé"),
        ("edition.csv", "bientôt", "n’est pas une date"),
        ("edition.csv", "20/05/2026", "Réponses qui changent"),
    ):
        page.get_by_label("Nouvelle édition").set_input_files(given | {"name": name})
        page.get_by_label("Date de cette édition").fill(day)
        page.get_by_role("button", name="Remplacer").click()
        page.get_by_text(told).first.wait_for()
    page.locator("[data-job]").wait_for(state="detached")
    page.get_by_text("20 mai 2026").first.wait_for()
    told = page.locator("section").first.inner_text()
    assert all(text in told for text in (FAQ["salle"][0], LATE, COFFEE, "1 disparue", "1 nouvelle"))
    editor.look()
    editor.open("documents")
    page.get_by_role("button", name="Revenir à l’édition en service").click()
    page.get_by_text("Ville de Montbrun, mars 2024").wait_for()
    page.get_by_label("Nouvelle édition").set_input_files(given)
    page.get_by_role("button", name="Remplacer").click()
    page.get_by_text("Réponses qui changent").wait_for()
    page.locator("[data-job]").wait_for(state="detached")
    page.get_by_role("link", name="Voir ce qui en a été compris").click()
    page.get_by_text(COFFEE).first.wait_for()


def publish(editor: Editor, public: Public) -> None:
    """« Essayer », « Rien n’est cassé ? », « Publier »: what is lost wants a tick; the site takes it up by itself."""
    page = editor.page
    assert public.ask(COFFEE)["kind"] != "answer"
    editor.open(f"essai?question={COFFEE}")
    assert "La réponse change" in page.inner_text("main")
    editor.look()
    editor.press("La réponse du brouillon est la bonne", "désormais contrôlée")
    editor.open("brouillon")
    editor.press("Contrôler", "Contrôler de nouveau")
    editor.look()
    page.get_by_label("Ce qui change").fill("édition de mai")
    if page.get_by_role("checkbox", name="J’accepte").count():
        editor.press("Publier", "ferait perdre")
        assert page.get_by_label("Ce qui change").input_value() == "édition de mai"
        page.get_by_role("checkbox", name="J’accepte").check()
    editor.press("Publier", "Publié : version du")
    assert public.wait_for(COFFEE, "answer")["quotes"][0]["text"] == EDITION["café"][1]


def go_back(editor: Editor, public: Public) -> None:
    """« Revenir », in one click; the draft keeps what it has."""
    editor.open("brouillon")
    editor.press("Revenir à cette version", "remise en service")
    public.wait_for(FAQ["salle"][0], "answer")
    assert public.ask(LATE)["quotes"][0]["text"] == FAQ["retard"][1]
