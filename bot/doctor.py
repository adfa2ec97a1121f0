"""``motamot doctor``: what works, what does not, and what to do about it."""

from pathlib import Path

from bot.examining import knowledge, machine, setup
from bot.examining.finding import Finding, error
from bot.settings import read_settings
from corpus.errors import MotamotError


def examine(corpus: Path | None, index: Path | None) -> list[Finding]:
    """Examine everything that an answer depends on, and change nothing; never raises for what a person can mend."""
    try:
        settings = read_settings(corpus=corpus, index=index)
    except MotamotError as problem:
        return [*setup.libraries(), error("Réglages", str(problem))]
    documents, read = knowledge.documents(settings)
    model, encoder = knowledge.model(settings)
    return [
        *setup.libraries(),
        *setup.settings_in_force(settings),
        machine.room(settings),
        *documents,
        model,
        *knowledge.index(settings, encoder, read),
        *machine.journal(settings),
        machine.port(settings),
        machine.clock(settings),
    ]
