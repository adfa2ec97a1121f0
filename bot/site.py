"""The site of these settings: its assistants, its collections, its options; what each process of a service loads."""

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bot import cli_index
from bot.collection import COMMON, Collections, CurrentBranding
from bot.journal import Journal
from bot.logs import configure_logs
from bot.settings import Settings, read_log_format, read_settings
from bot.web.branding import Branding
from bot.web.rate_limits import RequestCounts
from bot.web.security import CollectionAccess
from bot.web.server import SiteOptions, build_app, serve
from index.store import database

if TYPE_CHECKING:
    from fastapi import FastAPI

    from bot.service import AssistantLike


def branding_of(settings: Settings) -> Branding:
    """Of the service; where it has collections, of the one in force."""
    every = {
        name: Branding(own.operator, own.contact, own.theme, own.frame_ancestors, own.title)
        for name in (COMMON, *(table.name for table in settings.collection))
        for own in [settings.of(name)]
    }
    return cast(Branding, CurrentBranding(every)) if settings.collection else every[COMMON]


def load_site(
    settings: Settings, journal: Journal | None, until_closed: ExitStack, folder: Path | None = None
) -> "FastAPI":
    """Load the index, built where it must be, and make the site over it.

    Args:
        settings: Of the service.
        journal: Where questions are written down.
        until_closed: What watches over the index ends with it.
        folder: What the processes of this machine share; None for one process. With a database, it is shared there.
    """
    live = cli_index.open_live(settings, publish=folder is None)
    until_closed.enter_context(live.watched())
    encoder = live.encoder
    assistant: AssistantLike = live
    if settings.collection:
        assistant = Collections(settings, live, lambda own: cli_index.open_own(own, encoder))
    options = SiteOptions(
        journal,
        settings.rate_limit,
        settings.trusted_proxies,
        settings.metrics,
        {table.name: table.corpus for table in settings.collection},
        CollectionAccess(settings.collection, settings.trusted_proxies) if settings.collection else None,
        _counts(settings, folder),
    )
    return build_app(assistant, root_path=settings.root_path, corpus=settings.corpus, options=options)


def _counts(settings: Settings, folder: Path | None) -> RequestCounts | None:
    if settings.store:
        return RequestCounts.in_database(database(settings.store))
    return RequestCounts.in_file(folder / "state.sqlite3") if folder else None


def serve_site(
    settings: Settings,
    given: Mapping[str, object],
    ready: Callable[[], None],
    folder: Path | None = None,
    listener: socket.socket | None = None,
    first: bool = False,
) -> None:
    """Load the site of these settings and serve it until interrupted.

    Args:
        settings: Of the service.
        given: Those of the command line; the branding is read again with them at the signal SIGHUP.
        ready: Called once the site answers.
        folder: As in ``load_site``.
        listener: A socket that other processes accept from too.
        first: Whether to load before the first request is accepted: other processes answer meanwhile.
    """
    with ExitStack() as until_closed:
        book = until_closed.enter_context(cli_index.kept_journal(settings))
        serve(
            lambda: load_site(settings, book, until_closed, folder),
            lambda: branding_of(read_settings(**given)),  # type: ignore[arg-type]
            ready,
            settings.host,
            settings.port,
            settings.root_path,
            listener=listener,
            first=first,
        )


def work(listener: socket.socket, folder: Path, again: bool, given: Mapping[str, object]) -> None:
    """One of several processes that serve an address (see ``workers.Work``)."""
    configure_logs(read_log_format())
    settings = read_settings(**given)  # type: ignore[arg-type]
    serve_site(settings, given, (folder / str(os.getpid())).touch, folder, listener, first=again)
