from bot.keyboards import MAX_LABEL_CHARS, places_keyboard
from core.places import Place


def labels(*places: Place) -> list[str]:
    return [row[0].text for row in places_keyboard(places, "ru").inline_keyboard]


def lenin(number: int, city: str) -> Place:
    return Place(str(number), "Памятник Ленину", city=city)


def test_places_of_one_name_are_told_apart_by_their_cities() -> None:
    others = Place("tower", "Башня", city="Владимир")
    found = labels(lenin(1, "Ярославль"), lenin(2, "Владимир"), others)
    assert found == ["Памятник Ленину, Ярославль", "Памятник Ленину, Владимир", "Башня"]


def test_places_of_one_name_in_one_city_are_numbered() -> None:
    found = labels(lenin(1, "Пермь"), lenin(2, "Пермь"), lenin(3, ""))
    assert found == ["Памятник Ленину, Пермь", "Памятник Ленину, Пермь (2)", "Памятник Ленину"]


def test_of_a_long_label_the_name_is_cut_and_not_what_tells_it_apart() -> None:
    long = [Place(str(n), "Б" * 90, city=city) for n, city in enumerate(("Пермь", "Т" * 90))]
    perm, other = labels(*long)
    assert perm.endswith("…, Пермь")
    assert "Т" in other
    assert len(perm) == len(other) == MAX_LABEL_CHARS
