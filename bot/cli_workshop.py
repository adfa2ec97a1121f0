"""``motamot atelier``, the editor's workshop, and its twins on the command line."""

import getpass
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bot import cli_index
from bot.cli_output import CorpusOption, FrenchTyper, IndexOption, JsonOption, show_json, show_line
from bot.journal import Journal
from bot.logs import configure_logs, say
from bot.phrases import NBSP, counted
from bot.settings import LOOPBACK, Settings, read_log_format, read_settings
from corpus.errors import CorpusError, SettingsError, reason, typeset

if TYPE_CHECKING:
    from bot.workshop.editing import Workshop
    from bot.workshop.inbox import Group
    from bot.workshop.replay import Replay
    from corpus.alignment import Pair

phrase = FrenchTyper(help="Les autres façons de demander.")

_PORT = 7861
"""Beside that of the service."""


def workshop(
    port: Annotated[int, typer.Option(metavar="PORT", help="Port d’écoute.", min=1, max=65535)] = _PORT,
    host: Annotated[str, typer.Option(metavar="ADRESSE", help="Adresse d’écoute.")] = LOOPBACK[0],
    trusted_header: Annotated[
        str,
        typer.Option(
            metavar="EN-TÊTE", help="Derrière un serveur mandataire qui dit, dans cet en-tête, qui est connecté."
        ),
    ] = "",
    root_path: Annotated[
        str, typer.Option(metavar="CHEMIN", help="Chemin sous lequel ce serveur publie l’atelier.")
    ] = "",
    corpus: CorpusOption = None,
    index: IndexOption = None,
) -> None:
    """Ouvrir l’atelier de l’éditeur.

    Une page locale : questions à traiter, formulations, brouillon, publication.
    """
    import uvicorn

    from bot.web.security import RootPath
    from bot.web.server import configuration
    from bot.workshop.app import build_workshop

    configure_logs(read_log_format())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    settings = read_settings(corpus=corpus, index=index)
    if host not in LOOPBACK and not trusted_header:
        raise SettingsError(
            f"L’atelier ne s’ouvre hors de cette machine ({host}) que derrière un serveur mandataire qui connaît les "
            "personnes : donnez « --trusted-header », ou retirez « --host »."
        )
    with _opened(settings) as opened:
        with cli_index.progress("Lecture des questions à traiter"):  # a thousand take the encoder a minute
            opened.groups()
        hosts = () if trusted_header else ("127.0.0.1", "localhost", "[::1]")
        door, _ = build_workshop(
            opened, header=trusted_header, proxies=settings.trusted_proxies, hosts=hosts, owner=_me()
        )
        address = f"http://{host}:{port}{root_path.rstrip('/')}/"
        link = address if trusted_header else f"{address}entrer?cle={door.key}"
        say(f"L’atelier est ouvert : {link}  (Ctrl+C pour arrêter)")
        uvicorn.Server(configuration(RootPath(door, root_path), host, port)).run()


def misses(as_json: JsonOption = False, corpus: CorpusOption = None, index: IndexOption = None) -> None:
    """Montrer les questions à traiter, groupées.

    Celles du journal qui sont restées sans bonne réponse, le plus grand groupe d’abord.
    """
    with _opened(read_settings(corpus=corpus, index=index)) as workshop:
        found = [(group, [entry.key for entry in workshop.candidates(group)]) for group in workshop.groups()]
        if trouble := workshop.decisions.trouble():
            say(trouble, logging.WARNING)
    if as_json:
        show_json([{**_told(group), "candidates": near} for group, near in found])
        return
    for group, near in found:
        show_line(Console(), f"{group.count} fois : {', '.join(near) or 'aucun texte ne semble y répondre'}")
        for question in group.questions:
            show_line(Console(), f"    {question.text}")
    show_line(Console(), f"{counted(len(found), 'groupe')} à traiter.")


