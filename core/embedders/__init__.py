"""Embedders by name: the only place that knows which ones exist."""

from pathlib import Path

from core.embedders.base import Embedder, Embeddings, ImageEmbeddings, unit_rows
from core.errors import EmbedderUnavailable

__all__ = ["Embedder", "Embeddings", "ImageEmbeddings", "load_embedder", "may_serve", "unit_rows"]


def load_embedder(
    embedder: str, *, text_model: str | None = None, data_dir: Path, threads: int = 2
) -> Embedder:
    """Make the embedder the settings ask for.

    Args:
        embedder: ``bundled``, ``clip``, ``optimized``, or a hub id or folder of a CLIP-like
            SentenceTransformer.
        text_model: hub id or folder of the model for words: of the space of the pictures' model,
            or, beside ``bundled``, any that reads words.
        data_dir: the guide's data folder, with what was exported and what is prepared once.
        threads: processor threads a model may use.

    Raises:
        EmbedderUnavailable: packages or weights are missing; the message says what to do.
    """
    # Imported here: each embedder brings packages that the others can do without.
    if embedder == "bundled":
        from core.embedders.bundled import BundledEmbedder

        words = None
        if text_model:
            from core.embedders.sentence_models import load_model, set_threads

            words = load_model(text_model, "text")
            set_threads(threads)
        return BundledEmbedder(data_dir / "cache", threads=threads, words=words)

    if embedder == "optimized":
        from core.embedders.optimized import OptimizedEmbedder

        return OptimizedEmbedder.current(data_dir, threads=threads)

    from core.embedders.clip import ClipEmbedder

    return ClipEmbedder.named(embedder, text_model=text_model, threads=threads)


def may_serve(
    made_with: str, embedder: str, *, text_model: str | None = None, data_dir: Path
) -> bool | None:
    """Whether the embedder the settings ask for may serve what one of a name has made.

    Args:
        made_with: name of that embedder, as a manifest has it.
        embedder, text_model, data_dir: as of `load_embedder`.

    Returns:
        None where it cannot be told without loading models, or the embedder is not available.
    """
    if embedder == "optimized" or (embedder == "bundled" and not text_model):
        try:
            configured = load_embedder(embedder, data_dir=data_dir)
        except EmbedderUnavailable:
            return None
        return made_with in (configured.name, configured.stands_in_for)
    family = "bundled-" if embedder == "bundled" else "clip-"
    return None if made_with.startswith(family) else False
