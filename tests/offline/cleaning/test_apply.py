"""Removal: exactly what is left in the folder, all or nothing, and back to the byte."""

import random
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from core.errors import DataDirError, SourceError
from core.places import Place
from offline.cleaning.apply import apply_run, read_keep_list, restore_run
from offline.cleaning.findings import Reason
from offline.cleaning.journal import merged, removed_photos
from offline.cleaning.review import copy_path, write_review
from offline.gallery import Gallery, GalleryPhoto
from offline.importing import import_items
from offline.sources.items import SourcePhoto
from tests.offline.cleaning.small_city import (
    LIMITS,
    Found,
    contents,
    full_disk,
    import_city,
    killed_at_every_step,
    scanned,
)

BOTH = {Reason.SEPIA: 0.9, Reason.OFF_TOPIC: 0.6}
FOUND: Found = {1: BOTH, 3: {Reason.SEPIA: 0.7}, 4: {Reason.COLLAGE: 0.5}, 7: {Reason.SEPIA: 0.6}}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    import_city(tmp_path)
    return tmp_path


def scan(data: Path, found: Found = FOUND) -> str:
    gallery = Gallery(data)
    return write_review(scanned(gallery, found), gallery, data)


def keys(photos: Sequence[GalleryPhoto]) -> list[tuple[str, str]]:
    return [photo.key for photo in photos]


def test_what_is_still_in_the_folder_moves_and_comes_back_to_the_byte(data: Path) -> None:
    run = scan(data)
    before, photos = contents(data / "gallery"), Gallery(data).photos
    removal = apply_run(data, run)
    assert keys(removal.removed) == keys([photos[number] for number in FOUND])
    assert keys(Gallery(data).photos) == keys([photos[number] for number in (0, 2, 5, 6)])
    for number in FOUND:
        path = photos[number].path
        assert not (data / path).exists()
        assert (data / "removed" / run / path).read_bytes() == before[path[len("gallery/") :]]
    assert len(restore_run(data, run).restored) == 4
    assert contents(data / "gallery") == before


def test_what_a_person_deleted_from_the_folder_stays(data: Path) -> None:
    run, photos = scan(data), Gallery(data).photos
    (data / "review" / run / copy_path(Reason.SEPIA, photos[3].key)).unlink()
    removal = apply_run(data, run)
    assert keys(removal.removed) == keys([photos[1], photos[4], photos[7]])
    assert removal.kept == 1
    assert removal.problems == []


def test_a_photo_goes_while_any_copy_is_left_and_the_person_is_told(data: Path) -> None:
    run, photo = scan(data), Gallery(data).photos[1]
    shutil.rmtree(data / "review" / run / "sepia")
    removal = apply_run(data, run)
    assert photo.key in keys(removal.removed)
    assert [(problem.source, problem.reason) for problem in removal.problems] == [
        (photo.path, "deleted from sepia only: it is removed, for it still is in off_topic")
    ]


def test_a_keep_list_keeps_photos(data: Path, tmp_path: Path) -> None:
    run, photos = scan(data), Gallery(data).photos
    listed = tmp_path / "keep.txt"
    listed.write_text(f"\ufeff# stay\r\n\r\n{photos[1].path}\r\n  {photos[7].path}\n")
    removal = apply_run(data, run, keep=read_keep_list(listed))
    assert keys(removal.removed) == keys([photos[3], photos[4]])
    assert removal.kept == 2
    with pytest.raises(DataDirError, match="restore it first"):
        apply_run(data, run, keep=[photos[3].path])


