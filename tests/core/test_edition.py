from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from core.answers import PhotoHit, Recognition
from core.certainty import Calibration, Certainty
from core.edition import Edition, photos_that_fit, recognition
from core.embedders import Embedder, Embeddings
from core.heads import Heads
from core.snapshot import Snapshot
from core.snapshot_store import SnapshotStore
from core.thorough import thorough
from offline.gallery import Gallery
from offline.indexing import build_snapshot
from tests.core.test_guide import LIMITS, PLACES, publish
from tests.doubles import TwoNetworks, coloured_photo

EMBEDDER = TwoNetworks("two")
COUNT = 8  # photos of each place


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    data_dir: Path = tmp_path_factory.mktemp("data")
    publish(data_dir, COUNT)
    build_snapshot(Gallery(data_dir), EMBEDDER, LIMITS, k=5, keep=5)
    return SnapshotStore(data_dir).load(EMBEDDER)


def with_thresholds(snapshot: Snapshot, **changed: object) -> Snapshot:
    thresholds = replace(snapshot.manifest.thresholds, **changed)
    return replace(snapshot, manifest=replace(snapshot.manifest, thresholds=thresholds))


def seen(colour: str | tuple[int, int, int], *, by_both: bool = False) -> Embeddings:
    photo = [coloured_photo(colour, seed=99)]
    first = EMBEDDER.embed_images(photo)
    return thorough(first, EMBEDDER.embed_again(photo)) if by_both else first


def recognised(snapshot: Snapshot, embedding: Embeddings) -> Recognition:
    edition = Edition(snapshot)
    return recognition(edition, embedding, edition.neighbours(embedding, 20), None, {})


def found(snapshot: Snapshot, text: str, embedder: Embedder = EMBEDDER) -> list[PhotoHit]:
    edition = Edition(snapshot)
    return list(
        photos_that_fit(edition, edition.texts.meant(text), embedder.embed_texts([text]), None)
    )


@pytest.mark.parametrize(("min_certainty", "confident"), [(0.0, True), (1.1, False)])
def test_a_snapshot_says_from_where_on_a_place_is_claimed(
    snapshot: Snapshot, min_certainty: float, confident: bool
) -> None:
    strict = with_thresholds(snapshot, min_certainty=min_certainty)
    assert recognised(strict, seen("red")).confident is confident


def test_answers_by_both_networks_have_a_calibration_of_their_own(snapshot: Snapshot) -> None:
    never, always = (Calibration(1.0, Certainty(bias, 0.0, 0.0)) for bias in (-9.0, 9.0))
    apart = with_thresholds(snapshot, first=always, thorough=never, min_certainty=0.5)
    assert recognised(apart, seen("red")).confident
    assert not recognised(apart, seen("red", by_both=True)).confident


def test_trained_heads_are_heard(snapshot: Snapshot) -> None:
    ids = list(PLACES)
    bias = np.array([10.0 * (place_id == "green") for place_id in ids], np.float32)
    for_green = Heads(ids, [], np.zeros((EMBEDDER.dim, len(ids)), np.float32), bias)
    reddish = seen((160, 95, 50))
    assert recognised(snapshot, reddish).places[0].place == PLACES["red"]
    assert (
        recognised(replace(snapshot, heads=for_green), reddish).places[0].place == PLACES["green"]
    )


def test_a_place_comes_with_a_photo_of_its_own(snapshot: Snapshot) -> None:
    places = recognised(snapshot, seen((35, 120, 140))).places
    assert len(places) > 1
    assert all(ranked.photo.place_id == ranked.place.place_id for ranked in places)


def test_a_snapshot_says_how_much_words_must_mean_a_place(snapshot: Snapshot) -> None:
    for min_stand_out, photos in ((-9.0, 3 * COUNT), (9.0, 0)):
        picky = with_thresholds(snapshot, min_stand_out=min_stand_out)
        assert len(found(picky, "cornflowerblue")) == photos


def test_places_that_fit_less_come_after_those_that_fit_as_well_as_the_best(
    snapshot: Snapshot,
) -> None:
    anything = with_thresholds(snapshot, min_stand_out=-9.0)
    order = [hit.place.place_id for hit in found(anything, "red square")]
    assert order[:COUNT] == ["red"] * COUNT
    assert set(order[COUNT : COUNT + 2]) == {"green", "blue"}
    assert len(order) == 3 * COUNT


def test_the_photo_that_looks_like_the_words_comes_first(snapshot: Snapshot) -> None:
    rows = [row for row, photo in enumerate(snapshot.photos) if photo.place_id == "red"]
    for row in rows[:3]:
        joint = np.zeros_like(snapshot.joint)
        joint[row] = EMBEDDER.embed_texts(["red square"])[0]
        [first] = islice(found(replace(snapshot, joint=joint), "red square"), 1)
        assert first.photo == snapshot.photos[row]
