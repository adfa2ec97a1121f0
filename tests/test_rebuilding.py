"""Rebuilding an index never hurts the one in service: kills, full disks, several builds, going back."""

import errno
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest
from conftest import plain
from small_corpus import FAQ, PHRASINGS, small_encoder, write_corpus

from bot import cli, cli_index
from bot.settings import read_settings
from corpus.errors import CorpusError, IndexStoreError
from index import MAX_ERROR, store, versions
from index.build import Built, build
from index.state import State, fingerprint, state
from index.store import Stored

FEW = {key: asked[:2] for key, asked in PHRASINGS.items()}
"""Too few for weights of their own, which take seconds to learn: the shipped ones serve."""


def closing_on(day: int) -> dict[str, tuple[str, str]]:
    """The library's FAQ with an answer that tells the builds apart."""
    return {**FAQ, "horaires": ("Quand la médiathèque ferme-t-elle ?", f"Elle ferme le {day} mai.")}


def built(folder: Path, day: int) -> Path:
    """Build in ``index`` what the corpus says on a day; the version that is then in service."""
    build(write_corpus(folder / "corpus", closing_on(day), FEW), folder / "index", small_encoder())
    return versions.current(folder / "index")


def answer(index: Path) -> str:
    """What the version in service says of the days it closes."""
    return store.load(index).entries[-1].body_text


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index built on 1 May, then on 2 May."""
    folder = tmp_path_factory.mktemp("two-days")
    built(folder, 1)
    built(folder, 2)
    return folder.rename(folder.with_name(f"{folder.name}-moved"))  # or a copy would be of another corpus


@pytest.fixture
def folder(two_days: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may damage."""
    return Path(shutil.copytree(two_days, tmp_path / "copy"))


# Kills

KILLED = """
import json, os, random, signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from small_corpus import small_encoder, write_corpus
from test_rebuilding import FEW, answer, build, closing_on, store, versions

folder, moments = Path(sys.argv[2]), int(sys.argv[3])
index, chance, told = folder / "index", random.Random(5), []

def start(day):
    write_corpus(folder / "corpus", closing_on(day), FEW)
    child = os.fork()
    if child == 0:
        os._exit(0 if build(folder / "corpus", index, small_encoder()) else 1)
    return child

begun = time.monotonic()
os.waitpid(start(0), 0)
whole = time.monotonic() - begun
for moment in range(moments):
    before = answer(index)
    child = start(moment + 1)
    time.sleep(whole * (moment + chance.random()) / moments)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    told.append([before, answer(index), f"Elle ferme le {moment + 1} mai."])
os.waitpid(start(99), 0)
print(json.dumps([told, answer(index), sorted(path.name[:2] for path in index.iterdir())]))
"""


def test_a_build_killed_at_any_of_twenty_moments_leaves_an_index_that_answers(tmp_path: Path) -> None:
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # others would not survive a fork
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(tmp_path), "20"],
        capture_output=True,
        text=True,
        env={**os.environ, **one_thread},
        check=False,
    )

    assert ran.returncode == 0, ran.stderr[-2000:]
    told, last, names = json.loads(ran.stdout)
    assert len(told) == 20
    for before, after, wanted in told:
        assert after in (before, wanted)
    assert last == "Elle ferme le 99 mai."
    assert set(names) == {".l", "CU", "v-"}
    assert 1 <= names.count("v-") <= versions.KEPT


