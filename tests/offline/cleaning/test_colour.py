import numpy as np
import pytest
from PIL import Image

from offline.cleaning.colour import black_and_white, toned
from offline.cleaning.detectors import DEFAULT_THRESHOLDS
from offline.cleaning.findings import Reason
from tests.offline.cleaning.pictures import all_views, in_blue, in_grey, in_sepia, pixels, snow

GREY = DEFAULT_THRESHOLDS[Reason.BLACK_AND_WHITE]
TONED = DEFAULT_THRESHOLDS[Reason.SEPIA]


@pytest.mark.parametrize("colour_left", [0.0, 0.03])
def test_a_grey_picture_is_black_and_white_even_with_a_trace_of_colour(colour_left: float) -> None:
    for view in all_views():
        picture = pixels(in_grey(view, colour_left))
        assert black_and_white(picture) >= GREY
        assert toned(picture) < TONED


def test_pictures_in_colour_are_neither_grey_nor_toned() -> None:
    for view in all_views():
        assert black_and_white(pixels(view)) < GREY
        assert toned(pixels(view)) < TONED


def test_a_snowy_picture_is_not_black_and_white() -> None:
    assert black_and_white(pixels(snow())) < GREY
    assert black_and_white(pixels(in_grey(snow()))) >= GREY


@pytest.mark.parametrize("colour_left", [0.0, 0.1])
def test_a_sepia_picture_is_toned_even_with_some_colour_left(colour_left: float) -> None:
    for view in all_views():
        picture = pixels(in_sepia(view, colour_left))
        assert toned(picture) >= TONED
        assert black_and_white(picture) < GREY


def test_toning_is_found_in_any_hue() -> None:
    for view in all_views():
        assert toned(pixels(in_blue(view))) >= TONED


def test_a_picture_of_one_strong_hue_is_not_toned() -> None:
    """Red brick before a grey sky: one hue, but not everywhere and not pale."""
    rng = np.random.default_rng(3)
    scene = rng.normal(150, 12, (240, 320, 1)) + np.zeros((240, 320, 3))
    scene[80:] = rng.normal(1, 0.1, (160, 320, 1)) * np.array([165, 80, 60])
    assert toned(pixels(Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8)))) < TONED


def test_scores_of_a_picture_of_one_pixel_are_numbers() -> None:
    pixel = np.full((1, 1, 3), 200, dtype=np.uint8)
    assert black_and_white(pixel) > 0.99
    assert toned(pixel) == 0.0
