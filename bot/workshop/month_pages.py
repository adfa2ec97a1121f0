"""« Le mois »: one page of numbers to print."""

from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.answer import Kind
from bot.workshop.decisions import Act
from bot.workshop.editing import Workshop
from bot.workshop.inbox_pages import candidate
from bot.workshop.month import KINDS, month
from bot.workshop.views import page

LABELS = {Kind.ANSWER: "Répondues", Kind.CLARIFY: "Questions proposées", Kind.REFUSE: "Sans réponse"}


async def _show(request: Request) -> Response:
    workshop: Workshop = request.app.state.site.workshop

    def work() -> Response:
        today = datetime.now(UTC).date()
        found = month(workshop.journal.records() if workshop.journal else (), today)
        headings = {c.key: c.heading for c in map(candidate, workshop.corpus.entries)}
        first = found.weeks[0].start.isoformat()
        return page(
            request,
            "month.html",
            month=found,
            kinds=KINDS,
            labels=LABELS,
            most=max([week.asked for week in found.weeks] + [1]),
            headings=headings,
            today=today.isoformat(),
            wishes=sorted((d for d in workshop.decisions.all() if d.act is Act.MISSING), key=lambda d: -d.count)[:10],
            releases=[r for r in workshop.releases.all() if r.at[:10] >= first and r.author],
            journal=workshop.journal,
        )

    return await run_in_threadpool(work)


ROUTES = [Route("/mois", _show)]
