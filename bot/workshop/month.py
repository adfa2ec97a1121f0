"""« Le mois »: what a journal says of the last weeks, in numbers only, as one page to print."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.answer import Kind
from bot.journal import Record
from bot.workshop.decisions import Act
from bot.workshop.editing import Workshop
from bot.workshop.inbox_pages import candidate
from bot.workshop.views import page
from corpus.kept_editions import EDITIONS, kept_edition

KINDS = (Kind.ANSWER, Kind.CLARIFY, Kind.REFUSE)
"""What is counted; a courtesy is no question."""


@dataclass(frozen=True, slots=True)
class Month:
    """Some weeks of a journal."""

    weeks: dict[date, Counter[str]]
    """Monday of each, oldest first -> its questions, by what was said; those without a question are there, too."""
    total: Counter[str]
    """The same of all weeks."""
    helpful: int
    unhelpful: int
    chosen: int
    """Visitors who chose one of the questions offered."""
    refused: tuple[tuple[str, int], ...]
    """``document/entry`` nearest to what was refused -> how often, most often first."""
    asked: tuple[tuple[str, int], ...]
    """``document/entry`` answered -> how often."""


def month(records: Iterable[Record], today: date) -> Month:
    """The last five weeks, the current one included."""
    this = _monday(today)
    weeks = {this - timedelta(weeks=back): Counter[str]() for back in (4, 3, 2, 1, 0)}
    every = []
    for record in records:
        start = _monday(date.fromisoformat(record.asked[:10]))
        if start in weeks and record.kind in KINDS:
            weeks[start][record.kind] += 1
            every.append(record)
    first = {kind: Counter(f"{r.document}/{r.entry}" for r in every if r.kind == kind and r.document) for kind in KINDS}
    return Month(
        weeks,
        sum(weeks.values(), Counter()),
        sum(record.helpful is True for record in every),
        sum(record.helpful is False for record in every),
        sum(record.chosen is not None for record in every),
        tuple(first[Kind.REFUSE].most_common(10)),
        tuple(first[Kind.ANSWER].most_common(10)),
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _headings(workshop: Workshop, wanted: Collection[str]) -> dict[str, str]:
    """Key -> heading, in the documents in service, of the draft or of earlier editions."""
    every = chain(workshop.corpus.entries, workshop.store.load().entries)
    found = {entry.key: candidate(entry).heading for entry in every}
    if not found.keys() >= set(wanted):
        folder = workshop.draft.live
        kept = (kept_edition(folder, path.stem) for path in (folder / EDITIONS).glob("*.json"))
        earlier = chain(*(each.entries for each in kept if each))
        found = {e.key: f"{candidate(e).heading} (n’est plus dans les documents)" for e in earlier} | found
    return found


LABELS = {Kind.ANSWER: "Répondues", Kind.CLARIFY: "Questions proposées", Kind.REFUSE: "Sans réponse"}


def _show(request: Request) -> Response:
    workshop: Workshop = request.app.state.site.workshop
    today = datetime.now(UTC).date()
    found = month(workshop.journal.records() if workshop.journal else (), today)
    first = min(found.weeks).isoformat()
    return page(
        request,
        "month.html",
        month=found,
        kinds=KINDS,
        labels=LABELS,
        most=max(1, *(counts.total() for counts in found.weeks.values())),
        headings=_headings(workshop, {key for key, _ in (*found.asked, *found.refused)}),
        today=today.isoformat(),
        wishes=sorted((d for d in workshop.decisions.all() if d.act is Act.MISSING), key=lambda d: -d.count)[:10],
        releases=[r for r in workshop.releases.all() if r.at[:10] >= first and r.author],
        journal=workshop.journal,
    )


ROUTES = [Route("/mois", _show)]
