"""The review folder: whole or not there at all, and read as a person left it."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import DataDirError
from offline.cleaning.findings import Reason
from offline.cleaning.review import (
    copy_path,
    gallery_state,
    read_review,
    remaining,
    runs,
    write_review,
)
from offline.gallery import Gallery
from tests.offline.cleaning.small_city import (
    Found,
    contents,
    full_disk,
    import_city,
    killed_before,
    scanned,
)

FOUND: Found = {
    1: {Reason.SEPIA: 0.9, Reason.OFF_TOPIC: 0.6},
    3: {Reason.SEPIA: 0.7},
    6: {Reason.COLLAGE: 0.5},
}


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    import_city(tmp_path)
    return Gallery(tmp_path)


def write(gallery: Gallery, found: Found = FOUND) -> str:
    return write_review(scanned(gallery, found), gallery, gallery.data_dir)


def test_copies_lie_under_every_reason_and_place(gallery: Gallery) -> None:
    folder = gallery.data_dir / "review" / write(gallery)
    photos = gallery.photos
    copies = {name: data for name, data in contents(folder).items() if name.endswith(".jpg")}
    assert copies == {
        copy_path(reason, photos[number].key): (gallery.data_dir / photos[number].path).read_bytes()
        for number, reasons in FOUND.items()
        for reason in reasons
    }
    assert f"sepia/tower/{photos[1].photo_id}.jpg" in copies


def test_candidates_are_listed_for_machines(gallery: Gallery) -> None:
    folder = gallery.data_dir / "review" / write(gallery)
    with (folder / "candidates.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    first = gallery.photos[1]
    assert rows[0] == {
        "photo_id": first.photo_id,
        "place_id": "tower",
        "path": first.path,
        "source": "a.csv:1",
        "reasons": "sepia | off_topic",
        "scores": "0.9000 | 0.6000",
    }
    assert len(rows) == 3
    manifest = json.loads((folder / "run.json").read_text())
    assert manifest["by_reason"] == {"sepia": 2, "collage": 1, "off_topic": 1}
    assert manifest["gallery_state"] == gallery_state(gallery)


def test_what_is_written_is_read_again(gallery: Gallery) -> None:
    run = write(gallery)
    assert runs(gallery.data_dir) == [run]
    review = read_review(gallery.data_dir, run)
    assert [photo.scores for photo in review.candidates.values()] == list(FOUND.values())
    left = remaining(review)
    assert set(left.reasons) == set(review.candidates)
    assert left.foreign == []


def test_sources_may_be_long_and_have_any_characters(gallery: Gallery) -> None:
    photo = gallery.photos[1]
    sources = ("a\rb", *(f"tower/{n:0240}.jpg" for n in range(700)))
    gallery.add_photo(replace(photo, sources=sources))
    run = write(gallery)
    csv.field_size_limit(131_072)  # as a process starts with
    assert read_review(gallery.data_dir, run).candidates[photo.key].sources == sources


def test_the_gallery_is_never_touched(gallery: Gallery) -> None:
    before = contents(gallery.folder)
    write(gallery)
    assert contents(gallery.folder) == before


def test_a_scan_that_finds_nothing_is_a_run_too(gallery: Gallery) -> None:
    run = write(gallery, {})
    assert read_review(gallery.data_dir, run).candidates == {}


def test_a_candidate_whose_file_is_gone_has_an_empty_copy(gallery: Gallery) -> None:
    (gallery.data_dir / gallery.photos[2].path).unlink()
    run = write(gallery, {2: {Reason.UNREADABLE: 1.0}})
    copy = copy_path(Reason.UNREADABLE, gallery.photos[2].key)
    assert (gallery.data_dir / "review" / run / copy).read_bytes() == b""


def test_a_killed_scan_leaves_nothing_half_and_the_next_one_clears_up(gallery: Gallery) -> None:
    step = 0
    while killed_before(step, lambda: write(gallery)):
        for run in runs(gallery.data_dir):
            assert len(remaining(read_review(gallery.data_dir, run)).reasons) == 3
        step += 1
    assert step > 8
    whole = runs(gallery.data_dir)
    assert len(whole) <= 2  # one may have been killed when all was done
    assert sorted(path.name for path in (gallery.data_dir / "review").iterdir()) == whole


@pytest.mark.parametrize("free", [0, 500, 3000, 9000])
def test_a_full_disk_is_an_error_and_leaves_nothing(gallery: Gallery, free: int) -> None:
    with full_disk(free), pytest.raises(DataDirError, match="cannot write"):
        write(gallery)
    assert contents(gallery.data_dir / "review") == {}
    assert runs(gallery.data_dir) == []


def test_what_a_person_does_to_the_folder_is_understood(gallery: Gallery) -> None:
    run = write(gallery)
    folder = gallery.data_dir / "review" / run
    first, second, third = (gallery.photos[number] for number in FOUND)
    (folder / copy_path(Reason.SEPIA, first.key)).unlink()
    renamed = folder / copy_path(Reason.SEPIA, second.key)
    renamed.rename(renamed.with_name("my favourite.jpg"))
    moved = folder / copy_path(Reason.INTERIOR, third.key)
    moved.parent.mkdir(parents=True)
    (folder / copy_path(Reason.COLLAGE, third.key)).rename(moved)
    (folder / "notes.txt").write_text("hm")
    (folder / "sepia" / ".DS_Store").write_bytes(b"")
    shutil.copytree(folder / "off_topic", folder / "maybe")
    left = remaining(read_review(gallery.data_dir, run))
    assert left.reasons == {first.key: [Reason.OFF_TOPIC], third.key: [Reason.INTERIOR]}
    assert left.foreign == [
        f"maybe/tower/{first.photo_id}.jpg",
        "notes.txt",
        "sepia/tower/my favourite.jpg",
    ]


def test_a_folder_whose_reasons_were_all_deleted_has_nothing_left(gallery: Gallery) -> None:
    run = write(gallery)
    for reason in ("sepia", "collage", "off_topic"):
        shutil.rmtree(gallery.data_dir / "review" / run / reason)
    assert remaining(read_review(gallery.data_dir, run)).reasons == {}


@pytest.mark.parametrize("run", ["20200101T000000000Z-00000000", "..", "../gallery", "/etc", ""])
def test_a_run_that_does_not_exist_is_an_error(gallery: Gallery, run: str) -> None:
    write(gallery)
    with pytest.raises(DataDirError, match=r"no run|not the name"):
        read_review(gallery.data_dir, run)


@pytest.mark.parametrize("name", ["run.json", "candidates.csv"])
@pytest.mark.parametrize("content", [None, b"photo_id\n1\n", b"\xff\xfe", b'{"a": []}', b"[1]"])
def test_damaged_lists_are_an_error(gallery: Gallery, name: str, content: bytes | None) -> None:
    run = write(gallery)
    path = gallery.data_dir / "review" / run / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    if name == "candidates.csv" and content in (b'{"a": []}', b"[1]"):
        path.write_bytes(b"photo_id,place_id,path,source,reasons,scores\n1,2,3,4,charm,1\n")
    with pytest.raises(DataDirError, match=run):
        read_review(gallery.data_dir, run)


def test_the_gallery_state_tells_a_changed_gallery(gallery: Gallery) -> None:
    before = gallery_state(gallery)
    assert gallery_state(Gallery(gallery.data_dir)) == before
    path = gallery.data_dir / gallery.photos[0].path
    path.write_bytes(path.read_bytes() + b"x")
    changed = gallery_state(gallery)
    gallery.replace_photos(gallery.photos[1:])
    assert len({before, changed, gallery_state(gallery)}) == 3
