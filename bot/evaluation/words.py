"""The French of an evaluation: names of figures and verdicts, numbers, failures in a few lines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import shorten

from bot.answer import Answer, Kind
from bot.evaluation.figures import Estimate
from bot.evaluation.questions import Advice, Judged, KnownQuestion, Outcome, Verdict
from bot.evaluation.run_file import CHANCE, Change, Comparison, Difference
from bot.phrases import NBSP, counted
from corpus.document import Entry
from corpus.errors import typeset
from index.calibration import needed

_LONGEST_EXCERPT = 400
"""Characters of an expected excerpt shown where room is short."""


def number(value: float, digits: int) -> str:
    """A decimal number: 0,93."""
    return f"{value:.{digits}f}".replace(".", ",").replace("-", "\u2212")


def share(value: float, digits: int = 1) -> str:
    """A share as a percentage: 93,1 %."""
    return f"{number(100 * value, digits)}{NBSP}%"


def milliseconds(value: float) -> str:
    """A time: 12 ms."""
    return f"{number(value, 0)}{NBSP}ms"


def _score(value: float) -> str:
    return number(value, 3)


@dataclass(frozen=True, slots=True)
class Name:
    """How a figure is called, written and understood."""

    label: str
    meaning: str
    write: Callable[[float], str] = share
    rising: bool = True
    """Whether more is better."""


def _falling(label: str, meaning: str, write: Callable[[float], str]) -> Name:
    return Name(label, meaning, write, rising=False)


_INSIDE = "questions auxquelles les documents répondent"
FIGURES = {
    "hit_rate": Name(
        "Bonne réponse, au bon endroit",
        f"{_INSIDE}{NBSP}: la bonne entrée est citée, et l’essentiel de ce qui est surligné était attendu",
    ),
    "right_entry": Name("Bonne entrée citée", f"{_INSIDE}{NBSP}: la citation vient de la bonne entrée"),
    "wrongly_silent": _falling("Silence à tort", f"{_INSIDE}, mais il dit qu’il ne sait pas", share),
    "clarified": Name("Bonne question proposée", f"{_INSIDE}{NBSP}: il propose une à trois questions, dont la bonne"),
    "hit@1": Name("Bonne entrée au premier rang", "hit@1, dans le classement, que l’assistant réponde ou non"),
    "hit@3": Name("Bonne entrée parmi les trois premières", "hit@3"),
    "hit@5": Name("Bonne entrée parmi les cinq premières", "hit@5"),
    "mrr": Name("MRR", f"moyenne de l’inverse du rang de la première bonne entrée{NBSP}; 1 au mieux", _score),
    "ndcg@10": Name(
        "nDCG@10", f"bonnes entrées parmi les dix premières, le haut comptant plus{NBSP}; 1 au mieux", _score
    ),
    "refusal_precision": Name("Refus à raison", f"précision{NBSP}: part des refus qui étaient justifiés"),
    "not_answered": Name(
        "Questions hors sujet sans réponse citée",
        "part des questions sans réponse qu’il refuse, ou auxquelles il propose d’autres questions",
    ),
    "refusal_recall": Name(
        "Questions hors sujet refusées", f"rappel{NBSP}: part des questions sans réponse qu’il refuse"
    ),
    "courtesy_rate": Name("Politesses reconnues", "bonjour, merci, qui êtes-vous…"),
    "ece": _falling(
        "Erreur de calibration (ECE)",
        "écart moyen entre confiance annoncée et part de bonnes réponses, en dix tranches égales "
        f"(Naeini et al. 2015, Guo et al. 2017){NBSP}; 0 au mieux",
        _score,
    ),
    "brier": _falling("Score de Brier", f"carré moyen de l’écart entre confiance et vérité{NBSP}; 0 au mieux", _score),
    "aurc": _falling(
        "Aire sous la courbe risque-couverture (AURC)",
        f"risque moyen selon la part de questions auxquelles on répond{NBSP}; 0 au mieux",
        _score,
    ),
    "latency_p50_ms": _falling(
        "Temps de réponse médian", "une question sur deux prend moins, sur la machine de l’évaluation", milliseconds
    ),
    "latency_p95_ms": _falling("Temps de réponse, 95e centile", "19 questions sur 20 prennent moins", milliseconds),
    "latency_p99_ms": _falling("Temps de réponse, 99e centile", "99 questions sur 100 prennent moins", milliseconds),
}
"""Names of the figures of ``bot.evaluation.figures``, by key."""

FAULTS = {
    Verdict.NOT_REFUSED: "aurait dû refuser",
    Verdict.WRONG_ENTRY: "mauvaise entrée",
    Verdict.SILENT: "silence à tort",
    Verdict.WRONG_PART: "bonne entrée, mauvaise phrase surlignée",
    Verdict.CLARIFIED: "question proposée",
    Verdict.NOT_COURTEOUS: "politesse non reconnue",
}
"""The verdicts that are not right, the worst first."""
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
EXPECTED = {
    Kind.REFUSE: typeset("un refus : les documents ne répondent pas"),
    Kind.SMALLTALK: "une formule de politesse",
}
"""The same where no excerpt is expected."""


def verdict(outcome: Outcome) -> str:
    """A verdict in words."""
    return verdict_name(outcome.verdict, outcome.expected)


def verdict_name(verdict: Verdict, expected: Kind) -> str:
    """A verdict on a question of which this kind of answer is expected."""
    return _RIGHT[expected] if verdict == Verdict.RIGHT else FAULTS[verdict]


def interval(key: str, estimate: Estimate) -> str:
    """The bounds of a figure: « de 88,1 % à 95,0 % »."""
    write = FIGURES[key].write
    low = write(estimate.low).removesuffix(f"{NBSP}%").removesuffix(f"{NBSP}ms")
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
        text = f"{number(100 * moved, 1)}{NBSP}{'point' if abs(100 * moved) < 2 else 'points'}"
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
    return "p < 0,001" if p < 0.001 else f"p = {number(p, 2 if p >= CHANCE else 3)}".replace(" ", NBSP)


def promise(max_error: float, n: int, measured: Estimate) -> str:
    """What ``max_error`` promises from ``n`` questions without an answer, beside what these known questions measure."""
    if n < (wanted := needed(max_error)):
        return (
            f"Promesse{NBSP}: aucune, car {counted(n, 'question')} sans réponse n’y suffisent pas. Il en faut {wanted} "
            f"au moins pour promettre {share(max_error)}{NBSP}: ajoutez-en sous « unanswered » dans vos formulations."
        )
    got = round(measured.value * measured.n)
    found = f"Mesuré ici{NBSP}: {got} sur {measured.n}." if measured.n else "Non mesuré ici."
    return (
        f"Promesse{NBSP}: à 95{NBSP}% de confiance, au plus {share(max_error)} des questions sans réponse de ce genre "
        f"reçoivent une citation (calculé sur {n}). {found}"
    )


def advised(found: Advice, texts: "Texts") -> str:
    """A piece of advice in a sentence."""
    n = counted(len(found.questions), "question connue")
    if not found.entry:
        return f"« {found.phrasing} » : à noter sans réponse, « unanswered » ({n} sans réponse, citées à tort)."
    return f"« {found.phrasing} » : à ajouter à « {texts.entry(found.entry)} » ({n} sans bonne réponse)."


def summary(comparison: Comparison) -> str:
    """A comparison in a few sentences."""
    if not comparison.n:
        return "Aucune question n’est comparable : leur texte ou la réponse attendue a changé."
    said = (
        f"Depuis l’évaluation précédente, sur {counted(comparison.n, 'question commune')} : "
        f"{counted(len(comparison.better), 'gagnée')}, {counted(len(comparison.broken), 'perdue')}."
    )
    if comparison.better or comparison.broken:
        may = "peut être due" if comparison.p >= CHANCE else "est difficilement due"
        said += f" Cette différence {may} au hasard ({_p(comparison.p)})."
    apart = {"nouvelle": comparison.added, "retirée": comparison.removed, "modifiée": comparison.altered}
    return said + "".join(
        f" {counted(len(ids), f'question {what}')}, hors comparaison." for what, ids in apart.items() if ids
    )


def changed(change: Change) -> str:
    """The verdict before and after."""
    return f"{verdict(change.before)} → {verdict(change.after)}"


def shortfall(hit_rate: Estimate, wanted: float) -> str | None:
    """Why a run fails, None when it reaches the rate wanted or nothing has an answer."""
    if not hit_rate.n or hit_rate.value >= wanted:
        return None
    hits = round(hit_rate.value * hit_rate.n)
    return typeset(
        f"Échec : {counted(hits, 'bonne réponse')} sur {hit_rate.n} ({share(hit_rate.value)}), "
        f"au-dessous du taux demandé par « --min-hit » ({share(wanted)})."
    )


class Texts:
    """The documents, to show what stands in them."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._text = {e.document.id: e.document.text for e in entries}
        self._heading = {e.key: e.heading_text for e in entries}

    def wanted(self, question: KnownQuestion) -> list[tuple[str, str]]:
        """Expected excerpts, word for word, each with the entry that it stands in."""
        found = [
            (e.span.of(self._text[e.document]), self.entry(f"{e.document}/{e.entry or ''}")) for e in question.expect
        ]
        return list(dict.fromkeys(found))

    def entry(self, key: str) -> str:
        """The heading of an entry ``document/entry``; its key where it has none or is not known."""
        return self._heading.get(key) or f"(sans titre) {key}"


