"""Models of the sentence-transformers library: opened from folders or the hub, run, told apart.

Heavy packages are imported when a model is opened, never with this module.
"""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image

from core.embedders import model_files
from core.embedders.base import Embeddings, tokenizable, unit_rows
from core.embedders.model_files import WAYS_OUT, in_one_line
from core.errors import EmbedderUnavailable

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

logger = logging.getLogger(__name__)

BATCH_SIZE = 32  # pictures or texts per forward pass


@dataclass(frozen=True, slots=True)
class SentenceModel:
    """An open model that reads pictures, words or both."""

    model: "SentenceTransformer"
    source: str  # as the caller named it
    fingerprint: str  # of the files that make up the model

    @property
    def identity(self) -> str:
        """What differs when embeddings do."""
        return f"sentence-transformers {self.fingerprint}"

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return int(self.model.get_embedding_dimension())

    def embed_images(self, images: Sequence[Image.Image]) -> Embeddings:
        """Embed RGB pictures, (n, dim)."""
        return self._encode(list(images))

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """Embed words, (n, dim); of a long text the model reads the beginning.

        They are wrapped so that a model with eyes cannot take them for a picture's path or address.

        Source: "Input Formats" in the documentation of sentence-transformers.
        """
        return self._encode([{"text": tokenizable(text)} for text in texts])

    def _encode(self, inputs: list[Any]) -> Embeddings:
        encoded = self.model.encode(inputs, batch_size=BATCH_SIZE, show_progress_bar=False)
        return unit_rows(np.asarray(encoded, dtype=np.float32))  # the library does not normalise


def load_model(
    source: str, reads: Literal["image", "text"], cache_dir: Path | None = None
) -> SentenceModel:
    """Open a model from a folder, else from the hub's cache, else from the hub.

    Args:
        source: a folder, or an id on the model hub.
        reads: what it has to read.
        cache_dir: where models from the hub are kept; None: the hub library's own place.

    Raises:
        EmbedderUnavailable: packages are missing, or the model cannot be had, opened or read so.
    """
    _require_packages(source)
    folder = model_files.local_folder(source)
    if folder is None and (cached := model_files.cached_folder(source, cache_dir)):
        try:
            return _open(cached, source, reads)
        except EmbedderUnavailable as error:
            logger.warning("%s (the copy in the hub's cache); asking the hub", error)
    return _open(folder or model_files.download(source, cache_dir), source, reads)


def _open(folder: Path, source: str, reads: Literal["image", "text"]) -> SentenceModel:
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
    return SentenceModel(model, source, model_files.fingerprint(folder))


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


def _require_packages(source: str) -> None:
    for package in ("torch", "sentence_transformers"):
        if find_spec(package) is None:
            raise EmbedderUnavailable(
                f"model {source} needs the package {package}:"
                " pip install 'electronic-city-guide[clip]', or use GUIDE_EMBEDDER=bundled"
            )


def set_threads(threads: int) -> None:
    """Let torch use this many processor threads, in the whole process."""
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
