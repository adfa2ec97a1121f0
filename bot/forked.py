"""What every worker would load alike, loaded once by the process that they are forked from."""

import gc

import bot.site
import bot.web.gradio_page  # noqa: F401  imported for the workers
from index.french import is_correct, needs_no_accent


def _load() -> None:
    # Which read the dictionaries, one second and a half; a word of neither, so that both are.
    is_correct("xx"), needs_no_accent("xx")
    gc.freeze()  # a collection would write to every object, and give each worker a copy of it


_load()
