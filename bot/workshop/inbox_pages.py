"""« À traiter »: one group of questions at a time, one key a decision; and the wish list."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.workshop.decisions import Act, Decision
from bot.workshop.editing import Workshop
from bot.workshop.inbox import Group
from bot.workshop.phrasings_file import pasted_lines
from bot.workshop.views import field, fields, moved, page, posted
from corpus.document import Entry

_SHOWN = 220
"""Characters of an answer under a candidate: enough to tell two entries apart."""
_UNTITLED = 70
"""Characters of an answer without a question that stand for one."""
_WORDINGS = 8
"""Questions of a group in sight: with the candidates below, a screen."""
_NEXT = 12
"""Groups announced after the one at work."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that the group may ask for."""

    key: str
    heading: str
    beginning: str


def candidate(entry: Entry) -> Candidate:
    """As the pages show it."""
    body = " ".join(entry.body_text.split())
    heading = " ".join(entry.heading_text.split()) or _cut(body, _UNTITLED)
    return Candidate(entry.key, heading, _cut(body, _SHOWN))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most].rpartition(" ")[0] + " […]"


def _inbox(request: Request, trouble: str = "", typed: str = "", status: int = 200) -> Response:
    workshop: Workshop = request.app.state.site.workshop
    groups = workshop.groups()
    place = _number(request.query_params.get("rang", ""), len(groups))
    group = groups[place] if groups else None
    near = workshop.candidates(group) if group else []
    likely = workshop.likely(group, near) if group else frozenset()
    undo = next((d for d in workshop.decisions.all() if d.id == request.query_params.get("fait", "")), None)
    response = page(
        request,
        "inbox.html",
        status=status,
        group=group,
        place=place,
        n_groups=len(groups),
        n_questions=sum(g.count for g in groups),
        candidates=list(map(candidate, near)),
        likely=likely,
        # What the first key would add is in sight.
        wordings=sorted(group.questions, key=lambda q: q.text not in likely) if group else [],
        ticked=len(likely),
        few=_WORDINGS,
        entries=[candidate(entry) for entry in workshop.corpus.entries],
        following=groups[place + 1 : place + 1 + _NEXT],
        undo=undo,
        undo_entry=_heading(workshop, undo),
        journal=workshop.journal is not None,
        damaged=workshop.decisions.trouble(),
        typed=typed,
        trouble=trouble,
    )
    left = tuple(q for q in group.questions if q.text not in likely) if group else ()
    ahead = [*groups[place + 1 : place + 3], *([Group(left)] if left else [])]
    response.background = BackgroundTask(_look_ahead, workshop, ahead)
    return response


def _look_ahead(workshop: Workshop, groups: Sequence[Group]) -> None:
    """What the next pages need takes a fifth of a second; the editor reads meanwhile.

    The next page may show another group, or what a decision leaves of this one.
    """
    for group in groups:
        near = workshop.candidates(group)
        workshop.likely(group, near)
        for document in dict.fromkeys(entry.document.id for entry in near):
            workshop.file(document).prepare()


def _heading(workshop: Workshop, decision: Decision | None) -> str:
    wanted = f"{decision.document}/{decision.entry}" if decision and decision.entry else ""
    return next((candidate(e).heading for e in workshop.corpus.entries if e.key == wanted), "")


def _number(text: str, n: int) -> int:
    return min(int(text), max(n - 1, 0)) if text.isdecimal() and len(text) < 9 else 0


def _decide(request: Request, form: FormData) -> Response:
    site = request.app.state.site
    workshop: Workshop = site.workshop
    act, _, key = field(form, "acte").partition(":")
    key = key or _chosen(workshop, field(form, "autre"))
    texts, typed = fields(form, "question"), field(form, "formulation")
    group = next((g for g in workshop.groups() if {q.text for q in g.questions} & set(texts)), None)
    if act not in {a.value for a in Act} or (act == Act.PHRASING and not key):
        return _inbox(request, "Choisissez d’abord une question dans la liste : rien n’a été décidé.", typed, 409)
    count = sum(q.count for q in group.questions if q.text in texts) if group else len(texts)
    nearest = key or (group.nearest[0] if group and group.nearest else "")
    added = [*texts, *pasted_lines(typed)] if Act(act) is Act.PHRASING else texts
    made = workshop.decide(Act(act), texts, count, site.author(request), nearest, added)
    return moved(request, "", fait=made.id, rang=request.query_params.get("rang", "0"))


def _chosen(workshop: Workshop, typed: str) -> str:
    """The entry whose heading was typed or picked from the list."""
    wanted = " ".join(typed.split())
    return next((c.key for c in map(candidate, workshop.corpus.entries) if wanted in (c.key, c.heading) and wanted), "")


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
