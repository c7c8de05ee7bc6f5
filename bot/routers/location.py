"""Where the person is: shared, followed while live, and what there is to see around."""

from datetime import UTC, datetime

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Location, Message, User

from bot.buttons import ShowNearby
from bot.callbacks import acknowledge
from bot.filters import PRIVATE, own_command, shown_message
from bot.keyboards import location_keyboard
from bot.locations import KEPT_S, Locations
from bot.nearby import reply_nearby
from bot.texts import WORDINGS
from core.guide import CityGuide
from core.places import Point

AROUND_PERSON = ShowNearby(place="")


async def take_location(
    message: Message, location: Location, locations: Locations, guide: CityGuide, language: str
) -> None:
    """Remember where the person is and tell what is near."""
    here = _remember(message, location, locations)
    wording = WORDINGS[language]
    kept = wording.location_kept.format(minutes=KEPT_S // 60)
    await reply_nearby(
        message,
        guide.catalogue.nearest(here),
        AROUND_PERSON,
        title=wording.near_you,
        language=language,
        intro=f"{wording.location_followed if location.live_period else kept}\n\n",
    )


async def follow_location(message: Message, location: Location, locations: Locations) -> None:
    """Remember where the person has got to, in silence."""
    _remember(message, location, locations)


async def tell_nearby(
    message: Message, bot: Bot, guide: CityGuide, locations: Locations, language: str
) -> None:
    """Tell what is near the person, or ask where they are."""
    here = locations.of(message.from_user.id) if message.from_user else None
    if here is None or message.chat.type != ChatType.PRIVATE:
        await _ask_where(message, bot, language)
        return
    title = WORDINGS[language].near_you
    await reply_nearby(
        message, guide.catalogue.nearest(here), AROUND_PERSON, title=title, language=language
    )


async def tell_more_nearby(
    callback: CallbackQuery,
    callback_data: ShowNearby,
    message: Message,
    bot: Bot,
    guide: CityGuide,
    locations: Locations,
    language: str,
) -> None:
    """Tell what is near the person a little further away."""
    await acknowledge(callback)
    here = locations.of(callback.from_user.id)
    if here is None or message.chat.type != ChatType.PRIVATE:
        await _ask_where(message, bot, language)
        return
    title = WORDINGS[language].near_you
    await reply_nearby(
        message, guide.catalogue.nearest(here), callback_data, title=title, language=language
    )


def _remember(message: Message, location: Location, locations: Locations) -> Point:
    here = Point(location.latitude, location.longitude)
    age_s = (datetime.now(UTC) - message.date).total_seconds()
    sender: User | None = message.from_user
    if sender:
        locations.remember(sender.id, here, live_s=(location.live_period or 0) - age_s)
    return here


async def _ask_where(message: Message, bot: Bot, language: str) -> None:
    """Ask for the location; in a group everybody would see it, and what is near tells it, too."""
    wording = WORDINGS[language]
    if message.chat.type == ChatType.PRIVATE:
        keyboard = location_keyboard(language)
        await message.answer(wording.location_needed, reply_markup=keyboard)
        return
    username = (await bot.me()).username
    await message.reply(wording.location_needed_in_group.format(username=username))


def build_router() -> Router:
    """Locations in private chats, and /nearby."""
    router = Router(name=__name__)
    location = F.location.as_("location")
    router.message.register(take_location, PRIVATE, location)
    router.edited_message.register(follow_location, PRIVATE, location)
    router.message.register(tell_nearby, F.text, Command("nearby"), own_command)
    around_person = ShowNearby.filter(F.place == "")
    router.callback_query.register(tell_more_nearby, around_person, shown_message)
    return router
