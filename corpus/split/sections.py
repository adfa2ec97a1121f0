"""Split circulars, guides and pages into sections: a heading or question, and the blocks under it."""

import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace

from corpus.document import Block, BlockKind, Document, Span
from corpus.layout.lines import is_terminal
from corpus.layout.list_markers import (
    ASIDE,
    CONTENTS_TITLE,
    ENACTING,
    LONGEST_SIGNATURE,
    MAIL_END,
    SIGNATORY,
    SIGNED,
    contents,
    leads_to_value,
    markers,
    question_start,
)

# What a web page prints around its text, alone on its line.
_PAGE_FURNITURE = re.compile(
    r"""\W{0,3}(?:
        (?:partage|imprime|t[ée]l[ée]charge|envoye)[rz]
            (?:\s(?:(?:cette|la)\spage|cet\sarticle|l[’']article|ce\scontenu))?(?:\s(?:sur|via|par|au|en)\s.{1,40})?
      | (?:(?:retour\s|remonter\s)?(?:en\s|au\s)?haut(?:\sde\s(?:la\s)?page)?) | lire\sla\ssuite
      | en\ssavoir\s(?:plus|\+)(?!.*:)
      | retour\s(?:[àa]\s(?:l[’']accueil|la\sliste)|aux?\s(?:sommaire|menu|questions)).{0,40}
      | (?:page\s|fiche\s)?(?:v[ée]rifi[ée]e?|publi[ée]e?|modifi[ée]e?|(?:derni[èe]re\s)?mise?s?\s[àa]\sjour)
            \s*(?:le|du|en|:)\s(?::\s)?(?:[^\W\d]+\s)?\d[\w\s/.:]{0,40}(?:\s[-–]\s[^\d.]{0,90})?
      | (?:vous\s[êe]tes\sici|accueil)\s*[:>›»/|].* | (?:cette|la)\s(?:page|r[ée]ponse|fiche)\svous\sa.{1,60}
      | (?:©|copyright\b).* | tous\sdroits\sr[ée]serv[ée]s
      | page\s\d+(?:\s?(?:/|sur)\s?\d+)? | suivez[-\s]nous.{0,60} | temps\sde\slecture.{0,20}
      | (?:laisser|ajouter|[ée]crire)\sun\scommentaire | (?:commenter|r[ée]pondre\s[àa])\scet\sarticle
      | .{0,150}\bdirect(?:eur|rice)\sde\s(?:la\s)?publication\b.{0,60} | je\ssoussign[ée].*(?:…{3}|_{4}|\.{6}).*
      | (?:articles|pages)\s(?:similaires|li[ée]e?s|associ[ée]e?s)
      | (?:et\saussi|à\slire\saussi|dans\sla\sm[êe]me\s(?:rubrique|cat[ée]gorie)|sur\sle\sm[êe]me\s(?:sujet|th[èe]me))
      | .{0,150}?(?:…{3}|_{4}|\.{6}|(?:…\s?){3}|(?:__?[\s|]){4})[\s._…/|]*+ | (?:[^☐□❑❒]{0,60}[☐□❑❒]){2}[^?]*
      | (?:[^._…\d]{0,80}(?:…{2}|_{4}|\.{6})[._…]*+){2}[^._…\d]{0,80}
      | [^._…\d]{0,80}(?:…{2}|_{4}|\.{6})[^\d\w]*+[^._…\d]{0,60}\s?:
      | mentions\sl[ée]gales | plan\sdu\ssite | propos\srecueillis\spar.{0,60}
      | (?:cadre|partie|zone)\sr[ée]serv[ée]e?\s(?:[àa]\sl|au).{1,60}
      | (?:date\set\s)?signatures?(?:\sd(?:u|es?)\s.{1,80}:)?\s?:?
    )[\s\W]*""",
    re.IGNORECASE | re.VERBOSE,
)
_LONGEST_FURNITURE = 200
# Longer ones name the texts that a document applies.
_LONGEST_SUBTITLE = 90
_LETTERHEAD = re.compile(r"(?:r[ée]publique fran[çc]aise|(?:commune|ville|d[ée]partement|mairie) d)", re.IGNORECASE)
# Between two of them on one line.
_BARS = re.compile(r"\s*[|•·]\s*")
# A line without a full stop at the edge of so many entries, and of that share of them, is the page's.
_REPEATED, _REPEATED_SHARE = 3, 0.3
_EDGES = 4

