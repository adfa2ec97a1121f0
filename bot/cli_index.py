"""What the commands do with an index: load the encoder, build, open for answers, and tell how far long work is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot import cli_output
from bot.logs import say
from bot.settings import Settings
from corpus.errors import MotamotError

if TYPE_CHECKING:
    from bot.assistant import Assistant
    from bot.reload import LiveAssistant
    from index.build import Built
    from index.encoder import Encoder
    from index.searcher import Searcher


def load_encoder(settings: Settings) -> "Encoder":
    """The encoder of these settings; takes seconds."""
    from index.e5.unpack import default_encoder
    from index.sentence_transformer import SentenceTransformerEncoder

    if settings.encoder:
        return SentenceTransformerEncoder(settings.encoder)
    return default_encoder()


def build_index(settings: Settings, encoder: "Encoder") -> "Built":
    """Build the index, show how far it is, and print what was built."""
    from index.build import build as run

    with progress("Construction de l’index") as advance:
        built = run(
            settings.corpus,
            settings.index_folder,
            encoder,
            max_error=settings.max_error,
            on_progress=lambda _, done, total: advance(done, total),
            on_wait=lambda: say("Une autre construction de cet index est en cours : j’attends qu’elle finisse."),
        )
    cli_output.show_built(Console(stderr=True, soft_wrap=True), built)
    return built


def open_searcher(settings: Settings) -> "Searcher":
    """The index of these settings, built when it is missing, stale or damaged."""
    from corpus.errors import IndexStoreError
    from index.searcher import Searcher
    from index.state import State, state

    encoder = load_encoder(settings)
    if state(settings.corpus, settings.index_folder, encoder.name, settings.max_error) is State.FRESH:
        try:
            return Searcher.load(settings.index_folder, encoder)
        except IndexStoreError as error:
            say(f"{error} C’est ce que je fais.")
    try:
        build_index(settings, encoder)
    except MotamotError as error:
        try:
            before = Searcher.load(settings.index_folder, encoder)
        except IndexStoreError:
            raise error from None  # the cause, not its consequence
        say(f"{error} En attendant, l’index construit le {before.manifest.built} répond.")
        return before
    return Searcher.load(settings.index_folder, encoder)


def open_assistant(settings: Settings) -> "Assistant":
    """The assistant over the index of these settings."""
    from bot.assistant import Assistant

    return Assistant(open_searcher(settings))


def open_live(settings: Settings) -> "LiveAssistant":
    """The same, which takes up a newer index by itself."""
    from bot.reload import LiveAssistant, pointer

    seen = pointer(settings.index_folder)
    return LiveAssistant(settings.index_folder, open_assistant(settings), seen)


@contextmanager
def progress(title: str, unit_bytes: bool = False) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on standard error; where that is no terminal, nothing."""
    console = Console(stderr=True)
    columns = [TextColumn("{task.description}"), BarColumn()]
    columns += [TextColumn("{task.completed} o")] if unit_bytes else [MofNCompleteColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
