"""The index on disk: it gives back what was saved, refuses what is damaged, survives a build that was killed."""

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import docx
import pytest
from conftest import plain
from fake_encoder import FakeEncoder
from small_corpus import FAQ, PHRASINGS, WORDS, small_encoder, write_corpus

from corpus.errors import CorpusError, IndexStoreError, LossError
from index import MAX_ERROR, store, versions
from index.build import Phase, build
from index.searcher import Searcher
from index.state import State, state

QUESTIONS = ["qui peut avoir une carte ?", "amende de retard", "louer la sale", "quelle est la capitale du Pérou ?"]
FILES = [
    "CURRENT",
    "arrays.npz",
    "corpus.json",
    "headings.faiss",
    "learned.json",
    "manifest.json",
    "openings.faiss",
    "outside.faiss",
    "passages.faiss",
    "phrasings.faiss",
    "sentences.faiss",
]


FEW = {key: asked[:2] for key, asked in PHRASINGS.items()}
"""Too few for weights of their own, which take seconds to learn: the shipped ones serve."""


@pytest.fixture(scope="module")
def few_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library's FAQ with few phrasings (in ``corpus``), indexed (in ``index``)."""
    folder = tmp_path_factory.mktemp("few")
    build(write_corpus(folder / "corpus", FAQ, FEW), folder / "index", small_encoder())
    return folder.rename(folder.with_name("moved"))  # or a copy would be of another corpus


@pytest.fixture
def copy(few_index: Path, tmp_path: Path) -> Path:
    """A corpus and its index that a test may damage."""
    return Path(shutil.copytree(few_index, tmp_path / "copy"))


def version(index: Path) -> Path:
    return index / (index / "CURRENT").read_text(encoding="utf-8")


def test_an_index_is_vectors_arrays_and_json(small_index: Path) -> None:
    index = small_index / "index"

    assert sorted(["CURRENT", *(p.name for p in version(index).iterdir())]) == FILES
    assert [p.name for p in index.iterdir() if p.name.startswith(".")] == [".lock"]
    manifest = json.loads((version(index) / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["format"], manifest["encoder"], manifest["dim"]) == (6, "fake:" + "+".join(WORDS), len(WORDS) + 1)
    assert list(manifest["documents"]) == ["mediatheque"]


def test_what_is_loaded_is_what_was_saved(small_index: Path, tmp_path: Path) -> None:
    loaded = store.load(small_index / "index")

    store.save(tmp_path / "again", loaded)
    again = store.load(tmp_path / "again")

    assert again.entries == loaded.entries
    assert again.editor_targets == loaded.editor_targets
    assert again.vocabulary == loaded.vocabulary
    assert (again.sources, again.left_out) == (loaded.sources, loaded.left_out)
    assert (again.manifest, again.learned, again.texts) == (loaded.manifest, loaded.learned, loaded.texts)
    assert {n: d.vectors.tolist() for n, d in again.dense.items()} == {
        n: d.vectors.tolist() for n, d in loaded.dense.items()
    }


def test_saved_then_loaded_gives_the_same_hits(small_searcher: Searcher, small_index: Path, tmp_path: Path) -> None:
    store.save(tmp_path, store.load(small_index / "index"))

    loaded = Searcher.load(tmp_path, small_encoder())

    assert [loaded.search(loaded.read(q)) for q in QUESTIONS] == [
        small_searcher.search(small_searcher.read(q)) for q in QUESTIONS
    ]


def test_a_document_is_shared_by_all_that_was_cut_from_it(small_index: Path) -> None:
    stored = store.load(small_index / "index")

    assert len({id(p.document) for e in stored.entries for p in e.passages}) == 1


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0, 0.5, 1], ids=["first", "middle", "last"])
def test_one_flipped_bit_in_any_file_is_refused_with_the_command_that_mends_it(
    copy: Path, name: str, place: float
) -> None:
    index = copy / "index"
    path = index / name if name == "CURRENT" else version(index) / name
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] ^= 1
    path.write_bytes(content)

    with pytest.raises(IndexStoreError, match="motamot build"):
        Searcher.load(index, small_encoder())
    if name in ("CURRENT", "manifest.json"):
        assert state(copy / "corpus", index, small_encoder().name, MAX_ERROR) in (State.ABSENT, State.STALE)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_with_the_command_that_mends_it(copy: Path, name: str) -> None:
    index = copy / "index"
    (index / name if name == "CURRENT" else version(index) / name).unlink()

    with pytest.raises(IndexStoreError, match="motamot build"):
        store.load(index)


