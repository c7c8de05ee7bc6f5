import io
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from PIL.TiffImagePlugin import IFDRational

from core.errors import ImageTooLarge, UnreadableImage
from core.images import (
    ImageLimits,
    _decoded,
    is_picture,
    load_image,
    photo_position,
    served_photo,
)
from tests.doubles import coloured_photo, encoded

ROOT = Path(__file__).parents[2]
LIMITS = ImageLimits.of(max_photo_mb=20, max_megapixels=64)


def halves(left: str = "red", right: str = "blue", size: tuple[int, int] = (80, 40)) -> Image.Image:
    picture = Image.new("RGB", size, left)
    picture.paste(right, (size[0] // 2, 0, *size))
    return picture


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises an enormous picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def test_the_cameras_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    loaded = load_image(encoded(halves(), exif=exif), LIMITS)
    assert loaded.size == (40, 80)
    top, bottom = loaded.getpixel((20, 10)), loaded.getpixel((20, 70))
    assert top[0] > bottom[0] + 100
    assert bottom[2] > top[2] + 100


def test_a_damaged_exif_block_costs_the_orientation_only() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "N", 6
    damaged = exif.tobytes().replace(b"\x01\x0f\0\2", b"\x01\x00\0\2")  # its width is a text
    with pytest.raises(struct.error):
        ImageOps.exif_transpose(Image.open(io.BytesIO(encoded(halves(), exif=damaged))))
    for block in (damaged, b"Exif\0\0" + b"\xff" * 40):
        assert load_image(encoded(halves(), exif=block), LIMITS).size == (80, 40)


@pytest.mark.parametrize(
    ("mode", "format"),
    [
        ("RGBA", "PNG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("P", "GIF"),
        ("L", "JPEG"),
        ("1", "PNG"),
        ("CMYK", "JPEG"),
        ("CMYK", "TIFF"),
        ("RGB", "WEBP"),
        ("RGB", "BMP"),
        ("RGB", "AVIF"),
    ],
)
def test_every_mode_becomes_the_same_rgb_picture(mode: str, format: str) -> None:
    black_and_white = halves("black", "white")
    loaded = load_image(encoded(black_and_white.convert(mode), format), LIMITS)
    assert loaded.mode == "RGB"
    assert loaded.size == (80, 40)
    assert max(loaded.getpixel((10, 20))) < 20
    assert min(loaded.getpixel((70, 20))) > 235


def test_transparent_parts_become_white() -> None:
    glass = Image.new("RGBA", (10, 10), (255, 0, 0, 0))
    assert load_image(encoded(glass, "PNG"), LIMITS).getpixel((5, 5)) == (255, 255, 255)


def test_sixteen_bit_grey_keeps_its_tones() -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None, :].repeat(8, axis=0)
    loaded = np.asarray(load_image(encoded(Image.fromarray(ramp), "PNG"), LIMITS))
    assert np.abs(loaded[0, :, 0].astype(int) - np.arange(256)).max() <= 1


@pytest.mark.parametrize("white", [1, 65535])
def test_grey_in_fractions_keeps_its_tones(white: int) -> None:
    grey = np.array([[0, white / 2, white, -white, np.nan, np.inf]], np.float32)
    loaded = np.asarray(load_image(encoded(Image.fromarray(grey), "TIFF"), LIMITS))
    assert loaded[0, :, 0].tolist() == [0, 127, 255, 0, 0, 0]


def test_the_first_frame_of_an_animation_is_taken() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    animation = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert load_image(animation, LIMITS).getpixel((5, 5)) == (255, 0, 0)


def test_big_jpegs_are_decoded_no_larger_than_needed() -> None:
    big = encoded(halves(size=(3200, 2400)))
    small = load_image(big, LIMITS, min_side=224)
    assert 448 <= min(small.size) < 2400
    whole = load_image(big, LIMITS)
    assert whole.size == (3200, 2400)
    difference = np.abs(
        np.asarray(small.resize((64, 48)), dtype=int)
        - np.asarray(whole.resize((64, 48)), dtype=int)
    )
    assert difference.mean() < 2


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "I;16"])
@pytest.mark.parametrize("turned", [False, True])
def test_big_pictures_of_other_formats_are_shrunk_before_they_wait(mode: str, turned: bool) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6 if turned else 1
    big = encoded(halves(size=(3200, 2400)).convert(mode), "PNG", exif=exif)
    small = load_image(big, LIMITS, min_side=224)
    assert small.size == ((480, 640) if turned else (640, 480))
    whole = load_image(big, LIMITS)
    assert max(whole.size) == 3200
    side = (48, 64) if turned else (64, 48)
    difference = np.abs(
        np.asarray(small.resize(side), dtype=int) - np.asarray(whole.resize(side), dtype=int)
    )
    assert difference.mean() < 2


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_colour_that_means_transparent_does_not_stain_its_neighbours(mode: str) -> None:
    drawing = Image.new(mode, (1800, 1800), 0)
    for line in range(0, 1800, 6):
        drawing.paste(200 if mode == "L" else (200, 200, 200), (0, line, 1800, line + 2))
    key: object = 0 if mode == "L" else (0, 0, 0)
    picture = encoded(drawing, "PNG", transparency=key)
    small = np.asarray(load_image(picture, LIMITS, min_side=224))
    assert small.mean() == pytest.approx(np.asarray(load_image(picture, LIMITS)).mean(), abs=2)


