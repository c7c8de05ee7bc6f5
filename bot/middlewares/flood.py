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
from aiogram.methods import SendChatAction, SendMediaGroup, TelegramMethod

from bot.pacing import Pacer

logger = logging.getLogger(__name__)

CHAT_ACTION_TIMEOUT_S = 2
TO_A_CHAT = ("send", "edit", "copy", "forward")  # what counts as a message there


class FloodControl(BaseRequestMiddleware):
    """Sends no faster than Telegram allows; if refused, waits as long as it asks, within bounds.

    Only a refusal with 429 is repeated: after a timeout the message may well have been delivered.
    "Typing" is a courtesy: it is tried once, briefly, and never fails or delays an answer.
    """

    def __init__(self, pacer: Pacer, *, attempts: int = 4, max_wait_s: float = 60) -> None:
        self._pacer = pacer
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
        chat_id = _chat_written_to(method)
        waited = 0.0
        for _ in range(self._attempts - 1):
            try:
                return await self._in_turn(make_request, bot, method, chat_id)
            except TelegramRetryAfter as refusal:
                waited += refusal.retry_after
                if waited > self._max_wait_s:
                    raise
                name = type(method).__name__
                logger.warning("flood control: %s waits %d s", name, refusal.retry_after)
                if chat_id is None:
                    await self._pacer.pause(refusal.retry_after)
        return await self._in_turn(make_request, bot, method, chat_id)

    async def _in_turn(
        self,
        make_request: NextRequestMiddlewareType[Any],
        bot: Bot,
        method: TelegramMethod[Any],
        chat_id: int | str | None,
    ) -> Any:
        if chat_id is None:
            return await make_request(bot, method)
        messages = len(method.media) if isinstance(method, SendMediaGroup) else 1
        try:
            async with self._pacer.turn(chat_id, messages):
                return await make_request(bot, method)
        except TelegramRetryAfter as refusal:
            if refusal.retry_after <= self._max_wait_s:
                self._pacer.hold(chat_id, refusal.retry_after)  # others would be refused as well
            raise


def _chat_written_to(method: TelegramMethod[Any]) -> int | str | None:
    """The chat a request adds or changes a message in; None if it does not."""
    if method.__api_method__.startswith(TO_A_CHAT):
        chat_id: int | str | None = getattr(method, "chat_id", None)
        return chat_id
    return None


async def _courtesy(
    make_request: NextRequestMiddlewareType[Any], bot: Bot, method: TelegramMethod[Any]
) -> Any:
    try:
        async with asyncio.timeout(CHAT_ACTION_TIMEOUT_S):
            return await make_request(bot, method)
    except (AiogramError, TimeoutError) as error:
        logger.debug("no chat action: %s", type(error).__name__)
        return True
