import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import SourceError
from core.places import Place, Point
from offline.sources.folder import read_folder
from offline.sources.items import Problem, SourcePhoto
from tests.doubles import coloured_photo, encoded

JPEG = encoded(coloured_photo("red"))


def read(folder: Path) -> tuple[list[Place], list[SourcePhoto], list[Problem]]:
    items = list(read_folder(folder, max_photo_bytes=10_000))
    return (
        [item for item in items if isinstance(item, Place)],
        [item for item in items if isinstance(item, SourcePhoto)],
        [item for item in items if isinstance(item, Problem)],
    )


@pytest.fixture
def city(tmp_path: Path) -> Path:
    for name in ("old_tower", "Мост"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.jpg").write_bytes(JPEG)
        (tmp_path / name / ".DS_Store").write_bytes(b"")
    (tmp_path / ".thumbnails").mkdir()
    (tmp_path / ".thumbnails" / "1.jpg").write_bytes(JPEG)
    return tmp_path


def test_every_folder_is_a_place_named_like_it(city: Path) -> None:
    places, photos, problems = read(city)
    assert [place.name for place in places] == ["old tower", "Мост"]
    assert places[0].place_id == "old_tower"
    assert places[1].place_id.isascii()
    assert [photo.source for photo in photos] == ["old_tower/1.jpg", "Мост/1.jpg"]
    assert problems == []


def test_a_table_beside_the_folders_describes_them(city: Path) -> None:
    (city / "places.csv").write_text(
        "folder,name,name_en,kinds,city,lat,lon,description\n"
        'old_tower,Старая башня,Old Tower,"towers,historic",Киров,58.6,49.6,"Высокая, старая"\n',
        encoding="utf-8",
    )
    place = read(city)[0][0]
    assert (place.name, place.name_en) == ("Старая башня", "Old Tower")
    assert (place.kinds, place.city) == (("towers", "historic"), "Киров")
    assert (place.point, place.description) == (Point(58.6, 49.6), "Высокая, старая")


def test_a_table_may_be_as_spreadsheets_write_it(city: Path) -> None:
    (city / "places.csv").write_text(
        "folder;name;lat;lon;description\r\n"
        'old_tower;Старая башня;58,6;49,6;"Высокая; старая, из камня"\r\n',
        encoding="utf-8-sig",
    )
    (tower, _), _, problems = read(city)
    assert (tower.name, tower.point) == ("Старая башня", Point(58.6, 49.6))
    assert tower.description == "Высокая; старая, из камня"
    assert problems == []


def test_a_row_that_is_not_utf_8_is_reported_and_names_nothing(city: Path) -> None:
    table = "folder,name\nold_tower,Старая башня\n"
    (city / "places.csv").write_bytes(table.encode("cp1251"))
    (tower, _), _, [problem] = read(city)
    assert tower.name == "old tower"
    assert problem == Problem("places.csv:0", "the row is not in UTF-8; left out")


def test_cells_that_say_nothing_are_reported_and_the_others_kept(city: Path) -> None:
    table = "folder,name,kinds,lat,lon\nold_tower,Башня,музей,200,49.6\n"
    (city / "places.csv").write_text(table, encoding="utf-8")
    (tower, _), _, problems = read(city)
    assert (tower.name, tower.kinds, tower.point) == ("Башня", (), None)
    assert ["coordinates" in problems[0].reason, "kinds" in problems[1].reason] == [True, True]


def test_a_row_may_leave_the_name_to_the_folder_and_name_one_kind(city: Path) -> None:
    (city / "places.csv").write_text("folder,name,kind\nold_tower, ,towers\n")
    place = read(city)[0][0]
    assert (place.name, place.kinds) == ("old tower", ("towers",))


def test_names_and_cells_may_have_any_bytes(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    Path(os.fsdecode(folder)).mkdir()
    Path(os.fsdecode(folder + b"/\xff.jpg")).write_bytes(JPEG)
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "1.jpg").write_bytes(JPEG)
    (tmp_path / "places.csv").write_bytes(b'folder,rate,wikidata\nplain,"1\rh","Q1\r"\n')
    (cafe, plain), (photo, _), problems = read(tmp_path)
    assert cafe.name == "caf\\udce9"
    assert photo.place_id == cafe.place_id
    assert cafe.place_id.isalnum()
    assert (plain.rate, plain.wikidata) == ("1 h", "Q1")
    assert problems == []


def test_a_row_for_no_folder_is_reported(city: Path) -> None:
    (city / "places.csv").write_text("folder,name\nnowhere,Нигде\nold_tower,Башня\n")
    places, _, [problem] = read(city)
    assert places[0].name == "Башня"
    assert problem == Problem("places.csv:0", "there is no folder 'nowhere'")


def test_an_empty_place_and_a_huge_file_are_reported(city: Path) -> None:
    (city / "empty").mkdir()
    (city / "old_tower" / "huge.jpg").write_bytes(b"x" * 20_000)
    places, photos, problems = read(city)
    assert (len(places), len(photos)) == (2, 2)
    assert [problem.source for problem in problems] == ["empty", "old_tower/huge.jpg"]


def test_a_place_folder_that_cannot_be_read_is_one_problem(
    city: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    iterdir = Path.iterdir

    def refuse_tower(folder: Path) -> Iterator[Path]:  # permissions do not count for root
        if folder.name == "old_tower":
            raise PermissionError(errno.EACCES, "Permission denied")
        return iterdir(folder)

    monkeypatch.setattr(Path, "iterdir", refuse_tower)
    [place], [photo], problems = read(city)
    assert (place.name, photo.source) == ("Мост", "Мост/1.jpg")
    assert problems == [Problem("old_tower", "cannot be read: Permission denied")]


@pytest.mark.parametrize("folder", ["x" * 300, "old_tower/1.jpg", "..", ""])
def test_a_row_may_name_anything(city: Path, folder: str) -> None:
    (city / "places.csv").write_text(f"folder,name\n{folder},Башня\n")
    assert [problem.source for problem in read(city)[2]] == ["places.csv:0"]


def test_an_empty_or_missing_folder_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no folder with photos"):
        read(tmp_path)
    with pytest.raises(SourceError, match="cannot read"):
        read(tmp_path / "nowhere")
