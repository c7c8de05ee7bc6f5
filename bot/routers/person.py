"""What a person decides about themselves: /language, /privacy, /forget."""

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.buttons import ChooseLanguage
from bot.callbacks import acknowledge
from bot.errors import ButtonExpired
from bot.filters import own_command, shown_message
from bot.keyboards import language_keyboard
from bot.locations import KEPT_S, Locations
from bot.menu import reset_menu_of, set_menu_of
from bot.texts import WORDINGS, days_in_words
from core.querylog import QueryLog


async def offer_languages(message: Message, language: str) -> None:
    """Ask which language to answer in."""
    await message.answer(WORDINGS[language].choose_language, reply_markup=language_keyboard())


async def set_language(
    callback: CallbackQuery,
    callback_data: ChooseLanguage,
    message: Message,
    bot: Bot,
    query_log: QueryLog,
    user_hash: str,
) -> None:
    """Answer in the chosen language from now on.

    Raises:
        ButtonExpired: the bot no longer speaks it.
    """
    if callback_data.language not in WORDINGS:
        raise ButtonExpired("the bot does not speak the language of a button")
    await query_log.choose_language(user_hash, callback_data.language)
    await acknowledge(callback)
    if message.chat.type == ChatType.PRIVATE:
        await set_menu_of(bot, message.chat.id, callback_data.language)
    await message.answer(WORDINGS[callback_data.language].language_chosen)


async def explain_privacy(message: Message, language: str, log_retention_days: int) -> None:
    """Say what is stored and for how long."""
    days = days_in_words(log_retention_days, language)
    text = WORDINGS[language].privacy
    await message.answer(text.format(days=days, minutes=KEPT_S // 60))


async def forget_person(
    message: Message,
    bot: Bot,
    language: str,
    query_log: QueryLog,
    user_hash: str,
    locations: Locations,
) -> None:
    """Delete all that is stored about the person."""
    queries = await query_log.forget(user_hash)
    if message.from_user:
        locations.forget(message.from_user.id)
    if message.chat.type == ChatType.PRIVATE:
        await reset_menu_of(bot, message.chat.id)
    await message.answer(WORDINGS[language].forgotten.format(queries=queries))


def build_router() -> Router:
    """Commands about the person's own data."""
    router = Router(name=__name__)
    for name, handler in (
        ("language", offer_languages),
        ("privacy", explain_privacy),
        ("forget", forget_person),
    ):
        router.message.register(handler, F.text, Command(name), own_command)
    router.callback_query.register(set_language, ChooseLanguage.filter(), shown_message)
    return router
