"""What makes embeddings, and the two spaces they live in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

Embeddings = NDArray[np.float32]  # (n, dim), rows of unit length

MAX_TEXT_CHARS = 2048  # CLIP-like models read 77 or 128 tokens; the rest would only cost time


@dataclass(frozen=True, slots=True)
class ImageEmbeddings:
    """Embeddings of the same ``n`` pictures in both spaces, row by row.

    A model with one space for everything (CLIP) gives the same array twice.
    """

    visual: Embeddings  # (n, dim): pictures are compared with pictures
    joint: Embeddings  # (n, joint_dim): pictures are compared with words


class Embedder(Protocol):
    """Makes embeddings of pictures and of words. Calls block.

    Pictures come from one thread at a time and words from one thread at a time, but words may come
    while pictures are embedded.
    """

    @property
    def name(self) -> str:
        """Identity of model, revision and preprocessing: part of cache keys and manifests.

        Two embedders have the same name only if their embeddings may be mixed. Safe as a file name.
        """

    @property
    def dim(self) -> int:
        """Length of an embedding in the visual space."""

    @property
    def joint_dim(self) -> int:
        """Length of an embedding in the joint space."""

    @property
    def second_dim(self) -> int:
        """Length of an embedding by the second network; 0 where there is only one."""

    @property
    def image_side(self) -> int:
        """Shorter side, in pixels, that pictures are scaled to; more decoded detail is wasted.

        The larger one, where networks differ.
        """

    @property
    def first_side(self) -> int:
        """The same for `embed_images` alone."""

    @property
    def image_batch(self) -> int:
        """Pictures worth sending through the model together; 1 where company only costs time."""

    @property
    def stands_in_for(self) -> str | None:
        """Name of another embedder whose snapshots this one may serve, as was proven; or None."""

    def embed_images(self, images: Sequence[Image]) -> Embeddings:
        """Embed upright RGB pictures of any size into the visual space, (n, dim)."""

    def embed_gallery(self, images: Sequence[Image]) -> ImageEmbeddings:
        """Embed them into both spaces: the gallery's photos are also found by words."""

    def embed_again(self, images: Sequence[Image]) -> Embeddings:
        """Embed pictures by a second network, (n, second_dim), for a more thorough look.

        Unlike the first, it is only asked where the first leaves doubt, and about the gallery. May
        come from another thread than `embed_images`, while pictures are embedded there.
        """

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """Embed words in any language into the joint space, (n, joint_dim).

        Texts are comparable with pictures and with one another. They are never read as paths or
        addresses, whatever they look like.
        """


def unit_rows(matrix: NDArray[np.floating]) -> Embeddings:
    """Scale rows to unit length; a row of zeros stays zeros."""
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.maximum(norms, 1e-12), dtype=np.float32)


def rows_apart(embeddings: Embeddings) -> list[Embeddings]:
    """The rows as matrices (1, dim) of their own, so that keeping one does not keep all."""
    return [embeddings[row : row + 1].copy() for row in range(len(embeddings))]


def no_second_network(images: Sequence[Image]) -> Embeddings:
    """What an embedder with one network says to `Embedder.embed_again`: (n, 0)."""
    return np.empty((len(images), 0), np.float32)


def tokenizable(text: str) -> str:
    """Bound a text and take out the lone surrogates, which tokenizers refuse."""
    return text[:MAX_TEXT_CHARS].encode(errors="replace").decode()
