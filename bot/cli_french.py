"""The command line's own words in French: its help screens, and what it says to a command that is mistyped."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import ValidationError
from typer import Option, Typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from corpus.errors import typeset

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
