"""Buttons about a place: its card, the map, more photos, what is near it."""

from typing import Any

from aiogram import F, Router
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, Message

from bot.answers import address, describe_card, describe_place, name_place
from bot.buttons import ShowCard, ShowMap, ShowNearby, ShowPhotos
from bot.callbacks import acknowledge
from bot.errors import PlaceGone
from bot.filters import shown_message
from bot.keyboards import card_keyboard, more_photos_keyboard
from bot.locations import Locations
from bot.media import MAX_ALBUM, Albums, Captioned
from bot.nearby import reply_nearby
from bot.texts import WORDINGS
from core.guide import CityGuide
from core.places import Photo, Place, Point


async def place_meant(
    callback: CallbackQuery,
    callback_data: ShowCard | ShowMap | ShowPhotos | ShowNearby,
    guide: CityGuide,
) -> dict[str, Any]:
    """Filter: the place that a button is about, as ``place``.

    Raises:
        PlaceGone: the guide served now does not have it.
    """
    place = guide.catalogue.place(callback_data.place)
    if place is None:
        raise PlaceGone("the place of a button is not in this snapshot")
    return {"place": place}


def _photos_of(place: Place, guide: CityGuide) -> list[Photo]:
    """The photos of a place but those cleaned away since the guide was published."""
    photos = guide.catalogue.photos_of(place)
    return [photo for photo in photos if guide.photo_file(photo).is_file()]


def position_of(place: Place) -> Point:
    """Where a place is, for buttons that only places with a position have.

    Raises:
        PlaceGone: the guide served now does not know.
    """
    if place.point is None:
        raise PlaceGone("the place of a button has no position in this snapshot")
    return place.point


async def show_card(
    callback: CallbackQuery,
    callback_data: ShowCard,
    message: Message,
    place: Place,
    guide: CityGuide,
    albums: Albums,
    locations: Locations,
    language: str,
) -> None:
    """Tell what is known about a place, with a photo of it."""
    await acknowledge(callback)
    alone = message.chat.type == ChatType.PRIVATE  # a group need not know how far away somebody is
    here = locations.of(callback.from_user.id) if alone else None
    text = describe_card(place, language, here=here)
    keyboard = card_keyboard(place, callback_data.query, language)
    photos = [Captioned(photo, text) for photo in _photos_of(place, guide)[:1]]
    if not await albums.reply(message, photos, keyboard):
        await message.reply(text, reply_markup=keyboard)


async def show_map(callback: CallbackQuery, message: Message, place: Place, language: str) -> None:
    """Send a place as a venue."""
    point = position_of(place)
    await acknowledge(callback)
    await message.reply_venue(
        point.lat,
        point.lon,
        title=place.name_in(language),
        address=address(place, language),
    )


async def show_photos(
    callback: CallbackQuery,
    callback_data: ShowPhotos,
    message: Message,
    place: Place,
    guide: CityGuide,
    albums: Albums,
    language: str,
) -> None:
    """Show further photos of a place: an album, in a group one at a time."""
    wording, first = WORDINGS[language], callback_data.first
    alone = message.chat.type == ChatType.PRIVATE
    photos = _photos_of(place, guide)
    last = min(first + (MAX_ALBUM if alone else 1), len(photos))
    if first >= last:
        await acknowledge(callback, wording.no_more_photos)
        return
    await acknowledge(callback)
    caption = describe_place(place, language)
    sentence = wording.photos_shown if last - first > 1 else wording.photo_shown
    count = sentence.format(first=first + 1, last=last, total=len(photos))
    more = more_photos_keyboard(place, last, language) if last < len(photos) else None
    if last - first == 1:
        only = Captioned(photos[first], f"{caption}\n{count}")
        counted = await albums.reply(message, [only], more)
    else:
        shown = [Captioned(photo, caption) for photo in photos[first:last]]
        counted = await albums.reply(message, shown) and more is None
    if not counted:
        await message.answer(count, reply_markup=more)


async def show_nearby(
    callback: CallbackQuery,
    callback_data: ShowNearby,
    message: Message,
    place: Place,
    guide: CityGuide,
    language: str,
) -> None:
    """List the places around a place."""
    point = position_of(place)
    await acknowledge(callback)
    others = [
        near for near in guide.catalogue.nearest(point) if near.place.place_id != place.place_id
    ]
    title = WORDINGS[language].near_place.format(name=name_place(place, language))
    await reply_nearby(message, others, callback_data, title=title, language=language)


def build_router() -> Router:
    """Everything that can be asked about a place by a button."""
    router = Router(name=__name__)
    for button, handler in (
        (ShowCard, show_card),
        (ShowMap, show_map),
        (ShowPhotos, show_photos),
    ):
        router.callback_query.register(handler, button.filter(), shown_message, place_meant)
    around_place = ShowNearby.filter(F.place != "")
    router.callback_query.register(show_nearby, around_place, shown_message, place_meant)
    return router
