"""Read plain text, wrapped or printed page by page, and Markdown with what site generators add to it."""

import re
from collections.abc import Iterator, Sequence
from html import escape, unescape
from itertools import takewhile

from markdown_it import MarkdownIt
from mdit_py_plugins.deflist import deflist_plugin

from corpus.document import StructuredText
from corpus.errors import UnreadableDocumentError
from corpus.layout.compose import clean, compose
from corpus.layout.headers_footers import printed_links
from corpus.layout.lines import is_blank, of_text
from corpus.readers.formats import decode
from corpus.readers.html import read_markup

# The settings between two lines of dashes (YAML) or plus signs (TOML) that come first, and the title among them.
_FRONT_MATTER = re.compile(r"\A\s*(?P<fence>---|\+\+\+)[ \t]*\n(?P<settings>(?:.*\n)*?)[ \t]*(?P=fence)[ \t]*(?:\n|\Z)")
_TITLE = re.compile(
    r"^(?P<key>question|titre|title)[ \t]*[:=][ \t]*(?:[>|][-+]?[ \t]*\n)?[ \t]*(?P<title>\S.*(?:\n[ \t]+\S.*)*)$",
    re.IGNORECASE | re.MULTILINE,
)
# Blocks with a title, on a line of its own: ??? note "Titre", ::: details Titre, !!! tip, === "Onglet".
_CONTAINER = re.compile(r" {0,3}(?P<mark>\?{3}\+?|!{3}\+?|:{3,}|={3}(?=[ \t]+[\"!+]))[ \t]*(?P<title>.*)")
_KIND = re.compile(r"(?P<kind>[a-z][\w-]*)(?:[ \t]+(?=[^a-zà-ÿ])|(?=\[)|$)|(?=\W|[A-ZÀ-Ý])")
# The title among the attributes of a container: faq{title="Titre"}.
_ATTRIBUTES = re.compile(r"\{[^{}]{0,500}\}\s*$")
_TITLED = re.compile(r"""\b(?:title|titre|summary|label|question)=(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
# Beyond, a container is text.
_DEEPEST = 20
_ASKING = ("question", "faq", "help")
_FOLDED = ("details", "question", "faq", "collapse", "spoiler", "accordion", "tab")
# A quote with a kind, and a title: > [!question]- Titre
_CALLOUT = re.compile(r"[ \t]*>[ \t]*\[!(?P<kind>\w+)\][+-]?[ \t]+(?P<title>\S.*)")
_NOTE = re.compile(r"^\[\^[^\]\n]{1,80}\]:.*(?:\n[ \t]+\S.*)*", re.MULTILINE)
# Marks of templates, attributes, notes, alerts, icons, abbreviations, contents, components, directives: none is text.
_MARKS = re.compile(
    r"""\{%[ ]*content-ref\b[\s\S]{0,500}?endcontent-ref[ ]*%\}
      | \{%.{0,500}?%\} | \{\#.{0,500}?\#\} | \{\{[<%].{0,500}?[>%]\}\}
      | \{:[^{}\n]{0,200}\} | \{[\#.][\w-][^{}\n]{0,200}\} | \[\^[^\]\n]{1,80}\]
      | (?<![\w:]):[a-z][a-z0-9_+-]{1,40}:(?![\w:]) | ^\*\[[^\]\n]{1,40}\]:.*$
      | ^(?:[ \t]*>)*[ \t]*\[!\w+\][+-]? | </?aside\b[^>\n]*> | ^[ \t]*\[\[?_?toc_?\]\]?[ \t]*$
      | ^[ \t]*::[a-z][\w-]*(?:\[[^\]\n]*\])?(?:\{[^{}\n]*\})?[ \t]*$
      | ^import[ ].*[;'"][ \t]*$ | ^export[ ](?:const|default)[ ].*$
      | %%.{0,500}?%% | !\[\[[^\]\n]{1,200}\]\] | [ ]\^[\w-]{1,40}[ \t]*$ | ^(?:\#[^\W\d_][\w/-]*[ \t]*)+$
      | (?<=[-*+][ ])\[[ x]\][ ]
      | \[\[(?:[^\]|\n]{1,200}\|)?(?P<name>[^\]|\#\n]{1,200})(?:\#[^\]|\n]*)?\]\]
      | ==(?=\S)(?P<lit>[^=\n]{1,300})(?<=\S)==""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
# One of several panes, or what unfolds, with its name: {{< details title="Titre" >}}, <TabItem label="Titre">,
# {% details Titre %}.
_PANE_NAME = (
    r"(?:tab|card|accordion|faq|expand(?:able)?|collaps[ei]\w*|spoiler|toggle|question)[-_]?(?:item|question|panel)?"
)
_PANE = re.compile(
    rf"""^[ \t]*(?:\{{%[ ]*details[ ]+(?P<bare>[^"'%=\n]{{1,200}}?)[ ]*%\}}[ \t]*$
        |(?:(?:\{{%|\{{\{{[<%])[ ]*(?:details|{_PANE_NAME})|<{_PANE_NAME})
        (?:[ ][^>%\n]*?(?:label|title|name|question|summary|header)=|[ ]+)
        (?P<quote>["'])(?P<name>(?:(?!(?P=quote)).){{1,200}})(?P=quote)[^>%\n]*[>%]\}}{{0,2}}[ \t]*$)""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_PANE_END = re.compile(
    rf"""^[ \t]*(?:\{{%[ ]*end[ ]?(?:details|{_PANE_NAME})[ ]*%\}}|\{{\{{[<%][ ]*/(?:details|{_PANE_NAME})[ ]*[>%]\}}\}}
        |</{_PANE_NAME}>)[ \t]*$""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
# In a text: a row between bars, or a line between two rows.
_PIPED = re.compile(r"^[ \t]*(?:[|+][-=:|+ \t]+[|+]|\|(?P<cells>[^\n]*)\|)[ \t]*(?:\n|\Z)", re.MULTILINE)
# Lines with wide spaces in them.
_WIDE_SPACE = re.compile(r" {3,}")
_ALIGNED = re.compile(r"^(?:[^\S\n]*\S[^\n]{0,200}? {3,60}\S[^\n]*(?:\n|\Z)){2,}", re.MULTILINE)
# What a mail answers, below it.
_QUOTED_MAIL = re.compile(r"^Le .{5,150} a écrit\s?:[ \t]*\n(?:[ \t]*(?:>.*)?(?:\n|\Z))+", re.MULTILINE)
_HEADING = re.compile(r"<h[2-6]>(?P<text>.*?)</h[2-6]>")
_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"]).use(deflist_plugin)


def read_text(data: bytes, name: str) -> StructuredText:
    """Read a ``.txt`` file; form feeds, or the link lists that a printer leaves, end its pages."""
    raw = _ALIGNED.sub(_with_tabs, _PIPED.sub(_tabbed, _QUOTED_MAIL.sub("", decode(data, name))))
    if all(is_blank(char) for char in raw):
        raise UnreadableDocumentError(
            name, "le fichier est vide.", "Remplacez-le par un fichier qui contient le texte du document."
        )
    if "\f" in raw:
        return clean(raw).reading
    lines = printed_links(of_text(raw), raw)
    return compose(raw, lines, paged=any(line.noise for line in lines)).reading


def _tabbed(row: re.Match[str]) -> str:
    """A row of a table drawn with bars, with tabs between its cells; nothing for a line between two rows."""
    if row["cells"] is None:
        return ""
    return "\t".join(cell.strip() for cell in row["cells"].split("|")) + "\n"


def _with_tabs(table: re.Match[str]) -> str:
    """Lines with as many wide spaces, the first of which may lack one, with tabs there; as they are without numbers."""
    lines = table[0].splitlines()
    rows = [_WIDE_SPACE.split(line.strip()) for line in lines]
    width = len(rows[-1])
    if len(rows[0]) == width - 1 and lines[0].startswith("   "):
        rows[0].insert(0, "")  # nothing heads the first column
    told = sum(any(map(str.isdigit, cells[-1])) for cells in rows)
    if any(len(cells) != width for cells in rows) or 2 * told < len(rows):
        return table[0]
    return "\n".join(map("\t".join, rows)) + "\n"


def read_markdown(data: bytes, name: str) -> StructuredText:
    """Read a Markdown file; a title in its front matter heads it when no heading of the first level does."""
    text = decode(data, name)
    title = ""
    if front := _FRONT_MATTER.match(text):
        text = text[front.end() :]
        title = _title(front["settings"])
    text = _PANE_END.sub(":::", _PANE.sub(lambda pane: f':::tab "{pane["bare"] or pane["name"]}"', _NOTE.sub("", text)))
    lines = _with_containers(text.split("\n"))
    markup = _MARKDOWN.render(_MARKS.sub(lambda mark: mark["name"] or mark["lit"] or "", "\n".join(lines)))
    heading = _HEADING.search(markup)
    if title and "<h1" not in markup and (heading is None or unescape(heading["text"]).strip() != title):
        markup = f"<h1>{escape(title)}</h1>{markup}"
    reading = read_markup(markup)
    if not reading.blocks:
        raise UnreadableDocumentError(name, "ce fichier Markdown ne contient aucun texte.", "Complétez-le.")
    return reading


def _title(settings: str) -> str:
    """The question, else the title, that front matter gives."""
    found = {m["key"].lower(): " ".join(m["title"].split()).strip("\"'") for m in _TITLE.finditer(settings)}
    return next((found[key] for key in ("question", "titre", "title") if key in found), "")


def _with_containers(lines: Sequence[str], depth: int = 0) -> Iterator[str]:
    """The lines, their containers written in HTML; their text is indented, or ends at the same mark."""
    marks = [_CONTAINER.fullmatch(line) if depth < _DEEPEST else None for line in lines]
    ends = _ends(marks)
    at = 0
    while at < len(lines):
        match, callout = marks[at], _CALLOUT.fullmatch(lines[at])
        at += 1
        if callout:
            quoted = list(takewhile(lambda line: line.lstrip().startswith(">"), lines[at:]))
            at += len(quoted)
            opening, closing = _tags("?" if callout["kind"].lower() in _ASKING else ":", f'"{callout["title"]}"')
            yield from ("", opening, "", *(line.lstrip()[1:].removeprefix(" ") for line in quoted), "", closing, "")
            continue
        if not match:
            yield lines[at - 1]
            continue
        if not match["title"].strip() and match["mark"][0] != "!":
            continue  # it closes what we do not know
        first = at
        while at < len(lines) and (not lines[at].strip() or lines[at].startswith(("    ", "\t"))):
            at += 1
        body: Sequence[str] = [re.sub("^(?:    |\t)", "", line) for line in lines[first:at]]
        if not any(map(str.strip, body)) and first - 1 in ends:
            at = ends[first - 1] + 1
            body = lines[first : at - 1]
        opening, closing = _tags(match["mark"][0], match["title"].strip())
        yield from ("", opening, "", *_with_containers(body, depth + 1), "", closing, "")


def _ends(marks: Sequence[re.Match[str] | None]) -> dict[int, int]:
    """The line that closes a container, by the line that opens it."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for index, match in enumerate(marks):
        if match and match["title"].strip():
            opened.append(index)
        elif match and opened:
            found[opened.pop()] = index
    return found


def _tags(mark: str, title: str) -> tuple[str, str]:
    """How a container begins and ends: one that folds, or that asks, is a question with its answer."""
    if attributes := _ATTRIBUTES.search(title):
        told = _TITLED.search(attributes[0])
        title = f"{title[: attributes.start()]} {(told[1] or told[2] or '') if told else ''}".strip()
    kind = _KIND.match(title)
    name = kind["kind"] or "" if kind else ""
    shown = title[kind.end() :] if kind and name else title
    label = re.sub(r"^\[(.*)\]$", r"\1", shown.strip())
    heading = re.match(r"#{1,6} +", label)
    shown = _MARKDOWN.renderInline(label[heading.end() if heading else 0 :].strip('"“”« »'))
    folded = heading or mark in "?=" or any(part in _FOLDED for part in name.split("-"))
    if shown and (folded or shown.rstrip().endswith("?")):
        return f"<details><summary>{shown}</summary>", "</details>"
    return f"<div>{f'<p>{shown}</p>' if shown else ''}", "</div>"