def test_big_pictures_are_decoded_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, most = 0, 0

    def decoded(image: Image.Image) -> Image.Image:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        time.sleep(0.02)
        at_once -= 1
        return _decoded(image)

    monkeypatch.setattr("core.images._decoded", decoded)
    monkeypatch.setattr("core.images.BIG_PIXELS", 10_000)
    picture = encoded(halves(size=(300, 260)), "PNG")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: load_image(picture, LIMITS, min_side=100), range(8)))
    assert most == 1


@pytest.mark.parametrize("side", [224, 249])  # of CLIP and of the bundled first network
@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_half_of_what_chats_send_is_enough(side: int, format: str) -> None:
    sent = encoded(halves(size=(1280, 960)), format)
    assert load_image(sent, LIMITS, min_side=side).size == (640, 480)


def test_small_pictures_are_not_shrunk_below_what_is_needed() -> None:
    assert load_image(encoded(halves(size=(300, 260))), LIMITS, min_side=288).size == (300, 260)


def test_a_200_megapixel_bomb_is_refused_undecoded() -> None:
    with pytest.raises(ImageTooLarge, match="64 megapixels"):
        load_image(bomb(20_000, 10_000), LIMITS)


def test_a_picture_no_decoder_would_open_is_too_large_as_well() -> None:
    with pytest.raises(ImageTooLarge):
        load_image(bomb(100_000, 100_000), LIMITS)


def test_bytes_are_limited_too() -> None:
    with pytest.raises(ImageTooLarge, match="MB"):
        load_image(b"\xff\xd8" + b"\0" * 3000, ImageLimits(max_bytes=2000, max_pixels=10**6))


def test_what_a_limit_allows_is_accepted() -> None:
    photo = encoded(halves(size=(80, 40)))
    assert load_image(photo, ImageLimits(max_bytes=len(photo), max_pixels=80 * 40))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_truncated_picture_is_refused(format: str, share: float) -> None:
    whole = encoded(coloured_photo("red", size=(320, 240)), format)
    with pytest.raises(UnreadableImage):
        load_image(whole[: int(len(whole) * share)], LIMITS)