@phrase.command("add")
def phrase_add(
    entry: Annotated[
        str,
        typer.Argument(
            metavar="DOCUMENT/ENTRÉE", help="Telle que « motamot misses » la nomme ; « DOCUMENT/ » : sans réponse."
        ),
    ],
    texts: Annotated[list[str], typer.Argument(metavar="FORMULATION", help="Une ou plusieurs, entre guillemets.")],
    as_json: JsonOption = False,
    corpus: CorpusOption = None,
    index: IndexOption = None,
) -> None:
    """Ajouter des formulations au brouillon.

    Ce qu’une autre entrée a déjà n’est pas ajouté, et le code de sortie est alors 1.
    """
    from bot.workshop.phrasings_file import pasted_lines

    with _opened(read_settings(corpus=corpus, index=index)) as workshop:
        lines = pasted_lines("\n".join(texts))
        taken = workshop.elsewhere(lines, entry)
        attached = workshop.change(entry, _me(), add=[line for line in lines if line not in taken])
    if as_json:
        show_json({"entry": entry, "phrasings": attached.phrasings, "elsewhere": taken})
    else:
        for text, other in taken.items():
            show_line(Console(), typeset(f"« {text} » est déjà rattachée à « {other} »."))
        show_line(Console(), f"{entry} : {counted(len(attached.phrasings), 'formulation')} au brouillon.")
    raise typer.Exit(1 if taken else 0)


def update(
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="Son identifiant dans le catalogue.")],
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="La nouvelle édition.")],
    as_json: JsonOption = False,
    corpus: CorpusOption = None,
    index: IndexOption = None,
) -> None:
    """Remplacer un document du brouillon par sa nouvelle édition.

    Formulations et questions connues suivent. Code de sortie 1 si certaines n’ont plus ce qu’elles visaient.
    """
    from bot.workshop.updating import update as replaced
    from corpus.alignment import Fate

    try:
        content = file.read_bytes()
    except OSError as error:
        raise CorpusError(f"« {file} » ne peut pas être lu ({reason(error)}).") from error
    with _opened(read_settings(corpus=corpus, index=index)) as workshop:
        edition = replaced(workshop, document, file.name, content)
    if as_json:
        names = {fate.name.lower(): [_keys(pair) for pair in edition.of(fate)] for fate in Fate}
        show_json({"document": document, **names, "following": edition.n_following, "left": edition.left})
    else:
        told = (counted(len(edition.of(fate)), fate.value) for fate in Fate if edition.of(fate))
        show_line(Console(), ", ".join(told))
        show_line(Console(), f"{counted(edition.n_following, 'formulation')} au bon endroit.")
        for text in edition.left:
            show_line(Console(), typeset(f"N’est plus dans le document : « {text} »"), "yellow")
    raise typer.Exit(1 if edition.left else 0)


def watch(
    hosts: Annotated[
        list[str] | None, typer.Argument(metavar="SITE", help="Les seuls sites à consulter, par leur nom.")
    ] = None,
    as_json: JsonOption = False,
    corpus: CorpusOption = None,
    index: IndexOption = None,
) -> None:
    """Regarder si les documents du catalogue ont changé.

    Seuls les sites nommés sont appelés. Une nouvelle version attend dans l’atelier : rien n’est publié.
    """
    from bot.workshop.updating import watch as look

    with _opened(read_settings(corpus=corpus, index=index)) as workshop:
        found = look(workshop, hosts or ())
    if as_json:
        show_json([asdict(each) for each in found])
        return
    for each in found:
        show_line(Console(), typeset(f"« {each.document} » : {each.seen} {each.detail and f'({each.detail})'}".strip()))
    if not found:
        show_line(Console(), f"Aucune adresse du catalogue n’est sur {', '.join(hosts or ())}.")
    else:
        show_line(Console(), f"{counted(len(found), 'adresse consultée')}.")


