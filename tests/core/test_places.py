import pytest

from core.places import Place, Point

TWO = "Башня у реки, ей 300 лет.\nA tower by the river, 300 years old."


def test_a_distance_is_along_the_globe() -> None:
    moscow, petersburg = Point(55.7558, 37.6173), Point(59.9391, 30.3159)
    assert moscow.distance_m(petersburg) == pytest.approx(633_000, rel=0.01)
    assert moscow.distance_m(moscow) == 0


def test_a_place_without_an_english_name_goes_by_its_own() -> None:
    both, one = Place("x", "Башня", "Tower"), Place("y", "Мост")
    assert [both.name_in("en"), both.name_in("ru"), one.name_in("en")] == ["Tower", "Башня", "Мост"]


@pytest.mark.parametrize(
    ("description", "ru", "en"),
    [
        (TWO, "Башня у реки, ей 300 лет.", "A tower by the river, 300 years old."),
        ("\n".join(reversed(TWO.splitlines())), TWO.splitlines()[0], TWO.splitlines()[1]),
        ("Кафе «Pushkin» на углу.", "Кафе «Pushkin» на углу.", "Кафе «Pushkin» на углу."),
        ("A café called Пушкин.", "A café called Пушкин.", "A café called Пушкин."),
        ("Один.\nДва.\n\nOne.\nTwo.", "Один.\nДва.", "One.\nTwo."),
        ("1812", "1812", "1812"),
        ("", "", ""),
    ],
)
def test_a_description_is_read_in_the_readers_language_where_it_has_it(
    description: str, ru: str, en: str
) -> None:
    place = Place("x", "Башня", description=description)
    assert place.description_in("ru") == ru
    assert place.description_in("en") == en


def test_a_key_is_short_and_stable_and_tells_places_apart() -> None:
    keys = {Place(place_id, "same name").key for place_id in ("a", "b", "ж" * 64, "x" * 64)}
    assert len(keys) == 4
    assert all(len(key) == 11 and ":" not in key and key.isascii() for key in keys)
    assert Place("Q42", "one name").key == Place("Q42", "another").key == "kviyvl9pamU"
