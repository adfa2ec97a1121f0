"""What every worker would load alike, loaded once by the process that they are forked from."""

import gc

import bot.site
import bot.web.gradio_page  # noqa: F401  imported for the workers
from index.french import stems


def _load() -> None:
    stems("bonjour")  # which reads the dictionary of French forms, 1.4 s
    gc.freeze()  # a collection would write to every object, and give each worker a copy of it


_load()
