import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from core.certainty import Calibration, Certainty
from core.errors import DataDirError, NoSnapshot, SnapshotCorrupt, SnapshotMismatch
from core.index import PhotoIndex
from core.places import Photo, Place, Point
from core.snapshot import SnapshotContent, Thresholds
from core.snapshot_store import SnapshotStore
from core.text_search import PlaceWords, embed_places
from core.thorough import thorough
from offline.training import Training
from tests.doubles import ColourEmbedder, TwoNetworks, coloured_photo

PLACES = (
    Place(
        "t", "Башня", "Tower", ("towers",), "Град", Point(56.8, 60.6), "3h", "Q1", "Высокая", "x"
    ),
    Place("b", 'Мост "Южный"', kinds=("bridges", "stone_bridges")),
)
PHOTOS = tuple(
    Photo(f"{n:016x}", "tb"[n % 2], f"gallery/photos/{'tb'[n % 2]}/{n:016x}.jpg", 64, 48)
    for n in range(6)
)

KINDS = {place.place_id: place.kinds for place in PLACES}
FIRST = Calibration(1.5, Certainty(-1.0, 2.0, 0.5))
THRESHOLDS = Thresholds(FIRST, Calibration(1.2, Certainty(-2.0, 1.0, 0.4, 0.3)), 0.6, 0.1)


def content(
    fingerprint: str = "f" * 64, embedder: str = "colours", *, networks: int = 1
) -> SnapshotContent:
    model = ColourEmbedder() if networks == 1 else TwoNetworks()
    images = [coloured_photo(("red", "blue")[n % 2], seed=n) for n in range(len(PHOTOS))]
    embeddings, second = model.embed_gallery(images), model.embed_again(images)
    return SnapshotContent(
        embedder=embedder,
        places=PLACES,
        photos=PHOTOS,
        visual=embeddings.visual,
        second=second,
        joint=embeddings.joint,
        words=embed_places(PLACES, model.embed_texts),
        thresholds=THRESHOLDS,
        fingerprint=fingerprint,
    )


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return SnapshotStore(tmp_path)


def test_what_was_published_is_what_is_loaded(store: SnapshotStore) -> None:
    rows = content().words
    words = PlaceWords(rows.texts + 1, rows.names + 2, rows.labels + 3)
    published = store.publish(replace(content(), words=words))
    loaded = store.load(ColourEmbedder())
    assert loaded.manifest == published
    assert loaded.places == PLACES
    assert loaded.photos == PHOTOS
    assert loaded.manifest.thresholds == THRESHOLDS
    assert np.array_equal(loaded.joint, content().joint)
    assert np.array_equal(loaded.words.texts, words.texts)
    assert np.array_equal(loaded.words.names, words.names)
    assert np.array_equal(loaded.words.labels, words.labels)
    assert loaded.index.search(content().visual[3:4], 1).rows[0, 0] == 3


def test_one_look_and_both_networks_are_spaces_of_their_own(store: SnapshotStore) -> None:
    made = content(networks=2)
    place_ids = [photo.place_id for photo in PHOTOS]
    by_both = thorough(made.visual, made.second)
    first, both = (Training(each, place_ids, KINDS).heads for each in (made.visual, by_both))
    store.publish(replace(made, heads=first, thorough_heads=both))
    loaded = store.load(TwoNetworks())
    assert np.array_equal(loaded.second.all(), made.second.astype(np.float16))
    for embeddings, heads, calibration in (
        (made.visual, first, THRESHOLDS.first),
        (by_both, both, THRESHOLDS.thorough),
    ):
        space = loaded.space_of(embeddings[3:4])
        assert space.heads
        assert np.array_equal(space.heads.weights, heads.weights)
        assert space.calibration == calibration
        nearest = space.index.search(embeddings[3:4], 2)
        assert nearest.rows[0, 0] == 3
        assert nearest.scores[0, 0] == pytest.approx(1, abs=1e-3)


def test_heads_are_published_with_the_rest(store: SnapshotStore) -> None:
    assert not store.publish(content()).trained
    assert store.load(ColourEmbedder()).heads is None
    training = Training(content().visual, [photo.place_id for photo in PHOTOS], KINDS)
    assert store.publish(replace(content(), heads=training.heads)).trained
    heads = store.load(ColourEmbedder()).heads
    assert heads
    assert np.array_equal(heads.weights, training.heads.weights)


def test_heads_of_other_places_are_found_out(store: SnapshotStore) -> None:
    training = Training(content().visual, ["t"] * len(PHOTOS), KINDS)
    with pytest.raises(SnapshotCorrupt, match="do not fit together"):
        store.publish(replace(content(), heads=training.heads))
    assert store.current() is None