def test_a_keep_list_of_another_run_is_refused(data: Path, tmp_path: Path) -> None:
    run, before = scan(data), contents(data / "gallery")
    with pytest.raises(SourceError, match="1 photos that are no candidates"):
        apply_run(data, run, keep=[Gallery(data).photos[0].path])
    (tmp_path / "keep.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(SourceError, match="keep-list"):
        read_keep_list(tmp_path / "keep.txt")
    assert contents(data / "gallery") == before


def test_nothing_left_in_the_folder_removes_nothing(data: Path) -> None:
    run, before = scan(data), contents(data)
    for reason in ("sepia", "collage", "off_topic"):
        shutil.rmtree(data / "review" / run / reason)
    removal = apply_run(data, run)
    assert (removal.removed, removal.kept) == ([], 4)
    assert contents(data / "gallery") == {
        name.removeprefix("gallery/"): content
        for name, content in before.items()
        if name.startswith("gallery/")
    }


def test_doing_it_twice_changes_nothing(data: Path) -> None:
    run = scan(data)
    before = contents(data / "gallery")
    apply_run(data, run)
    applied = contents(data)
    assert apply_run(data, run).before
    assert contents(data) == applied
    restore_run(data, run)
    assert restore_run(data, run).before
    assert contents(data / "gallery") == before
    assert not apply_run(data, run).before
    assert contents(data / "gallery") == {
        name.removeprefix("gallery/"): content
        for name, content in applied.items()
        if name.startswith("gallery/")
    }


def test_a_run_from_another_state_of_the_gallery_is_refused_unless_forced(data: Path) -> None:
    first, second = scan(data, {1: BOTH}), scan(data, {1: BOTH, 3: BOTH})
    photos = Gallery(data).photos
    apply_run(data, first)
    before = contents(data)
    with pytest.raises(DataDirError, match="has changed since"):
        apply_run(data, second)
    assert contents(data) == before
    removal = apply_run(data, second, force=True)
    assert keys(removal.removed) == [photos[3].key]
    assert [problem.source for problem in removal.problems] == [photos[1].path]


def test_importing_again_does_not_bring_removed_photos_back(data: Path) -> None:
    run = scan(data)
    apply_run(data, run)
    before = contents(data)
    report = import_city(data)
    assert (report.added, report.known, report.removed) == (0, 8, 4)
    assert contents(data) == before
    restore_run(data, run)
    report = import_city(data)
    assert (report.added, report.known, report.removed) == (0, 8, 0)


def test_a_photo_that_was_removed_from_one_place_may_come_in_under_another(data: Path) -> None:
    photo = Gallery(data).photos[1]
    picture = (data / photo.path).read_bytes()
    apply_run(data, scan(data, {1: BOTH}))
    items = [Place("elsewhere", "Elsewhere"), SourcePhoto("elsewhere", picture, "x:0")]
    assert import_items(iter(items), Gallery(data), LIMITS).added == 1


def test_the_same_picture_under_another_place_stays(data: Path) -> None:
    picture = (data / Gallery(data).photos[1].path).read_bytes()
    items = [Place("elsewhere", "Elsewhere"), SourcePhoto("elsewhere", picture, "x:0")]
    import_items(iter(items), Gallery(data), LIMITS)
    apply_run(data, scan(data, {1: BOTH}))
    assert [photo.place_id for photo in Gallery(data).photos][-1] == "elsewhere"


def test_a_run_may_be_applied_and_restored_again(data: Path) -> None:
    run, before = scan(data), contents(data / "gallery")
    for _ in range(2):
        assert not apply_run(data, run).before
        assert len(Gallery(data).photos) == 4
        assert not restore_run(data, run).before
        assert contents(data / "gallery") == before


def test_photos_come_back_into_a_folder_that_is_gone(data: Path) -> None:
    run, before = scan(data, dict.fromkeys(range(8), BOTH)), contents(data / "gallery")
    apply_run(data, run)
    shutil.rmtree(data / "gallery" / "photos")
    restore_run(data, run)
    assert contents(data / "gallery") == before


def test_a_photo_without_a_file_is_removed_and_comes_back_as_it_was(data: Path) -> None:
    (data / Gallery(data).photos[2].path).unlink()
    run = scan(data, {2: {Reason.UNREADABLE: 1.0}})
    before = contents(data / "gallery")
    assert len(apply_run(data, run).removed) == 1
    assert len(Gallery(data).photos) == 7
    restoration = restore_run(data, run)
    assert (len(restoration.restored), restoration.problems) == (1, [])
    assert contents(data / "gallery") == before


def whole(data: Path) -> None:
    """The gallery's list names only files that are there, and no photo is lost."""
    gallery = Gallery(data)
    assert all((data / photo.path).is_file() for photo in gallery.photos)
    assert len(list(data.glob("gallery/photos/*/*.jpg"))) + len(
        list(data.glob("removed/*/gallery/photos/*/*.jpg"))
    ) == 8  # fmt: skip


def test_a_removal_killed_at_any_step_is_finished_by_the_next_call(data: Path) -> None:
    run = scan(data)
    expected = data.with_name("expected")
    shutil.copytree(data, expected)
    apply_run(expected, run)
    steps = 0
    for killed in killed_at_every_step(data, lambda here: apply_run(here, run)):
        whole(killed)
        assert len(apply_run(killed, run).removed) == 4
        assert contents(killed) == contents(expected)
        steps += 1
    assert steps > 10


def test_a_restoration_killed_at_any_step_is_finished_by_the_next_call(data: Path) -> None:
    run, before = scan(data), contents(data / "gallery")
    apply_run(data, run)
    steps = 0
    for killed in killed_at_every_step(data, lambda here: restore_run(here, run)):
        whole(killed)
        assert len(restore_run(killed, run).restored) == 4
        assert contents(killed / "gallery") == before
        steps += 1
    assert steps > 6


def half_done(data: Path, act: Callable[[Path], object]) -> Path:
    """The data folder when the act was killed with two of four files moved."""
    return next(
        killed
        for killed in killed_at_every_step(data, act)
        if len(list(killed.glob("removed/*/gallery/photos/*/*.jpg"))) == 2
    )


def test_a_half_done_step_must_be_finished_before_any_other(data: Path) -> None:
    run, other = scan(data), scan(data, {0: BOTH})
    removing = half_done(data, lambda here: apply_run(here, run))
    with pytest.raises(DataDirError, match=f"clean apply {run}"):
        apply_run(removing, other, force=True)
    with pytest.raises(DataDirError, match=f"clean apply {run}"):
        restore_run(removing, other)
    with pytest.raises(DataDirError, match="finish `clean apply` first"):
        restore_run(removing, run)
    assert import_city(removing).added == 0
    apply_run(removing, run)
    restoring = half_done(removing, lambda here: restore_run(here, run))
    with pytest.raises(DataDirError, match="finish `clean restore` first"):
        apply_run(restoring, run)
    restore_run(restoring, run)
    assert contents(restoring / "gallery") == contents(data / "gallery")


@pytest.mark.parametrize("free", range(0, 6000, 500))
def test_on_a_full_disk_all_or_nothing_is_removed(data: Path, free: int) -> None:
    run, before = scan(data), contents(data / "gallery")
    if not succeeds(free, lambda: apply_run(data, run)):
        assert contents(data / "gallery") == before
        assert removed_photos(data) == {}
        apply_run(data, run)
    assert len(Gallery(data).photos) == 4
    whole(data)
    succeeds(free, lambda: restore_run(data, run))
    whole(data)
    restore_run(data, run)
    assert contents(data / "gallery") == before


def succeeds(free: int, act: Callable[[], object]) -> bool:
    """Whether an act gets through on a disk so full; if not, it must say so."""
    try:
        with full_disk(free):
            act()
    except DataDirError as error:
        return "cannot write" not in str(error)
    return True


def test_a_file_in_the_way_is_never_overwritten(data: Path) -> None:
    run, photo = scan(data), Gallery(data).photos[4]
    foreign = data / "removed" / run / photo.path
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"mine")
    before = contents(data)
    with pytest.raises(DataDirError, match="in the way"):
        apply_run(data, run)
    assert contents(data) == before
    foreign.unlink()
    apply_run(data, run)
    (data / photo.path).write_bytes(b"mine")
    before = contents(data)
    with pytest.raises(DataDirError, match="in the way"):
        restore_run(data, run)
    assert contents(data) == before


