"""A command that is mistyped, and the help screens: in French, to the last word."""

import re
import sys
from collections.abc import Iterator

import pytest
import typer
from conftest import Ran, Run, plain

from bot import cli


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    # As under ``python -m pytest``, which typer would otherwise name as the program.
    monkeypatch.setattr(sys.modules["__main__"], "__package__", "pytest")


PORT, ERROR, HIT, FORMAT = (f"l’option « --{name} » : la valeur" for name in ("port", "max-error", "min-hit", "format"))


@pytest.mark.parametrize(
    ("arguments", "said", "command"),
    [
        ("ask", "il manque l’argument « QUESTION ».", "ask"),
        ("ask a --prot 1", "l’option « --prot » n’existe pas.", "ask"),
        ("ask a --jso", "l’option « --jso » n’existe pas ; vouliez-vous dire « --json » ?", "ask"),
        ("demander a", "la commande « demander » n’existe pas.", ""),
        ("journal purg", "la commande « purg » n’existe pas ; vouliez-vous dire « purge » ?", "journal"),
        ("ask Où voter", "« voter » est de trop (mettez la question entre guillemets).", "ask"),
        ("serve --port", "l’option « --port » attend une valeur.", ""),
        ("ask --json=3 a", "l’option « --json » n’attend pas de valeur.", ""),
        ("serve --port abc", f"{PORT} 'abc' ne convient pas, est attendu : un nombre entier.", "serve"),
        ("build --max-error peu", f"{ERROR} 'peu' ne convient pas, est attendu : un nombre, comme 0.9.", "build"),
        ("evaluate q --min-hit 3", f"{HIT} '3' ne convient pas, est attendu : un nombre d’au plus 1.", "evaluate"),
        (
            "journal export --format xml",
            f"{FORMAT} 'xml' ne convient pas, est attendu : l’une des valeurs csv, jsonl.",
            "journal export",
        ),
    ],
)
def test_what_is_mistyped_is_said_in_one_line_of_french(motamot: Run, arguments: str, said: str, command: str) -> None:
    helped = f"motamot {command}".strip()

    assert motamot(*arguments.split()) == Ran(2, "", f"Erreur : {said} Essayez « {helped} --help ».\n")


def commands(command: typer.core.TyperCommand | typer.core.TyperGroup, *path: str) -> Iterator[tuple[str, ...]]:
    """Every command and group of commands, as it is typed."""
    yield path
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, *path, name)


COMMANDS = list(commands(typer.main.get_command(cli.app)))
ENGLISH = re.compile(
    r"\b(usage|show|this|message|and|exit|required|default|commands?|args?|error|missing|try|for|help|"
    r"integer|float|int|str|text|path|range)\b",
    re.IGNORECASE,
)


def test_all_commands_are_looked_at() -> None:
    assert {(), ("ask",), ("journal",), ("journal", "export"), ("doctor",)} <= set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_has_no_word_of_english(motamot: Run, path: tuple[str, ...]) -> None:
    ran = motamot(*path, "--help")

    screen = plain(ran.out)
    assert ran.code == 0
    assert screen.startswith(f"Utilisation : {' '.join(['motamot', *path])} [OPTIONS]")
    assert "  Afficher cette aide.\n" in screen
    assert ENGLISH.findall(re.sub(r"--[\w-]+", "", screen)) == []


def test_a_group_without_a_command_shows_its_help(motamot: Run) -> None:
    ran = motamot("journal")

    assert ran.code == 2
    assert ran.err.startswith("Utilisation : motamot journal [OPTIONS] COMMANDE [ARGUMENTS]…\n")
    screen = plain(motamot("evaluate", "--help").out)
    assert [words for words in ("[obligatoire]", "[par défaut : 0.0; 0<=x<=1]") if words not in screen] == []