# A disk that is full, or fails


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
@pytest.mark.parametrize("step", ["write", "_sync"])
def test_whichever_write_fails_the_index_before_answers(
    folder: Path, step: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, stored = folder / "index", store.load(folder / "index")
    before, real = versions.current(index), getattr(versions, step)
    wanted = 9 if step == "write" else 3  # five fields, corpus, weights, manifest, pointer; draft, folder, folder

    for failing in range(wanted):
        calls: list[object] = []

        def write(*arguments: object, calls: list[object] = calls, failing: int = failing) -> object:
            calls.append(arguments)
            if len(calls) > failing:
                raise OSError(code, os.strerror(code))
            return real(*arguments)

        with monkeypatch.context() as patched:
            patched.setattr(versions, step, write)
            with pytest.raises(IndexStoreError) as caught:
                store.save(index, stored)

        assert len(calls) == failing + 1
        assert ("disque plein" if code == errno.ENOSPC else "erreur du disque") in str(caught.value)
        assert "l’index précédent reste en service" in str(caught.value)
        assert answer(index) == "Elle ferme le 2 mai."
        assert sorted(path.name for path in index.glob(".*")) == [".lock"]
        if failing < wanted - 1:
            assert versions.current(index) == before

    store.save(index, stored)
    assert answer(index) == "Elle ferme le 2 mai."


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may grow beyond it, which the system tells as a full disk does: in the middle of a write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [10, 1000, 5000])
def test_a_write_cut_short_by_the_system_is_seen(folder: Path, size: int) -> None:
    index, stored = folder / "index", store.load(folder / "index")
    before = versions.current(index)

    with room_for(size), pytest.raises(IndexStoreError, match="taille de fichier limitée"):
        store.save(index, stored)

    assert (versions.current(index), answer(index)) == (before, "Elle ferme le 2 mai.")
    assert sorted(path.name for path in index.glob(".*")) == [".lock"]


def test_a_disk_full_from_the_start_says_so_without_speaking_of_an_index_before(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = store.load(folder / "index")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "")

    monkeypatch.setattr(versions, "write", full)

    with pytest.raises(IndexStoreError) as caught:
        store.save(tmp_path / "new", stored)

    assert plain(str(caught.value)) == (
        f"L’index ne peut pas être écrit dans « {tmp_path / 'new'} » (disque plein) : vérifiez la place et les "
        "droits, ou choisissez un autre dossier avec « --index »."
    )


# Several builds


def test_a_second_build_waits_for_the_first_and_does_not_do_its_work_again(folder: Path) -> None:
    corpus, index = write_corpus(folder / "corpus", closing_on(3), FEW), folder / "index"
    waiting, done = Event(), []
    encoder = small_encoder()

    def second() -> None:
        done.append(build(corpus, index, encoder, on_wait=waiting.set))

    thread = Thread(target=second)
    with versions.turn(index):
        thread.start()
        assert waiting.wait(60)
        assert done == []
        stored = store.load(index)
        mark = fingerprint(corpus, encoder.name, MAX_ERROR)
        store.save(index, _of_corpus(stored, mark))
    thread.join(60)

    [found] = done
    assert isinstance(found, Built)
    assert (found.n_encoded, encoder.seen) == (0, [])
    assert len(versions.newest_first(index)) == 3


def _of_corpus(stored: Stored, mark: str) -> Stored:
    return replace(stored, manifest=replace(stored.manifest, fingerprint=mark))


def test_a_second_build_of_something_else_follows_the_first(folder: Path) -> None:
    corpus, index, waiting = write_corpus(folder / "corpus", closing_on(3), FEW), folder / "index", Event()
    thread = Thread(target=lambda: build(corpus, index, small_encoder(), on_wait=waiting.set))

    with versions.turn(index):
        thread.start()
        assert waiting.wait(60)
        assert answer(index) == "Elle ferme le 2 mai."
    thread.join(60)

    assert answer(index) == "Elle ferme le 3 mai."


