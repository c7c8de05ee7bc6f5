"""What went wrong, in the user's words."""

import logging

from aiogram import Router
from aiogram.exceptions import AiogramError, TelegramForbiddenError
from aiogram.types import ErrorEvent, Message, Update

from bot.callbacks import acknowledge
from bot.middlewares.query import OpenQuery
from bot.texts import explain_error
from core.errors import QueryError

logger = logging.getLogger(__name__)


async def explain(
    event: ErrorEvent, open_query: OpenQuery, language: str, max_photo_mb: float
) -> None:
    """Tell the user what went wrong, keep the traceback for us, log the query."""
    error = event.exception
    if isinstance(error, QueryError | TelegramForbiddenError):
        logger.info("update %d: %s: %s", event.update.update_id, type(error).__name__, error)
    else:
        logger.error("update %d failed", event.update.update_id, exc_info=error)
    if not isinstance(error, TelegramForbiddenError):  # they have blocked the bot
        try:
            await _tell(event.update, explain_error(error, language, max_photo_mb=max_photo_mb))
        except AiogramError as second:
            logger.warning("update %d: not explained: %s", event.update.update_id, second)
    await open_query.close(error)


async def _tell(update: Update, sentence: str) -> None:
    """Answer what was asked; a button by an alert, or in the chat if it was answered already."""
    message, callback = update.message, update.callback_query
    if message:
        await message.reply(sentence)
    elif callback:
        told = await acknowledge(callback, sentence, alert=True)
        if not told and isinstance(callback.message, Message):
            await callback.message.answer(sentence)


def build_router() -> Router:
    """Errors of all handlers."""
    router = Router(name=__name__)
    router.error.register(explain)
    return router
