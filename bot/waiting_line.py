"""The line of those who wait to have a photo recognised."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiogram.exceptions import AiogramError
from aiogram.types import Message

from bot.texts import WORDINGS

logger = logging.getLogger(__name__)

AT_ONCE = 6  # photos in memory: two are decoded, one is recognised, the rest are on their way here
LONG_LINE = 20  # from here on people are told that it takes a moment


class WaitingLine:
    """Lets so many photos in at once; the rest wait in order, and late ones are told so."""

    def __init__(self, *, at_once: int = AT_ONCE, long_line: int = LONG_LINE) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._long_line = long_line
        self.waiting = 0

    @asynccontextmanager
    async def turn(self, message: Message, language: str) -> AsyncIterator[None]:
        """Wait for a turn, and keep it inside ``async with``."""
        self.waiting += 1
        asking: asyncio.Task[None] | None = None
        if self.waiting > self._long_line:
            # Beside the wait: a busy chat takes it late, and nobody's turn waits for that.
            asking = asyncio.create_task(_ask_for_patience(message, language))
        try:
            try:
                await self._turns.acquire()
            finally:
                self.waiting -= 1
            try:
                yield
            finally:
                self._turns.release()
        except BaseException:
            if asking:
                asking.cancel()
            raise
        if asking:
            await asking  # before the answer


async def _ask_for_patience(message: Message, language: str) -> None:
    try:
        await message.reply(WORDINGS[language].crowded)
    except AiogramError as error:
        logger.debug("nobody was asked for patience: %s", type(error).__name__)
