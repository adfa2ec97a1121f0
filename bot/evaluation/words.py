"""The French of an evaluation: names of figures and verdicts, numbers as one reads them."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.answer import Kind
from bot.evaluation.comparison import CHANCE, Change, Comparison, Difference
from bot.evaluation.intervals import Estimate
from bot.evaluation.outcome import Outcome, Verdict
from corpus.errors import typeset

_NBSP = "\u00a0"


def number(value: float, digits: int) -> str:
    """A decimal number: 0,93."""
    return f"{value:.{digits}f}".replace(".", ",").replace("-", "\u2212")


def share(value: float, digits: int = 1) -> str:
    """A share as a percentage: 93,1 %."""
    return f"{number(100 * value, digits)}{_NBSP}%"


def milliseconds(value: float) -> str:
    """A time: 12 ms."""
    return f"{number(value, 0)}{_NBSP}ms"


def _score(value: float) -> str:
    return number(value, 3)


@dataclass(frozen=True, slots=True)
class Name:
    """How a figure is called, written and understood."""

    label: str
    meaning: str
    write: Callable[[float], str]
    rising: bool = True
    """Whether more is better."""


def _named(label: str, meaning: str, write: Callable[[float], str], rising: bool = True) -> Name:
    return Name(typeset(label), typeset(meaning), write, rising)


_ON_INSIDE = "questions auxquelles les documents répondent"
FIGURES = {
    "hit_rate": _named(
        "Bonne réponse, au bon endroit",
        f"{_ON_INSIDE} : la bonne entrée est citée, et l’essentiel de ce qui est surligné était attendu",
        share,
    ),
    "right_entry": _named("Bonne entrée citée", f"{_ON_INSIDE} : la citation vient de la bonne entrée", share),
    "wrongly_silent": _named("Silence à tort", f"{_ON_INSIDE}, mais il dit qu’il ne sait pas", share, rising=False),
    "clarified": _named(
        "Demande de précision utile",
        f"{_ON_INSIDE} : il propose deux questions, dont la bonne",
        share,
    ),
    "hit@1": _named("Bonne entrée au premier rang", "hit@1, dans le classement, que l’assistant réponde ou non", share),
    "hit@3": _named("Bonne entrée parmi les trois premières", "hit@3", share),
    "hit@5": _named("Bonne entrée parmi les cinq premières", "hit@5", share),
    "mrr": _named("MRR", "moyenne de l’inverse du rang de la première bonne entrée ; 1 au mieux", _score),
    "ndcg@10": _named("nDCG@10", "bonnes entrées parmi les dix premières, le haut comptant plus ; 1 au mieux", _score),
    "refusal_precision": _named("Refus à raison", "précision : part des refus qui étaient justifiés", share),
    "refusal_recall": _named(
        "Questions hors sujet refusées", "rappel : part des questions sans réponse qu’il refuse", share
    ),
    "courtesy_rate": _named("Politesses reconnues", "bonjour, merci, qui êtes-vous…", share),
    "ece": _named(
        "Erreur de calibration (ECE)",
        "écart moyen entre confiance annoncée et part de bonnes réponses, en dix tranches égales "
        "(Naeini et al. 2015, Guo et al. 2017) ; 0 au mieux",
        _score,
        rising=False,
    ),
    "brier": _named(
        "Score de Brier", "carré moyen de l’écart entre confiance et vérité ; 0 au mieux", _score, rising=False
    ),
    "aurc": _named(
        "Aire sous la courbe risque-couverture (AURC)",
        "risque moyen selon la part de questions auxquelles on répond ; 0 au mieux",
        _score,
        rising=False,
    ),
    "latency_p50_ms": _named("Temps de réponse médian", "une question sur deux prend moins", milliseconds, False),
    "latency_p95_ms": _named(
        "Temps de réponse, 95e centile", "19 questions sur 20 prennent moins", milliseconds, False
    ),
    "latency_p99_ms": _named(
        "Temps de réponse, 99e centile", "99 questions sur 100 prennent moins", milliseconds, False
    ),
}
"""Names of the figures of ``bot.evaluation.figures``, by key."""

_VERDICTS = {
    Verdict.WRONG_PART: "bonne entrée, mauvaise phrase surlignée",
    Verdict.WRONG_ENTRY: "mauvaise entrée",
    Verdict.SILENT: "silence à tort",
    Verdict.CLARIFIED: "demande de précision",
    Verdict.NOT_REFUSED: "aurait dû refuser",
    Verdict.NOT_COURTEOUS: "politesse non reconnue",
}
_RIGHT = {
    Kind.ANSWER: "bonne réponse",
    Kind.REFUSE: "refus justifié",
    Kind.SMALLTALK: "politesse reconnue",
}
KINDS = {
    Kind.ANSWER: "Les documents répondent",
    Kind.REFUSE: "Hors sujet, à refuser",
    Kind.SMALLTALK: "Politesses",
}
"""What the known questions expect."""


def verdict(outcome: Outcome) -> str:
    """A verdict in words."""
    return verdict_name(outcome.verdict, outcome.expected)


def verdict_name(verdict: Verdict, expected: Kind) -> str:
    """A verdict on a question of which this kind of answer is expected."""
    return _RIGHT[expected] if verdict == Verdict.RIGHT else _VERDICTS[verdict]


def interval(key: str, estimate: Estimate) -> str:
    """The bounds of a figure: « de 88,1 % à 95,0 % »."""
    write = FIGURES[key].write
    low = write(estimate.low).removesuffix(f"{_NBSP}%").removesuffix(f"{_NBSP}ms")
    return f"de {low} à {write(estimate.high)}"


def value(key: str, estimate: Estimate) -> str:
    """A figure, a dash where no question bears on it."""
    return FIGURES[key].write(estimate.value) if estimate.n else "—"


def difference(key: str, before: Estimate, after: Estimate) -> str:
    """How far a figure moved: +2,3 points."""
    name, moved = FIGURES[key], after.value - before.value
    if not before.n or not after.n:
        return "—"
    if name.write is share:
        text = f"{number(100 * moved, 1)}{_NBSP}{'point' if abs(100 * moved) < 2 else 'points'}"
    else:
        text = name.write(moved)
    return f"+{text}" if moved > 0 else text


def chance(difference: Difference) -> str:
    """Whether chance explains a difference, without the jargon of tests."""
    p = difference.p
    if p is None or difference.before.value == difference.after.value:
        return "—"
    return f"{'peut-être' if p >= CHANCE else 'difficilement'} ({_p(p)})"


def _p(p: float) -> str:
    return "p < 0,001" if p < 0.001 else f"p = {number(p, 2 if p >= CHANCE else 3)}".replace(" ", _NBSP)


def count(n: int, noun: str) -> str:
    """A number of things: « 1 question », « 3 questions »; French counts 0 as a singular."""
    return f"{n}{_NBSP}{noun}" if n < 2 else f"{n}{_NBSP}" + " ".join(f"{word}s" for word in noun.split())


def summary(comparison: Comparison) -> str:
    """A comparison in a few sentences."""
    if not comparison.n:
        return "Aucune question n’est comparable : leur texte ou la réponse attendue a changé."
    said = (
        f"Depuis l’évaluation précédente, sur {count(comparison.n, 'question commune')} : "
        f"{count(len(comparison.better), 'gagnée')}, {count(len(comparison.broken), 'perdue')}."
    )
    if comparison.better or comparison.broken:
        may = "peut être due" if comparison.p >= CHANCE else "est difficilement due"
        said += f" Cette différence {may} au hasard ({_p(comparison.p)})."
    for ids, what in (
        (comparison.added, "nouvelle"),
        (comparison.removed, "retirée"),
        (comparison.altered, "modifiée"),
    ):
        if ids:
            said += f" {count(len(ids), f'question {what}')}, hors comparaison."
    return said


def changed(change: Change) -> str:
    """The verdict before and after."""
    return f"{verdict(change.before)} → {verdict(change.after)}"


def shortfall(hit_rate: Estimate, wanted: float) -> str | None:
    """Why a run fails, None when it reaches the rate wanted or nothing has an answer."""
    if not hit_rate.n or hit_rate.value >= wanted:
        return None
    hits = round(hit_rate.value * hit_rate.n)
    return typeset(
        f"Échec : {count(hits, 'bonne réponse')} sur {hit_rate.n} ({share(hit_rate.value)}), "
        f"au-dessous du taux demandé par « --min-hit » ({share(wanted)})."
    )
