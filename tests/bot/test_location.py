from time import time
from typing import Any

import pytest
from aiogram.types import ReplyKeyboardMarkup
from PIL import Image

from bot.buttons import ShowCard, ShowNearby
from bot.locations import KEPT_S, MAX_LIVE_S, MAX_PEOPLE, Locations
from core.catalogue import Catalogue
from core.places import Photo, Place, Point
from tests.bot.conftest import KREMLIN, Chat
from tests.bot.html_text import visible_text
from tests.bot.telegram import buttons, document, edited, photo, press, update
from tests.doubles import coloured_photo, encoded

HERE = Point(56.328, 44.0)
LOCATION = {"location": {"latitude": 56.328, "longitude": 44.0}}
LIVE = {"location": {"latitude": 56.328, "longitude": 44.0, "live_period": 3600}}


async def test_a_shared_location_is_answered_with_what_is_near(chat: Chat) -> None:
    [answer] = await chat.feed(update(**LOCATION, language="ru"))
    assert visible_text(answer.text).splitlines() == [
        "Запомнил, где вы, на 30 мин: учту это, когда пришлёте фото.",
        "",
        "Рядом с вами:",
        "• Кремль — 180 м",
        "• Чкаловская лестница — 670 м",
    ]
    assert list(buttons(answer)) == ["Кремль", "Чкаловская лестница"]


async def test_a_shared_location_serves_to_recognise_photos_of_that_person_only(
    chat: Chat,
) -> None:
    await chat.feed(update(**LOCATION))
    answer, _ = await chat.feed(update(photo=photo()))
    assert "180 m from you" in answer.text
    await chat.feed(update(photo=photo(), sender=8))
    assert chat.guide.nears == [HERE, None]


async def test_where_a_photo_was_taken_counts_for_more_than_where_the_person_is(
    chat: Chat,
) -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (57.0, 37.5, 0.0), 3: "E", 4: (39.0, 54.0, 0.0)}
    chat.telegram.files["doc"] = encoded(coloured_photo("red"), exif=exif)
    await chat.feed(update(**LOCATION))
    await chat.feed(update(document=document(mime_type="image/jpeg")))
    assert chat.guide.nears == [Point(57.625, 39.9)]


async def test_a_live_location_is_followed_in_silence(chat: Chat) -> None:
    shared = update(**LIVE)
    [answer] = await chat.feed(shared)
    assert answer.text.startswith("I see where you are going")
    moved = {"location": {**LIVE["location"], "latitude": 56.33}}
    assert await chat.feed(edited(shared, **moved)) == []
    await chat.feed(update(photo=photo()))
    assert chat.guide.nears == [Point(56.33, 44.0)]


STARTED_LONG_AGO = {**LIVE, "date": int(time()) - 3500}  # as after an outage


@pytest.mark.parametrize(
    ("shared", "still_known"), [(LOCATION, False), (LIVE, True), (STARTED_LONG_AGO, False)]
)
async def test_a_live_location_is_remembered_as_long_as_it_is_shared(
    chat: Chat, shared: dict[str, Any], still_known: bool
) -> None:
    now = 0.0
    chat.dispatcher["locations"] = Locations(clock=lambda: now)
    await chat.feed(update(**shared))
    now = KEPT_S + 1.0
    await chat.feed(update(photo=photo()))
    assert chat.guide.nears == [HERE if still_known else None]


async def test_a_venue_is_a_location_too(chat: Chat) -> None:
    await chat.feed(update(**LOCATION, venue={**LOCATION, "title": "Café", "address": "1"}))
    await chat.feed(update(photo=photo()))
    assert chat.guide.nears == [HERE]


async def test_a_location_in_a_group_is_not_taken(chat: Chat) -> None:
    assert await chat.feed(update(**LOCATION, chat="supergroup")) == []
    moving = update(**LIVE, chat="supergroup")
    assert await chat.feed(edited(moving, **LIVE)) == []
    await chat.feed(update(photo=photo()))
    assert chat.guide.nears == [None]


async def test_nearby_asks_for_the_location_and_then_uses_it(chat: Chat) -> None:
    [question] = await chat.feed(update(text="/nearby"))
    assert isinstance(question.reply_markup, ReplyKeyboardMarkup)
    [[button]] = question.reply_markup.keyboard
    assert button.request_location
    await chat.feed(update(**LOCATION))
    [answer] = await chat.feed(update(text="/nearby"))
    assert visible_text(answer.text).splitlines()[:2] == ["Near you:", "• Kremlin — 180 m"]


async def test_nearby_in_a_group_does_not_ask_to_show_everybody_where_one_is(chat: Chat) -> None:
    [answer] = await chat.feed(update(text="/nearby@guide_bot", chat="group", language="ru"))
    assert "в личном чате, @guide_bot" in answer.text
    assert answer.reply_markup is None


