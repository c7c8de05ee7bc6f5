import numpy as np
import pytest
from PIL import Image, ImageFilter

from offline.cleaning.detectors import DEFAULT_THRESHOLDS
from offline.cleaning.findings import Reason
from offline.cleaning.quality import no_information
from tests.offline.cleaning.pictures import all_views, page_of_text, pixels

THRESHOLD = DEFAULT_THRESHOLDS[Reason.NO_INFORMATION]


def test_pictures_of_sights_tell_enough() -> None:
    for view in all_views():
        assert no_information(pixels(view)) < THRESHOLD


@pytest.mark.parametrize("colour", ["white", "black", "#7799bb"])
def test_a_blank_picture_tells_nothing(colour: str) -> None:
    assert no_information(pixels(Image.new("RGB", (480, 320), colour))) >= THRESHOLD


def test_noise_on_a_blank_wall_tells_nothing() -> None:
    noise = np.random.default_rng(2).normal(180, 4, (320, 480, 3)).astype(np.uint8)
    assert no_information(pixels(Image.fromarray(noise))) >= THRESHOLD


def test_a_tiny_picture_tells_nothing() -> None:
    assert no_information(pixels(all_views()[0].resize((64, 48)))) >= THRESHOLD


def test_a_heavily_blurred_picture_tells_nothing() -> None:
    for view in all_views():
        assert no_information(pixels(view.filter(ImageFilter.GaussianBlur(14)))) >= THRESHOLD


@pytest.mark.parametrize("size", [11, 16, 24])
def test_a_page_of_text_tells_nothing(size: int) -> None:
    assert no_information(pixels(page_of_text(size))) >= THRESHOLD
    assert no_information(pixels(page_of_text(size, paper="#102030", ink="white"))) >= THRESHOLD


def test_a_sight_with_a_line_of_text_tells_enough() -> None:
    view = all_views()[0].resize((480, 360))
    view.paste(page_of_text().crop((0, 0, 480, 40)), (0, 320))
    assert no_information(pixels(view)) < THRESHOLD
