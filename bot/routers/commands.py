"""/start and /help."""

from aiogram import Bot, F, Router
from aiogram.filters import Command, CommandStart
from aiogram.types import Message

from bot.filters import own_command
from bot.texts import WORDINGS


async def greet(message: Message, language: str) -> None:
    """Say what the bot can do."""
    await message.answer(WORDINGS[language].start)


async def show_help(message: Message, bot: Bot, language: str, max_photo_mb: float) -> None:
    """Say how to ask."""
    me, wording = await bot.me(), WORDINGS[language]
    inline = wording.help_inline if me.supports_inline_queries else ""
    text = wording.help.format(
        username=me.username,
        max_photo_mb=f"{max_photo_mb:g}",
        inline=inline.format(username=me.username),
    )
    await message.answer(text)


def build_router() -> Router:
    """Commands to this bot; in the caption of a photo they are no commands."""
    router = Router(name=__name__)
    router.message.register(greet, F.text, CommandStart(), own_command)
    router.message.register(show_help, F.text, Command("help"), own_command)
    return router
