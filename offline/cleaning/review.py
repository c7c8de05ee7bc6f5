"""The review folder of a run: copies of the candidates for a person to look through.

review/<run>/<reason>/<place_id>/<photo_id>.jpg    delete what should stay
             candidates.csv                        the same for machines
             report.html                           the same for the eye
             README.txt                            the rules
             run.json                              which state of the gallery this is about
"""

import csv
import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.errors import DataDirError
from core.files import write_atomic
from offline.cleaning.findings import Candidate, Reason, Scan
from offline.cleaning.journal import run_folder
from offline.cleaning.report import report_page
from offline.gallery import SOURCES_SEPARATOR, Gallery, PhotoKey, csv_bytes, csv_reader

FOLDER = "review"
MANIFEST = "run.json"
CANDIDATES = "candidates.csv"
COLUMNS = ("photo_id", "place_id", "path", "source", "reasons", "scores")
REASONS_SEPARATOR = " | "
DRAFT_PREFIX = ".draft-"

_README = """Photos that may have to go: run {run}

Each lies here as a copy, in the folder of the reason and of the place. Nothing has been removed.

  1. Look through the folders, or open report.html.
  2. Delete from the folders what should STAY in the gallery. A photo found for several reasons has
     a copy under each of them: it is removed while any copy is left, so delete them all.
     Or untick in report.html what should stay; it gives you a list for --keep.
  3. python -m offline clean apply {run} [--keep LIST]
     moves the photos whose copies are still here out of the gallery, into removed/{run}.
     What does not lie where a candidate lay (your own files, renamed copies) is ignored.
  4. python -m offline clean restore {run}
     puts them all back as they were. Nothing is ever deleted.
"""


@dataclass(frozen=True, slots=True)
class ReviewedPhoto:
    """A row of candidates.csv."""

    key: PhotoKey
    path: str  # below the data folder
    sources: tuple[str, ...]
    scores: Mapping[Reason, float]


@dataclass(frozen=True, slots=True)
class Review:
    """A run as its folder has it."""

    run: str
    folder: Path
    gallery_state: str  # of the gallery it was made from, see `gallery_state`
    candidates: Mapping[PhotoKey, ReviewedPhoto]


@dataclass(frozen=True, slots=True)
class Remaining:
    """What a person left in a review folder."""

    reasons: Mapping[PhotoKey, Sequence[Reason]]  # folders each remaining candidate still lies in
    foreign: Sequence[str]  # files that are no candidate's copy, below the run's folder


