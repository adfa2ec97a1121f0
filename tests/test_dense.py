"""Exact cosine search: scores in the order of the vectors, saved and loaded unchanged."""

from pathlib import Path

import faiss
import numpy as np
import pytest

from index import dense
from index.dense import Dense

VECTORS = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)


def test_scores_are_cosines_in_the_order_of_the_vectors() -> None:
    queries = np.array([[1, 0], [0, -1]], dtype=np.float32)

    assert Dense.of(VECTORS).scores(queries) == pytest.approx(np.array([[1, 0, 0.6], [0, -1, -0.8]]), abs=1e-6)


def test_vectors_come_back_as_they_were_given() -> None:
    index = Dense.of(VECTORS)

    assert (len(index), index.dim) == (3, 2)
    assert index.vectors.tolist() == VECTORS.tolist()
    assert index.vector(2).tolist() == VECTORS[2].tolist()


def test_saved_then_loaded_gives_the_same_scores(tmp_path: Path) -> None:
    (tmp_path / "a.faiss").write_bytes(Dense.of(VECTORS).to_bytes())

    loaded = Dense.load(tmp_path / "a.faiss")

    assert loaded.scores(VECTORS).tolist() == Dense.of(VECTORS).scores(VECTORS).tolist()


def test_an_empty_index_has_no_scores() -> None:
    empty = Dense.of(np.zeros((0, 2), np.float32))

    assert empty.scores(VECTORS).shape == (3, 0)
    assert empty.vectors.shape == (0, 2)


def test_the_tail_of_a_large_index_shares_the_lowest_score_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "_DEEPEST", 2)

    # The two best are 1 and 0.6; the third, 0, is given 0.6: never more than a better one.
    found = Dense.of(VECTORS).scores(np.array([[1, 0]], np.float32))

    assert found == pytest.approx(np.array([[1, 0.6, 0.6]]), abs=1e-6)


def test_vectors_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(n, dim\), got \(2,\)"):
        Dense.of(VECTORS[0])
    with pytest.raises(ValueError, match=r"\(n, 2\), got \(1, 3\)"):
        Dense.of(VECTORS).scores(np.zeros((1, 3), np.float32))


def test_another_kind_of_index_is_refused(tmp_path: Path) -> None:
    other = faiss.IndexFlatL2(2)
    other.add(VECTORS)
    faiss.write_index(other, str(tmp_path / "l2.faiss"))

    with pytest.raises(ValueError, match=r"l2\.faiss holds IndexFlatL2, expected IndexFlatIP"):
        Dense.load(tmp_path / "l2.faiss")
