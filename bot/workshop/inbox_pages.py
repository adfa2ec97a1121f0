"""« À traiter »: one group of questions at a time, one key a decision; and the wish list."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from textwrap import shorten

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.workshop.decisions import Act, Decision
from bot.workshop.draft import WorkshopError
from bot.workshop.editing import Workshop
from bot.workshop.inbox import Group
from bot.workshop.phrasings_file import pasted_lines
from bot.workshop.views import field, fields, moved, number, page, posted
from corpus.document import Entry

_SHOWN = 130
"""Characters of an answer under a candidate: enough to tell two entries apart."""
_UNTITLED = 70
"""Characters of an answer without a question that stand for one."""
_WORDINGS = 12
"""Questions of a group in sight: a screen."""
_NEXT = 12
"""Groups announced after the one at work."""

_DECIDED = (
    "Ces questions viennent d’être traitées, par quelqu’un d’autre ou dans une autre fenêtre : rien n’a été changé. "
    "Voici ce qui reste."
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that the group may ask for."""

    key: str
    heading: str
    beginning: str


NO_ANSWER = "Aucun texte n’y répond"
"""In place of a heading."""


def shown(workshop: Workshop) -> dict[str, Candidate]:
    """Every entry by its key, and for each document what it does not answer."""
    corpus = workshop.corpus
    several = len(corpus.documents) > 1
    nothing = (
        Candidate(f"{document.id}/", f"{NO_ANSWER} ({document.source.title})" if several else NO_ANSWER, "")
        for document in corpus.documents
    )
    return candidates(workshop) | {each.key: each for each in nothing}


def candidates(workshop: Workshop) -> dict[str, Candidate]:
    """Every entry by its key, in the order of the documents."""
    return {entry.key: candidate(entry) for entry in workshop.corpus.entries}


def candidate(entry: Entry) -> Candidate:
    """As the pages show it."""
    cut = partial(shorten, entry.body_text, placeholder=" […]", break_on_hyphens=False)
    return Candidate(entry.key, " ".join(entry.heading_text.split()) or cut(_UNTITLED), cut(_SHOWN))


def _inbox(request: Request, trouble: str = "", typed: str = "", status: int = 200) -> Response:
    workshop: Workshop = request.app.state.site.workshop
    groups = workshop.groups()
    place = min(number(request, "rang"), max(len(groups) - 1, 0))
    group = groups[place] if groups else None
    alone = next((q for g in groups for q in g.questions if q.hash == request.query_params.get("seule")), None)
    if alone:
        near = alone.nearest or next(iter(workshop.ranked(alone.text)), "")
        group = Group(near, (alone,), frozenset({alone.text}))
    entries, last = candidates(workshop), _last(workshop, request)
    undone = entries.get(f"{last.document}/{last.entry}") if last else None
    response = page(
        request,
        "inbox.html",
        status=status,
        group=group,
        is_alone=alone is not None,
        place=place,
        n_groups=len(groups),
        n_questions=sum(g.count for g in groups),
        candidates=[candidate(entry) for entry in workshop.candidates(group)] if group else [],
        few=_WORDINGS,
        entries=entries.values(),
        following=groups[place + 1 : place + 1 + _NEXT],
        undo=last,
        is_just_done=last is not None and last.id == request.query_params.get("fait"),
        undo_entry=undone.heading if undone else "",
        journal=workshop.journal is not None,
        damaged=workshop.decisions.trouble(),
        typed=typed,
        trouble=trouble,
    )
    response.background = BackgroundTask(_look_ahead, workshop, groups[place : place + 3])
    return response


def _last(workshop: Workshop, request: Request) -> Decision | None:
    """The last decision of who is at work, which one key takes back until it is published."""
    author = request.app.state.site.author(request)
    own = (d for d in reversed(workshop.decisions.all()) if d.author == author and d.act is not Act.EDITED)
    last = next(own, None)
    return None if last is None or workshop.is_published(last) else last


def _look_ahead(workshop: Workshop, groups: Sequence[Group]) -> None:
    """What the next pages need takes a fifth of a second; the editor reads meanwhile.

    The next page may show another group, or what a decision leaves of this one, under the entries that come next.
    """
    for group in groups:
        for document in dict.fromkeys(entry.document.id for entry in workshop.candidates(group)):
            workshop.file(document).prepare()
    for question in groups[0].questions if groups else ():
        if question.text not in groups[0].likely:
            workshop.ranked(question.text)


def _decide(request: Request, form: FormData) -> Response:
    site = request.app.state.site
    workshop: Workshop = site.workshop
    act, _, key = field(form, "acte").partition(":")
    key = key or chosen(workshop, field(form, "autre"))
    texts, shown, typed = fields(form, "question"), fields(form, "montree"), field(form, "formulation")
    pending = [question for group in workshop.groups() for question in group.questions]
    own = [question for question in pending if question.text in texts]
    if act not in {a.value for a in Act} or (act == Act.PHRASING and not key):
        return _inbox(request, "Choisissez d’abord une question dans la liste : rien n’a été décidé.", typed, 409)
    if not own:
        trouble = _DECIDED if texts else "Cochez au moins une question : rien n’a été décidé."
        return _inbox(request, trouble, typed, 409)
    passed = [q.text for q in pending if q.hash in shown and q not in own and act != Act.IGNORED]
    nearest = key or own[0].nearest or ""
    try:
        added = [*(q.text for q in own), *(pasted_lines(typed) if act == Act.PHRASING else ())]
        count = sum(q.count for q in own)
        made = workshop.decide(Act(act), [q.text for q in own], count, site.author(request), nearest, added, passed)
    except WorkshopError as error:
        return _inbox(request, str(error), typed, 422)
    return moved(request, "", fait=made.id, rang=request.query_params.get("rang", "0"))


def chosen(workshop: Workshop, typed: str) -> str:
    """The entry whose heading was typed or picked from the list."""
    wanted = " ".join(typed.split())
    return next((key for key, each in candidates(workshop).items() if wanted and wanted in (key, each.heading)), "")


def _undo(request: Request, form: FormData) -> Response:
    request.app.state.site.workshop.undo(field(form, "decision"))
    return moved(request, "", dit="Décision annulée.")


def _wishes(request: Request) -> Response:
    workshop: Workshop = request.app.state.site.workshop
    wishes = [decision for decision in workshop.decisions.all() if decision.act is Act.MISSING]
    return page(request, "wishes.html", wishes=sorted(wishes, key=lambda d: (-d.count, d.at)))


def _fulfil(request: Request, form: FormData) -> Response:
    request.app.state.site.workshop.undo(field(form, "decision"))
    return moved(request, "souhaits", dit="Souhait retiré : ses questions sont de nouveau à traiter.")


ROUTES = [
    Route("/", _inbox),
    Route("/", posted(_decide), methods=["POST"]),
    Route("/annuler", posted(_undo), methods=["POST"]),
    Route("/souhaits", _wishes),
    Route("/souhaits", posted(_fulfil), methods=["POST"]),
]
