"""Encoding what is new: by several processes as by one, and going on where a build was killed."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from fake_encoder import FakeEncoder
from small_corpus import FAQ, WORDS, small_encoder, write_corpus

from corpus.errors import IndexStoreError
from index import build as building
from index.build import build
from index.encoding import pool
from index.store import FolderStore


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOTAMOT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(building, "BATCH", 5)
    monkeypatch.setattr(building, "_LONG", 3)
    return write_corpus(tmp_path / "corpus", FAQ, {})


def test_several_processes_give_the_same_vectors(corpus: Path, tmp_path: Path) -> None:
    one, several = FolderStore(tmp_path / "one"), FolderStore(tmp_path / "several")
    build(corpus, one, small_encoder())
    steps: list[tuple[int, int | None]] = []

    with pool(2, partial(FakeEncoder, WORDS)) as processes:
        built = build(corpus, several, small_encoder(), pool=processes, on_progress=lambda _, *step: steps.append(step))

    assert built.n_encoded == 12
    assert (10, 12) in steps
    for name, field in one.load().dense.items():
        assert np.array_equal(several.load().dense[name].all(), field.all())


def test_a_build_that_was_killed_goes_on_where_it_was(corpus: Path, tmp_path: Path) -> None:
    class Killed(FakeEncoder):
        def encode_passages(self, texts):
            if len(self.seen) >= 10:
                raise KeyboardInterrupt
            return super().encode_passages(texts)

    first, second = Killed(WORDS), small_encoder()
    with pytest.raises(KeyboardInterrupt):
        build(corpus, tmp_path / "index", first)

    assert build(corpus, tmp_path / "index", second).n_encoded == 2
    assert (len(first.seen), len(second.seen)) == (10, 2)
    assert not set(first.seen) & set(second.seen)
    assert list((tmp_path / "home" / "unfinished").iterdir()) == []
    build(corpus, tmp_path / "whole", small_encoder())
    for name, field in FolderStore(tmp_path / "whole").load().dense.items():
        assert np.array_equal(FolderStore(tmp_path / "index").load().dense[name].all(), field.all())


def test_without_ray_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray.util.multiprocessing", None)

    with pytest.raises(IndexStoreError, match=r"pip install 'motamot\[ray\]'"), pool(1, small_encoder, "auto"):
        pass
