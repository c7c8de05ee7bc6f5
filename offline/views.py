"""More looks at the gallery's photos, for heads to be trained on.

People stand closer or farther away. Where a place has few photos, heads learn that from pictures
made of those there are. Views are never neighbours: only photos vote.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL.Image import Image

from core.embedders.base import Embedder, Embeddings
from core.images import ImageLimits
from core.looks import closer_and_whole, joined, load_detailed, part
from core.metrics import Rows
from core.places import Photo
from offline.embedding import Reading, batches, embed_thoroughly, read_photos
from offline.embedding_cache import EmbeddingCache
from offline.progress import Started, unwatched

# Of each place: with many photos it learns little from views, and making them would take longest.
PHOTOS_A_PLACE = 20
# A place with at most so many photos has views of their parts as well. With 3, 4, 6 and 8 photos a
# place that brings hit@1 from .861, .875, .907 and .928 to .867, .884, .911 and .930.
FEW = 6
PART = 0.7  # share of width and height that a part keeps


Make = Callable[[Image], list[Image]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A kind of views."""

    name: str  # in the cache; the number rises when `make` makes others
    called: str  # when progress is told
    make: Make


def parts(image: Image) -> list[Image]:
    """The left, the right, the top and the bottom of a picture; they overlap."""
    corners = ((0, 0.5), (1, 0.5), (0.5, 0), (0.5, 1))
    return [part(image, PART, across, down) for across, down in corners]


LOOKS = Recipe("views-1", "views", closer_and_whole)
PARTS = Recipe("parts-1", "parts", parts)
RECIPES = f"{LOOKS.name} {PARTS.name}"

Wanted = Mapping[Recipe, Sequence[int]]  # rows of photos by the views they shall have


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Embeddings of views of photos, by both networks of an embedder."""

    thorough: Embeddings  # (m, dim + second_dim)
    rows: Rows  # (m,): the photo that each shows

    def of(self, photos: Sequence[int]) -> "Views":
        """The views of some photos, which are then numbered as they come in ``photos``."""
        number = {photo: at for at, photo in enumerate(photos)}
        kept = [at for at, photo in enumerate(self.rows.tolist()) if photo in number]
        rows = [number[photo] for photo in self.rows[kept].tolist()]
        return Views(self.thorough[kept], np.array(rows, dtype=np.int64))

    def only(self, photos: Sequence[int]) -> "Views":
        """The views of some photos, which keep their numbers."""
        kept = np.isin(self.rows, photos)
        return Views(self.thorough[kept], self.rows[kept])

    def second_look(self, row: int, thorough: Embeddings) -> Embeddings:
        """What a second look makes of a photo, (1, dim + second_dim).

        Without views of it, at least both networks look at the photo itself.

        Args:
            row: of the photo.
            thorough: embeddings of all photos by both networks, (n, dim + second_dim).
        """
        return joined(np.concatenate([thorough[row : row + 1], self.thorough[self.rows == row]]))

    def and_of(self, others: "Views") -> "Views":
        """These views and others of the same photos."""
        return Views(
            np.concatenate([self.thorough, others.thorough]),
            np.concatenate([self.rows, others.rows]),
        )


def make_views(
    photos: Sequence[Photo],
    cache: EmbeddingCache,
    embedder: Embedder,
    reading: Reading,
    limits: ImageLimits,
    *,
    wanted: Wanted,
    started: Started = unwatched,
) -> dict[Recipe, Views]:
    """Embed the views of photos, as far as the cache does not know them.

    Safe to kill at any moment and to run again. Photos that cannot be read have no views.

    Args:
        photos: numbered as they come here.
        cache: of ``embedder``; has what was embedded before, and receives the rest.
        embedder: makes embeddings.
        reading: of at least those of ``photos`` whose views are wanted.
        limits: photos beyond have no views.
        wanted: which views, such as those `for_training`.
        started: told of how many photos views are embedded.
    """
    views: dict[Recipe, Views] = {}
    for recipe, rows in wanted.items():
        hashes = {
            row: reading.hashes[photos[row].path]
            for row in rows
            if photos[row].path in reading.hashes
        }
        known = cache.viewed(recipe.name)
        new = {sha256: photos[row].path for row, sha256 in hashes.items() if sha256 not in known}

        def decode(data: bytes, make: Make = recipe.make) -> list[Image]:
            return make(load_detailed(data, limits, embedder.image_side))

        for batch in batches(reading, new, decode, started(recipe.called, len(new))):
            for sha256, images in batch:
                cache.add_views(sha256, recipe.name, embed_thoroughly(embedder, images))
        known = cache.viewed(recipe.name)
        made = [
            (row, cache.views(sha256, recipe.name))
            for row, sha256 in hashes.items()
            if sha256 in known
        ]
        none = np.empty((0, embedder.dim + embedder.second_dim), np.float32)
        views[recipe] = Views(
            np.concatenate([none, *(each for _, each in made)]),
            np.repeat([row for row, _ in made], [len(each) for _, each in made]).astype(np.int64),
        )
    return views


def views_of(
    photos: Sequence[Photo],
    data_dir: Path,
    embedder: Embedder,
    limits: ImageLimits,
    *,
    wanted: Wanted,
    started: Started = unwatched,
) -> dict[Recipe, Views]:
    """Views of ``photos``, which lie in ``data_dir``; see `make_views`.

    Those not in the embedding cache any more are embedded anew.

    Raises:
        DataDirError: the cache cannot be used.
    """
    rows = {row for each in wanted.values() for row in each}
    reading = read_photos(data_dir, [photos[row] for row in sorted(rows)])
    with EmbeddingCache.open(data_dir, embedder) as cache:
        return make_views(photos, cache, embedder, reading, limits, wanted=wanted, started=started)


def for_training(photos: Sequence[Photo]) -> Wanted:
    """The views that heads are trained on."""
    return {LOOKS: with_views(photos), PARTS: with_parts(photos)}


def with_views(photos: Sequence[Photo]) -> list[int]:
    """Which photos are seen from closer and whole: the first `PHOTOS_A_PLACE` of each place."""
    places = _of_places(photos)
    return sorted(row for rows in places for row in rows[:PHOTOS_A_PLACE])


def with_parts(photos: Sequence[Photo]) -> list[int]:
    """Which photos are seen in parts, too: those of places with few."""
    return sorted(row for rows in _of_places(photos) if len(rows) <= FEW for row in rows)


def _of_places(photos: Sequence[Photo]) -> list[list[int]]:
    of_place: dict[str, list[int]] = defaultdict(list)
    for row, photo in enumerate(photos):
        of_place[photo.place_id].append(row)
    return list(of_place.values())
