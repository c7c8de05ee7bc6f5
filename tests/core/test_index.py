from pathlib import Path

import numpy as np
import pytest

from core.embedders import unit_rows
from core.errors import SnapshotCorrupt
from core.index import PhotoIndex


@pytest.fixture
def embeddings() -> np.ndarray:
    return unit_rows(np.random.default_rng(0).normal(size=(200, 16)))


def test_search_equals_brute_force(embeddings: np.ndarray) -> None:
    queries = unit_rows(np.random.default_rng(1).normal(size=(7, 16)))
    found = PhotoIndex.build(embeddings).search(queries, 10)
    exact = queries @ embeddings.T
    assert np.array_equal(found.rows, np.argsort(-exact, axis=1)[:, :10])
    assert np.allclose(found.scores, -np.sort(-exact, axis=1)[:, :10], atol=1e-6)


def test_a_photo_finds_itself_first(embeddings: np.ndarray) -> None:
    found = PhotoIndex.build(embeddings).search(embeddings[5:6], 3)
    assert found.rows[0, 0] == 5
    assert found.scores[0, 0] == pytest.approx(1, abs=1e-5)


def test_asking_for_more_than_there_are_gives_all(embeddings: np.ndarray) -> None:
    assert PhotoIndex.build(embeddings[:3]).search(embeddings[:1], 20).rows.shape == (1, 3)


def test_search_can_be_limited_to_some_rows(embeddings: np.ndarray) -> None:
    found = PhotoIndex.build(embeddings).search(embeddings[:1], 5, only_rows=[7, 9, 11])
    assert set(found.rows[0]) == {7, 9, 11}
    assert PhotoIndex.build(embeddings).search(embeddings[:1], 5, only_rows=[]).rows.size == 0


def test_a_saved_index_answers_the_same(embeddings: np.ndarray, tmp_path: Path) -> None:
    index = PhotoIndex.build(embeddings)
    index.save(tmp_path / "photos.faiss")
    loaded = PhotoIndex.load(tmp_path / "photos.faiss")
    assert (loaded.size, loaded.dim) == (200, 16)
    assert np.array_equal(loaded.search(embeddings, 5).rows, index.search(embeddings, 5).rows)


@pytest.mark.parametrize("content", [b"", b"junk" * 100])
def test_a_damaged_index_is_called_corrupt(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "photos.faiss").write_bytes(content)
    with pytest.raises(SnapshotCorrupt):
        PhotoIndex.load(tmp_path / "photos.faiss")
