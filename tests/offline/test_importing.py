import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import DataDirError
from core.images import ImageLimits
from core.places import Place
from offline.gallery import Gallery
from offline.importing import ImportReport, import_items
from offline.sources.items import Problem, SourcePhoto
from tests.doubles import coloured_photo, encoded

LIMITS = ImageLimits.of(max_photo_mb=1, max_megapixels=1)
TOWER, BRIDGE = Place("tower", "Башня, «старая»", kinds=("towers",)), Place("bridge", "Мост")
RED, BLUE = (encoded(coloured_photo(colour)) for colour in ("red", "blue"))


def run(data_dir: Path, *items: Place | SourcePhoto | Problem) -> ImportReport:
    return import_items(iter(items), Gallery(data_dir), LIMITS)


def test_photos_are_kept_byte_for_byte_and_named_by_content(tmp_path: Path) -> None:
    report = run(tmp_path, TOWER, SourcePhoto("tower", RED, "a.csv:0"))
    assert (report.places, report.added, report.known) == (1, 1, 0)
    gallery = Gallery(tmp_path)
    [photo] = gallery.photos
    assert photo.path == f"gallery/photos/tower/{photo.sha256[:16]}.jpg"
    assert (tmp_path / photo.path).read_bytes() == RED
    assert (photo.width, photo.height, photo.sources) == (64, 48, ("a.csv:0",))
    assert gallery.places == {"tower": TOWER}


def test_importing_twice_adds_nothing_twice(tmp_path: Path) -> None:
    items = (TOWER, SourcePhoto("tower", RED, "a.csv:0"), SourcePhoto("tower", BLUE, "a.csv:1"))
    run(tmp_path, *items)
    before = {p: p.read_bytes() for p in (tmp_path / "gallery").rglob("*.*")}
    report = run(tmp_path, *items)
    assert (report.added, report.known) == (0, 2)
    assert {p: p.read_bytes() for p in (tmp_path / "gallery").rglob("*.*")} == before


def test_a_repeated_picture_is_one_photo_that_knows_all_its_rows(tmp_path: Path) -> None:
    rows = [SourcePhoto("tower", RED, f"a.csv:{n}") for n in range(3)]
    report = run(tmp_path, TOWER, *rows)
    assert (report.added, report.known) == (1, 2)
    assert Gallery(tmp_path).photos[0].sources == ("a.csv:0", "a.csv:1", "a.csv:2")


def test_the_same_picture_under_two_places_is_reported(tmp_path: Path) -> None:
    report = run(
        tmp_path, TOWER, BRIDGE, SourcePhoto("tower", RED, "a:0"), SourcePhoto("bridge", RED, "a:1")
    )
    [photos] = report.shared.values()
    assert [photo.place_id for photo in photos] == ["tower", "bridge"]


def test_a_bad_photo_is_reported_by_its_row_and_the_rest_goes_on(tmp_path: Path) -> None:
    report = run(
        tmp_path,
        TOWER,
        SourcePhoto("tower", b"hello", "a.csv:0"),
        SourcePhoto("tower", RED[:200], "a.csv:1"),
        SourcePhoto("tower", encoded(coloured_photo("red", size=(1200, 1000))), "a.csv:2"),
        Problem("a.csv:3", "broken"),
        SourcePhoto("tower", RED, "a.csv:4"),
    )
    assert report.added == 1
    assert [problem.source for problem in report.problems] == [f"a.csv:{n}" for n in range(4)]


def test_a_photo_whose_file_is_gone_comes_back(tmp_path: Path) -> None:
    run(tmp_path, TOWER, SourcePhoto("tower", RED, "a.csv:0"))
    file = tmp_path / Gallery(tmp_path).photos[0].path
    file.unlink()
    assert run(tmp_path, TOWER, SourcePhoto("tower", RED, "a.csv:0")).added == 1
    assert file.read_bytes() == RED


def test_a_failing_source_keeps_what_came_before(tmp_path: Path) -> None:
    def items():
        yield TOWER
        yield SourcePhoto("tower", RED, "a.csv:0")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        import_items(items(), Gallery(tmp_path), LIMITS)
    assert len(Gallery(tmp_path).photos) == 1


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a\rb\n.jpg", "a b .jpg"),
        ("caf\udce9.jpg", "caf\\udce9.jpg"),  # a byte that is not UTF-8, as a path has it
        ("a | | b.jpg", "a ¦ ¦ b.jpg"),
        ('a,"b" |', 'a,"b" ¦'),
    ],
)
def test_a_file_may_have_any_name(tmp_path: Path, name: str, kept: str) -> None:
    place = Place("tower", "Башня", source=name)
    items = (place, SourcePhoto("tower", RED, name), SourcePhoto("tower", RED, "b"))
    run(tmp_path, *items)
    before = (tmp_path / "gallery" / "photos.csv").read_bytes()
    run(tmp_path, *items)
    assert (tmp_path / "gallery" / "photos.csv").read_bytes() == before
    gallery = Gallery(tmp_path)
    assert gallery.places["tower"].source == kept
    assert [photo.sources for photo in gallery.photos] == [(kept, "b")]
    assert run(tmp_path, Problem(name, "bad")).problems == [Problem(kept, "bad")]


def test_the_gallery_is_saved_only_after_photos_that_were_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved_with: list[int] = []
    monkeypatch.setattr("offline.importing.SAVE_EVERY", 2)
    monkeypatch.setattr(Gallery, "save", lambda gallery: saved_with.append(len(gallery.photos)))
    red, blue = (SourcePhoto("tower", data, f"a:{n}") for n, data in enumerate((RED, BLUE)))
    bad = SourcePhoto("tower", b"hello", "a:2")
    run(tmp_path, TOWER, red, red, bad, blue, blue, bad, red)
    assert saved_with == [2, 2]  # the second at the end


def test_a_killed_import_can_be_run_again(tmp_path: Path) -> None:
    program = """
import os, signal, sys
from pathlib import Path
from tests.offline.test_importing import *
def items():
    yield TOWER
    yield SourcePhoto("tower", RED, "a.csv:0")
    os.kill(os.getpid(), signal.SIGKILL)
import_items(items(), Gallery(Path(sys.argv[1])), LIMITS)
"""
    killed = subprocess.run(
        [sys.executable, "-c", program, tmp_path], check=False, env={**os.environ}
    )
    assert killed.returncode == -signal.SIGKILL
    run(tmp_path, TOWER, SourcePhoto("tower", RED, "a.csv:0"), SourcePhoto("tower", BLUE, "a:1"))
    assert [photo.sources for photo in Gallery(tmp_path).photos] == [("a.csv:0",), ("a:1",)]


@pytest.mark.parametrize("name", ["places.csv", "photos.csv"])
@pytest.mark.parametrize("content", [b"nonsense\n1\n", b"\xff\xfe\xff", b'place_id,"name\n'])
def test_a_damaged_gallery_is_one_clear_error_and_stays(
    tmp_path: Path, name: str, content: bytes
) -> None:
    run(tmp_path, TOWER, SourcePhoto("tower", RED, "a.csv:0"))
    file = tmp_path / "gallery" / name
    file.write_bytes(content)
    with pytest.raises(DataDirError, match=name):
        Gallery(tmp_path)
    assert file.read_bytes() == content
