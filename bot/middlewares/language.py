"""Who asks, and which language to answer in."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, Update, User

from bot.texts import WORDINGS, choose_language
from core.querylog import QueryLog, hash_user


class Language(BaseMiddleware):
    """Gives handlers ``asker_id``, ``user_hash``, all that is stored of a person, and ``language``.

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
        asker_id = data["asker_id"] = _asker_id(event, user)
        user_hash = data["user_hash"] = hash_user(asker_id, self._key) if asker_id else ""
        chosen = await self._log.language_of(user_hash) if asker_id else None
        if chosen not in WORDINGS:
            chosen = choose_language(user.language_code if user else None)
        data["language"] = chosen
        return await handler(event, data)


def _asker_id(event: TelegramObject, user: User | None) -> int | None:
    """Who asks: for a chat that writes as itself, as a group's anonymous admins do, that chat.

    Telegram names one and the same user for all of those, whatever the group.
    """
    message = (event.message or event.edited_message) if isinstance(event, Update) else None
    if message and message.sender_chat:
        return message.sender_chat.id
    return user.id if user else None
