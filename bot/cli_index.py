"""What the commands do with an index: load the encoder, build, open for answers, and tell how far long work is."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot import cli_output
from bot.collection import Inheriting
from bot.journal import Journal, kept
from bot.logs import repeated, say
from bot.phrases import counted, french_date
from bot.settings import Settings
from corpus.errors import IndexStoreError, MotamotError, SettingsError

if TYPE_CHECKING:
    from bot.reload import LiveAssistant
    from bot.service import AssistantLike
    from index.build import Built
    from index.encoder import Encoder
    from index.searcher import Searcher

_EVERY = 60.0
"""Seconds between two lines about long work, where no progress bar can be drawn."""


def load_encoder(settings: Settings) -> "Encoder":
    """The encoder of these settings; takes seconds."""
    return _encoder_at(settings.encoder)


def _encoder_at(folder: str | None) -> "Encoder":
    from index.e5.unpack import default_encoder
    from index.sentence_transformer import SentenceTransformerEncoder

    return SentenceTransformerEncoder(folder) if folder else default_encoder()


def build_index(
    settings: Settings, encoder: "Encoder", *, accept_loss: bool = False, processes: int = 1, ray: str | None = None
) -> "Built":
    """Build the index, show how far it is, and print what was built; encode by so many processes, or through Ray."""
    from index.build import build as run
    from index.encoding import pool

    encoding = pool(processes, partial(_encoder_at, settings.encoder), ray)
    with progress("Construction de l’index") as advance, encoding as elsewhere:
        built = run(
            settings.corpus,
            settings.home,
            encoder,
            max_error=settings.max_error,
            on_progress=lambda phase, done, total: advance(done, total, phase.value),
            on_wait=lambda: say("Une autre construction de cet index est en cours : j’attends qu’elle finisse."),
            accept_loss=accept_loss,
            pool=elsewhere,
        )
    cli_output.show_built(Console(stderr=True, soft_wrap=True), built)
    return built


def open_searcher(settings: Settings, *, publish: bool = False) -> "Searcher":
    """The index of these settings, built where there is none.

    One that stands is replaced with ``publish`` only, when it is stale or damaged. Otherwise a stale one answers as
    it is, and standard error says how to rebuild it.

    Raises:
        SettingsError: It was built from another corpus than the one that is chosen.
        MotamotError: It cannot be loaded, or built where there is none.
    """
    from index.state import State, state

    encoder, home = load_encoder(settings), settings.home
    found = state(settings.corpus, home, encoder.name, settings.max_error)
    if found is State.OTHER_CORPUS:
        raise SettingsError(of_another_corpus(settings))
    if found is State.ABSENT:
        build_index(settings, encoder)
    elif publish:
        return _published(settings, encoder, is_fresh=found is State.FRESH)
    searcher = _load(settings, encoder)
    if found is State.STALE:
        say(
            f"L’index « {home} » ne correspond plus à son corpus : il répond tel qu’il a été construit le "
            f"{french_date(searcher.manifest.built[:10])}. Pour le mettre à jour, lancez « motamot build »."
        )
    return searcher


def of_another_corpus(settings: Settings) -> str:
    """What to say of an index that was built from another corpus than the one chosen."""
    from index.versions import corpus_in

    home = settings.home
    built = corpus_in(home.remembered())
    return (
        f"L’index « {home} » a été construit depuis le corpus « {built} », et non « {settings.corpus} » : ne donnez "
        "que l’un des deux (« --index », « --corpus »), ou deux qui vont ensemble."
    )


def _published(settings: Settings, encoder: "Encoder", *, is_fresh: bool) -> "Searcher":
    """An index that stands, built again where it must be; where it cannot be, the one before."""
    if is_fresh:
        try:
            return _load(settings, encoder)
        except IndexStoreError as error:
            say(f"{error} C’est ce que je fais.")
    try:
        build_index(settings, encoder)
    except MotamotError as error:
        try:
            before = _load(settings, encoder)
        except IndexStoreError:
            raise error from None  # the cause, not its consequence
        say(f"{error} En attendant, l’index construit le {french_date(before.manifest.built[:10])} répond.")
        return before
    return _load(settings, encoder)


def _load(settings: Settings, encoder: "Encoder") -> "Searcher":
    from index.searcher import Searcher

    with progress("Chargement de l’index"):
        return Searcher.load(settings.home, encoder)


def kept_journal(settings: Settings) -> AbstractContextManager[Journal | None]:
    """The journal of these settings, purged on schedule; None where nothing is written down."""
    return kept(settings.journal_path, settings.journal, settings.journal_days, settings.shared_journal)


def open_assistant(settings: Settings) -> "AssistantLike":
    """The assistant over the index of these settings, and behind it, for a collection, over that of the service."""
    from bot.assistant import Assistant

    own = Assistant(open_searcher(settings))
    if settings.service is None:
        return own
    common = Assistant(_load(settings.service, own.searcher.encoder))
    return Inheriting(own, common, settings.title or settings.within, settings.service.operator)


def open_live(settings: Settings, *, publish: bool = False) -> "LiveAssistant":
    """The assistant over the index of these settings, which takes up a newer one by itself; ``publish`` as above."""
    from bot.assistant import Assistant
    from bot.reload import LiveAssistant

    home = settings.home
    seen = home.mark()
    return LiveAssistant(home, Assistant(open_searcher(settings, publish=publish)), seen)


def open_own(settings: Settings, encoder: "Encoder") -> "LiveAssistant":
    """The same of a collection, whose index must be there: a visitor does not wait for its building."""
    from bot.assistant import Assistant
    from bot.reload import LiveAssistant
    from index.searcher import Searcher

    home = settings.home
    seen = home.mark()
    if seen is None:
        raise IndexStoreError(
            f"La collection « {settings.within} » n’a pas encore d’index : lancez « motamot build --collection "
            f"{settings.within} »."
        )
    return LiveAssistant(home, Assistant(Searcher.load(home, encoder)), seen)


Advance = Callable[..., None]
"""Called with how much is done, of how much (None: not known) and, where it has a name, what is being done."""


@contextmanager
def progress(title: str, unit_bytes: bool = False) -> Iterator[Advance]:
    """Show on standard error how far some work is: a bar in a terminal, elsewhere a line a minute."""
    console = Console(stderr=True)
    if not console.is_terminal:
        with _told_in_lines(title) as advance:
            yield advance
        return
    columns = [TextColumn("{task.description}"), BarColumn()]
    columns += [TextColumn("{task.completed} o")] if unit_bytes else [MofNCompleteColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None)

        def draw(done: int, total: int | None, phase: str = "") -> None:
            bar.update(task, completed=done, total=total, description=f"{title} : {phase}" if phase else title)

        yield draw


@contextmanager
def _told_in_lines(title: str) -> Iterator[Advance]:
    state, begun = "", time.monotonic()

    def note(done: int, total: int | None, phase: str = "") -> None:
        nonlocal state
        state = " : " + f"{phase} {done} sur {total}".strip() if total else f" : {phase}" if phase else ""

    def tell() -> None:
        say(f"{title}{state} ({counted(round((time.monotonic() - begun) / 60), 'minute')}).")

    with repeated(tell, _EVERY, "progress"):
        yield note
