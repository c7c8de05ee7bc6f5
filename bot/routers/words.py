"""Words in, photos of places out."""

from typing import Any

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, Message

from bot.answers import describe_place, list_places
from bot.buttons import ShowMore
from bot.callbacks import acknowledge
from bot.errors import QuestionGone
from bot.filters import asked_in_words, mentions_of, only_mentioned, shown_message
from bot.keyboards import places_keyboard
from bot.media import Albums, Captioned
from bot.middlewares.query import OpenQuery
from bot.texts import WORDINGS
from bot.typing_status import typing_status
from core.answers import PhotoHit
from core.guide import CityGuide
from core.querylog import QueryLog
from core.words import MAX_QUERY_CHARS

PAGE = 5


async def asked_words(message: Message, bot: Bot) -> dict[str, Any]:
    """Filter: the text without mentions of this bot, as ``words``; the guide reads no more."""
    words = mentions_of(await bot.me()).sub(" ", message.text or "")
    return {"words": words.strip()[:MAX_QUERY_CHARS]}


async def say_how_to_mention(message: Message, bot: Bot, language: str) -> None:
    """A mention alone asks nothing; in a group words without it would not be seen."""
    me = await bot.me()
    await message.reply(WORDINGS[language].mention_needs_words.format(username=me.username))


async def answer_words(
    message: Message,
    bot: Bot,
    words: str,
    guide: CityGuide,
    albums: Albums,
    open_query: OpenQuery,
    language: str,
) -> None:
    """Show five photos that fit the words."""
    open_query.ask("text", text=words)
    async with typing_status(bot, message):
        found = await guide.search(words, limit=PAGE + 1)
    await open_query.answer(
        [(hit.place.place_id, hit.score) for hit in found.photos[:PAGE]],
        timings_ms=found.timings_ms,
        snapshot=found.snapshot,
    )
    if not found.photos:
        await message.reply(WORDINGS[language].nothing_found)
        return
    more = None
    if open_query.id and found.photos[PAGE:]:
        more = ShowMore(query=open_query.id, first=PAGE)
    await _show(message, found.photos[:PAGE], more, albums, language)


async def show_more(
    callback: CallbackQuery,
    callback_data: ShowMore,
    message: Message,
    guide: CityGuide,
    albums: Albums,
    query_log: QueryLog,
    language: str,
) -> None:
    """Show the next five photos that fit.

    Raises:
        QuestionGone: the query has been deleted from the log since.
    """
    words, first = await query_log.text_of(callback_data.query), callback_data.first
    if words is None:
        raise QuestionGone(f"query {callback_data.query} is not in the log")
    found = await guide.search(words, limit=PAGE + 1, offset=first)
    if not found.photos:
        await acknowledge(callback, WORDINGS[language].that_is_all)
        return
    await acknowledge(callback)
    following = ShowMore(query=callback_data.query, first=first + PAGE)
    more = following if found.photos[PAGE:] else None
    await _show(message, found.photos[:PAGE], more, albums, language)


async def _show(
    message: Message,
    hits: tuple[PhotoHit, ...],
    more: ShowMore | None,
    albums: Albums,
    language: str,
) -> None:
    """An album and a message with buttons below it; in a group all in one, with the best photo."""
    wording = WORDINGS[language]
    keyboard = places_keyboard((hit.place for hit in hits), language, more=more)
    photos = [Captioned(hit.photo, describe_place(hit.place, language)) for hit in hits]
    if message.chat.type != ChatType.PRIVATE:
        best = Captioned(photos[0].photo, f"{photos[0].caption}\n\n{wording.found_photos}")
        if await albums.reply(message, [best], keyboard):
            return
    elif await albums.reply(message, photos):
        await message.answer(wording.found_photos, reply_markup=keyboard)
        return
    await message.reply(list_places(hits, language), reply_markup=keyboard)


def build_router() -> Router:
    """Text meant for the bot that is no command."""
    router = Router(name=__name__)
    router.message.register(say_how_to_mention, F.text, only_mentioned)
    router.message.register(
        answer_words, F.text, ~F.text.startswith("/"), asked_in_words, asked_words
    )
    router.callback_query.register(show_more, ShowMore.filter(), shown_message)
    return router
