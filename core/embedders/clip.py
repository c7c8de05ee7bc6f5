"""Pictures and words in one space, by CLIP-like models of the sentence-transformers library.

Heavy packages are imported when an embedder is made, never with this module.
"""

import hashlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from PIL import Image

from core.embedders import model_files
from core.embedders.base import Embeddings, ImageEmbeddings, tokenizable, unit_rows
from core.embedders.model_files import WAYS_OUT, in_one_line
from core.embedders.pixels import cut_to_middle
from core.errors import EmbedderUnavailable

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

logger = logging.getLogger(__name__)

CLIP_PICTURES = "sentence-transformers/clip-ViT-B-32"
CLIP_WORDS = "sentence-transformers/clip-ViT-B-32-multilingual-v1"  # 50+ languages, same space

RECIPE = 1  # part of the name: raise it when the steps around the models change their embeddings
BATCH_SIZE = 32  # pictures or texts per forward pass


class ClipEmbedder:
    """One space for pictures and words: the visual and the joint embeddings are the same array."""

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
        _require_packages(picture_model)
        pictures = words = _load(picture_model, "image", cache_dir)
        if text_model is not None and text_model != picture_model:
            words = _load(text_model, "text", cache_dir)
        _set_threads(threads)
        self._pictures, self._words = pictures.model, words.model
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
        return self._pictures

    @property
    def words_model(self) -> "SentenceTransformer":
        """The model for words; the one for pictures where that reads them too."""
        return self._words

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

    def embed_images(self, images: Sequence[Image.Image]) -> ImageEmbeddings:
        """Embed upright RGB pictures of any size; of extreme shapes only the middle is seen."""
        embeddings = np.zeros((0, self._dim), dtype=np.float32)
        if images:
            embeddings = _encode(self._pictures, [cut_to_middle(image) for image in images])
        return ImageEmbeddings(visual=embeddings, joint=embeddings)

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """Embed words, (n, dim); of a long text the model reads the beginning."""
        if not texts:
            return np.zeros((0, self._dim), dtype=np.float32)
        return _encode(self._words, [_as_text(text) for text in texts])


def _encode(model: "SentenceTransformer", inputs: list[Any]) -> Embeddings:
    encoded = model.encode(inputs, batch_size=BATCH_SIZE, show_progress_bar=False)
    return unit_rows(np.asarray(encoded, dtype=np.float32))  # the library does not normalise


def _as_text(text: str) -> dict[str, str]:
    """Wrap words so that a model with eyes cannot take them for a picture's path or address.

    Source: "Input Formats" in the documentation of sentence-transformers.
    """
    return {"text": tokenizable(text)}


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: "SentenceTransformer"
    source: str  # as the caller named it
    fingerprint: str  # of the files that make up the model


def _load(source: str, reads: Literal["image", "text"], cache_dir: Path | None) -> _Loaded:
    """Open a model from a folder, else from the hub's cache, else from the hub."""
    folder = model_files.local_folder(source)
    if folder is None and (cached := model_files.cached_folder(source, cache_dir)):
        try:
            return _open(cached, source, reads)
        except EmbedderUnavailable as error:
            logger.warning("%s (the copy in the hub's cache); asking the hub", error)
    return _open(folder or model_files.download(source, cache_dir), source, reads)


