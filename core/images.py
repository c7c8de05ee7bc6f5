"""Bytes from anywhere -> an upright RGB picture, safely."""

import io
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from threading import Lock
from typing import SupportsFloat

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ExifTags import GPS

from core.errors import ImageTooLarge, UnreadableImage
from core.places import Point

try:
    from pillow_heif import register_heif_opener
except ImportError:  # the extra `heic` is not installed: photos of iPhones' own format are refused
    HEIF: tuple[str, ...] = ()
else:
    register_heif_opener()
    HEIF = ("HEIF",)

# Nothing that runs other programs (EPS) or that no camera, phone or browser writes.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", *HEIF)
HEIC_STARTS = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1")  # after four bytes of length
GPS_BLOCK = 0x8825  # of EXIF
# A decode to about twice the side it is scaled to afterwards looks like a full decode to a model.
# A little less than twice, since chats send 1280 x 960 pixels and half of that is enough.
DRAFT_FACTOR = 1.9

BIG_PIXELS = 16_000_000  # as they are decoded, which of a JPEG is rarely so many
_big = Lock()
SHRINKABLE = ("L", "LA", "RGB", "RGBA")  # palettes and deep grey are, once they are RGB

SERVED_SIDE = 4096  # pixels; longer sides are scaled down before a photo is served
SERVED_BYTES = 10_000_000
SERVED_QUALITY = 90

# `_open` checks sizes against the settings, before anything is decoded.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")  # damaged metadata


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """How big a picture may be before it is refused undecoded."""

    max_bytes: int
    max_pixels: int

    @classmethod
    def of(cls, *, max_photo_mb: float, max_megapixels: float) -> "ImageLimits":
        """Limits from the units people use in settings."""
        return cls(int(max_photo_mb * 1_000_000), int(max_megapixels * 1_000_000))


@dataclass(frozen=True, slots=True)
class ServedPhoto:
    """A photo as it can be shown anywhere: an upright RGB or grey JPEG of sane size."""

    jpeg: bytes
    image: Image.Image  # the same picture, decoded, RGB


def load_image(data: bytes, limits: ImageLimits, *, min_side: int | None = None) -> Image.Image:
    """Decode the first frame of a picture, turn it upright and make it RGB.

    Args:
        data: a whole file; its name and declared type do not matter.
        limits: what is refused.
        min_side: the shorter side that is needed in the end; big JPEGs are then decoded to a
            fraction of their size, others are shrunk by a whole factor as soon as they are decoded,
            never below 1.9 times this side. None decodes in full.

    Raises:
        ImageTooLarge: more bytes or pixels than ``limits``.
        UnreadableImage: not a picture, an unknown format, damaged or cut short.
    """
    image = _open(data, limits)
    if min_side is None:
        return _rgb(_upright(_decoded(image)))
    image.draft(None, (round(min_side * DRAFT_FACTOR),) * 2)  # does nothing but to JPEGs
    # A small file may be a big picture: there is one of these at a time, and what waits is shrunk.
    with _big if image.width * image.height > BIG_PIXELS else nullcontext():
        shrunk = _shrunk(_upright(_decoded(image)), min_side)
        return _shrunk(_rgb(shrunk), min_side)


def check_image(data: bytes, limits: ImageLimits) -> None:
    """Refuse what `load_image` would refuse, as far as a file's header tells; nothing is decoded.

    Raises:
        ImageTooLarge, UnreadableImage: as `load_image`.
    """
    _open(data, limits)


def is_picture(data: bytes) -> bool:
    """Whether the file is of a format that `load_image` reads, by its first bytes."""
    try:
        Image.open(io.BytesIO(data), formats=FORMATS)
    except Exception:  # decoders raise almost anything on hostile bytes
        return False
    return True


def photo_position(data: bytes) -> Point | None:
    """Where a photo was taken, as the camera wrote it into EXIF; nothing is decoded.

    None when the file does not tell, or tells nonsense, or is no picture at all.
    """
    try:
        exif = Image.Exif()
        exif.load(Image.open(io.BytesIO(data), formats=FORMATS).info["exif"])
        gps = exif.get_ifd(GPS_BLOCK)
        point = Point(
            _degrees(gps[GPS.GPSLatitude], _sign(gps[GPS.GPSLatitudeRef], "N", "S")),
            _degrees(gps[GPS.GPSLongitude], _sign(gps[GPS.GPSLongitudeRef], "E", "W")),
        )
    except Exception:  # decoders raise almost anything on hostile bytes
        return None
    on_the_globe = abs(point.lat) <= 90 and abs(point.lon) <= 180  # False for nan too
    unset = point.lat == point.lon == 0  # what cameras write before they know
    return point if on_the_globe and not unset else None


