"""What the command line says, in French: answers, passages, builds, findings, help, and what is mistyped."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import ValidationError
from rich.console import Console
from rich.text import Text
from typer import Option, Typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from bot.answer import Answer, Quote
from bot.phrases import CONTEXT, READ_AS, UNANSWERED_HALF, common_text, counted, french_date
from corpus.document import Document, Entry
from corpus.errors import typeset

if TYPE_CHECKING:
    from bot.doctor import Finding
    from index.build import Built


def show_line(console: Console, text: str, style: str = "") -> None:
    """One line as it is: no markup of rich, no colours of its own, wrapped by the terminal only."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def show_json(content: object) -> None:
    """For a program."""
    print(json.dumps(content, ensure_ascii=False, indent=2))


def show_answer(console: Console, answer: Answer) -> None:
    """An answer as a person reads it in a terminal."""
    console.print(answer.message, markup=False, highlight=False)
    if answer.reading.as_ in READ_AS:
        show_line(console, f"  ({READ_AS[answer.reading.as_]} « {answer.reading.of} »)", "dim")
    for half in answer.halves:
        if half.quote is None:
            show_line(console, f"  « {half.question} » : {UNANSWERED_HALF}")
    for typed, read in answer.understood:
        show_line(console, f"  (« {typed} » compris comme « {read} »)", "dim")
    for number, quote in enumerate(answer.quotes):
        if number == 1 and not answer.halves:
            console.print("Voir aussi :", highlight=False)
        console.print()
        if quote.context:
            show_line(console, "\n".join((CONTEXT, *quote.context)), "dim")
        text = Text(quote.text)
        for start, end in quote.highlights:
            text.stylize("bold underline", start, end)
        console.print(text, soft_wrap=True)
        show_line(console, source_line(quote), "dim")
    for suggestion in answer.suggestions:
        show_line(console, f"  → {suggestion}")


def source_line(quote: Quote) -> str:
    """Where a quote stands, on one line."""
    source = quote.source
    parts = (
        source.title,
        source.publisher,
        french_date(source.date),
        "" if source.common is None else common_text(source.common),
        source.notice,
        f"page {source.page_label or source.page}" * bool(source.page),
    )
    return "— " + ", ".join(part for part in (*parts, source.section, source.url) if part)


def show_built(console: Console, built: "Built") -> None:
    """What a build did, what it left out and why, and what an editor should look at."""
    corpus = built.corpus
    show_line(
        console,
        f"Index construit : {counted(len(corpus.documents), 'document')}, {counted(len(corpus.entries), 'entrée')}, "
        f"{counted(built.n_passages, 'passage')} ({counted(built.n_encoded, 'texte encodé')}).",
    )
    for document in corpus.documents:
        n = counted(built.phrasings.get(document.id, 0), "autre façon de demander", "autres façons de demander")
        show_line(console, f"  « {document.id} » : {n}")
    warnings = [f"Laissé de côté : « {left.source.title} » : {left.reason} {left.remedy}" for left in corpus.left_out]
    warnings += [
        f"Non cité : « {name} » est dans le dossier des documents, mais pas dans catalogue.toml."
        for name in corpus.unlisted
    ]
    warnings += [
        f"À revoir : « {document.source.title} » : {what}" for document in corpus.documents for what in document.unread
    ]
    warnings += [f"À revoir : {warning}" for warning in built.warnings]
    for warning in warnings:
        show_line(console, typeset(warning), "yellow")


def entries_to_json(document: Document, entries: Sequence[Entry]) -> dict[str, Any]:
    """What was understood of a document, for a program."""
    text = document.text
    return {
        "document": document.id,
        "sha256": document.sha256,
        "entries": [
            {
                "id": entry.id,
                "heading": entry.heading_text or None,
                "start": entry.body.start,
                "end": entry.body.end,
                "page": document.page_at(entry.body.start),
                "passages": [
                    {
                        "start": p.start,
                        "end": p.end,
                        "page": document.page_at(p.start),
                        "text": p.text,
                        "context": [span.of(text) for span in p.context],
                        "quote": [p.quote.start, p.quote.end],
                    }
                    for p in entry.passages
                ],
            }
            for entry in entries
        ],
    }


def show_entries(console: Console, document: Document, entries: Sequence[Entry]) -> None:
    """What was understood of a document, for a person."""
    parts = [counted(len(document.text), "caractère"), counted(len(entries), "entrée")]
    if document.pages:
        parts.insert(1, counted(len(document.pages), "page"))
    show_line(console, f"{document.source.title} : {', '.join(parts)}")
    for what in document.unread:
        show_line(console, typeset(f"À revoir : {what}"), "yellow")
    for entry in entries:
        page = document.page_at(entry.body.start)
        console.print()
        above = "".join(f"{span.of(document.text)} › " for span in entry.passages[0].section)
        console.print(
            Text.assemble((above, "dim"), (entry.heading_text or "(sans question ni titre)", "bold")),
            Text(f"[{entry.id}{f', page {page}' if page else ''}]", style="dim"),
            soft_wrap=True,
        )
        for passage in entry.passages:
            for span in passage.context:
                console.print(Text(f"      ↳ {span.of(document.text)}", style="dim"), soft_wrap=True)
            console.print(Text(f"  {passage.start}–{passage.end}  {passage.text}"), soft_wrap=True)


_COLOURS = {"ok": "green", "attention": "yellow", "erreur": "red"}


