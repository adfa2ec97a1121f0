"""What a turn may be beside a question of its own: another subject, a correction, two questions, a choice."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.french import FoldedText, stem, stems, stems_of, words

_SWITCH = re.compile(
    r"^\W*(?:bon\W+|alors\W+|ok\W+|sinon\W+|et\W+)*"
    r"(?:(?:rien [àa] voir|autre (?:sujet|question|chose|point)|changeons de sujet|sans (?:rapport|lien)|"
    r"pour changer|(?:je )?passons? [àa] autre chose|nouvelle question|par ailleurs|au fait)\b[^.:!?;,]{0,30}?)"
    r"(?:[.:!?;,…–-]+\s*|\s+(?=\w))",
    re.IGNORECASE,
)
_SAYING = (
    r"je (?:voulais?|voulai|veux|voudrais) (?:dire\b|parler d)|je (?:ne )?parl(?:e|es|ais?|er) (?:pas |bien )?d|"
    r"je (?:me (?:suis )?|m'etais )(?:mal )?(?:tromp|exprim)|j'? ?ai (?:mal |fait une (?:erreur|faute))|"
    r"(?:petite )?erreur de (?:ma part|frappe|saisie)|au(?:tant|x? temps) pour moi"
)
_NAMED = r"(?:celui |celle |ceux |celles )?(?:l[ea]s?|l'|du|des|de l[a'])\b ?[^,;?!]{1,40}?"
_CORRECTION = re.compile(
    # "Pas le TI, le CRTE"; "la patinoire, pas la piscine".
    rf"\W*pas {_NAMED}(?:[,;.]\s*(?:mais )?|\s+mais ){_NAMED}[.!\s]*$|"
    rf"(?:l[ea]s? |l')\w+(?: \w+)?, (?:et )?(?:pas|non) {_NAMED}[.!\s]*$|"
    # First of all, "non": not the one of "non-respect" or "non conforme".
    r"(?P<opening>\W*(?:(?:ah|oh|euh|heu|bah|ben|mais|bon|alors|oui|en fait|excus\w+(?:[ -]moi)?)\b\W*)*"
    r"(?:non(?:\W*$|\s*[,.:;!…]|\s+(?:pas|plutot|je|j'|c'est|cest|l[ea]s?|l'|d[ue]|des|d'|pour|en|mais|pardon|desole)\b)|"
    rf"(?:pardon|pardonnez-moi|desolee?|oups)\b|(?:erreur|correction|rectification)\s*[:,;!.…]|mal ecrit|{_SAYING}))|"
    # Or last of all.
    rf".*(?:[,;.…(]\s*pardon|\b(?:{_SAYING}\w*))\W*$|c'?est .{{1,60}} (?:que|dont) je (?:parl|voulais parl)\w+\W*$"
)
"""Of a folded turn that takes back something said before. A negation alone never does."""
_JOINED = re.compile(r"[\s'’-]*")
"""Between two words of one phrase."""
_FILLER = re.compile(
    r"non|pardon|j|je|jai|ai|voulais?|dire|parl(?:er|ais?|e)|mal|ecri[ts]|desolee?|trompee?|suis|me|oups|plutot|que|c|"
    r"cest|est|pas|mais"
)

_ASKS = (
    r"est[ -]ce|comment|combien|qui\b|que\b|qu['’]|quoi|quels?\b|quelles?\b|quand|où\b|pourquoi|"
    r"(?:jusqu|depuis|pour|avec|à|a|dans|sur|de|par)[ '’]+(?:quand|où|quels?|quelles?|qui|quoi|combien)\b|"
    r"(?:peut|doit|faut|sera|est|a|y a|dois|puis)-(?:on|il|elle|je|t-(?:on|il|elle))\b"
)
_SAYS = r"(?:vous|on|je|j['’]|ils?|elles?|tu|nous|ça|faut|il faut|c['’]est|y a)\b"
_HALVES = re.compile(
    rf"(?:\s*[,;]?\s+(?:et|puis|et puis|ainsi que|mais aussi)\s+|\s*\?\s*(?:(?:et|puis|sinon,?)\s+)?)"
    # "Et la photocopie est à combien ?", "Et la carte, où ?"
    rf"(?:(?P<surely>{_ASKS})|(?P<maybe>{_SAYS}|[^?]*\b(?:combien|quand|comment|où|quoi|qui)\W*$))",
    re.IGNORECASE,
)
"""Where a second question begins; one that begins with its subject may be the end of the first."""
_ASKED = re.compile(rf"\b(?:{_ASKS})|-(?:t-)?(?:ils?|elles?|on|vous|tu|je|ce|nous)\b|\bfaut\b", re.IGNORECASE)
"""In what has the form of a question."""
_LONG = 25
"""Words beyond which what goes before is a story that ends with the question."""

_ORDER = {
    **dict.fromkeys(["premier", "premiere", "1", "1er", "1ere", "un", "une"], 0),
    **dict.fromkeys(["deuxieme", "second", "seconde", "2", "2e", "2eme", "deux"], 1),
    **dict.fromkeys(["troisieme", "3", "3e", "3eme", "trois"], 2),
    **dict.fromkeys(["quatrieme", "4", "4e", "4eme", "quatre"], 3),
    **dict.fromkeys(["dernier", "derniere"], -1),
}
_AROUND_ORDER = frozenset(
    words(
        "la le l celle celui du de au a numero n no question reponse option choix proposition redis redites redire "
        "répète répétez moi stp svp s il te vous plaît oui ok non merci plutôt donc alors dis voir encore ce sera c "
        "est pour je veux prends choisis voudrais montre"
    )
)
_YES = frozenset(words("oui ouais ouaip yes exact exactement c est ça cela voilà tout à fait celle là bien"))
_NO = frozenset(
    words("non nan aucune aucun rien de tout ça ces cette questions question pas celle là celles ni l une autre")
)
NONE = -2
"""The choice of none of what is offered."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A question after a turn that takes back something of it."""

    kept: str
    """The question without what is denied."""
    meant: str
    is_sentence: bool
    """Whether what is meant may stand alone."""


