"""« Brouillon, essai, contrôle, publication »: what changed, side by side with what is in service."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.answer import Answer
from bot.phrases import french_date, french_moment
from bot.workshop.decisions import KNOWN, known_lines
from bot.workshop.draft import WorkshopError
from bot.workshop.editing import Workshop
from bot.workshop.inbox_pages import NO_ANSWER, candidates, chosen
from bot.workshop.phrasings_file import plain
from bot.workshop.replay import Told
from bot.workshop.updating import FIELDS
from bot.workshop.views import field, fields, local, moved, page, posted
from corpus.catalogue import CATALOGUE, DOCUMENTS, read_catalogue
from corpus.errors import MotamotError
from corpus.toml_file import TomlError

SHOWN = 200
"""Questions of a replay that are listed."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """What changed in a file: of phrasings, which; of another, that it did."""

    name: str
    label: str
    """What the file holds, for who never opens it."""
    is_conflict: bool
    edition: str = ""
    """Of a document that the draft has, its identifier: another page shows what changed in it."""
    lines: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()
    """Question, what was added, what was removed."""

    @property
    def n_lines(self) -> int:
        """Lines added and removed."""
        return sum(len(added) + len(removed) for _, added, removed in self.lines)


def changes(workshop: Workshop) -> list[FileChange]:
    """How the draft differs from what is in service."""
    found = workshop.draft.sync()
    labels = {"catalogue.toml": "Fiches des documents", "lexicon.toml": "Lexique", KNOWN: "Questions connues"}
    editions = {f"{DOCUMENTS}/{source.file}": source.id for source in read_catalogue(workshop.draft.folder)}
    for source in chain(*map(read_catalogue, (workshop.draft.live, workshop.draft.folder))):
        file = f"{DOCUMENTS}/{source.file}"
        labels[file] = f"Document « {source.title} » {_fate(workshop, file)}"
        labels[f"phrasings/{source.id}.toml"] = f"Formulations de « {source.title} »"
    return [
        FileChange(
            name, labels.get(name, name), name in found.conflicts, editions.get(name, ""), tuple(_lines(workshop, name))
        )
        for name in found.changed
    ]


def _fate(workshop: Workshop, name: str) -> str:
    is_there, was_there = ((folder / name).is_file() for folder in (workshop.draft.folder, workshop.draft.live))
    return "remplacé" if is_there and was_there else "ajouté" if is_there else "retiré"


def _lines(workshop: Workshop, name: str) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    before, after = (_content(folder / name) for folder in (workshop.draft.live, workshop.draft.folder))
    for question in {**before, **after}:
        was, now = before.get(question, []), after.get(question, [])
        added, removed = tuple(t for t in now if t not in was), tuple(t for t in was if t not in now)
        if added or removed:
            yield question, added, removed


def _content(path: Path) -> dict[str, list[str]]:
    """What a file says, by its headings; nothing of one that is no text of ours."""
    try:
        if path.name == KNOWN:
            return {"": [_known(line) for line in known_lines(path.read_bytes())]}
        return _tables(plain(path), path.name == CATALOGUE) if path.suffix == ".toml" else {}
    except (OSError, TomlError):
        return {}


def _known(line: dict[str, Any]) -> str:
    expect = line.get("expect") or ["ne pas répondre"]
    return f"{' / '.join(map(str, line['turns']))} → {expect if isinstance(expect, str) else expect[0]}"


def _tables(content: dict[str, Any], is_catalogue: bool) -> dict[str, list[str]]:
    """Of the catalogue: title of each document -> its fields; else question -> phrasings, "" for what has no answer."""
    if is_catalogue:
        return {
            str(table.get("title")): [
                f"{FIELDS[key][0]} : {french_date(str(value))}" for key, value in table.items() if key in FIELDS
            ]
            for table in content.get("source", ())
        }
    found: dict[str, list[str]] = {"": list(content.get("unanswered", ()))}
    for table in content.get("entry", ()):
        title = [f"titre court : {table['title']}"] if "title" in table else []
        found.setdefault(str(table.get("question", "")), []).extend([*title, *table.get("ask", ())])
    for word, others in chain(*(content.get(part, {}).items() for part in ("words", "acronyms"))):
        found[""].append(f"{word} : {others if isinstance(others, str) else ', '.join(map(str, others))}")
    return found


def _draft(request: Request, trouble: str = "", note: str = "", status: int = 200) -> Response:
    site = request.app.state.site
    workshop: Workshop = site.workshop
    job = copy(site.job)  # it may end while the page is made
    replay = None if job.is_running else workshop.indexes.checked()
    if not job.is_running:
        site.job.said = ""
    return page(
        request,
        "draft.html",
        status=status,
        changes=changes(workshop),
        job=job,
        replay=replay,
        shown=SHOWN,
        releases=workshop.releases.all(),
        current=workshop.releases.current(),
        author=site.author(request),
        note=note or site.note,
        entries=candidates(workshop),
        message=job.said or request.query_params.get("dit", ""),
        trouble=trouble or job.trouble,
        no_answer=NO_ANSWER,
    )


async def _state(request: Request) -> Response:
    job = request.app.state.site.job
    return JSONResponse({"running": job.is_running, "done": job.done, "total": job.total})


def _check(request: Request) -> Response:
    request.app.state.site.start_check()
    return moved(request, "brouillon")


def _publish(request: Request, form: FormData) -> Response:
    site, author, note = request.app.state.site, field(form, "auteur")[:100], field(form, "note")[:500]
    if not author:
        return _draft(request, "Indiquez votre nom : il est noté avec la version. Rien n’a été publié.", note, 422)

    def publish(told: Told) -> str:
        made = site.workshop.publish(author, note, field(form, "accepter") == "oui", told)
        site.note = ""
        return f"Publié : version du {french_moment(local(made.at))}."

    site.note = note
    try:
        site.job.start("Contrôle et publication", publish)
    except WorkshopError as error:
        return _draft(request, str(error), note, 409)
    return moved(request, "brouillon")


def _revert(request: Request, form: FormData) -> Response:
    site, version = request.app.state.site, field(form, "version")

    def revert(_: Told) -> str:
        site.workshop.revert(version)
        return "Version remise en service ; le brouillon garde ce qu’il avait."

    site.job.start("Retour à une version publiée", revert)
    return moved(request, "brouillon")


def _abandon(request: Request, _: FormData) -> Response:
    request.app.state.site.workshop.abandon()
    return moved(request, "brouillon", dit="Le brouillon est de nouveau ce qui est en service.")


def _resolve(request: Request, form: FormData) -> Response:
    draft = request.app.state.site.workshop.draft
    (draft.reset if field(form, "garder") == "service" else draft.prefer)(tuple(fields(form, "fichier")))
    return moved(request, "brouillon", dit="Choix enregistré.")


def _try(request: Request) -> Response:
    workshop: Workshop = request.app.state.site.workshop
    question = request.query_params.get("question", "").strip()[:2000]
    earlier = request.query_params.get("avant", "").strip()[:2000]
    trouble, sides = "", []
    if question:
        try:
            answers = workshop.indexes.tried(question, [earlier] if earlier else [])
            sides = list(zip(("En service", "Brouillon"), answers, strict=True))
        except MotamotError as error:
            trouble = str(error)
    return page(
        request,
        "trial.html",
        question=question,
        earlier=earlier,
        sides=sides,
        same=len(sides) == 2 and _said(sides[0][1]) == _said(sides[1][1]),
        entries=candidates(workshop).values(),
        trouble=trouble,
    )


def _said(answer: Answer) -> tuple[object, ...]:
    return answer.kind, answer.message, answer.quotes[:1], answer.suggestions


def _accept(request: Request, form: FormData) -> Response:
    turns = [turn for turn in (field(form, "avant"), field(form, "question")) if turn]
    site, key = request.app.state.site, field(form, "entree")
    said = "Noté : cette question est désormais contrôlée à chaque publication."
    if "rattacher" in form:
        if not (key := chosen(site.workshop, field(form, "autre"))):
            raise WorkshopError("Choisissez d’abord une question dans la liste : rien n’a été enregistré.")
        site.workshop.check_free(turns[-1:], key)
        site.workshop.change(key, site.author(request), add=turns[-1:])
        said = "Ajoutée au brouillon comme formulation."
    else:
        site.workshop.known.accept(turns, key)
    return moved(request, "essai", question=turns[-1], avant="".join(turns[:-1]), dit=said)


ROUTES = [
    Route("/brouillon", _draft),
    Route("/brouillon/etat", _state),
    Route("/brouillon/controler", _check, methods=["POST"]),
    Route("/brouillon/publier", posted(_publish), methods=["POST"]),
    Route("/brouillon/revenir", posted(_revert), methods=["POST"]),
    Route("/brouillon/abandonner", posted(_abandon), methods=["POST"]),
    Route("/brouillon/choisir", posted(_resolve), methods=["POST"]),
    Route("/essai", _try),
    Route("/essai", posted(_accept), methods=["POST"]),
]
