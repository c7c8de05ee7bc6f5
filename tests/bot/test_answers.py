from dataclasses import replace

import pytest

from bot.answers import describe_place, describe_recognition, list_places, percent
from core.guide import PhotoHit, RankedPlace, Recognition
from core.places import Photo, Place
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
        "Кремль — 87%",
        "Нижний Новгород",
        "крепость, укрепление · башня",
        "",
        "Другие варианты:",
        "• Церковь <Спаса> & Ко, Ярославль — 13%",
        "",
        "Категории похожих фотографий: башня 75% · церковь 25%",
    ]


def test_an_unsure_answer_claims_nothing_and_offers_all_candidates_alike() -> None:
    found = recognition((KREMLIN, 0.6), (CHURCH, 0.4), confident=False)
    first, *rest = visible_text(describe_recognition(found, "en")).splitlines()
    assert "not sure" in first
    assert rest[:2] == [
        "• Kremlin, Нижний Новгород — 60%",
        "• Церковь <Спаса> & Ко, Ярославль — 40%",
    ]


def test_a_category_that_another_one_implies_is_not_named() -> None:
    found = replace(
        recognition((KREMLIN, 1.0)),
        categories=(CategoryShare("architecture", 0.6), CategoryShare("lighthouses", 0.4)),
    )
    text = describe_recognition(found, "en")
    assert "lighthouse 40%" in text
    assert "architecture" not in text


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
    endless = Place("x", "<&я" * 2000, "", ("k" * 5000,), "&<" * 2000)
    caption = visible_text(describe_place(endless, language))
    assert caption.startswith("<&я<&я")
    assert 0 < len(caption) <= 1024
    hits = [PhotoHit(PHOTO, Place(str(n), "&" * 5000), 0.5, Why.NAME) for n in range(5)]
    assert 0 < len(visible_text(list_places(hits, language))) <= 4096
    for confident in (True, False):
        found = recognition(*[(endless, 0.2)] * 5, confident=confident)
        assert 0 < len(visible_text(describe_recognition(found, language))) <= 4096


@pytest.mark.parametrize(
    ("share", "shown"),
    [(1.0, "100%"), (0.874, "87%"), (0.005001, "1%"), (0.004, "<1%"), (0.0, "0%")],
)
def test_a_share_is_a_whole_percentage(share: float, shown: str) -> None:
    assert percent(share) == shown


def test_a_tiny_share_does_not_break_the_html() -> None:
    text = describe_recognition(recognition((KREMLIN, 0.998), (CHURCH, 0.002)), "en")
    assert "<1%" in visible_text(text)
