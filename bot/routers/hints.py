"""A hint for what the bot does not understand; in private only, so as not to be noise."""

from aiogram import F, Router
from aiogram.enums import ContentType
from aiogram.types import CallbackQuery, Message

from bot.errors import ButtonExpired
from bot.filters import PRIVATE
from bot.texts import WORDINGS

# Listed, since a catch-all would also answer service messages such as "pinned a message".
KINDS = {
    ContentType.VIDEO: "video",
    ContentType.VIDEO_NOTE: "video",
    ContentType.ANIMATION: "video",
    ContentType.VOICE: "voice",
    ContentType.AUDIO: "voice",
    ContentType.STICKER: "sticker",
    ContentType.DICE: "sticker",
    ContentType.CONTACT: "other",
    ContentType.DOCUMENT: "other",
    ContentType.GAME: "other",
    ContentType.POLL: "other",
    ContentType.STORY: "other",
}


async def hint_at_commands(message: Message, language: str) -> None:
    """Point to the commands there are."""
    await message.answer(WORDINGS[language].unknown_command)


async def hint_at_kinds(message: Message, language: str) -> None:
    """Say what can be sent instead."""
    await message.answer(WORDINGS[language].hints[KINDS[ContentType(message.content_type)]])


async def reject_button(callback: CallbackQuery) -> None:
    """Say that the button is of no use any more.

    Raises:
        ButtonExpired: always; an older release made it.
    """
    raise ButtonExpired("nothing handles a button")


def build_router() -> Router:
    """What no other router took."""
    router = Router(name=__name__)
    router.message.register(hint_at_commands, PRIVATE, F.text.startswith("/"))
    router.message.register(hint_at_kinds, PRIVATE, F.content_type.in_(KINDS))
    router.callback_query.register(reject_button)
    return router
