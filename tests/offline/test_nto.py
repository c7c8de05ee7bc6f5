import base64
import csv
import unicodedata
from pathlib import Path

import pytest

from core.errors import SourceError
from core.places import Place, Point
from offline.sources.items import Problem, SourcePhoto
from offline.sources.nto import read_nto
from tests.doubles import coloured_photo, encoded

HEADER = ["XID", "Name", "Kind", "City", "OSM", "WikiData", "Rate", "Lon", "Lat"]
TOWER = ["N1", "Башня", "towers,interesting_places", "Киров", "", "Q1", "3h", "49.60", "58.60"]
JPEG = encoded(coloured_photo("red"))
JPEG += b"\0" * ((1 - len(JPEG)) % 3)  # for base64 to need padding
PHOTO = base64.b64encode(JPEG).decode()


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def read(folder: Path) -> tuple[list[Place], list[SourcePhoto], list[Problem]]:
    items = list(read_nto(folder, max_photo_bytes=1_000_000))
    return (
        [item for item in items if isinstance(item, Place)],
        [item for item in items if isinstance(item, SourcePhoto)],
        [item for item in items if isinstance(item, Problem)],
    )


def city(folder: Path, places: list[list[str]], photos: list[list[str]], code: str = "KIR") -> None:
    write(folder / f"{code}_places.csv", [HEADER, *places])
    write(folder / f"{code}_images.csv", [["name", "image"], *photos])


def test_a_place_and_its_photos_are_read(tmp_path: Path) -> None:
    city(tmp_path, [TOWER], [["Башня", PHOTO]])
    [place], [photo], problems = read(tmp_path)
    assert (place.place_id, place.name, place.kinds) == ("N1", "Башня", ("towers",))
    assert (place.city, place.rate, place.wikidata) == ("Киров", "3h", "Q1")
    assert place.point is not None
    assert (place.point.lat, place.point.lon) == (58.6, 49.6)
    assert photo == SourcePhoto("N1", JPEG, "KIR_images.csv:0")
    assert problems == []


def test_the_photo_column_may_be_img_and_file_names_vary_in_case(tmp_path: Path) -> None:
    write(tmp_path / "Yaroslavl_places.csv", [HEADER, TOWER])
    write(tmp_path / "yaroslavl_Images.csv", [["name", "img"], ["Башня", PHOTO]])
    _, [photo], problems = read(tmp_path)
    assert photo.source == "yaroslavl_Images.csv:0"
    assert problems == []


def test_rows_of_one_name_nearly_at_one_spot_are_one_place(tmp_path: Path) -> None:
    again = ["N1X", "Башня", "historic", "Киров", "", "", "1", "49.6001", "58.6001"]
    city(tmp_path, [TOWER, again], [["Башня", PHOTO]])
    [place], [photo], problems = read(tmp_path)
    assert (place.place_id, place.kinds) == ("N1", ("towers", "historic"))
    assert photo.place_id == "N1"
    assert problems == []


def test_rows_of_one_name_far_apart_are_two_places_and_doubtful(tmp_path: Path) -> None:
    far = ["N2", "Башня", "historic", "Киров", "", "", "1", "49.70", "58.60"]
    city(tmp_path, [TOWER, far], [["Башня", PHOTO]])
    places, [photo], [problem] = read(tmp_path)
    assert [place.place_id for place in places] == ["N1", "N2"]
    assert photo.place_id == "N1"
    assert "N2" in problem.reason


def test_one_name_in_two_cities_is_two_places(tmp_path: Path) -> None:
    city(tmp_path, [TOWER], [["Башня", PHOTO]], "KIR")
    other = ["N9", "Башня", "towers", "Пермь", "", "", "1", "56.2", "58.0"]
    city(tmp_path, [other], [["Башня", PHOTO]], "PER")
    _, photos, _ = read(tmp_path)
    assert [photo.place_id for photo in photos] == ["N1", "N9"]


def test_a_photo_shows_no_place_of_another_city(tmp_path: Path) -> None:
    city(tmp_path, [TOWER], [], "KIR")
    bridge = ["N9", "Мост", "bridges", "Пермь", "", "", "1", "56.2", "58.0"]
    city(tmp_path, [bridge], [["Башня", PHOTO]], "PER")
    _, photos, [problem] = read(tmp_path)
    assert photos == []
    assert problem.source == "PER_images.csv:0"


def test_rows_of_one_name_are_one_place_where_one_has_no_position(tmp_path: Path) -> None:
    nowhere = ["N1X", *TOWER[1:7], "", ""]
    city(tmp_path, [nowhere, TOWER], [])
    [place], _, problems = read(tmp_path)
    assert (place.place_id, place.point) == ("N1X", Point(58.6, 49.6))
    assert problems == []


