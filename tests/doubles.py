"""Small honest doubles: real objects of the same contract that need no weights."""

import io
import threading
from collections import Counter
from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.embedders import Embeddings, ImageEmbeddings, unit_rows
from core.embedders.base import no_second_network
from offline.progress import Advanced

COLOURS = {"red": (220, 30, 30), "green": (30, 180, 60), "blue": (40, 60, 220)}


class ColourEmbedder:
    """Sees the colours of a 3 x 3 grid; understands the words red, green and blue."""

    name = "colours"
    dim = 27
    joint_dim = 3
    second_dim = 0
    embed_again = staticmethod(no_second_network)
    image_side = first_side = 32
    image_batch = 8
    stands_in_for: str | None = None

    def __init__(self, name: str = "colours") -> None:
        self.name = name
        self.embedded_images = self.embedded_texts = 0

    def embed_images(self, images: Sequence[Image.Image]) -> Embeddings:
        self.embedded_images += len(images)
        return unit_rows(_grid(images).reshape(len(images), 27))

    def embed_gallery(self, images: Sequence[Image.Image]) -> ImageEmbeddings:
        return ImageEmbeddings(self.embed_images(images), unit_rows(_grid(images).mean(1)))

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        self.embedded_texts += len(texts)
        rows = [
            next((colour for word, colour in COLOURS.items() if word in text), (127, 127, 127))
            for text in texts
        ]
        return unit_rows(np.array(rows, dtype=np.float32).reshape(len(texts), 3) - 127.0)


def _grid(images: Sequence[Image.Image]) -> np.ndarray:
    """Colours of nine parts of each picture, (n, 9, 3), around a middle grey."""
    grids = [np.asarray(i.resize((3, 3), Image.Resampling.BOX), dtype=np.float32) for i in images]
    return np.array(grids).reshape(len(images), 9, 3) - 127.0


class BusyEmbedder(ColourEmbedder):
    """Takes as long over pictures as the test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.started, self.gate = threading.Event(), threading.Event()

    def embed_images(self, images: Sequence[Image.Image]) -> Embeddings:
        self.started.set()
        assert self.gate.wait(10)
        return super().embed_images(images)


class TwoNetworks(ColourEmbedder):
    """Has a second network, which sees the colour of the whole and how bright it is."""

    second_dim = 4

    def __init__(self, name: str = "colours") -> None:
        super().__init__(name)
        self.embedded_again = 0

    def embed_again(self, images: Sequence[Image.Image]) -> Embeddings:  # type: ignore[override]
        self.embedded_again += len(images)
        means = np.array([np.asarray(image).mean((0, 1)) for image in images], np.float32)
        means = means.reshape(len(images), 3) - 127.0
        return unit_rows(np.column_stack([means, means.sum(axis=1) + 1]))


def coloured_photo(
    colour: str | tuple[int, int, int], *, seed: int = 0, size: tuple[int, int] = (64, 48)
) -> Image.Image:
    """A picture of one colour in patches of its own, so that no two seeds are equal."""
    rgb = COLOURS[colour] if isinstance(colour, str) else colour
    patches = np.random.default_rng(seed).integers(-40, 41, (3, 3, 3)) + np.array(rgb)
    small = Image.fromarray(np.clip(patches, 0, 255).astype(np.uint8))
    return small.resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, format: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


class Watcher:
    """Hears how far a job is."""

    def __init__(self) -> None:
        self.totals: dict[str, int | None] = {}  # by what is done
        self.done: Counter[str] = Counter()

    def started(self, what: str, total: int | None) -> Advanced:
        self.totals[what] = total
        return lambda done: self.done.update({what: done})
