"""What was wanted and what came, in words: for the terminal, the report and the tests."""

from collections.abc import Sequence

from bot.answer import Answer, Kind
from bot.evaluation import words
from bot.evaluation.judge import Judged
from bot.evaluation.questions import KnownQuestion
from corpus.document import Entry

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
    confidence = words.number(answer.confidence, 2)
    lines = [words.verdict(outcome), *(_line("avant", turn) for turn in earlier), _line("demandé", asked)]
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