def test_the_turn_of_a_killed_build_is_free(folder: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from index import versions\n"
        "with versions.turn(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(folder / "index")], check=False)

    with versions.turn(folder / "index") as waited:
        assert waited is False


def test_what_is_swept_away_while_it_is_read_is_read_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index, real = folder / "index", store._load

    def slow(version: Path) -> Stored:
        monkeypatch.setattr(store, "_load", real)
        built(folder, 3)
        shutil.rmtree(version)
        return real(version)

    monkeypatch.setattr(store, "_load", slow)

    assert answer(index) == "Elle ferme le 3 mai."


def test_the_same_content_built_twice_takes_the_place_of_neither(folder: Path) -> None:
    index, stored = folder / "index", store.load(folder / "index")
    first = versions.current(index)

    second = store.save(index, stored)

    assert first != second
    assert versions.current(index) == second
    assert store._load(first).entries == store._load(second).entries == stored.entries


# Going back


def test_going_back_puts_the_version_before_in_service(folder: Path) -> None:
    manifest = store.rollback(folder / "index")

    assert answer(folder / "index") == "Elle ferme le 1 mai."
    assert store.read_manifest(folder / "index") == manifest


def test_going_back_twice_goes_back_two_builds_and_no_further(folder: Path) -> None:
    built(folder, 3)

    store.rollback(folder / "index")
    assert answer(folder / "index") == "Elle ferme le 2 mai."
    store.rollback(folder / "index")
    assert answer(folder / "index") == "Elle ferme le 1 mai."
    with pytest.raises(IndexStoreError, match="n’a pas de version précédente en bon état"):
        store.rollback(folder / "index")
    assert answer(folder / "index") == "Elle ferme le 1 mai."


def test_what_was_left_is_not_built_again_unasked(folder: Path) -> None:
    corpus, index, encoder = folder / "corpus", folder / "index", small_encoder()

    def fresh() -> bool:
        return state(corpus, index, encoder.name, MAX_ERROR) is State.FRESH

    store.rollback(index)
    assert fresh()
    write_corpus(corpus, closing_on(3), FEW)
    assert not fresh()
    write_corpus(corpus, closing_on(2), FEW)
    assert fresh()
    build(corpus, index, encoder)
    assert answer(index) == "Elle ferme le 2 mai."
    write_corpus(corpus, closing_on(1), FEW)
    assert not fresh()


def test_a_damaged_version_is_passed_over(folder: Path) -> None:
    middle = versions.current(folder / "index")
    built(folder, 3)
    path = middle / "corpus.json"
    path.write_bytes(path.read_bytes()[:-1])

    store.rollback(folder / "index")

    assert answer(folder / "index") == "Elle ferme le 1 mai."


def test_one_goes_back_from_a_damaged_version(folder: Path) -> None:
    (versions.current(folder / "index") / "manifest.json").write_text("{", encoding="utf-8")

    store.rollback(folder / "index")

    assert answer(folder / "index") == "Elle ferme le 1 mai."


def test_the_command_goes_back_and_says_to_what(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = store.read_manifest(folder / "index").built

    run_command(monkeypatch, folder, "rollback")

    assert f"L’index construit le {first[:10]}" in capsys.readouterr().err
    assert answer(folder / "index") == "Elle ferme le 1 mai."


def run_command(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int:
    """Run ``motamot`` on the folder with the fake encoder; its exit code."""
    monkeypatch.setattr(cli_index, "load_encoder", lambda _: small_encoder())
    where = ["--corpus", str(folder / "corpus"), "--index", str(folder / "index")]
    monkeypatch.setattr(sys, "argv", ["motamot", *arguments, *where])
    with pytest.raises(SystemExit) as exited:
        cli.main()
    return int(exited.value.code or 0)


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


# Names of files


def test_a_file_that_cannot_be_named_or_read_does_not_stop_a_build(folder: Path) -> None:
    documents, encoder = folder / "corpus" / "documents", small_encoder()
    (documents / os.fsdecode(b"\xff\n.txt")).write_text("x", encoding="utf-8")
    (documents / "parti.txt").symlink_to(documents / "nulle-part.txt")
    os.mkfifo(documents / "tube.txt")
    with (documents / "enorme.txt").open("wb") as file:
        file.truncate(10**12)

    done = build(folder / "corpus", folder / "index", encoder)

    assert done.corpus.unlisted == ("\\udcff\\n.txt", "enorme.txt")
    assert state(folder / "corpus", folder / "index", encoder.name, MAX_ERROR) is State.FRESH


def test_a_corpus_that_cannot_be_read_leaves_the_index_before(folder: Path) -> None:
    (folder / "corpus" / "documents" / "mediatheque.csv").write_bytes(b"MZ\x90\x00")

    with pytest.raises(CorpusError, match="Aucun document"):
        build(folder / "corpus", folder / "index", small_encoder())

    assert answer(folder / "index") == "Elle ferme le 2 mai."
