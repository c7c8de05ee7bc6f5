from dataclasses import replace
from typing import Any

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import (
    AnswerCallbackQuery,
    SendMediaGroup,
    SendMessage,
    SendPhoto,
    SendVenue,
)

from bot.buttons import ShowCard, ShowMap, ShowNearby, ShowPhotos
from core.catalogue import Catalogue
from core.places import Place, Point
from tests.bot.conftest import CHURCH, KREMLIN, PHOTOS, Chat
from tests.bot.html_text import visible_text
from tests.bot.telegram import buttons, photo, press, update

STANDING_HERE = {"location": {"latitude": 56.328, "longitude": 44.0}}


async def answer_to_a_photo(chat: Chat, /, **about: Any) -> Any:
    chat.guide.places = [(KREMLIN, 0.9), (CHURCH, 0.1)]
    return (await chat.feed(update(photo=photo(), caption="@guide_bot", **about)))[0]


async def test_pressing_a_candidate_shows_its_card_with_a_photo(chat: Chat) -> None:
    answer = await answer_to_a_photo(chat)
    [card] = await chat.feed(press(buttons(answer)["Kremlin"]))
    assert isinstance(card, SendPhoto)
    assert visible_text(card.caption).splitlines() == [
        "Kremlin",
        "Нижний Новгород",
        "fortress, fortification · tower",
        "",
        "Red walls above where two rivers meet.",
    ]
    assert list(buttons(card)) == [
        "✅ That's it", "❌ Not it",
        "🗺 On the map", "🖼 More photos", "📍 Nearby",
        "📖 Wikipedia",
    ]  # fmt: skip
    assert any(isinstance(call, AnswerCallbackQuery) for call in chat.telegram.calls)


async def test_a_card_is_in_the_language_of_who_pressed(chat: Chat) -> None:
    answer = await answer_to_a_photo(chat, chat="supergroup")
    [card] = await chat.feed(
        press(buttons(answer)["Kremlin"], chat="supergroup", language="ru", sender=8)
    )
    assert visible_text(card.caption).splitlines()[-1] == "Красные стены над слиянием рек."


async def test_a_card_tells_the_distance_once_the_location_is_known(chat: Chat) -> None:
    await chat.feed(update(**STANDING_HERE))
    answer = await answer_to_a_photo(chat)
    [card] = await chat.feed(press(buttons(answer)["Kremlin"]))
    assert "180 m from you" in visible_text(card.caption).splitlines()


async def test_a_card_links_to_the_article_in_the_readers_language_or_the_other(
    chat: Chat,
) -> None:
    answer = await answer_to_a_photo(chat)
    for language, wikis in (("ru", "ruwiki,enwiki"), ("en", "enwiki,ruwiki")):
        [card] = await chat.feed(press(buttons(answer)["Kremlin"], language=language))
        [link] = [button for button in buttons(card).values() if button.url]
        assert link.url == (
            f"https://www.wikidata.org/wiki/Special:GoToLinkedPage/{wikis}/Q1193548"
        )


async def test_a_card_offers_only_what_is_known_of_the_place(chat: Chat) -> None:
    answer = await answer_to_a_photo(chat)
    [card] = await chat.feed(press(buttons(answer)["Церковь <Спаса> & Ко"]))
    assert list(buttons(card)) == ["✅ That's it", "❌ Not it", "🖼 More photos"]


async def test_a_card_of_a_place_found_by_words_asks_for_no_feedback(chat: Chat) -> None:
    _, below = await chat.feed(update(text="fortress"))
    [card] = await chat.feed(press(buttons(below)["Kremlin"]))
    assert "✅ That's it" not in buttons(card)


async def test_a_card_shows_the_first_photo_that_is_still_there(chat: Chat) -> None:
    (chat.guide.folder / "0.jpg").unlink()
    [card] = await chat.feed(press(ShowCard(query=0, place=KREMLIN.key).pack()))
    assert card.photo.path.name == "1.jpg"


async def test_a_card_without_a_photo_on_disk_is_text(chat: Chat) -> None:
    answer = await answer_to_a_photo(chat)
    for file in chat.guide.folder.glob("*.jpg"):
        file.unlink()
    [card] = await chat.feed(press(buttons(answer)["Kremlin"]))
    assert isinstance(card, SendMessage)
    assert "Red walls" in card.text
    assert "📍 Nearby" in buttons(card)


