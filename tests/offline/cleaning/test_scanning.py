import io
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

from core.embedders import Embedder, Embeddings, ImageEmbeddings, unit_rows
from core.places import Place
from offline.cleaning import measures
from offline.cleaning.detectors import DEFAULT_THRESHOLDS, GALLERY_DETECTORS, PICTURE_DETECTORS
from offline.cleaning.findings import Reason, Scan
from offline.cleaning.scanning import ScanSettings, scan_gallery
from offline.gallery import Gallery
from offline.importing import import_items
from offline.sources.items import SourcePhoto
from tests.conftest import LIMITS
from tests.doubles import ColourEmbedder, TwoNetworks, Watcher, coloured_photo, encoded
from tests.offline.cleaning.pictures import in_grey, in_sepia, on_one_sheet, page_of_text, views


def fill(data_dir: Path, pictures: Mapping[str, tuple[str, Image.Image]]) -> Gallery:
    """A gallery of pictures by source, each with its place."""
    gallery = Gallery(data_dir)
    places = [Place(place_id, place_id) for place_id, _ in pictures.values()]
    photos = [
        SourcePhoto(place_id, encoded(picture.convert("RGB"), quality=90), source)
        for source, (place_id, picture) in pictures.items()
    ]
    import_items(iter([*places, *photos]), gallery, LIMITS)
    return gallery


def reasons(scan: Scan) -> dict[str, set[Reason]]:
    """Reasons of each candidate by the first source of its photo."""
    return {c.photo.sources[0]: set(c.scores) for c in scan.candidates}


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def dirty(tmp_path: Path) -> Gallery:
    """Eight views of a cathedral, and what was made of the first ones."""
    cathedral = views("demo-cathedral", 8)
    good = {f"good:{n}": ("cathedral", view) for n, view in enumerate(cathedral)}
    copy = cathedral[3].crop((20, 10, 640, 480)).resize((500, 380))
    return fill(
        tmp_path,
        {
            **good,
            "grey": ("cathedral", in_grey(cathedral[0])),
            "sepia": ("cathedral", in_sepia(cathedral[1])),
            "sheet": ("cathedral", on_one_sheet([*cathedral[:3], cathedral[5]], 2)),
            "copy": ("cathedral", copy),
            "mirrored": ("cathedral", ImageOps.mirror(cathedral[2]).resize((320, 240))),
            "text": ("cathedral", page_of_text()),
        },
    )


def test_each_kind_of_dirt_is_found_for_its_reason(dirty: Gallery) -> None:
    found = reasons(scan_gallery(dirty, ColourEmbedder(), LIMITS))
    assert Reason.BLACK_AND_WHITE in found["grey"]
    assert Reason.SEPIA in found["sepia"]
    assert Reason.COLLAGE in found["sheet"]
    assert Reason.NEAR_DUPLICATE in found["copy"]
    assert Reason.NEAR_DUPLICATE in found["mirrored"]
    assert Reason.NO_INFORMATION in found["text"]
    assert not any(source.startswith("good") for source in found)


def test_a_grey_copy_is_no_duplicate(dirty: Gallery) -> None:
    found = reasons(scan_gallery(dirty, ColourEmbedder(), LIMITS))
    assert Reason.NEAR_DUPLICATE not in found["grey"] | found["sepia"]


def test_a_colourless_copy_goes_for_its_colour_whatever_it_shows(dirty: Gallery) -> None:
    """Its original tells what it shows; without one it is off topic, and that says enough."""
    fill(dirty.data_dir, {"lone": ("cathedral", in_grey(views("demo-lighthouse")[0]))})
    everything = ScanSettings(thresholds={Reason.OFF_TOPIC: -99.0})
    gallery = Gallery(dirty.data_dir)
    scan = scan_gallery(gallery, ColourEmbedder(), LIMITS, everything)
    found = reasons(scan)
    assert Reason.BLACK_AND_WHITE in found["grey"]
    assert Reason.SEPIA in found["sepia"]
    assert Reason.BLACK_AND_WHITE not in found["lone"]
    sources = {photo.path: photo.sources[0] for photo in gallery.photos}
    unnamed = {sources[path] for path, score in scan.scores[Reason.OFF_TOPIC].items() if score == 0}
    assert {"grey", "sepia"} <= unnamed
    assert "lone" not in unnamed


