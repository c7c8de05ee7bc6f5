"""Getting updates from Telegram: making contact, then long polling or a webhook, until a stop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramNotFound,
    TelegramUnauthorizedError,
)

from bot.errors import TokenRejected, WebhookRejected
from bot.menu import set_menus
from core.guide import CityGuide

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

CONFIRM_S = 2
MAX_RETRY_S = 30
MAX_WEBHOOK_CONNECTIONS = 100  # more Telegram does not make


async def prepare(bot: Bot, guide: CityGuide, *, polling: bool = True) -> None:
    """Make sure Telegram knows the bot, waiting an outage out; fill its menu; warm the guide up.

    Raises:
        TokenRejected: Telegram does not know the token.
    """

    async def make_contact() -> None:
        await bot.me()
        if polling:
            await bot.delete_webhook()  # as long as there is one, polling is refused

    await _until_reached(make_contact)
    try:
        await set_menus(bot)
    except AiogramError as error:
        logger.warning("the command menu was not set: %s", error)
    await guide.warm_up()
    logger.info("@%s serves snapshot %s", (await bot.me()).username, guide.snapshot)


async def poll(dispatcher: Dispatcher, bot: Bot, stop: asyncio.Event, *, concurrency: int) -> None:
    """Take updates until ``stop`` is set; network trouble is waited out."""
    polling = asyncio.create_task(
        dispatcher.start_polling(
            bot, handle_signals=False, close_bot_session=False, tasks_concurrency_limit=concurrency
        )
    )
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({polling, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not polling.done():
        logger.info("stopping")
        await dispatcher.stop_polling()
    await polling


async def confirm(bot: Bot, last_update_id: int | None) -> None:
    """Tell Telegram what was answered, lest it comes again; getUpdates does so with an offset."""
    if last_update_id is None:
        return
    try:
        async with asyncio.timeout(CONFIRM_S):
            await bot.get_updates(offset=last_update_id + 1, limit=1, timeout=0)
    except (AiogramError, TimeoutError) as error:
        logger.warning("the last updates were not confirmed: %s", type(error).__name__)


async def set_webhook(
    bot: Bot, dispatcher: Dispatcher, url: str, *, secret: str, connections: int
) -> None:
    """Tell Telegram where to deliver updates; the port must be open by then.

    Raises:
        WebhookRejected: Telegram does not accept the address.
    """

    async def tell() -> None:
        try:
            await bot.set_webhook(
                url,
                secret_token=secret,
                allowed_updates=dispatcher.resolve_used_update_types(),
                max_connections=min(connections, MAX_WEBHOOK_CONNECTIONS),
            )
        except TelegramBadRequest as error:
            raise WebhookRejected(f"Telegram does not accept {url}: {error.message}") from error

    await _until_reached(tell)
    logger.info("Telegram delivers updates to the webhook")


async def _until_reached(request: Callable[[], Awaitable[Result]]) -> Result:
    """Make a request again and again until Telegram answers.

    Raises:
        TokenRejected: it answers that it does not know the token.
    """
    delay = 1
    while True:
        try:
            return await request()
        except (TelegramUnauthorizedError, TelegramNotFound) as error:  # by the token's form
            raise TokenRejected from error
        except AiogramError as error:
            reason = str(error).partition("\n")[0]  # what follows may be a proxy's whole page
            logger.warning("Telegram cannot be reached, next try in %d s: %s", delay, reason)
            await asyncio.sleep(delay)
            delay = min(delay * 2, MAX_RETRY_S)
