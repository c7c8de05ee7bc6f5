"""Embedders by name: the only place that knows which ones exist."""

from pathlib import Path

from core.embedders.base import Embedder, Embeddings, ImageEmbeddings, unit_rows

__all__ = ["Embedder", "Embeddings", "ImageEmbeddings", "load_embedder", "unit_rows"]


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
