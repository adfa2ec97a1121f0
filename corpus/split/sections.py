"""Splits circulars, guides and pages: one part for each heading that has a body of its own."""

from collections.abc import Sequence

from corpus.document import Block, BlockKind, Document
from corpus.split.parts import HeadingPath, Section, content, loose, title, without_asides

HEADS = (BlockKind.HEADING, BlockKind.QUESTION)


def headed_parts(document: Document) -> list[Section]:
    """The parts of the whole document."""
    path = HeadingPath(document.text)
    return [part for run in content(document, document.blocks) for part in sections(document, run, path)]


def sections(document: Document, blocks: Sequence[Block], path: HeadingPath) -> list[Section]:
    """The parts of a run of blocks; ``path`` holds the headings above it, then those above its end."""
    parts: list[Section] = []
    head: Block | None = None
    body: list[Block] = []
    for block in blocks:
        if block.kind in HEADS:
            parts += _part(document, head, body, path)
            path.enter(block)
            head, body = block, []
        else:
            body.append(block)
    return parts + _part(document, head, body, path)


def _part(document: Document, head: Block | None, body: Sequence[Block], path: HeadingPath) -> list[Section]:
    if not body:
        return []
    if head is None:
        return loose(document, body, path.spans())
    main, asides = without_asides(document, body)
    if not main:
        main, asides = list(body), []
    parts = [Section(title(document.text, head), path.above(), tuple(main), head.key)]
    return parts + [Section(None, path.spans(), tuple(aside)) for aside in asides]
