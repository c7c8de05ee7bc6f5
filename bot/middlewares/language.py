"""Which language to answer in."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, User

from bot.texts import choose_language


class Language(BaseMiddleware):
    """Gives handlers ``language``, chosen by the sender's Telegram settings."""

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Choose before the update is handled."""
        user: User | None = data.get("event_from_user")
        data["language"] = choose_language(user.language_code if user else None)
        return await handler(event, data)
