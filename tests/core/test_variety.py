import numpy as np

from core.embedders import unit_rows
from core.variety import varied

NOTHING_WANTED = np.zeros(6, dtype=np.float32)
# Four photos from the front, one from the side, one of something else altogether.
PHOTOS = unit_rows(
    np.array([[10, 1, 0], [10, 1.1, 0], [10, 0.9, 0], [10, 1, 0.1], [7, 7, 0], [0, -1, 10]])
)


def test_every_photo_comes_once() -> None:
    assert sorted(varied(PHOTOS, NOTHING_WANTED)) == list(range(6))


def test_another_view_comes_before_more_of_the_same() -> None:
    first, second, *_ = varied(PHOTOS, NOTHING_WANTED)
    assert first in range(4)
    assert second == 4


def test_what_does_not_look_like_the_place_comes_last() -> None:
    assert list(varied(PHOTOS, NOTHING_WANTED))[-1] == 5


def test_what_is_wanted_comes_first() -> None:
    wanted = np.array([0, 0, 0, 0, 0.9, 0], dtype=np.float32)
    assert next(varied(PHOTOS, wanted)) == 4


def test_no_photos_give_none() -> None:
    assert list(varied(np.empty((0, 3), np.float32), np.empty(0, np.float32))) == []
