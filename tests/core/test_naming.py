import pytest

from core.naming import SURE, Meant, Naming
from core.places import Place

RED = Place("red", "Красная башня (построена в 1491 году)", "Bellerophon", ("towers",))
MILL = Place("mill", "Старая мельница", "Old Windmill", ("mills",))
PALACE = Place("palace", "Дворец культуры", "", ("palaces", "theatres"))
NAMELESS = Place("nameless", "!!!")
PLACES = (RED, MILL, PALACE, NAMELESS)


def meant(text: str, *places: Place) -> Meant:
    return Naming(places or PLACES).meant(text)


def named(text: str) -> list[Place]:
    return [place for place, sure in zip(PLACES, meant(text).names, strict=True) if sure >= SURE]


def of_kind(text: str) -> list[Place]:
    return [place for place, sure in zip(PLACES, meant(text).kinds, strict=True) if sure >= SURE]


@pytest.mark.parametrize(
    "text", ["красная башня", "Bellerophon", "krasnaya bashnya", "красную башню"]
)
def test_either_name_is_a_name_and_brackets_are_not_asked_for(text: str) -> None:
    assert named(text) == [RED]


def test_a_word_for_a_category_names_its_places() -> None:
    assert of_kind("театры") == of_kind("theater") == [PALACE]
    park = Place("park", "Аптекарский огород", kinds=("gardens_and_parks",))  # "парк, сад"
    assert min(meant(word, park).kinds[0] for word in ("парк", "сад", "garden")) >= SURE


@pytest.mark.parametrize(
    ("kind", "forms"),
    [
        ("castles", ["замок", "замки", "замка", "замков"]),
        ("museums", ["музей", "музеи", "музея", "музеев"]),
        ("marketplaces", ["рынок", "рынки", "рынка", "рынков"]),
    ],
)
def test_a_word_that_loses_a_vowel_is_the_same_category(kind: str, forms: list[str]) -> None:
    place = Place("1", "Усадьба Ивановка", kinds=(kind,))
    assert all(meant(form, place).kinds[0] >= SURE for form in forms)


def test_words_that_many_names_share_name_none() -> None:
    names = ("Дворец а", "Дворец б", "Дворец в", "Дворец")
    palaces = [Place(name, name, kinds=("palaces",)) for name in names]
    assert meant("дворец", *palaces).names.max() < SURE


@pytest.mark.parametrize("text", ["старый дворец", "old tower", "old old tower"])
def test_an_adjective_names_no_place_of_another_category(text: str) -> None:
    assert MILL not in named(text)


def test_an_adjective_beside_the_place_s_own_category_is_part_of_its_name() -> None:
    assert named("old windmill") == named("старая мельница") == [MILL]


@pytest.mark.parametrize("name", ["Аграбад", "Пещеры Аграбада"])
def test_a_proper_name_beside_the_wrong_category_is_still_a_name(name: str) -> None:
    place = Place("agra", name, kinds=("churches",))
    assert meant("башня Аграбад", *PLACES, place).names[-1] >= SURE


def test_the_other_keyboard_layout_is_believed_if_it_names_something() -> None:
    assert meant("rhfcyfz ,fiyz").text == "красная башня"
    assert meant("ghbdtn").text == "ghbdtn"  # "hello", which nothing is called
    both = Place("1", "Ghbdtn"), Place("2", "Привет")
    assert meant("ghbdtn", *both).text == "ghbdtn"


@pytest.mark.parametrize("text", ["", "?!", "qwxzv", "!!!"])
def test_what_says_nothing_names_nothing(text: str) -> None:
    assert meant(text).named.tolist() == [0, 0, 0, 0]
