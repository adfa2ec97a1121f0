"""Split French text into sentences."""

import re

from corpus.document import Span
from corpus.layout.list_markers import GLYPHS

_LINE = re.compile(r"[^\n\r\v\f\x85\u2028\u2029]+")

# Every mark is tried once, from the first of its row: visitors may type a thousand of them.
_END = re.compile(
    rf"""
    (?:
        (?<! [.?!…]) [.?!…]++ (?: [ \u00a0\u202f] [?!…]++ )*  # « ?! », « … ! »
        (?: [»”’"')\]\u00b9\u00b2\u00b3\u2070-\u2079]        # a closer or a note mark that touches it
          | \s++ [»”)\]] )*                                  # a French closer after its space
      | ; (?= \s+ [{GLYPHS}*-] \s )                  # the end of a bullet inside a line
    )
    (?= \s )
    """,
    re.VERBOSE,
)

_ITEM = re.compile(rf"\s*(?:[{GLYPHS}*-]|o\s|\(?(?:\d{{1,3}}|[a-z]|[IVX]{{1,4}})\s?[.)°])")
_OPENERS = "«“‘\"'([ \u00a0\u202f"
_CLOSERS = ",;:.?!…)]»”%"
_SPACE = re.compile(r"^\s+")
_LAST_WORD = re.compile(r"[^\W\d_][\w.°-]*$")
_FIRST_WORD = re.compile(r"[^\W_]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Nothing ends after these, whatever follows: "cf. Circulaire", "Dr. Martin".
_NEVER_LAST = _words("""
    mm mr mme mmes mlle mlles dr drs pr prs me st ste cf vs ex p.ex e.g i.e n.b p.s c.-à-d c-à-d
""")
# Ordinary words too ("l’art."), or ends of sentences ("etc."): they go on only before a number or a code.
_BEFORE_NUMBER = _words("""
    art arts al cat chap ch p pp n no nos fig figs vol t éd ed ann réf ref tél tel fax sect sec par l r d av
    bd env max min s ss suiv cons circ ord décr arr dir cass civ req rec etc
    janv jan févr fév fevr avr juil sept oct nov déc dec
""")
# "catégorie A." ends a sentence; "par A. Martin" does not.
_LETTERED = _words("""
    annexe catégorie classe colonne échelon formulaire groupe hypothèse lettre ligne liste lot modèle niveau
    option partie phase plan point scénario tableau titre type vitamine volet zone
""")
# Words that open a sentence and are no part of a name.
_STARTERS = _words("""
    les l un une ce cet cette ces il ils elle elles on nous vous je si en dans pour par afin ainsi aussi
    toutefois cependant néanmoins enfin ensuite puis or donc car mais à au aux leur leurs son sa ses lorsque
    lorsqu quand comme chaque tout toute tous toutes aucun aucune selon sous sur avec sans voir c s cela ceci
    ceux celle celles celui quel quelle quels quelles est quelques certains certaines
""")
# The same, but names hold them as well: "J. Le Goff", "P. de La Tour".
_STARTERS_IN_NAMES = _words("le la de du des d")

# How far to look around a mark: longer than any abbreviation or number of an article, so that the time
# taken grows with the length of a line and not with its square.
_NEAR = 80

_INITIAL = re.compile(r"[^\W\d_]")
_DOTTED = re.compile(r"[^\W\d_](?:\.-?[^\W\d_]){1,}")
_CODE = re.compile(r"[«“(\[\s]*(?:\d|[A-Z]{1,2}(?:\d|\b)|[IVX]+\b)")
_NUMBERING = re.compile(
    rf"[{GLYPHS}*\s-]*"
    r"""
    (?: (?:article|art\.|titre|chapitre|section|annexe|partie|question|étape|n°|q|§)\s* )?
    (?: [LRDA]\.?\s?\*? )?
    (?: \d{1,3}(?:[.-]\d{1,3})* (?:er|ère|re|e|ème|°)? (?:\s?(?:bis|ter|quater))?
      | [IVXL]+ | [A-Z] | [a-z] )
    \s? [.)]+
    """,
    re.VERBOSE | re.IGNORECASE,
)


def sentences(text: str) -> list[Span]:
    """The sentences of ``text``, in order, without the white space around them.

    Together they hold every character that is not white space. A line break ends a sentence, for a clean text
    breaks lines between blocks only; but what a colon ends goes on, unless a bullet or a number follows. Closing
    quotes and brackets stay with the sentence they close.

    >>> text = "Voir l’art. L. 230-5-1. « Oui ! » Fin"
    >>> [span.of(text) for span in sentences(text)]
    ['Voir l’art. L. 230-5-1.', '« Oui ! »', 'Fin']
    """
    found: list[Span] = []
    for line in _LINE.finditer(text):
        own = _sentences_of_line(line.group(), line.start())
        if own and found and text[found[-1].end - 1] == ":" and not _ITEM.match(line.group()):
            own[0] = Span(found.pop().start, own[0].end)
        found += own
    return found


def _sentences_of_line(line: str, offset: int) -> list[Span]:
    spans: list[Span] = []
    start = 0
    for end in _END.finditer(line):
        if _ends(line, start, end):
            spans += _trimmed(line, start, end.end(), offset)
            start = end.end()
    return spans + _trimmed(line, start, len(line), offset)


def _trimmed(line: str, start: int, end: int, offset: int) -> list[Span]:
    part = line[start:end]
    stripped = part.strip()
    if not stripped:
        return []
    first = start + len(part) - len(part.lstrip())
    return [Span(offset + first, offset + first + len(stripped))]


def _ends(line: str, start: int, end: re.Match[str]) -> bool:
    """Whether the sentence that starts at ``start`` ends with this mark."""
    if end.group().startswith(";"):
        return True
    rest = _SPACE.sub("", line[end.end() : end.end() + _NEAR], count=1)
    if not rest:
        return True
    if rest[0] in _CLOSERS or rest.lstrip(_OPENERS)[:1].islower():
        return False
    if end.end() - start < _NEAR and _NUMBERING.fullmatch(line[start : end.end()].strip()):
        return False  # "1. Les contrats", "Article 5. – Les contrats"
    before = line[max(start, end.start() - _NEAR) : end.start()]
    return end.group() != "." or not _is_abbreviation(before, rest)


def _is_abbreviation(before: str, rest: str) -> bool:
    """Whether the full stop between ``before`` and ``rest`` only shortens a word."""
    found = _LAST_WORD.search(before)
    if not found:
        return False
    word = found.group()
    if _is_initials(word):
        return _goes_on_after_initials(word, before[: found.start()], rest)
    word = word.lower()
    if word in _NEVER_LAST:
        return True
    return word in _BEFORE_NUMBER and _CODE.match(rest) is not None and not _opens_sentence(rest, strict=True)


def _is_initials(word: str) -> bool:
    """Capital letters between full stops: "J", "J.O", "C.C.A.S", "J.-P"."""
    return word.isupper() and bool(_INITIAL.fullmatch(word) or _DOTTED.fullmatch(word))


def _goes_on_after_initials(initials: str, before: str, rest: str) -> bool:
    if initials.lower() in _NEVER_LAST:
        return True
    previous = before.split()[-1].lower() if before.split() else ""
    if _LAST_WORD.search(previous) and previous.replace("’", "'").rpartition("'")[2] in _LETTERED:
        return rest.lstrip(_OPENERS)[:1].isdigit()
    if initials == "M":
        return True
    return not _opens_sentence(rest, strict=len(initials) == 1)


def _opens_sentence(rest: str, *, strict: bool) -> bool:
    """Whether the first word opens sentences; ``strict`` leaves out those that names hold too."""
    found = _FIRST_WORD.search(rest)
    if not found:
        return False
    word = found.group().lower()
    if len(word) == 1 and word != "à" and rest[found.end() : found.end() + 1] not in ("’", "'"):
        return False  # "L. 230-5-1" and "C. Dupont" are no "L’État" and no "C’est"
    return word in _STARTERS or (not strict and word in _STARTERS_IN_NAMES)