async def test_a_group_is_not_told_how_far_away_somebody_is(chat: Chat) -> None:
    await chat.feed(update(**LOCATION))
    chat.guide.nears.clear()
    [answer] = await chat.feed(update(photo=photo(), caption="@guide_bot", chat="supergroup"))
    [card] = await chat.feed(press(ShowCard(query=0, place=KREMLIN.key).pack(), chat="supergroup"))
    [nearby] = await chat.feed(update(text="/nearby@guide_bot", chat="supergroup"))
    more = ShowNearby(place="").pack()
    [more_nearby] = await chat.feed(press(more, chat="supergroup"))
    said = [answer.caption, card.caption, nearby.text, more_nearby.text]
    assert not [text for text in said if " m" in text and "from you" in text]
    assert not [text for text in said if "Kremlin —" in text]
    assert chat.guide.nears == [HERE]  # it still helps to recognise the photo


async def test_what_is_near_comes_page_by_page(chat: Chat) -> None:
    places = [Place(str(n), f"Place {n}", point=Point(56.328 + n / 100, 44)) for n in range(12)]
    photos = [Photo(str(n), str(n), "0.jpg", 1, 1) for n in range(12)]
    chat.guide.catalogue = Catalogue(places[::-1], photos)
    [page] = await chat.feed(update(**LOCATION))
    listed = []
    while True:
        assert "Near you:" in visible_text(page.text), "the list is of what is near, to its end"
        listed += [line for line in visible_text(page.text).splitlines() if line.startswith("•")]
        more = buttons(page).get("More ▸")
        if more is None:
            break
        [page] = await chat.feed(press(more))
    assert [line.partition(" — ")[0] for line in listed] == [f"• Place {n}" for n in range(12)]


async def test_more_of_what_is_near_asks_again_once_the_location_is_forgotten(chat: Chat) -> None:
    [question] = await chat.feed(press(ShowNearby(place="", first=5).pack()))
    assert question.text.startswith("Send me your location")


async def test_far_from_everything_the_nearest_is_told_honestly(chat: Chat) -> None:
    [answer] = await chat.feed(update(location={"latitude": 55.75, "longitude": 37.62}))
    text = visible_text(answer.text)
    assert text.splitlines() == [
        "I will remember where you are for 30 min and use it when you send a photo.",
        "",
        "There is nothing close by. The nearest:",
        "• Kremlin — 402 km",
        "• Chkalov Stairs — 402 km",
    ]


async def test_without_any_positions_that_is_said(chat: Chat) -> None:
    chat.guide.catalogue = Catalogue([], [])
    [answer] = await chat.feed(update(**LOCATION))
    kept, _, sorry = answer.text.partition("\n\n")
    assert kept.startswith("I will remember where you are")
    assert "do not know where the places are" in sorry


def test_a_location_is_forgotten_after_a_while_and_a_live_one_when_it_ends() -> None:
    now = 0.0
    locations = Locations(clock=lambda: now)
    locations.remember(1, HERE)
    locations.remember(2, HERE, live_s=KEPT_S * 3)
    locations.remember(3, HERE, live_s=0x7FFFFFFF)
    known: list[Any] = []
    for now in (KEPT_S - 1, KEPT_S, KEPT_S * 3 - 1, KEPT_S * 3, MAX_LIVE_S):  # noqa: B007
        known.append([user for user in (1, 2, 3) if locations.of(user)])
    assert known == [[1, 2, 3], [2, 3], [2, 3], [3], []]


def test_a_position_whose_time_is_over_is_dropped_whoever_is_spoken_of() -> None:
    now = 0.0
    locations = Locations(clock=lambda: now)
    locations.remember(1, HERE)
    now = KEPT_S
    assert locations.of(2) is None
    assert len(locations) == 0
    locations.remember(1, HERE)
    now = 2 * KEPT_S
    locations.remember(2, HERE)
    assert len(locations) == 1


def test_locations_are_bounded_and_the_oldest_goes_first() -> None:
    locations = Locations()
    for user in range(MAX_PEOPLE):
        locations.remember(user, HERE)
    locations.remember(0, HERE)
    locations.remember(MAX_PEOPLE, HERE)
    assert locations.of(0) == locations.of(MAX_PEOPLE) == HERE
    assert locations.of(1) is None


@pytest.mark.parametrize("user", [1, 2])
def test_a_person_can_be_forgotten_known_or_not(user: int) -> None:
    locations = Locations()
    locations.remember(1, HERE)
    locations.forget(user)
    assert locations.of(user) is None
