"""A hint for what the bot does not understand; in private only, so as not to be noise."""

from aiogram import F, Router
from aiogram.enums import ContentType
from aiogram.types import Message

from bot.filters import PRIVATE
from bot.texts import WORDINGS

# Listed, since a catch-all would also answer service messages such as "pinned a message".
OTHER_KINDS = frozenset(
    {
        ContentType.ANIMATION,
        ContentType.AUDIO,
        ContentType.CONTACT,
        ContentType.DICE,
        ContentType.DOCUMENT,
        ContentType.GAME,
        ContentType.LOCATION,
        ContentType.POLL,
        ContentType.STICKER,
        ContentType.STORY,
        ContentType.VENUE,
        ContentType.VIDEO,
        ContentType.VIDEO_NOTE,
        ContentType.VOICE,
    }
)


async def hint_at_commands(message: Message, language: str) -> None:
    """Point to the commands there are."""
    await message.answer(WORDINGS[language].unknown_command)


async def hint_at_kinds(message: Message, language: str) -> None:
    """Say what can be sent instead."""
    await message.answer(WORDINGS[language].other_kind)


def build_router() -> Router:
    """What no other router took."""
    router = Router(name=__name__)
    router.message.register(hint_at_commands, PRIVATE, F.text.startswith("/"))
    router.message.register(hint_at_kinds, PRIVATE, F.content_type.in_(OTHER_KINDS))
    return router
