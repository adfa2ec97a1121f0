"""``motamot atelier``, the editor's workshop, and its twins on the command line."""

import getpass
import signal
import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Annotated

import typer

from bot import cli_index
from bot.cli_french import CorpusOption, IndexOption
from bot.journal import Journal
from bot.logs import configure_logs, say
from bot.settings import LOOPBACK, Settings, read_log_format, read_settings
from corpus.errors import SettingsError

if TYPE_CHECKING:
    from bot.workshop.editing import Workshop

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
    corpus: CorpusOption = None,
    index: IndexOption = None,
) -> None:
    """Ouvrir l’atelier de l’éditeur.

    Une page locale : questions à traiter, formulations, brouillon, publication.
    """
    import uvicorn

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
    with ExitStack() as open_meanwhile:
        opened = open_workshop(settings, open_meanwhile)
        hosts = () if trusted_header else ("127.0.0.1", "localhost", "[::1]")
        door, _ = build_workshop(
            opened, header=trusted_header, proxies=settings.trusted_proxies, hosts=hosts, owner=_me()
        )
        address = f"http://{host}:{port}/"
        link = address if trusted_header else f"{address}entrer?cle={door.key}"
        say(f"L’atelier est ouvert : {link}  (Ctrl+C pour arrêter)")
        uvicorn.Server(configuration(door, host, port)).run()


def open_workshop(settings: Settings, open_meanwhile: ExitStack) -> "Workshop":
    """The workshop of these settings; its index is built where there is none."""
    from bot.workshop.editing import Workshop

    searcher = cli_index.open_searcher(settings)
    journal = None
    if settings.journal_path.is_file() or settings.journal:
        journal = open_meanwhile.enter_context(closing(Journal(settings.journal_path, settings.journal_days)))
    return Workshop(settings.corpus, settings.home, searcher.encoder, settings.max_error, journal)


def _me() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return ""
