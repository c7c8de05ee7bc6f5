"""Every query into the log, as soon as its answer is known."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import Chat, TelegramObject

from core.figures import Histogram
from core.querylog import QueryLog, QueryRecord


class OpenQuery:
    """What the log will hold about the update at hand; a command or a sticker asks nothing."""

    def __init__(
        self,
        log: QueryLog,
        stage_seconds: Histogram,
        *,
        chat_type: str,
        language: str,
        user_hash: str,
    ) -> None:
        self._log = log
        self._stage_seconds = stage_seconds
        self._record = QueryRecord("", chat_type, language, user_hash)
        self.asked = False
        self._logged = False
        self.id: int | None = None  # in the log, once answered; None if it could not be written

    def ask(self, kind: str, *, text: str | None = None, file_unique_id: str | None = None) -> None:
        """Note what is asked: kind "photo" or "text"."""
        self.asked = True
        self._record = replace(self._record, kind=kind, text=text, file_unique_id=file_unique_id)

    async def answer(
        self,
        places: Sequence[tuple[str, float]],
        *,
        timings_ms: Mapping[str, float],
        snapshot: str,
        confident: bool | None = None,
    ) -> None:
        """Log what the guide found: (place_id, share or score), best first.

        Before the answer is sent, since its buttons refer to the query by ``id``.
        """
        self._record = replace(
            self._record,
            places=places,
            timings_ms=timings_ms,
            snapshot=snapshot,
            confident=confident,
        )
        self._logged = True
        for stage, ms in timings_ms.items():
            self._stage_seconds.observe(ms / 1000, self._record.kind, stage)
        self.id = await self._log.append(self._record)

    async def close(self, error: Exception | None = None) -> None:
        """Log a query that was not answered, or the type of the error that ended it."""
        name = type(error).__name__ if error else None
        if self.asked and not self._logged:
            self._logged = True
            self.id = await self._log.append(replace(self._record, error=name))
        elif name and self.id is not None:
            await self._log.fail(self.id, name)


class Queries(BaseMiddleware):
    """Gives handlers ``open_query``, and closes it after them.

    A handler that raises leaves it open: whoever explains the error to the user closes it then, so
    that no explanation waits for the log.
    """

    def __init__(self, log: QueryLog, stage_seconds: Histogram) -> None:
        self._log = log
        self._stage_seconds = stage_seconds

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Open a query, handle the update, log the query."""
        chat: Chat | None = data.get("event_chat")
        query = data["open_query"] = OpenQuery(
            self._log,
            self._stage_seconds,
            chat_type=chat.type if chat else "",
            language=data["language"],
            user_hash=data["user_hash"],
        )
        result = await handler(event, data)
        await query.close()
        return result
