"""Take the candidates a person left in a review folder out of the gallery, and put them back.

A removal takes four steps, and putting back takes them backwards: the journal says what is about
to happen; the rows leave the gallery's list; the files move; the journal says it is done. So the
list never names a file that was moved away, whenever the process is killed, and the journal knows
what is left to do.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import DataDirError, SourceError
from offline.cleaning.journal import (
    UNFINISHED,
    Journal,
    State,
    check_path,
    journals,
    merged,
)
from offline.cleaning.review import Review, gallery_state, read_review, remaining
from offline.gallery import Gallery, GalleryPhoto, PhotoKey
from offline.sources.items import Problem


@dataclass(frozen=True, slots=True)
class Removal:
    """What an apply did."""

    removed: Sequence[GalleryPhoto]
    kept: int  # candidates that stay
    before: bool  # True: this had been done already by an earlier call
    problems: Sequence[Problem]  # oddities of the review folder


@dataclass(frozen=True, slots=True)
class Restoration:
    """What a restore did."""

    restored: Sequence[GalleryPhoto]
    before: bool  # True: this had been done already by an earlier call
    problems: Sequence[Problem]  # photos whose removed file is gone


def apply_run(
    data_dir: Path, run: str, *, keep: Sequence[str] = (), force: bool = False
) -> Removal:
    """Move the photos still in a run's review folder to ``removed/<run>``: all of them or none.

    A call that was killed is finished by the next one, as it had been decided then.

    Args:
        data_dir: the guide's data folder, which no other job may be writing.
        run: name of the run.
        keep: paths of candidates that stay even so, as the report page lists them.
        force: go on if the gallery has changed since, with those candidates it still has.

    Raises:
        DataDirError: there is no such run, it was made from another state of the gallery, another
            removal is half done, or files cannot be moved. The gallery is then as it was.
        SourceError: ``keep`` names a photo that is no candidate of this run.
    """
    journal = Journal.load(data_dir, run)
    _refuse_unfinished(journals(data_dir), but=run)
    if journal and journal.state is State.RESTORING:
        raise DataDirError(f"putting back run {run} was interrupted: finish `clean restore` first")
    if journal and journal.state is not State.RESTORED:
        if set(keep) & {photo.path for photo in journal.photos}:
            raise DataDirError(
                f"run {run} is applied already, with photos of the keep-list: "
                "restore it first, then apply it with the list"
            )
        before = journal.state is State.REMOVED
        if not before:
            _take_out(data_dir, journal)
        return Removal(journal.photos, kept=0, before=before, problems=[])
    review = read_review(data_dir, run)
    gallery = Gallery(data_dir)
    if not force and review.gallery_state != gallery_state(gallery):
        raise DataDirError(
            f"the gallery has changed since run {run} was made: scan again, "
            "or apply with --force to remove those of its candidates that are still there"
        )
    photos, problems = _chosen(review, gallery, keep)
    if photos:
        _remove(data_dir, _new_journal(gallery, run, photos))
    kept = len(review.candidates) - len(photos)
    return Removal(photos, kept=kept, before=False, problems=problems)


def restore_run(data_dir: Path, run: str) -> Restoration:
    """Put back all that a run removed: files to the byte, rows where they stood in the list.

    A call that was killed is finished by the next one.

    Raises:
        DataDirError: the run was never applied, its removal or another one is half done, a file
            is in the way, or the gallery cannot be written.
    """
    journal = Journal.load(data_dir, run)
    _refuse_unfinished(journals(data_dir), but=run)
    if journal is None:
        raise DataDirError(f"run {run} has not been applied: there is nothing to put back")
    if journal.state is State.REMOVING:
        raise DataDirError(f"applying run {run} was interrupted: finish `clean apply` first")
    if journal.state is State.RESTORED:
        return Restoration(journal.photos, before=True, problems=[])
    for photo in journal.photos:
        _check_free(journal.removed_path(data_dir, photo), data_dir / photo.path)
    journal = journal.become(data_dir, State.RESTORING)
    restored = _put_back(data_dir, journal)
    journal.become(data_dir, State.RESTORED)
    gone = [Problem(p.path, "no longer in removed") for p in journal.photos if p not in restored]
    return Restoration(restored, before=False, problems=gone)


def read_keep_list(path: Path) -> list[str]:
    """Photo paths of a keep-list: one a line; empty lines and lines after # do not count.

    Raises:
        SourceError: the file cannot be read as text.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"cannot read the keep-list {path}: {error}") from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _chosen(
    review: Review, gallery: Gallery, keep: Sequence[str]
) -> tuple[list[GalleryPhoto], list[Problem]]:
    """Which candidates are to go, in the gallery's order, and what is odd about the folder."""
    by_path = {photo.path: key for key, photo in review.candidates.items()}
    strangers = [path for path in keep if path not in by_path]
    if strangers:
        raise SourceError(
            f"the keep-list names {len(strangers)} photos that are no candidates of run "
            f"{review.run}, the first is {strangers[0]!r}"
        )
    left = remaining(review)
    staying = {by_path[path] for path in keep}
    going = left.reasons.keys() - staying
    photos = [photo for photo in gallery.photos if photo.key in going]
    there = {photo.key for photo in photos}
    problems = [Problem(name, "not a candidate of this run, ignored") for name in left.foreign]
    for key, candidate in review.candidates.items():
        deleted = [reason for reason in candidate.scores if reason not in left.reasons.get(key, ())]
        if key in going and key not in there:
            problems.append(Problem(candidate.path, "no longer in the gallery"))
        elif key in going and deleted:
            why = f"deleted from {', '.join(deleted)} only: it is removed, for it still is in "
            problems.append(Problem(candidate.path, why + ", ".join(left.reasons[key])))
    return photos, problems


