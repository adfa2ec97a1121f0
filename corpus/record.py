"""Documents and entries as JSON, for the process that reads them and for the index on disk."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from corpus.document import Block, BlockKind, Document, Entry, Passage, Source, Span

Record = dict[str, Any]


def document_to_json(document: Document) -> Record:
    """Every field; offsets stay code points."""
    return {
        "source": asdict(document.source),
        "text": document.text,
        "sha256": document.sha256,
        "blocks": [
            {"start": b.start, "end": b.end, "kind": b.kind.value, "level": b.level, "key": b.key}
            for b in document.blocks
        ],
        "pages": list(document.pages),
    }


def document_from_json(content: Mapping[str, Any]) -> Document:
    """The same document.

    Raises:
        KeyError, TypeError, ValueError: The content is of another form.
    """
    return Document(
        source=Source(**content["source"]),
        text=content["text"],
        sha256=content["sha256"],
        blocks=tuple(Block(**{**b, "kind": BlockKind(b["kind"])}) for b in content["blocks"]),
        pages=tuple(content["pages"]),
    )


def entry_to_json(entry: Entry) -> Record:
    """Offsets and the identifier of its document."""
    return {
        "document": entry.document.id,
        "id": entry.id,
        "heading": pair(entry.heading),
        "body": pair(entry.body),
        "passages": [
            {
                "start": p.start,
                "end": p.end,
                "quote": pair(p.quote),
                "question": pair(p.question),
                "section": [pair(s) for s in p.section],
                "context": [pair(s) for s in p.context],
            }
            for p in entry.passages
        ],
    }


def entry_from_json(content: Mapping[str, Any], documents: Mapping[str, Document]) -> Entry:
    """The same entry, over one of these documents.

    Raises:
        KeyError, TypeError, ValueError: The content is of another form, or of a document that is not there.
    """
    document = documents[content["document"]]
    passages = tuple(
        Passage(
            document=document,
            entry=content["id"],
            start=p["start"],
            end=p["end"],
            quote=Span(*p["quote"]),
            question=_span(p["question"]),
            section=tuple(Span(*s) for s in p["section"]),
            context=tuple(Span(*s) for s in p["context"]),
        )
        for p in content["passages"]
    )
    return Entry(document, content["id"], _span(content["heading"]), Span(*content["body"]), passages)


def pair(span: Span | None) -> list[int] | None:
    """Both offsets."""
    return [span.start, span.end] if span else None


def _span(offsets: Sequence[int] | None) -> Span | None:
    return Span(*offsets) if offsets else None
