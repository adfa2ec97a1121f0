"""One contract for both homes of an index: a folder, and PostgreSQL with pgvector."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import plain
from real_postgres import Server, postgres
from small_corpus import FAQ, FEW, WORDS, closing_on, small_encoder, write_corpus

from bot.assistant import Assistant
from bot.reload import LiveAssistant
from corpus.errors import IndexStoreError, LossError
from index import MAX_ERROR, candidates
from index import postgres as pg
from index import postgres_search as vectors
from index.build import build
from index.database import Database
from index.postgres import DatabaseStore
from index.searcher import Searcher
from index.state import State, state
from index.store import FolderStore, Store
from index.stored import Stored

ENCODER = small_encoder()
QUESTIONS = ["qui peut avoir une carte ?", "amende de retard", "louer la sale", "quelle est la capitale du Pérou ?"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres() as server:
        yield server


@pytest.fixture(params=["folder", "postgres"])
def new(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Makes a store of one place: each call as from another machine."""
    if request.param == "folder":
        return lambda: FolderStore(tmp_path / "index")
    server: Server = request.getfixturevalue("server")
    return lambda: DatabaseStore(Database(server.address), tmp_path.name)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus", closing_on(1), FEW)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus that changes from day to day."""
    return tmp_path_factory.mktemp("town") / "corpus"


@pytest.fixture(scope="module")
def days(town: Path) -> dict[int, Stored]:
    """What was built of it on each of four days."""
    folders = {day: town.with_name(f"index{day}") for day in (1, 2, 3, 4)}
    for day, folder in folders.items():
        build(write_corpus(town, closing_on(day), FEW), FolderStore(folder), ENCODER)
    return {day: FolderStore(folder).load() for day, folder in folders.items()}


def says(store: Store) -> str:
    return store.load().entries[-1].body_text


def test_what_is_loaded_is_what_was_saved(new: Callable[[], Store], corpus: Path, tmp_path: Path) -> None:
    build(corpus, FolderStore(tmp_path / "other"), ENCODER)
    saved = FolderStore(tmp_path / "other").load()

    new().save(saved)
    loaded = new().load()

    assert list(loaded.entries) == list(saved.entries)
    assert list(loaded.rows.targets) == list(saved.rows.targets)
    for name in ("vocabulary", "learned", "sources", "examples", "left_out"):
        assert getattr(loaded, name) == getattr(saved, name), name
    assert replace(loaded.manifest, files={}) == replace(saved.manifest, files={})
    for name, field in saved.dense.items():
        assert loaded.dense[name].all().tolist() == field.all().tolist()
        assert loaded.texts[name].tolist() == saved.texts[name].tolist()


def test_a_store_without_an_index_says_how_to_make_one(new: Callable[[], Store], corpus: Path) -> None:
    store = new()

    assert (store.is_in_service(), store.mark(), store.remembered(), store.withdrawn()) == (
        False,
        None,
        {},
        frozenset(),
    )
    assert state(corpus, store, ENCODER.name, MAX_ERROR) is State.ABSENT
    with pytest.raises(IndexStoreError, match="motamot build"):
        store.load()


def test_building_again_encodes_only_what_changed(new: Callable[[], Store], corpus: Path) -> None:
    build(corpus, new(), ENCODER)
    encoder = small_encoder()

    assert build(corpus, new(), encoder).n_encoded == 0
    build(write_corpus(corpus, closing_on(2), FEW), new(), ENCODER)
    assert says(new()) == "Elle ferme le 2 mai."
    assert state(corpus, new(), ENCODER.name, MAX_ERROR) is State.FRESH
    assert state(corpus, new(), "another", MAX_ERROR) is State.STALE


def test_one_goes_back_to_the_last_two_builds_and_no_further(
    new: Callable[[], Store], town: Path, days: dict[int, Stored]
) -> None:
    for day in days.values():
        new().save(day)

    manifest = new().rollback()
    assert says(new()) == "Elle ferme le 3 mai."
    assert new().load().manifest == manifest
    assert state(town, new(), ENCODER.name, MAX_ERROR) is State.FRESH  # it is not built again unasked
    new().rollback()
    with pytest.raises(IndexStoreError, match="n’a pas de version précédente"):
        new().rollback()
    assert says(new()) == "Elle ferme le 2 mai."
    build(town, new(), ENCODER)
    assert (says(new()), new().withdrawn()) == ("Elle ferme le 4 mai.", frozenset())


def test_a_kept_version_is_put_back_in_service_by_what_it_was_built_from(
    new: Callable[[], Store], days: dict[int, Stored]
) -> None:
    marks = []
    for day in days.values():
        new().save(day)
        marks.append(new().remembered()["fingerprint"])

    assert [(new().switch(mark), says(new())) for mark in (marks[1], marks[3], marks[0])] == [
        (True, "Elle ferme le 2 mai."),
        (True, "Elle ferme le 4 mai."),
        (False, "Elle ferme le 4 mai."),
    ]


def test_an_index_that_would_lose_much_or_is_of_another_corpus_is_kept(
    new: Callable[[], Store], corpus: Path, tmp_path: Path
) -> None:
    build(corpus, new(), ENCODER)

    with pytest.raises(LossError, match="depuis le corpus"):
        build(write_corpus(tmp_path / "elsewhere", phrasings={}), new(), ENCODER)
    write_corpus(corpus, {"retard": FAQ["retard"]}, {})
    with pytest.raises(LossError, match="perdrait une part"):
        build(corpus, new(), ENCODER)
    assert says(new()) == "Elle ferme le 1 mai."