def test_nor_when_a_removal_that_was_interrupted_is_finished(data: Path) -> None:
    run = scan(data)
    removing = half_done(data, lambda here: apply_run(here, run))
    unmoved = next(
        path
        for candidate in scanned(Gallery(data), FOUND).candidates
        if (removing / (path := candidate.photo.path)).exists()
    )
    in_the_way = removing / "removed" / run / unmoved
    in_the_way.parent.mkdir(parents=True, exist_ok=True)
    in_the_way.write_bytes(b"somebody's")
    with pytest.raises(DataDirError, match="in the way"):
        apply_run(removing, run)
    assert in_the_way.read_bytes() == b"somebody's"


def test_a_removal_that_cannot_make_its_folders_changes_nothing(data: Path) -> None:
    run, photos = scan(data), Gallery(data).photos
    before = contents(data / "gallery")
    place = data / "removed" / run / "gallery" / "photos"
    place.mkdir(parents=True)
    (place / "bridge").write_bytes(b"a file where a folder must be")
    with pytest.raises(DataDirError, match="bridge"):
        apply_run(data, run)
    assert contents(data / "gallery") == before
    (place / "bridge").unlink()
    assert keys(apply_run(data, run).removed) == keys([photos[number] for number in FOUND])


def test_a_removal_that_fails_half_way_is_undone(data: Path) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == data.stat().st_dev:
        pytest.skip("needs a second file system")
    run, folder = scan(data), data / "gallery" / "photos" / "bridge"
    before = contents(data / "gallery")
    with tempfile.TemporaryDirectory(dir=elsewhere) as other:
        shutil.copytree(folder, other, dirs_exist_ok=True)
        folder.rename(data / "aside")
        folder.symlink_to(other)
        with pytest.raises(DataDirError, match="cannot move"):  # the photos of the tower had moved
            apply_run(data, run)
        folder.unlink()
        (data / "aside").rename(folder)
    assert contents(data / "gallery") == before
    assert removed_photos(data) == {}
    assert len(apply_run(data, run).removed) == 4


