"""A published guide: an immutable folder with all that answering needs, and the one in use.

snapshots/<version>/catalogue.sqlite    places and photos
                    embeddings.npy      visual embeddings of the photos, row by row
                    second.npy          the same photos by the second network, in float16
                    joint.npy           the same photos in the space of words
                    words.npz            what is known about the places, in the space of words
                    photos.faiss        index over embeddings.npy
                    heads.npz           trained heads, if there are any; thorough_heads.npz for
                                        embeddings by both networks
                    manifest.json       written last: identity, counts, SHA-256 of the others
snapshots/current                       text file with the version in use
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from core.catalogue_file import read_catalogue, write_catalogue
from core.certainty import Calibration, Certainty
from core.embedders.base import Embedder, Embeddings
from core.errors import DataDirError, NoSnapshot, SnapshotCorrupt, SnapshotMismatch
from core.files import write_atomic
from core.heads import Heads
from core.index import PhotoIndex
from core.matrix_file import MatrixFile
from core.places import Photo, Place
from core.text_search import PlaceWords
from core.thorough import ThoroughIndex

FORMAT = 4
FOLDER = "snapshots"
CURRENT = "current"
MANIFEST = "manifest.json"
HEADS, THOROUGH_HEADS = "heads.npz", "thorough_heads.npz"
DRAFT_PREFIX = ".draft-"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on an answer is claimed; chosen on the gallery when it is published."""

    first: Calibration  # of answers at the first look
    thorough: Calibration  # of answers by both networks; of an embedder with one, the same
    min_certainty: float  # from which on the first place of an answer is claimed
    min_stand_out: float  # of a place that words may mean, see `text_search.Meaning`


@dataclass(frozen=True, slots=True)
class Manifest:
    """Identity of a snapshot."""

    version: str
    created: str  # UTC, ISO 8601
    embedder: str  # name of the embedder, which includes its preprocessing
    dim: int
    second_dim: int
    joint_dim: int
    photos: int
    places: int
    fingerprint: str  # hash of what went in: equal when nothing changed
    thresholds: Thresholds
    files: Mapping[str, str]  # SHA-256 by file name
    format: int = FORMAT

    @property
    def trained(self) -> bool:
        """Whether the snapshot has trained heads."""
        return HEADS in self.files


@dataclass(frozen=True, slots=True)
class SnapshotContent:
    """What is to be published; rows of the matrices follow ``photos``."""

    embedder: str
    places: Sequence[Place]
    photos: Sequence[Photo]
    visual: Embeddings  # (photos, dim)
    second: Embeddings  # (photos, second_dim); 0 wide for an embedder with one network
    joint: Embeddings  # (photos, joint_dim)
    words: PlaceWords  # of ``places``
    thresholds: Thresholds
    fingerprint: str
    heads: Heads | None = None  # of ``places``
    thorough_heads: Heads | None = None  # the same over embeddings by both networks, if there are


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Where pictures are compared, and what is known about answers there."""

    index: PhotoIndex | ThoroughIndex
    heads: Heads | None
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A loaded snapshot."""

    manifest: Manifest
    places: tuple[Place, ...]
    photos: tuple[Photo, ...]
    index: PhotoIndex
    visual: Embeddings  # (photos, dim), memory-mapped
    second: MatrixFile  # (photos, second_dim)
    joint: Embeddings  # (photos, joint_dim), memory-mapped
    words: PlaceWords  # of ``places``
    heads: Heads | None  # of ``places``; None if none are trained
    thorough_heads: Heads | None  # the same over embeddings by both networks, if there are

    @property
    def version(self) -> str:
        """The version this snapshot was published as."""
        return self.manifest.version

    def space_of(self, embedding: Embeddings) -> Space:
        """Where an embedding, (1, width), is compared: by one network or by both, as it is wide."""
        thresholds = self.manifest.thresholds
        if embedding.shape[1] == self.manifest.dim:
            return Space(self.index, self.heads, thresholds.first)
        index = ThoroughIndex(self.index, self.second.rows)
        return Space(index, self.thorough_heads, thresholds.thorough)