async def test_the_map_shows_the_place_as_a_venue(chat: Chat) -> None:
    answer = await answer_to_a_photo(chat, language="ru")
    [venue] = await chat.feed(press(buttons(answer)["🗺 На карте"], language="ru"))
    assert isinstance(venue, SendVenue)
    assert (venue.latitude, venue.longitude) == (56.328, 44.003)
    assert (venue.title, venue.address) == ("Кремль", "Нижний Новгород")


async def test_more_photos_come_as_albums_until_there_are_no_more(chat: Chat) -> None:
    album, below = await chat.feed(press(ShowPhotos(place=KREMLIN.key).pack()))
    assert isinstance(album, SendMediaGroup)
    assert len(album.media) == 10
    assert below.text == f"Photos 1–10 of {PHOTOS}"
    [last] = await chat.feed(press(buttons(below)["🖼 More photos"]))
    shown = [item.media.path.name for item in album.media + last.media]
    assert len(set(shown)) == len(shown) == PHOTOS


async def test_more_photos_of_a_card_leave_out_the_one_it_has(chat: Chat) -> None:
    [card] = await chat.feed(press(ShowCard(query=0, place=KREMLIN.key).pack()))
    album, below = await chat.feed(press(buttons(card)["🖼 More photos"]))
    assert card.photo.path.name == "0.jpg"
    assert [item.media.path.name for item in album.media] == [f"{n}.jpg" for n in range(1, 11)]
    assert below.text == f"Photos 2–11 of {PHOTOS}"


async def test_that_there_are_no_more_photos_is_said(chat: Chat) -> None:
    beyond = ShowPhotos(place=KREMLIN.key, first=PHOTOS).pack()
    assert await chat.feed(press(beyond, language="ru")) == []
    [toast] = chat.telegram.alerts
    assert toast.text == "Больше фотографий этого места нет."


async def test_in_a_group_more_photos_come_one_by_one_with_the_button_on_them(
    chat: Chat,
) -> None:
    answer = await answer_to_a_photo(chat, chat="group")
    [first] = await chat.feed(press(buttons(answer)["🖼 More photos"], chat="group"))
    assert isinstance(first, SendPhoto)
    assert visible_text(first.caption).endswith(f"\nPhoto 1 of {PHOTOS}")
    [second] = await chat.feed(press(buttons(first)["🖼 More photos"], chat="group"))
    assert second.photo != first.photo


@pytest.mark.parametrize("kind", ["private", "supergroup"])
async def test_photos_that_were_cleaned_away_are_left_out_and_not_counted(
    chat: Chat, kind: str
) -> None:
    for number in (3, 14):
        (chat.guide.folder / f"{number}.jpg").unlink()
    shown, data = list[str](), ShowPhotos(place=KREMLIN.key).pack()
    while data:
        sent = await chat.feed(press(data, chat=kind))
        assert sent, "a button never does nothing"
        [photos, *_], counted = sent, sent[-1]
        files = (
            [item.media for item in photos.media]
            if isinstance(photos, SendMediaGroup)
            else [photos.photo]
        )
        shown += [file.path.name for file in files]
        below = {} if isinstance(counted, SendMediaGroup) else buttons(counted)
        data = below["🖼 More photos"].callback_data if below else ""
    assert shown == [f"{number}.jpg" for number in range(PHOTOS) if number not in (3, 14)]


@pytest.mark.parametrize("kind", ["private", "supergroup"])
async def test_photos_telegram_refuses_do_not_end_the_paging(chat: Chat, kind: str) -> None:
    for method in (SendMediaGroup(chat_id=7, media=[]), SendPhoto(chat_id=7, photo="x")):
        refusal = TelegramBadRequest(method, "Bad Request: IMAGE_PROCESS_FAILED")
        chat.telegram.failures[type(method)] = [refusal]
    [count] = await chat.feed(press(ShowPhotos(place=KREMLIN.key).pack(), chat=kind))
    assert count.text.startswith("Photo")
    assert "🖼 More photos" in buttons(count)


async def test_nearby_lists_the_other_places_by_distance(chat: Chat) -> None:
    answer = await answer_to_a_photo(chat, language="ru")
    [near] = await chat.feed(press(buttons(answer)["📍 Рядом"], language="ru"))
    assert visible_text(near.text).splitlines() == [
        "Рядом с местом «Кремль»:",
        "• Чкаловская лестница — 510 м",
    ]
    [card] = await chat.feed(press(buttons(near)["Чкаловская лестница"], language="ru"))
    assert visible_text(card.caption).startswith("Чкаловская лестница\n")


