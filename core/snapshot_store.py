"""The published versions of a guide, and which of them is in use.

snapshots/<version>/    see `core.snapshot`
snapshots/current       text file with the version in use
"""

import os
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from core.catalogue_file import read_catalogue
from core.embedders.base import Embedder
from core.errors import DataDirError, NoSnapshot, SnapshotCorrupt, SnapshotMismatch
from core.files import write_atomic
from core.places import Place
from core.snapshot import (
    HEADS,
    MANIFEST,
    Manifest,
    Snapshot,
    SnapshotContent,
    load_snapshot,
    read_manifest,
    write_snapshot,
)

FOLDER = "snapshots"
CURRENT = "current"
DRAFT_PREFIX = ".draft-"


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

    def published(self) -> str:
        """The version in use.

        Raises:
            NoSnapshot: nothing has been published.
        """
        version = self.current()
        if version is None:
            raise NoSnapshot(f"nothing has been published in {self.folder.parent} yet")
        return version

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
        return read_manifest(self.folder / version)

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
            manifest = write_snapshot(draft, version, created, content)
            load_snapshot(draft)
            os.sync()  # a rename must not outlive the bytes it points to
            draft.rename(self.folder / version)
        except OSError as error:
            raise DataDirError(f"cannot write {draft}: {error.strerror or error}") from error
        except sqlite3.Error as error:
            raise DataDirError(f"cannot write {draft}: {error}") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        self._make_current(version)
        self._prune(keep)
        return manifest

    def earlier(self) -> str:
        """The version before the current one.

        Raises:
            NoSnapshot: there is none.
        """
        current = self.current()
        earlier = [v for v in self.versions() if current is None or v < current]
        if not earlier:
            raise NoSnapshot("there is no earlier snapshot to roll back to")
        return earlier[-1]

    def rollback(self, version: str | None = None) -> Manifest:
        """Make an older version current again: the one before the current, or ``version``.

        Raises:
            NoSnapshot: there is no such version, or none before the current one.
            SnapshotCorrupt: that version is damaged; the current one stays.
        """
        version = self.earlier() if version is None else version
        manifest = self.manifest(version)
        load_snapshot(self.folder / version)
        self._make_current(version)
        return manifest

    def load(self, embedder: Embedder, version: str | None = None) -> Snapshot:
        """Load a version (default: the current one) and check every file against its manifest.

        Raises:
            NoSnapshot: nothing has been published, or there is no such version.
            SnapshotCorrupt: a file is missing or differs from what was published.
            SnapshotMismatch: it was built with another embedder or in another format.
        """
        version = version or self.published()
        if version not in self.versions():
            raise SnapshotCorrupt(f"snapshot {version!r} has no manifest in {self.folder}")
        snapshot = load_snapshot(self.folder / version)
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
        version = self.published()
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