def test_what_is_named_black_and_white_is_not_toned_as_well(dirty: Gallery) -> None:
    palest = ScanSettings(thresholds={Reason.SEPIA: 0.01, Reason.BLACK_AND_WHITE: 0.01})
    traces = {
        f"trace:{n}": ("cathedral", in_grey(v, 0.1)) for n, v in enumerate(views("demo-cathedral"))
    }
    gallery = fill(dirty.data_dir, traces)
    found = reasons(scan_gallery(gallery, ColourEmbedder(), LIMITS, palest))
    colours = [why & {Reason.BLACK_AND_WHITE, Reason.SEPIA} for why in found.values()]
    assert all(len(why) < 2 for why in colours)
    assert {Reason.SEPIA} in colours


def test_a_copy_is_no_collage_if_its_original_is_none(tmp_path: Path) -> None:
    """Scaling down makes a hard edge of a soft one."""
    edge = on_one_sheet([*views("demo-station", 2)], 2).resize((240, 180))
    soft = edge.resize((480, 360)).filter(ImageFilter.GaussianBlur(2))
    alone = scan_gallery(fill(tmp_path / "a", {"edge": ("a", edge)}), ColourEmbedder(), LIMITS)
    both = fill(tmp_path / "b", {"soft": ("a", soft), "edge": ("a", edge)})
    found = reasons(scan_gallery(both, ColourEmbedder(), LIMITS))
    assert [set(c.scores) for c in alone.candidates] == [{Reason.COLLAGE}]
    assert found == {"edge": {Reason.NEAR_DUPLICATE}}


def test_a_candidate_has_the_scores_that_reach_their_threshold(dirty: Gallery) -> None:
    scan = scan_gallery(dirty, ColourEmbedder(), LIMITS)
    assert dict(scan.thresholds) == dict(DEFAULT_THRESHOLDS)
    expected = {
        (path, reason): score
        for reason, scores in scan.scores.items()
        for path, score in scores.items()
        if score >= scan.thresholds[reason]
    }
    found = {(c.photo.path, reason): s for c in scan.candidates for reason, s in c.scores.items()}
    assert found == expected
    assert set(scan.scores) == set(Reason)
    assert all(len(scores) == len(dirty.photos) for scores in scan.scores.values())


def test_thresholds_can_be_set(dirty: Gallery) -> None:
    never = ScanSettings(thresholds=dict.fromkeys(Reason, 99.0))
    assert scan_gallery(dirty, ColourEmbedder(), LIMITS, never).candidates == []
    always = ScanSettings(thresholds={Reason.COLLAGE: 0.0})
    scan = scan_gallery(dirty, ColourEmbedder(), LIMITS, always)
    assert all(Reason.COLLAGE in candidate.scores for candidate in scan.candidates)
    assert len(scan.candidates) == len(dirty.photos)


def test_a_scan_leaves_the_gallery_as_it_is(dirty: Gallery) -> None:
    before = contents(dirty.folder)
    scan_gallery(dirty, ColourEmbedder(), LIMITS)
    assert contents(dirty.folder) == before


def test_a_second_scan_looks_at_new_pictures_only_and_finds_the_same(dirty: Gallery) -> None:
    first = scan_gallery(dirty, ColourEmbedder(), LIMITS)
    watcher, embedder = Watcher(), ColourEmbedder()
    second = scan_gallery(dirty, embedder, LIMITS, started=watcher.started)
    assert watcher.totals == {"embedding": 0, "measuring": 0}
    assert not watcher.done
    assert embedder.embedded_images == 0
    assert second == first
    fill(dirty.data_dir, {"new": ("cathedral", views("demo-station")[0])})
    scan_gallery(Gallery(dirty.data_dir), embedder, LIMITS, started=watcher.started)
    assert watcher.totals == watcher.done == {"embedding": 1, "measuring": 1}
    assert embedder.embedded_images == 1