async def test_more_of_what_is_near_a_place_is_near_the_same_place(chat: Chat) -> None:
    places = [Place(str(n), f"Place <{n}>", point=Point(56.328 + n / 100, 44)) for n in range(8)]
    photos = [replace(chat.guide.photo(n), place_id=str(n)) for n in range(8)]
    chat.guide.catalogue = Catalogue(places, photos)
    [page] = await chat.feed(press(ShowNearby(place=places[0].key).pack()))
    [rest] = await chat.feed(press(buttons(page)["More ▸"]))
    assert visible_text(rest.text).splitlines() == [
        "Near “Place <0>”:", "• Place <6> — 6.7 km", "• Place <7> — 7.8 km",
    ]  # fmt: skip


@pytest.mark.parametrize("label", ["Kremlin", "🗺 On the map", "🖼 More photos", "📍 Nearby"])
async def test_a_place_that_the_guide_no_longer_has_is_explained(chat: Chat, label: str) -> None:
    answer = await answer_to_a_photo(chat)
    chat.guide.catalogue = Catalogue([], [])
    assert await chat.feed(press(buttons(answer)[label])) == []
    [alert] = chat.telegram.alerts
    assert (alert.text, alert.show_alert) == ("This place is no longer in the guide.", True)


async def test_a_place_that_has_lost_its_position_is_explained(chat: Chat) -> None:
    await chat.feed(press(ShowMap(place=CHURCH.key).pack()))
    [alert] = chat.telegram.alerts
    assert alert.show_alert


@pytest.mark.parametrize(
    "data", ["", "card", "card:x:y", f"photos:{KREMLIN.key}:-1", "old_button:1", "more:9:1:1"]
)
async def test_a_button_nobody_knows_is_explained_not_left_spinning(chat: Chat, data: str) -> None:
    assert await chat.feed(press(data, language="ru")) == []
    [alert] = chat.telegram.alerts
    assert alert.text == "Эта кнопка устарела. Задайте вопрос, пожалуйста, ещё раз."


async def test_a_button_of_a_message_that_is_too_old_is_explained(chat: Chat) -> None:
    answer = await answer_to_a_photo(chat)
    await chat.feed(press(buttons(answer)["Kremlin"], accessible=False))
    [alert] = chat.telegram.alerts
    assert "too old" in alert.text


async def test_a_press_that_is_answered_late_still_shows_the_card(chat: Chat) -> None:
    answer = await answer_to_a_photo(chat)
    chat.telegram.failures[AnswerCallbackQuery] = [
        TelegramBadRequest(AnswerCallbackQuery(callback_query_id="1"), "query is too old")
    ]
    [card] = await chat.feed(press(buttons(answer)["Kremlin"]))
    assert "Red walls" in card.caption


async def test_a_late_press_on_a_place_that_is_gone_is_explained_in_the_chat(chat: Chat) -> None:
    answer = await answer_to_a_photo(chat)
    chat.guide.catalogue = Catalogue([], [])
    chat.telegram.failures[AnswerCallbackQuery] = [
        TelegramBadRequest(AnswerCallbackQuery(callback_query_id="1"), "query is too old")
    ]
    [told] = await chat.feed(press(buttons(answer)["Kremlin"]))
    assert told.text == "This place is no longer in the guide."


@pytest.mark.parametrize(
    ("wikidata", "item"),
    [("Q42", "Q42"), ("https://www.wikidata.org/wiki/Q42", "Q42"), ("", None), ("Queen", None)],
)
async def test_a_link_needs_an_item_of_wikidata(
    chat: Chat, wikidata: str, item: str | None
) -> None:
    place = Place("kremlin", "Кремль", wikidata=wikidata)
    chat.guide.catalogue = Catalogue([place], [chat.guide.photo(0)])
    chat.guide.places = [(place, 1.0)]
    answer = (await chat.feed(update(photo=photo())))[0]
    [card] = await chat.feed(press(buttons(answer)["Кремль"]))
    links = [button.url.rpartition("/")[2] for button in buttons(card).values() if button.url]
    assert links == ([item] if item else [])
