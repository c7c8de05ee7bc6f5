"""What Telegram blames when it refuses something."""

from aiogram.exceptions import TelegramBadRequest

# Parts of what it says, in lower case, when no photo is to blame: where something was sent, what
# it answers, and the words beside it.
ELSEWHERE = (
    "banned", "button", "caption", "channel", "chat", "entities", "entity", "forbidden", "peer_id",
    "query", "replied", "reply", "result", "rights", "thread", "topic",
)  # fmt: skip


def blames_photos(error: TelegramBadRequest) -> bool:
    """Whether a photo, or the file_id it is known by, may be what was refused."""
    return not any(part in error.message.lower() for part in ELSEWHERE)
