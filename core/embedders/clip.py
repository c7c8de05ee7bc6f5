"""Pictures and words in one space, by CLIP-like models of the sentence-transformers library.

Heavy packages are imported when an embedder is made, never with this module.
"""

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from PIL import Image

from core.embedders.base import Embeddings, ImageEmbeddings, no_second_network
from core.embedders.model_files import WAYS_OUT, in_one_line
from core.embedders.pixels import cut_to_middle
from core.embedders.sentence_models import SentenceModel, load_model, set_threads
from core.errors import EmbedderUnavailable

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

logger = logging.getLogger(__name__)

CLIP_PICTURES = "sentence-transformers/clip-ViT-B-32"
CLIP_WORDS = "sentence-transformers/clip-ViT-B-32-multilingual-v1"  # 50+ languages, same space

RECIPE = 1  # part of the name: raise it when the steps around the models change their embeddings


class ClipEmbedder:
    """One space for pictures and words: the visual and the joint embeddings are the same array."""

    second_dim = 0
    embed_again = staticmethod(no_second_network)
    image_batch = 8  # torch gives 1.7 times as many pictures as one by one; more only adds waiting
    stands_in_for = None

    def __init__(
        self,
        picture_model: str,
        text_model: str | None = None,
        *,
        threads: int,
        cache_dir: Path | None = None,
    ) -> None:
        """Load the models and run each of them once.

        Args:
            picture_model: a folder, or an id on the model hub. A copy in the hub's local cache is
                used without asking the hub.
            text_model: the same for words; None: the picture model reads them too.
            threads: processor threads for torch, set for the whole process.
            cache_dir: where models from the hub are kept; None: the hub library's own place.

        Raises:
            EmbedderUnavailable: packages are missing, a model cannot be had or opened or does
                not read what it should, or the two models do not share a space.
        """
        pictures = words = load_model(picture_model, "image", cache_dir)
        if text_model is not None and text_model != picture_model:
            words = load_model(text_model, "text", cache_dir)
        set_threads(threads)
        self._pictures, self._words = pictures, words
        self._dim = _shared_dim(pictures, words)
        self._image_side = _image_side(pictures.model)
        identity = f"{RECIPE} {pictures.fingerprint} {words.fingerprint}"
        self._name = f"clip-{self._dim}-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
        logger.info("%s: pictures by %s, words by %s", self._name, pictures.source, words.source)

    @classmethod
    def named(
        cls,
        embedder: str,
        *,
        text_model: str | None = None,
        threads: int,
        cache_dir: Path | None = None,
    ) -> Self:
        """Make the embedder a setting names: ``clip``, or a hub id or folder of another model."""
        if embedder == "clip":
            embedder, text_model = CLIP_PICTURES, text_model or CLIP_WORDS
        return cls(embedder, text_model, threads=threads, cache_dir=cache_dir)

    @property
    def name(self) -> str:
        """``clip-<dim>-<16 hex digits>``, the digits made from the content of the models' files.

        The same files have the same name wherever they lie, in a folder or in the hub's cache, so
        what one machine publishes another can serve; a change of weights or settings shows.
        """
        return self._name

    @property
    def picture_model(self) -> "SentenceTransformer":
        """The model for pictures, as `export` reads it."""
        return self._pictures.model

    @property
    def words_model(self) -> "SentenceTransformer":
        """The model for words; the one for pictures where that reads them too."""
        return self._words.model

    @property
    def dim(self) -> int:
        """Length of an embedding of a picture or of words."""
        return self._dim

    @property
    def joint_dim(self) -> int:
        """The same as ``dim``."""
        return self._dim

    @property
    def image_side(self) -> int:
        """Shorter side, in pixels, that the model's own preprocessing scales pictures to."""
        return self._image_side

    @property
    def first_side(self) -> int:
        """The same: there is one network."""
        return self._image_side

    def embed_images(self, images: Sequence[Image.Image]) -> Embeddings:
        """Embed upright RGB pictures of any size; of extreme shapes only the middle is seen."""
        if not images:
            return np.zeros((0, self._dim), dtype=np.float32)
        return self._pictures.embed_images([cut_to_middle(image) for image in images])

    def embed_gallery(self, images: Sequence[Image.Image]) -> ImageEmbeddings:
        """The same, given twice."""
        embeddings = self.embed_images(images)
        return ImageEmbeddings(visual=embeddings, joint=embeddings)

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """Embed words, (n, dim); of a long text the model reads the beginning."""
        if not texts:
            return np.zeros((0, self._dim), dtype=np.float32)
        return self._words.embed_texts(texts)


def _shared_dim(pictures: SentenceModel, words: SentenceModel) -> int:
    """Run both models once, which also warms them up, and compare what they give."""
    if not words.model.supports("text"):
        raise EmbedderUnavailable(
            f"model {words.source} does not read words: name one for its space in GUIDE_TEXT_MODEL"
        )
    try:
        dim: int = pictures.embed_images([Image.new("RGB", (224, 224))]).shape[1]
        words_dim: int = words.embed_texts(["bridge"]).shape[1]
    except Exception as error:  # parts that open one by one need not fit together
        raise EmbedderUnavailable(
            f"model {pictures.source} with words by {words.source} does not run"
            f" ({in_one_line(error)}): {WAYS_OUT}"
        ) from error
    if dim != words_dim:
        raise EmbedderUnavailable(
            f"models do not share a space: {pictures.source} makes {dim} numbers of a picture,"
            f" {words.source} {words_dim} of words; check GUIDE_EMBEDDER and GUIDE_TEXT_MODEL"
        )
    return dim


def _image_side(model: "SentenceTransformer") -> int:
    size = getattr(model.processor, "image_processor", model.processor).size
    return int(size.get("shortest_edge") or min(size["height"], size["width"]))
