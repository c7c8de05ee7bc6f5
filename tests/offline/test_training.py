"""Trained heads; scikit-learn's ridge regression tells what is right."""

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from core.embedders.base import Embeddings, unit_rows
from offline.embedding_cache import PhotoEmbeddings
from offline.training import PENALTY, Training, Trainings
from offline.views import Views

DIM = 12
SIZES = {"tower": 30, "bridge": 6, "gate": 1}
KINDS = {"tower": ("towers", "historic"), "bridge": ("bridges",), "gate": ("historic", "historic")}
COLUMNS = ["bridge", "gate", "tower", "bridges", "historic", "towers"]


@pytest.fixture
def gallery() -> tuple[Embeddings, list[str]]:
    """Photos scattered around a centre for each place, mixed."""
    random = np.random.default_rng(5)
    centres = {place_id: random.normal(size=DIM) for place_id in SIZES}
    place_ids = random.permutation(
        [place_id for place_id, size in SIZES.items() for _ in range(size)]
    ).tolist()
    visual = [centres[place_id] + 0.7 * random.normal(size=DIM) for place_id in place_ids]
    return unit_rows(np.array(visual, np.float32)), place_ids


def fitted(visual: Embeddings, place_ids: list[str], without: list[int]) -> Ridge:
    """The same regression by scikit-learn, without some rows; a column of ones for the bias."""
    rows = [row for row in range(len(place_ids)) if row not in without]
    sizes = Counter(place_ids)
    targets = np.array(
        [[name in (place_id, *KINDS[place_id]) for name in COLUMNS] for place_id in place_ids]
    ).astype(float)
    weights = np.array([len(place_ids) / len(sizes) / sizes[p] for p in place_ids])
    model = Ridge(alpha=PENALTY, fit_intercept=False)
    return model.fit(with_ones(visual)[rows], targets[rows], sample_weight=weights[rows])


def with_ones(visual: Embeddings) -> NDArray[np.float64]:
    return np.column_stack([visual.astype(float), np.ones(len(visual))])


def test_heads_are_a_ridge_regression_in_which_places_count_the_same(
    gallery: tuple[Embeddings, list[str]],
) -> None:
    visual, place_ids = gallery
    heads = Training(visual, place_ids, KINDS).heads
    assert [*heads.place_ids, *heads.kinds] == COLUMNS
    expected = fitted(visual, place_ids, without=[]).predict(with_ones(visual))
    assert heads.scores(visual) == pytest.approx(expected, abs=1e-4)


def test_photos_are_summed_up_to_the_last_one(
    gallery: tuple[Embeddings, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    visual, place_ids = gallery
    at_once = Training(visual, place_ids, KINDS).heads.scores(visual)
    monkeypatch.setattr("offline.training.ROWS_TOGETHER", 5)
    assert Training(visual, place_ids, KINDS).heads.scores(visual) == pytest.approx(at_once)


@pytest.mark.parametrize("out", [[0], [3, 11, 17], "tower", "gate"])
def test_what_is_left_out_is_as_if_it_had_never_been_seen(
    gallery: tuple[Embeddings, list[str]], out: list[int] | str
) -> None:
    visual, place_ids = gallery
    rows = [r for r, p in enumerate(place_ids) if p == out] if isinstance(out, str) else out
    unseen = Training(visual, place_ids, KINDS).left_out(np.array(rows))
    expected = fitted(visual, place_ids, without=rows).predict(with_ones(visual)[rows])
    assert unseen == pytest.approx(expected, abs=1e-4)


def test_another_look_at_a_photo_left_out_is_judged_like_it(
    gallery: tuple[Embeddings, list[str]],
) -> None:
    visual, place_ids = gallery
    query = unit_rows(visual[4:5] + np.float32(0.05))
    unseen = Training(visual, place_ids, KINDS).left_out(np.array([4, 9]), query)
    expected = fitted(visual, place_ids, without=[4, 9]).predict(with_ones(query))
    assert unseen == pytest.approx(expected, abs=1e-4)


def test_photos_look_better_known_than_they_are_unless_left_out(
    gallery: tuple[Embeddings, list[str]],
) -> None:
    """Why certainty is learned from photos left out: with random labels heads learn by heart."""
    visual, place_ids = gallery
    shuffled = np.random.default_rng(1).permutation(place_ids).tolist()
    training = Training(visual, shuffled, KINDS)
    own = [training.heads.place_ids.index(place_id) for place_id in shuffled]
    rows = np.arange(len(shuffled))
    seen = training.heads.scores(visual)[rows, own]
    unseen = [training.left_out(rows[row : row + 1])[0, own[row]] for row in rows]
    assert np.mean(seen) > np.mean(unseen) + 0.1


def test_views_are_learned_like_photos_and_left_out_with_theirs(
    gallery: tuple[Embeddings, list[str]],
) -> None:
    visual, place_ids = gallery
    rows = [2, 2, 5, 9, 30]
    views = unit_rows(visual[rows] + np.float32(0.1))
    training = Training(visual, place_ids, KINDS, views, np.array(rows))
    together = np.concatenate([visual, views])
    shown = [*place_ids, *(place_ids[row] for row in rows)]
    expected = fitted(together, shown, without=[]).predict(with_ones(visual))
    assert training.heads.scores(visual) == pytest.approx(expected, abs=1e-4)
    without = [2, 5, *(len(visual) + at for at in (0, 1, 2))]
    expected = fitted(together, shown, without=without).predict(with_ones(visual[[2, 5]]))
    assert training.left_out(np.array([2, 5])) == pytest.approx(expected, abs=1e-4)


def test_a_place_with_a_single_photo_is_learned(gallery: tuple[Embeddings, list[str]]) -> None:
    visual, place_ids = gallery
    heads = Training(visual, place_ids, KINDS).heads
    row = place_ids.index("gate")
    assert heads.scores(visual[row : row + 1])[0, :3].argmax() == heads.place_ids.index("gate")


def test_both_networks_have_heads_of_their_own(gallery: tuple[Embeddings, list[str]]) -> None:
    visual, place_ids = gallery
    second = unit_rows(visual[:, ::-1] + np.float32(0.2))
    photos = PhotoEmbeddings(visual, second, joint=visual)
    views = Views(photos.thorough[:2], np.array([0, 1]))
    both = Trainings(photos, place_ids, KINDS, views)
    first = Training(visual, place_ids, KINDS, visual[:2], views.rows)
    assert both.of(visual).heads.weights == pytest.approx(first.heads.weights, abs=1e-5)
    assert both.of(photos.thorough).heads.weights.shape[0] == photos.thorough.shape[1]
    alone = PhotoEmbeddings(visual, np.empty((len(visual), 0), np.float32), joint=visual)
    one = Trainings(alone, place_ids, KINDS, Views(visual[:2], views.rows))
    assert one.first is one.thorough is one.of(visual)
