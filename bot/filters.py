"""Who a message is meant for."""

import re

from aiogram import Bot, F
from aiogram.enums import ChatType
from aiogram.filters import CommandObject
from aiogram.types import Message, User

PRIVATE = F.chat.type == ChatType.PRIVATE


async def addressed(message: Message, bot: Bot) -> bool:
    """Filter: a private message, or one in a group that mentions this bot or replies to it."""
    if message.chat.type == ChatType.PRIVATE:
        return True
    reply = message.reply_to_message
    if reply and reply.from_user and reply.from_user.id == bot.id:
        return True
    text = message.text or message.caption or ""
    return mentions_of(await bot.me()).search(text) is not None


def own_command(message: Message, command: CommandObject) -> bool:
    """Filter after `Command`: in a group only ``/command@this_bot``, since others have bots too."""
    return message.chat.type == ChatType.PRIVATE or command.mentioned


def mentions_of(user: User) -> re.Pattern[str]:
    """Matches ``@username`` of a bot as a word."""
    return re.compile(rf"(?<!\w)@{re.escape(user.username or '')}(?!\w)", re.IGNORECASE)
