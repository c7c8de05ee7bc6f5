"""Who a message is meant for, and what it asks about."""

import re
from collections.abc import Iterable
from typing import Any

from aiogram import Bot, F
from aiogram.enums import ChatType
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message, User

from bot.errors import ButtonExpired
from bot.media import SentPhoto, photo_in

PRIVATE = F.chat.type == ChatType.PRIVATE

Photos = dict[str, list[SentPhoto]]  # what a filter hands over as ``photos``


async def addressed(message: Message, bot: Bot) -> bool:
    """Filter: a private message, or one in a group that mentions this bot or replies to it."""
    if message.chat.type == ChatType.PRIVATE:
        return True
    reply = message.reply_to_message
    if reply and reply.from_user and reply.from_user.id == bot.id:
        return True
    return await mentioned(message, bot)


async def asked_in_words(message: Message, bot: Bot) -> bool:
    """Filter: a private message, or one in a group that mentions this bot.

    A reply to the bot's answer is talk about it among those who read it, like "thanks".
    """
    return message.chat.type == ChatType.PRIVATE or await mentioned(message, bot)


async def mentioned(message: Message, bot: Bot) -> bool:
    """Filter: a text or caption with ``@username`` of this bot."""
    return mentions_of(await bot.me()).search(message.text or message.caption or "") is not None


async def only_mentioned(message: Message, bot: Bot) -> bool:
    """Filter: a text of nothing but ``@username`` of this bot."""
    alone = mentions_of(await bot.me()).fullmatch((message.text or "").strip())
    return alone is not None


async def written_by_a_person(message: Message, bot: Bot) -> bool:
    """Filter: not an inline answer of this bot that somebody picked."""
    return message.via_bot is None or message.via_bot.id != bot.id


async def own_command(message: Message, command: CommandObject) -> bool:
    """Filter after `Command`: in a group only ``/command@this_bot``, since others have bots too."""
    return message.chat.type == ChatType.PRIVATE or command.mentioned


async def photos_here(event: Message, album: list[Message]) -> Photos | None:
    """Filter: the photos of a message or an album, as ``photos``."""
    return _photos(album)


async def photos_for_us(event: Message, album: list[Message], bot: Bot) -> Photos | None:
    """Filter: the photos of a message or an album that is meant for this bot, as ``photos``."""
    for_us = [part for part in album if await addressed(part, bot)]
    return _photos(album) if for_us else None


async def photo_replied_to(message: Message) -> Photos | None:
    """Filter: the photo that the message replies to, as ``photos``."""
    return _photos([message.reply_to_message]) if message.reply_to_message else None


async def photo_of_another(message: Message, bot: Bot) -> Photos | None:
    """Filter: as `photo_replied_to`, but not one that this bot has sent."""
    reply = message.reply_to_message
    ours = reply and reply.from_user and reply.from_user.id == bot.id
    return None if ours else await photo_replied_to(message)


async def shown_message(callback: CallbackQuery) -> dict[str, Any]:
    """Filter: the message whose button was pressed, as ``message``.

    Raises:
        ButtonExpired: it is too old for Telegram to hand it over.
    """
    if not isinstance(callback.message, Message):
        raise ButtonExpired("the message of a button is not accessible")
    return {"message": callback.message}


def _photos(messages: Iterable[Message]) -> Photos | None:
    photos = [photo for message in messages if (photo := photo_in(message))]
    return {"photos": photos} if photos else None


def mentions_of(user: User) -> re.Pattern[str]:
    """Matches ``@username`` of a bot as a word."""
    return re.compile(rf"(?<!\w)@{re.escape(user.username or '')}(?!\w)", re.IGNORECASE)
