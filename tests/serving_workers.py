"""``motamot serve --workers N`` with the fake encoder: ``python serving_workers.py N PORT``, settings by variables."""

import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from small_corpus import small_encoder

from bot import cli_index, site
from bot.assistant import Assistant
from index import french

SLOW = "slowly"
"""A question with this word takes three seconds."""


def work(listener: socket.socket, folder: Path, again: bool, given: Mapping[str, object]) -> None:
    """As ``site.work``; each process that answers notes its number, and how many dictionaries it was born with."""
    cli_index.load_encoder = lambda _: small_encoder()
    answer = Assistant.ask

    def ask(self, question, history=()):
        if SLOW in question:
            with Path(os.environ["NOTES"]).with_name("inside").open("a") as inside:
                inside.write("x")
            time.sleep(3)
        return answer(self, question, history)

    Assistant.ask = ask
    held = french._lemmas.cache_info().currsize + french._unaccented.cache_info().currsize
    loading = site.Loading

    def noted(load, branding, ready, *rest, **named):
        def told():
            ready()
            Path(os.environ["NOTES"], str(os.getpid())).write_text(str(held), encoding="utf-8")

        return loading(load, branding, told, *rest, **named)

    site.Loading = noted
    site.work(listener, folder, again, given)


if __name__ == "__main__":
    site.run(work, int(sys.argv[1]), site.listen("127.0.0.1", int(sys.argv[2])), {})