class SnapshotStore:
    """The snapshots of one data folder. Only one job may publish at a time (`files.exclusive`)."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / FOLDER

    def versions(self) -> list[str]:
        """Published versions, oldest first."""
        try:
            return sorted(path.parent.name for path in self.folder.glob(f"[!.]*/{MANIFEST}"))
        except OSError as error:
            raise DataDirError(f"cannot read {self.folder}: {error.strerror or error}") from error

    def current(self) -> str | None:
        """The version in use; None when nothing has been published."""
        try:
            return (self.folder / CURRENT).read_text(encoding="utf-8").strip() or None
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise DataDirError(f"cannot read {self.folder / CURRENT}: {error}") from error

    def trained(self) -> bool:
        """Whether the version in use has heads, of whatever embedder and format it is.

        Raises:
            DataDirError: it cannot be told.
        """
        version = self.current()
        return version in self.versions() and (self.folder / version / HEADS).exists()

    def manifest(self, version: str) -> Manifest:
        """The manifest of a published version.

        Raises:
            NoSnapshot: there is no such version.
            SnapshotCorrupt, SnapshotMismatch: the manifest is damaged or of another format.
        """
        if version not in self.versions():  # also keeps foreign text out of paths
            raise NoSnapshot(f"there is no snapshot {version!r} in {self.folder}")
        return _read_manifest(self.folder / version)

    def publish(self, content: SnapshotContent, *, keep: int = 5) -> Manifest:
        """Write a new version beside the others, check it, and make it current in one step.

        Args:
            content: what to publish; at least one photo.
            keep: how many versions stay for rollback; older ones are removed.

        Raises:
            DataDirError: the folder cannot be written.
        """
        created = datetime.now(UTC)
        milliseconds = created.microsecond // 1000
        version = f"{created:%Y%m%dT%H%M%S}{milliseconds:03d}Z-{content.fingerprint[:8]}"
        draft = self.folder / f"{DRAFT_PREFIX}{version}"
        try:
            self._remove_drafts()
            draft.mkdir(parents=True)
            manifest = _write(draft, version, created, content)
            _load(draft)
            os.sync()  # a rename must not outlive the bytes it points to
            draft.rename(self.folder / version)
        except OSError as error:
            raise DataDirError(f"cannot write {draft}: {error.strerror or error}") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        self._make_current(version)
        self._prune(keep)
        return manifest

    def rollback(self, version: str | None = None) -> Manifest:
        """Make an older version current again: the one before the current, or ``version``.

        Raises:
            NoSnapshot: there is no such version, or none before the current one.
            SnapshotCorrupt: that version is damaged; the current one stays.
        """
        if version is None:
            current = self.current()
            earlier = [v for v in self.versions() if current is None or v < current]
            if not earlier:
                raise NoSnapshot("there is no earlier snapshot to roll back to")
            version = earlier[-1]
        manifest = self.manifest(version)
        _load(self.folder / version)
        self._make_current(version)
        return manifest

    def load(self, embedder: Embedder, version: str | None = None) -> Snapshot:
        """Load a version (default: the current one) and check every file against its manifest.

        Raises:
            NoSnapshot: nothing has been published, or there is no such version.
            SnapshotCorrupt: a file is missing or differs from what was published.
            SnapshotMismatch: it was built with another embedder or in another format.
        """
        version = version or self.current()
        if version is None:
            raise NoSnapshot(f"nothing has been published in {self.folder} yet")
        if version not in self.versions():
            raise SnapshotCorrupt(f"snapshot {version!r} has no manifest in {self.folder}")
        snapshot = _load(self.folder / version)
        if snapshot.manifest.embedder not in (embedder.name, embedder.stands_in_for):
            raise SnapshotMismatch(
                f"snapshot {version} was built with embedder {snapshot.manifest.embedder}, but "
                f"{embedder.name} is configured: run `python -m offline index` "
                "or change GUIDE_EMBEDDER"
            )
        return snapshot

    def places(self) -> tuple[Place, ...]:
        """The places of the current version, which takes no embedder and loads no index.

        Raises:
            NoSnapshot: nothing has been published.
            SnapshotCorrupt: they cannot be read.
        """
        version = self.current()
        if version is None:
            raise NoSnapshot(f"nothing has been published in {self.folder} yet")
        try:
            places, _ = read_catalogue(self.folder / version / "catalogue.sqlite")
        except sqlite3.Error as error:
            raise SnapshotCorrupt(f"snapshot {version} cannot be read: {error}") from error
        return places

    def _make_current(self, version: str) -> None:
        write_atomic(self.folder / CURRENT, version.encode())

    def _prune(self, keep: int) -> None:
        """Remove the oldest versions beyond ``keep``, never the current one."""
        versions = self.versions()
        for version in versions[: max(0, len(versions) - keep)]:
            if version != self.current():
                shutil.rmtree(self.folder / version, ignore_errors=True)

    def _remove_drafts(self) -> None:
        """Clear away what a killed job left."""
        for draft in self.folder.glob(f"{DRAFT_PREFIX}*"):
            if draft.is_dir():
                shutil.rmtree(draft, ignore_errors=True)


def _write(draft: Path, version: str, created: datetime, content: SnapshotContent) -> Manifest:
    """Write all files of a snapshot, the manifest last."""
    write_catalogue(draft / "catalogue.sqlite", content.places, content.photos)
    np.save(draft / "embeddings.npy", content.visual)
    np.save(draft / "second.npy", content.second.astype(np.float16))
    np.save(draft / "joint.npy", content.joint)
    words = content.words
    np.savez(draft / "words.npz", texts=words.texts, names=words.names, labels=words.labels)
    PhotoIndex.build(content.visual).save(draft / "photos.faiss")
    for name, heads in ((HEADS, content.heads), (THOROUGH_HEADS, content.thorough_heads)):
        if heads:
            heads.save(draft / name)
    manifest = Manifest(
        version=version,
        created=created.isoformat(timespec="seconds"),
        embedder=content.embedder,
        dim=content.visual.shape[1],
        second_dim=content.second.shape[1],
        joint_dim=content.joint.shape[1],
        photos=len(content.photos),
        places=len(content.places),
        fingerprint=content.fingerprint,
        thresholds=content.thresholds,
        files={path.name: _sha256(path) for path in sorted(draft.iterdir())},
    )
    write_atomic(draft / MANIFEST, json.dumps(asdict(manifest), indent=2).encode())
    return manifest


def _load(folder: Path) -> Snapshot:
    """Load a snapshot folder, checking it against its manifest."""
    manifest = _read_manifest(folder)
    try:
        for name, expected in manifest.files.items():
            if _sha256(folder / Path(name).name) != expected:
                raise SnapshotCorrupt(f"{folder / name} is not the file that was published")
        places, photos = read_catalogue(folder / "catalogue.sqlite")
        snapshot = Snapshot(
            manifest=manifest,
            places=places,
            photos=photos,
            index=PhotoIndex.load(folder / "photos.faiss"),
            visual=np.load(folder / "embeddings.npy", mmap_mode="r"),
            second=MatrixFile(folder / "second.npy"),
            joint=np.load(folder / "joint.npy", mmap_mode="r"),
            words=_read_words(folder / "words.npz"),
            heads=_read_heads(folder, HEADS, manifest),
            thorough_heads=_read_heads(folder, THOROUGH_HEADS, manifest),
        )
    except (OSError, ValueError, KeyError, sqlite3.Error) as error:
        raise SnapshotCorrupt(f"{folder} cannot be read: {error}") from error
    rows = (len(photos), len(snapshot.joint), len(snapshot.second), snapshot.index.size)
    dims = (snapshot.index.dim, snapshot.second.shape[1])
    heads = (snapshot.heads, snapshot.thorough_heads)
    trained = (manifest.trained, manifest.trained and manifest.second_dim > 0)
    fit = (
        rows == (manifest.photos,) * 4
        and dims == (manifest.dim, manifest.second_dim)
        and len(snapshot.words.texts) == len(places)
        and tuple(each is not None for each in heads) == trained
        and all(each is None or len(each.place_ids) == len(places) for each in heads)
    )
    if not fit:
        raise SnapshotCorrupt(f"the files in {folder} do not fit together")
    return snapshot


def _read_heads(folder: Path, name: str, manifest: Manifest) -> Heads | None:
    return Heads.load(folder / name) if name in manifest.files else None


def _read_words(path: Path) -> PlaceWords:
    with np.load(path, allow_pickle=False) as arrays:
        return PlaceWords(arrays["texts"], arrays["names"], arrays["labels"])


def _read_manifest(folder: Path) -> Manifest:
    """Read a manifest; the format is checked before anything else is believed."""
    path = folder / MANIFEST
    try:
        fields: dict[str, Any] = json.loads(path.read_bytes())
        if fields["format"] != FORMAT:
            raise SnapshotMismatch(
                f"{folder} has format {fields['format']}, this release reads format {FORMAT}: "
                "run `python -m offline index`"
            )
        return Manifest(**{**fields, "thresholds": _thresholds(fields["thresholds"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SnapshotCorrupt(f"{path} is not a readable manifest: {error}") from error


def _thresholds(fields: Mapping[str, Any]) -> Thresholds:
    def calibration(fields: Mapping[str, Any]) -> Calibration:
        return Calibration(fields["sharpness"], Certainty(**fields["certainty"]))

    read = {name: calibration(fields[name]) for name in ("first", "thorough")}
    return Thresholds(**{**fields, **read})


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