def test_several_builders_at_once_take_turns_and_lose_nothing(new: Callable[[], Store], tmp_path: Path) -> None:
    faults: list[BaseException] = []
    waited: list[int] = []

    def work(day: int) -> None:
        try:
            with new().turn(lambda: waited.append(day)):
                pass
            own = write_corpus(tmp_path / f"corpus{day}", closing_on(day), FEW)
            build(own, new(), ENCODER, accept_loss=True)
        except BaseException as error:  # noqa: BLE001  told to the test
            faults.append(error)

    with new().turn():
        threads = [threading.Thread(target=work, args=(day,)) for day in (1, 2, 3)]
        for thread in threads:
            thread.start()
        while len(waited) < 3:
            time.sleep(0.01)
    for thread in threads:
        thread.join()

    assert (faults, sorted(waited)) == ([], [1, 2, 3])
    seen = {says(new())}
    for _ in range(2):
        new().rollback()
        seen.add(says(new()))
    assert seen == {f"Elle ferme le {day} mai." for day in (1, 2, 3)}


def test_a_newer_index_answers_once_it_was_looked_for(server: Server, days: dict[int, Stored]) -> None:
    store = DatabaseStore(Database(server.address), "newer")
    store.save(days[1])
    live = LiveAssistant(store, Assistant(Searcher.load(store, ENCODER)), store.mark())

    assert live.check() is False
    DatabaseStore(Database(server.address), "newer").save(days[2])
    assert live.check() is True
    assert live.ask("Quand la médiathèque ferme-t-elle ?").quotes[0].text.endswith("Elle ferme le 2 mai.")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of 300 entries with phrasings, as a folder holds it."""
    folder = tmp_path_factory.mktemp("many")
    said = [(WORDS[n % 15], WORDS[(n // 15 + n) % 15]) for n in range(300)]
    faq = {f"e{n}": (f"Le {a} numéro{n} ?", f"Pour le {b}, voyez le guichet{n}.") for n, (a, b) in enumerate(said)}
    build(write_corpus(folder / "corpus", faq, {"e7": ["mon livre abîmé", "livre mouillé"]}), folder / "index", ENCODER)
    return folder / "index"


def test_a_large_index_is_searched_in_the_database_with_the_same_answers(
    server: Server, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "SMALL", 10)
    monkeypatch.setattr(candidates, "NEAREST", 300)
    for module in (pg, vectors):
        monkeypatch.setattr(module, "LARGE", 100)
    monkeypatch.setattr(vectors, "_EFFORTS", (100, 400))
    store = DatabaseStore(Database(server.address), "many")
    for _ in range(4):  # the tables of the first go with it
        store.save(FolderStore(many).load())

    here, there = Searcher.load(many, ENCODER), Searcher.load(store, ENCODER)

    tables = Database(server.address).rows("SELECT count(*) FROM pg_tables WHERE tablename ~ '^motamot_[a-z]+_[0-9]+$'")
    assert tables == [(3 * 4,)]
    assert all(isinstance(there.extractor.dense[name], vectors.DatabaseField) for name in pg._SEARCHED)
    for question in ("la carte numéro12", "guichet250", "livre mouillé", "Le portage numéro299 ?", "rien de cela"):
        one, other = here.search(here.read(question)), there.search(there.read(question))
        assert [hit.entry for hit in other.hits] == [hit.entry for hit in one.hits]
        assert [hit.score for hit in other.hits] == pytest.approx([hit.score for hit in one.hits], abs=1e-5)
        assert (other.answerable, other.confidence) == pytest.approx((one.answerable, one.confidence), abs=1e-5)


def test_documents_are_held_once_and_go_with_their_last_version(server: Server, corpus: Path) -> None:
    database = Database(server.address)

    def held() -> int:
        [(n,)] = database.rows("SELECT count(*) FROM motamot_document")
        return int(n)

    first, second = DatabaseStore(database, "first"), DatabaseStore(database, "second")
    build(write_corpus(corpus, closing_on(11), FEW), first, ENCODER)
    before = held()
    second.save(first.load())
    assert held() == before
    for day in (12, 13, 14):
        build(write_corpus(corpus, closing_on(day), FEW), first, ENCODER)
    assert held() == before + 3  # the second still has the first day
    for _ in range(3):
        second.save(first.load())
    assert held() == before + 2


def test_a_killed_builder_leaves_nothing(
    server: Server, days: dict[int, Stored], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DatabaseStore(Database(server.address), "killed")
    store.save(days[1])
    monkeypatch.setattr(DatabaseStore, "_prune", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        store.save(days[2])

    assert says(store) == "Elle ferme le 1 mai."
    assert store._database.rows("SELECT count(*) FROM motamot_version WHERE name = 'killed'") == [(1,)]


def test_while_the_server_is_away_it_is_said_at_once_and_it_answers_when_it_is_back(
    server: Server, days: dict[int, Stored]
) -> None:
    store = DatabaseStore(Database(server.address), "away")
    store.save(days[1])
    searcher = Searcher.load(store, ENCODER)
    live = LiveAssistant(store, Assistant(searcher), store.mark())

    server.stop()
    try:
        begun = time.perf_counter()
        with pytest.raises(IndexStoreError) as caught:
            live.ask("amende de retard")
        assert time.perf_counter() - begun < 1
        message = plain(str(caught.value))
        assert "ne répond pas : réessayez dans un instant" in message
        assert live.check() is False
        assert "ne répond pas" in plain(live.problem or "")
    finally:
        server.start()

    assert live.ask("amende de retard").quotes[0].text
    live.check()
    assert live.problem is None


def test_a_password_is_never_shown() -> None:
    database = Database("postgresql://moi:secret@127.0.0.1:1/base")

    with pytest.raises(IndexStoreError) as caught:
        database.rows("SELECT 1")

    assert "secret" not in str(caught.value)
    assert "127.0.0.1/base" in str(caught.value)
