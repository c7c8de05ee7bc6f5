import os
import signal
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import DataDirError
from core.images import ImageLimits
from core.places import Place, Point
from offline.gallery import Gallery
from offline.importing import ImportReport, import_items
from offline.sources.folder import read_folder
from offline.sources.items import Problem, SourcePhoto, safe_place_id
from tests.doubles import coloured_photo, encoded
from tests.offline.cleaning.small_city import contents

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
    assert run(tmp_path, TOWER, SourcePhoto("tower", RED, "b.csv:0")).added == 1
    assert file.read_bytes() == RED
    assert Gallery(tmp_path).photos[0].sources == ("a.csv:0", "b.csv:0")


def test_a_photo_that_cannot_be_served_as_it_is_is_kept_as_a_jpeg(tmp_path: Path) -> None:
    run(tmp_path, TOWER, SourcePhoto("tower", encoded(coloured_photo("red"), "PNG"), "a.png"))
    [photo] = Gallery(tmp_path).photos
    assert (tmp_path / photo.path).read_bytes().startswith(b"\xff\xd8")


def test_a_failing_source_keeps_what_came_before(tmp_path: Path) -> None:
    def items():
        yield TOWER
        yield SourcePhoto("tower", RED, "a.csv:0")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        import_items(items(), Gallery(tmp_path), LIMITS)
    assert len(Gallery(tmp_path).photos) == 1


def edit(data_dir: Path, place_id: str, **changes: object) -> Place:
    """Change a place of the gallery as a person with an editor does."""
    gallery = Gallery(data_dir)
    gallery.places[place_id] = replace(gallery.places[place_id], **changes)
    gallery.save()
    return gallery.places[place_id]


def test_what_is_known_of_a_place_stays_and_what_is_empty_is_filled_in(tmp_path: Path) -> None:
    run(tmp_path, replace(TOWER, source="a.csv:0"))
    edit(tmp_path, "tower", name_en="Tower", kinds=("historic",))
    said = Place(
        "tower",
        TOWER.name,
        "Turret",
        ("towers",),
        "Киров",
        Point(58, 49),
        "3h",
        "Q1",
        "Высокая",
        "b",
    )
    report = run(tmp_path, said)
    assert (report.places, report.problems) == (1, [])
    known = replace(said, name_en="Tower", kinds=("historic",), source="a.csv:0")
    assert Gallery(tmp_path).places == {"tower": known}


@pytest.mark.parametrize(
    ("there", "here"),
    [
        (Place("old_fort", "Форт", city="Казань"), Place("old_fort", "Форт", city="Самара")),
        (Place("old_fort", "old fort", city="Казань"), Place("old_fort", "Форт", city="Самара")),
        (Place("old_fort", "Форт"), Place("old_fort", "Крепость", city="Самара", source="b:0")),
        (Place("old_fort", "Форт", wikidata="Q1"), Place("old_fort", "Крепость", wikidata="Q2")),
        (Place("a", "Форт", point=Point(55, 49)), Place("a", "Крепость", point=Point(53, 50))),
        (Place("a", "Форт", point=Point(55, 49)), Place("a", "Крепость", point=Point(55.001, 49))),
    ],
)
def test_another_sight_with_a_known_id_is_one_problem_and_left_out(
    tmp_path: Path, there: Place, here: Place
) -> None:
    run(tmp_path, there, SourcePhoto(there.place_id, RED, "a/1.jpg"))
    photos = contents(tmp_path / "gallery" / "photos")
    for _ in range(2):
        report = run(tmp_path, here, SourcePhoto(here.place_id, BLUE, "b/1.jpg"), BRIDGE)
        assert (report.places, report.added) == (1, 0)
        [problem] = report.problems
        assert problem.source == here.source
        assert there.name in problem.reason
        assert here.name in problem.reason
    assert contents(tmp_path / "gallery" / "photos") == photos
    assert Gallery(tmp_path).places == {there.place_id: there, "bridge": BRIDGE}


