from pathlib import Path

import numpy as np
import pytest

from core.embedders import unit_rows
from core.errors import SnapshotCorrupt
from core.index import PhotoIndex, recall


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
    assert PhotoIndex.build(embeddings).search(embeddings, 3).scores.max() <= 1


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


KINDS = {
    "float32": {},
    "float16": {"exact_up_to": 100},
    "clusters": {"exact_up_to": 100, "halves_up_to": 200},
}


@pytest.fixture(scope="module")
def clustered() -> np.ndarray:
    """Photos of 60 places that resemble one another more than those of others."""
    rng = np.random.default_rng(2)
    places = rng.normal(size=(60, 32))
    return unit_rows(places[rng.integers(60, size=4000)] + 0.5 * rng.normal(size=(4000, 32)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_index_finds_the_nearest(
    kind: str, clustered: np.ndarray, tmp_path: Path
) -> None:
    PhotoIndex.build(clustered, **KINDS[kind]).save(tmp_path / "photos.faiss")
    queries = clustered[1::40]
    found = PhotoIndex.load(tmp_path / "photos.faiss").search(queries, 20)
    exact = np.argsort(-(queries @ clustered.T), axis=1)[:, :20]
    hits = sum(len({*f} & {*e}) for f, e in zip(found.rows, exact, strict=True))
    assert hits / exact.size >= 0.97  # 0.98 is chosen on other photos
    assert np.allclose(found.scores[:, 0], 1, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_index_gives_photos_back(
    kind: str, clustered: np.ndarray, tmp_path: Path
) -> None:
    PhotoIndex.build(clustered, **KINDS[kind]).save(tmp_path / "photos.faiss")
    index, rows = PhotoIndex.load(tmp_path / "photos.faiss"), [7, 3999, 0]
    np.testing.assert_allclose(index.embeddings(rows), clustered[rows], atol=1e-3)
    assert index.embeddings([]).shape == (0, 32)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_index_can_be_limited_to_some_rows(kind: str, clustered: np.ndarray) -> None:
    rows = [int(row) for row in np.argsort(clustered @ clustered[0])[:30]]  # the farthest
    found = PhotoIndex.build(clustered, **KINDS[kind]).search(clustered[:1], 50, only_rows=rows)
    assert set(found.rows[0]) == set(rows)


def test_an_index_suits_the_number_of_photos(clustered: np.ndarray) -> None:
    assert len({type(PhotoIndex.build(clustered, **how)._faiss) for how in KINDS.values()}) == 3


def test_photos_that_form_no_clusters_are_found_as_well() -> None:
    scattered = unit_rows(np.random.default_rng(3).normal(size=(2000, 32)))
    exact, found = (
        PhotoIndex.build(scattered, **KINDS[kind]).search(scattered[1::40], 20).rows
        for kind in ("float32", "clusters")
    )
    assert recall(found, exact) >= 0.95
    assert recall(exact[:, :10], exact) == 0.5


def test_clusters_give_as_many_photos_as_were_asked_for(clustered: np.ndarray) -> None:
    index = PhotoIndex.build(clustered, **KINDS["clusters"])
    assert sorted(index.search(clustered[:1], 4000).rows[0]) == list(range(4000))


@pytest.mark.parametrize("content", [b"", b"junk" * 100])
def test_a_damaged_index_is_called_corrupt(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "photos.faiss").write_bytes(content)
    with pytest.raises(SnapshotCorrupt):
        PhotoIndex.load(tmp_path / "photos.faiss")
