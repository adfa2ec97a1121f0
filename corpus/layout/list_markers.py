"""Parse bullets, numbers, labels and table-of-contents leaders at the start or end of a line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

# "l", "n", "o", "q", "u", "v", "Ø", "§", "ü" are what text extraction makes of the bullets of Wingdings and
# Courier; none is a French word when a space follows.
GLYPHS = "–—•●○◦‣·∙⁃⦁▪▫■□◆◇◊♦►▶▸▹→⇒➔➢➤➡✓✔✗✦★❖❍❓❔☐☑☒❏❑❒☞👉📌🔹🔸🔷🔶✅⚫"
"""Bullets that are no letters, but the hyphen, the star and what private fonts draw."""
BULLET = re.compile(
    rf"(?P<glyph>[-=]>(?=\s)|>>(?=\s)|\[[ xX]?\](?=\s)|[-{GLYPHS}*+>\uf000-\uf0ff]|[lnoquvØ§ü](?=[ \u00a0\t]+[\w«(]))"
    r"[ \u00a0\t]*(?=\S)"
)
_SPACED = r"(?:[ \u00a0\t]+|$)"
_ROMAN = r"X{0,3}(?:IX|IV|V?I{1,3}|V)|X{1,3}"
NUMBER = (
    # III.2.1. Titre / 1.1 Titre / A.2. Titre
    ("path", re.compile(rf"(?P<value>(?:{_ROMAN}|\d{{1,2}}|[A-H])(?:[.\-]\d{{1,2}}){{1,5}})[.)]?\s*[-–—:]?{_SPACED}")),
    ("roman", re.compile(rf"(?P<value>{_ROMAN})(?:[.)/°]\s*[-–—]\s*|[.)/°]{_SPACED}|\s*[-–—:]{_SPACED})")),
    ("upper", re.compile(rf"(?P<value>[A-Z])(?:[.)/°]\s*[-–—]\s*|[.)/°]{_SPACED}|\s*[-–—:]{_SPACED})")),
    ("degree", re.compile(rf"(?P<value>\d{{1,2}})\s?°\s*[-–—.)]?{_SPACED}")),
    ("arabic", re.compile(rf"(?P<value>\d{{1,3}})(?:[.)/]\s*[-–—]\s*|[.)/]{_SPACED}|\s+[-–—:]{_SPACED})")),
    ("bracket", re.compile(rf"\((?P<value>\d{{1,2}}|[a-z]|[ivx]{{1,4}})\){_SPACED}")),
    ("lower", re.compile(rf"(?P<value>[a-z])(?:\)|\.(?=\s+[A-ZÀ-Ý])|\s*°){_SPACED}")),
    ("lower roman", re.compile(rf"(?P<value>[ivx]{{1,4}})[.)]{_SPACED}")),
)
# A capital must follow these: "L. 212-5" and "V. infra" are no headings, "1. schématisation" is an item.
CAPITALISED = frozenset({"path", "roman", "upper"})
TITLE_WORD = re.compile(
    r"(?P<word>titre|partie|livre|chapitre|sous-section|section|article|art\.|annexe|fiche|volet|axe|étape|mesure|préambule)s?"
    rf"(?:\s+(?:n\s?[°o]\s*)?(?P<value>{_ROMAN}|\d{{1,3}}(?:er|ère|ème|e)?(?:-\d{{1,3}})*|premi(?:er|ère)|unique"
    r"|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|(?:deux|trois|quatr|cinqu|six|sept|huit|neuv|dix)ième"
    r"|[LRD]\s?\*?\.?\s?\d{1,4}(?:-\d{1,3})*|[A-Z](?![\w’']))|(?<=annexe)(?=\s*[–—-]\s|$)|(?<=préambule)(?=\W*$)"
    r"|(?-i:(?<=ANNEXE))(?=\s*:\s))(?![\w°])",
    re.IGNORECASE,
)
# The first words of a question that its author left without a mark.
INTERROGATIVE = re.compile(
    r"(?:(?:à|avec|dans|de|en|par|pour|sur|chez)\s)?(?:qui|que|quoi|quand|comment|pourquoi|combien|où|quel(?:le)?s?"
    r"|lequel|est-ce|[^\W\d_]+-(?:t-)?(?:je|ils?|elles?|on|vous))\b",
    re.IGNORECASE,
)
# The number of a question or an answer, and what may follow it without a sign: "Q1 Peut-on ... ?", "R1 Oui."
_COUNTED, _CAPITAL = r"\s*(?:n\s?[°o]\s*)?(?P<value>\d{1,3})?\s*", r"(?<=\d\s)(?-i:(?=[A-ZÀ-Ý«]))"
# Who asks or answers, in minutes: "Question n° 2 de M. Dupont :", "Réponse du maire :".
BY = r"(?:\s(?:orale|[ée]crite|pos[ée]e|n\s?[°o]\s?\d{1,3}),?)*\s(?:d(?:e|u|es)\s|d['’]|par\s)[^:?\n]{1,80}(?=:)"
ASKED = re.compile(
    # "D : … R : …", demande and réponse: with a colon only, for "D." numbers a list.
    rf"(?:question(?P<by>{BY})|questions?|q|(?:demande|d)(?=\s*(?:n\s?[°o]\s*)?\d{{0,3}}\s*:))"
    rf"{_COUNTED}(?:[:.)–—]|-(?=\s)|/(?=\s(?!r[ée]p))|{_CAPITAL})\s*(?=\S)",
    re.IGNORECASE,
)
# In minutes, before what someone says.
SPEAKER = re.compile(r"(?:MM?\.|M(?:me|lle)s?|Monsieur|Madame)\s[^:?\n]{1,60}?\s?:\s*(?=\S)")
# Before a question, in a box of its own.
_BARE_NUMBER = re.compile(r"\d{1,2}\s+(?=[A-ZÀ-Ý])")
ANSWERED = re.compile(
    rf"(?:r[ée]ponse{BY}|r[ée]ponses?|r){_COUNTED}"
    rf"(?:[:)–—]|(?<=\d)\.(?=\s)|\.(?=\s+\D|$)|[-/](?=\s|$)|(?<=[\w ]{{3}})$|{_CAPITAL})\s*",
    re.IGNORECASE,
)
# Alone on its line, above the question or the answer.
QUESTION_ALONE, ANSWER_ALONE = (
    re.compile(rf"(?:la )?{name}(?:{BY})?\s*(?:n\s?[°o]\s*)?\d{{0,3}}\s*:?", re.IGNORECASE)
    for name in ("question", "r[ée]ponse")
)
ASIDE = re.compile(
    r"(?:pour (?:en savoir plus|aller plus loin)|en savoir plus|voir aussi|"
    r"(?:textes? de )?r[ée]f[ée]rences?(?=\s*:)|textes? applicables?(?=\s*:)|sources?(?=\s*:))\b",
    re.IGNORECASE,
)
# What opens each ground of a decision, the decision itself, and its date.
ENACTING = re.compile(
    r"(?:Vu|Consid[ée]rant|Fait (?:à|le)|Sur (?:le rapport|proposition|avis|la proposition))\b"
    r"|(?:arr[êe]te(?:nt)?|d[ée]cr[èe]te|d[ée]cide|d[ée]lib[èe]re)\s*:?\s*$",
    re.IGNORECASE,
)
MAIL_END = re.compile(r"(?:(?:bien|très) )?cordialement\b", re.IGNORECASE)
# Where and when an act was signed, by whom, and how it was made known.
SIGNED = re.compile(
    r"(?:ainsi |la présente )?(?:fait|d[ée]lib[ée]r[ée])e?s?\b.{0,120}"
    r"(?:\ble\s*(?:\d|[._…:]|$)|\b(?:19|20)\d\d\W*$|\b(?:sus|ci-dessus|que dessus)[\w ]*\W*$)"
    r"|à [A-ZÀ-Ý][\w’' -]{1,50}, le \d.{0,20}"
    rf"|{MAIL_END.pattern}|pour l(?:e |a |['’]).{{0,80}} par délégation\b"
    r"|(?:veuillez|(?:je|nous) vous prie\w* d['’])\s?(?:agréer|croire)\b"
    r"|pour (?:extrait|copie|ampliation)s? (?:certifi[ée]e?s? )?conformes?.{0,60}",
    re.IGNORECASE,
)
SIGNATORY = re.compile(
    r"(?:(?:signé|pour|par)\b.{0,20})?(?:l[ae]s?|l['’]|monsieur l[ea]|madame l[ae]) ?(?:premi[eè]re? )?"
    r"(?:maire|adjoint|(?:vice-)?pr[ée]sident|(?:sous-)?pr[ée]f[eè]t|direct(?:eur|rice)|ministre|secr[ée]taire|chef"
    r"|rect(?:eur|rice)|commandante?|d[ée]l[ée]gu[ée]e?|responsable|g[ée]rante?)[es]{0,2}\b[^\d@]{0,100}(?<![.;!?])",
    re.IGNORECASE | re.DOTALL,
)
LONGEST_SIGNATURE = 160
# Between the title and the page of a line of contents.
LEADERS = re.compile(r"\.{4}|-{4}|_{4}|…{2}|(?:[.·‧…]\s){4}|·{4}")
_LEADING = re.compile(r"[.\-_·‧…\s]")
_PAGE = re.compile(r"(?<=[.\-_·‧…\s])(?:\d{1,4}|[ivxlc]{1,6})$", re.IGNORECASE)
# Longer than any page number; than any price.
_PAGE_LENGTH, _LONGEST_VALUE = 8, 20
_PRICED = re.compile(r"\b(?:tarifs?|prix|montants?|redevances?)\b|€|\ben euros\b", re.IGNORECASE)
_FIGURES_AT_END = re.compile(r"\d{1,4}$")
# Blocks from one line of contents to the next.
_NEAR = 4
CONTENTS_TITLE = re.compile(r"(?:sommaire|table des mati[èe]res|plan(?: du document)?)\W*", re.IGNORECASE)
PAGE_AT_END = re.compile(r"[^\W\d].*\D\s(\d{1,3})$")
PAGE_AT_START = re.compile(r"(\d{1,3})\t[^\W\d]")
# Longer lines are no line of contents.
_LONGEST_CONTENTS = 250


@dataclass(frozen=True, slots=True)
class ListMarker:
    """What stands before the words of a heading, a question or an item."""

    style: str
    """``bullet`` or a style of numbering."""
    value: str
    """The glyph or the number."""
    end: int
    """Where the words start."""

    @property
    def depth(self) -> int:
        """Components of a path: 3 for ``III.2.1``; 1 otherwise."""
        return len(re.split(r"[.\-]", self.value)) if self.style == "path" else 1

    @property
    def rank(self) -> int:
        """The number counted from 1; 0 when it cannot be counted."""
        if self.value.isdigit():
            return int(self.value)
        if self.style in ("roman", "lower roman") or (self.style == "bracket" and len(self.value) > 1):
            return roman(self.value)
        return ord(self.value.lower()) - ord("a") + 1 if len(self.value) == 1 and self.value.isalpha() else 0


def roman(numeral: str) -> int:
    """The value of a Roman numeral.

    >>> roman("XIV")
    14
    """
    values = [{"i": 1, "v": 5, "x": 10}[letter] for letter in numeral.lower()]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))


def numeral(rank: int, style: str) -> str:
    """The number in a style, named by its first: 1, 01, 1er, a, A, i or I.

    >>> [numeral(rank, style) for rank, style in ((4, "1"), (4, "01"), (1, "1er"), (28, "a"), (3, "A"), (14, "I"))]
    ['4', '04', '1er', 'ab', 'C', 'XIV']
    """
    if style in ("01", "1er"):
        return f"{rank:02}" if style == "01" else f"{rank}{'er' if rank == 1 else 'e'}"
    if rank < 1 or style not in ("a", "A", "i", "I") or rank > _LARGEST_NUMERAL:
        return str(rank)
    text = ""
    if style in "aA":
        while rank:
            rank, letter = divmod(rank - 1, 26)
            text = chr(ord("a") + letter) + text
    else:
        for value, signs in _ROMAN_SIGNS:
            text += signs * (rank // value)
            rank %= value
    return text.upper() if style.isupper() else text


_LARGEST_NUMERAL = 3999
_ROMAN_SIGNS = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


def markers(text: str) -> list[ListMarker]:
    """Every way to read the start of the text as a bullet or a number: "C." is 100, or what follows "B."."""
    found = []
    for style, pattern in NUMBER:
        match = pattern.match(text)
        if match and match.end() < len(text) and _opens(text[match.end() :], style):
            found.append(ListMarker(style, match["value"], match.end()))
    bullet = BULLET.match(text)
    if bullet and not found and _is_bullet(bullet, text):
        found.append(ListMarker("bullet", bullet["glyph"], bullet.end()))
    return found


def question_start(text: str) -> int:
    """Where the words of a question start, after its label, its number or its bullet."""
    if label := ASKED.match(text) or _BARE_NUMBER.match(text):
        return label.end()
    return next((marker.end for marker in markers(text)), 0)


def is_marker(text: str) -> bool:
    """Whether the text is a bullet or a number, and nothing else."""
    return any(marker.end >= len(text) for marker in markers(f"{text} A"))


def _opens(rest: str, style: str) -> bool:
    core = rest.lstrip("«\"“‘'([ \u00a0\u202f-–—")
    return style not in CAPITALISED or (bool(core) and core[0].isupper())


def _is_bullet(match: re.Match[str], text: str) -> bool:
    """Glyphs that are also signs of writing need a space: "-5 %", "*note", "+33"."""
    return match["glyph"] not in "-–—*+·>" or text[match.end("glyph")].isspace()


@dataclass(slots=True)
class Numbering:
    """Follows the numbering of a document, so that "M. Durand" or a wrapped "2. de la loi" is no number."""

    last: dict[str, int] = field(default_factory=dict)
    _outer: dict[str, int] = field(default_factory=dict)
    """The last number before the style began again: under "a)", a list of "a)" and "b)" before the next "b)"."""

    def choose(self, text: str) -> tuple[ListMarker | None, bool]:
        """The likeliest marker of the text, and whether the numbering expects it there."""
        found = markers(text)
        for marker in found:
            if self._expected(marker):
                if marker.rank == 1 and marker.style in self.last:
                    self._outer[marker.style] = self.last[marker.style]
                self.last[marker.style] = marker.rank
                return marker, True
        likely = [marker for marker in found if marker.style not in ("upper", "lower", "lower roman")]
        return (likely[0], False) if likely else (None, False)

    def _expected(self, marker: ListMarker) -> bool:
        if marker.style in ("bullet", "path"):
            return True
        return marker.rank in (1, self.last.get(marker.style, 0) + 1, self._outer.get(marker.style, 0) + 1)


def leads_to_page(text: str) -> bool:
    """Whether the text ends as a line of a table of contents does.

    >>> [leads_to_page(text) for text in ("Titre ........ 12", "I. INTRODUCTION ------ iv", "Attendez...", "Le 12")]
    [True, True, False, False]
    """
    # By hand: a pattern for the whole would take time with the cube of a row of dots.
    text = text.rstrip()
    page = _PAGE.search(text, max(0, len(text) - _PAGE_LENGTH))
    first = page.start() if page else 0
    while first and _LEADING.match(text, first - 1):
        first -= 1
    return page is not None and LEADERS.search(text, first, page.start()) is not None


def leads_to_value(text: str) -> bool:
    """Whether leaders part a label from a short text at the end: a price, a page.

    >>> [leads_to_value(text) for text in ("Adulte ........ 4,50 €", "Nom : ...........", "Le 12")]
    [True, False, False]
    """
    last = max((match.end() for match in LEADERS.finditer(text)), default=len(text))
    return 0 < len(text[last:].strip(" .·-_…")) <= _LONGEST_VALUE


def contents(texts: Sequence[str]) -> frozenset[int]:
    """Which blocks are a table of contents: lines with leaders and a page, and what stands between.

    Under a title "Sommaire", page numbers that grow are enough; numbers that fall, or under "Tarifs", are prices.
    """
    found: set[int] = set()
    run: list[int] = []
    for index in [*(index for index, text in enumerate(texts) if leads_to_page(text)), len(texts) + _NEAR]:
        if run and index - run[-1] > _NEAR:
            prices = _are_prices([texts[each] for each in run]) or _PRICED.search(texts[max(run[0] - 1, 0)])
            found.update(() if prices else range(run[0], run[-1] + 1))
            run = []
        run.append(index)
    for index, text in enumerate(texts):
        if CONTENTS_TITLE.fullmatch(text):
            found |= _numbered_lines(texts, index)
    return frozenset(found)


def _are_prices(lines: Sequence[str]) -> bool:
    """Whether numbers at the ends of lines fall too often for pages."""
    numbers = [int(match[0]) for line in lines if (match := _FIGURES_AT_END.search(line))]
    falls = sum(after < before for before, after in pairwise(numbers))
    return 4 * falls > len(numbers) - 1


def _numbered_lines(texts: Sequence[str], title: int) -> set[int]:
    page, end = 0, title
    for index in range(title + 1, len(texts)):
        short = len(texts[index]) < _LONGEST_CONTENTS
        match = (PAGE_AT_END.search(texts[index]) or PAGE_AT_START.match(texts[index])) if short else None
        if match and page <= int(match[1]) <= page + 60:
            page, end = int(match[1]), index
        elif index > end + 2:
            break
    return set(range(title, end + 1)) if end > title + 1 else set()
