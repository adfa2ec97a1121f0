"""Rebuilding an index never hurts the one in service: kills, full disks, several builds, going back, losses."""

import errno
import json
import os
import resource
import shutil
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from threading import Event, Thread

import docx
import pytest
from conftest import Run, plain
from seed_files import listed
from small_corpus import FAQ, FEW, built, closing_on, small_encoder, write_corpus

from bot import cli_index
from bot.settings import read_settings
from corpus.errors import CorpusError, IndexStoreError, LossError
from index import MAX_ERROR, versions
from index.build import build
from index.state import State, fingerprint, state
from index.store import FolderStore
from index.stored import Stored


def answer(index: Path) -> str:
    return FolderStore(index).load().entries[-1].body_text


def stands(folder: Path, corpus: str = "corpus", index: str = "index") -> State:
    """How an index of a folder stands to a corpus of it."""
    return state(folder / corpus, folder / index, small_encoder().name, MAX_ERROR)


def refused(index: Path, stored: Stored) -> str:
    """Why it cannot be saved; nothing where it can."""
    try:
        FolderStore(index).save(stored)
    except IndexStoreError as error:
        return plain(str(error))
    return ""


# Kills, and disks that are full or fail

KILLED = """
import json, os, pathlib, signal, sys
from dataclasses import replace
from index import versions
from index.store import FolderStore

index, told = pathlib.Path(sys.argv[1]), []
stored = FolderStore(index).load()

def killed_at(step):
    child = os.fork()
    if child == 0:
        done = []
        def wrap(function):
            def stepped(*arguments):
                done.append(function)
                if len(done) > step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return function(*arguments)
            return stepped
        versions.write, versions._sync, versions._prune = map(wrap, (versions.write, versions._sync, versions._prune))
        pathlib.Path.replace = wrap(pathlib.Path.replace)
        with versions.turn(index):
            FolderStore(index).save(replace(stored, manifest=replace(stored.manifest, built=str(step))))
        os._exit(0)
    return os.waitpid(child, 0)[1]

for step in range(100):
    before = FolderStore(index).load().manifest.built
    status = killed_at(step)
    told.append([before, FolderStore(index).load().manifest.built, str(step)])
    if status == 0:
        break
print(json.dumps([told, sorted(path.name[:2] for path in index.iterdir())]))
"""


def test_a_build_killed_at_any_step_of_its_writing_leaves_an_index_that_answers(folder: Path) -> None:
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # others would not survive a fork
    command = [sys.executable, "-c", KILLED, str(folder / "index")]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **one_thread}, check=False)

    assert ran.returncode == 0, ran.stderr[-2000:]
    told, names = json.loads(ran.stdout)
    assert len(told) > 10  # a file for each field, corpus, weights, arrays, manifest, pointer, and the folders
    for before, after, wanted in told:
        assert after in (before, wanted)
    assert told[-1][1] == told[-1][2]
    assert set(names) == {".l", "CU", "v-"}
    assert 1 <= names.count("v-") <= versions.KEPT


