"""The draft of a corpus and its phrasings file: comments kept, two editors, a killed process, a full disk."""

import errno
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from small_corpus import FAQ, write_corpus

from bot.workshop import draft as drafts
from bot.workshop.draft import ConflictError, Draft, WorkshopError, marks
from bot.workshop.phrasings_file import Attached, PhrasingsFile, pasted_lines
from corpus import files
from corpus.document import Entry
from corpus.phrasings import read_phrasings
from corpus.read import read_corpus

COMMENTED = """# Comment on demande.
unanswered = [
  "une piscine",  # il n’y en a pas
]

[[entry]]
question = "Que risque-t-on en cas de retard ?"
# les plus fréquentes d’abord
ask = [
  "amende de retard",  # vue au guichet
  "livre rendu trop tard",
]
"""


@pytest.fixture
def live(tmp_path: Path) -> Path:
    folder = write_corpus(tmp_path / "corpus")
    (folder / "phrasings" / "mediatheque.toml").write_text(COMMENTED, encoding="utf-8")
    return folder


@pytest.fixture
def entries(live: Path) -> dict[str, Entry]:
    return {entry.id: entry for entry in read_corpus(live).entries}


def file_of(draft: Draft, entries: dict[str, Entry]) -> PhrasingsFile:
    return PhrasingsFile(draft, "mediatheque", list(entries.values()))


def test_a_phrasing_more_and_one_fewer_leave_every_comment_and_other_line_as_they_were(
    live: Path, entries: dict[str, Entry]
) -> None:
    draft = Draft(live)
    edited = file_of(draft, entries)
    edited.change(entries["retard"], add=["rendre en retard", "Amende de retard ?"], remove=["livre rendu trop tard"])
    edited.change(entries["salle"], add=["le “samedi”", 'un " et une \\'])
    edited.change(None, add=["un parking"])

    before = COMMENTED.splitlines()
    text = draft.read("phrasings/mediatheque.toml").decode()
    assert [line for line in before if line not in text.splitlines()] == ['  "livre rendu trop tard",']
    read = read_phrasings(draft.folder, list(entries.values()))
    assert {t.passage.entry: t.phrasings for t in read.targets} == {
        "retard": ("amende de retard", "rendre en retard"),
        "salle": ("le “samedi”", 'un " et une \\'),
    }
    assert read.unanswered == ("une piscine", "un parking")
    assert (live / "phrasings" / "mediatheque.toml").read_text(encoding="utf-8") == COMMENTED
    assert draft.sync().changed == ("phrasings/mediatheque.toml",)


def test_an_entry_that_loses_its_last_phrasing_leaves_no_empty_table(live: Path, entries: dict[str, Entry]) -> None:
    edited = file_of(Draft(live), entries)
    edited.change(entries["retard"], remove=["amende de retard", "livre rendu trop tard"])

    assert edited.attached() == {"": Attached(("une piscine",))}
    edited.change(None, add=["un parking"], remove=["une piscine"])
    assert edited.attached() == {"": Attached(("un parking",))}


def test_the_second_of_two_editors_is_told_and_nothing_is_overwritten(live: Path, entries: dict[str, Entry]) -> None:
    first, second = file_of(Draft(live), entries), file_of(Draft(live), entries)
    seen = second.attached()["retard"].revision
    first.change(entries["retard"], add=["du premier"], revision=seen)

    with pytest.raises(ConflictError, match="Quelqu’un d’autre"):
        second.change(entries["retard"], add=["du second"], revision=seen)
    second.change(entries["salle"], add=["ailleurs"], revision=drafts_revision(second, "salle"))
    assert second.attached()["retard"].phrasings == ("amende de retard", "livre rendu trop tard", "du premier")


def drafts_revision(edited: PhrasingsFile, entry: str) -> str:
    return edited.attached().get(entry, Attached()).revision


