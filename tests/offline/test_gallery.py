"""The gallery's lists hold whatever a source, or a person with an editor, puts into them."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import DataDirError
from core.places import Place, Point
from offline.gallery import PLACE_COLUMNS, Gallery, GalleryPhoto

TOWER = Place("tower", "Башня", city="Киров")
PHOTO = GalleryPhoto("0" * 16, "tower", "gallery/photos/tower/0.jpg", 64, 48, "0" * 64, "0", ("a",))


@pytest.fixture(autouse=True)
def _csv_as_it_starts() -> None:
    csv.field_size_limit(131_072)  # other tests may have raised it


@pytest.mark.parametrize("text", ["a\rb", "a\r\nb", "a\nb", 'a,"b"', "\r", "\0", "'", " a "])
def test_any_text_is_read_as_it_was_saved(tmp_path: Path, text: str) -> None:
    gallery = Gallery(tmp_path)
    place, photo = replace(TOWER, wikidata=text), replace(PHOTO, sources=(text, "b"))
    gallery.places["tower"] = place
    gallery.add_photo(photo)
    gallery.save()
    again = Gallery(tmp_path)
    assert (again.places, again.photos) == ({"tower": place}, [photo])


def test_lists_are_written_with_few_quotes_and_plain_line_ends(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    gallery.places["tower"] = TOWER
    gallery.save()
    written = (tmp_path / "gallery" / "places.csv").read_bytes().decode()
    assert written.splitlines(keepends=True)[1:] == ["tower,Башня,,,Киров,,,,,,\n"]


def test_a_photo_may_have_very_many_sources(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    photo = replace(PHOTO, sources=tuple(f"tower/{n:0240}.jpg" for n in range(700)))
    gallery.add_photo(photo)
    gallery.save()
    assert Gallery(tmp_path).photos == [photo]


def test_the_table_of_places_may_have_been_saved_by_a_spreadsheet(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    tower = replace(TOWER, point=Point(58.6, 49.6), kinds=("towers", "museums"), description="a; b")
    gallery.places["tower"] = tower
    gallery.save()
    table = tmp_path / "gallery" / "places.csv"
    with table.open(newline="") as file:
        rows = list(csv.reader(file))
    rows[1][5:7] = "58,6", "49,6"
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    assert Gallery(tmp_path).places == {"tower": tower}


@pytest.mark.parametrize("cells", ["58.6,", ",49.6", "5860,49.6", "nan,49.6", "north,east"])
def test_coordinates_that_mean_nothing_are_told_with_their_place(
    tmp_path: Path, cells: str
) -> None:
    table = tmp_path / "gallery" / "places.csv"
    table.parent.mkdir()
    table.write_text(f"{','.join(PLACE_COLUMNS)}\ntower,Башня,,,Киров,{cells},,,,\n")
    with pytest.raises(DataDirError, match="tower: the coordinates are not usable"):
        Gallery(tmp_path)


def test_rows_that_were_emptied_in_a_spreadsheet_are_no_places(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    gallery.places["tower"] = TOWER
    gallery.save()
    with (tmp_path / "gallery" / "places.csv").open("a") as table:
        table.write(",,,,,,,,,,\n")
    assert Gallery(tmp_path).places == {"tower": TOWER}


def test_a_table_saved_in_another_encoding_is_told_to_be(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    gallery.places["tower"] = TOWER
    gallery.save()
    table = tmp_path / "gallery" / "places.csv"
    table.write_text(table.read_text(encoding="utf-8"), encoding="cp1251")
    with pytest.raises(DataDirError, match="not in UTF-8"):
        Gallery(tmp_path)
