"""A published guide: an immutable folder with all that answering needs.

snapshots/<version>/catalogue.sqlite    places and photos
                    embeddings.npy      visual embeddings of the photos, row by row
                    second.npy          the same photos by the second network, in float16
                    joint.npy           the same photos in the space of words
                    words.npz            what is known about the places, in the space of words
                    photos.faiss        index over embeddings.npy
                    heads.npz           trained heads, if there are any; thorough_heads.npz for
                                        embeddings by both networks
                    manifest.json       written last: identity, counts, SHA-256 of the others
"""

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from core.catalogue_file import read_catalogue, write_catalogue
from core.certainty import Calibration, Certainty
from core.embedders.base import Embeddings
from core.errors import SnapshotCorrupt, SnapshotMismatch
from core.files import write_atomic
from core.heads import Heads
from core.index import PhotoIndex
from core.matrix_file import MatrixFile
from core.places import Photo, Place
from core.text_search import PlaceWords
from core.thorough import ThoroughIndex

FORMAT = 4
MANIFEST = "manifest.json"
HEADS, THOROUGH_HEADS = "heads.npz", "thorough_heads.npz"


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


def write_snapshot(
    draft: Path, version: str, created: datetime, content: SnapshotContent
) -> Manifest:
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


def load_snapshot(folder: Path) -> Snapshot:
    """Load a snapshot folder, checking it against its manifest.

    Raises:
        SnapshotCorrupt: a file is missing, differs from what was published or does not fit.
        SnapshotMismatch: it is of another format.
    """
    manifest = read_manifest(folder)
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
    if not {photo.place_id for photo in photos} <= {place.place_id for place in places}:
        raise SnapshotCorrupt(f"{folder} has photos of places that it does not know")
    return snapshot


def _read_heads(folder: Path, name: str, manifest: Manifest) -> Heads | None:
    return Heads.load(folder / name) if name in manifest.files else None


def _read_words(path: Path) -> PlaceWords:
    with np.load(path, allow_pickle=False) as arrays:
        return PlaceWords(arrays["texts"], arrays["names"], arrays["labels"])


def read_manifest(folder: Path) -> Manifest:
    """Read a manifest; the format is checked before anything else is believed.

    Raises:
        SnapshotCorrupt, SnapshotMismatch: as `load_snapshot`.
    """
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
