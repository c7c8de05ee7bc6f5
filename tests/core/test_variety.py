from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.embedders import Embeddings, unit_rows
from core.variety import typicality, varied

NOTHING_WANTED = np.zeros(6, dtype=np.float32)
# Four photos from the front, one from the side, one of something else altogether.
PHOTOS = unit_rows(
    np.array([[10, 1, 0], [10, 1.1, 0], [10, 0.9, 0], [10, 1, 0.1], [7, 7, 0], [0, -1, 10]])
)


def order(wanted: NDArray[np.float32] = NOTHING_WANTED) -> Iterator[int]:
    return varied(typicality(PHOTOS), wanted, lambda: PHOTOS)


def test_every_photo_comes_once() -> None:
    assert sorted(order()) == list(range(6))


def test_another_view_comes_before_more_of_the_same() -> None:
    first, second, *_ = order()
    assert first in range(4)
    assert second == 4


def test_a_third_view_comes_before_more_of_the_first() -> None:
    front, left, right = (1, 0.6, 0, 0), (1, 0, 0.6, 0), (1, 0, 0, 0.6)
    views = unit_rows(np.array([front, front, front, left, right]))
    wanted = np.array([0.1, 0.1, 0.1, 0, 0], dtype=np.float32)
    assert list(varied(typicality(views), wanted, lambda: views))[:3] == [0, 3, 4]


def test_what_does_not_look_like_the_place_comes_last() -> None:
    assert list(order())[-1] == 5


def test_what_is_wanted_comes_first() -> None:
    wanted = np.array([0, 0, 0, 0, 0.9, 0], dtype=np.float32)
    assert next(order(wanted)) == 4


def test_the_first_photo_is_chosen_without_reading_embeddings() -> None:
    reads = []

    def read() -> Embeddings:
        reads.append(PHOTOS)
        return PHOTOS

    photos = varied(typicality(PHOTOS), NOTHING_WANTED, read)
    next(photos)
    assert not reads
    assert len(list(photos)) == 5
    assert len(reads) == 1


def test_a_lone_photo_is_shown() -> None:
    alone = PHOTOS[:1]
    assert list(varied(typicality(alone), NOTHING_WANTED[:1], lambda: alone)) == [0]