@pytest.mark.parametrize(
    ("step", "code", "reason"),
    [("write", errno.ENOSPC, "disque plein"), ("_sync", errno.EIO, "erreur du disque")],
)
def test_whichever_write_fails_the_index_before_answers(
    folder: Path, step: str, code: int, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, stored, real = folder / "index", FolderStore(folder / "index").load(), getattr(versions, step)
    for failing in range(100):
        calls: list[object] = []

        def write(*arguments: object, calls: list[object] = calls, failing: int = failing) -> object:
            calls.append(arguments)
            if len(calls) > failing:
                raise OSError(code, os.strerror(code))
            return real(*arguments)

        with monkeypatch.context() as patched:
            patched.setattr(versions, step, write)
            problem = refused(index, stored)
        if not problem:
            break
        assert reason in problem
        assert "l’index précédent reste en service" in problem
        assert answer(index) == "Elle ferme le 2 mai."
        assert sorted(path.name for path in index.glob(".*")) == [".lock"]

    assert failing >= 3
    assert answer(index) == "Elle ferme le 2 mai."


@pytest.mark.parametrize("size", [10, 5000])
def test_a_write_cut_short_by_the_system_is_seen(folder: Path, size: int) -> None:
    index, stored = folder / "index", FolderStore(folder / "index").load()
    before, limits = versions.current(index), resource.getrlimit(resource.RLIMIT_FSIZE)

    # No file may grow beyond it, which the system tells as a full disk does: in the middle of a write.
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        problem = refused(index, stored)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert "taille de fichier limitée" in problem
    assert (versions.current(index), answer(index)) == (before, "Elle ferme le 2 mai.")
    assert sorted(path.name for path in index.glob(".*")) == [".lock"]


def test_a_disk_full_from_the_start_says_so_without_speaking_of_an_index_before(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "")

    monkeypatch.setattr(versions, "write", full)

    assert refused(tmp_path / "new", FolderStore(folder / "index").load()) == (
        f"L’index ne peut pas être écrit dans « {tmp_path / 'new'} » (disque plein) : vérifiez la place et les "
        "droits, ou choisissez un autre dossier avec « --index »."
    )


# Several builds


@pytest.mark.parametrize("same", [True, False])
def test_a_second_build_waits_for_the_first_and_does_not_do_its_work_again(folder: Path, same: bool) -> None:
    corpus, index = write_corpus(folder / "corpus", closing_on(3), FEW), folder / "index"
    waiting, done, encoder = Event(), [], small_encoder()
    thread = Thread(target=lambda: done.append(build(corpus, index, encoder, on_wait=waiting.set)))

    with versions.turn(index):
        thread.start()
        assert waiting.wait(60)
        assert (done, answer(index)) == ([], "Elle ferme le 2 mai.")
        if same:
            stored = FolderStore(index).load()
            mark = fingerprint(corpus, encoder.name, MAX_ERROR)
            FolderStore(index).save(replace(stored, manifest=replace(stored.manifest, fingerprint=mark)))
    thread.join(60)

    assert done[0].n_encoded == len(encoder.seen)
    assert (done[0].n_encoded == 0) is same
    assert answer(index) == ("Elle ferme le 2 mai." if same else "Elle ferme le 3 mai.")
    assert len(versions.newest_first(index)) == 3


def test_what_is_swept_away_while_it_is_read_is_read_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index, real = folder / "index", FolderStore._read

    def slow(store: FolderStore, version: Path) -> Stored:
        monkeypatch.setattr(FolderStore, "_read", real)
        built(folder, 3)
        shutil.rmtree(version)
        return real(store, version)

    monkeypatch.setattr(FolderStore, "_read", slow)

    assert answer(index) == "Elle ferme le 3 mai."


def test_the_same_content_built_twice_takes_the_place_of_neither(folder: Path) -> None:
    index, stored = folder / "index", FolderStore(folder / "index").load()
    first = versions.current(index)

    second = FolderStore(index).save(stored)

    assert first != second == versions.current(index)
    of = FolderStore(index)._read
    assert list(of(first).entries) == list(of(second).entries) == list(stored.entries)


# Going back


def test_what_was_left_is_not_built_again_unasked(folder: Path) -> None:
    corpus, index = folder / "corpus", folder / "index"

    FolderStore(index).rollback()
    assert stands(folder) is State.FRESH
    write_corpus(corpus, closing_on(3), FEW)
    assert stands(folder) is State.STALE
    write_corpus(corpus, closing_on(2), FEW)
    assert stands(folder) is State.FRESH
    build(corpus, index, small_encoder())
    assert answer(index) == "Elle ferme le 2 mai."
    write_corpus(corpus, closing_on(1), FEW)
    assert stands(folder) is State.STALE


def test_one_goes_back_from_a_damaged_version_and_passes_over_another(folder: Path) -> None:
    middle, newest = versions.current(folder / "index"), built(folder, 3)
    (middle / "entries.jsonl").write_bytes((middle / "entries.jsonl").read_bytes()[:-1])
    (newest / "manifest.json").write_text("{", encoding="utf-8")

    FolderStore(folder / "index").rollback()

    assert answer(folder / "index") == "Elle ferme le 1 mai."


def test_the_command_goes_back_and_says_to_what(folder: Path, motamot: Run) -> None:
    ran = motamot("rollback", "--corpus", folder / "corpus", "--index", folder / "index")

    assert f"L’index construit le {FolderStore(folder / 'index').load().manifest.built[:10]}" in ran.err
    assert answer(folder / "index") == "Elle ferme le 1 mai."


def test_the_index_before_answers_when_a_new_one_cannot_be_built(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_corpus(folder / "corpus", closing_on(3), FEW)
    (folder / "index" / ".lock").unlink()
    (folder / "index" / ".lock").mkdir()  # even root cannot open it
    monkeypatch.setattr(cli_index, "load_encoder", lambda _: small_encoder())

    cli_index.open_searcher(read_settings(corpus=folder / "corpus", index=folder / "index"), publish=True)

    assert "L’index ne peut pas être écrit" in capsys.readouterr().err
    assert answer(folder / "index") == "Elle ferme le 2 mai."


# Files that cannot be read, and what a build would lose


def test_a_file_that_cannot_be_named_or_read_does_not_stop_a_build_while_another_can(folder: Path) -> None:
    documents = folder / "corpus" / "documents"
    (documents / os.fsdecode(b"\xff\n.txt")).write_text("x", encoding="utf-8")
    (documents / "parti.txt").symlink_to(documents / "nulle-part.txt")
    os.mkfifo(documents / "tube.txt")
    with (documents / "enorme.txt").open("wb") as file:
        file.truncate(10**12)

    done = build(folder / "corpus", folder / "index", small_encoder())

    assert done.corpus.unlisted == ("\\udcff\\n.txt", "enorme.txt")
    assert stands(folder) is State.FRESH

    (documents / "mediatheque.csv").write_bytes(b"MZ\x90\x00")
    with pytest.raises(CorpusError, match=r"Aucun document.*Guide du lecteur"):
        build(folder / "corpus", folder / "index", small_encoder())
    assert answer(folder / "index") == "Elle ferme le 2 mai."


def test_an_index_remembers_its_corpus(folder: Path) -> None:
    write_corpus(folder / "other", FAQ, {})
    build(folder / "corpus", folder / "index", small_encoder())

    assert versions.corpus_in(versions.remembered(folder / "index")) == folder / "corpus"
    assert versions.corpus_in(versions.remembered(folder / "nowhere")) is None
    assert stands(folder, "other") is State.OTHER_CORPUS
    assert stands(folder, "other", "nowhere") is State.ABSENT


def test_a_corpus_that_was_moved_is_the_same_corpus(folder: Path) -> None:
    build(folder / "corpus", folder / "index", small_encoder())
    moved = shutil.copytree(folder / "corpus", folder / "elsewhere")

    assert stands(folder, "elsewhere") is State.FRESH
    shutil.rmtree(folder / "corpus")
    write_corpus(moved, closing_on(3), FEW)
    assert stands(folder, "elsewhere") is State.STALE


def test_a_document_that_cannot_be_read_any_more_is_not_lost_unasked(folder: Path) -> None:
    corpus, index, encoder = folder / "corpus", folder / "index", small_encoder()
    file = BytesIO()
    document = docx.Document()
    document.add_paragraph("Le bureau des cartes ferme à midi.")
    document.save(file)
    (corpus / "documents" / "note.docx").write_bytes(file.getvalue())
    with (corpus / "catalogue.toml").open("a", encoding="utf-8") as catalogue:
        catalogue.write(listed("note.docx", title="Note", kind="page"))
    assert build(corpus, index, encoder).phrasings == {"mediatheque": 12}
    before = versions.current(index)

    (corpus / "documents" / "note.docx").write_bytes(file.getvalue()[:-200])
    with pytest.raises(LossError) as caught:
        build(corpus, index, encoder)

    assert "« Note » (1 entrée) ne peut plus être lu" in plain(str(caught.value))
    assert "« motamot build --accept-loss »" in plain(str(caught.value))
    assert versions.current(index) == before
    assert [left.source.id for left in build(corpus, index, encoder, accept_loss=True).corpus.left_out] == ["note"]


def test_more_than_a_tenth_of_the_entries_is_not_lost_unasked(folder: Path) -> None:
    many = {f"q{n}": (f"Quelle est la règle {n} ?", f"La règle {n} est simple.") for n in range(10)}
    corpus, index, encoder = write_corpus(folder / "corpus", many, {}), folder / "index", small_encoder()
    build(corpus, index, encoder)

    write_corpus(corpus, dict(list(many.items())[:8]), {})
    with pytest.raises(LossError, match=r"mediatheque.* n’a plus que 8 de ses 10 entrées"):
        build(corpus, index, encoder)
    write_corpus(corpus, dict(list(many.items())[:9]), {})
    assert len(build(corpus, index, encoder).corpus.entries) == 9
