"""Exact cosine search: scores in the order of the vectors, saved and loaded unchanged."""

from pathlib import Path

import numpy as np
import pytest

from index import dense
from index.dense import Dense, inverted_file

VECTORS = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)


def test_scores_are_cosines_in_the_order_of_the_vectors() -> None:
    queries = np.array([[1, 0], [0, -1]], dtype=np.float32)

    assert Dense(VECTORS).scores(queries) == pytest.approx(np.array([[1, 0, 0.6], [0, -1, -0.8]]), abs=1e-6)


def test_an_empty_index_has_no_scores() -> None:
    empty = Dense(np.zeros((0, 2), np.float32))

    assert empty.scores(VECTORS).shape == (3, 0)
    assert empty.all().shape == (0, 2)
    assert empty.nearest(VECTORS, 3).tolist() == []


def test_some_rows_have_the_scores_that_they_have_among_all() -> None:
    rows = np.array([2, 0])

    assert Dense(VECTORS).scores(VECTORS, rows) == pytest.approx(Dense(VECTORS).scores(VECTORS)[:, rows])


def test_the_nearest_to_either_query_are_found_once() -> None:
    queries = np.array([[1, 0], [0.8, 0.6]], np.float32)

    assert Dense(VECTORS).nearest(queries, 1).tolist() == [0, 2]
    assert Dense(VECTORS).nearest(queries, 9).tolist() == [0, 1, 2]


def test_where_there_are_many_an_inverted_file_finds_as_many_of_the_nearest_as_promised(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(dense, "FLAT", 500)
    random = np.random.default_rng(1)
    vectors = random.normal(size=(3000, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    content = inverted_file(vectors, vectors[:0])
    assert content is not None
    (tmp_path / "a.faiss").write_bytes(content)
    loaded = Dense.load(vectors, tmp_path / "a.faiss")

    queries = vectors[:20] + vectors[20:40]
    true = [set(np.argsort(-vectors @ query)[:100].tolist()) for query in queries]
    found = [own & set(loaded.nearest(query[None], 100).tolist()) for own, query in zip(true, queries, strict=True)]
    assert np.mean([len(own) for own in found]) >= 100 * dense.RECALL - 1
    np.save(tmp_path / "a.npy", vectors)
    mapped = Dense.load(np.load(tmp_path / "a.npy", mmap_mode="r"), tmp_path / "a.faiss")
    for rows in (np.array([7]), np.arange(1, 90, 4), np.array([5, 9, 10, 11, 2999, 4]), np.arange(3000)):
        assert mapped.scores(queries, rows) == pytest.approx(queries @ vectors[rows].T, abs=1e-6)
    assert inverted_file(vectors[:500], vectors) is None
    with pytest.raises(ValueError, match=r"a\.faiss holds no inverted file of \(3, 2\) numbers"):
        Dense.load(VECTORS, tmp_path / "a.faiss")
