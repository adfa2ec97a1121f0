"""Edit ``phrasings/<document>.toml``: one more phrasing, one fewer, a short title, its comments kept."""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import tomlkit
from cachetools import LRUCache
from tomlkit.items import AoT, Table

from bot.phrases import counted
from bot.workshop.draft import ConflictError, Draft, WorkshopError
from corpus.alignment import beginning, followed
from corpus.document import Entry
from corpus.phrasings import entry_named, squeeze
from corpus.split.sentences import sentences
from corpus.toml_file import read_toml
from index.french import words

MOST_LINES = 200
"""Phrasings added at once: ten screens; more is a file, and the workbook takes it."""
MOST_CHARACTERS = 500
"""Of one phrasing: the longest of the shipped corpus has 259. More is a text."""

_LOCK = Lock()
# By their content: 100 kB take tomlkit 0.4 s and tomllib 0.05 s, and an editor makes many small changes.
_PLAIN: LRUCache[bytes, dict[str, Any]] = LRUCache(20)
_EDITABLE: LRUCache[bytes, tomlkit.TOMLDocument] = LRUCache(20)


@dataclass(frozen=True, slots=True)
class Attached:
    """What an editor wrote for one entry."""

    phrasings: tuple[str, ...] = ()
    title: str = ""

    @property
    def revision(self) -> str:
        """Changes when they do."""
        return hashlib.sha256("\n".join((self.title, *self.phrasings)).encode()).hexdigest()[:16]


class PhrasingsFile:
    """The phrasings of a document, which has these entries; a change is read, made and written in one locked step."""

    def __init__(self, draft: Draft, document: str, entries: Sequence[Entry]) -> None:
        self._draft = draft
        self._entries = entries
        self.name = f"phrasings/{document}.toml"

    def prepare(self) -> None:
        """Read what ``change`` will need."""
        raw = self._draft.read(self.name)
        content = _editable(raw)
        with _LOCK:
            _EDITABLE[raw] = content

    def attached(self) -> dict[str, Attached]:
        """Identifier of each entry -> its phrasings and title, of its parts, too; "" -> what has no answer."""
        content = plain(self._draft.folder / self.name)
        unanswered = tuple(content.get("unanswered", ()))
        found = {"": Attached(unanswered)} if unanswered else {}
        for table in content.get("entry", []):
            if entry := _entry_of(table, self._entries):
                before = found.get(entry.id, Attached())
                asked = (*before.phrasings, *table.get("ask", ()))
                found[entry.id] = Attached(asked, before.title or table.get("title", ""))
        return found

    def change(
        self,
        entry: Entry | None,
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
        title: str | None = None,
        revision: str | None = None,
    ) -> Attached:
        """Add and remove phrasings of an entry, and set its short title; what it then has.

        Args:
            entry: Of this document; None for the questions that nothing in it answers.
            add: Those that it has already are left as they are.
            remove: Word for word.
            title: The new one, empty for none; None leaves it.
            revision: That the editor saw; another now is a conflict.

        Raises:
            ConflictError: Someone changed this entry meanwhile.
            WorkshopError: The file cannot be read, or not be written.
        """
        with self._draft.locked():
            if revision is not None and self._has(entry).revision != revision:
                raise ConflictError(
                    "Quelqu’un d’autre a modifié cette entrée entre-temps : rien n’a été écrasé. Voici ce qu’elle est "
                    "devenue ; votre saisie est encore là, vérifiez-la et enregistrez de nouveau."
                )
            content, gone = self._read(), set(remove)
            if entry is None and "unanswered" not in content:
                content = _with_unanswered(content)
            own = [t for t in _tables(content) if entry and _is_of(t, entry, self._entries)]
            lists: list[Any] = [table["ask"] for table in own if "ask" in table] if entry else [content["unanswered"]]
            for listed in lists:
                for text in [text for text in listed if text in gone]:
                    listed.remove(text)
            known = {key_of(str(text)) for listed in lists for text in listed}
            new = [text for text in dict.fromkeys(add) if key_of(text) not in known]
            if entry is None:
                lists[0].extend(new)
            elif new or title:
                main: Any = self._main(content, own, entry)
                if title:
                    main["title"] = title
                if new and "ask" not in main:
                    main["ask"] = tomlkit.parse("ask = [\n]\n")["ask"]
                if new:
                    main["ask"].extend(new)
            if title == "":
                for table in own:
                    table.pop("title", None)
            _drop_empty(content)
            self._save(content)
        return self._has(entry)

    def _has(self, entry: Entry | None) -> Attached:
        return self.attached().get(entry.id if entry else "", Attached())

    def follow(self, became: Mapping[str, Entry | None], entries: Sequence[Entry]) -> tuple[int, list[str]]:
        """Make every table name its entry as a new edition has it; how many follow, and what is left behind.

        To be called once the new edition, with its ``entries``, is the draft's. ``became`` leads from the identifier of
        each entry before to what it is now; a table whose entry is gone stays in the file, unused.
        """
        with self._draft.locked():
            content = self._read()
            n, left = 0, []
            for table in _tables(content):
                was = _entry_of(table, self._entries)
                now = became.get(was.id) if was else None
                if was is None or now is None:
                    left.append(str(table.get("question", "")))
                    continue
                if not _is_of(table, now, entries):
                    table["question"] = _name_of(now, entries)
                left += _follow_part(table, was, now)
                n += len(table.get("ask", ()))
            self._entries = entries
            if _tables(content):
                self._save(content)
        return n, left

    def _main(self, content: tomlkit.TOMLDocument, own: Sequence[Table], entry: Entry) -> Table:
        """The table of the entry as a whole, made where there is none."""
        for table in own:
            if "part" not in table and "sentence" not in table:
                return table
        name = tomlkit.item(_name_of(entry, self._entries)).as_string()
        made: Any = tomlkit.parse(f"\n[[entry]]\nquestion = {name}\nask = [\n]\n")["entry"]
        others: Any = content.get("entry")
        if others is None:
            content["entry"] = made
        else:
            others.append(made[0])
        return _tables(content)[-1]

    def _read(self) -> tomlkit.TOMLDocument:
        """To be changed, then given to ``_save``."""
        plain(self._draft.folder / self.name)  # which tells in French what is wrong with it
        return _editable(self._draft.read(self.name))

    def _save(self, content: tomlkit.TOMLDocument) -> None:
        text = tomlkit.dumps(content)
        raw, read = text.encode(), tomllib.loads(text)
        if read != content.unwrap():
            raise WorkshopError(f"« {self.name} » n’a pas pu être modifié sans dommage : rien n’a été écrit.")
        with _LOCK:
            _PLAIN[raw], _EDITABLE[raw] = read, content
        if raw != self._draft.read(self.name):
            self._draft.write(self.name, raw)


