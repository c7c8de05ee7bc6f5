import numpy as np
import pytest

from core.embedders.base import Embeddings, unit_rows
from core.index import PhotoIndex
from core.thorough import SHORTLIST, ThoroughIndex, thorough

PHOTOS, DIM, SECOND_DIM = 50, 8, 6


def embeddings(count: int, dim: int, seed: int) -> Embeddings:
    return unit_rows(np.random.default_rng(seed).normal(size=(count, dim)))


@pytest.fixture
def visual() -> Embeddings:
    return embeddings(PHOTOS, DIM, seed=1)


@pytest.fixture
def second() -> Embeddings:
    return embeddings(PHOTOS, SECOND_DIM, seed=2)


@pytest.fixture
def index(visual: Embeddings, second: Embeddings) -> ThoroughIndex:
    return ThoroughIndex(PhotoIndex.build(visual), second.__getitem__)


def test_a_thorough_cosine_is_the_mean_of_both(visual: Embeddings, second: Embeddings) -> None:
    both = thorough(visual, second)
    means = (visual @ visual.T + second @ second.T) / 2
    np.testing.assert_allclose(both @ both.T, means, atol=1e-6)


def test_with_one_network_the_first_look_is_all_there_is(visual: Embeddings) -> None:
    none = np.empty((PHOTOS, 0), np.float32)
    assert thorough(visual, none) is visual


def test_what_is_found_is_what_comparing_with_all_finds(
    index: ThoroughIndex, visual: Embeddings, second: Embeddings
) -> None:
    """Also for a mean of looks, in which one network may count more than the other."""
    queries = unit_rows(
        np.concatenate([3 * embeddings(5, DIM, seed=3), embeddings(5, SECOND_DIM, seed=4)], axis=1)
    )
    exact = queries @ thorough(visual, second).T
    found = index.search(queries, 7)
    order = np.argsort(-exact, axis=1)[:, :7]
    assert (found.rows == order).all()
    np.testing.assert_allclose(found.scores, np.take_along_axis(exact, order, 1), atol=1e-3)


def test_only_what_the_first_network_finds_is_asked_of_the_second() -> None:
    """The photo that the second network likes best lies beyond the shortlist."""
    count = SHORTLIST + 10
    angles = np.linspace(0, 1, count)
    visual = unit_rows(np.column_stack([np.cos(angles), np.sin(angles)]))
    second = np.zeros((count, 2), np.float32)
    second[:, 0] = 1
    second[[3, -1]] = (0, 1)
    query = thorough(visual[:1], np.array([[0, 1]], np.float32))
    found = ThoroughIndex(PhotoIndex.build(visual), second.__getitem__).search(query, 2)
    assert found.rows[0].tolist() == [3, 0]


def test_more_are_found_than_the_shortlist_has_if_they_are_asked_for() -> None:
    count = SHORTLIST + 10
    index = PhotoIndex.build(embeddings(count, DIM, seed=5))
    both = ThoroughIndex(index, embeddings(count, SECOND_DIM, seed=6).__getitem__)
    found = both.search(embeddings(1, DIM + SECOND_DIM, seed=7), SHORTLIST + 5)
    assert len(set(found.rows[0].tolist())) == SHORTLIST + 5


def test_a_search_stays_among_the_rows_it_is_told(
    index: ThoroughIndex, visual: Embeddings, second: Embeddings
) -> None:
    query = thorough(visual[:1], second[:1])
    assert index.search(query, 1).rows.tolist() == [[0]]
    assert set(index.search(query, 9, only_rows=[5, 9, 20]).rows[0].tolist()) == {5, 9, 20}
    assert index.search(query, 9, only_rows=[]).rows.shape == (1, 0)
    assert index.search(query, 2 * PHOTOS).rows.shape == (1, PHOTOS)
