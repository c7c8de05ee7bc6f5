from core.catalogue import Catalogue
from core.places import Photo, Place


def photos(place_id: str, *photo_ids: str) -> list[Photo]:
    return [Photo(photo_id, place_id, f"{photo_id}.jpg", 64, 48) for photo_id in photo_ids]


def test_better_rated_places_come_first_then_those_with_more_photos_each_place_in_turn() -> None:
    rates = {"plain": "", "modest": "1", "few": "3", "many": "3", "heritage": "3h", "bare": "3h"}
    catalogue = Catalogue(
        [Place(place_id, place_id, rate=rate) for place_id, rate in rates.items()],
        [
            *photos("plain", "p1"),
            *photos("modest", "m1", "m2"),
            *photos("few", "f1"),
            *photos("many", "n1", "n2"),
            *photos("heritage", "h1", "h2"),
        ],
    )
    order = [shown.photo.photo_id for shown in catalogue.popular_photos]
    assert order == ["h1", "n1", "f1", "m1", "p1", "h2", "n2", "m2"]


def test_a_picture_of_two_places_is_popular_once_for_the_more_popular_of_them() -> None:
    catalogue = Catalogue(
        [Place("modest", "Modest", rate="1"), Place("famous", "Famous", rate="3")],
        [*photos("modest", "shared", "m2"), *photos("famous", "shared")],
    )
    order = [(shown.photo.photo_id, shown.place.name) for shown in catalogue.popular_photos]
    assert order == [("shared", "Famous"), ("m2", "Modest")]
    assert catalogue.photo("shared") == catalogue.popular_photos[0]
    assert catalogue.photo("unknown") is None
