"""What detectors measure on one picture, kept by its content so that each is looked at once."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.images import ImageLimits, load_image
from offline.cache_file import cache_file
from offline.cleaning.detectors import PICTURE_DETECTORS
from offline.cleaning.duplicates import THUMBNAIL_SIDE, Hashes, Thumbnails
from offline.cleaning.findings import Reason
from offline.cleaning.picture import SIDE, pixels_of
from offline.embedding import Reading, batches
from offline.importing import perceptual_hash
from offline.progress import Started, unwatched

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS measures (
        sha256 TEXT PRIMARY KEY, version TEXT NOT NULL, scores TEXT NOT NULL,
        hashes TEXT NOT NULL, thumbnail BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
"""
_VERSION = "thumbnails 1, " + ", ".join(
    f"{detector.reason} {detector.revision}" for detector in PICTURE_DETECTORS
)


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured on ``n`` pictures, row by row."""

    scores: Mapping[Reason, NDArray[np.float64]]  # (n,) of each picture detector
    hashes: Hashes
    thumbnails: Thumbnails


@dataclass(frozen=True, slots=True)
class _Measured:
    """What was measured on one picture."""

    scores: Mapping[Reason, float]
    hashes: tuple[str, str]  # perceptual hashes of it and of its mirror image, hex
    thumbnail: bytes


class MeasureCache:
    """Measures in a SQLite file, by content; those of older detectors are as good as not there."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    @classmethod
    @contextmanager
    def open(cls, data_dir: Path) -> Iterator["MeasureCache"]:
        """Open the cache; errors as of `cache_file`."""
        with cache_file(data_dir / "cache" / "measures.sqlite3", _SCHEMA) as database:
            yield cls(database)

    def known(self) -> set[str]:
        """Content hashes of the pictures that today's detectors have measured."""
        rows = self._database.execute("SELECT sha256 FROM measures WHERE version = ?", [_VERSION])
        return {sha256 for (sha256,) in rows}

    def add(self, measured: Mapping[str, _Measured]) -> None:
        """Keep what was measured on a batch of pictures, by content hash."""
        rows = (
            (sha256, _VERSION, json.dumps(one.scores), " ".join(one.hashes), one.thumbnail)
            for sha256, one in measured.items()
        )
        with self._database:
            self._database.executemany(
                "INSERT OR REPLACE INTO measures VALUES (?, ?, ?, ?, ?)", rows
            )

    def measures(self, hashes: Sequence[str]) -> Measures:
        """Measures of pictures that are known, in the order given."""
        scores = {detector.reason: np.zeros(len(hashes)) for detector in PICTURE_DETECTORS}
        codes = np.empty((len(hashes), 2), dtype=np.uint64)
        thumbnails = np.empty((len(hashes), THUMBNAIL_SIDE, THUMBNAIL_SIDE), dtype=np.uint8)
        one = "SELECT scores, hashes, thumbnail FROM measures WHERE sha256 = ?"
        for row, sha256 in enumerate(hashes):
            as_json, both, thumbnail = self._database.execute(one, (sha256,)).fetchone()
            for reason, score in json.loads(as_json).items():
                scores[Reason(reason)][row] = score
            codes[row] = [int(code, 16) for code in both.split()]
            thumbnails[row] = np.frombuffer(thumbnail, np.uint8).reshape(thumbnails.shape[1:])
        return Measures(scores, codes, thumbnails)


def measure_new(
    reading: Reading,
    cache: MeasureCache,
    limits: ImageLimits,
    *,
    started: Started = unwatched,
) -> None:
    """Measure what the cache does not know, in threads; finished batches stay if it is killed.

    Args:
        reading: of the photos wanted; receives those that cannot be decoded as problems.
        cache: receives the measures.
        limits: photos beyond are not measured.
        started: told how many photos are measured.
    """
    known = cache.known()
    new = {sha256: path for path, sha256 in reading.hashes.items() if sha256 not in known}

    def measure(data: bytes) -> _Measured:
        return _measure(load_image(data, limits, min_side=SIDE))

    for batch in batches(reading, new, measure, started("measuring", len(new))):
        cache.add(dict(batch))


def _measure(image: Image.Image) -> _Measured:
    pixels = pixels_of(image)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    thumbnail = cv2.resize(grey, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), interpolation=cv2.INTER_AREA)
    upright = Image.fromarray(thumbnail)
    mirrored = upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return _Measured(
        scores={detector.reason: detector.score(pixels) for detector in PICTURE_DETECTORS},
        hashes=(perceptual_hash(upright), perceptual_hash(mirrored)),
        thumbnail=thumbnail.tobytes(),
    )
