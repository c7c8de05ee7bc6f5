"""A list of places by their distance, a page at a time."""

from collections.abc import Sequence

from aiogram.types import Message

from bot.answers import describe_nearby
from bot.buttons import ShowNearby
from bot.keyboards import places_keyboard
from bot.texts import WORDINGS
from core.catalogue import NearbyPlace

PAGE = 5
CLOSE_BY_M = 5_000  # what one may walk to or see from a bus stop


async def reply_nearby(
    message: Message,
    nearest: Sequence[NearbyPlace],
    asked: ShowNearby,
    *,
    title: str,
    language: str,
    intro: str = "",
) -> None:
    """Answer with the page that was asked for, the nearest first, and a button for each place.

    Args:
        nearest: all places, the nearest first.
        title: stands above places that are close by; when none is, that is said instead.
        intro: what else there is to say first.
    """
    page = nearest[asked.first : asked.first + PAGE]
    if not page:
        await message.reply(intro + WORDINGS[language].no_positions)
        return
    if nearest[0].distance_m > CLOSE_BY_M:
        title = WORDINGS[language].nothing_near
    following = ShowNearby(place=asked.place, first=asked.first + PAGE)
    keyboard = places_keyboard(
        (near.place for near in page),
        language,
        more=following if nearest[following.first :] else None,
    )
    text = f"{intro}{title}\n{describe_nearby(page, language)}"
    await message.reply(text, reply_markup=keyboard)
