"""``motamot doctor``: what works, what does not, and what to do about it."""

import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from bot import doctor_machine as machine
from bot.cli_index import load_encoder, of_another_corpus
from bot.doctor_machine import Finding, attention, error, ok, writable
from bot.phrases import counted
from bot.settings import Settings, config_file, foreign_variables, own_variables, read_settings
from corpus.errors import IndexStoreError, MotamotError
from corpus.read import Corpus, read_corpus
from index import data_home
from index.e5.unpack import state_of_default_model
from index.encoder import Encoder
from index.state import State, fingerprint, state
from index.stored import Stored
from index.versions import Manifest

_OLD = 365
"""Days: official texts change within the year, and nobody would look at the catalogue sooner unasked."""


def examine(corpus: Path | None, index: Path | None, collection: str = "") -> list[Finding]:
    """Examine everything that an answer depends on, and change nothing; never raises for what a person can mend."""
    try:
        settings = read_settings(collection, corpus=corpus, index=index)
    except MotamotError as problem:
        return [*libraries(), error("Réglages", str(problem))]
    found, read = documents(settings)
    encoding, encoder = model(settings)
    return [
        *libraries(),
        *settings_in_force(settings),
        machine.room(settings),
        *found,
        encoding,
        *index_in_service(settings, encoder, read),
        *machine.journal(settings),
        machine.port(settings),
        machine.clock(settings),
    ]


def settings_in_force(settings: Settings) -> list[Finding]:
    """Where the settings were read, and what nobody reads."""
    path = config_file()
    read = [f"« {path.absolute()} »"] if path.is_file() else []
    read += [name for name in own_variables() if os.environ.get(name)]
    found = [
        ok("Réglages", f"lus dans {', '.join(read)}" if read else "aucun fichier ni variable : valeurs d’origine"),
        ok("Corpus", f"« {settings.corpus.absolute()} »"),
    ]
    if foreign := foreign_variables():
        found.append(
            attention(
                "Variables",
                f"{', '.join(foreign)} : aucun réglage de ce nom",
                "Retirez ce qui n’est pas voulu, ou corrigez le nom (README.md donne la liste).",
            )
        )
    return found


def libraries() -> list[Finding]:
    """Whether each library is there, and of a version that this one was tried with."""
    wanted = [Requirement(line) for line in metadata.requires("motamot") or []]
    wanted = [each for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})]
    found: list[Finding] = []
    for each in wanted:
        try:
            version = metadata.version(each.name)
        except metadata.PackageNotFoundError:
            found.append(error("Bibliothèque", f"« {each.name} » n’est pas installée", _reinstall(each)))
            continue
        if not each.specifier.contains(version, prereleases=True):
            found.append(
                attention("Bibliothèque", f"« {each.name} » {version}, et non {each.specifier}", _reinstall(each))
            )
    if found:
        return found
    versions = f"Motamot {metadata.version('motamot')}, Python {platform.python_version()}"
    return [ok("Bibliothèques", f"{versions}, {counted(len(wanted), 'bibliothèque')} aux versions attendues")]


def _reinstall(wanted: Requirement) -> str:
    return f"Installez-la dans l’environnement de Motamot : pip install '{wanted}'."


def documents(settings: Settings) -> tuple[list[Finding], Corpus | None]:
    """Whether each document of the catalogue is there and can be read."""
    try:
        corpus = read_corpus(settings.corpus)
    except MotamotError as problem:
        return [error("Documents", str(problem))], None
    n_read = f"{counted(len(corpus.documents), 'document lu')}, {counted(len(corpus.entries), 'entrée')}"
    found = [
        ok("Documents", n_read) if corpus.entries else error("Documents", "aucun n’a pu être lu", "Voyez ci-dessous.")
    ]
    found += [attention("Document", f"« {o.source.title} » : {o.reason}", o.remedy) for o in corpus.left_out]
    found += [
        attention("Document", f"« {document.source.title} » : {what}", "Complétez-le, ou laissez-le ainsi.")
        for document in corpus.documents
        for what in document.unread
    ]
    found += [
        attention("Document", f"« {name} » n’est pas dans catalogue.toml", "Ajoutez-l’y, ou retirez le fichier.")
        for name in corpus.unlisted
    ]
    return found, corpus


