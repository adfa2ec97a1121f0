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
class Week:
    """One week, from Monday."""

    start: date
    counts: dict[Kind, int]
    helpful: int
    unhelpful: int
    chosen: int
    """Visitors who chose one of the questions offered."""

    @property
    def asked(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Month:
    """Some weeks, oldest first; those without a question are there, too."""

    weeks: tuple[Week, ...]
    refused: tuple[tuple[str, int], ...]
    """``document/entry`` nearest to what was refused -> how often, most often first."""
    asked: tuple[tuple[str, int], ...]
    """``document/entry`` answered -> how often."""

    def total(self, kind: Kind | None = None) -> int:
        """Questions of one kind, or of all."""
        return sum(week.counts[kind] if kind else week.asked for week in self.weeks)

    @property
    def helpful(self) -> int:
        return sum(week.helpful for week in self.weeks)

    @property
    def unhelpful(self) -> int:
        return sum(week.unhelpful for week in self.weeks)

    @property
    def chosen(self) -> int:
        return sum(week.chosen for week in self.weeks)


def month(records: Iterable[Record], today: date, n_weeks: int = 5) -> Month:
    """The last weeks, the current one included."""
    monday = today - timedelta(days=today.weekday())
    starts = [monday - timedelta(weeks=back) for back in range(n_weeks - 1, -1, -1)]
    own: dict[date, list[Record]] = {start: [] for start in starts}
    for record in records:
        day = date.fromisoformat(record.asked[:10])
        start = day - timedelta(days=day.weekday())
        if start in own and record.kind in KINDS:
            own[start].append(record)
    every = [record for records in own.values() for record in records]
    by_entry = {
        kind: Counter(f"{r.document}/{r.entry}" for r in every if r.kind == kind and r.document) for kind in KINDS
    }
    return Month(
        tuple(_week(start, records) for start, records in own.items()),
        tuple(by_entry[Kind.REFUSE].most_common(10)),
        tuple(by_entry[Kind.ANSWER].most_common(10)),
    )


def _week(start: date, records: list[Record]) -> Week:
    kinds = Counter(record.kind for record in records)
    return Week(
        start,
        {kind: kinds[kind] for kind in KINDS},
        sum(record.helpful is True for record in records),
        sum(record.helpful is False for record in records),
        sum(record.chosen is not None for record in records),
    )


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
    first = found.weeks[0].start.isoformat()
    return page(
        request,
        "month.html",
        month=found,
        kinds=KINDS,
        labels=LABELS,
        most=max([week.asked for week in found.weeks] + [1]),
        headings=_headings(workshop, {key for key, _ in (*found.asked, *found.refused)}),
        today=today.isoformat(),
        wishes=sorted((d for d in workshop.decisions.all() if d.act is Act.MISSING), key=lambda d: -d.count)[:10],
        releases=[r for r in workshop.releases.all() if r.at[:10] >= first and r.author],
        journal=workshop.journal,
    )


ROUTES = [Route("/mois", _show)]
