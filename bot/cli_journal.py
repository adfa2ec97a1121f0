"""``motamot journal``: read what was asked, and erase it."""

import csv
import io
import json
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from bot.cli_output import CorpusOption, FrenchTyper, IndexOption, show_line
from bot.journal import Journal, JournalError, Record
from bot.phrases import counted
from bot.settings import read_settings

app = FrenchTyper(help="Lire ou effacer le journal des questions.")


COLUMNS = {
    "reference": "référence",
    "asked": "posée le (UTC)",
    "question": "question",
    "kind": "nature",
    "document": "document",
    "entry": "entrée",
    "confidence": "confiance",
    "elapsed_ms": "durée (ms)",
    "helpful": "utile",
    "reason": "motif",
    "comment": "commentaire",
    "offered": "proposées",
    "chosen": "choisie",
    "collection": "collection",
}
"""Fields of a record and their names in the editor's table."""

_YES_NO = {True: "oui", False: "non", None: ""}


@app.command()
def export(
    style: Annotated[
        Literal["csv", "jsonl"], typer.Option("--format", help="Tableau (csv) ou une ligne JSON par question.")
    ] = "csv",
    unanswered: Annotated[bool, typer.Option("--unanswered", help="Seulement les questions sans réponse.")] = False,
    unhelpful: Annotated[bool, typer.Option("--unhelpful", help="Seulement les réponses qui n’ont pas aidé.")] = False,
    corpus: CorpusOption = None,
    index: IndexOption = None,
) -> None:
    """Écrire le journal sur la sortie standard.

    De la plus ancienne question à la plus récente.
    """
    with _open(corpus, index) as journal:
        records = journal.records(unanswered=unanswered, unhelpful=unhelpful)
        # As bytes: a table that Excel opens starts with a mark of its encoding, whatever the terminal's.
        sys.stdout.buffer.write(_csv(records) if style == "csv" else _jsonl(records))
        sys.stdout.buffer.flush()


@app.command()
def purge(
    everything: Annotated[
        bool, typer.Option("--all", help="Effacer tout le journal, et non ses seules lignes échues.")
    ] = False,
    corpus: CorpusOption = None,
    index: IndexOption = None,
) -> None:
    """Effacer les lignes plus anciennes que « journal_days », ou toutes."""
    with _open(corpus, index) as journal:
        erased = journal.purge(everything)
    show_line(Console(), f"{counted(erased, 'ligne effacée')}." if erased else "Aucune ligne à effacer.")


def _open(corpus: Path | None, index: Path | None) -> closing[Journal]:
    settings = read_settings(corpus=corpus, index=index)
    path, shared = settings.journal_path, settings.shared_journal
    if path.is_file():
        return closing(Journal(path, settings.journal_days))
    hint = "il s’ouvre avec « journal = true », au lancement de « motamot serve »."
    if shared and shared.is_file():
        hint += f" « {shared} », que les sites de ce dossier partageaient, revient au premier qui s’ouvre ainsi."
    raise JournalError(f"Il n’y a pas de journal « {path} » : {hint}")


def _csv(records: Iterable[Record]) -> bytes:
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, COLUMNS, delimiter=";")
    writer.writerow(COLUMNS)
    for record in records:
        line = asdict(record) | {"helpful": _YES_NO[record.helpful]}
        writer.writerow({name: _inert(value) for name, value in line.items()})
    return table.getvalue().encode("utf-8-sig")


def _jsonl(records: Iterable[Record]) -> bytes:
    return "".join(f"{json.dumps(asdict(record), ensure_ascii=False)}\n" for record in records).encode()


def _inert(value: object) -> object:
    """A spreadsheet runs a text that starts like a formula, and visitors write what they want: quoted."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t"} else value
