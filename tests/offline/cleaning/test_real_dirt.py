"""What cleaning finds among real photos with planted dirt, with the bundled embedder."""

import csv
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.embedders import Embedder
from offline.cleaning.colour import black_and_white, toned
from offline.cleaning.detectors import DEFAULT_THRESHOLDS, PICTURE_DETECTORS
from offline.cleaning.findings import Reason, Scan
from offline.cleaning.picture import pixels_of
from offline.cleaning.scanning import ScanSettings, scan_gallery
from offline.gallery import Gallery
from offline.importing import import_items
from offline.sources.nto import read_nto
from tests.conftest import LIMITS

SEED = 11  # of no gallery that a threshold was chosen on
REASONS = {
    "bw": Reason.BLACK_AND_WHITE,
    "sepia": Reason.SEPIA,
    "collage": Reason.COLLAGE,
    "near_duplicate": Reason.NEAR_DUPLICATE,
    "off_topic": Reason.OFF_TOPIC,
    "wrong_place": Reason.WRONG_PLACE,
}


@dataclass(frozen=True)
class Found:
    """A scan beside the truth, by path."""

    labels: Mapping[str, str]
    reasons: Mapping[str, set[Reason]]  # of candidates

    def recall(self, label: str) -> float:
        flags = [
            REASONS[label] in self.reasons.get(path, ())
            for path, true_label in self.labels.items()
            if true_label == label
        ]
        return float(np.mean(flags))

    def precision(self, label: str) -> float:
        flagged = [path for path, reasons in self.reasons.items() if REASONS[label] in reasons]
        return float(np.mean([self.labels[path] == label for path in flagged]))


@pytest.fixture(scope="module")
def data_dir(real_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of contest files with planted dirt, imported."""
    maker = real_photos.parent / "tools" / "make_nto.py"
    if not maker.is_file():
        pytest.skip(f"no {maker}")
    folder = tmp_path_factory.mktemp("dirt")
    subprocess.run(
        [sys.executable, maker, real_photos, folder / "nto", "--seed", str(SEED)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    items = read_nto(folder / "nto", max_photo_bytes=LIMITS.max_bytes)
    import_items(items, Gallery(folder), LIMITS)
    return folder


@pytest.fixture(scope="module")
def found(data_dir: Path, bundled: Embedder) -> Found:
    scan = scan_gallery(Gallery(data_dir), bundled, LIMITS)
    return Found(_labels(data_dir), _reasons(scan))


def _reasons(scan: Scan) -> dict[str, set[Reason]]:
    return {candidate.photo.path: set(candidate.scores) for candidate in scan.candidates}


def _labels(data_dir: Path) -> dict[str, str]:
    """What each photo is; one that stands in several rows (an exact duplicate) is the first."""
    with (data_dir / "nto" / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = {f"{row['file']}:{row['row']}": row["label"] for row in csv.DictReader(file)}
    labels = {}
    for photo in Gallery(data_dir).photos:
        of_rows = {truth[source] for source in photo.sources}
        labels[photo.path] = next((label for label in REASONS if label in of_rows), "clean")
    return labels


@pytest.mark.parametrize(
    ("label", "recall", "precision"),
    [
        ("bw", 0.98, 0.97),
        ("sepia", 0.90, 0.90),
        ("collage", 0.90, 0.90),
        ("near_duplicate", 0.95, 0.95),
        ("off_topic", 0.98, 0.80),
        ("wrong_place", 0.85, 0.50),  # photos that do not look like their place are there too
    ],
)
def test_planted_dirt_is_found(found: Found, label: str, recall: float, precision: float) -> None:
    assert found.recall(label) >= recall
    assert found.precision(label) >= precision


def test_few_clean_photos_are_candidates(found: Found) -> None:
    clean = [path for path, label in found.labels.items() if label == "clean"]
    assert len(clean) > 300
    assert sum(path in found.reasons for path in clean) / len(clean) <= 0.03


def test_real_toned_photos_are_found(real_photos: Path) -> None:
    photos = sorted((real_photos / "toned").glob("*.jpg"))
    assert len(photos) >= 12
    seen = [
        black_and_white(pixels) >= DEFAULT_THRESHOLDS[Reason.BLACK_AND_WHITE]
        or toned(pixels) >= DEFAULT_THRESHOLDS[Reason.SEPIA]
        for pixels in (pixels_of(Image.open(path).convert("RGB")) for path in photos)
    ]
    assert sum(seen) >= len(photos) - 2


def test_photos_of_places_never_looked_at_are_clean(real_photos: Path) -> None:
    """Photos that no threshold was chosen on; a few are black-and-white in truth."""
    photos = sorted((real_photos / "unknown_places").glob("*/*.jpg"))
    assert len(photos) > 20
    pictures = [pixels_of(Image.open(path).convert("RGB")) for path in photos]
    for detector in PICTURE_DETECTORS:
        flagged = sum(detector.score(pixels) >= detector.threshold for pixels in pictures)
        assert flagged / len(pictures) <= 0.03


def test_interiors_are_found_if_asked_for(data_dir: Path, bundled: Embedder, found: Found) -> None:
    """One church here was often photographed inside; caves and museums keep their rooms."""
    gallery = Gallery(data_dir)
    scan = scan_gallery(gallery, bundled, LIMITS, ScanSettings(interiors=True))
    rooms = [c.photo for c in scan.candidates if Reason.INTERIOR in c.scores]
    church = [p for p in rooms if gallery.places[p.place_id].name == "Базилика Бон-Жезус"]
    others = [p for p in rooms if p not in church and found.labels[p.path] == "clean"]
    assert len(church) >= 3
    assert len(others) <= 0.02 * len(gallery.photos)
    assert all(Reason.INTERIOR not in reasons for reasons in found.reasons.values())
