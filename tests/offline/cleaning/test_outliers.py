import numpy as np
import pytest

from core.embedders.base import Embeddings, unit_rows
from offline.cleaning.detectors import DEFAULT_THRESHOLDS
from offline.cleaning.duplicates import Twins
from offline.cleaning.findings import Reason
from offline.cleaning.outliers import Likeness, likeness, misfit, misplaced

THRESHOLD = DEFAULT_THRESHOLDS[Reason.WRONG_PLACE]
DIM = 64


def around(centre: int, count: int, *, seed: int, spread: float = 0.06) -> Embeddings:
    """Embeddings of ``count`` photos of one sight."""
    noise = np.random.default_rng((centre, seed)).normal(0, spread, (count, DIM))
    return unit_rows(np.eye(DIM)[centre] + 0.5 + noise)


def city(count: int = 12) -> tuple[Embeddings, list[str]]:
    """Four sights with ``count`` photos each."""
    visual = np.concatenate([around(3 * place, count, seed=0) for place in range(4)])
    return visual, [f"place{place}" for place in range(4) for _ in range(count)]


def test_photos_of_their_place_fit() -> None:
    visual, places = city()
    assert (misfit(likeness(visual, places, [])) < THRESHOLD).all()


def test_a_photo_of_another_place_does_not_fit() -> None:
    visual, places = city()
    scores = misfit(
        likeness(np.concatenate([visual, around(6, 1, seed=9)]), [*places, "place0"], [])
    )
    assert scores[-1] >= THRESHOLD
    assert (scores[:-1] < THRESHOLD).all()


def test_a_photo_of_nothing_known_is_alone_and_fits_worst() -> None:
    visual, places = city()
    stranger = unit_rows(np.random.default_rng(4).normal(size=(1, DIM)))
    likes = likeness(np.concatenate([visual, stranger]), [*places, "place1"], [])
    assert likes.lonely[-1]
    assert likes.lonely[:-1].sum() <= 1
    assert misfit(likes).argmax() == len(visual)


def test_usual_likeness_is_one_on_the_gallery_s_scale_whatever_the_embedder() -> None:
    visual, places = city()
    common = np.concatenate([visual, np.full((len(visual), 1), 1.5)], axis=1)
    for embeddings in (visual, unit_rows(common)):  # the latter: all cosines far higher
        likes = likeness(embeddings, places, [])
        assert np.median(likes.own) == pytest.approx(1)
        assert np.median(likes.elsewhere) < 0.5


def test_copies_do_not_speak_for_each_other() -> None:
    visual, places = city()
    stray = around(6, 1, seed=9)
    rows = len(visual)
    with_copies = np.concatenate([visual, stray, stray, stray, stray])
    copies = [
        Twins(rows + first, rows + second, 1.0) for second in range(4) for first in range(second)
    ]
    where = [*places, *["place0"] * 4]
    assert (misfit(likeness(with_copies, where, []))[rows:] < THRESHOLD).all()
    assert (misfit(likeness(with_copies, where, copies))[rows:] >= THRESHOLD).all()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_place_of_few_photos_keeps_them(count: int) -> None:
    visual, places = city()
    few = around(20, count, seed=1)
    scores = misfit(likeness(np.concatenate([visual, few]), [*places, *["few"] * count], []))
    assert (scores[-count:] < THRESHOLD).all()


def test_a_gallery_of_one_photo_or_one_place_has_no_outliers() -> None:
    assert misfit(likeness(around(0, 1, seed=0), ["a"], []))[0] < THRESHOLD
    assert (misfit(likeness(around(0, 9, seed=0), ["a"] * 9, [])) < THRESHOLD).all()


def test_of_a_picture_under_two_places_the_one_that_fits_worse_is_misplaced() -> None:
    visual, places = city()
    shared = around(3, 1, seed=7)
    both = np.concatenate([visual, shared, shared])
    where = [*places, "place0", "place1"]
    pair = [Twins(len(visual), len(visual) + 1, 1.0)]
    scores = misplaced(pair, where, likeness(both, where, pair))
    assert np.flatnonzero(scores).tolist() == [len(visual)]
    assert scores.max() >= THRESHOLD


def test_of_a_picture_that_fits_two_places_alike_none_is_misplaced() -> None:
    visual = np.concatenate([around(0, 24, seed=0), around(30, 1, seed=2)])
    visual = np.concatenate([visual, visual[-1:]])
    where = [*["a", "b"] * 12, "a", "b"]
    likes = likeness(visual, where, [Twins(24, 25, 1.0)])
    if abs(likes.own[24] - likes.own[25]) < 0.03:
        assert not misplaced([Twins(24, 25, 1.0)], where, likes).any()
    assert not misplaced([Twins(0, 2, 1.0)], where, likes).any()  # both of one place


def test_a_rare_view_fits_while_no_other_place_resembles_it_more() -> None:
    def fits(own: float, elsewhere: float) -> bool:
        likes = Likeness(
            own=np.array([own]),
            elsewhere=np.array([elsewhere]),
            neighbours=np.array([9]),
            lonely=np.array([True]),
        )
        return bool(misfit(likes)[0] < THRESHOLD)

    assert fits(own=0.3, elsewhere=0.5)
    assert fits(own=-0.1, elsewhere=-0.1)  # unlike its place, but nowhere at home
    assert not fits(own=0.3, elsewhere=0.7)
