"""More looks at a photo than one."""

import numpy as np
import pytest
from PIL import Image

from core.errors import UnreadableImage
from core.looks import closer_and_whole, joined, load_detailed, part
from tests.conftest import LIMITS
from tests.doubles import encoded

RED, GREEN = (255, 0, 0), (0, 255, 0)


def framed() -> Image.Image:
    """A green picture of 200 x 100 in a red frame 10 pixels wide."""
    image = Image.new("RGB", (200, 100), (255, 0, 0))
    image.paste((0, 255, 0), (10, 10, 190, 90))
    return image


def test_a_photo_is_seen_from_closer_and_whole() -> None:
    closer, whole = closer_and_whole(framed())
    assert closer.size == (100, 50)
    assert closer.getcolors() == [(5000, (0, 255, 0))]
    assert whole.size == (200, 200)
    assert whole.crop((0, 50, 200, 150)).tobytes() == framed().tobytes()


def test_what_the_square_is_filled_with_is_the_picture_s_mean_colour() -> None:
    whole = closer_and_whole(Image.new("RGB", (30, 10), (10, 20, 30)))[1]
    assert whole.getcolors() == [(900, (10, 20, 30))]


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (3, 2)])
def test_pictures_of_any_shape_can_be_looked_at_again(size: tuple[int, int]) -> None:
    assert all(min(view.size) >= 1 for view in closer_and_whole(Image.new("RGB", size)))


def test_a_part_keeps_the_shape_of_the_picture() -> None:
    assert part(framed(), 0.5, 0, 0).getpixel((0, 0)) == (255, 0, 0)
    assert part(framed(), 0.5, 1, 1).size == (100, 50)
    top_right = part(framed(), 0.5, 1, 0)
    assert [top_right.getpixel(at) for at in ((0, 0), (0, 49), (99, 49))] == [RED, GREEN, RED]
    assert part(Image.new("RGB", (1, 7)), 0.1, 1, 0.5).size == (1, 1)


def test_a_detailed_picture_is_bounded() -> None:
    """The square of its longer side would have 400 million pixels."""
    detailed = load_detailed(encoded(Image.new("RGB", (20_000, 40)), "PNG"), LIMITS, side=32)
    assert detailed.size == (4 * 40, 40)
    detailed = load_detailed(encoded(Image.new("RGB", (2000, 500)), "PNG"), LIMITS, side=32)
    assert detailed.size == (4 * 2 * 32, 2 * 32)
    with pytest.raises(UnreadableImage):
        load_detailed(b"junk", LIMITS, side=32)


def test_looks_are_joined_to_one_embedding() -> None:
    looks = np.array([[1, 0], [0, 1]], np.float32)
    assert joined(looks) == pytest.approx(np.array([[1, 1]]) / 2**0.5)
