from core.catalogue import Catalogue
from core.places import Photo, Place, Point

NEAR = Place("near", "Near", point=Point(56.001, 44.0))
FAR = Place("far", "Far", point=Point(57.0, 44.0))
NOWHERE = Place("nowhere", "Nowhere")
UNSEEN = Place("unseen", "Unseen", point=Point(56.0, 44.0))
HERE = Point(56.0, 44.0)


def photo(photo_id: str, place: Place) -> Photo:
    return Photo(photo_id, place.place_id, f"{photo_id}.jpg", 1, 1)


CATALOGUE = Catalogue(
    [FAR, NOWHERE, UNSEEN, NEAR],
    [photo("1", FAR), photo("2", NEAR), photo("3", FAR), photo("4", NOWHERE)],
)


def test_a_place_with_photos_is_found_by_its_key() -> None:
    assert CATALOGUE.place(FAR.key) == FAR
    assert CATALOGUE.place(UNSEEN.key) is None
    assert CATALOGUE.place("far") is None
    assert CATALOGUE.place_by_id("far") == FAR
    assert CATALOGUE.place_by_id("unseen") is None


def test_photos_of_a_place_come_in_the_order_of_the_snapshot() -> None:
    assert [each.photo_id for each in CATALOGUE.photos_of(FAR)] == ["1", "3"]
    assert CATALOGUE.photos_of(UNSEEN) == ()


def test_the_nearest_places_are_those_with_a_position_and_photos_by_distance() -> None:
    nearest = CATALOGUE.nearest(HERE)
    assert [near.place for near in nearest] == [NEAR, FAR]
    assert [round(near.distance_m) for near in nearest] == [111, 111195]