# Heads a box beside the text of a section: what follows the box is of the section again.
_REMARK = re.compile(
    r"(?:(?:bon\s)?[àa]\s(?:savoir|noter|retenir)|attention|important|nota(?:\s?bene)?|n\.?b\.?|rappels?|remarques?"
    r"|(?:le\s)?saviez-vous|conseils?|astuces?|pr[ée]cisions?)[\s!?:.]*",
    re.IGNORECASE,
)
HEADS = (BlockKind.HEADING, BlockKind.QUESTION)
OBJECT = re.compile(r"objet\s*:", re.IGNORECASE)
# Shorter paragraphs without a full stop are titles, dates, signatures.
LONG = 250
FEWEST_WORDS = 4
# Where to write or to call.
REACHED = re.compile(r"\w@[\w.-]+(?![\w.>-])|\b0\d(?:[ .]?\d\d){4}\b|\b0 8\d\d(?: \d{2,3}){2,3}\b")
# Headings that a list of them tells.
_FEWEST_TOLD = 2


@dataclass(frozen=True, slots=True)
class Section:
    """A question or a heading, and the blocks of its body, one after the other."""

    heading: Span | None
    above: tuple[Span, ...]
    """The headings above, outermost first."""
    body: tuple[Block, ...]
    key: str | None = None


@dataclass(slots=True)
class HeadingPath:
    """The headings above the place where we are in a text."""

    text: str
    _stack: list[tuple[int, Span]] = field(default_factory=list)

    def enter(self, block: Block) -> None:
        """Pass a heading."""
        self.leave(block.level)
        self._stack.append((block.level, title(self.text, block)))

    def leave(self, level: int) -> None:
        """Pass the end of what the headings of this level and deeper ones head."""
        while self._stack and self._stack[-1][0] >= level:
            self._stack.pop()

    @property
    def level(self) -> int:
        """Of the innermost; 0 where there is none."""
        return self._stack[-1][0] if self._stack else 0

    def spans(self) -> tuple[Span, ...]:
        """Outermost first."""
        return tuple(span for _, span in self._stack)


def title(text: str, block: Block) -> Span:
    """The words of a heading, without its bullet, or the number of a question, or what leads on: "Article 4. –"."""
    words = block.of(text)
    bullet = next((marker.end for marker in markers(words) if marker.style == "bullet"), 0)
    start = question_start(words) if words.endswith("?") else bullet
    end = len(words.rstrip(" .:-–—\u00a0\u202f"))
    return Span(block.start + start, block.start + end) if end > start else Span(block.start, block.end)


def content(document: Document, blocks: Sequence[Block]) -> list[list[Block]]:
    """Runs of blocks between tables of contents, which answer nothing."""
    listed = contents([block.of(document.text) for block in blocks])
    runs: list[list[Block]] = [[]]
    for index, block in enumerate(blocks):
        if index in listed:
            runs.append([])
        else:
            runs[-1].append(block)
    return [run for run in runs if run]


def without_list_of_headings(text: str, blocks: Sequence[Block]) -> list[Block]:
    """The blocks without those that tell, right above a heading, what the headings below are, and their pages."""
    words = [_words(block.of(text)) for block in blocks]
    last = {own: index for index, own in enumerate(words) if blocks[index].kind in HEADS}
    listed = contents([block.of(text) for block in blocks])
    kept: list[Block] = []
    waiting: list[Block] = []
    told: set[str] = set()
    for index, block in enumerate(blocks):
        entry = without_page_number(words[index])
        tells = (
            index in listed
            or CONTENTS_TITLE.fullmatch(block.of(text))
            or max(last.get(words[index], 0), last.get(entry, 0)) > index
        )
        if tells and block.kind in (BlockKind.PARAGRAPH, BlockKind.ITEM):
            waiting.append(block)
            told.add(entry)
            continue
        lead_in = kept and kept[-1].of(text).endswith(":") and not CONTENTS_TITLE.fullmatch(kept[-1].of(text))
        kept += [block] if len(told) >= _FEWEST_TOLD and block.kind in HEADS and not lead_in else [*waiting, block]
        waiting, told = [], set()
    return [*kept, *waiting]


