"""The "typing..." a user sees while the guide thinks."""

from aiogram import Bot
from aiogram.types import Message
from aiogram.utils.chat_action import ChatActionSender

AFTER_S = 0.3  # most answers are there by then, and would wait for Telegram to show it


def typing_status(bot: Bot, message: Message) -> ChatActionSender:
    """Show "typing" where ``message`` came from, inside ``async with``."""
    topic = message.message_thread_id if message.is_topic_message else None
    return ChatActionSender.typing(
        message.chat.id, bot, message_thread_id=topic, initial_sleep=AFTER_S
    )
