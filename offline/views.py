"""More looks at the gallery's photos, for heads to be trained on.

People stand closer or farther away. Where a place has few photos, heads learn that from pictures
made of those there are. Views are never neighbours: only photos vote.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ImageStat
from PIL.Image import Image
from PIL.Image import new as new_image

from core.embedders.base import Embedder, Embeddings
from core.embedders.pixels import MAX_ASPECT, cut_to_middle
from core.images import ImageLimits, load_image
from core.metrics import Rows
from core.places import Photo
from offline.embedding import Reading, batches, read_photos
from offline.embedding_cache import EmbeddingCache
from offline.progress import Started, unwatched

RECIPE = "views-1"  # raise the number when `views` makes others
# Of each place: with many photos it learns little from views, and making them would take longest.
PHOTOS_A_PLACE = 20
CLOSER = 0.5  # share of width and height that a closer look keeps
DETAIL = 2  # times the pixels that a picture is decoded to otherwise, for a closer look


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Embeddings of views of photos."""

    visual: Embeddings  # (m, dim)
    rows: Rows  # (m,): the photo that each shows

    def of(self, photos: Sequence[int]) -> "Views":
        """The views of some photos, which are then numbered as they come in ``photos``."""
        number = {photo: at for at, photo in enumerate(photos)}
        kept = [at for at, photo in enumerate(self.rows.tolist()) if photo in number]
        rows = [number[photo] for photo in self.rows[kept].tolist()]
        return Views(self.visual[kept], np.array(rows, dtype=np.int64))


def views(image: Image) -> list[Image]:
    """The middle from closer, and the whole picture on a square.

    Embedders cut out the middle square, so what lies beside it is in the second view only.
    """
    return [_middle(image), _on_a_square(image)]


def make_views(
    photos: Sequence[Photo],
    cache: EmbeddingCache,
    embedder: Embedder,
    reading: Reading,
    limits: ImageLimits,
    *,
    started: Started = unwatched,
) -> Views:
    """Embed the views of some photos of each place, as far as the cache does not know them.

    Safe to kill at any moment and to run again. Photos that cannot be read have no views.

    Args:
        photos: numbered as they come here.
        cache: of ``embedder``; has what was embedded before, and receives the rest.
        embedder: makes embeddings.
        reading: of at least those of ``photos`` that `with_views` names.
        limits: photos beyond have no views.
        started: told of how many photos views are embedded.
    """
    rows = [row for row in with_views(photos) if photos[row].path in reading.hashes]
    hashes = [reading.hashes[photos[row].path] for row in rows]
    known = cache.viewed(RECIPE)
    new = {
        sha256: photos[row].path
        for row, sha256 in zip(rows, hashes, strict=True)
        if sha256 not in known
    }

    side = DETAIL * embedder.image_side

    def decode(data: bytes) -> list[Image]:
        image = cut_to_middle(load_image(data, limits, min_side=side))
        image.thumbnail((MAX_ASPECT * side, MAX_ASPECT * side))  # bounds the square, too
        return views(image)

    for batch in batches(reading, new, decode, started("views", len(new))):
        for sha256, images in batch:
            cache.add_views(sha256, RECIPE, embedder.embed_images(images).visual)
    known = cache.viewed(RECIPE)
    made = [
        (row, cache.views(sha256, RECIPE))
        for row, sha256 in zip(rows, hashes, strict=True)
        if sha256 in known
    ]
    return Views(
        np.concatenate([np.empty((0, embedder.dim), np.float32), *(each for _, each in made)]),
        np.repeat([row for row, _ in made], [len(each) for _, each in made]).astype(np.int64),
    )


def views_of(
    photos: Sequence[Photo],
    data_dir: Path,
    embedder: Embedder,
    limits: ImageLimits,
    *,
    started: Started = unwatched,
) -> Views:
    """The views that heads are trained on with ``photos``, which lie in ``data_dir``.

    Those not in the embedding cache any more are embedded anew; see `make_views`.

    Raises:
        DataDirError: the cache cannot be used.
    """
    reading = read_photos(data_dir, [photos[row] for row in with_views(photos)])
    with EmbeddingCache.open(data_dir, embedder) as cache:
        return make_views(photos, cache, embedder, reading, limits, started=started)


def with_views(photos: Sequence[Photo]) -> list[int]:
    """Which photos have views: the first `PHOTOS_A_PLACE` of each place."""
    of_place: dict[str, list[int]] = defaultdict(list)
    for row, photo in enumerate(photos):
        of_place[photo.place_id].append(row)
    return sorted(row for rows in of_place.values() for row in rows[:PHOTOS_A_PLACE])


def _middle(image: Image) -> Image:
    width, height = (max(1, round(CLOSER * length)) for length in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _on_a_square(image: Image) -> Image:
    """Put a picture in the middle of a square of its mean colour."""
    side = max(image.size)
    red, green, blue = (round(mean) for mean in ImageStat.Stat(image).mean)
    square = new_image("RGB", (side, side), (red, green, blue))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square
