"""The journal of a removal: enough to finish it, and to put everything back where it was.

removed/<run>/journal-<state>.json    what was removed; how far that got is in the name, so that
                                      going on needs no space on a full disk
              gallery/...             the photo files, by their path below the data folder
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import DataDirError
from core.files import write_atomic
from offline.gallery import FOLDER as GALLERY
from offline.gallery import GalleryPhoto, PhotoKey

FOLDER = "removed"
_RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class State(StrEnum):
    """How far a removal, or its undoing, got; where two are found, the first counts."""

    REMOVING = "removing"
    RESTORING = "restoring"
    REMOVED = "removed"
    RESTORED = "restored"  # stays from last time when a run is applied once more


UNFINISHED = (State.REMOVING, State.RESTORING)


@dataclass(frozen=True, slots=True)
class Journal:
    """A removal."""

    run: str
    state: State
    photos: tuple[GalleryPhoto, ...]  # what is removed, as the gallery had it
    absent: frozenset[str]  # paths of those that had no file even before
    order: tuple[PhotoKey, ...]  # photos as they stood before, with those of other removals

    @classmethod
    def load(cls, data_dir: Path, run: str) -> "Journal | None":
        """The journal of a run; None if it was never applied.

        Raises:
            DataDirError: ``run`` is no run's name, or the journal is damaged.
        """
        for state in State:
            path = _path(data_dir, run, state)
            try:
                return _journal(run, state, json.loads(path.read_bytes()))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise DataDirError(f"cannot read {path}: {error.strerror or error}") from error
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise DataDirError(f"{path} is damaged: {error}") from error
        return None

    def save(self, data_dir: Path) -> None:
        """Write the journal down in its state; `DataDirError` if that fails."""
        content = {
            "photos": [asdict(photo) for photo in self.photos],
            "absent": sorted(self.absent),
            "order": self.order,
        }
        text = json.dumps(content, ensure_ascii=False, indent=1)
        write_atomic(_path(data_dir, self.run, self.state), text.encode())

    def become(self, data_dir: Path, state: State) -> "Journal":
        """Note in one step how far it got, and return the journal so."""
        path = _path(data_dir, self.run, self.state)
        try:
            path.replace(_path(data_dir, self.run, state))
        except OSError as error:
            raise DataDirError(f"cannot rename {path}: {error.strerror or error}") from error
        return replace(self, state=state)

    def forget(self, data_dir: Path) -> None:
        """Drop the journal of a removal that came to nothing."""
        path = _path(data_dir, self.run, self.state)
        try:
            path.unlink()
        except OSError as error:
            raise DataDirError(f"cannot remove {path}: {error.strerror or error}") from error

    def removed_path(self, data_dir: Path, photo: GalleryPhoto) -> Path:
        """Where the file of a removed photo lies."""
        return data_dir / FOLDER / self.run / photo.path


def run_folder(data_dir: Path, folder: str, run: str) -> Path:
    """Folder of a run below ``folder``, which may not exist; `DataDirError` if it is no name."""
    if not _RUN_NAME.fullmatch(run):  # foreign text must not become a path
        raise DataDirError(f"{run!r} is not the name of a run")
    return data_dir / folder / run


def journals(data_dir: Path) -> list[Journal]:
    """The journals of all runs ever applied."""
    runs = sorted({path.parent.name for path in (data_dir / FOLDER).glob("*/journal-*.json")})
    found = (Journal.load(data_dir, run) for run in runs)
    return [journal for journal in found if journal]


def removed_photos(data_dir: Path) -> dict[PhotoKey, GalleryPhoto]:
    """Photos that were removed and not put back; they must not come in again unasked."""
    return {
        photo.key: photo
        for journal in journals(data_dir)
        if journal.state is not State.RESTORED
        for photo in journal.photos
    }


def merged(order: Iterable[PhotoKey], current: Sequence[PhotoKey]) -> list[PhotoKey]:
    """``current`` with what only ``order`` has, each behind what stood before it in ``order``."""
    present = set(current)
    behind: dict[PhotoKey | None, list[PhotoKey]] = {}
    anchor = None
    for key in order:
        if key in present:
            anchor = key
        else:
            behind.setdefault(anchor, []).append(key)
    result = behind.get(None, [])
    for key in current:
        result += [key, *behind.get(key, [])]
    return result


def _path(data_dir: Path, run: str, state: State) -> Path:
    return run_folder(data_dir, FOLDER, run) / f"journal-{state}.json"


def _journal(run: str, state: State, content: Mapping[str, Any]) -> Journal:
    photos = [
        GalleryPhoto(**{**row, "sources": tuple(row["sources"])}) for row in content["photos"]
    ]
    for photo in photos:
        check_path(photo)
    return Journal(
        run=run,
        state=state,
        photos=tuple(photos),
        absent=frozenset(content["absent"]),
        order=tuple((photo_id, place_id) for photo_id, place_id in content["order"]),
    )


def check_path(photo: GalleryPhoto) -> None:
    """Refuse to touch a file outside the gallery: a list edited by hand may name any."""
    parts = PurePosixPath(photo.path).parts
    if parts[:1] != (GALLERY,) or ".." in parts:
        raise DataDirError(f"photo {photo.photo_id} has a path outside the gallery: {photo.path}")