def _words(text: str) -> str:
    """Without case and number before."""
    return text[next((marker.end for marker in markers(text)), 0) :].casefold()


def without_page_number(words: str) -> str:
    """The words of a line of contents."""
    return words.rstrip("0123456789").rstrip(" .…·_\t\u00a0")


def _without_asides(document: Document, body: Sequence[Block]) -> tuple[Sequence[Block], list[list[Block]]]:
    """The body, and the references that follow it: "Référence : …", "Pour en savoir plus …"; alone, they are one."""
    starts = [
        index
        for index, block in enumerate(body)
        if block.kind is BlockKind.PARAGRAPH and ASIDE.match(block.of(document.text))
    ]
    cut = len(body)
    while starts and all(block.kind is BlockKind.ITEM for block in body[starts[-1] + 1 : cut]):
        cut = starts.pop()
    if not cut:
        return body, []
    asides: list[list[Block]] = []
    for block in body[cut:]:
        if block.kind is BlockKind.ITEM:
            asides[-1].append(block)
        else:
            asides.append([block])
    return body[:cut], asides


def _without_signature(document: Document, body: Sequence[Block]) -> tuple[Sequence[Block], Sequence[Block]]:
    """The body up to where it is signed, and what stands below the names: appeals, copies; not below those of a mail.

    Functions and names without a place or a date are a signature at the very end only. A body keeps its first block.
    """
    texts = [block.of(document.text) for block in body]
    for index in range(1, len(body)):
        dated = _signed(texts[index])
        named = body[index].kind is not BlockKind.ITEM and SIGNATORY.fullmatch(texts[index])
        if not dated and not (named and is_terminal(texts[index - 1]) and texts[index - 1][-1] != ":"):
            continue
        end = index + 1
        while end < len(body) and len(texts[end]) <= LONGEST_SIGNATURE and _names(texts[end]):
            end += 1
        if dated or end == len(body):
            return body[:index], [] if MAIL_END.match(texts[index]) else body[end:]
    return body, []


def _signed(text: str) -> bool:
    return len(text) <= LONGEST_SIGNATURE and SIGNED.match(text) is not None


def _names(text: str) -> bool:
    """Whether a short text may be the function or the name of who signs: no sentence."""
    return not is_terminal(text) or _signed(text) or SIGNATORY.fullmatch(text) is not None


def loose(document: Document, blocks: Sequence[Block], section: tuple[Span, ...]) -> list[Section]:
    """One section for each paragraph without a heading; titles, dates and signatures make none."""
    groups: list[list[Block]] = []
    for block in blocks:
        if groups and _belongs(document, groups[-1], block):
            groups[-1].append(block)
        else:
            groups.append([block])
    return [Section(None, section, tuple(group)) for group in groups if _is_statement(document, group)]


def _belongs(document: Document, group: Sequence[Block], block: Block) -> bool:
    """An item belongs to the items and the lead-in above it, a row to its table."""
    last = group[-1]
    if block.kind is BlockKind.TABLE:
        return last.kind is BlockKind.TABLE
    if block.kind is not BlockKind.ITEM:
        return False
    return last.kind is BlockKind.ITEM or (
        last.kind is BlockKind.PARAGRAPH and last.of(document.text).rstrip().endswith(":")
    )


def _is_statement(document: Document, group: Sequence[Block]) -> bool:
    """Whether the group states something: a sentence, the object of a letter, a reference, a list."""
    if len(group) > 1:
        return True
    text = group[0].of(document.text)
    if ASIDE.match(text) or OBJECT.match(text) or len(text) > LONG or leads_to_value(text):
        return True
    if _signed(text) or SIGNATORY.fullmatch(text):
        return False
    words = re.findall(r"\w+", text)
    return (is_terminal(text) and len(words) >= FEWEST_WORDS) or (len(words) > 1 and REACHED.search(text) is not None)


def headed_sections(document: Document) -> list[Section]:
    """The sections of the whole document."""
    path = HeadingPath(document.text)
    return [section for run in content(document, document.blocks) for section in sections(document, run, path)]


