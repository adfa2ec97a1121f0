"""Edit ``phrasings/<document>.toml``: one more phrasing, one fewer, a short title, its comments kept."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from bot.workshop.draft import ConflictError, Draft, WorkshopError
from bot.workshop.toml_tables import (
    drop_empty,
    editable,
    fill,
    plain,
    prepare,
    remove_from,
    tables,
    with_unanswered,
    written,
)
from corpus.alignment import beginning, followed
from corpus.document import Entry
from corpus.phrasings import entry_named, squeeze
from corpus.split.sentences import sentences
from index.french import words

MOST_LINES = 200
"""Phrasings added at once: ten screens; more is a file, and the workbook takes it."""
MOST_CHARACTERS = 500
"""Of one phrasing: the longest of the shipped corpus has 259. More is a text."""


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
    """The phrasings of one document in a draft; every change is read, made and written in one locked step.

    Args:
        draft: Whose file it is.
        document: Identifier of the document.
        entries: Of that document.
    """

    def __init__(self, draft: Draft, document: str, entries: Sequence[Entry]) -> None:
        self._draft = draft
        self._entries = entries
        self.name = f"phrasings/{document}.toml"

    def prepare(self) -> None:
        """Read what ``change`` will need."""
        prepare(self._draft.read(self.name))

    def attached(self) -> dict[str, Attached]:
        """Identifier of each entry -> its phrasings and title, of its parts, too; "" -> what has no answer."""
        unanswered = tuple(self._plain().get("unanswered", ()))
        found = {"": Attached(unanswered)} if unanswered else {}
        for table in self._plain().get("entry", []):
            if entry := entry_named(str(table.get("question", "")), self._entries):
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
            content = self._editable()
            if entry is None and "unanswered" not in content:
                content = with_unanswered(content)
            own = [table for table in tables(content) if self._is_of(table, entry)] if entry else []
            lists: list[Any] = [table["ask"] for table in own if "ask" in table] if entry else [content["unanswered"]]
            for listed in lists:
                remove_from(listed, set(remove))
            known = {key_of(str(text)) for listed in lists for text in listed}
            new = [text for text in dict.fromkeys(add) if key_of(text) not in known]
            if entry is None:
                lists[0].extend(new)
            elif new or title:
                fill(self._main(content, own, entry), new, title)
            if title == "":
                for table in own:
                    table.pop("title", None)
            drop_empty(content)
            self._save(content)
        return self._has(entry)

    def _has(self, entry: Entry | None) -> Attached:
        return self.attached().get(entry.id if entry else "", Attached())

    def follow(self, became: Mapping[str, Entry | None], entries: Sequence[Entry]) -> tuple[int, list[str]]:
        """Make every table name its entry as a new edition has it; how many follow, and what is left behind.

        To be called once the new edition is the draft's: a table whose entry is gone stays in the file, unused.

        Args:
            became: Identifier of each entry before -> what it is now, None where it is gone.
            entries: Of the new edition.
        """
        with self._draft.locked():
            content = self._editable()
            n, left = 0, []
            for table in tables(content):
                was = entry_named(str(table.get("question", "")), self._entries)
                now = became.get(was.id) if was else None
                if was is None or now is None:
                    left.append(str(table.get("question", "")))
                    continue
                if not _same_place(table, now, entries):
                    table["question"] = PhrasingsFile(self._draft, was.document.id, entries).name_of(now)
                left += _follow_part(table, was, now)
                n += len(table.get("ask", ()))
            self._entries = entries
            if tables(content):
                self._save(content)
        return n, left

    def _is_of(self, table: Table, entry: Entry) -> bool:
        found = entry_named(str(table.get("question", "")), self._entries)
        return found is not None and found.id == entry.id

    def _main(self, content: tomlkit.TOMLDocument, own: Sequence[Table], entry: Entry) -> Table:
        """The table of the entry as a whole, made where there is none."""
        for table in own:
            if "part" not in table and "sentence" not in table:
                return table
        text = f"\n[[entry]]\nquestion = {tomlkit.item(self.name_of(entry)).as_string()}\nask = [\n]\n"
        made = tomlkit.parse(text)["entry"]
        others = content.get("entry")
        assert isinstance(made, AoT)
        if isinstance(others, AoT):
            others.append(made[0])
            found: Table = others[-1]
            return found
        content["entry"] = made
        return tables(content)[-1]

    def name_of(self, entry: Entry) -> str:
        """Words by which the file finds the entry again: its heading, else its beginning, else its identifier."""
        beginning = " ".join(entry.body_text.split()[:12])
        for name in (" ".join(entry.heading_text.split()), beginning, entry.id):
            found = entry_named(name, self._entries) if name else None
            if found is not None and found.id == entry.id:
                return name
        raise WorkshopError(
            f"L’entrée « {entry.heading_text or entry.id} » ne se distingue pas d’une autre du même document : donnez "
            "à ces deux questions des mots différents dans le document."
        )

    def _plain(self) -> dict[str, Any]:
        return plain(self._draft.folder / self.name)

    def _editable(self) -> tomlkit.TOMLDocument:
        """To be changed, then given to ``_save``."""
        self._plain()  # which tells in French what is wrong with it
        return editable(self._draft.read(self.name))

    def _save(self, content: tomlkit.TOMLDocument) -> None:
        raw = written(content)
        if raw is None:
            raise WorkshopError(f"« {self.name} » n’a pas pu être modifié sans dommage : rien n’a été écrit.")
        if raw != self._draft.read(self.name):
            self._draft.write(self.name, raw)


def _same_place(table: Table, now: Entry, entries: Sequence[Entry]) -> bool:
    found = entry_named(str(table.get("question", "")), entries)
    return found is not None and found.id == now.id


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
    """The phrasings of a pasted text, one a line, bullets and quotation marks away.

    Raises:
        WorkshopError: It is no list of questions: too many lines, or one too long.
    """
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lines = [re.sub(r"^(?:[-–—•*▪◦]|\d{1,3}[.)])\s+", "", line).strip(' "“”«»,\u00a0') for line in lines]
    found = [line for line in dict.fromkeys(lines) if line and not all(c in "-_=*." for c in line)]
    if long := [line for line in found if len(line) > MOST_CHARACTERS]:
        raise WorkshopError(
            f"Une ligne compte {len(long[0])} caractères (« {long[0][:60]}… ») : une façon de demander en a au plus "
            f"{MOST_CHARACTERS}. Mettez-en une par ligne ; rien n’a été enregistré."
        )
    if len(found) > MOST_LINES:
        raise WorkshopError(
            f"{len(found)} lignes à la fois : le maximum est {MOST_LINES}. Collez-les en plusieurs fois, ou passez "
            "par le tableau Excel ; rien n’a été enregistré."
        )
    return found
