"""Acts on the answer just given: say it again, whole, where it comes from, how sure it is, how to print it."""

from dataclasses import replace

from bot import phrases
from bot.answer import Answer, Kind, Quote
from bot.quoting import Library
from corpus.document import Span


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
