"""The commands in Telegram's menu, in every language, for private chats and for groups."""

from collections.abc import Mapping

from aiogram import Bot
from aiogram.types import BotCommand, BotCommandScopeAllGroupChats

from bot.texts import WORDINGS


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


def _menu(commands: Mapping[str, str]) -> list[BotCommand]:
    return [BotCommand(command=name, description=what) for name, what in commands.items()]
