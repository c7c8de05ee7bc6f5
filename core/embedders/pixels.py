"""Pictures as networks want them, with Pillow and numpy alone: one resize, one normalisation."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_ASPECT = 4  # longer side / shorter side, see `cut_to_middle`

# Whoever asks alone waits for one photo while other cores are idle: two threads scale half of the
# square each, and nothing of what is cut off. Only photos like these are halved: in parts of others
# Pillow might scale the height before the width, which rounds otherwise.
HALVED_FROM = 1.75  # shorter side / what it is scaled to, at least; 1.5 was too little
HALVED_ASPECT = 2  # longer side / shorter side, at most
FILTER_REACH = 3  # of Pillow's widest filter, in pixels of the scaled picture

Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a network wants its pictures: scaled, the middle square cut out, normalised."""

    side: int  # of the square, pixels
    shorter_side: int  # that the picture is scaled to, pixels; at least ``side``
    mean: tuple[float, float, float]  # of red, green, blue, in 0..255
    std: tuple[float, float, float]
    resample: int = Image.Resampling.BICUBIC
    # The scaled picture has whole pixels and so has the crop, as in the library transformers;
    # otherwise the square lies exactly in the middle.
    on_whole_pixels: bool = True

    def __call__(self, image: Image.Image) -> NDArray[np.float32]:
        """Give the middle of an RGB picture of any size as (3, side, side)."""
        pixels = np.empty((3, self.side, self.side), np.float32)
        self._fill(pixels, image)
        return pixels

    def batch(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Give pictures as (n, 3, side, side)."""
        pixels = np.empty((len(images), 3, self.side, self.side), np.float32)
        for row, image in zip(pixels, images, strict=True):
            self._fill(row, image)
        return pixels

    def _fill(self, pixels: NDArray[np.float32], image: Image.Image) -> None:
        if not self.on_whole_pixels:
            self._normalise(self._exactly(image), pixels)
            return
        image = cut_to_middle(image)
        if self._halves_well(image):
            self._fill_by_two(pixels, image)
        else:
            self._normalise(self._square(image), pixels)

    def _fill_by_two(self, pixels: NDArray[np.float32], image: Image.Image) -> None:
        middle, (left, top, right, bottom) = self._middle(image)
        halfway = (top + bottom) / 2

        def fill(half: NDArray[np.float32], top: float, bottom: float) -> None:
            size = self.side, self.side // 2
            part = middle.resize(size, self._filter, box=(left, top, right, bottom))
            self._normalise(part, half)

        upper, lower = np.split(pixels, 2, axis=1)
        other = _helper(os.getpid()).submit(fill, lower, halfway, bottom)
        fill(upper, top, halfway)
        other.result()

    def _normalise(self, part: Image.Image, pixels: NDArray[np.float32]) -> None:
        # Channel by channel: all at once, numpy would walk through memory in strides of three.
        np.stack([np.asarray(channel) for channel in part.split()], out=pixels)
        mean, std = (np.array(each, np.float32)[:, None, None] for each in (self.mean, self.std))
        pixels -= mean
        pixels /= std

    @property
    def _filter(self) -> Image.Resampling:
        return Image.Resampling(self.resample)

    def _halves_well(self, image: Image.Image) -> bool:
        """Whether halves come out as they do in the whole picture, but for a rounding or two."""
        shorter, longer = sorted(image.size)
        fits = shorter >= HALVED_FROM * self.shorter_side and longer <= HALVED_ASPECT * shorter
        return fits and self.side % 2 == 0

    def _middle(self, image: Image.Image) -> tuple[Image.Image, Box]:
        """What becomes the square, with all that the filter reaches, and where in it that is."""
        width, height = self._scaled(image)
        step_x, step_y = image.width / width, image.height / height
        left, top = (width - self.side) // 2 * step_x, (height - self.side) // 2 * step_y
        right, bottom = left + self.side * step_x, top + self.side * step_y
        reach = FILTER_REACH * max(step_x, step_y) + 1
        x, y = max(0, int(left - reach)), max(0, int(top - reach))
        end_x, end_y = min(image.width, int(right + reach)), min(image.height, int(bottom + reach))
        return image.crop((x, y, end_x, end_y)), (left - x, top - y, right - x, bottom - y)

    def _square(self, image: Image.Image) -> Image.Image:
        width, height = self._scaled(image)
        left, top = (width - self.side) // 2, (height - self.side) // 2
        scaled = image.resize((width, height), self._filter)
        return scaled.crop((left, top, left + self.side, top + self.side))

    def _scaled(self, image: Image.Image) -> tuple[int, int]:
        """Size of the whole picture, in whole pixels, once it is scaled."""
        width, height = (self.shorter_side * length // min(image.size) for length in image.size)
        return width, height

    def _exactly(self, image: Image.Image) -> Image.Image:
        kept = self.side / self.shorter_side * min(image.size)
        left, top = ((length - kept) / 2 for length in image.size)
        box = (left, top, left + kept, top + kept)
        return image.resize((self.side, self.side), self._filter, box=box)


@cache
def _helper(process: int) -> ThreadPoolExecutor:
    """The thread that scales the other half; one for each process, since none outlives a fork."""
    return ThreadPoolExecutor(1, thread_name_prefix="halves")


def cut_to_middle(image: Image.Image) -> Image.Image:
    """Shorten a very long picture, keeping its middle.

    CLIP scales the shorter side up to 224 pixels before it cuts out the middle
    square: a file of 1 x 100,000 pixels would first become gigabytes.
    """
    width, height = image.size
    limit = MAX_ASPECT * min(width, height)
    left, top = max(0, (width - limit) // 2), max(0, (height - limit) // 2)
    return image.crop((left, top, width - left, height - top)) if left or top else image