def test_what_changes_in_the_corpus_reaches_an_untouched_draft_and_conflicts_with_a_touched_one(
    live: Path, entries: dict[str, Entry]
) -> None:
    draft = Draft(live)
    (live / "lexicon.toml").write_text('[words]\n"bouquins" = ["livres"]\n', encoding="utf-8")
    file_of(draft, entries).change(entries["salle"], add=["la grande salle"])

    found = draft.sync()
    assert (found.changed, found.conflicts) == (("phrasings/mediatheque.toml",), ())
    assert b"bouquins" in draft.read("lexicon.toml")

    (live / "phrasings" / "mediatheque.toml").write_text(COMMENTED + "\n# à la main\n", encoding="utf-8")
    found = draft.sync()
    assert found.conflicts == ("phrasings/mediatheque.toml",)
    draft.reset(found.conflicts)
    assert draft.sync() == drafts.Divergence((), ())


def test_a_full_disk_is_told_and_leaves_the_draft_as_it_was(
    live: Path, entries: dict[str, Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = Draft(live)
    before = marks(draft.folder)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(WorkshopError, match="disque plein"):
        file_of(draft, entries).change(entries["salle"], add=["la grande salle"])
    monkeypatch.undo()
    assert marks(draft.folder) == before
    assert file_of(draft, entries).change(entries["salle"], add=["la grande salle"]).phrasings == ("la grande salle",)


KILLED = """
import os, sys
from pathlib import Path
from corpus import files
from bot.workshop.draft import Draft
from bot.workshop.phrasings_file import PhrasingsFile
from corpus.read import read_corpus

place = Path(sys.argv[1])
entries = read_corpus(place).entries
replaced = files.os.fsync
def fsync(handle):
    replaced(handle)
    os.kill(os.getpid(), 9)
made = Draft(place)
files.os.fsync = fsync
PhrasingsFile(made, "mediatheque", entries).change(entries[0], add=["au milieu"])
"""


def test_a_process_killed_while_it_writes_leaves_the_draft_as_it_was(live: Path, entries: dict[str, Entry]) -> None:
    draft = Draft(live)
    before = marks(draft.folder)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(live)], cwd=ROOT, check=False)

    assert ended.returncode == -9
    assert marks(draft.folder) == before
    assert list(draft.home.rglob(".*.part"))
    draft = Draft(live)
    assert not list(draft.home.rglob(".*.part"))
    assert file_of(draft, entries).change(entries["salle"], add=["après"]).phrasings == ("après",)


def test_a_folder_that_cannot_be_written_is_named(live: Path) -> None:
    shutil.rmtree(live / ".atelier", ignore_errors=True)
    (live / ".atelier").write_text("", encoding="utf-8")

    with pytest.raises(WorkshopError, match=r"\.atelier"):
        Draft(live)


@pytest.mark.parametrize(
    ("pasted", "lines"),
    [
        ("- une carte ?\n\n• « un livre »\r\n1. un film\nune carte ?", ["une carte ?", "un livre", "un film"]),
        ("12 rue\n2024 c’est quand", ["12 rue", "2024 c’est quand"]),
        ("---\n\n", []),
    ],
)
def test_pasted_lines_lose_their_bullets(pasted: str, lines: list[str]) -> None:
    assert pasted_lines(pasted) == lines


@pytest.mark.parametrize(
    ("pasted", "told"), [("un roman " * 100, "au plus 500"), ("\n".join(map(str, range(201))), "201 lignes")]
)
def test_a_pasted_novel_is_refused(pasted: str, told: str) -> None:
    with pytest.raises(WorkshopError, match=told):
        pasted_lines(pasted)


def test_two_entries_of_one_heading_are_told_apart_or_refused(tmp_path: Path) -> None:
    same = {**FAQ, "bis": (FAQ["retard"][0], "Un second rappel part après un mois.")}
    live = write_corpus(tmp_path / "corpus", same, {})
    entries = {entry.id: entry for entry in read_corpus(live).entries}
    edited = file_of(Draft(live), entries)

    edited.change(entries["bis"], add=["second rappel"])
    assert edited.attached()["bis"].phrasings == ("second rappel",)
