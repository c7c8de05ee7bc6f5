"""Updates being handled, so that a stop can wait for them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.exceptions import AiogramError
from aiogram.types import Message, TelegramObject, Update

from bot.middlewares.query import OpenQuery
from bot.texts import WORDINGS

logger = logging.getLogger(__name__)

APOLOGY_S = 3


class InFlight(BaseMiddleware):
    """Knows the task of every update from its start to its end, explained errors included.

    aiogram takes the next updates, and so confirms these, before they are handled, and does not
    wait for them when polling stops.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._apologised: set[int] = set()  # chats
        self.last_update_id: int | None = None

    @property
    def count(self) -> int:
        """Updates being handled."""
        return len(self._tasks)

    def add(self, task: asyncio.Task[Any]) -> None:
        """Remember the task of an update until it is done; it need not have begun."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Remember the task, which outlives this call; apologise if it is cut short."""
        if task := asyncio.current_task():
            self.add(task)
        if isinstance(event, Update):
            self.last_update_id = max(event.update_id, self.last_update_id or 0)
        try:
            return await handler(event, data)
        except asyncio.CancelledError:
            query: OpenQuery | None = data.get("open_query")
            if query and query.asked and isinstance(event, Update) and event.message:
                await self._apologise(event.message, data["language"])
            raise

    async def drain(self, deadline_s: float) -> None:
        """Wait until every update is handled; after ``deadline_s`` seconds cancel the rest.

        Who asked and may have got no answer is asked to try again.
        """
        if not self._tasks:
            return
        logger.info("finishing %d updates", len(self._tasks))
        _, late = await asyncio.wait(self._tasks, timeout=deadline_s)
        if late:
            logger.error("%d updates were not finished in %g s", len(late), deadline_s)
            for task in late:
                task.cancel()
            await asyncio.wait(late)

    async def _apologise(self, message: Message, language: str) -> None:
        """Once in a chat, and briefly."""
        if message.chat.id in self._apologised:
            return
        self._apologised.add(message.chat.id)
        try:
            async with asyncio.timeout(APOLOGY_S):
                await message.reply(WORDINGS[language].interrupted)
        except (AiogramError, TimeoutError) as error:
            logger.warning("an interrupted query: %s", type(error).__name__)