def model(settings: Settings) -> tuple[Finding, Encoder | None]:
    """Whether the encoder is whole, and runs; one that is not unpacked yet is left so."""
    if settings.encoder is None and (state := state_of_default_model()) != "whole":
        return _not_unpacked(state), None
    try:
        encoder = load_encoder(settings)
        encoder.encode_queries(["essai"])
    except MotamotError as problem:
        return error("Modèle", str(problem)), None
    checked = "" if settings.encoder else ", empreintes vérifiées"
    return ok("Modèle", f"{encoder.name}, {encoder.dim} dimensions{checked}"), encoder


def _not_unpacked(state: str) -> Finding:
    what = "n’est pas encore décompressé" if state == "missing" else "est abîmé"
    home = data_home()
    if writable(home):
        return attention("Modèle", f"il {what}", "Le prochain lancement s’en charge.")
    return error(
        "Modèle",
        f"il {what}, et « {home} » n’est pas accessible en écriture",
        "Donnez-en le droit à ce compte, ou choisissez un autre dossier avec MOTAMOT_HOME.",
    )


def index_in_service(settings: Settings, encoder: Encoder | None, corpus: Corpus | None) -> list[Finding]:
    """Whether the index is there, whole, of its age, and of the corpus as it is."""
    try:
        if not settings.home.is_in_service():
            return [_missing(settings)]
        stored = settings.home.load()
    except IndexStoreError as problem:
        return [error("Index", str(problem))]
    found = [_aged(stored)]
    if encoder and (why := _stale(settings, encoder, stored.manifest, corpus)):
        found.append(why)
    return found


def _aged(stored: Stored) -> Finding:
    built = datetime.fromisoformat(stored.manifest.built)
    days = max((datetime.now(UTC) - built).days, 0)
    detail = (
        f"{counted(len(stored.entries), 'entrée')}, construit le {built:%d/%m/%Y} (il y a {counted(days, 'jour')}), "
        "empreintes vérifiées"
    )
    if days > _OLD:
        return attention("Index", detail, "Vérifiez que les textes sont toujours en vigueur, puis « motamot build ».")
    return ok("Index", detail)


def _missing(settings: Settings) -> Finding:
    folder = settings.index_folder
    if settings.store or writable(folder):
        return attention(
            "Index", "il n’est pas encore construit", "Lancez « motamot build » (« serve » le fait aussi)."
        )
    return error(
        "Index",
        f"il n’est pas construit, et « {folder} » n’est pas accessible en écriture",
        "Construisez-le depuis un compte qui a ce droit, ou choisissez un autre dossier avec « --index ».",
    )


def _stale(settings: Settings, encoder: Encoder, made: Manifest, corpus: Corpus | None) -> Finding | None:
    """Why the index is not what a build would make now."""
    if state(settings.corpus, settings.home, encoder.name, settings.max_error) is State.OTHER_CORPUS:
        return error("Index", of_another_corpus(settings))
    mark = fingerprint(settings.corpus, encoder.name, settings.max_error)
    if mark == made.fingerprint:
        return None
    if mark in settings.home.withdrawn():
        return attention(
            "Index",
            "c’est une version antérieure, remise en service par « motamot rollback »",
            "Corrigez le corpus, puis lancez « motamot build ».",
        )
    reasons = _changes(encoder, made, corpus) or "le catalogue, le lexique, les formulations ou un réglage ont changé"
    return attention("Index", f"il ne correspond plus au corpus : {reasons}", "Lancez « motamot build ».")


def _changes(encoder: Encoder, made: Manifest, corpus: Corpus | None) -> str:
    libraries = {name: (old, _version(name)) for name, old in made.versions.items()}
    now = {document.id: document.sha256 for document in corpus.documents} if corpus else made.documents
    then = made.documents
    parts = [
        *(f"« {id_} » est nouveau" for id_ in sorted(now.keys() - then.keys())),
        *(f"« {id_} » n’est plus lu" for id_ in sorted(then.keys() - now.keys())),
        *(f"« {id_} » a changé" for id_ in sorted(now.keys() & then.keys()) if now[id_] != then[id_]),
        *(f"{name} est passé de {old} à {new}" for name, (old, new) in libraries.items() if old != new),
    ]
    if made.encoder != encoder.name:
        parts.append("le modèle a changé")
    return ", ".join(parts)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "rien"
