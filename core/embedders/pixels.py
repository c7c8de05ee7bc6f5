"""Pictures as networks want them, with Pillow and numpy alone: one resize, one normalisation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_ASPECT = 4  # longer side / shorter side, see `cut_to_middle`


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
        square = self._on_whole_pixels(image) if self.on_whole_pixels else self._exactly(image)
        # Channel by channel: all at once, numpy would walk through memory in strides of three.
        for channel, mean, std, out in zip(
            square.split(), self.mean, self.std, pixels, strict=True
        ):
            np.subtract(np.asarray(channel), np.float32(mean), out=out)
            np.divide(out, np.float32(std), out=out)

    def _on_whole_pixels(self, image: Image.Image) -> Image.Image:
        # Not scaled through a box, as below: Pillow then takes rows and columns in another order
        # for some shapes, and rounds differently.
        image = cut_to_middle(image)
        width, height = (self.shorter_side * length // min(image.size) for length in image.size)
        scaled = image.resize((width, height), Image.Resampling(self.resample))
        left, top = (width - self.side) // 2, (height - self.side) // 2
        return scaled.crop((left, top, left + self.side, top + self.side))

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
