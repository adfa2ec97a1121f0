"""What is said of the result of a search, and of an answer just given (again, whole, where from, how sure)."""

from collections.abc import Sequence
from dataclasses import replace

from bot import phrases
from bot.answer import Answer, Kind, Quote, Ranked, Reading
from bot.quoting import Library, quote
from corpus.document import Span
from index.result import Hit, Result

_N_SUGGESTIONS = 3
# A second passage is worth unfolding, and a question worth offering, when it is this likely to be the one meant.
_WORTH_READING = 0.05
# This many times less likely to be answered than what is offered, a question has no near ones.
_FAR = 3


def replied(result: Result, reading: Reading) -> Answer:
    """The answer that a result is worth."""
    kind = Kind.ANSWER if result.answered else Kind.CLARIFY if result.offered else Kind.REFUSE
    ranking = tuple(Ranked(h.entry.document.id, h.entry.id, round(h.score, 4)) for h in result.hits)
    answer = Answer("", kind, round(result.confidence, 4), phrases.REFUSED, ranking=ranking, reading=reading)
    if kind is Kind.ANSWER:
        return _quoting(answer, result)
    near = _labels(result.hits[:_N_SUGGESTIONS])
    if kind is Kind.CLARIFY:
        return replace(answer, message=phrases.CLARIFY if near[1:] else phrases.CLARIFY_ONE, suggestions=near)
    return replace(answer, suggestions=near if result.answerable >= result.levels.offer / _FAR else ())


def _quoting(answer: Answer, result: Result) -> Answer:
    first, *others = result.hits
    further = [quote(hit) for hit in others[:2] if hit.score >= _WORTH_READING]
    return replace(
        answer,
        message=phrases.ANSWERED if result.sure else phrases.UNSURE,
        quotes=(quote(first, result.marked), *further),
        suggestions=() if result.sure else _labels(others[: _N_SUGGESTIONS - 1]),
    )


def _labels(hits: Sequence[Hit]) -> tuple[str, ...]:
    """By what the likeliest entries are offered."""
    return tuple(dict.fromkeys(hit.label for hit in hits if hit.score >= _WORTH_READING or hit.rank == 1))


def about(act: str, answer: Answer, library: Library) -> Answer | None:
    """What is said when a turn asks this of an answer; ``act`` is a family of ``bot.courtesy.ACTS``.

    What quotes nothing can only be said again: None for the others.
    """
    if not answer.quotes:
        return answer if act == "repeat" else None
    first, source = answer.quotes[0], answer.quotes[0].source
    said = {
        "repeat": phrases.REPEATED,
        "whole": phrases.WHOLE_PASSAGE,
        "source": phrases.where_from(
            source.title, source.publisher, source.date, source.page_label or source.page, source.url
        ),
        "sure": phrases.how_sure(answer.confidence),
        "print": phrases.PRINTING,
    }[act]
    quotes = (_whole(first, library), *answer.quotes[1:]) if act == "whole" else answer.quotes
    return replace(answer, kind=Kind.ANSWER, message=said, quotes=quotes)


def _whole(quote: Quote, library: Library) -> Quote:
    """The quote with all that its entry says."""
    document = library.document(quote.source.sha256)
    body = document and library.body(document, quote.source.entry)
    if not document or not body or not (body.start <= quote.start and quote.end <= body.end):
        return quote
    shift = quote.start - body.start
    marked = tuple((start + shift, end + shift) for start, end in quote.highlights)
    return replace(library.quote(document, Span(body.start, body.end)), highlights=marked, source=quote.source)
