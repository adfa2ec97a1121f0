"""The index on disk: it gives back what was saved, refuses what is damaged, and computes nothing again."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import plain
from fake_encoder import FakeEncoder
from small_corpus import FAQ, FEW, WORDS, closing_on, small_encoder, write_corpus
from test_rebuilding import stands

from corpus.errors import IndexStoreError
from index import MAX_ERROR, versions
from index.build import Phase, build
from index.lexical import Bm25, Tfidf
from index.query import QueryParser
from index.rows import LexicalFields
from index.searcher import Searcher
from index.state import State, state
from index.store import FolderStore
from index.vocabulary import CorpusVocabulary

QUESTIONS = ["qui peut avoir une carte ?", "amende de retard", "louer la sale", "quelle est la capitale du Pérou ?"]
FILES = [
    *("CURRENT", "arrays.npz", "documents.jsonl", "entries.jsonl", "head.json", "learned.json", "manifest.json"),
    "said.json",
]


def version(index: Path) -> Path:
    return index / (index / "CURRENT").read_text(encoding="utf-8")


def test_an_index_is_vectors_arrays_and_json(small_index: Path) -> None:
    index = small_index / "index"

    assert sorted(["CURRENT", *(p.name for p in version(index).iterdir())]) == FILES
    assert [p.name for p in index.iterdir() if p.name.startswith(".")] == [".lock"]
    manifest = json.loads((version(index) / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["format"], manifest["encoder"], manifest["dim"]) == (
        versions.FORMAT,
        "fake:" + "+".join(WORDS),
        len(WORDS) + 1,
    )
    assert list(manifest["documents"]) == ["mediatheque"]


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_one_flipped_bit_or_missing_is_refused_with_the_command_that_mends_it(
    folder: Path, name: str
) -> None:
    index = folder / "index"
    path = index / name if name == "CURRENT" else version(index) / name
    whole = path.read_bytes()
    for place in (0, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(IndexStoreError, match="motamot build"):
            Searcher.load(index, small_encoder())
    if name in ("CURRENT", "manifest.json"):
        assert stands(folder) in (State.ABSENT, State.STALE)
    path.unlink()
    for missing in (index, folder / "nowhere"):
        with pytest.raises(IndexStoreError, match="motamot build"):
            FolderStore(missing).load()
    if name == "entries.jsonl":  # the command mends it
        build(folder / "corpus", index, small_encoder())
        loaded = Searcher.load(index, small_encoder())
        assert loaded.search(loaded.read("une carte")).hits[0].entry.id == "inscription"


def test_loading_computes_nothing_that_a_build_knew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def computed(*_: object) -> None:
        raise AssertionError("computed again")

    for kind in (CorpusVocabulary, LexicalFields, Bm25, Tfidf):
        monkeypatch.setattr(kind, "of", computed)
    monkeypatch.setattr(QueryParser, "read", computed)
    monkeypatch.setattr(QueryParser, "terms", computed)
    monkeypatch.setattr("index.classifier.fit", computed)

    loaded = Searcher.load(folder / "index", small_encoder())

    # A document is shared by all that was cut from it.
    assert len({id(passage.document) for passage in loaded.rows.passages}) == 1


def test_an_index_of_another_encoder_is_refused_and_both_are_named(small_index: Path) -> None:
    with pytest.raises(IndexStoreError) as caught:
        Searcher.load(small_index / "index", FakeEncoder(["carte", "livres"]))

    message = plain(str(caught.value))
    assert "« fake:" + "+".join(WORDS) + " »" in message
    assert "« fake:carte+livres » (3)" in message
    assert "« motamot build »" in message


def test_a_read_only_folder_is_named_with_the_remedy(small_index: Path, tmp_path: Path) -> None:
    loaded, user = FolderStore(small_index / "index").load(), os.geteuid()
    tmp_path.chmod(0o500)

    if user == 0:
        os.seteuid(65534)  # root writes everywhere: become somebody else for a while
    try:
        with pytest.raises(IndexStoreError) as caught:
            FolderStore(tmp_path / "index").save(loaded)
    finally:
        os.seteuid(user)

    assert f"« {tmp_path / 'index'} »" in plain(str(caught.value))
    assert "« --index »" in plain(str(caught.value))


def test_an_index_can_be_read_by_other_accounts_than_the_one_that_built_it(small_index: Path) -> None:
    umask = os.umask(0)
    os.umask(umask)

    assert stat.S_IMODE(version(small_index / "index").stat().st_mode) == 0o777 & ~umask


def test_building_again_encodes_only_what_changed(folder: Path) -> None:
    corpus, encoder = folder / "corpus", small_encoder()
    assert (build(corpus, folder / "index", encoder).n_encoded, encoder.seen) == (0, [])
    question, answer = FAQ["retard"]
    faq = {**closing_on(2), "retard": (question, answer.replace("une semaine", "dix jours"))}
    write_corpus(corpus, faq, {**FEW, "retard": [*FEW["retard"], "rendre en retard"]})

    # The answer as a passage (with its question), and the new phrasing.
    assert build(corpus, folder / "index", encoder).n_encoded == 2
    assert sorted(encoder.seen) == [
        f"{question} Aucune amende n’est due. Un rappel part après dix jours.",
        "rendre en retard",
    ]
    other = FakeEncoder([*WORDS, "bénévole"])
    assert build(corpus, folder / "index", other).n_encoded == len(other.seen) > 100


def test_progress_ends_with_everything_encoded(small_index: Path, tmp_path: Path) -> None:
    steps: list[tuple[Phase, int, int | None]] = []

    built = build(
        small_index / "corpus", tmp_path / "new", small_encoder(), on_progress=lambda *step: steps.append(step)
    )

    assert list(dict.fromkeys(phase for phase, _, _ in steps)) == list(Phase)
    assert (Phase.READING, 0, 1) in steps
    learned = [(done, total) for phase, done, total in steps if phase is Phase.LEARNING]
    assert learned[-1][0] == learned[-1][1]
    encoded = [(done, total) for phase, done, total in steps if phase is Phase.ENCODING]
    assert encoded[-1] == (built.n_encoded, built.n_encoded)
    assert encoded == sorted(set(encoded))


def test_an_index_is_stale_when_anything_that_shapes_it_changed(folder: Path) -> None:
    corpus, index = folder / "corpus", folder / "index"
    assert stands(folder) is State.FRESH
    assert state(corpus, index, "another encoder", MAX_ERROR) is State.STALE
    assert state(corpus, index, small_encoder().name, 0.2) is State.STALE
    for name in ("catalogue.toml", "lexicon.toml", "documents/mediatheque.csv", "phrasings/mediatheque.toml"):
        content = (corpus / name).read_bytes()
        (corpus / name).write_bytes(content + b"\n")
        assert stands(folder) is State.STALE, name
        (corpus / name).write_bytes(content)
        assert stands(folder) is State.FRESH, name
    (corpus / "documents" / "annexes").mkdir()
    (corpus / "documents" / "annexes" / "tarifs.txt").write_text("Gratuit.", encoding="utf-8")
    assert stands(folder) is State.STALE


ELSEWHERE = """
import json, pathlib, sys
sys.path.insert(0, sys.argv[1])
from index.build import build
from index.searcher import Searcher
from small_corpus import small_encoder
corpus, index = map(pathlib.Path, sys.argv[2:4])
build(corpus, index, small_encoder())
searcher = Searcher.load(index, small_encoder())
found = [searcher.search(searcher.read(q)) for q in sys.argv[4:]]
print(json.dumps([[[h.entry.id for h in r.hits], r.confidence, r.answerable] for r in found]))
"""


def test_another_processor_finds_the_same_with_the_same_confidence(
    small_index: Path, small_searcher: Searcher, tmp_path: Path
) -> None:
    """OpenBLAS and FAISS choose their kernels by the processor, which changes the last digits of their sums."""
    oldest = {"OPENBLAS_CORETYPE": "Nehalem", "OPENBLAS_NUM_THREADS": "2", "FAISS_OPT_LEVEL": "generic"}
    folders = [Path(__file__).parent, small_index / "corpus", tmp_path / "index"]
    command = [sys.executable, "-c", ELSEWHERE, *folders, *QUESTIONS]
    ran = subprocess.run(command, capture_output=True, env={**os.environ, **oldest}, check=True)

    for question, (entries, sure, answerable) in zip(QUESTIONS, json.loads(ran.stdout), strict=True):
        here = small_searcher.search(small_searcher.read(question))
        assert [hit.entry.id for hit in here.hits] == entries
        assert (here.confidence, here.answerable) == pytest.approx((sure, answerable), abs=0.005)


def test_two_builds_of_one_corpus_learn_the_same(small_index: Path, tmp_path: Path) -> None:
    build(small_index / "corpus", tmp_path / "index", small_encoder())

    once, again = version(small_index / "index"), version(tmp_path / "index")
    for name in [n for n in FILES if n not in ("CURRENT", "manifest.json")]:  # the manifest notes when
        assert (once / name).read_bytes() == (again / name).read_bytes(), name


def test_an_index_of_an_older_format_is_stale(folder: Path) -> None:
    manifest = version(folder / "index") / "manifest.json"
    content = {**json.loads(manifest.read_text(encoding="utf-8")), "format": 3, "fingerprint": "0" * 64}
    del content["corpus"], content["entries"]
    manifest.write_text(json.dumps(content), encoding="utf-8")
    versions.point_to(folder / "index", manifest.parent.rename(folder / "index" / versions.name_of(manifest)))

    assert stands(folder) is State.STALE
    with pytest.raises(IndexStoreError, match=rf"format 3, attendu {versions.FORMAT}.*motamot build"):
        Searcher.load(folder / "index", small_encoder())
    build(folder / "corpus", folder / "index", small_encoder())
    assert versions.corpus_in(versions.remembered(folder / "index")) == folder / "corpus"
