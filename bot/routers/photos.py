"""A photo in, the place it shows out."""

from aiogram import Bot, Router
from aiogram.types import Message

from bot.answers import describe_place, describe_recognition
from bot.filters import addressed
from bot.media import Albums, Captioned, SentPhoto, download, sent_photo
from bot.middlewares.query import OpenQuery
from bot.typing_status import typing_status
from core.guide import CityGuide


async def answer_photo(
    message: Message,
    bot: Bot,
    photo: SentPhoto,
    guide: CityGuide,
    albums: Albums,
    query: OpenQuery,
    language: str,
    max_photo_mb: float,
) -> None:
    """Tell which place the photo shows, then show the gallery photos most like it."""
    query.ask("photo", file_unique_id=photo.file_unique_id)
    async with typing_status(bot, message):
        recognition = await guide.recognize(await download(bot, photo, max_photo_mb))
    query.answer(
        [(candidate.place.place_id, candidate.share) for candidate in recognition.places],
        confident=recognition.confident,
        timings_ms=recognition.timings_ms,
        snapshot=recognition.snapshot,
    )
    await message.reply(describe_recognition(recognition, language))
    similar = [
        Captioned(hit.photo, describe_place(hit.place, language)) for hit in recognition.photos
    ]
    await albums.reply(message, similar)


def build_router() -> Router:
    """Photos meant for the bot, sent as photos or as files."""
    router = Router(name=__name__)
    router.message.register(answer_photo, sent_photo, addressed)
    return router
