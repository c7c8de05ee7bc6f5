"""A photo in, the place it shows out."""

import logging

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.filters import Command
from aiogram.types import Message

from bot.answers import describe_place, describe_recognition
from bot.errors import DownloadFailed
from bot.filters import (
    mentioned,
    own_command,
    photo_of_another,
    photo_replied_to,
    photos_for_us,
    photos_here,
)
from bot.keyboards import recognition_keyboard
from bot.locations import Locations
from bot.media import Albums, Captioned, SentPhoto
from bot.middlewares.query import OpenQuery
from bot.seen_photos import SeenPhotos
from bot.texts import WORDINGS
from bot.typing_status import typing_status
from bot.waiting_line import WaitingLine
from core.answers import Recognition
from core.errors import QueryError
from core.guide import CityGuide
from core.places import Point
from core.several_photos import joint_answer

logger = logging.getLogger(__name__)


async def answer_photos(
    message: Message,
    bot: Bot,
    photos: list[SentPhoto],
    guide: CityGuide,
    seen_photos: SeenPhotos,
    albums: Albums,
    locations: Locations,
    open_query: OpenQuery,
    waiting_line: WaitingLine,
    language: str,
) -> None:
    """Tell which place the photos show, then show what it looks like, or each of the candidates.

    In a group one message must do: the best place with its photo.
    """
    open_query.ask("photo", file_unique_id=photos[0].file_unique_id)
    here = locations.of(message.from_user.id) if message.from_user else None
    async with typing_status(bot, message), waiting_line.turn(message, language):
        recognition = joint_answer(await _recognize(bot, guide, seen_photos, photos, here))
    await open_query.answer(
        [(candidate.place.place_id, candidate.share) for candidate in recognition.places],
        confident=recognition.confident,
        timings_ms=recognition.timings_ms,
        snapshot=recognition.snapshot,
    )
    alone = message.chat.type == ChatType.PRIVATE
    told = here if alone else None  # a group need not know how far away somebody is
    text = describe_recognition(recognition, language, here=told, brief=not alone)
    keyboard = recognition_keyboard(recognition, open_query.id, language)
    if not alone:
        best = [Captioned(candidate.photo, text) for candidate in recognition.places[:1]]
        if await albums.reply(message, best, keyboard):
            return
    await message.reply(text, reply_markup=keyboard)
    if alone:
        shown = recognition.photos if recognition.confident else recognition.places
        album = [Captioned(each.photo, describe_place(each.place, language)) for each in shown]
        await albums.reply(message, album)


async def _recognize(
    bot: Bot,
    guide: CityGuide,
    seen_photos: SeenPhotos,
    photos: list[SentPhoto],
    here: Point | None,
) -> list[Recognition]:
    """Recognise each photo where it was taken, else ``here``; one after the other, to hold one.

    Raises:
        QueryError, DownloadFailed: none of the photos can be used; the error of the first.
    """
    recognitions: list[Recognition] = []
    errors: list[QueryError | DownloadFailed] = []
    for photo in photos:
        try:
            seen = await seen_photos.of(bot, photo)
            recognitions.append(await guide.recognize(seen, near=seen.taken_at or here))
        except (QueryError, DownloadFailed) as error:
            logger.info("a photo is not used: %s", error)
            errors.append(error)
    if not recognitions:
        raise errors[0]
    return recognitions


async def ask_for_photo(message: Message, language: str) -> None:
    """Say what the command is for."""
    await message.reply(WORDINGS[language].where_needs_photo)


def build_router() -> Router:
    """Photos meant for the bot: sent as photos or as files, as albums, or replied to."""
    router = Router(name=__name__)
    where = Command("where")
    router.message.register(answer_photos, where, own_command, photo_replied_to)
    router.message.register(answer_photos, where, own_command, photos_here)
    router.message.register(ask_for_photo, where, own_command)
    router.message.register(answer_photos, photos_for_us)
    router.message.register(answer_photos, F.text, mentioned, photo_of_another)
    return router
