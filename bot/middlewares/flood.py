"""Requests that obey Telegram's flood control."""

import asyncio
import logging
from typing import Any

from aiogram import Bot
from aiogram.client.session.middlewares.base import (
    BaseRequestMiddleware,
    NextRequestMiddlewareType,
)
from aiogram.exceptions import AiogramError, TelegramRetryAfter
from aiogram.methods import SendChatAction, TelegramMethod

logger = logging.getLogger(__name__)

CHAT_ACTION_TIMEOUT_S = 5


class FloodControl(BaseRequestMiddleware):
    """Waits as long as Telegram asks and sends again, within bounds.

    Only a refusal with 429 is repeated: after a timeout the message may well have been delivered.
    "Typing" is a courtesy: it is tried once, briefly, and never fails or delays an answer.
    """

    def __init__(self, *, attempts: int = 4, max_wait_s: float = 60) -> None:
        self._attempts = attempts
        self._max_wait_s = max_wait_s  # of all waits for one request

    async def __call__(
        self, make_request: NextRequestMiddlewareType[Any], bot: Bot, method: TelegramMethod[Any]
    ) -> Any:
        """Make the request.

        Raises:
            TelegramRetryAfter: refused too often, or asked to wait for longer than allowed.
        """
        if isinstance(method, SendChatAction):
            return await _courtesy(make_request, bot, method)
        waited = 0.0
        for _ in range(self._attempts - 1):
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as refusal:
                waited += refusal.retry_after
                if waited > self._max_wait_s:
                    raise
                name = type(method).__name__
                logger.warning("flood control: %s waits %d s", name, refusal.retry_after)
                await asyncio.sleep(refusal.retry_after)
        return await make_request(bot, method)


async def _courtesy(
    make_request: NextRequestMiddlewareType[Any], bot: Bot, method: TelegramMethod[Any]
) -> Any:
    try:
        async with asyncio.timeout(CHAT_ACTION_TIMEOUT_S):
            return await make_request(bot, method)
    except (AiogramError, TimeoutError) as error:
        logger.debug("no chat action: %s", type(error).__name__)
        return True