def _degrees(parts: Sequence[SupportsFloat], sign: int) -> float:
    """Degrees from degrees, minutes and seconds."""
    degrees, minutes, seconds = (float(part) for part in parts)
    return sign * (degrees + minutes / 60 + seconds / 3600)


def _sign(written: str, positive: str, negative: str) -> int:
    """Which hemisphere a reference names; a `KeyError` if it names none."""
    return {positive: 1, negative: -1}[written.strip(" \0")[:1].upper()]


def served_photo(data: bytes, limits: ImageLimits) -> ServedPhoto:
    """Make a photo fit to be served; the original bytes are kept where they already are.

    Raises:
        ImageTooLarge, UnreadableImage: as `load_image`.
    """
    opened = _open(data, limits)
    as_it_is = (
        opened.format == "JPEG"
        and opened.mode in ("RGB", "L")
        and len(data) <= SERVED_BYTES
        and max(opened.size) <= SERVED_SIDE
    )
    decoded = _decoded(opened)
    upright = _upright(decoded)
    image = _rgb(upright)
    if as_it_is and upright is decoded:
        return ServedPhoto(data, image)
    image.thumbnail((SERVED_SIDE, SERVED_SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=SERVED_QUALITY)
    return ServedPhoto(out.getvalue(), image)


def _open(data: bytes, limits: ImageLimits) -> Image.Image:
    """Read a picture's header and hold it against the limits."""
    if len(data) > limits.max_bytes:
        raise ImageTooLarge(
            f"the photo has {len(data) / 1e6:.1f} MB, "
            f"at most {limits.max_bytes / 1e6:.1f} are accepted"
        )
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(
            f"the photo has far more than the {limits.max_pixels / 1e6:.0f} megapixels accepted"
        ) from error
    except UnidentifiedImageError as error:
        raise UnreadableImage(_unknown(data)) from error
    except Exception as error:  # decoders raise almost anything on hostile bytes
        raise UnreadableImage(f"the picture cannot be decoded: {error}") from error
    pixels = image.width * image.height
    if pixels > limits.max_pixels:
        raise ImageTooLarge(
            f"the photo has {pixels / 1e6:.0f} megapixels, "
            f"at most {limits.max_pixels / 1e6:.0f} are accepted"
        )
    return image


def _unknown(data: bytes) -> str:
    """Why no decoder wants a file."""
    if data[4:12] in HEIC_STARTS and not HEIF:
        return "a HEIC picture needs a package: pip install 'electronic-city-guide[heic]'"
    return "not a picture in a known format"


def _decoded(image: Image.Image) -> Image.Image:
    """Decode the pixels of the first frame."""
    try:
        image.load()
    except Exception as error:  # decoders raise almost anything on hostile bytes
        raise UnreadableImage(f"the picture cannot be decoded: {error}") from error
    return image


def _upright(image: Image.Image) -> Image.Image:
    """Apply the camera's orientation; the same object when there is none."""
    try:
        if image.getexif().get(0x0112, 1) == 1:
            return image
        return ImageOps.exif_transpose(image)
    except Exception:  # a damaged EXIF block costs the orientation, not the photo
        return image


def _shrunk(image: Image.Image, min_side: int) -> Image.Image:
    """Reduce a picture by a whole factor, as a draft would, if it is of a mode that allows it.

    One with a colour that means "transparent" is not: its neighbours would take on that colour.
    """
    factor = int(min(image.size) / (min_side * DRAFT_FACTOR))
    possible = image.mode in SHRINKABLE and "transparency" not in image.info
    return image.reduce(factor) if factor > 1 and possible else image


def _rgb(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB; transparent parts become white."""
    if image.mode.startswith("I") or image.mode == "F":
        return _from_deep_grey(image)
    if image.has_transparency_data:
        with_alpha = image if image.mode == "RGBA" else image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(with_alpha, mask=with_alpha.getchannel("A"))
        return white
    return image if image.mode == "RGB" else image.convert("RGB")


def _from_deep_grey(image: Image.Image) -> Image.Image:
    """Scale 16-bit (or wider) grey to 8 bits: Pillow's own conversion would cut it off at 255."""
    grey = np.nan_to_num(np.asarray(image, dtype=np.float32), posinf=0, neginf=0)
    deepest = 65535.0 if image.mode != "F" or grey.max() > 1 else 1.0
    eight_bit = np.clip(grey * (255.0 / deepest), 0, 255).astype(np.uint8)
    return Image.fromarray(eight_bit).convert("RGB")
