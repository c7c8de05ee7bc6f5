from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from core.embedders.base import Embeddings, unit_rows
from core.snapshot import Snapshot
from core.snapshot_store import SnapshotStore
from offline.embedding_cache import PhotoEmbeddings
from offline.evaluating.photos import Jury
from offline.evaluating.small_galleries import DRAWS, Looks, ask_small_gallery
from offline.near_duplicates import Shots
from offline.views import FEW, Views
from tests.doubles import ColourEmbedder
from tests.offline.evaluating.conftest import PHOTOS, K


@pytest.fixture(scope="module")
def snapshot(city: Path) -> Snapshot:
    return SnapshotStore(city).load(ColourEmbedder())


@pytest.fixture(scope="module")
def visual(city: Path, snapshot: Snapshot) -> Embeddings:
    loaded: Embeddings = np.load(city / "snapshots" / snapshot.version / "embeddings.npy")
    return loaded


@pytest.fixture(scope="module")
def jury(snapshot: Snapshot) -> Jury:
    return Jury(snapshot, Shots([None] * len(snapshot.photos)), k=K)


def alone(visual: Embeddings) -> PhotoEmbeddings:
    """Of an embedder with one network."""
    return PhotoEmbeddings(visual, np.empty((len(visual), 0), np.float32), joint=visual)


def made_up_looks(visual: Embeddings) -> Looks:
    """More looks at each photo, a little aside."""
    random = np.random.default_rng(1)
    rows = np.repeat(np.arange(len(visual)), 2)

    def aside() -> Views:
        noise = 0.05 * random.normal(size=(len(rows), visual.shape[1]))
        return Views(unit_rows(visual[rows] + noise), rows)

    return Looks(alone(visual), views=aside(), parts=aside())


@pytest.mark.parametrize("trained", [False, True])
def test_all_photos_but_the_few_of_each_place_are_asked(
    jury: Jury, snapshot: Snapshot, visual: Embeddings, trained: bool
) -> None:
    single = np.arange(len(visual))
    looks = made_up_looks(visual)
    outcomes = ask_small_gallery(jury, snapshot.photos, looks, single, 3, trained=trained)
    asked = Counter((outcome.query.split("#")[1], outcome.place_id) for outcome in outcomes)
    assert set(asked.values()) == {PHOTOS - 3, PHOTOS + 1 - 3}
    assert len(outcomes) == DRAWS * (len(visual) - 3 * 3)
    assert sum(outcome.right for outcome in outcomes) / len(outcomes) > 0.9


def test_heads_of_places_with_few_photos_are_trained_on_parts_as_well(
    jury: Jury, snapshot: Snapshot, visual: Embeddings
) -> None:
    """Parts that show other places change what is said with few photos, and only then."""
    single = np.arange(len(visual))
    good = made_up_looks(visual)
    misleading = Looks(alone(visual), good.views, Views(good.parts.thorough[::-1], good.parts.rows))

    def certainties(looks: Looks, size: int) -> list[float]:
        asked = ask_small_gallery(jury, snapshot.photos, looks, single, size, trained=True)
        return [outcome.share for outcome in asked]

    assert certainties(good, FEW) != certainties(misleading, FEW)
    assert certainties(good, FEW + 1) == certainties(misleading, FEW + 1)


def test_what_answers_was_not_asked(jury: Jury, snapshot: Snapshot, visual: Embeddings) -> None:
    single = np.arange(len(visual))
    outcomes = ask_small_gallery(
        jury, snapshot.photos, made_up_looks(visual), single, 2, trained=False
    )
    for draw in range(DRAWS):
        mine = [outcome for outcome in outcomes if outcome.query.endswith(f"#{draw}")]
        asked = {outcome.query.split("#")[0] for outcome in mine}
        answering = {outcome.photo for outcome in mine}
        assert not asked & answering
        assert len(answering) <= 2 * 3


def test_copies_are_neither_drawn_twice_nor_asked(
    jury: Jury, snapshot: Snapshot, visual: Embeddings
) -> None:
    """Photos in pairs: drawing three shots of each place takes six photos out of the asking."""
    pairs = np.empty(len(visual), dtype=np.int64)
    for place_id in ("red", "green", "blue"):
        rows = [row for row, photo in enumerate(snapshot.photos) if photo.place_id == place_id]
        pairs[rows] = [rows[at // 2 * 2] for at in range(len(rows))]
    outcomes = ask_small_gallery(
        jury, snapshot.photos, made_up_looks(visual), pairs, 3, trained=False
    )
    asked = Counter((outcome.query.split("#")[1], outcome.place_id) for outcome in outcomes)
    even = {count for (_, place_id), count in asked.items() if place_id != "blue"}
    assert even == {PHOTOS - 2 * 3}


def test_the_same_gallery_gives_the_same_draws(
    jury: Jury, snapshot: Snapshot, visual: Embeddings
) -> None:
    single = np.arange(len(visual))
    looks = made_up_looks(visual)
    first, again = (
        ask_small_gallery(jury, snapshot.photos, looks, single, 3, trained=True) for _ in range(2)
    )
    assert first == again


def test_there_is_nothing_to_ask_where_every_photo_is_drawn(
    jury: Jury, snapshot: Snapshot, visual: Embeddings
) -> None:
    single = np.arange(len(visual))
    assert not ask_small_gallery(
        jury, snapshot.photos, made_up_looks(visual), single, 50, trained=False
    )
