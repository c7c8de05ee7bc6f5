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


def likes_of(
    own: list[float], elsewhere: float, *, neighbours: int = 9, lonely: bool = False
) -> Likeness:
    count = len(own)
    return Likeness(
        own=np.array(own),
        elsewhere=np.full(count, elsewhere),
        neighbours=np.full(count, neighbours),
        lonely=np.full(count, lonely),
    )


@pytest.mark.parametrize(
    ("own", "places", "marked"),
    [
        ([0.5, 0.6], ["a", "b"], [0]),
        ([0.6, 0.5], ["a", "b"], [1]),
        ([0.5, 0.52], ["a", "b"], []),  # it fits both alike
        ([0.5, 0.6], ["a", "a"], []),
    ],
)
def test_a_picture_is_misplaced_only_where_another_place_fits_clearly_better(
    own: list[float], places: list[str], marked: list[int]
) -> None:
    scores = misplaced([Twins(0, 1, 1.0)], places, likes_of(own, 0.0))
    assert np.flatnonzero(scores).tolist() == marked


def fits(own: float, elsewhere: float, *, neighbours: int = 9, lonely: bool = True) -> bool:
    likes = likes_of([own], elsewhere, neighbours=neighbours, lonely=lonely)
    return bool(misfit(likes)[0] < THRESHOLD)


def test_a_rare_view_fits_while_no_other_place_resembles_it_more() -> None:
    assert fits(own=0.3, elsewhere=0.5)
    assert fits(own=-0.1, elsewhere=-0.1)  # unlike its place, but nowhere at home
    assert not fits(own=0.3, elsewhere=0.7)


def test_where_photos_are_alike_it_decides_that_one_is_alone() -> None:
    assert fits(own=0.3, elsewhere=0.625, lonely=False)
    assert not fits(own=0.3, elsewhere=0.625, lonely=True)


def test_few_photos_of_a_place_say_little_against_one_of_them() -> None:
    assert fits(own=0.2, elsewhere=0.6, neighbours=1)
    assert not fits(own=0.2, elsewhere=0.6, neighbours=3)


def test_where_all_photos_look_the_same_all_fit() -> None:
    visual = np.repeat(around(0, 1, seed=0), 8, axis=0)
    assert (misfit(likeness(visual, ["a", "b"] * 4, [])) < THRESHOLD).all()
