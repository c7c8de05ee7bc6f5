from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from core.embedders.base import Embeddings, unit_rows
from offline.cleaning import duplicates
from offline.cleaning.detectors import DEFAULT_THRESHOLDS
from offline.cleaning.duplicates import MOST_ALIGNED, Twins, find_twins, near_duplicates
from offline.cleaning.findings import Reason
from offline.importing import perceptual_hash
from tests.offline.cleaning.pictures import all_views, saved, views

THRESHOLD = DEFAULT_THRESHOLDS[Reason.NEAR_DUPLICATE]


def twins(images: list[Image.Image], visual: Embeddings | None = None) -> list[Twins]:
    """Twins among pictures whose embeddings are all the same, so that only the pictures tell."""
    if visual is None:
        visual = np.tile(unit_rows(np.ones((1, 4))), (len(images), 1))
    thumbnails = [image.convert("L").resize((64, 64), Image.Resampling.BOX) for image in images]
    hashes = [
        [int(perceptual_hash(side), 16) for side in (thumbnail, ImageOps.mirror(thumbnail))]
        for thumbnail in thumbnails
    ]
    grey = np.array([np.asarray(thumbnail) for thumbnail in thumbnails])
    return find_twins(visual, np.array(hashes, dtype=np.uint64), grey, same_picture=THRESHOLD)


def cropped(image: Image.Image, share: float) -> Image.Image:
    width, height = image.size
    return image.crop((round(share * width), round(share * height), width, height))


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image,
        lambda image: saved(image, quality=40),
        lambda image: image.resize((211, 170)),
        lambda image: cropped(image, 0.01),
        lambda image: cropped(image, 0.05),
        lambda image: ImageEnhance.Brightness(image).enhance(0.85),
        lambda image: ImageEnhance.Brightness(image).enhance(1.1),
        ImageOps.mirror,
        lambda image: saved(cropped(ImageOps.mirror(image), 0.04).resize((300, 240)), quality=60),
    ],
)
def test_changed_copies_are_twins(change: Callable[[Image.Image], Image.Image]) -> None:
    for view in all_views():
        [pair] = twins([view, change(view)])
        assert (pair.first, pair.second) == (0, 1)
        assert THRESHOLD <= pair.score <= 1


def test_different_views_of_one_sight_are_no_twins() -> None:
    assert [pair for pair in twins(all_views()) if pair.score >= THRESHOLD] == []


def test_pictures_that_neither_embedding_nor_hash_proposes_are_not_compared() -> None:
    first, second = views("demo-cathedral")[:2]
    assert twins([first, second], np.eye(2, dtype=np.float32)) == []


def test_blank_pictures_are_compared_without_an_error() -> None:
    blank = [Image.new("RGB", (64, 64), colour) for colour in ("white", "white", "#777777")]
    assert all(pair.score in (0.0, 1.0) for pair in twins(blank))


def test_a_single_picture_has_no_twin() -> None:
    assert twins(list(views("demo-cathedral", 1))) == []


def test_the_better_of_two_stays() -> None:
    scores = near_duplicates([Twins(0, 1, 0.98)], quality=[100.0, 400.0])
    assert scores.tolist() == [0.98, 0.0]


def test_of_equals_the_first_stays() -> None:
    assert near_duplicates([Twins(0, 1, 0.98)], quality=[4.0, 4.0]).tolist() == [0.0, 0.98]


def test_of_many_copies_all_but_the_best_go() -> None:
    pairs = [Twins(0, 1, 0.99), Twins(0, 2, 0.98), Twins(1, 2, 0.97)]
    assert near_duplicates(pairs, quality=[1.0, 3.0, 2.0]).tolist() == [0.99, 0.0, 0.97]


def test_a_photo_among_hundreds_of_lookalikes_still_finds_its_twin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alignments = 0
    align = duplicates._aligned

    def counted(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
        nonlocal alignments
        alignments += 1
        return align(first, second)

    monkeypatch.setattr(duplicates, "_aligned", counted)
    random = np.random.default_rng(7)
    scene = random.normal(size=(64, 64))
    details = random.normal(size=(200, 64, 64))
    lookalikes = [_smooth(scene + 0.6 * detail) for detail in details]
    grey = np.array([*lookalikes, np.roll(lookalikes[50], 1, axis=1)])
    visual = unit_rows(
        np.concatenate([details, details[50:51]]).reshape(201, -1) + 2 * scene.ravel()
    )
    far_apart = random.integers(0, 2**63, size=(201, 2), dtype=np.uint64)
    found = find_twins(visual, far_apart, grey, same_picture=THRESHOLD)
    assert [(p.first, p.second) for p in found if p.score >= THRESHOLD] == [(50, 200)]
    assert 0 < alignments <= MOST_ALIGNED * len(grey)


def test_many_copies_of_one_picture_are_all_twins_of_the_best() -> None:
    view = views("demo-cathedral")[0]
    copies = [saved(view, quality=quality) for quality in range(50, 80)]
    pairs = [pair for pair in twins(copies) if pair.score >= THRESHOLD]
    kept = np.flatnonzero(near_duplicates(pairs, quality=[1.0] * len(copies)) == 0)
    assert kept.tolist() == [0]


def _smooth(noise: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A grey thumbnail with areas as large as those of photographs."""
    blurred = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.asarray(np.clip(128 + 40 * blurred / blurred.std(), 0, 255), dtype=np.uint8)
