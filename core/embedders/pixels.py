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
HALVED_FROM = 400  # pixels of the shorter side
HALVED_ASPECT = 2  # longer side / shorter side, at most
_HELPER = ThreadPoolExecutor(1, thread_name_prefix="scale")


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
        axis = image.size.index(min(image.size))
        strips = np.split(pixels, 2 if self._halves_well(image) else 1, axis=2 - axis)

        def fill(n: int) -> None:
            self._normalise(self._strip(image, axis, n, len(strips)), strips[n])

        others = [_HELPER.submit(fill, n) for n in range(1, len(strips))]
        fill(0)
        for other in others:
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
        return fits and shorter >= HALVED_FROM and longer <= HALVED_ASPECT * shorter

    def _strip(self, image: Image.Image, axis: int, n: int, of: int) -> Image.Image:
        """The ``n``-th ``of`` equal strips of the scaled square, cut across the shorter axis."""
        # Lengthwise, the middle is cut out afterwards: scaled through a box, Pillow would take
        # rows and columns in another order for some shapes, and round differently.
        size = [self.shorter_side * length // min(image.size) for length in image.size]
        wanted, box = [self.side, self.side], [0.0, 0.0, *image.size]
        box[axis], box[axis + 2] = (image.size[axis] * end / of for end in (n, n + 1))
        size[axis], wanted[axis] = size[axis] // of, wanted[axis] // of
        scaled = image.resize(
            (size[0], size[1]),
            Image.Resampling(self.resample),
            box=(box[0], box[1], box[2], box[3]),
        )
        left, top = ((length - keep) // 2 for length, keep in zip(size, wanted, strict=True))
        return scaled.crop((left, top, left + wanted[0], top + wanted[1]))

    def _exactly(self, image: Image.Image) -> Image.Image:
        kept = self.side / self.shorter_side * min(image.size)
        left, top = ((length - kept) / 2 for length in image.size)
        box = (left, top, left + kept, top + kept)
        return image.resize((self.side, self.side), Image.Resampling(self.resample), box=box)


def cut_to_middle(image: Image.Image) -> Image.Image:
    """Shorten a very long picture, keeping its middle.

    CLIP scales the shorter side up to 224 pixels before it cuts out the middle
    square: a file of 1 x 100,000 pixels would first become gigabytes.
    """
    width, height = image.size
    limit = MAX_ASPECT * min(width, height)
    left, top = max(0, (width - limit) // 2), max(0, (height - limit) // 2)
    return image.crop((left, top, width - left, height - top)) if left or top else image
