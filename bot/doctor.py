"""``motamot doctor``: what works, what does not, and what to do about it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from bot.settings import Settings, read_settings
from corpus.errors import MotamotError
from corpus.reading import read_corpus
from index import store
from index.building import fingerprint
from index.default_model import default_encoder
from index.encoder import Encoder, SentenceTransformerEncoder
from index.home import data_home

# The unpacked model, two versions of an index and room to write the next.
_ROOM = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined."""

    name: str
    fine: bool
    detail: str
    remedy: str = ""


def examine(corpus: Path | None, index: Path | None) -> list[Finding]:
    """Examine everything that an answer depends on; never raises for what a person can mend."""
    try:
        settings = read_settings(corpus=corpus, index=index)
    except MotamotError as error:
        return [Finding("Réglages", False, str(error))]
    found = [Finding("Réglages", True, f"corpus « {settings.corpus} », index « {settings.index_folder} »")]
    found += [_room(), *_documents(settings)]
    try:
        encoder: Encoder = SentenceTransformerEncoder(settings.encoder) if settings.encoder else default_encoder()
    except MotamotError as error:
        return [*found, Finding("Modèle", False, str(error))]
    found.append(Finding("Modèle", True, f"{encoder.name}, {encoder.dim} dimensions"))
    return [*found, _index(settings, encoder)]


def _room() -> Finding:
    home = data_home()
    there = next(p for p in (home, *home.parents) if p.exists())
    free = shutil.disk_usage(there).free
    return Finding(
        "Place sur le disque",
        free >= _ROOM,
        f"{free // 2**20} Mo libres dans « {there} »",
        "" if free >= _ROOM else "Libérez de la place, ou choisissez un autre dossier avec MOTAMOT_HOME.",
    )


def _documents(settings: Settings) -> list[Finding]:
    try:
        corpus = read_corpus(settings.corpus)
    except MotamotError as error:
        return [Finding("Documents", False, str(error))]
    found = [Finding("Documents", True, f"{len(corpus.documents)} lu(s), {len(corpus.entries)} entrées")]
    found += [
        Finding("Document", False, f"« {name} » n’est pas dans catalogue.toml", "Ajoutez-l’y, ou retirez le fichier.")
        for name in corpus.unlisted
    ]
    return found + [Finding("Document", False, f"« {o.source.title} » : {o.reason}", o.remedy) for o in corpus.left_out]


def _index(settings: Settings, encoder: Encoder) -> Finding:
    try:
        stored = store.load(settings.index_folder)
    except MotamotError as error:
        return Finding("Index", False, str(error))
    if stored.manifest.fingerprint != fingerprint(settings.corpus, encoder.name, settings.max_error):
        return Finding("Index", False, "il ne correspond plus au corpus", "Lancez « motamot build ».")
    return Finding("Index", True, f"{len(stored.entries)} entrées, construit le {stored.manifest.built}")