def explained(judged: Judged, texts: Texts) -> str:
    """A failure as a few lines: verdict, asked, wanted, got, rank."""
    outcome = judged.outcome
    *earlier, asked = judged.question.turns
    lines = [_line("avant", turn) for turn in earlier] + [_line("demandé", asked)]
    lines += [_line("attendu", text) for text in _wanted(judged.question, texts)]
    lines += [_line("obtenu", text) for text in _got(judged.answer)]
    confidence = f"confiance {number(outcome.confidence, 2)}"
    if outcome.wanted:
        lines.append(_line("rang", f"{outcome.rank or 'absent du classement'} ({confidence})"))
    else:
        lines.append(f"  {confidence}")
    return "\n".join([verdict(outcome), *lines])


def _line(label: str, text: str) -> str:
    return f"  {label:<7}{NBSP}: {text}"


def _wanted(question: KnownQuestion, texts: Texts) -> list[str]:
    if question.kind != Kind.ANSWER:
        return [EXPECTED[question.kind]]
    return [f"{_short(text)} [{entry}]" for text, entry in texts.wanted(question)]


def _got(answer: Answer) -> list[str]:
    """What the answer marks, each with where it stands, or what was said instead."""
    if answer.kind == Kind.ANSWER:
        first = answer.quotes[0]
        where = first.source.question or first.source.section or f"{first.source.document}/{first.source.entry}"
        marked = [first.text[a:b] for a, b in first.highlights] or [first.text]
        return [f"{_short(text)} [{where}]" for text in marked]
    if answer.kind == Kind.CLARIFY:
        return [f"des questions proposées : {' / '.join(answer.suggestions)}"]
    return ["un refus" if answer.kind == Kind.REFUSE else "une formule de politesse"]


def _short(text: str) -> str:
    """An excerpt between its marks, on one line."""
    return f"«{NBSP}{shorten(text, _LONGEST_EXCERPT, placeholder=' […]', break_on_hyphens=False)}{NBSP}»"
