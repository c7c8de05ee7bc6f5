"""Words in, photos of places out."""

from typing import Any

from aiogram import Bot, F, Router
from aiogram.types import Message

from bot.answers import describe_place, list_places
from bot.filters import addressed, mentions_of
from bot.media import Albums, Captioned
from bot.middlewares.query import OpenQuery
from bot.texts import WORDINGS
from bot.typing_status import typing_status
from core.guide import CityGuide
from core.text_search import MAX_QUERY_CHARS


async def asked_words(message: Message, bot: Bot) -> dict[str, Any]:
    """Filter: the text without mentions of this bot, as ``words``; the guide reads no more."""
    words = mentions_of(await bot.me()).sub(" ", message.text or "")
    return {"words": words.strip()[:MAX_QUERY_CHARS]}


async def answer_words(
    message: Message,
    bot: Bot,
    words: str,
    guide: CityGuide,
    albums: Albums,
    query: OpenQuery,
    language: str,
) -> None:
    """Show five photos that fit the words."""
    query.ask("text", text=words)
    async with typing_status(bot, message):
        found = await guide.search(words)
    query.answer(
        [(hit.place.place_id, hit.score) for hit in found.photos],
        timings_ms=found.timings_ms,
        snapshot=found.snapshot,
    )
    photos = [Captioned(hit.photo, describe_place(hit.place, language)) for hit in found.photos]
    if not photos:
        await message.reply(WORDINGS[language].nothing_found)
    elif not await albums.reply(message, photos):
        await message.reply(list_places(found.photos, language))


def build_router() -> Router:
    """Text meant for the bot that is no command."""
    router = Router(name=__name__)
    router.message.register(answer_words, F.text, ~F.text.startswith("/"), addressed, asked_words)
    return router