def test_other_detectors_measure_everything_anew(
    dirty: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan_gallery(dirty, ColourEmbedder(), LIMITS)
    monkeypatch.setattr(measures, "_VERSION", "another")
    watcher = Watcher()
    scan_gallery(dirty, ColourEmbedder(), LIMITS, started=watcher.started)
    assert watcher.totals == {"embedding": 0, "measuring": len(dirty.photos)}


def test_files_that_cannot_be_read_are_candidates_for_that_reason(tmp_path: Path) -> None:
    gallery = fill(
        tmp_path,
        {f"red:{n}": ("red", coloured_photo("red", seed=n, size=(200, 150))) for n in range(5)},
    )
    cut, gone = gallery.photos[1], gallery.photos[3]
    (tmp_path / cut.path).write_bytes((tmp_path / cut.path).read_bytes()[:200])
    (tmp_path / gone.path).unlink()
    scan = scan_gallery(gallery, ColourEmbedder(), LIMITS)
    unreadable = [c.photo for c in scan.candidates if Reason.UNREADABLE in c.scores]
    assert unreadable == [cut, gone]
    assert cut.path not in scan.scores[Reason.COLLAGE]
    assert sum(scan.scores[Reason.UNREADABLE].values()) == 2


def test_a_gallery_without_readable_photos_is_scanned_without_an_error(tmp_path: Path) -> None:
    gallery = fill(tmp_path, {"a": ("a", coloured_photo("red"))})
    (tmp_path / gallery.photos[0].path).write_bytes(b"")
    scan = scan_gallery(gallery, ColourEmbedder(), LIMITS)
    assert [set(c.scores) for c in scan.candidates] == [{Reason.UNREADABLE}]
    assert scan_gallery(Gallery(tmp_path / "none"), ColourEmbedder(), LIMITS).candidates == []


def test_a_picture_under_two_places_is_a_candidate_where_it_does_not_belong(
    tmp_path: Path,
) -> None:
    red = {f"red:{n}": ("red", coloured_photo("red", seed=n, size=(200, 150))) for n in range(8)}
    blue = {
        f"blue:{n}": ("blue", coloured_photo("blue", seed=n, size=(200, 150))) for n in range(8)
    }
    gallery = fill(tmp_path, {**red, **blue, "stray": ("blue", red["red:2"][1])})
    [shared] = gallery.shared().values()
    scan = scan_gallery(gallery, ColourEmbedder(), LIMITS)
    astray = [c.photo for c in scan.candidates if Reason.WRONG_PLACE in c.scores]
    assert astray == [photo for photo in shared if photo.place_id == "blue"]


class OneSpaceEmbedder(ColourEmbedder):
    """Red pictures and words for insides point one way, blue ones and all other words another."""

    dim = 2
    joint_dim = 2

    def embed_gallery(self, images: list[Image.Image]) -> ImageEmbeddings:  # type: ignore[override]
        colours = np.array([np.asarray(i, dtype=np.float32).mean(axis=(0, 1)) for i in images])
        rows = unit_rows(colours[:, [0, 2]])
        return ImageEmbeddings(rows, rows)

    def embed_texts(self, texts: list[str]) -> Embeddings:  # type: ignore[override]
        inside = ("inside", "interior", "indoors", "a room", "a hall")
        rows = [
            (9.0, 1.0) if any(word in text for word in inside) else (1.0, 9.0) for text in texts
        ]
        return unit_rows(np.array(rows).reshape(-1, 2))


def test_both_networks_tell_what_is_misplaced(tmp_path: Path) -> None:
    """The mean colour, which the second network sees, is all that tells these places apart."""
    colours = {"warm": (143, 119, 119), "fresh": (119, 143, 119), "cool": (119, 119, 143)}
    pictures = {
        f"{place}:{n}": (place, coloured_photo(colour, seed=100 * at + n))
        for at, (place, colour) in enumerate(colours.items())
        for n in range(9)
    }
    pictures["stray"] = ("cool", coloured_photo(colours["warm"], seed=7777))
    gallery = fill(tmp_path, pictures)
    found = [
        reasons(scan_gallery(gallery, embedder, LIMITS))
        for embedder in (ColourEmbedder("one"), TwoNetworks("two"))
    ]
    by_one, by_both = ({s for s, why in r.items() if Reason.WRONG_PLACE in why} for r in found)
    assert (by_one, by_both) == (set(), {"stray"})


def test_how_well_photos_fit_their_place_can_be_seen(tmp_path: Path) -> None:
    pictures = {
        f"{colour}:{n}": (colour, coloured_photo(colour, seed=n))
        for colour in ("red", "green")
        for n in range(6)
    }
    scan = scan_gallery(fill(tmp_path, pictures), ColourEmbedder(), LIMITS)
    scores = scan.scores[Reason.WRONG_PLACE].values()
    assert max(scores) < 0
    assert len(set(scores)) == len(pictures)


def test_interiors_are_found_where_pictures_and_words_share_a_space(tmp_path: Path) -> None:
    rooms = {f"room:{n}": ("church", coloured_photo("red", seed=n)) for n in range(3)}
    outsides = {f"out:{n}": ("church", coloured_photo("blue", seed=n)) for n in range(3)}
    gallery = fill(tmp_path, {**rooms, **outsides})

    def interiors(
        embedder: Embedder, *, kinds: tuple[str, ...] = (), wanted: bool | None = None
    ) -> set[str]:
        gallery.places["church"] = replace(gallery.places["church"], kinds=kinds)
        scan = scan_gallery(gallery, embedder, LIMITS, ScanSettings(interiors=wanted))
        return {source for source, why in reasons(scan).items() if Reason.INTERIOR in why}

    one_space = OneSpaceEmbedder("one-space")
    assert interiors(one_space) == set(rooms)
    assert interiors(one_space, kinds=("museums",)) == set()
    assert interiors(one_space, wanted=False) == set()
    assert interiors(ColourEmbedder()) == set()  # two spaces


KILLED_SCAN = """
import os, signal, sys
from pathlib import Path
from offline.cleaning.scanning import scan_gallery
from offline.gallery import Gallery
from tests.conftest import LIMITS
from tests.doubles import ColourEmbedder

left = int(sys.argv[2])
def advanced(photos):
    global left
    left -= photos
    if left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
gallery = Gallery(Path(sys.argv[1]))
scan_gallery(gallery, ColourEmbedder(), LIMITS, started=lambda what, total: advanced)
"""


def test_a_killed_scan_goes_on_where_it_was(tmp_path: Path) -> None:
    pictures = {f"red:{n}": ("red", coloured_photo("red", seed=n)) for n in range(40)}
    gallery = fill(tmp_path, pictures)
    killed = subprocess.run([sys.executable, "-c", KILLED_SCAN, tmp_path, "60"], check=False)
    assert killed.returncode == -signal.SIGKILL
    watcher = Watcher()
    scan_gallery(gallery, ColourEmbedder(), LIMITS, started=watcher.started)
    # All are embedded, and two batches of 16 are measured.
    assert watcher.totals == {"embedding": 0, "measuring": 40 - 32}


def test_every_reason_has_one_detector_that_says_how_it_decides() -> None:
    detectors = [*PICTURE_DETECTORS, *GALLERY_DETECTORS]
    assert {detector.reason for detector in detectors} | {Reason.UNREADABLE} == set(Reason)
    assert len(detectors) == len(Reason) - 1
    assert all(len((detector.score.__doc__ or "").splitlines()) > 2 for detector in detectors)


def test_big_photos_are_scanned_like_small_ones(tmp_path: Path) -> None:
    view = views("demo-cathedral")[0]
    file = io.BytesIO()
    in_grey(view).resize((3200, 2400)).save(file, "JPEG")
    gallery = fill(tmp_path, {"big": ("a", Image.open(file)), "small": ("a", view)})
    assert Reason.BLACK_AND_WHITE in reasons(scan_gallery(gallery, ColourEmbedder(), LIMITS))["big"]
