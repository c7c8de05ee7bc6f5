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
        square = self._on_whole_pixels(image) if self.on_whole_pixels else self._exactly(image)
        rgb = np.asarray(square, np.float32).transpose(2, 0, 1)
        return (rgb - _per_channel(self.mean)) / _per_channel(self.std)

    def batch(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Give pictures as (n, 3, side, side)."""
        pixels = np.empty((len(images), 3, self.side, self.side), np.float32)
        for row, image in enumerate(images):
            pixels[row] = self(image)
        return pixels

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


def _per_channel(values: Sequence[float]) -> NDArray[np.float32]:
    return np.array(values, np.float32)[:, None, None]