def _new_journal(gallery: Gallery, run: str, photos: Sequence[GalleryPhoto]) -> Journal:
    data_dir = gallery.data_dir
    order: Sequence[PhotoKey] = [photo.key for photo in gallery.photos]
    for other in journals(data_dir):
        if other.state is State.REMOVED:
            order = merged(other.order, order)
    absent = [photo.path for photo in photos if not _exists(data_dir / photo.path)]
    return Journal(run, State.REMOVING, tuple(photos), frozenset(absent), tuple(order))


def _remove(data_dir: Path, journal: Journal) -> None:
    """Carry out a removal; one that fails is undone."""
    for photo in journal.photos:
        check_path(photo)
        _check_free(data_dir / photo.path, journal.removed_path(data_dir, photo))
    for photo in journal.photos:  # first, so that a full disk is met before anything has changed
        _make_folder(journal.removed_path(data_dir, photo).parent)
    journal.save(data_dir)
    try:
        _take_out(data_dir, journal)
    except DataDirError:
        _put_back(data_dir, journal)
        journal.forget(data_dir)
        raise


def _take_out(data_dir: Path, journal: Journal) -> None:
    """Take rows and files out of the gallery, going on where an earlier call stopped."""
    going = {photo.key for photo in journal.photos}
    gallery = Gallery(data_dir)
    _save(gallery, [photo for photo in gallery.photos if photo.key not in going])
    for photo in journal.photos:
        _move(data_dir / photo.path, journal.removed_path(data_dir, photo))
    os.sync()  # the journal must not be ahead of the files
    journal.become(data_dir, State.REMOVED)


def _put_back(data_dir: Path, journal: Journal) -> list[GalleryPhoto]:
    """Put files and rows back, going on where an earlier call stopped; return what is back."""
    for photo in journal.photos:
        _move(journal.removed_path(data_dir, photo), data_dir / photo.path)
    os.sync()  # the list must not name what is not on the disk
    back = [
        photo
        for photo in journal.photos
        if photo.path in journal.absent or _exists(data_dir / photo.path)
    ]
    gallery = Gallery(data_dir)
    photos = {photo.key: photo for photo in (*back, *gallery.photos)}
    order = merged(journal.order, [photo.key for photo in gallery.photos])
    _save(gallery, [photos[key] for key in order if key in photos])
    return back


def _save(gallery: Gallery, photos: Sequence[GalleryPhoto]) -> None:
    """Write the gallery's list if it changes at all: a full disk must not hinder an undo."""
    if photos != gallery.photos:
        gallery.replace_photos(photos)
        gallery.save()


def _move(source: Path, target: Path) -> None:
    """Move a file that has not been moved yet; never onto another one."""
    if not _exists(source):
        return
    _check_free(source, target)
    _make_folder(target.parent)
    try:
        source.rename(target)
    except OSError as error:
        reason = error.strerror or error
        raise DataDirError(f"cannot move {source} to {target}: {reason}") from error


def _check_free(source: Path, target: Path) -> None:
    if _exists(source) and _exists(target):
        raise DataDirError(f"{target} is in the way of {source}: move it elsewhere first")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise DataDirError(f"cannot read {path}: {error.strerror or error}") from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataDirError(f"cannot make {folder}: {error.strerror or error}") from error


def _refuse_unfinished(others: Sequence[Journal], *, but: str) -> None:
    for journal in others:
        if journal.run != but and journal.state in UNFINISHED:
            step = "apply" if journal.state is State.REMOVING else "restore"
            raise DataDirError(
                f"another run was interrupted: finish it first with "
                f"`python -m offline clean {step} {journal.run}`"
            )