def _open(folder: Path, source: str, reads: Literal["image", "text"]) -> _Loaded:
    # Two implementations of the preprocessing differ in the last bits: always take the one that
    # every machine has. For words the same option means something else.
    options = {"backend": "pil"} if reads == "image" else {}
    try:
        from sentence_transformers import SentenceTransformer

        with _captured_messages() as messages:
            model = SentenceTransformer(
                str(folder),
                processor_kwargs=options,
                local_files_only=True,
                trust_remote_code=False,
            )
    except Exception as error:  # a foreign file can break the loaders in any way
        raise EmbedderUnavailable(
            f"cannot open model {source} ({in_one_line(error)}): {WAYS_OUT}"
        ) from error
    missing = [line.split()[0] for text in messages for line in text.splitlines() if _lacks(line)]
    if missing:
        raise EmbedderUnavailable(
            f"model {source} lacks {len(missing)} of its weights, such as {missing[0]}: {WAYS_OUT}"
        )
    if not model.supports(reads):
        kind = {"image": "pictures", "text": "words"}[reads]
        raise EmbedderUnavailable(f"model {source} does not read {kind}: {WAYS_OUT}")
    _bound_tokens(model)
    if str(getattr(model.transformers_model.config, "model_type", "")).startswith("siglip"):
        _read_as_siglip(model)
    return _Loaded(model, source, model_files.fingerprint(folder))


def _lacks(line: str) -> bool:
    """Whether a line of the library's loading report names weights it made up at random.

    Poolers are often left out of saved text models, on purpose: sentence models do not use them.
    """
    return "|" in line and "MISSING" in line and "pooler" not in line


def _bound_tokens(model: "SentenceTransformer") -> None:
    """See to it that long texts are cut where a tokenizer was saved without its limit."""
    text_config = getattr(getattr(model.transformers_model, "config", None), "text_config", None)
    positions = getattr(text_config, "max_position_embeddings", None)
    if positions is not None and (model.max_seq_length or 0) > positions:
        model.max_seq_length = positions


def _read_as_siglip(model: "SentenceTransformer") -> None:
    """Have words read as SigLIP models were trained to: in small letters, filled up to full length.

    These models look at the last position and know no mask, so a text padded only to the longest of
    its batch gets another embedding, unlike anything a picture has.

    Source: Tschannen et al., "SigLIP 2", 2025, section 2; "Usage tips" of SigLIP in transformers.
    """
    from tokenizers import normalizers

    module: Any = model[0]
    module.processing_kwargs = {
        **module.processing_kwargs,
        "text": {
            "padding": "max_length",
            "max_length": model.max_seq_length,
            "truncation": True,
            "return_attention_mask": False,
        },
    }
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is not None:  # the one of the first SigLIP is another and lowers letters by itself
        steps = [normalizers.Lowercase(), *([backend.normalizer] if backend.normalizer else [])]
        backend.normalizer = normalizers.Sequence(steps)


def _shared_dim(pictures: _Loaded, words: _Loaded) -> int:
    """Run both models once, which also warms them up, and compare what they give."""
    if not words.model.supports("text"):
        raise EmbedderUnavailable(
            f"model {words.source} does not read words: name one for its space in GUIDE_TEXT_MODEL"
        )
    try:
        dim: int = _encode(pictures.model, [Image.new("RGB", (224, 224))]).shape[1]
        words_dim: int = _encode(words.model, [_as_text("bridge")]).shape[1]
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


def _require_packages(picture_model: str) -> None:
    for package in ("torch", "sentence_transformers"):
        if find_spec(package) is None:
            raise EmbedderUnavailable(
                f"model {picture_model} needs the package {package}:"
                " pip install 'electronic-city-guide[clip]', or use GUIDE_EMBEDDER=bundled"
            )


def _set_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)


class _Collector(logging.Handler):
    """Keeps messages instead of showing them."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _captured_messages() -> Iterator[list[str]]:
    """Collect what the libraries would print while a model loads; hide their progress bars."""
    from transformers.utils import logging as transformers_logging

    collector = _Collector()
    libraries = [logging.getLogger(name) for name in ("transformers", "sentence_transformers")]
    before = [(library.handlers, library.propagate) for library in libraries]
    bars = transformers_logging.is_progress_bar_enabled()
    for library in libraries:
        library.handlers, library.propagate = [collector], False
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield collector.messages
    finally:
        for library, (handlers, propagate) in zip(libraries, before, strict=True):
            library.handlers, library.propagate = handlers, propagate
        if bars:
            transformers_logging.enable_progress_bar()
