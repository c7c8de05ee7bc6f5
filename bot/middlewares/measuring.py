"""What `bot.metrics` learns from updates and from requests to Telegram."""

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from aiogram import BaseMiddleware, Bot
from aiogram.client.session.middlewares.base import (
    BaseRequestMiddleware,
    NextRequestMiddlewareType,
)
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.methods import TelegramMethod
from aiogram.types import TelegramObject, Update
from aiogram.types.update import UpdateTypeLookupError

from bot.metrics import Metrics


class MeasuredUpdates(BaseMiddleware):
    """Counts updates and how long they take."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Measure one update."""
        kind, outcome, start = _kind(event), "failed", perf_counter()
        try:
            result = await handler(event, data)
            outcome = "ignored" if result is UNHANDLED else "handled"
            return result
        finally:
            self._metrics.updates.add(kind, outcome)
            self._metrics.update_seconds.observe(perf_counter() - start, kind)


class MeasuredRequests(BaseRequestMiddleware):
    """Counts requests by what became of them."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def __call__(
        self, make_request: NextRequestMiddlewareType[Any], bot: Bot, method: TelegramMethod[Any]
    ) -> Any:
        """Measure one request."""
        outcome = "ok"
        try:
            return await make_request(bot, method)
        except BaseException as error:
            outcome = type(error).__name__
            raise
        finally:
            self._metrics.requests.add(method.__api_method__, outcome)


def _kind(event: TelegramObject) -> str:
    if not isinstance(event, Update):
        return "other"
    try:
        return event.event_type
    except UpdateTypeLookupError:  # newer than this bot
        return "unknown"
