"""Updates being handled, so that a stop can wait for them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, Update

logger = logging.getLogger(__name__)


class InFlight(BaseMiddleware):
    """Knows the task of every update from its start to its end, explained errors included.

    aiogram takes the next updates, and so confirms these, before they are handled, and does not
    wait for them when polling stops.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self.last_update_id: int | None = None

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Remember the task, which outlives this call, until it is done."""
        if task := asyncio.current_task():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if isinstance(event, Update):
            self.last_update_id = max(event.update_id, self.last_update_id or 0)
        return await handler(event, data)

    async def drain(self, deadline_s: float) -> None:
        """Wait until every update is handled; after ``deadline_s`` seconds cancel the rest."""
        if not self._tasks:
            return
        logger.info("finishing %d updates", len(self._tasks))
        _, late = await asyncio.wait(self._tasks, timeout=deadline_s)
        if late:
            logger.error("%d updates were not finished in %g s", len(late), deadline_s)
            for task in late:
                task.cancel()
            await asyncio.wait(late)
