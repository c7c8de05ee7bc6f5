"""The parts of the guide as the settings ask for them; for entry points."""

from core.embedders import Embedder, load_embedder
from core.guide import CityGuide
from core.images import ImageLimits
from core.querylog import load_hash_key
from core.settings import Settings


def image_limits(settings: Settings) -> ImageLimits:
    """How big a photo may be."""
    return ImageLimits.of(
        max_photo_mb=settings.max_photo_mb, max_megapixels=settings.max_megapixels
    )


def user_hash_key(settings: Settings) -> bytes:
    """The key that people are hashed with in the query log.

    Raises:
        DataDirError: it lies in the data folder and can be neither read nor written.
    """
    if settings.user_hash_key:
        return settings.user_hash_key.get_secret_value().encode()
    return load_hash_key(settings.data_dir)


def make_embedder(settings: Settings) -> Embedder:
    """The configured embedder.

    Raises:
        EmbedderUnavailable: packages or weights are missing; the message says what to do.
    """
    return load_embedder(
        settings.embedder,
        text_model=settings.text_model,
        data_dir=settings.data_dir,
        threads=settings.threads,
    )


def make_guide(settings: Settings) -> CityGuide:
    """A guide that serves the current snapshot; `CityGuide.close` it in the end.

    Raises:
        EmbedderUnavailable: as `make_embedder`.
        SnapshotError: nothing published yet, or it is damaged or of another embedder.
    """
    return CityGuide(
        settings.data_dir, make_embedder(settings), k=settings.k, limits=image_limits(settings)
    )
