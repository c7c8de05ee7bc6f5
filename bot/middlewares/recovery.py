"""Requests that survive a bad moment of the network or of Telegram."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import Bot
from aiogram.client.session.middlewares.base import (
    BaseRequestMiddleware,
    NextRequestMiddlewareType,
)
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramServerError,
)
from aiogram.methods import GetMe, GetUpdates, TelegramMethod
from aiohttp import ClientConnectorError

logger = logging.getLogger(__name__)

PAUSES_S = (0.3, 1, 3)
WITH_LOOPS_OF_THEIR_OWN = (GetUpdates, GetMe)
NOT_TWICE = ("send", "copy", "forward")  # each success is one more message
# Telegram refuses these when they are done already: "message is not modified", "query is too old"
DONE_ONCE = ("edit", "delete", "answer")
# a lost connection, an error of the server, an answer cut short or a proxy's page in its place
BAD_MOMENTS = (TelegramNetworkError, TelegramServerError, ClientDecodeError)


class Recovery(BaseRequestMiddleware):
    """Repeats a failed request where doing it twice is the same as doing it once.

    A message is sent again only when the connection was never made: else it may have been
    delivered. A request that is wrong stays wrong.
    """

    def __init__(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._sleep = sleep

    async def __call__(
        self, make_request: NextRequestMiddlewareType[Any], bot: Bot, method: TelegramMethod[Any]
    ) -> Any:
        """Make the request; the last failure is raised."""
        repeated = False
        for pause_s in PAUSES_S:
            try:
                return await _attempt(make_request, bot, method, repeated=repeated)
            except BAD_MOMENTS as error:
                if not _may_be_repeated(method, error):
                    raise
                logger.info("%s failed, once more: %s", type(method).__name__, type(error).__name__)
                await self._sleep(pause_s)
                repeated = True
        return await _attempt(make_request, bot, method, repeated=repeated)


async def _attempt(
    make_request: NextRequestMiddlewareType[Any],
    bot: Bot,
    method: TelegramMethod[Any],
    *,
    repeated: bool,
) -> Any:
    """Make a request once; True if a repeated one is refused for having been done before."""
    try:
        return await make_request(bot, method)
    except TelegramBadRequest as refusal:
        if not repeated or not method.__api_method__.startswith(DONE_ONCE):
            raise
        logger.info("%s seems to be done already: %s", type(method).__name__, refusal.message)
        return True


def _may_be_repeated(method: TelegramMethod[Any], error: Exception) -> bool:
    if isinstance(method, WITH_LOOPS_OF_THEIR_OWN) or isinstance(error, TelegramEntityTooLarge):
        return False
    never_left = isinstance(error.__cause__, ClientConnectorError)
    return never_left or not method.__api_method__.startswith(NOT_TWICE)
