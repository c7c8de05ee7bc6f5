import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import DataDirError
from core.guide import CityGuide
from core.images import ImageLimits
from core.places import Place
from core.snapshot_store import SnapshotStore
from offline.embedding_cache import EmbeddingCache
from offline.gallery import Gallery
from offline.importing import import_items
from offline.indexing import IndexReport, build_snapshot
from offline.sources.items import SourcePhoto
from tests.doubles import ColourEmbedder, TwoNetworks, Watcher, coloured_photo, encoded

LIMITS = ImageLimits.of(max_photo_mb=1, max_megapixels=1)


def fill(data_dir: Path, count: int, colour: str = "red") -> None:
    photos = [
        SourcePhoto(colour, encoded(coloured_photo(colour, seed=n)), f"{colour}:{n}")
        for n in range(count)
    ]
    import_items(iter([Place(colour, colour), *photos]), Gallery(data_dir), LIMITS)


def index(
    data_dir: Path,
    embedder: ColourEmbedder | None = None,
    *,
    k: int = 5,
    keep: int = 5,
    train: bool | None = None,
) -> IndexReport:
    embedder = embedder or ColourEmbedder()
    return build_snapshot(Gallery(data_dir), embedder, LIMITS, k=k, keep=keep, train=train)


def test_adding_photos_embeds_only_those(tmp_path: Path) -> None:
    fill(tmp_path, 40)
    assert index(tmp_path).embedded == 40
    fill(tmp_path, 50)
    embedder = ColourEmbedder()
    report = index(tmp_path, embedder)
    assert (report.embedded, embedder.embedded_images) == (10, 10)
    assert report.manifest.photos == 50


