from dataclasses import replace

import pytest

from bot.answers import (
    address,
    describe_card,
    describe_nearby,
    describe_place,
    describe_recognition,
    list_places,
)
from core.answers import PhotoHit, RankedPlace, Recognition
from core.catalogue import NearbyPlace
from core.places import Photo, Place, Point
from core.text_search import Why
from core.vote import CategoryShare
from tests.bot.conftest import CHURCH, KREMLIN
from tests.bot.html_text import visible_text

PHOTO = Photo("0" * 16, "kremlin", "0.jpg", 64, 48)


def recognition(*places: tuple[Place, float], confident: bool = True) -> Recognition:
    return Recognition(
        confident=confident,
        places=tuple(RankedPlace(place, share, PHOTO) for place, share in places),
        categories=(CategoryShare("towers", 0.75), CategoryShare("churches", 0.25)),
        photos=(),
        timings_ms={},
        snapshot="v1",
    )


def test_a_confident_answer_leads_with_the_best_guess_and_offers_the_others() -> None:
    found = recognition((KREMLIN, 0.874), (CHURCH, 0.126))
    assert visible_text(describe_recognition(found, "ru")).splitlines() == [
        "Кремль — почти наверняка",
        "Нижний Новгород",
        "крепость, укрепление · башня",
        "",
        "Другие варианты:",
        "• Церковь <Спаса> & Ко, Ярославль — маловероятно",
    ]


def test_a_brief_answer_leaves_the_other_candidates_to_the_buttons() -> None:
    found = recognition((KREMLIN, 0.7), (CHURCH, 0.3))
    assert visible_text(describe_recognition(found, "en", brief=True)).splitlines() == [
        "Kremlin — most likely",
        "Нижний Новгород",
        "fortress, fortification · tower",
    ]


def test_an_unsure_answer_claims_nothing_and_offers_all_candidates_alike() -> None:
    found = recognition((KREMLIN, 0.9), (CHURCH, 0.1), confident=False)
    for brief in (True, False):
        assert visible_text(describe_recognition(found, "en", brief=brief)).splitlines() == [
            "I am not sure which place this is. Perhaps it is one of these:",
            "• Kremlin, Нижний Новгород — possibly",
            "• Церковь <Спаса> & Ко, Ярославль — unlikely",
            "",
            "What it looks like: tower · church",
        ]


def test_a_category_that_another_one_implies_is_not_named() -> None:
    found = replace(
        recognition((KREMLIN, 1.0), confident=False),
        categories=(CategoryShare("architecture", 0.6), CategoryShare("lighthouses", 0.4)),
    )
    assert describe_recognition(found, "en").endswith("What it looks like: lighthouse")


def test_an_answer_tells_how_far_the_place_is_when_both_positions_are_known() -> None:
    here = Point(56.328, 44.0)
    text = visible_text(describe_recognition(recognition((KREMLIN, 1.0)), "ru", here=here))
    assert text.splitlines()[-1] == "180 м от вас"
    assert "from you" not in describe_recognition(recognition((CHURCH, 1.0)), "en", here=here)


def test_no_candidates_at_all_is_said_plainly() -> None:
    assert "не узнаю" in describe_recognition(recognition(confident=False), "ru").lower()


def test_a_caption_has_the_place_its_city_and_its_categories() -> None:
    assert visible_text(describe_place(KREMLIN, "en")).splitlines()[:2] == [
        "Kremlin",
        "Нижний Новгород",
    ]
    assert "tower" in describe_place(KREMLIN, "en")
    assert "башня" in describe_place(KREMLIN, "ru")


def test_what_is_unknown_about_a_place_leaves_no_empty_line() -> None:
    assert visible_text(describe_place(Place("x", "Дом"), "ru")) == "Дом"


@pytest.mark.parametrize("language", ["ru", "en"])
def test_answers_fit_into_a_message_however_long_the_data(language: str) -> None:
    endless = Place(
        "x", "<&я" * 2000, "", ("k" * 5000,), "&<" * 2000, KREMLIN.point,
        description="й<&>" * 2000,
    )  # fmt: skip
    for caption in (
        describe_place(endless, language),
        describe_card(endless, language, Point(0, 0)),
        describe_recognition(recognition(*[(endless, 0.2)] * 5), language, brief=True),
    ):
        assert visible_text(caption).startswith("<&я<&я")
        assert len(visible_text(caption)) <= 1024
    hits = [PhotoHit(PHOTO, Place(str(n), "&" * 5000), 0.5, Why.NAME) for n in range(5)]
    assert 0 < len(visible_text(list_places(hits, language))) <= 4096
    near = describe_nearby([NearbyPlace(endless, 1e7)] * 5, language)
    assert 0 < len(visible_text(near)) <= 4096
    for confident in (True, False):
        found = recognition(*[(endless, 0.2)] * 5, confident=confident)
        assert 0 < len(visible_text(describe_recognition(found, language))) <= 4096


def test_an_unsure_answer_of_long_names_fits_into_a_caption() -> None:
    places = [(Place(str(n), "Ж" * 500, "", (), "Ч" * 500), 0.2) for n in range(5)]
    found = recognition(*places, confident=False)
    assert len(visible_text(describe_recognition(found, "ru", brief=True))) <= 1024


def test_a_card_has_all_that_is_known_in_the_readers_language() -> None:
    assert visible_text(describe_card(KREMLIN, "en", Point(56.0, 44.0))).splitlines() == [
        "Kremlin",
        "Нижний Новгород",
        "fortress, fortification · tower",
        "36 km from you",
        "",
        "Red walls above where two rivers meet.",
    ]
    assert visible_text(describe_card(KREMLIN, "ru")).splitlines()[-1] == (
        "Красные стены над слиянием рек."
    )
    assert visible_text(describe_card(Place("x", "Дом"), "ru")) == "Дом"


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (KREMLIN, "Нижний Новгород"),
        (Place("x", "Дом", "House", ("towers",)), "tower"),
        (Place("x", "Дом & <b>", ""), "Дом & <b>"),
    ],
)
def test_on_a_map_there_is_always_something_below_the_name(place: Place, shown: str) -> None:
    assert address(place, "en") == shown