def test_the_command_that_mends_it_mends_it(copy: Path) -> None:
    path = version(copy / "index") / "corpus.json"
    path.write_bytes(path.read_bytes()[:-1])

    build(copy / "corpus", copy / "index", small_encoder())

    loaded = Searcher.load(copy / "index", small_encoder())
    assert loaded.search(loaded.read("une carte")).hits[0].entry.id == "inscription"


def test_an_index_of_another_encoder_is_refused_and_both_are_named(small_index: Path) -> None:
    with pytest.raises(IndexStoreError) as caught:
        Searcher.load(small_index / "index", FakeEncoder(["carte", "livres"]))

    message = plain(str(caught.value))
    assert "« fake:" + "+".join(WORDS) + " »" in message
    assert "« fake:carte+livres » (3)" in message
    assert "« motamot build »" in message


def test_an_index_of_another_format_is_refused_and_both_are_named(small_index: Path, tmp_path: Path) -> None:
    loaded = store.load(small_index / "index")
    store.save(tmp_path, replace(loaded, manifest=replace(loaded.manifest, format=99)))

    with pytest.raises(IndexStoreError) as caught:
        store.load(tmp_path)

    assert "(format 99, attendu 6)" in plain(str(caught.value))
    assert "« motamot build »" in plain(str(caught.value))


def test_no_index_at_all_is_refused_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(IndexStoreError, match="motamot build"):
        store.load(tmp_path / "nowhere")


class KilledError(BaseException):
    """What no code of ours catches, as a kill."""