@pytest.mark.parametrize("known", [["t"], None])
def test_heads_for_both_networks_belong_to_the_others(
    store: SnapshotStore, known: list[str] | None
) -> None:
    made = content(networks=2)
    place_ids = [photo.place_id for photo in PHOTOS]
    first = Training(made.visual, place_ids, KINDS).heads
    both = None
    if known:
        both = Training(thorough(made.visual, made.second), known * len(PHOTOS), KINDS).heads
    with pytest.raises(SnapshotCorrupt, match="do not fit together"):
        store.publish(replace(made, heads=first, thorough_heads=both))


def test_a_trained_snapshot_of_an_earlier_release_is_known_as_one(store: SnapshotStore) -> None:
    assert not store.trained()
    training = Training(content().visual, [photo.place_id for photo in PHOTOS], KINDS)
    version = store.publish(replace(content(), heads=training.heads)).version
    manifest = store.folder / version / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 1}))
    assert store.trained()
    store.publish(content("e" * 64))
    assert not store.trained()


def test_places_can_be_read_without_an_embedder(store: SnapshotStore) -> None:
    with pytest.raises(NoSnapshot):
        store.places()
    version = store.publish(content()).version
    assert store.places() == PLACES
    (store.folder / version / "catalogue.sqlite").write_bytes(b"no database")
    with pytest.raises(SnapshotCorrupt):
        store.places()


def test_nothing_published_is_said_so(store: SnapshotStore) -> None:
    assert store.current() is None
    assert store.versions() == []
    with pytest.raises(NoSnapshot, match="nothing has been published"):
        store.load(ColourEmbedder())


def test_the_last_published_is_current_and_rollback_goes_back(store: SnapshotStore) -> None:
    first, second, third = (store.publish(content(c * 64)).version for c in "abc")
    assert store.versions() == [first, second, third]
    assert store.current() == third
    assert store.rollback().version == second
    assert store.rollback().version == first
    with pytest.raises(NoSnapshot, match="no earlier"):
        store.rollback()
    assert store.rollback(third).version == third
    assert store.current() == third


@pytest.mark.parametrize("version", ["nope", "../outside", "", "."])
def test_rollback_to_what_does_not_exist_changes_nothing(
    store: SnapshotStore, version: str
) -> None:
    current = store.publish(content()).version
    with pytest.raises(NoSnapshot):
        store.rollback(version)
    assert store.current() == current


def test_without_a_current_version_rollback_goes_to_the_latest(store: SnapshotStore) -> None:
    latest = [store.publish(content(c * 64)).version for c in "ab"][-1]
    (store.folder / "current").unlink()
    assert store.rollback().version == store.current() == latest


def test_old_snapshots_are_pruned_but_never_the_current_one(store: SnapshotStore) -> None:
    versions = [store.publish(content(f"{n:064d}"), keep=2).version for n in range(3)]
    assert store.versions() == versions[1:]
    store.rollback(versions[1])
    newest = store.publish(content("d" * 64), keep=1).version
    assert store.versions() == [newest]


def test_what_is_published_stays_even_if_the_clock_went_back(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Yesterday(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(time.time() - 86_400, tz)

    later = store.publish(content("a" * 64)).version
    monkeypatch.setattr("core.snapshot_store.datetime", Yesterday)
    earlier = store.publish(content("b" * 64), keep=1).version
    assert earlier < later
    assert store.current() == earlier
    assert earlier in store.versions()


def test_rollback_to_a_damaged_version_changes_nothing(store: SnapshotStore) -> None:
    first, second = (store.publish(content(c * 64)).version for c in "ab")
    (store.folder / first / "photos.faiss").write_bytes(b"damaged")
    with pytest.raises(SnapshotCorrupt):
        store.rollback()
    assert store.current() == second


def test_an_index_that_cannot_be_written_is_one_clear_error(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = PhotoIndex.save
    monkeypatch.setattr(PhotoIndex, "save", lambda index, path: save(index, path / "nowhere"))
    with pytest.raises(DataDirError, match="the index was not written"):
        store.publish(content())
    assert store.current() is None
    assert not any(store.folder.iterdir())


def test_a_snapshot_of_another_embedder_is_refused(store: SnapshotStore) -> None:
    store.publish(content())
    with pytest.raises(SnapshotMismatch, match="built with embedder colours, but other"):
        store.load(ColourEmbedder("other"))
    proven = ColourEmbedder("other")
    proven.stands_in_for = "colours"
    assert store.load(proven).places == PLACES


def test_a_snapshot_of_another_format_is_refused(store: SnapshotStore) -> None:
    version = store.publish(content()).version
    manifest = store.folder / version / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 99}))
    with pytest.raises(SnapshotMismatch, match="format 99"):
        store.load(ColourEmbedder())