def show_findings(console: Console, findings: Sequence["Finding"]) -> None:
    """What was examined, and what to do."""
    for finding in findings:
        console.print(Text(f"{finding.level:<9} ", style=_COLOURS[finding.level]), end="")
        show_line(console, f"{finding.name}\u00a0: {finding.detail}")
        if finding.remedy:
            show_line(console, f"          → {finding.remedy}")


# --- the words of typer ---


CorpusOption = Annotated[
    Path | None,
    Option("--corpus", metavar="DOSSIER", help="Dossier du corpus (catalogue.toml, documents)."),
]
IndexOption = Annotated[Path | None, Option("--index", metavar="DOSSIER", help="Dossier de l’index construit.")]
JsonOption = Annotated[bool, Option("--json", help="Écrire du JSON, pour un programme.")]
CollectionOption = Annotated[
    str, Option("--collection", metavar="NOM", help="Une collection des réglages, avec les textes du service.")
]

_Function = TypeVar("_Function", bound=Callable[..., Any])

# What typer 0.29 writes in a help screen, which it does not translate by itself.
_HELP = (
    (r"(?m)^Usage: ", "Utilisation : "),
    (r"\[OPTIONS\] COMMAND \[ARGS\]\.\.\.", "[OPTIONS] COMMANDE [ARGUMENTS]…"),
    (r"(?m)^(Arguments|Options):$", r"\1 :"),
    (r"(?m)^Commands:$", "Commandes :"),
    (r"Show this message and exit\.", "Afficher cette aide."),
    (r"(?<=\[)required(?=[\];])", "obligatoire"),
    (r"(?<=[\[ ])default: ", "par défaut : "),
    (r" <list\[str\]>", " " * len(" <list[str]>")),
    (r" <str>", " " * len(" <str>")),  # an argument's own name says enough
    (r"(?<=[\]}])\.\.\.", "…"),
    (r" <path>", " " * len(" <path>")),
)

_COMPLAINTS = (
    (
        r"No such option: (.+?) \(Possible options: (.+)\)",
        r"l’option « \1 » n’existe pas ; vouliez-vous dire « \2 » ?",
    ),
    (r"No such option: (.+)", r"l’option « \1 » n’existe pas."),
    (
        r"No such command '(.+)'\. Did you mean '(.+)'\?",
        r"la commande « \1 » n’existe pas ; vouliez-vous dire « \2 » ?",
    ),
    (r"No such command '(.+)'\.", r"la commande « \1 » n’existe pas."),
    (r"Missing argument '(.+)'\.", r"il manque l’argument « \1 »."),
    (r"Got unexpected extra argument\(s\) \((.+)\)", r"« \1 » est de trop (mettez la question entre guillemets)."),
    (r"Option '(.+)' requires an argument\.", r"l’option « \1 » attend une valeur."),
    (r"Option '(.+)' does not take a value\.", r"l’option « \1 » n’attend pas de valeur."),
)
"""What typer 0.29 says of a mistyped command, and in French."""

_INVALID = re.compile(r"Invalid value for '(?P<name>.+?)': (?P<why>.+)", re.DOTALL)
_EXPECTED = (
    (r".*valid integer.*", "un nombre entier"),
    (r".*valid number.*", "un nombre, comme 0.9"),
    (r".*less than or equal to (\S+).*", r"un nombre d’au plus \1"),
    (r".*greater than or equal to (\S+).*", r"un nombre d’au moins \1"),
    (r".*is not one of (.+)\.", r"l’une des valeurs \1"),
)
"""What pydantic says of a value, and what it wants, in French."""


class _FrenchHelp:
    """Shows its help in French."""

    def get_help(self, ctx: Any) -> str:
        screen: str = super().get_help(ctx)  # type: ignore[misc]
        for english, french in _HELP:
            screen = re.sub(english, typeset(french), screen)
        return screen


class _Command(_FrenchHelp, TyperCommand):
    pass


class _Group(_FrenchHelp, TyperGroup):
    pass


class FrenchTyper(Typer):
    """A ``Typer`` whose commands show their help in French."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(cls=_Group, no_args_is_help=True, rich_markup_mode=None, **settings)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[_Function], _Function]:
        """As ``Typer.command``."""
        return super().command(name, cls=_Command, **settings)


def complaint(error: TyperException) -> str:
    """What is wrong with the command as it was typed, and where its help is; a help screen stays as it is."""
    message = error.format_message()
    if message.startswith(typeset("Utilisation :")):
        return message
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "motamot"
    return typeset(f"Erreur : {_in_french(message, error)} Essayez « {path} --help ».")


def _in_french(message: str, error: TyperException) -> str:
    if found := _INVALID.fullmatch(message):
        return _wrong_value(found["name"], found["why"], error)
    for english, french in _COMPLAINTS:
        if found := re.fullmatch(english, message, re.DOTALL):
            return found.expand(french).replace("', '", " » ou « ")
    return message


def _wrong_value(name: str, why: str, error: TyperException) -> str:
    for english, french in _EXPECTED:
        if found := re.fullmatch(english, why, re.DOTALL):
            why = found.expand(french).replace("'", "")
            break
    cause = error.__cause__
    value = f"la valeur {cause.errors()[0]['input']!r}" if isinstance(cause, ValidationError) else "cette valeur"
    return f"l’option « {name} » : {value} ne convient pas, est attendu : {why}."
