"""Pictures as networks want them, with Pillow and numpy alone: one resize, one normalisation."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_ASPECT = 4  # longer side / shorter side, see `cut_to_middle`

# Whoever asks alone waits for one photo while other cores are idle: photos like these are scaled by
# two threads, half by half. Halves of other shapes are not rounded like the whole, since Pillow
# chooses by the shape whether rows or columns come first.
HALVED_FROM = 1.75  # shorter side / what it is scaled to, at least; halves differ up to 1.5
HALVED_ASPECT = 2  # longer side / shorter side, at most


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
        image.load()  # here, since a file may only be read by one thread
        if not self._halves_well(image):
            self._normalise(self._strip(image, 0, 1), pixels)
            return
        halves = np.split(pixels, 2, axis=2 if _is_tall(image) else 1)
        with ThreadPoolExecutor(1) as helper:
            other = helper.submit(lambda: self._normalise(self._strip(image, 1, 2), halves[1]))
            self._normalise(self._strip(image, 0, 2), halves[0])
            other.result()

    def _normalise(self, part: Image.Image, pixels: NDArray[np.float32]) -> None:
        # Channel by channel: all at once, numpy would walk through memory in strides of three.
        for channel, mean, std, out in zip(part.split(), self.mean, self.std, pixels, strict=True):
            np.subtract(np.asarray(channel), np.float32(mean), out=out)
            np.divide(out, np.float32(std), out=out)

    def _halves_well(self, image: Image.Image) -> bool:
        """Whether halves come out as they do in the whole picture, to the last bit."""
        shorter, longer = sorted(image.size)
        fits = self.side == self.shorter_side and self.side % 2 == 0
        return fits and shorter >= HALVED_FROM * self.side and longer <= HALVED_ASPECT * shorter

    def _strip(self, image: Image.Image, n: int, of: int) -> Image.Image:
        """The ``n``-th of equal strips of the scaled square, cut across its shorter axis."""
        width, height = image.size
        shorter, side = self.shorter_side, self.side
        if _is_tall(image):
            size = shorter // of, shorter * height // width
            box = (n / of * width, 0.0, (n + 1) / of * width, float(height))
            wanted = side // of, side
        else:
            size = shorter * width // height, shorter // of
            box = (0.0, n / of * height, float(width), (n + 1) / of * height)
            wanted = side, side // of
        # Lengthwise, the middle is cut out afterwards: scaled through a box, Pillow would take
        # rows and columns in another order for some shapes, and round differently.
        scaled = image.resize(size, Image.Resampling(self.resample), box=box)
        left, top = (size[0] - wanted[0]) // 2, (size[1] - wanted[1]) // 2
        return scaled.crop((left, top, left + wanted[0], top + wanted[1]))

    def _exactly(self, image: Image.Image) -> Image.Image:
        kept = self.side / self.shorter_side * min(image.size)
        left, top = ((length - kept) / 2 for length in image.size)
        box = (left, top, left + kept, top + kept)
        return image.resize((self.side, self.side), Image.Resampling(self.resample), box=box)


def _is_tall(image: Image.Image) -> bool:
    return image.width <= image.height


def cut_to_middle(image: Image.Image) -> Image.Image:
    """Shorten a very long picture, keeping its middle.

    CLIP scales the shorter side up to 224 pixels before it cuts out the middle
    square: a file of 1 x 100,000 pixels would first become gigabytes.
    """
    width, height = image.size
    limit = MAX_ASPECT * min(width, height)
    left, top = max(0, (width - limit) // 2), max(0, (height - limit) // 2)
    return image.crop((left, top, width - left, height - top)) if left or top else image
