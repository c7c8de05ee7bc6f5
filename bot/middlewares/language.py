"""Who asks, and which language to answer in."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, User

from bot.texts import WORDINGS, choose_language
from core.querylog import QueryLog, hash_user


class Language(BaseMiddleware):
    """Gives handlers ``user_hash``, all that is stored of a person, and ``language``.

    The language is the one the person chose, else that of their Telegram.
    """

    def __init__(self, log: QueryLog, user_hash_key: bytes) -> None:
        self._log = log
        self._key = user_hash_key

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Choose before the update is handled."""
        user: User | None = data.get("event_from_user")
        user_hash = data["user_hash"] = hash_user(user.id, self._key) if user else ""
        chosen = await self._log.language_of(user_hash) if user else None
        if chosen not in WORDINGS:
            chosen = choose_language(user.language_code if user else None)
        data["language"] = chosen
        return await handler(event, data)