def test_a_removed_file_that_somebody_deleted_is_told_and_the_rest_comes_back(data: Path) -> None:
    run, photos = scan(data), Gallery(data).photos
    apply_run(data, run)
    (data / "removed" / run / photos[3].path).unlink()
    restoration = restore_run(data, run)
    assert [problem.source for problem in restoration.problems] == [photos[3].path]
    assert keys(Gallery(data).photos) == keys([p for p in photos if p is not photos[3]])
    assert import_city(data).added == 1


def test_what_was_never_applied_cannot_be_restored(data: Path) -> None:
    for run in (scan(data), "nonsense"):
        with pytest.raises(DataDirError, match="has not been applied"):
            restore_run(data, run)
    for path in ("../gallery", f"{run}/../../gallery"):
        with pytest.raises(DataDirError, match="not the name"):
            restore_run(data, path)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"photos": [{}], "order": []}'])
def test_a_damaged_journal_is_an_error_and_changes_nothing(data: Path, content: bytes) -> None:
    run = scan(data)
    apply_run(data, run)
    (data / "removed" / run / "journal-removed.json").write_bytes(content)
    before = contents(data)
    for act in (apply_run, restore_run):
        with pytest.raises(DataDirError, match="damaged"):
            act(data, run)
    assert contents(data) == before


@pytest.mark.parametrize("outside", ["gallery/../secret.jpg", "secret.jpg"])
def test_a_journal_or_list_that_names_a_file_outside_the_gallery_is_refused(
    data: Path, outside: str
) -> None:
    (data / "secret.jpg").write_bytes(b"x")
    lists = data / "gallery" / "photos.csv"
    listed, path = lists.read_text(), Gallery(data).photos[1].path
    lists.write_text(listed.replace(path, outside))
    run = scan(data)
    with pytest.raises(DataDirError, match="outside the gallery"):
        apply_run(data, run)
    lists.write_text(listed)
    apply_run(data, run, force=True)
    journal = data / "removed" / run / "journal-removed.json"
    journal.write_text(journal.read_text().replace(path, outside))
    with pytest.raises(DataDirError, match="outside the gallery"):
        restore_run(data, run)
    assert (data / "secret.jpg").read_bytes() == b"x"


def test_any_order_of_restoring_gives_back_the_order_of_the_photos(data: Path) -> None:
    before = contents(data / "gallery")
    for seed in range(5):
        rng = random.Random(seed)
        applied: list[str] = []
        for _ in range(6):
            left = len(Gallery(data).photos)
            if applied and (left < 3 or rng.random() < 0.4):
                restore_run(data, applied.pop(rng.randrange(len(applied))))
            else:
                going = rng.sample(range(left), rng.randint(1, 2))
                applied.append(run := scan(data, dict.fromkeys(going, BOTH)))
                apply_run(data, run)
        for run in rng.sample(applied, len(applied)):
            restore_run(data, run)
        assert contents(data / "gallery") == before


def test_neighbours_removed_in_turn_come_back_in_their_order(data: Path) -> None:
    before = contents(data / "gallery")
    runs = []
    for _ in range(2):
        runs.append(run := scan(data, {2: BOTH}))
        apply_run(data, run)
    for run in runs:
        restore_run(data, run)
    assert contents(data / "gallery") == before


def test_merging_puts_what_is_missing_behind_what_stood_before_it() -> None:
    order = [(name, "") for name in "abcde"]
    current = [(name, "") for name in "bdx"]
    assert "".join(name for name, _ in merged(order, current)) == "abcdex"