@pytest.mark.parametrize("step", ["write", "sha256", "publish", "point_to"])
def test_a_build_killed_while_it_writes_leaves_the_index_before_in_service(
    copy: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = version(copy / "index")
    faq = {**FAQ, "horaires": ("Quand la médiathèque ferme-t-elle ?", "Elle ferme le lundi.")}
    write_corpus(copy / "corpus", faq, FEW)
    with monkeypatch.context() as patched:
        _kill_at(patched, step)
        with pytest.raises(KilledError):
            build(copy / "corpus", copy / "index", small_encoder())

    assert version(copy / "index") == before
    assert len(Searcher.load(copy / "index", small_encoder()).rows.entries) == len(FAQ)


def _kill_at(patched: pytest.MonkeyPatch, step: str) -> None:
    """Let ``versions`` do ``step`` once, or begin it if it is done once only, then die; drafts stay."""
    real: Callable[..., object] = getattr(versions, step)
    done = [step] if step in ("publish", "point_to") else []

    def once(*arguments: object) -> object:
        if done:
            raise KilledError
        done.append(step)
        return real(*arguments)

    patched.setattr(versions, step, once)
    patched.setattr(versions.shutil, "rmtree", lambda *_, **__: None)
    # The build reads the index before as well, with the same functions.
    patched.setattr("index.build._vectors_before", lambda *_: {})


def test_a_draft_left_by_a_killed_build_is_ignored_then_swept_away(copy: Path) -> None:
    index = copy / "index"
    (index / ".draft-a").mkdir()
    (index / ".draft-a" / "headings.faiss").write_bytes(b"half of a")
    (index / ".CURRENT-b").write_bytes(b"v-")

    assert store.load(index).manifest.format == store.FORMAT
    build(copy / "corpus", index, small_encoder())

    assert sorted(p.name for p in index.glob(".*")) == [".lock"]


def test_old_versions_are_swept_away_but_the_last_three(copy: Path) -> None:
    index = copy / "index"
    for day in range(4):
        faq = {**FAQ, "horaires": ("Quand la médiathèque ferme-t-elle ?", f"Elle ferme le {day + 1} mai.")}
        build(write_corpus(copy / "corpus", faq, FEW), index, small_encoder())

    kept = [store._load(v).entries[-1].body_text for v in versions.newest_first(index)]
    assert kept == ["Elle ferme le 4 mai.", "Elle ferme le 3 mai.", "Elle ferme le 2 mai."]
    assert version(index) == versions.newest_first(index)[0]


@contextmanager
def without_root() -> Iterator[None]:
    """Root writes everywhere: become somebody else for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_read_only_folder_is_named_with_the_remedy(small_index: Path, tmp_path: Path) -> None:
    loaded = store.load(small_index / "index")
    tmp_path.chmod(0o500)

    with without_root(), pytest.raises(IndexStoreError) as caught:
        store.save(tmp_path / "index", loaded)

    assert f"« {tmp_path / 'index'} »" in plain(str(caught.value))
    assert "« --index »" in plain(str(caught.value))


def test_a_folder_that_cannot_be_made_is_named_with_the_remedy(small_index: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")

    with pytest.raises(IndexStoreError) as caught:
        store.save(tmp_path / "taken" / "index", store.load(small_index / "index"))

    assert f"« {tmp_path / 'taken' / 'index'} »" in plain(str(caught.value))
    assert "« --index »" in plain(str(caught.value))


def test_an_index_can_be_read_by_other_accounts_than_the_one_that_built_it(small_index: Path) -> None:
    umask = os.umask(0)
    os.umask(umask)

    assert stat.S_IMODE(version(small_index / "index").stat().st_mode) == 0o777 & ~umask


def test_building_again_encodes_nothing(copy: Path) -> None:
    encoder = small_encoder()

    built = build(copy / "corpus", copy / "index", encoder)

    assert (built.n_encoded, encoder.seen) == (0, [])


def test_building_again_encodes_only_what_changed(copy: Path) -> None:
    question, answer = FAQ["retard"]
    faq = {**FAQ, "retard": (question, answer.replace("une semaine", "dix jours"))}
    phrasings = {**FEW, "retard": [*FEW["retard"], "rendre en retard"]}
    write_corpus(copy / "corpus", faq, phrasings)
    encoder = small_encoder()

    built = build(copy / "corpus", copy / "index", encoder)

    # The answer as a passage (with its question), the sentence that changed, and the new phrasing.
    assert sorted(encoder.seen) == sorted(
        [
            f"{question} Aucune amende n’est due. Un rappel part après dix jours.",
            "Un rappel part après dix jours.",
            "rendre en retard",
        ]
    )
    assert built.n_encoded == 3


def test_another_encoder_encodes_everything_anew(copy: Path) -> None:
    other = FakeEncoder([*WORDS, "bénévole"])

    built = build(copy / "corpus", copy / "index", other)

    assert built.n_encoded == len(other.seen) > 100


def test_progress_ends_with_everything_encoded(copy: Path) -> None:
    steps: list[tuple[Phase, int, int | None]] = []

    built = build(copy / "corpus", copy / "new", small_encoder(), on_progress=lambda *step: steps.append(step))

    assert list(dict.fromkeys(phase for phase, _, _ in steps)) == list(Phase)
    encoded = [(done, total) for phase, done, total in steps if phase is Phase.ENCODING]
    assert encoded[-1] == (built.n_encoded, built.n_encoded)
    assert encoded == sorted(set(encoded))


def test_an_index_is_stale_when_anything_that_shapes_it_changed(copy: Path) -> None:
    corpus, index, encoder = copy / "corpus", copy / "index", small_encoder()

    def fresh() -> bool:
        return state(corpus, index, encoder.name, MAX_ERROR) is State.FRESH

    assert fresh()
    assert state(corpus, index, "another encoder", MAX_ERROR) is State.STALE
    assert state(corpus, index, encoder.name, 0.1) is State.STALE
    for name in (
        "catalogue.toml",
        "lexicon.toml",
        "documents/mediatheque.csv",
        "phrasings/mediatheque.toml",
    ):
        path = corpus / name
        content = path.read_bytes()
        path.write_bytes(content + b"\n")
        assert not fresh(), name
        path.write_bytes(content)
        assert fresh(), name
    (corpus / "documents" / "annexes").mkdir()
    (corpus / "documents" / "annexes" / "tarifs.txt").write_text("Gratuit.", encoding="utf-8")
    assert not fresh()


def test_two_builds_of_one_corpus_learn_the_same(small_index: Path, tmp_path: Path) -> None:
    build(small_index / "corpus", tmp_path / "index", small_encoder())

    for name in [n for n in FILES if n not in ("CURRENT", "manifest.json")]:  # the manifest notes when
        assert (version(tmp_path / "index") / name).read_bytes() == (
            version(small_index / "index") / name
        ).read_bytes(), name


def test_a_corpus_of_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus")
    (tmp_path / "corpus" / "documents" / "mediatheque.csv").unlink()

    with pytest.raises(CorpusError, match="Guide du lecteur"):
        build(tmp_path / "corpus", tmp_path / "index", small_encoder())


def test_an_index_remembers_its_corpus_and_another_corpus_does_not_replace_it(copy: Path) -> None:
    corpus, index, encoder = copy / "corpus", copy / "index", small_encoder()
    other = write_corpus(copy / "other", {**FAQ, "retard": ("Que risque-t-on ?", "Un rappel.")}, {})
    build(corpus, index, encoder)
    before = version(index)

    assert store.corpus_of(index) == corpus
    assert store.corpus_of(copy / "nowhere") is None
    assert state(other, index, encoder.name, MAX_ERROR) is State.OTHER_CORPUS
    assert state(other, copy / "nowhere", encoder.name, MAX_ERROR) is State.ABSENT
    with pytest.raises(LossError) as caught:
        build(other, index, encoder)
    assert f"depuis le corpus « {corpus} », et non « {other} »" in plain(str(caught.value))
    assert version(index) == before

    build(other, index, encoder, accept_loss=True)
    assert store.corpus_of(index) == other


def test_a_corpus_that_was_moved_is_the_same_corpus(copy: Path) -> None:
    build(copy / "corpus", copy / "index", small_encoder())
    moved = shutil.copytree(copy / "corpus", copy / "moved")

    assert state(moved, copy / "index", small_encoder().name, MAX_ERROR) is State.FRESH
    shutil.rmtree(copy / "corpus")
    write_corpus(moved, {**FAQ, "retard": (FAQ["retard"][0], "Un rappel.")}, FEW)
    assert state(moved, copy / "index", small_encoder().name, MAX_ERROR) is State.STALE


def test_a_document_that_cannot_be_read_any_more_is_not_lost_unasked(copy: Path) -> None:
    corpus, index, encoder = copy / "corpus", copy / "index", small_encoder()
    (corpus / "documents" / "note.docx").write_bytes(_docx("Le bureau des cartes ferme à midi."))
    with (corpus / "catalogue.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[source]]\nid = "note"\ntitle = "Note"\npublisher = "Ville"\ndate = "2024-03"\n')
        file.write('kind = "page"\nfile = "note.docx"\n')
    assert build(corpus, index, encoder).phrasings == {"mediatheque": 12}
    before = version(index)

    (corpus / "documents" / "note.docx").write_bytes(_docx("Le bureau des cartes ferme à midi.")[:-200])
    with pytest.raises(LossError) as caught:
        build(corpus, index, encoder)

    message = plain(str(caught.value))
    assert "« Note » (1 entrée) ne peut plus être lu" in message
    assert "« motamot build --accept-loss »" in message
    assert version(index) == before
    assert [left.source.id for left in build(corpus, index, encoder, accept_loss=True).corpus.left_out] == ["note"]


def _docx(text: str) -> bytes:
    document, file = docx.Document(), BytesIO()
    document.add_paragraph(text)
    document.save(file)
    return file.getvalue()


def test_more_than_a_tenth_of_the_entries_is_not_lost_unasked(copy: Path) -> None:
    many = {f"q{n}": (f"Quelle est la règle {n} ?", f"La règle {n} est simple.") for n in range(10)}
    corpus, index, encoder = write_corpus(copy / "corpus", many, {}), copy / "index", small_encoder()
    build(corpus, index, encoder, accept_loss=True)

    write_corpus(corpus, dict(list(many.items())[:8]), {})
    with pytest.raises(LossError, match=r"mediatheque.* n’a plus que 8 de ses 10 entrées"):
        build(corpus, index, encoder)
    write_corpus(corpus, dict(list(many.items())[:9]), {})
    assert len(build(corpus, index, encoder).corpus.entries) == 9


def test_an_index_of_an_older_format_is_stale(copy: Path) -> None:
    manifest = version(copy / "index") / "manifest.json"
    content = {**json.loads(manifest.read_text(encoding="utf-8")), "format": 3, "fingerprint": "0" * 64}
    del content["corpus"], content["entries"]
    manifest.write_text(json.dumps(content), encoding="utf-8")
    versions.point_to(copy / "index", manifest.parent.rename(copy / "index" / versions.name_of(manifest)))

    assert state(copy / "corpus", copy / "index", small_encoder().name, MAX_ERROR) is State.STALE
    with pytest.raises(IndexStoreError, match=r"format 3, attendu 6.*motamot build"):
        Searcher.load(copy / "index", small_encoder())
    build(copy / "corpus", copy / "index", small_encoder())
    assert store.corpus_of(copy / "index") == copy / "corpus"
