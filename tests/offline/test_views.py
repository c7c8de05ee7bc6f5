"""Views of photos, which heads are trained on."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.embedders import Embeddings
from core.places import Photo, Place
from offline.embedding_cache import EmbeddingCache
from offline.gallery import Gallery
from offline.importing import import_items
from offline.progress import Started, unwatched
from offline.sources.items import SourcePhoto
from offline.views import (
    FEW,
    LOOKS,
    PARTS,
    PHOTOS_A_PLACE,
    Views,
    for_training,
    parts,
    views_of,
    with_parts,
    with_views,
)
from tests.conftest import LIMITS
from tests.doubles import ColourEmbedder, TwoNetworks, Watcher, coloured_photo, encoded

VIEWS = 2
VIEWS_OF_FEW = 6  # of each photo of a place with few


def photos(data_dir: Path, count: int, colour: str = "red") -> list[Photo]:
    items = [
        SourcePhoto(colour, encoded(coloured_photo(colour, seed=n)), f"{colour}:{n}")
        for n in range(count)
    ]
    import_items(iter([Place(colour, colour), *items]), Gallery(data_dir), LIMITS)
    return [*Gallery(data_dir).photos]


def trained_on(
    photos: Sequence[Photo],
    data_dir: Path,
    embedder: ColourEmbedder,
    started: Started = unwatched,
) -> Views:
    wanted = for_training(photos)
    made = views_of(photos, data_dir, embedder, LIMITS, wanted=wanted, started=started)
    return made[LOOKS].and_of(made[PARTS])


def test_the_parts_of_a_picture_cover_it() -> None:
    """Each pixel's red tells its column, its green its row."""
    columns, rows = np.meshgrid(np.arange(200, dtype=np.uint8), np.arange(100, dtype=np.uint8))
    image = Image.fromarray(np.dstack([columns, rows, 0 * rows]))
    left, right, top, bottom = (np.asarray(view) for view in parts(image))
    assert left.shape == right.shape == top.shape == bottom.shape == (70, 140, 3)
    assert (left[..., 0].min(), right[..., 0].max()) == (0, 199)
    assert (top[..., 1].min(), bottom[..., 1].max()) == (0, 99)
    assert (left[0, 0, 1], top[0, 0, 0]) == (15, 30)  # else in the middle


def test_a_place_with_many_photos_has_views_of_the_first_ones() -> None:
    many = [Photo(f"r{n}", "red", "", 1, 1) for n in range(PHOTOS_A_PLACE + 5)]
    few = [Photo(f"g{n}", "green", "", 1, 1) for n in range(2)]
    assert with_views([*many, *few]) == [
        *range(PHOTOS_A_PLACE),
        *range(len(many), len(many) + 2),
    ]


def test_a_place_with_few_photos_has_views_of_their_parts() -> None:
    several = [Photo(f"r{n}", "red", "", 1, 1) for n in range(FEW + 1)]
    few = [Photo(f"g{n}", "green", "", 1, 1) for n in range(FEW)]
    assert with_parts([*several, *few]) == [len(several) + n for n in range(FEW)]


def test_some_views_keep_the_numbers_of_their_photos() -> None:
    made = Views(np.eye(6, dtype=np.float32), np.array([0, 0, 1, 1, 2, 2]))
    some = made.only([2, 0])
    assert some.rows.tolist() == [0, 0, 2, 2]
    assert some.thorough.tolist() == np.eye(6)[[0, 1, 4, 5]].tolist()


def test_a_second_look_joins_all_looks_at_a_photo() -> None:
    visual = np.eye(4, dtype=np.float32)[:2]
    made = Views(np.eye(4, dtype=np.float32)[[2, 3]], np.array([0, 0]))
    again = made.second_look(0, visual)
    assert again == pytest.approx(np.array([[1, 0, 1, 1]]) / 3**0.5)
    assert made.second_look(1, visual).tolist() == visual[1:].tolist()  # of which there is no view