@pytest.mark.parametrize(
    ("said", "edited"),
    [
        (replace(TOWER, point=Point(58, 49)), {"name": "Каланча", "city": "Киров"}),
        (replace(TOWER, wikidata="Q1"), {"name": "Каланча"}),
        (replace(TOWER, name="Tower"), {"name": "Башня", "name_en": "Tower"}),
        (replace(TOWER, name="Башня", name_en="Tower"), {"name": "Tower"}),
        (replace(TOWER, city="КИРОВ"), {"city": "Киров"}),
        (replace(TOWER, name="БАШНЯ"), {"name": "Башня"}),
    ],
)
def test_a_place_renamed_by_hand_is_known_again(
    tmp_path: Path, said: Place, edited: dict[str, str]
) -> None:
    run(tmp_path, said, SourcePhoto("tower", RED, "a:0"))
    known = edit(tmp_path, "tower", **edited)
    report = run(
        tmp_path, said, SourcePhoto("tower", RED, "a:0"), SourcePhoto("tower", BLUE, "a:1")
    )
    assert (report.added, report.known, report.problems) == (1, 1, [])
    assert Gallery(tmp_path).places == {"tower": known}


def test_a_place_renamed_by_hand_never_becomes_two(tmp_path: Path) -> None:
    items = (TOWER, SourcePhoto("tower", RED, "a:0"), BRIDGE, SourcePhoto("bridge", BLUE, "a:1"))
    run(tmp_path, *items)
    edit(tmp_path, "tower", name="Каланча")
    before = contents(tmp_path)
    report = run(tmp_path, *items)
    assert (report.places, report.known, len(report.problems)) == (1, 1, 1)
    assert contents(tmp_path) == before


def test_a_refusal_ends_where_the_source_has_the_known_place(tmp_path: Path) -> None:
    other = replace(TOWER, city="Пермь")
    run(tmp_path, replace(TOWER, city="Киров"))
    report = run(
        tmp_path, other, SourcePhoto("tower", RED, "a:0"), TOWER, SourcePhoto("tower", BLUE, "b")
    )
    assert (report.added, len(report.problems)) == (1, 1)
    assert Gallery(tmp_path).photos[0].sources == ("b",)


@pytest.mark.parametrize(
    "folder",
    [
        "old_fort",
        "Старый_форт",
        "Красная площадь_1",
        "_fort",
        "old__fort",
        "old  fort",
        unicodedata.normalize("NFD", "Кремлёвский_двор"),
    ],
)
def test_a_place_called_like_its_folder_takes_the_name_that_a_table_gives(
    tmp_path: Path, folder: str
) -> None:
    source, data = tmp_path / "source", tmp_path / "data"
    (source / folder).mkdir(parents=True)
    (source / folder / "1.jpg").write_bytes(RED)

    def import_folder() -> Place:
        report = import_items(read_folder(source, max_photo_bytes=10_000), Gallery(data), LIMITS)
        assert report.problems == []
        [place] = Gallery(data).places.values()
        return place

    assert import_folder().source == folder
    (source / "places.csv").write_text(f"folder,name,city\n{folder},Крепость,Казань\n")
    named = import_folder()
    assert (named.name, named.city, named.source) == ("Крепость", "Казань", "places.csv:0")
    (source / "places.csv").unlink()
    assert import_folder() == named


@pytest.mark.parametrize("folder", ["fort", "old_fort", "Старый_форт"])
def test_the_name_may_come_to_the_table_later_than_the_rest(tmp_path: Path, folder: str) -> None:
    place_id = safe_place_id(folder)
    rest = Place(place_id, folder.replace("_", " "), city="Казань", source="places.csv:0")
    named = replace(rest, name="Крепость")
    run(tmp_path, rest)
    assert run(tmp_path, named).problems == []
    assert Gallery(tmp_path).places == {place_id: named}


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


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("places.csv", ",55,", ",north,"),
        ("places.csv", ",55,", ",55,0,"),
        ("places.csv", ",55,49,,,,", ",55,49"),
        ("photos.csv", ",64,48,", ",64,wide,"),
        ("photos.csv", ",64,48,", ",64,"),
    ],
)
def test_a_row_that_was_damaged_by_hand_is_one_clear_error(
    tmp_path: Path, name: str, before: str, after: str
) -> None:
    run(tmp_path, replace(TOWER, point=Point(55, 49)), SourcePhoto("tower", RED, "a.csv:0"))
    file = tmp_path / "gallery" / name
    written = file.read_text()
    assert before in written
    file.write_text(written.replace(before, after))
    with pytest.raises(DataDirError, match=name):
        Gallery(tmp_path)