@dataclass(frozen=True, slots=True)
class Halves:
    """Two questions asked at once."""

    first: str
    second: str
    surely: bool
    """Whether the second has the form of a question, too."""


def asks(text: str) -> bool:
    """Whether a text has the form of a question; what has not states or names something."""
    return "?" in text or _ASKED.search(text) is not None


def on_another_subject(turn: str) -> str:
    """A turn without the words that announce a change of subject; empty where there are none, or nothing else."""
    switched = _SWITCH.sub("", turn, count=1).strip()
    return switched if switched != turn.strip() else ""


def is_correction(turn: FoldedText) -> bool:
    """Whether a turn takes back something said before."""
    return _CORRECTION.match(turn.folded) is not None


def corrected(turn: FoldedText, question: str) -> Corrected:
    """What a correction leaves of the previous question, and what it says."""
    said, previous = _CORRECTION.match(turn.folded), FoldedText.of(question)
    opening = len(words((said and said["opening"]) or ""))
    denied = _denied(turn)
    gone = {stem(turn.words[row]) for row in denied[1:]}
    kept = [token for token, rows in _tokens(previous) if gone.isdisjoint(stem(previous.words[r]) for r in rows)]
    # "Les périmètres ne sont pas les mêmes" is a sentence, which may stand alone.
    is_sentence = not {"ne", "n"}.isdisjoint(turn.words)
    idle = {
        row
        for row, word in enumerate(turn.words)
        if row < opening or (not is_sentence and (row in denied or _FILLER.fullmatch(word)))
    }
    meant = [token for token, rows in _tokens(turn) if not rows or not idle.issuperset(rows)]
    return Corrected(" ".join(kept), " ".join(meant).strip(" ,;:"), is_sentence)


def _denied(turn: FoldedText) -> range:
    """Rows of "pas" and of the words after it, up to a sign of punctuation or "mais"."""
    first = next((row for row, word in enumerate(turn.words) if word in ("pas", "lieu")), None)
    if first is None:
        return range(0)
    gaps = [turn.text[end:start] for (_, end), (start, _) in pairwise(turn.spans)]
    last = first + 1
    while last < len(turn.words) and turn.words[last] != "mais" and _JOINED.fullmatch(gaps[last - 1]):
        last += 1
    return range(first, last)


def _tokens(text: FoldedText) -> list[tuple[str, list[int]]]:
    """What stands between blanks, each with the rows of its words."""
    starts = [start for start, _ in text.spans]
    return [
        (token.group(), [row for row, start in enumerate(starts) if token.start() <= start < token.end()])
        for token in re.finditer(r"\S+", text.text)
    ]


def halves(question: str) -> Halves | None:
    """The two questions of one message, each with words of meaning in the first; None where there is one, or more."""
    found = [m for m in _HALVES.finditer(question) if stems_of(words(question[: m.start()]))]
    sure = [m for m in found if m["surely"]]
    if len(sure) > 1 or not found:
        return None
    at = (sure or found)[0]
    first, second = question[: at.start()].strip(" ,;?"), question[at.start(at.lastgroup or 0) :].strip()
    asks = _ASKED.search(first) is not None
    if len(words(first)) > _LONG or not (sure or asks):
        return None
    return Halves(f"{first} ?", second, bool(sure) and asks)


def chosen(turn: FoldedText, n: int) -> int | None:
    """Which of ``n`` things offered a turn chooses, by its number, its place or yes: from 0; ``NONE`` for none of them.

    None for a turn that says something else.
    """
    said = set(turn.words)
    if said and said <= _YES:
        return 0
    if said and said <= _NO:
        return NONE
    for part in re.split(r"[,.;:!?…]", turn.text):
        own = words(part)
        places = [_ORDER[word] for word in own if word in _ORDER]
        if own and own[-1] == "milieu" and set(own[:-1]) <= _AROUND_ORDER:
            return n // 2
        if len(places) == 1 and {word for word in own if word not in _ORDER} <= _AROUND_ORDER:
            return places[0] % n if places[0] < n else None
    return None


def named(terms: Collection[str], offered: Sequence[str]) -> int | None:
    """Which of the questions offered, from 0, alone has all the terms of a turn ("celle de l'eau"); None for no one."""
    rows = [row for row, text in enumerate(offered) if terms and set(terms) <= set(stems(text))]
    return rows[0] if len(rows) == 1 else None


def needs_choice(turn: FoldedText) -> bool:
    """Whether a turn may be one: most are not, and what was offered need not be looked up."""
    return len(turn.words) <= 12 and chosen(turn, 4) is not None
