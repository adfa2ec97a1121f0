"""Publish the draft of a corpus as a dated version, and go back to an earlier one; a killed process loses neither.

A publication is first written whole beside the corpus (``versions/<date>``), then announced (``EN-COURS``), then put
in service file by file and index last. What is announced is finished at the next start, whatever ended it.
"""

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from bot.workshop.draft import Draft, WorkshopError, marks, now, written
from corpus.errors import IndexStoreError
from corpus.files import copy_file, write_file
from index.store import Store
from index.stored import keep_what_leaves

KEPT = 50
"""Versions of the files of a corpus: a year of weekly publications."""


@dataclass(frozen=True, slots=True)
class Release:
    """A version of a corpus."""

    id: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid4().hex[:4]}")
    at: str = field(default_factory=now)
    """ISO 8601, UTC."""
    author: str = ""
    note: str = ""
    changed: tuple[str, ...] = ()
    """Files that it changed."""
    gained: int | None = None
    """Questions of the replay that it won; None where it was not replayed."""
    lost: int | None = None


_RELEASE = TypeAdapter(Release)


class Releases:
    """The versions of one corpus; ``serve`` puts the index of the corpus as it is in service."""

    def __init__(self, draft: Draft, store: Store, serve: Callable[[], object]) -> None:
        self._draft = draft
        self._store = store
        self._serve = serve
        self._folder = draft.home / "versions"
        self._announced = draft.home / "EN-COURS"

    def all(self) -> list[Release]:
        """Newest first."""
        return sorted((r for p in self._folder.glob("*/version.json") if (r := _read(p))), key=lambda r: r.id)[::-1]

    def current(self) -> str:
        """Identifier of the version in service, empty before the first publication."""
        return _line(self._draft.home / "EN-SERVICE")

    def publish(self, author: str, note: str, gained: int, lost: int, is_checked: Callable[[], bool]) -> Release:
        """Put the draft in service, where ``is_checked`` still tells that the figures are those of the draft.

        Raises:
            WorkshopError: The draft or the corpus changed meanwhile, or the disk is full.
        """
        with self._draft.locked():
            found = self._draft.step()
            if not is_checked():
                raise WorkshopError("Le brouillon a changé pendant le contrôle : recommencez. Rien n’a été publié.")
            if found.conflicts:
                raise WorkshopError(
                    f"Le corpus en service a changé hors de l’atelier ({', '.join(found.conflicts)}) : choisissez "
                    "d’abord, sur la page Brouillon, laquelle des deux versions garder. Rien n’a été publié."
                )
            if not found.changed:
                raise WorkshopError("Le brouillon ne diffère pas du corpus en service : il n’y a rien à publier.")
            if not self.all():
                self._keep(self._draft.live, Release(note="Avant l’atelier"))
            made = Release(author=author, note=note, changed=found.changed, gained=gained, lost=lost)
            self._keep(self._draft.folder, made)
            self._put_in_service(made.id)
            self._prune()
        return made

    def revert(self, id_: str) -> Release:
        """Put an earlier version back in service; the draft keeps what it has.

        Raises:
            WorkshopError: It is not there.
        """
        with self._draft.locked():
            release = next((r for r in self.all() if r.id == id_), None)
            if release is None:
                raise WorkshopError("Cette version n’existe plus : rechargez la page.")
            self._draft.step()
            self._put_in_service(id_)
        return release

    def recover(self) -> None:
        """Finish what a killed process announced."""
        with self._draft.locked():
            if id_ := _line(self._announced):
                if (self._folder / id_ / "version.json").is_file():
                    self._put_in_service(id_)
                else:
                    self._announced.unlink()

    def _put_in_service(self, id_: str) -> None:
        live = self._draft.live
        files, before = marks(self._folder / id_ / "corpus"), marks(live)
        with written(live):
            with suppress(IndexStoreError):  # there is none, or it is damaged: it is built again
                keep_what_leaves(live, self._store.load(), set(files.values()))
            write_file(self._announced, id_.encode())
            for name in sorted(files.keys() | before.keys()):
                if files.get(name) != before.get(name):
                    copy_file(self._folder / id_ / "corpus" / name, live / name)
        self._serve()
        with written(live):
            self._draft.published()
            write_file(self._draft.home / "EN-SERVICE", id_.encode())
            self._announced.unlink()

    def _keep(self, corpus: Path, release: Release) -> None:
        unfinished = self._folder / f".{uuid4().hex}"
        try:
            for name in marks(corpus):
                copy_file(corpus / name, unfinished / "corpus" / name)
            write_file(unfinished / "version.json", _RELEASE.dump_json(release, indent=1))
            unfinished.replace(self._folder / release.id)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _prune(self) -> None:
        for old in self.all()[KEPT:]:
            if old.id != self.current():
                shutil.rmtree(self._folder / old.id, ignore_errors=True)


def _line(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def _read(path: Path) -> Release | None:
    try:
        return _RELEASE.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