def write_review(scan: Scan, gallery: Gallery, data_dir: Path) -> str:
    """Write the review folder of a scan and return the run's name.

    The folder appears in one step when all of it is written; a killed scan leaves at most a hidden
    draft, which the next one clears away. A candidate whose file cannot be read has an empty copy.

    Raises:
        DataDirError: the folder cannot be written, for one thing because the disk is full.
    """
    created = datetime.now(UTC)
    state = gallery_state(gallery)
    run = f"{created:%Y%m%dT%H%M%S}{created.microsecond // 1000:03d}Z-{state[:8]}"
    draft = data_dir / FOLDER / f"{DRAFT_PREFIX}{run}"
    try:
        for left in (data_dir / FOLDER).glob(f"{DRAFT_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        draft.mkdir(parents=True)
        for candidate in scan.candidates:
            _copy(candidate, data_dir, draft)
        for name, content in {
            CANDIDATES: csv_bytes(COLUMNS, map(_row, scan.candidates)),
            "report.html": report_page(run, created, scan, gallery).encode(),
            "README.txt": _README.format(run=run).encode(),
            MANIFEST: _manifest(run, created, state, scan).encode(),
        }.items():
            write_atomic(draft / name, content, durable=False)
        os.sync()  # a rename must not outlive the bytes it points to
        draft.rename(data_dir / FOLDER / run)
    except OSError as error:
        raise DataDirError(f"cannot write {draft}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return run


def runs(data_dir: Path) -> list[str]:
    """Names of the runs there are, oldest first."""
    return sorted(path.parent.name for path in (data_dir / FOLDER).glob(f"[!.]*/{MANIFEST}"))


def read_review(data_dir: Path, run: str) -> Review:
    """Read a run's lists.

    Raises:
        DataDirError: there is no such run, or its lists are missing or damaged.
    """
    folder = run_folder(data_dir, FOLDER, run)
    if not folder.is_dir():
        raise DataDirError(f"there is no run {run} in {data_dir / FOLDER}")
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        with (folder / CANDIDATES).open(encoding="utf-8", newline="") as file:
            found = [_reviewed(row) for row in csv_reader(file)]
        return Review(
            run=run,
            folder=folder,
            gallery_state=str(manifest["gallery_state"]),
            candidates={photo.key: photo for photo in found},
        )
    except OSError as error:
        raise DataDirError(f"cannot read run {run}: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        raise DataDirError(f"the lists of run {run} in {folder} are damaged: {error}") from error


def remaining(review: Review) -> Remaining:
    """Look through a run's folder as a person left it; hidden files do not count.

    Raises:
        DataDirError: the folder cannot be read.
    """
    reasons: dict[PhotoKey, list[Reason]] = {}
    foreign = []
    ours = {CANDIDATES, "report.html", "README.txt", MANIFEST}
    copies = {
        (place_id, f"{photo_id}.jpg"): (photo_id, place_id)
        for photo_id, place_id in review.candidates
    }

    def refuse(error: OSError) -> None:
        raise DataDirError(f"cannot read {error.filename}: {error.strerror}") from error

    for folder, _, names in os.walk(review.folder, onerror=refuse):
        for name in names:
            below = (Path(folder) / name).relative_to(review.folder)
            reason, *copy = below.parts
            if name.startswith(".") or str(below) in ours:
                continue
            if reason in list(Reason) and tuple(copy) in copies:
                reasons.setdefault(copies[copy[0], copy[1]], []).append(Reason(reason))
            else:
                foreign.append(str(below))
    return Remaining(reasons, sorted(foreign))


def gallery_state(gallery: Gallery) -> str:
    """Hash of which photos the gallery has, where, and how many bytes each file has."""

    def size(path: str) -> int:
        try:
            return (gallery.data_dir / path).stat().st_size
        except OSError:
            return -1

    photos = [(*photo.key, photo.path, size(photo.path)) for photo in gallery.photos]
    return hashlib.sha256(json.dumps(photos).encode()).hexdigest()


def by_reason(candidates: Sequence[Candidate]) -> dict[str, int]:
    """How many candidates each reason has; a photo counts under every reason found."""
    counts = Counter(reason for candidate in candidates for reason in candidate.scores)
    return {str(reason): counts[reason] for reason in Reason if counts[reason]}


def copy_path(reason: Reason, key: PhotoKey) -> str:
    """Where a candidate's copy lies, below the run's folder."""
    photo_id, place_id = key
    return f"{reason}/{place_id}/{photo_id}.jpg"


def _copy(candidate: Candidate, data_dir: Path, draft: Path) -> None:
    try:
        content = (data_dir / candidate.photo.path).read_bytes()
    except OSError:
        content = b""  # that it cannot be read is why it is a candidate
    for reason in candidate.scores:
        target = draft / copy_path(reason, candidate.photo.key)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _row(candidate: Candidate) -> dict[str, object]:
    photo = candidate.photo
    source = SOURCES_SEPARATOR.join(photo.sources)
    reasons = REASONS_SEPARATOR.join(candidate.scores)
    scores = REASONS_SEPARATOR.join(f"{score:.4f}" for score in candidate.scores.values())
    cells = (*photo.key, photo.path, source, reasons, scores)
    return dict(zip(COLUMNS, cells, strict=True))


def _reviewed(row: Mapping[str, str]) -> ReviewedPhoto:
    reasons = [Reason(reason) for reason in row["reasons"].split(REASONS_SEPARATOR)]
    scores = [float(score) for score in row["scores"].split(REASONS_SEPARATOR)]
    return ReviewedPhoto(
        key=(row["photo_id"], row["place_id"]),
        path=row["path"],
        sources=tuple(row["source"].split(SOURCES_SEPARATOR)),
        scores=dict(zip(reasons, scores, strict=True)),
    )


def _manifest(run: str, created: datetime, state: str, scan: Scan) -> str:
    manifest = {
        "run": run,
        "created": created.isoformat(timespec="seconds"),
        "gallery_state": state,
        "candidates": len(scan.candidates),
        "by_reason": by_reason(scan.candidates),
        "thresholds": scan.thresholds,
    }
    return json.dumps(manifest, indent=2)