@pytest.mark.parametrize("name", ["visual", "second", "joint", "words"])
def test_rows_that_do_not_fit_are_found_out(store: SnapshotStore, name: str) -> None:
    made = content(networks=2)
    rows = made.words.texts if name == "words" else getattr(made, name)
    less = replace(made.words, texts=rows[:-1]) if name == "words" else rows[:-1]
    with pytest.raises(SnapshotCorrupt, match="do not fit together"):
        store.publish(replace(made, **{name: less}))
    assert store.current() is None


@pytest.mark.parametrize("name", ["dim", "second_dim", "photos"])
def test_a_manifest_that_says_otherwise_is_refused(store: SnapshotStore, name: str) -> None:
    version = store.publish(content(networks=2)).version
    manifest = store.folder / version / "manifest.json"
    said = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(said | {name: said[name] + 1}))
    with pytest.raises(SnapshotCorrupt, match="do not fit together"):
        store.load(TwoNetworks())


def test_photos_of_unknown_places_are_found_out(store: SnapshotStore) -> None:
    photos = (*PHOTOS[:-1], replace(PHOTOS[-1], place_id="gone"))
    with pytest.raises(SnapshotCorrupt, match="places that it does not know"):
        store.publish(replace(content(), photos=photos))
    assert store.current() is None


FILES = (
    "catalogue.sqlite",
    "embeddings.npy",
    "second.npy",
    "joint.npy",
    "words.npz",
    "photos.faiss",
)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("harm", ["missing", "short", "flipped"])
def test_a_damaged_snapshot_is_refused(store: SnapshotStore, name: str, harm: str) -> None:
    file = store.folder / store.publish(content(networks=2)).version / name
    whole = bytearray(file.read_bytes())
    if harm == "missing":
        file.unlink()
    elif harm == "short":
        file.write_bytes(whole[: len(whole) // 2])
    else:
        whole[len(whole) // 2] ^= 1
        file.write_bytes(whole)
    with pytest.raises(SnapshotCorrupt):
        store.load(ColourEmbedder())


@pytest.mark.parametrize("manifest", [b"", b"{", b"[]", b'{"format": 4}', b"\xff\xfe"])
def test_an_unreadable_manifest_is_refused(store: SnapshotStore, manifest: bytes) -> None:
    version = store.publish(content()).version
    (store.folder / version / "manifest.json").write_bytes(manifest)
    with pytest.raises(SnapshotCorrupt):
        store.load(ColourEmbedder())


def test_a_half_written_snapshot_is_invisible_and_cleared_away(store: SnapshotStore) -> None:
    current = store.publish(content()).version
    draft = store.folder / ".draft-20990101T000000000Z-aaaaaaaa"
    draft.mkdir()
    (draft / "manifest.json").write_text("{}")
    assert store.versions() == [current]
    store.publish(content("b" * 64))
    assert not draft.exists()


def test_what_is_current_may_not_be_there_to_be_read(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert SnapshotStore(tmp_path / "file").current() is None
    current = tmp_path / "snapshots" / "current"
    current.parent.mkdir()
    current.write_bytes(b"\n")
    assert SnapshotStore(tmp_path).current() is None
    current.write_bytes(b"\xff")
    with pytest.raises(DataDirError, match="cannot read"):
        SnapshotStore(tmp_path).current()


def test_current_pointing_nowhere_is_said_so(store: SnapshotStore) -> None:
    store.publish(content())
    (store.folder / "current").write_text("20200101T000000000Z-00000000")
    with pytest.raises(SnapshotCorrupt, match="no manifest"):
        store.load(ColourEmbedder())


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "snapshots").write_bytes(b"in the way")
    with pytest.raises(DataDirError, match="cannot write"):
        SnapshotStore(tmp_path).publish(content())


@pytest.mark.parametrize("moment", ["save", "_sha256", "load_snapshot", "_make_current"])
def test_killed_at_any_moment_the_current_snapshot_stays_usable(
    store: SnapshotStore, tmp_path: Path, moment: str
) -> None:
    before = store.publish(content()).version
    program = f"""
import os, signal, sys
from pathlib import Path
from typing import Self
import core.index, core.snapshot, core.snapshot_store
from tests.core.test_snapshot import content
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
store = core.snapshot_store
for owner in (core.index.PhotoIndex, core.snapshot, store, store.SnapshotStore):
    if hasattr(owner, "{moment}"):
        setattr(owner, "{moment}", die)
store.SnapshotStore(Path(sys.argv[1])).publish(content("b" * 64))
"""
    killed = subprocess.run([sys.executable, "-c", program, tmp_path], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert store.load(ColourEmbedder()).version == before
    after = store.publish(content("b" * 64)).version
    assert store.load(ColourEmbedder()).version == after
    assert not [path for path in store.folder.iterdir() if path.name.startswith(".draft")]