def sections(document: Document, blocks: Sequence[Block], path: HeadingPath) -> list[Section]:
    """The sections of a run of blocks; ``path`` holds the headings above it, then those above its end."""
    found: list[Section] = []
    head: Block | None = None
    body: list[Block] = []
    for block in blocks:
        if block.kind in HEADS and not (head and _REMARK.fullmatch(block.of(document.text))):
            found += _section(document, head, body, path)
            path.enter(block)
            head, body = block, []
        else:
            body.append(block)
    return found + _section(document, head, body, path)


def _section(document: Document, head: Block | None, body: Sequence[Block], path: HeadingPath) -> list[Section]:
    if not body:
        return []
    if head is None:
        return loose(document, body, path.spans())
    return with_asides(document, Section(title(document.text, head), path.spans()[:-1], tuple(body), head.key), path)


def with_asides(document: Document, section: Section, path: HeadingPath) -> list[Section]:
    """The section up to where it is signed, then its references and what stands below its names."""
    signed, below = _without_signature(document, section.body)
    main, asides = _without_asides(document, signed)
    found = [replace(section, body=tuple(main)), *(Section(None, path.spans(), tuple(aside)) for aside in asides)]
    return found + loose(document, below, path.spans())


def is_page_furniture(text: str) -> bool:
    """Whether a web page printed it around its text: "Partager", "Mis à jour le …", "Haut de page"."""
    if len(text) > _LONGEST_FURNITURE:
        return False
    return _PAGE_FURNITURE.fullmatch(text) is not None or all(map(_PAGE_FURNITURE.fullmatch, _BARS.split(text)))


def without_page_furniture(document: Document, found: Sequence[Section]) -> list[Section]:
    """The sections, whose bodies neither begin nor end with their own heading or with what surrounds a page's text.

    A body keeps its last block, whatever it is.
    """
    told = found[1:] if len(found) > 1 and _is_subtitle(document, found[0], found[1]) else found
    tidied = [section for section in told if not _is_furniture(document, section)] or list(found)
    for _ in range(_EDGES):
        edges = Counter(
            _pattern(document, block) for section in tidied for block in {section.body[0], section.body[-1]}
        )
        most = max(_REPEATED, _REPEATED_SHARE * len(tidied))
        repeated = {words for words, count in edges.items() if count >= most}
        tidied = [_tidied(document, section, repeated) for section in tidied]
    return tidied


def _is_subtitle(document: Document, section: Section, after: Section) -> bool:
    """Whether a title above the next has its date, its authors, a second title below it, and no more.

    So has the name of who writes, above all titles.
    """
    if section.heading is None or after.heading is None or loose(document, section.body, ()):
        return False
    words = document.text[section.heading.start : section.body[-1].end]
    letterhead = _LETTERHEAD.match(words) and not any(map(str.isdigit, words))
    if section.heading not in after.above and not letterhead:
        return False
    return all(
        block.kind is BlockKind.PARAGRAPH
        and len(words) <= _LONGEST_SUBTITLE
        and not is_terminal(words)
        and not ENACTING.match(words)
        for block in section.body
        for words in [block.of(document.text)]
    )


def _is_furniture(document: Document, section: Section) -> bool:
    headed = section.heading is not None and is_page_furniture(section.heading.of(document.text))
    return headed or all(is_page_furniture(block.of(document.text)) for block in section.body)


def _tidied(document: Document, section: Section, repeated: Set[str]) -> Section:
    body = section.body
    heading = section.heading.of(document.text).casefold() if section.heading else ""

    def is_furniture(block: Block) -> bool:
        text = block.of(document.text)
        if block.kind is BlockKind.PARAGRAPH and not is_terminal(text) and _pattern(document, block) in repeated:
            return True
        return is_page_furniture(text)

    heads = [(index, block) for index, block in enumerate(body) if index and block.kind is BlockKind.HEADING]
    for at, (index, block) in enumerate(heads):
        last = all(other.level > block.level for _, other in heads[at + 1 :])
        if last and is_page_furniture(block.of(document.text)):
            body = body[:index]  # "Articles similaires", and a list of them
            break
    while len(body) > 1 and (is_furniture(body[0]) or body[0].of(document.text).casefold() == heading):
        body = body[1:]
    while len(body) > 1 and is_furniture(body[-1]):
        body = body[:-1]
    return replace(section, body=body)


def _pattern(document: Document, block: Block) -> str:
    """The words, whatever the numbers and dates among them."""
    return re.sub(r"\d+", "0", block.of(document.text).casefold())
