"""Every query into the log, once it is answered."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import Chat, TelegramObject, User

from core.querylog import QueryLog, QueryRecord, hash_user


class OpenQuery:
    """What the log will hold about the update at hand; a command or a sticker asks nothing."""

    def __init__(self, log: QueryLog, *, chat_type: str, language: str, user_hash: str) -> None:
        self._log = log
        self._record = QueryRecord("", chat_type, language, user_hash)
        self._asked = False

    def ask(self, kind: str, *, text: str | None = None, file_unique_id: str | None = None) -> None:
        """Note what is asked: kind "photo" or "text"."""
        self._asked = True
        self._record = replace(self._record, kind=kind, text=text, file_unique_id=file_unique_id)

    def answer(
        self,
        places: Sequence[tuple[str, float]],
        *,
        timings_ms: Mapping[str, float],
        snapshot: str,
        confident: bool | None = None,
    ) -> None:
        """Note what the guide found: (place_id, share or score), best first."""
        self._record = replace(
            self._record,
            places=places,
            timings_ms=timings_ms,
            snapshot=snapshot,
            confident=confident,
        )

    async def close(self, error: Exception | None = None) -> None:
        """Write the query down, with the type of the error that ended it."""
        if self._asked:
            name = type(error).__name__ if error else None
            await self._log.append(replace(self._record, error=name))


class Queries(BaseMiddleware):
    """Gives handlers an open ``query``; logs it after they have answered.

    A handler that raises leaves it open: whoever explains the error to the user closes it then, so
    that no answer waits for the log.
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
        """Open a query, handle the update, log the query."""
        user: User | None = data.get("event_from_user")
        chat: Chat | None = data.get("event_chat")
        query = data["query"] = OpenQuery(
            self._log,
            chat_type=chat.type if chat else "",
            language=data["language"],
            user_hash=hash_user(user.id, self._key) if user else "",
        )
        result = await handler(event, data)
        await query.close()
        return result
