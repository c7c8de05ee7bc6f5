import io
import multiprocessing
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.embedders.pixels import Preprocessing, cut_to_middle
from core.images import ImageLimits, load_image
from tests.doubles import encoded

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
CLIP = Preprocessing(
    side=224,
    shorter_side=224,
    mean=tuple(255 * mean for mean in MEAN),  # type: ignore[arg-type]
    std=tuple(255 * std for std in STD),  # type: ignore[arg-type]
)
PLAIN = Preprocessing(side=32, shorter_side=40, mean=(0, 0, 0), std=(255, 255, 255))


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.fixture(scope="module")
def reference() -> Any:
    """The preprocessing of CLIP in transformers."""
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    return CLIPImageProcessorPil(image_mean=MEAN, image_std=STD)


@pytest.mark.parametrize("size", [(300, 100), (100, 300), (100, 100)])
def test_the_middle_square_is_kept(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, (0, 0, 255))
    left, top = (length // 2 - 40 for length in size)
    image.paste((255, 0, 0), (left, top, left + 80, top + 80))  # four fifths of the shorter side
    red, green, blue = PLAIN(image)
    assert red.shape == (32, 32)
    inner = slice(2, -2)  # the filter mixes in the border
    np.testing.assert_allclose(red[inner, inner], 1, atol=0.02)
    np.testing.assert_allclose(green, 0, atol=0.02)
    np.testing.assert_allclose(blue[inner, inner], 0, atol=0.02)


def test_pictures_of_any_size_make_one_batch() -> None:
    images = [noise(1, 1), noise(2, 7), noise(500, 300)]
    batch = CLIP.batch(images)
    assert batch.shape == (3, 3, 224, 224)
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(batch[2], CLIP(images[2]))
    assert CLIP.batch([]).shape == (0, 3, 224, 224)


def test_only_extreme_shapes_are_cut_and_keep_their_middle() -> None:
    image = noise(400, 100)
    assert cut_to_middle(image) is image
    long = noise(1001, 100)
    np.testing.assert_array_equal(
        np.asarray(cut_to_middle(long)), np.asarray(long)[:, 300:701], strict=True
    )


@pytest.mark.parametrize("shorter_side", [224, 256, 336, 384, 512])
@pytest.mark.parametrize("cut_off", [0, 31, 32])
@pytest.mark.parametrize(
    "size",
    [(392, 392), (401, 802), (800, 403), (480, 640), (600, 400), (476, 468), (1280, 960)],
)
def test_a_picture_is_scaled_as_in_one_piece(
    shorter_side: int, cut_off: int, size: tuple[int, int]
) -> None:
    side = shorter_side - cut_off
    plain = Preprocessing(side, shorter_side, mean=(0, 0, 0), std=(1, 1, 1))
    image = noise(*size)
    width, height = (shorter_side * length // min(size) for length in size)
    left, top = (width - side) // 2, (height - side) // 2
    whole = image.resize((width, height), Image.Resampling.BICUBIC)
    square = np.asarray(whole.crop((left, top, left + side, top + side)))
    difference = np.abs(plain(image) - square.transpose(2, 0, 1))
    assert difference.max() <= 1
    assert np.count_nonzero(difference) < 0.002 * difference.size


def test_a_picture_is_scaled_in_a_forked_process_as_before() -> None:
    image = noise(640, 480)
    expected = CLIP(image)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        again = pool.apply_async(CLIP, (image,)).get(timeout=20)
    np.testing.assert_array_equal(again, expected)


def test_a_picture_that_is_not_decoded_yet_is_read_by_one_thread() -> None:
    photo = encoded(noise(1280, 960), quality=90)
    decoded = CLIP(Image.open(io.BytesIO(photo)).convert("RGB"))
    for _ in range(5):
        np.testing.assert_array_equal(CLIP(Image.open(io.BytesIO(photo))), decoded)


@pytest.mark.clip
@pytest.mark.parametrize(
    "size",
    [(1, 1), (3, 5), (224, 224), (225, 224), (640, 480), (481, 640), (1000, 401), (97, 380)],
)
def test_pixels_are_those_of_transformers(reference: Any, size: tuple[int, int]) -> None:
    image = noise(*size)
    [expected] = reference(image, return_tensors="np")["pixel_values"]
    difference = np.abs(CLIP(image) - expected)
    assert difference.max() < 0.016  # a step of 255 is 0.015 here
    assert np.mean(difference > 1e-6) < 0.002


@pytest.mark.clip
@pytest.mark.parametrize("size", [(4000, 3000), (1800, 2400)])
def test_a_big_jpeg_decoded_in_part_hardly_differs_from_one_decoded_in_full(
    reference: Any, size: tuple[int, int]
) -> None:
    photo = encoded(noise(60, 45).resize(size, Image.Resampling.BICUBIC), quality=90)
    limits = ImageLimits.of(max_photo_mb=20, max_megapixels=64)
    in_full = load_image(photo, limits)
    in_part = load_image(photo, limits, min_side=224)
    assert in_full.size == size
    assert max(in_part.size) < max(size) / 2
    [expected] = reference(in_full, return_tensors="np")["pixel_values"]
    difference = np.abs(CLIP(in_part) - expected)
    # one step of 255 is 0.015 here: at most a few steps anywhere, less than one on average
    assert difference.max() < 0.1
    assert difference.mean() < 0.015