def check(as_json: JsonOption = False, corpus: CorpusOption = None, index: IndexOption = None) -> None:
    """Contrôler que le brouillon ne casse rien.

    Rejoue tout ce qui est connu, en service et au brouillon. Code de sortie 1 s’il y a une perte.
    """
    with _opened(read_settings(corpus=corpus, index=index)) as workshop, cli_index.progress("Contrôle") as advance:
        found = workshop.indexes.check(advance)
    if as_json:
        counts = {
            origin.name.lower(): dict(zip(("n", "before", "after"), own, strict=True))
            for origin, own in found.counts().items()
        }
        lists = {"lost": found.lost, "changed": found.changed, "doubtful": found.doubtful, "wavering": found.wavering}
        listed = {name: [asdict(question) for question in own] for name, own in lists.items()}
        show_json({"gained": len(found.gained), "new": len(found.new), **listed, "replayed": counts})
    else:
        _show_replay(found)
    raise typer.Exit(1 if found.lost else 0)


def publish(
    note: Annotated[str, typer.Option(metavar="TEXTE", help="Ce qui change, pour vos collègues.")] = "",
    author: Annotated[str, typer.Option(metavar="NOM", help="Par défaut, votre nom sur cette machine.")] = "",
    accept_loss: Annotated[bool, typer.Option("--accept-loss", help="Publier même ce qui perd des réponses.")] = False,
    as_json: JsonOption = False,
    corpus: CorpusOption = None,
    index: IndexOption = None,
) -> None:
    """Publier le brouillon, contrôlé, comme version datée.

    Un serveur ouvert la reprend de lui-même ; l’atelier revient à une version précédente.
    """
    with _opened(read_settings(corpus=corpus, index=index)) as workshop:
        made = workshop.publish(author or _me(), note, accept_loss)
    if as_json:
        show_json(asdict(made))
    else:
        files = counted(len(made.changed), "fichier modifié")
        show_line(
            Console(), f"Publié : {files}, {counted(made.gained or 0, 'gagnée')}, {counted(made.lost or 0, 'perdue')}."
        )


def _show_replay(found: "Replay") -> None:
    from bot.evaluation.words import verdict_name
    from bot.workshop.views import KINDS

    console = Console()
    for origin, (n, before, after) in found.counts().items():
        show_line(console, typeset(f"{origin.value} : {n}, justes en service {before}, dans le brouillon {after}"))
    for question in found.lost:
        became = " → ".join(verdict_name(g.verdict, question.expected.kind) for g in (question.before, question.after))
        show_line(console, f"Perdue : {' / '.join(question.expected.turns)} ({became})")
    for question in found.doubtful:
        text, near = question.expected.turns[-1], question.after.heading or question.after.title
        where = question.expected.entry or "notée sans réponse"
        show_line(console, typeset(f"À vérifier : « {text} » ({where}), plus proche de « {near} »"))
    for question in found.changed:
        show_line(console, typeset(f"Réponse qui change : « {' / '.join(question.expected.turns)} »"))
        for when, given in (("avant", question.before), ("après", question.after)):
            # Its signs stay as the document has them.
            said = f"«{NBSP}{given.text}{NBSP}» ({given.title}, {given.heading})" if given.text else KINDS[given.kind]
            show_line(console, f"    {when}{NBSP}: {said}")
    show_line(console, f"{counted(len(found.gained), 'gagnée')}, {counted(len(found.lost), 'perdue')}.")


@contextmanager
def _opened(settings: Settings) -> "Iterator[Workshop]":
    """The workshop of these settings; its index is built where there is none."""
    from bot.workshop.editing import Workshop

    searcher, journal = cli_index.open_searcher(settings), None
    if settings.journal_path.is_file() or settings.journal:
        journal = Journal(settings.journal_path, settings.journal_days)
    with closing(journal) if journal else nullcontext():
        yield Workshop(settings.corpus, settings.home, searcher.encoder, settings.max_error, journal)


def _told(group: "Group") -> dict[str, object]:
    return {**asdict(group), "likely": sorted(group.likely), "count": group.count, "why": group.why}


def _keys(pair: "Pair") -> list[str | None]:
    return [entry.id if entry else None for entry in (pair.before, pair.after)]


def _me() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return ""
