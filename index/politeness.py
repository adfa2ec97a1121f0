"""What is asked, without the formulas of politeness around it: "Bonjour, … merci d'avance pour votre aide"."""

import re

from index.french import STOP_WORDS, fold

_TOKEN = re.compile(r"[^\W_]+", re.UNICODE)

_GREETING = (
    r"(?:re)?bonjour|bonsoir|salut|slt|bjr|bsr|coucou|cc|hello|hey|"
    r"madame|monsieur|mesdames|messieurs|mme|mr|a tou[st]e?s?"
)
_PLEASE = r"svp|stp|s il (?:vous|te) plai[ts]"
_TELL = r"(?:dire|indiquer|expliquer|preciser|repondre)"
_ASKING = (
    r"qui|que|qu|quoi|quand|comment|pourquoi|combien|ou|quels?|quelles?|si|ce qu[e]?|lesquels?|lesquelles?|"
    r"est ce|c est quoi"
)
_ABLE = r"(?:est ce que )?(?:peux tu|pouvez vous|tu peux|vous pouvez|pourrais tu|pourriez vous)"
_OPENING = re.compile(
    rf"(?:(?:{_GREETING}|{_PLEASE}|"
    # "merci de m'indiquer la durée": a request; "merci de votre aide": thanks.
    rf"(?:merci|mrc|je (?:vous|te) remercie) de (?:bien vouloir )?(?:me |m |nous )?{_TELL}|"
    r"(?:j ai|j aurais|j avais) une (?:petite |autre )?question(?: pour (?:vous|toi))?|"
    # "dites-moi qui signe", and not "dites-moi votre nom".
    rf"(?:(?:dis|dites) (?:moi|nous)|{_ABLE} (?:me |m |nous ){_TELL}|"
    r"(?:je )?(?:voudrais?|souhaite|souhaiterais?|aimerais?|veux|cherche a) savoir|"
    rf"(?:est ce que )?(?:tu sais|vous savez|sais tu|savez vous))(?= (?:{_ASKING}) )) )+"
)
_THANKS = (
    r"(?:et )?(?:merci|mrc|merki)(?: bcp| beaucoup| infiniment| bien)?(?: d avance| par avance| a vous| a toi)?"
    r"(?: (?:pour|de) (?:votre|ton|ta|vos|tes|l|la|les) (?:aides?|reponses?|retours?|attention|precisions?))?"
)
_CLOSING = re.compile(
    rf"(?: (?:{_THANKS}|(?:bien )?cordialement|(?:et )?(?:bonne|belle) (?:journee|soiree|apres midi)|"
    rf"bien a vous|au revoir|a bientot|{_PLEASE}))+$"
)
"""Of folded words with one space between them."""


def bare(question: str) -> str:
    """The slice of a question that asks; the whole where nothing else would be left.

    >>> bare("Bonjour, merci de me dire qui signe le contrat ? Cordialement")
    'qui signe le contrat ?'
    >>> bare("merci pour votre aide")
    'merci pour votre aide'
    """
    tokens = list(_TOKEN.finditer(question))
    line = " ".join(fold(token.group()) for token in tokens)
    opening = _OPENING.match(f"{line} ")
    first = opening.group().count(" ") if opening else 0
    closing = _CLOSING.search(line)
    last = len(tokens) - (closing.group().count(" ") if closing else 0)
    if (first, last) == (0, len(tokens)) or all(fold(t.group()) in STOP_WORDS for t in tokens[first:last]):
        return question
    start = tokens[first].start() if first else 0
    end = tokens[last].start() if last < len(tokens) else len(question)
    return question[start:end].strip(" ,;:-–—\n\t")
