"""The "typing..." a user sees while the guide thinks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiogram import Bot
from aiogram.enums import ChatAction
from aiogram.exceptions import AiogramError
from aiogram.types import Message

AFTER_S = 0.3  # most answers are there by then
EVERY_S = 4.5  # Telegram shows it for five seconds


@asynccontextmanager
async def typing_status(bot: Bot, message: Message) -> AsyncIterator[None]:
    """Show "typing" where ``message`` came from, inside ``async with``.

    aiogram's own sender would have the answer wait for a request that is on its way.
    """
    showing = asyncio.create_task(_show(bot, message))
    try:
        yield
    finally:
        showing.cancel()


async def _show(bot: Bot, message: Message) -> None:
    topic = message.message_thread_id if message.is_topic_message else None
    await asyncio.sleep(AFTER_S)
    while True:
        with suppress(AiogramError, TimeoutError):
            await bot.send_chat_action(message.chat.id, ChatAction.TYPING, message_thread_id=topic)
        await asyncio.sleep(EVERY_S)
