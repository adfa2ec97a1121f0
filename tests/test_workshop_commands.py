"""The workshop on the command line: what is to be done, a phrasing more, the check, the publication."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Run
from small_corpus import FEW, small_encoder, write_corpus

from bot.answer import Answer, Kind, Ranked
from bot.journal import Journal
from index.build import build

ENTRY = "mediatheque/retard"


@pytest.fixture
def site(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus and an index of its own, and a journal with two questions."""
    build(write_corpus(tmp_path / "corpus", phrasings=FEW), tmp_path / "index", small_encoder())
    monkeypatch.setenv("MOTAMOT_CORPUS", str(tmp_path / "corpus"))
    monkeypatch.setenv("MOTAMOT_INDEX", str(tmp_path / "index"))
    monkeypatch.setenv("MOTAMOT_JOURNAL_FILE", str(tmp_path / "journal.sqlite3"))
    with closing(Journal(tmp_path / "journal.sqlite3", 90)) as journal:
        for question in ("film rendu tard", "payer une amende pour un film"):
            journal.record(Answer(question, Kind.REFUSE, 0.5, "", ranking=(Ranked("mediatheque", "retard", 0.5),)))
    return tmp_path


def test_from_what_is_missed_to_what_is_published(run: Run, site: Path) -> None:
    [group] = json.loads(run("misses", "--json").out)
    assert (group["count"], group["why"], group["candidates"][0]) == (2, ["sans réponse"], ENTRY)
    assert "1 groupe à traiter" in run("misses").out

    added = run("phrase", "add", ENTRY, "film rendu tard", "avoir une carte")
    assert (added.code, "« avoir une carte » est déjà rattachée" in added.out.replace("\u00a0", " ")) == (1, True)
    assert run("phrase", "add", "mediatheque/rien", "un film").code == 2

    checked = run("check", "--json")
    assert (checked.code, json.loads(checked.out)["lost"], json.loads(checked.out)["new"]) == (0, [], 1)
    assert "perdue" in run("check").out
    published = json.loads(run("publish", "--note", "les films", "--author", "Annie", "--json").out)
    assert (published["author"], published["note"], published["lost"]) == ("Annie", "les films", 0)
    assert run("ask", "film rendu tard").code == 0
    again = run("publish")
    assert (again.code, "rien à publier" in again.err) == (2, True)
    shutil.rmtree(site / "corpus" / ".atelier")
