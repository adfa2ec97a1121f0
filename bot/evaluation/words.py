"""The French of an evaluation: names of figures and verdicts, numbers, failures in words, the report in a terminal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bot.answer import Answer, Kind
from bot.evaluation.comparison import CHANCE, Change, Comparison, Difference
from bot.evaluation.figures import figures
from bot.evaluation.intervals import Estimate
from bot.evaluation.judge import Judged, Outcome, Verdict
from bot.evaluation.questions import KnownQuestion
from bot.evaluation.run_file import Run
from corpus.document import Entry
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


_LONGEST_EXCERPT = 400
"""Characters of an expected excerpt shown where room is short."""


class Texts:
    """The documents, to show what stands in them."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._text = {e.document.id: e.document.text for e in entries}
        self._heading = {f"{e.document.id}/{e.id}": e.heading_text for e in entries}

    def wanted(self, question: KnownQuestion) -> list[tuple[str, str]]:
        """Expected excerpts, word for word, each with the entry that it stands in."""
        found = [
            (e.span.of(self._text[e.document]), self.entry(f"{e.document}/{e.entry or ''}")) for e in question.expect
        ]
        return list(dict.fromkeys(found))

    def entry(self, key: str) -> str:
        """The heading of an entry ``document/entry``; its key where it has none or is not known."""
        return self._heading.get(key) or f"(sans titre) {key}"


def got(answer: Answer) -> list[str]:
    """What the answer marks, or the phrase that it says instead."""
    if answer.kind == Kind.ANSWER and answer.quotes:
        first = answer.quotes[0]
        return [first.text[a:b] for a, b in first.highlights] or [first.text]
    return [answer.message]


def explained(judged: Judged, texts: Texts) -> str:
    """A failure as a few lines: verdict, asked, wanted, got, rank."""
    answer, outcome = judged.answer, judged.outcome
    *earlier, asked = judged.question.turns
    confidence = number(answer.confidence, 2)
    lines = [verdict(outcome), *(_line("avant", turn) for turn in earlier), _line("demandé", asked)]
    lines += [_line("attendu", text) for text in _wanted(judged.question, texts)]
    lines += [_line("obtenu", text) for text in _got(answer)]
    if outcome.wanted:
        lines.append(_line("rang", f"{outcome.rank or 'absent du classement'} (confiance {confidence})"))
    else:
        lines.append(_line("confiance", confidence))
    return "\n".join(lines)


def _line(label: str, text: str) -> str:
    return f"  {label:<7}\N{NO-BREAK SPACE}: {text}"


def _wanted(question: KnownQuestion, texts: Texts) -> list[str]:
    if question.kind == Kind.REFUSE:
        return ["un refus, les documents ne répondent pas"]
    if question.kind == Kind.SMALLTALK:
        return ["une formule de politesse"]
    return [f"{_short(text)} [{entry}]" for text, entry in texts.wanted(question)]


def _got(answer: Answer) -> list[str]:
    if answer.kind == Kind.ANSWER and answer.quotes:
        source = answer.quotes[0].source
        where = source.question or source.section or f"{source.document}/{source.entry}"
        return [f"{_short(text)} [{where}]" for text in got(answer)]
    said = {
        Kind.REFUSE: "un refus",
        Kind.CLARIFY: "une demande de précision",
        Kind.SMALLTALK: "une formule de politesse",
        Kind.ANSWER: "une réponse sans citation",
    }[answer.kind]
    choices = [f"{said}, entre {' / '.join(answer.suggestions)}"] if answer.kind == Kind.CLARIFY else []
    return choices or [said]


def _short(text: str) -> str:
    """An excerpt between its marks, on one line."""
    joined = " ".join(text.split())
    kept = joined if len(joined) <= _LONGEST_EXCERPT else f"{joined[:_LONGEST_EXCERPT].rstrip()} […]"
    return f"«\N{NO-BREAK SPACE}{kept}\N{NO-BREAK SPACE}»"


def show_evaluation(console: Console, run: Run, comparison: Comparison | None = None) -> None:
    """The figures, then each question that went wrong."""
    table = Table("Mesure", "Valeur", "Intervalle à 95 %", "Questions")
    for figure in figures(run.outcomes).values():
        if figure.estimate.n:
            table.add_row(
                FIGURES[figure.key].label,
                value(figure.key, figure.estimate),
                interval(figure.key, figure.estimate),
                str(figure.estimate.n),
            )
    console.print(table)
    if comparison is not None:
        _show_comparison(console, comparison)
    wrong = [o for o in run.outcomes if not o.right]
    console.print(f"À revoir : {count(len(wrong), 'question')} sur {len(run.outcomes)}", highlight=False)
    for outcome in wrong:
        _say(console, f"{verdict(outcome)}  {outcome.id}  {_asked(outcome)}")


def _show_comparison(console: Console, comparison: Comparison) -> None:
    _say(console, summary(comparison))
    for title, changes in (
        ("Gagnées", comparison.better),
        ("Perdues", comparison.broken),
        ("Fausses autrement", comparison.other),
    ):
        if changes:
            _say(console, f"{title} ({len(changes)}) :")
        for change in changes:
            _say(console, f"  {changed(change)}  {change.after.id}  {_asked(change.after)}")
    table = Table("Mesure, questions communes", "Avant", "Après", "Différence", "Due au hasard ?")
    for d in comparison.moved:
        table.add_row(
            FIGURES[d.key].label,
            value(d.key, d.before),
            value(d.key, d.after),
            difference(d.key, d.before, d.after),
            chance(d),
        )
    console.print(table)


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _asked(outcome: Outcome) -> str:
    """The turns on one line."""
    return " / ".join(" ".join(turn.split()) for turn in outcome.turns)