def test_views_of_some_photos_are_numbered_anew() -> None:
    made = Views(np.eye(6, dtype=np.float32), np.array([0, 0, 1, 1, 2, 2]))
    some = made.of([2, 0])
    assert some.rows.tolist() == [1, 1, 0, 0]
    assert some.thorough.tolist() == np.eye(6)[[0, 1, 4, 5]].tolist()


def test_views_are_embedded_once(tmp_path: Path) -> None:
    gallery = photos(tmp_path, 3)
    embedder, watcher = ColourEmbedder(), Watcher()
    first = trained_on(gallery, tmp_path, embedder, watcher.started)
    assert embedder.embedded_images == 3 * VIEWS_OF_FEW
    assert watcher.totals == watcher.done == {"views": 3, "parts": 3}
    assert sorted(first.rows.tolist()) == [row for row in range(3) for _ in range(VIEWS_OF_FEW)]
    again = trained_on(gallery, tmp_path, embedder)
    assert embedder.embedded_images == 3 * VIEWS_OF_FEW
    assert (again.thorough == first.thorough).all()


def test_views_are_embedded_by_both_networks(tmp_path: Path) -> None:
    gallery = photos(tmp_path, 1)
    embedder = TwoNetworks()
    made = trained_on(gallery, tmp_path, embedder)
    assert made.thorough.shape == (VIEWS_OF_FEW, embedder.dim + embedder.second_dim)
    assert embedder.embedded_again == embedder.embedded_images == VIEWS_OF_FEW


def test_a_very_long_picture_makes_no_huge_square(tmp_path: Path) -> None:
    """A square of the longer side would have 400 million pixels."""
    long = encoded(Image.new("RGB", (20_000, 40), (9, 9, 9)), "PNG")
    import_items(
        iter([Place("wall", "Wall"), SourcePhoto("wall", long, "long")]), Gallery(tmp_path), LIMITS
    )
    seen: list[tuple[int, int]] = []

    class Watching(ColourEmbedder):
        def embed_images(self, images: Sequence[Image.Image]) -> Embeddings:
            seen.extend(image.size for image in images)
            return super().embed_images(images)

    made = trained_on([*Gallery(tmp_path).photos], tmp_path, Watching())
    assert len(made.rows) == VIEWS_OF_FEW
    assert max(max(size) for size in seen) <= 4 * 2 * ColourEmbedder.image_side


def test_photos_that_cannot_be_read_have_no_views(tmp_path: Path) -> None:
    gallery = photos(tmp_path, 3)
    (tmp_path / gallery[0].path).unlink()
    (tmp_path / gallery[2].path).write_bytes(b"no picture")
    made = trained_on(gallery, tmp_path, ColourEmbedder())
    assert made.rows.tolist() == [1] * VIEWS_OF_FEW
    none = trained_on(gallery[:1], tmp_path, ColourEmbedder())
    assert none.thorough.shape == (0, ColourEmbedder.dim)


KILLED = """
import os, signal, sys
from pathlib import Path
from offline.gallery import Gallery
from offline.views import for_training, views_of
from tests.conftest import LIMITS
from tests.doubles import ColourEmbedder

class Dying(ColourEmbedder):
    def embed_images(self, images):
        if self.embedded_images >= 10:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed_images(images)

data_dir = Path(sys.argv[1])
photos = Gallery(data_dir).photos
views_of(photos, data_dir, Dying(), LIMITS, wanted=for_training(photos))
"""


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    gallery = photos(tmp_path, 10)
    killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
    assert killed.returncode == -signal.SIGKILL
    embedder = ColourEmbedder()
    with EmbeddingCache.open(tmp_path, embedder) as cache:
        assert not cache.known()  # views are no pictures of the gallery
    made = trained_on(gallery, tmp_path, embedder)
    assert embedder.embedded_images == 5 * VIEWS
    assert len(made.rows) == 10 * VIEWS