@pytest.mark.parametrize("name", ["", "Ба\ufffdня", "Б" * 301])
def test_a_place_without_a_readable_name_is_reported(tmp_path: Path, name: str) -> None:
    city(tmp_path, [["N2", name, *TOWER[2:]], TOWER], [])
    [place], _, [problem] = read(tmp_path)
    assert place.place_id == "N1"
    assert problem == Problem("KIR_places.csv:0", "the row has no readable name")


@pytest.mark.parametrize("name", ["  муЗей ", unicodedata.normalize("NFD", "Музей")])
def test_names_match_whatever_their_case_spaces_and_accents(tmp_path: Path, name: str) -> None:
    city(tmp_path, [["N1", "Музей", *TOWER[2:]]], [[name, PHOTO]])
    assert len(read(tmp_path)[1]) == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["Нет такой", PHOTO], "no place of that city"),
        (["Башня", ""], "empty"),
        (["Башня", "###"], "not base64"),
        (["Башня"], "1 cells instead of 2"),
        (["Башня", PHOTO, "more"], "3 cells instead of 2"),
        (["Башня", "A" * 2_000_000], "too long"),
    ],
)
def test_a_bad_row_is_reported_and_nothing_else_is_lost(
    tmp_path: Path, row: list[str], reason: str
) -> None:
    city(tmp_path, [TOWER], [["Башня", PHOTO], row, ["Башня", PHOTO]])
    _, photos, [problem] = read(tmp_path)
    assert [photo.source for photo in photos] == ["KIR_images.csv:0", "KIR_images.csv:2"]
    assert problem.source == "KIR_images.csv:1"
    assert reason in problem.reason


@pytest.mark.parametrize(
    "cell", [f"data:image/jpeg;base64,{PHOTO}", PHOTO.rstrip("="), f"{PHOTO[:90]}\n{PHOTO[90:]}"]
)
def test_base64_may_come_in_any_wrapping(tmp_path: Path, cell: str) -> None:
    city(tmp_path, [TOWER], [["Башня", cell]])
    assert [photo.data for photo in read(tmp_path)[1]] == [JPEG]


@pytest.mark.parametrize("xid", ["../../etc", "", "a/b", "x" * 100, "."])
def test_an_xid_that_cannot_name_a_folder_is_replaced(tmp_path: Path, xid: str) -> None:
    city(tmp_path, [[xid, *TOWER[1:]]], [["Башня", PHOTO]])
    [place], [photo], _ = read(tmp_path)
    assert place.place_id == photo.place_id
    assert place.place_id.isalnum()


def test_an_xid_used_for_two_names_stays_with_the_first(tmp_path: Path) -> None:
    city(tmp_path, [TOWER, ["N1", "Мост", *TOWER[2:]]], [["Мост", PHOTO]])
    places, [photo], _ = read(tmp_path)
    assert [place.name for place in places] == ["Башня", "Мост"]
    assert photo.place_id == places[1].place_id != "N1"


@pytest.mark.parametrize(
    ("lon", "lat"), [("east", "58"), ("999", "58"), ("nan", "58"), ("49", "91")]
)
def test_useless_coordinates_cost_the_position_only(tmp_path: Path, lon: str, lat: str) -> None:
    city(tmp_path, [[*TOWER[:7], lon, lat]], [["Башня", PHOTO]])
    [place], photos, [problem] = read(tmp_path)
    assert place.point is None
    assert len(photos) == 1
    assert "coordinates" in problem.reason


def test_no_cell_of_a_place_has_line_ends(tmp_path: Path) -> None:
    city(tmp_path, [["N1", "Ба\rшня", "towers", "Ки\nров", "", "Q1\r", "3\rh", "", ""]], [])
    [place], _, _ = read(tmp_path)
    assert (place.name, place.city) == ("Ба шня", "Ки ров")
    assert (place.wikidata, place.rate) == ("Q1", "3 h")


def test_a_city_without_images_keeps_its_places(tmp_path: Path) -> None:
    write(tmp_path / "KIR_places.csv", [HEADER, TOWER])
    assert len(read(tmp_path)[0]) == 1


def test_images_without_places_are_reported(tmp_path: Path) -> None:
    city(tmp_path, [TOWER], [["Башня", PHOTO]])
    write(tmp_path / "PER_images.csv", [["name", "image"], ["Мост", PHOTO]])
    _, photos, [problem] = read(tmp_path)
    assert len(photos) == 1
    assert problem.source == "PER_images.csv"


def test_a_folder_without_such_files_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no <CODE>_places.csv"):
        read(tmp_path)
    with pytest.raises(SourceError, match="cannot read"):
        read(tmp_path / "nowhere")
