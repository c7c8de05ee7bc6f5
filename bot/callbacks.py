"""Answers to pressed buttons."""

from aiogram.exceptions import TelegramBadRequest
from aiogram.types import CallbackQuery


async def acknowledge(
    callback: CallbackQuery, text: str | None = None, *, alert: bool = False
) -> bool:
    """Stop the button's spinner, with a short text or an alert of at most 200 characters.

    Returns:
        Whether it was still time: Telegram takes the answer for a while, and once.
    """
    try:
        await callback.answer(text, show_alert=alert)
    except TelegramBadRequest:
        return False
    return True
