"""Asking about photos: no copy may help, and the answers are the bot's."""

import asyncio
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.guide import CityGuide
from core.places import Place
from core.snapshot_store import SnapshotStore
from offline.cleaning.apply import apply_run
from offline.cleaning.findings import Reason
from offline.cleaning.review import write_review
from offline.embedding_cache import embeddings_of
from offline.evaluating.evaluation import evaluation_of
from offline.evaluating.outcomes import Outcomes
from offline.evaluating.photos import Jury
from offline.evaluating.report import Thumbnails, report_page
from offline.evaluating.running import Asked, Questions, ask_everything
from offline.gallery import Gallery
from offline.indexing import build_snapshot
from offline.near_duplicates import Shots
from offline.views import Views
from tests.conftest import LIMITS
from tests.doubles import ColourEmbedder, TwoNetworks, coloured_photo, encoded
from tests.offline.cleaning.small_city import scanned
from tests.offline.evaluating.conftest import PHOTOS, K, photo, publish

NO_VIEWS = Views(np.empty((0, ColourEmbedder.dim), np.float32), np.empty(0, np.int64))


@pytest.mark.parametrize("embedder", [ColourEmbedder(), TwoNetworks("two networks")])
@pytest.mark.parametrize("trained", [False, True])
def test_labelled_photos_get_the_guides_own_answers(
    city: Path, questions: Questions, trained: bool, embedder: ColourEmbedder, tmp_path: Path
) -> None:
    shutil.copytree(city, tmp_path, dirs_exist_ok=True)
    build_snapshot(Gallery(tmp_path), embedder, LIMITS, k=K, keep=2, train=trained)
    asked = ask_everything(tmp_path, embedder, LIMITS, questions, k=K)
    assert asked.snapshot.manifest.trained == trained
    guide = CityGuide(tmp_path, embedder, k=K, limits=LIMITS)
    for folder, outcomes in (
        (questions.queries, asked.outcomes.queries),
        (questions.unknown, asked.outcomes.unknown),
    ):
        assert folder
        assert outcomes
        for outcome in outcomes:
            data = (folder / outcome.query).read_bytes()
            answer = asyncio.run(guide.recognize(data))
            assert outcome.answer == answer.places[0].place.place_id
            assert outcome.photo == answer.places[0].photo.path
            assert outcome.share == pytest.approx(answer.places[0].share, abs=1e-5)
            assert outcome.confident == answer.confident


def test_labelled_photos_are_held_against_their_labels(asked: Asked) -> None:
    outcomes = asked.outcomes.queries
    assert [outcome.place_id for outcome in outcomes] == ["blue"] * 4 + ["red"] * 4 + ["green"] * 4
    assert all(outcome.right == (outcome.answer == outcome.place_id) for outcome in outcomes)
    assert sum(outcome.right for outcome in outcomes) == 12


def test_photos_of_no_place_are_never_right(asked: Asked) -> None:
    assert {outcome.rank for outcome in asked.outcomes.unknown} == {math.inf}
    assert {outcome.place_id for outcome in asked.outcomes.unknown} == {"food"}


def test_categories_are_ranked_in_three_ways(asked: Asked) -> None:
    blue = next(outcome for outcome in asked.outcomes.queries if outcome.place_id == "blue")
    assert blue.kind == "towers"
    assert (blue.category_rank, blue.first_category_rank, blue.contest_category_rank) == (1, 1, 1)


def test_every_gallery_photo_is_asked_of_the_rest(asked: Asked) -> None:
    outcomes = asked.outcomes.gallery
    assert len(outcomes) == len({outcome.query for outcome in outcomes}) == 3 * PHOTOS + 1
    assert not any(outcome.query == outcome.photo for outcome in outcomes)
    wrong = [outcome for outcome in outcomes if not outcome.right]
    assert [(outcome.place_id, outcome.answer) for outcome in wrong] == [("blue", "red")]


def test_copies_do_not_vote_for_one_another(tmp_path: Path) -> None:
    """The only two green photos are one shot: without both, nothing green is left to answer."""
    shot = coloured_photo("green", seed=1, size=(96, 72))
    photos = [
        photo("green", shot, "a:1"),
        photo("green", shot.resize((80, 60)), "a:2"),
        *(photo("red", coloured_photo("red", seed=n), f"b:{n}") for n in range(5)),
    ]
    publish(tmp_path, [Place("green", "green"), Place("red", "red")], photos)
    asked = ask_everything(tmp_path, ColourEmbedder(), LIMITS, Questions(), k=K)
    assert asked.alone == 2
    assert {outcome.place_id for outcome in asked.outcomes.gallery} == {"red"}


