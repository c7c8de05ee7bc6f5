from pathlib import Path

import pytest

from core.catalogue_file import read_catalogue, write_catalogue
from core.places import Photo, Place, Point

PLACES = (
    Place("plain", "Plain"),
    Place("equator", "Mitad del Mundo", kinds=("monuments", "museums"), point=Point(0.0, 0.0)),
)
PHOTOS = (Photo("two", "equator", "2.jpg", 3, 4), Photo("one", "plain", "1.jpg", 1, 2))


def test_what_is_not_known_of_a_place_stays_unknown(tmp_path: Path) -> None:
    write_catalogue(tmp_path / "catalogue.sqlite", PLACES, PHOTOS)
    assert read_catalogue(tmp_path / "catalogue.sqlite") == (PLACES, PHOTOS)


@pytest.mark.parametrize("name", ["50% off?", "#1", "a&b=c", "дом"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    file = tmp_path / name / "catalogue.sqlite"
    file.parent.mkdir()
    write_catalogue(file, PLACES, PHOTOS)
    assert read_catalogue(file) == (PLACES, PHOTOS)
