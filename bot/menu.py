"""The commands in Telegram's menu, in every language, for private chats and for groups."""

import logging
from collections.abc import Mapping

from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.types import BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeChat

from bot.texts import WORDINGS

logger = logging.getLogger(__name__)


async def set_menus(bot: Bot) -> None:
    """Register the commands; whoever reads no language of ours gets the English ones."""
    for language, wording in WORDINGS.items():
        code = None if language == "en" else language
        await bot.set_my_commands(_menu(wording.commands), language_code=code)
        await bot.set_my_commands(
            _menu(wording.group_commands),
            scope=BotCommandScopeAllGroupChats(),
            language_code=code,
        )


async def set_menu_of(bot: Bot, chat_id: int, language: str) -> None:
    """Show the commands of a private chat in the language chosen there."""
    scope = BotCommandScopeChat(chat_id=chat_id)
    try:
        await bot.set_my_commands(_menu(WORDINGS[language].commands), scope=scope)
    except AiogramError as error:  # the choice itself counts already
        logger.warning("the command menu of a chat was not set: %s", type(error).__name__)


async def reset_menu_of(bot: Bot, chat_id: int) -> None:
    """Let a private chat have the menu of its Telegram's language again."""
    try:
        await bot.delete_my_commands(scope=BotCommandScopeChat(chat_id=chat_id))
    except AiogramError as error:
        logger.warning("the command menu of a chat was not reset: %s", type(error).__name__)


def _menu(commands: Mapping[str, str]) -> list[BotCommand]:
    return [BotCommand(command=name, description=what) for name, what in commands.items()]