def plain(path: Path) -> dict[str, Any]:
    """What a file says, not to be changed; nothing where it is not there."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return {}
    with _LOCK:
        known = _PLAIN.get(raw)
    if known is None:
        known = read_toml(path)
        with _LOCK:
            _PLAIN[raw] = known
    return known


def _editable(raw: bytes) -> tomlkit.TOMLDocument:
    """The same with its comments; it is the caller's to change."""
    with _LOCK:
        known = _EDITABLE.pop(raw, None)
    return known if known is not None else tomlkit.parse(raw.decode("utf-8-sig"))


def _tables(content: tomlkit.TOMLDocument) -> list[Table]:
    """Those of the entries, to be changed in place."""
    found = content.get("entry")
    return list(found) if isinstance(found, AoT) else []


def _drop_empty(content: tomlkit.TOMLDocument) -> None:
    """A table that asks nothing and has no title is an error in the file."""
    entries: Any = content.get("entry")
    for table in _tables(content):
        if not table.get("ask"):
            table.pop("ask", None)
            if not table.get("title"):
                entries.remove(table)
    if entries is not None and not entries:
        del content["entry"]


def _with_unanswered(content: tomlkit.TOMLDocument) -> tomlkit.TOMLDocument:
    """With an empty list before the tables, below the comments that begin the file."""
    head, mark, rest = tomlkit.dumps(content).partition("[[entry]]")
    return tomlkit.parse(f"{head}unanswered = [\n]\n\n{mark}{rest}")


def _entry_of(table: Mapping[str, Any], entries: Sequence[Entry]) -> Entry | None:
    return entry_named(str(table.get("question", "")), entries)


def _is_of(table: Mapping[str, Any], entry: Entry, entries: Sequence[Entry]) -> bool:
    found = _entry_of(table, entries)
    return found is not None and found.id == entry.id


def _name_of(entry: Entry, entries: Sequence[Entry]) -> str:
    """Words by which the file finds the entry again: its heading, else its beginning, else its identifier."""
    first = " ".join(entry.body_text.split()[:12])
    for name in (" ".join(entry.heading_text.split()), first, entry.id):
        if name and _is_of({"question": name}, entry, entries):
            return name
    raise WorkshopError(
        f"L’entrée « {entry.heading_text or entry.id} » ne se distingue pas d’une autre du même document : donnez "
        "à ces deux questions des mots différents dans le document."
    )


def _follow_part(table: Table, was: Entry, now: Entry) -> list[str]:
    """Name the paragraph or sentence of a table as the new edition has it; what has none is told, and aims at all."""
    for key, cut in (("sentence", _sentences), ("part", _passages)):
        if key not in table:
            continue
        begins = squeeze(str(table[key]))
        text = next((t for t in cut(was) if squeeze(t).startswith(begins)), str(table[key]))
        candidates = cut(now)
        if any(squeeze(candidate).startswith(begins) for candidate in candidates):
            continue
        if (found := followed(text, candidates)) is None:
            lost = str(table.pop(key))
            return [lost]
        table[key] = beginning(found, [other for other in candidates if other != found])
    return []


def _passages(entry: Entry) -> list[str]:
    return [passage.text for passage in entry.passages]


def _sentences(entry: Entry) -> list[str]:
    return [span.of(passage.text) for passage in entry.passages for span in sentences(passage.text)]


def key_of(text: str) -> str:
    """What two phrasings that are the same to the assistant have in common.

    >>> key_of("Où est l’accueil ?") == key_of("ou est l'accueil")
    True
    """
    return " ".join(words(text)) or text.strip().casefold()


def pasted_lines(text: str) -> list[str]:
    """The phrasings of a pasted text, one a line, bullets and quotation marks away."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [re.sub(r"^(?:[-–—•*▪◦]|\d{1,3}[.)])\s+", "", line).strip(' "“”«»,\u00a0') for line in lines]
    found = [line for line in dict.fromkeys(lines) if line and not all(c in "-_=*." for c in line)]
    if long := [line for line in found if len(line) > MOST_CHARACTERS]:
        raise WorkshopError(
            f"Une ligne compte {counted(len(long[0]), 'caractère')} (« {long[0][:60]}… ») : une façon de demander en a "
            f"au plus {MOST_CHARACTERS}. Mettez-en une par ligne ; rien n’a été enregistré."
        )
    if len(found) > MOST_LINES:
        raise WorkshopError(
            f"{len(found)} lignes à la fois : le maximum est {MOST_LINES}. Collez-les en plusieurs fois, ou passez "
            "par le tableau Excel ; rien n’a été enregistré."
        )
    return found
