"""Albums in one piece."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.types import Message, TelegramObject

from bot.filters import addressed
from bot.media_groups import MediaGroups
from bot.typing_status import typing_status


class WholeAlbums(BaseMiddleware):
    """Gives handlers of messages ``album``: the messages sent together, most often just one.

    Of the messages of an album only one gets further, once all are there: the one with words, which
    may be any of them, else the first.
    """

    def __init__(self, media_groups: MediaGroups) -> None:
        self._media_groups = media_groups

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Wait for the rest of an album."""
        if not isinstance(event, Message):
            return await handler(event, data)
        album = await self._gather(event, data["bot"])
        if album is None:
            return None
        data["album"] = album
        return await handler(next((part for part in album if part.caption), album[0]), data)

    async def _gather(self, message: Message, bot: Bot) -> list[Message] | None:
        if message.media_group_id is None:
            return [message]
        if not await addressed(message, bot):  # but perhaps another of the album is
            return await self._media_groups.gather(message)
        async with typing_status(bot, message):
            return await self._media_groups.gather(message)
