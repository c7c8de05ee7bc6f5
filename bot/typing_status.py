"""The "typing..." a user sees while the guide thinks."""

from aiogram import Bot
from aiogram.types import Message
from aiogram.utils.chat_action import ChatActionSender


def typing_status(bot: Bot, message: Message) -> ChatActionSender:
    """Show "typing" where ``message`` came from, inside ``async with``."""
    topic = message.message_thread_id if message.is_topic_message else None
    return ChatActionSender.typing(message.chat.id, bot, message_thread_id=topic)