def test_nothing_new_publishes_nothing(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    first = index(tmp_path)
    second = index(tmp_path)
    assert (first.published, second.published) == (True, False)
    assert second.manifest == first.manifest
    assert len(SnapshotStore(tmp_path).versions()) == 1


def test_heads_are_trained_only_when_asked_for_and_kept_trained_from_then_on(
    tmp_path: Path,
) -> None:
    fill(tmp_path, 5)
    fill(tmp_path, 5, "green")
    assert not index(tmp_path).manifest.trained
    trained = index(tmp_path, train=True)
    assert (trained.published, trained.embedded) == (True, 0)
    assert not index(tmp_path).published
    fill(tmp_path, 3, "blue")
    report = index(tmp_path)
    heads = SnapshotStore(tmp_path).load(ColourEmbedder()).heads
    assert report.manifest.trained
    assert heads
    assert heads.place_ids == ["blue", "green", "red"]
    assert not index(tmp_path, train=False).manifest.trained
    assert not index(tmp_path).published


def test_heads_are_trained_on_views_which_are_embedded_once(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    fill(tmp_path, 5, "green")
    embedder = ColourEmbedder()
    index(tmp_path, embedder, train=True)
    assert embedder.embedded_images == 10 * (1 + 6)
    fill(tmp_path, 6, "green")
    index(tmp_path, embedder)
    assert embedder.embedded_images == 11 * (1 + 6)
    index(tmp_path, embedder, train=False)
    assert embedder.embedded_images == 11 * (1 + 6)


def test_another_embedder_or_a_damaged_snapshot_does_not_cost_the_heads(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    fill(tmp_path, 5, "green")
    index(tmp_path, train=True)
    other = index(tmp_path, ColourEmbedder("other"))
    assert other.manifest.trained
    (tmp_path / "snapshots" / other.manifest.version / "photos.faiss").write_bytes(b"damaged")
    mended = index(tmp_path, ColourEmbedder("other"))
    assert mended.published
    assert mended.manifest.trained


def test_a_changed_description_is_published_without_embedding_photos(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    index(tmp_path)
    import_items(iter([Place("red", "Красное")]), Gallery(tmp_path), LIMITS)
    report = index(tmp_path)
    assert (report.published, report.embedded) == (True, 0)


def test_a_photo_changed_on_disk_is_embedded_anew(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    index(tmp_path)
    (tmp_path / Gallery(tmp_path).photos[2].path).write_bytes(encoded(coloured_photo("blue")))
    report = index(tmp_path)
    assert (report.published, report.embedded) == (True, 1)


def test_a_photo_moved_on_disk_is_published_where_it_is_now(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    index(tmp_path)
    gallery = Gallery(tmp_path)
    first, *rest = gallery.photos
    moved = replace(first, path="gallery/photos/moved.jpg")
    (tmp_path / first.path).rename(tmp_path / moved.path)
    gallery.replace_photos([moved, *rest])
    gallery.save()
    report = index(tmp_path)
    assert (report.published, report.embedded) == (True, 0)
    assert SnapshotStore(tmp_path).load(ColourEmbedder()).photos[0].path == moved.path


def test_another_number_of_voting_photos_is_published_and_the_oldest_version_goes(
    tmp_path: Path,
) -> None:
    fill(tmp_path, 5)
    published = [index(tmp_path, k=k, keep=2).published for k in (5, 6, 6, 7)]
    assert published == [True, True, False, True]
    assert len(SnapshotStore(tmp_path).versions()) == 2


def test_words_are_embedded_once(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    index(tmp_path)
    embedder = ColourEmbedder()
    index(tmp_path, embedder)
    assert embedder.embedded_texts == 0


def test_a_damaged_cache_is_one_clear_error(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    index(tmp_path)
    [cache] = (tmp_path / "cache" / "embeddings").glob("*.sqlite3")
    cache.write_bytes(b"no database" * 1000)
    with pytest.raises(DataDirError, match=cache.name):
        index(tmp_path)


def test_another_embedder_embeds_everything(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    index(tmp_path)
    assert index(tmp_path, ColourEmbedder("other")).embedded == 5
    assert index(tmp_path, ColourEmbedder()).embedded == 0


def test_a_picture_under_two_places_does_not_vote(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    same = encoded(coloured_photo("red", seed=0))
    import_items(
        iter([Place("other", "Другое"), SourcePhoto("other", same, "x:0")]),
        Gallery(tmp_path),
        LIMITS,
    )
    report = index(tmp_path)
    assert (report.left_out, report.manifest.photos, report.manifest.places) == (2, 4, 1)


def test_missing_and_damaged_files_are_reported_and_left_out(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    gone, broken = (tmp_path / photo.path for photo in Gallery(tmp_path).photos[:2])
    gone.unlink()
    broken.write_bytes(b"no picture any more")
    report = index(tmp_path)
    assert report.manifest.photos == 3
    assert {tmp_path / problem.source for problem in report.problems} == {gone, broken}


@pytest.mark.parametrize("train", [False, True])
def test_photos_of_a_place_that_is_gone_are_reported_and_left_out(
    tmp_path: Path, train: bool
) -> None:
    fill(tmp_path, 5)
    fill(tmp_path, 3, "blue")
    fill(tmp_path, 5, "green")
    index(tmp_path)
    gallery = Gallery(tmp_path)
    del gallery.places["blue"]
    gallery.save()
    report = index(tmp_path, train=train)
    assert (report.manifest.photos, report.manifest.places) == (10, 2)
    reasons = {problem.source: problem.reason for problem in report.problems}
    assert reasons == {
        photo.path: "its place is not in places.csv"
        for photo in gallery.photos
        if photo.place_id == "blue"
    }
    guide = CityGuide(tmp_path, ColourEmbedder(), limits=LIMITS)
    assert {place.place_id for place in guide.catalogue.places} == {"red", "green"}
    guide.close()


def test_an_empty_gallery_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataDirError, match="no usable photos"):
        index(tmp_path)
    assert SnapshotStore(tmp_path).current() is None


def test_a_damaged_current_snapshot_is_mended(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    broken = index(tmp_path).manifest.version
    (tmp_path / "snapshots" / broken / "photos.faiss").unlink()
    report = index(tmp_path)
    assert report.published
    assert SnapshotStore(tmp_path).load(ColourEmbedder()).version == report.manifest.version


def test_killed_in_the_middle_it_goes_on_where_it_was(tmp_path: Path) -> None:
    fill(tmp_path, 60)
    program = """
import os, signal, sys
from pathlib import Path
from tests.offline.test_indexing import *
class Mortal(ColourEmbedder):
    def embed_images(self, images):
        if self.embedded_images >= 32:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed_images(images)
index(Path(sys.argv[1]), Mortal())
"""
    killed = subprocess.run([sys.executable, "-c", program, tmp_path], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert SnapshotStore(tmp_path).current() is None
    report = index(tmp_path)
    assert (report.embedded, report.manifest.photos) == (60 - 32, 60)


def test_progress_is_told(tmp_path: Path) -> None:
    fill(tmp_path, 20)
    watcher = Watcher()
    build_snapshot(
        Gallery(tmp_path),
        ColourEmbedder(),
        LIMITS,
        k=5,
        keep=5,
        train=True,
        started=watcher.started,
    )
    assert watcher.totals == {"embedding": 20, "views": 20, "parts": 0}
    assert watcher.done == {"embedding": 20, "views": 20}


def test_what_both_networks_make_of_photos_and_of_views_is_kept_as_it_was(tmp_path: Path) -> None:
    model = TwoNetworks()
    pictures = [coloured_photo(colour) for colour in ("red", "green", "blue")]
    made, second = model.embed_gallery(pictures), model.embed_again(pictures)
    both = np.hstack([made.visual, second])
    with EmbeddingCache.open(tmp_path, model) as cache:
        cache.add(["red", "green", "blue"], made, second)
        for recipe, rows in (("closer", both[:2]), ("whole", both[2:])):
            cache.add_views("red", recipe, rows)
        known = cache.pictures(["blue", "red"])
        np.testing.assert_array_equal(cache.views("red", "closer"), both[:2])
        np.testing.assert_array_equal(cache.views("red", "whole"), both[2:])
    for found, rows in ((known, [2, 0]), (known.of([1]), [0])):
        np.testing.assert_array_equal(found.visual, made.visual[rows])
        np.testing.assert_array_equal(found.second, second[rows])
        np.testing.assert_array_equal(found.joint, made.joint[rows])
