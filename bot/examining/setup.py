"""Examines how the program was set up: its settings, and the libraries it was installed with."""

import os
import platform
from importlib import metadata

from packaging.requirements import Requirement

from bot.examining.finding import Finding, attention, counted, error, ok
from bot.settings import Settings, foreign_variables, own_variables
from bot.settings_file import config_file


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
