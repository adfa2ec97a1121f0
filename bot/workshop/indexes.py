"""The two indexes of a workshop, in service and of the draft: built, compared on what is known, asked side by side."""

import json
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock

from cachetools import LRUCache

from bot.answer import Answer
from bot.assistant import Assistant
from bot.workshop.decisions import KNOWN, expected
from bot.workshop.draft import Draft, WorkshopError, marks, now, written
from bot.workshop.replay import Replay, SaidBefore, Side, Told, replay
from corpus.files import write_file
from corpus.read import Corpus
from index.build import build
from index.encoder import Encoder, ReadOnce
from index.searcher import Searcher
from index.state import State, fingerprint, state
from index.store import FolderStore, Store
from index.training import Training

_MOST = 200_000
"""Logits kept: 10 MB, those of some 50,000 questions."""


class Indexes:
    """What answers in service (``store``) and what would answer with the draft, whose documents ``known`` gives."""

    def __init__(
        self, draft: Draft, store: Store, encoder: Encoder, max_error: float, known: Callable[[], Corpus]
    ) -> None:
        self.draft, self.store, self.max_error, self._known = draft, store, max_error, known
        self.encoder = RememberedEncoder(encoder, draft.home / "lu.json")
        self._own = FolderStore(draft.index)
        self._lock, self._building = Lock(), Lock()
        self._opened: dict[Store, tuple[Hashable | None, Assistant]] = {}
        self._replayed: tuple[Hashable, Replay] | None = None
        self._learned_from: tuple[str, Training | None] = ("", None)
        """Fingerprint of the index of the draft, and what it learned from, until it is checked."""
        self._said: dict[str, SaidBefore] = {}
        """By the fingerprints of both indexes, at the last check: the next one asks neither the same again."""

    @property
    def live(self) -> Assistant:
        """What is in service now."""
        return self._open(self.store)

    def best(self) -> Assistant:
        """The assistant of the draft as it was last built, else the one in service."""
        return self._open(self._own if self._own.is_in_service() else self.store)

    def _open(self, store: Store) -> Assistant:
        with self._lock:
            mark = store.mark()
            if self._opened.get(store, (None,))[0] != mark:
                self._opened[store] = (mark, Assistant(Searcher.load(store, self.encoder)))
            return self._opened[store][1]

    @property
    def mark(self) -> str:
        """The fingerprint of an index of the draft as it is."""
        return fingerprint(self.draft.folder, self.encoder.name, self.max_error)

    def is_built(self) -> bool:
        """Whether the index of the draft is that of the draft as it is."""
        return state(self.draft.folder, self._own, self.encoder.name, self.max_error) is State.FRESH

    def drafted(self) -> Assistant:
        """The assistant of the draft as it is; what changed is encoded and learned first."""
        with self._building:
            if not self.is_built():
                if not self._own.is_in_service() and self.store.is_in_service():
                    with self._own.turn():  # so that what the index in service knows need not be encoded again
                        self._own.save(self.store.load())
                built = build(
                    self.draft.folder,
                    self._own,
                    self.encoder,
                    max_error=self.max_error,
                    accept_loss=True,
                    keep=False,
                    known=self._known(),
                )
                self._learned_from = self._own.load().manifest.fingerprint, built.training
                self.encoder.save()
        return self.best()

    def check(self, told: Told = lambda *_: None) -> Replay:
        """Replay everything known on what is in service and on the draft."""
        own, live = self.drafted(), self.live
        mark = self._compared(own.searcher.manifest.fingerprint)
        if self._replayed and self._replayed[0] == mark:
            return self._replayed[1]
        if state(self.draft.live, self.store, self.encoder.name, self.max_error) is not State.FRESH:
            raise WorkshopError(
                "L’index en service n’est pas celui du corpus tel qu’il est : lancez « motamot build », "
                "puis recommencez."
            )
        built = (live.searcher.manifest.fingerprint, own.searcher.manifest.fingerprint)
        self._said = {index: self._said.get(index, SaidBefore()) for index in built}
        in_service = self._side(self.draft.live, self.store, live)
        drafted = self._side(self.draft.folder, self._own, own)
        try:
            found = replay(in_service, drafted, self.encoder, self.max_error, told)
        except ValueError as error:
            raise WorkshopError("Le brouillon a changé pendant le contrôle : recommencez-le.") from error
        self._replayed, self._learned_from = (mark, found), ("", None)
        self.encoder.save()
        return found

    def _side(self, folder: Path, store: Store, assistant: Assistant) -> Side:
        path, stored, index = folder / KNOWN, store.load(), assistant.searcher.manifest.fingerprint
        known = expected(path.read_bytes() if path.is_file() else b"", stored.entries)
        training = self._learned_from[1] if self._learned_from[0] == index else None
        return Side(folder, stored, assistant, known, self._said[index], training)

    def checked(self) -> Replay | None:
        """The replay of the draft as it is, where it was made."""
        if self._replayed is None or not self.is_built():
            return None
        return self._replayed[1] if self._replayed[0] == self._compared(self.mark) else None

    def _compared(self, drafted: str) -> Hashable:
        """What a replay depends on: both indexes, and what is known."""
        known = (marks(folder).get(KNOWN) for folder in (self.draft.live, self.draft.folder))
        return self.live.searcher.manifest.fingerprint, drafted, *known

    def tried(self, question: str, history: Sequence[str] = ()) -> tuple[Answer, Answer]:
        """What is said to a question in service, and by the draft."""
        own = self.drafted()
        return self.live.ask(question, history), own.ask(question, history)

    def serve(self) -> None:
        """Put the index of the corpus as it is in service: one that was kept, else the draft's, else a new one."""
        live = self.draft.live
        wanted = fingerprint(live, self.encoder.name, self.max_error)
        with self.store.turn():
            is_there = self.store.switch(wanted)
            if not is_there and self._own.remembered().get("fingerprint") == wanted:
                index = self._own.load()
                manifest = replace(index.manifest, corpus=str(live.absolute()), built=now(), files={})
                self.store.save(replace(index, manifest=manifest))
                is_there = True
            if is_there:
                self.store.forgive()
                return
        build(live, self.store, self.encoder, max_error=self.max_error, accept_loss=True)


class RememberedEncoder:
    """The same encoder, of whose reader a file remembers what it said."""

    def __init__(self, encoder: Encoder, path: Path) -> None:
        self.name, self.dim = encoder.name, encoder.dim
        self.encode_queries, self.encode_passages = encoder.encode_queries, encoder.encode_passages
        self._path = path
        self._said: LRUCache[str, float] = LRUCache(_MOST)
        self.reader = ReadOnce(encoder.reader, {}, self._said) if encoder.reader else None
        with suppress(
            OSError, ValueError, KeyError, TypeError
        ):  # there is none yet, or it is damaged: it is asked again
            content = json.loads(path.read_text(encoding="utf-8"))
            if self.reader and content["reader"] == self.reader.name:
                self._said.update(content["said"])

    def save(self) -> None:
        """Keep what the reader said for the next start."""
        if self.reader:
            content = json.dumps({"reader": self.reader.name, "said": self.reader.said()})
            with written(self._path.parent):
                write_file(self._path, content.encode())