def test_copies_are_known_though_cleaning_has_taken_one_out(tmp_path: Path) -> None:
    """The dark one has another embedding: only the hash tells that it is the same shot."""
    shot = coloured_photo("green", seed=4, size=(320, 240))
    photos = [
        photo("green", shot, "a:1"),
        photo("green", shot.point(lambda value: value // 2), "a:2"),
        *(photo("red", coloured_photo("red", seed=n), f"b:{n}") for n in range(5)),
    ]
    publish(tmp_path, [Place("green", "green"), Place("red", "red")], photos)
    before = ask_everything(tmp_path, ColourEmbedder(), LIMITS, Questions(), k=K)
    assert (before.alone, before.problems) == (2, [])
    gallery = Gallery(tmp_path)
    run = write_review(scanned(gallery, {1: {Reason.NEAR_DUPLICATE: 1.0}}), gallery, tmp_path)
    apply_run(tmp_path, run)
    after = ask_everything(tmp_path, ColourEmbedder(), LIMITS, Questions(), k=K)
    assert (after.alone, after.groups) == (2, before.groups)
    [problem] = after.problems
    assert after.snapshot.version in problem.source
    assert problem.reason.startswith("1 of its photos")


def test_the_neighbours_left_are_as_many_as_ever(city: Path) -> None:
    """Leaving out a big group must not leave fewer voters: here all but five photos go."""
    store = SnapshotStore(city)
    snapshot = store.load(ColourEmbedder())
    groups = np.zeros(len(snapshot.photos), dtype=np.int64)
    left = [row for row, photo in enumerate(snapshot.photos) if photo.place_id == "green"][:5]
    groups[left] = np.arange(1, 6)
    jury = Jury(snapshot, Shots([None] * len(snapshot.photos)), k=K)
    gallery = embeddings_of(snapshot)
    outcomes = jury.leave_out(gallery, groups, None, NO_VIEWS).outcomes
    others = [
        outcome
        for outcome in outcomes
        if outcome.query not in {snapshot.photos[row].path for row in left}
    ]
    assert others
    assert {outcome.answer for outcome in others} == {"green"}
    assert {outcome.share for outcome in others} == {1.0}


def test_a_photo_that_cannot_be_used_is_reported_and_the_rest_goes_on(
    city: Path, tmp_path: Path
) -> None:
    (tmp_path / "red").mkdir()
    (tmp_path / "red" / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "red" / "good.jpg").write_bytes(encoded(coloured_photo("red", seed=77)))
    asked = ask_everything(city, ColourEmbedder(), LIMITS, Questions(queries=tmp_path), k=K)
    assert [outcome.query for outcome in asked.outcomes.queries] == ["red/good.jpg"]
    assert [problem.source for problem in asked.problems] == ["red/broken.jpg"]


def test_a_copy_of_a_gallery_photo_is_reported_and_not_asked(city: Path, tmp_path: Path) -> None:
    photos = SnapshotStore(city).load(ColourEmbedder()).photos
    mine = next(photo for photo in photos if photo.place_id == "red")
    (tmp_path / "red").mkdir()
    with Image.open(city / mine.path) as image:
        image.save(tmp_path / "red" / "copy.jpg", quality=80)
    (tmp_path / "red" / "new.jpg").write_bytes(encoded(coloured_photo("red", seed=77)))
    asked = ask_everything(city, ColourEmbedder(), LIMITS, Questions(queries=tmp_path), k=K)
    assert [outcome.query for outcome in asked.outcomes.queries] == ["red/new.jpg"]
    [problem] = asked.problems
    assert problem.source == "red/copy.jpg"
    assert mine.path in problem.reason


def test_a_gallery_of_single_photos_cannot_be_asked_and_says_so(tmp_path: Path) -> None:
    photos = [photo(colour, coloured_photo(colour), colour) for colour in ("red", "green")]
    publish(tmp_path, [Place("red", "red"), Place("green", "green")], photos)
    asked = ask_everything(tmp_path, ColourEmbedder(), LIMITS, Questions(), k=K)
    assert (asked.alone, asked.outcomes) == (2, Outcomes())
    evaluation = evaluation_of(asked, seed=0)
    assert evaluation.measures == {}
    page = report_page(evaluation, Thumbnails(tmp_path, Questions(), LIMITS))
    assert "2 could not be asked" in page