@pytest.mark.parametrize(
    "junk", [b"", b"not a picture at all", b"\0" * 5000, b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg/>"]
)
def test_what_is_no_picture_is_refused(junk: bytes) -> None:
    with pytest.raises(UnreadableImage):
        load_image(junk, LIMITS)


def test_hostile_bytes_never_raise_anything_else() -> None:
    generator = np.random.default_rng(5)
    originals = [
        encoded(coloured_photo("green"), format)
        for format in ("JPEG", "PNG", "WEBP", "GIF", "TIFF")
    ]
    for original in originals:
        for _ in range(60):
            damaged = bytearray(original)
            for place in generator.integers(0, len(damaged), 12):
                damaged[place] = generator.integers(0, 256)
            try:
                loaded = load_image(bytes(damaged), LIMITS, min_side=32)
            except (UnreadableImage, ImageTooLarge):
                continue
            assert loaded.mode == "RGB"


def test_an_ordinary_jpeg_is_served_as_it_came() -> None:
    original = encoded(coloured_photo("blue"))
    assert served_photo(original, LIMITS).jpeg is original


@pytest.mark.parametrize(
    "original",
    [
        encoded(coloured_photo("blue"), "PNG"),
        encoded(coloured_photo("blue").convert("CMYK")),
        encoded(coloured_photo("blue", size=(5000, 40))),
    ],
    ids=["png", "cmyk", "too wide"],
)
def test_anything_else_is_served_as_a_plain_jpeg(original: bytes) -> None:
    served = Image.open(io.BytesIO(served_photo(original, LIMITS).jpeg))
    assert (served.format, served.mode) == ("JPEG", "RGB")
    assert max(served.size) <= 4096


def test_a_file_too_big_for_chats_is_served_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    original = encoded(coloured_photo("blue"), quality=100)
    monkeypatch.setattr("core.images.SERVED_BYTES", len(original) - 1)
    assert len(served_photo(original, LIMITS).jpeg) < len(original)


def test_a_turned_photo_is_served_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    served = Image.open(io.BytesIO(served_photo(encoded(halves(), exif=exif), LIMITS).jpeg))
    assert served.size == (40, 80)
    assert served.getexif().get(0x0112, 1) == 1


def test_a_truncated_photo_is_never_served() -> None:
    with pytest.raises(UnreadableImage):
        served_photo(encoded(coloured_photo("red"))[:-400], LIMITS)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_a_picture_is_told_by_its_bytes(format: str) -> None:
    assert is_picture(encoded(halves(), format))


@pytest.mark.parametrize(
    "data",
    [b"", b"junk", b"%PDF-1.7", b"PK\3\4", b"<svg/>"]
    + [encoded(halves(), format) for format in ("EPS", "PPM", "TGA")],  # no camera writes them
)
def test_another_file_is_no_picture(data: bytes) -> None:
    assert not is_picture(data)


def located(
    latitude: object = (56.0, 19.0, 43.32),
    longitude: object = (44.0, 0.0, 9.0),
    refs: Sequence[str] = "NE",
) -> Image.Exif:
    """The EXIF of a camera that knows where it is."""
    exif = Image.Exif()
    exif[0x8825] = {1: refs[0], 2: latitude, 3: refs[1], 4: longitude}
    return exif


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_photo_tells_where_it_was_taken(format: str) -> None:
    position = photo_position(encoded(halves(), format, exif=located()))
    assert position is not None
    assert (position.lat, position.lon) == pytest.approx((56.3287, 44.0025), abs=1e-6)


@pytest.mark.parametrize("refs", ["SW", "sw", ("S\0\0", "W\0"), ("South", "West ")])
def test_south_and_west_are_negative(refs: Sequence[str]) -> None:
    position = photo_position(encoded(halves(), exif=located(refs=refs)))
    assert position is not None
    assert (position.lat, position.lon) == pytest.approx((-56.3287, -44.0025), abs=1e-6)


@pytest.mark.parametrize(
    "exif",
    [
        located(latitude=(91.0, 0.0, 0.0)),
        located(longitude=(180.0, 0.5, 0.0)),
        located(latitude=(0.0, 0.0, 0.0), longitude=(0.0, 0.0, 0.0)),
        located(latitude=(56.0, 19.0)),
        located(refs="XE"),
        located(refs=" E"),
        located(latitude=(IFDRational(0, 0), 0.0, 0.0)),
        Image.Exif(),
        b"Exif\0\0" + b"\xff" * 40,
    ],
)
def test_a_position_that_makes_no_sense_is_none(exif: Image.Exif | bytes) -> None:
    assert photo_position(encoded(halves(), exif=exif)) is None


@pytest.mark.parametrize("data", [b"", b"junk", bomb(100, 100)])
def test_bytes_without_a_position_have_none(data: bytes) -> None:
    assert photo_position(data) is None


def test_a_position_is_read_without_decoding_the_picture() -> None:
    photo = encoded(halves(size=(800, 400)), exif=located())
    assert photo_position(photo[: len(photo) // 2]) is not None


def test_a_photo_of_an_iphones_own_format_is_read_where_the_extra_is_installed() -> None:
    pytest.importorskip("pillow_heif", reason="needs the extra `heic`")
    photo = encoded(halves(), "HEIF", quality=90, exif=located())
    left, right = (load_image(photo, LIMITS).getpixel((x, 20)) for x in (20, 60))
    assert left[0] > right[0] + 100
    position = photo_position(photo)
    assert position is not None
    assert position.lat == pytest.approx(56.3287, abs=1e-6)


def test_without_the_extra_a_photo_of_an_iphones_own_format_names_it() -> None:
    """In a process of its own, where the package cannot be imported."""
    refused = (
        "import sys; sys.modules['pillow_heif'] = None\n"
        "from core.images import ImageLimits, load_image\n"
        "limits = ImageLimits.of(max_photo_mb=20, max_megapixels=64)\n"
        "load_image(b'\\0\\0\\0\\x18ftypheic' + bytes(99), limits)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", refused], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert "electronic-city-guide[heic]" in done.stderr.splitlines()[-1]
