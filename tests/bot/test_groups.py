from typing import Any

import pytest

from tests.bot.conftest import Chat
from tests.bot.telegram import photo, update

FROM_BOT = {
    "message_id": 1,
    "date": 1,
    "chat": {"id": -100, "type": "supergroup"},
    "from": {"id": 42, "is_bot": True, "first_name": "Guide", "username": "guide_bot"},
    "text": "Kremlin",
}
FROM_ANN = {**FROM_BOT, "from": {"id": 8, "is_bot": False, "first_name": "Ann"}}


@pytest.mark.parametrize("kind", ["group", "supergroup"])
@pytest.mark.parametrize(
    "content",
    [
        {"text": "old fortress"},
        {"text": "ask @guide_bot_2 or ann@guide_bot.example"},
        {"text": "old fortress", "reply_to_message": FROM_ANN},
        {"photo": photo()},
        {"photo": photo(), "caption": "look!"},
        {"text": "/help"},
        {"text": "/help@another_bot"},
        {"text": "/weather@guide_bot"},
        {"sticker": {"file_id": "s", "file_unique_id": "s", "type": "regular", "width": 1,
                     "height": 1, "is_animated": False, "is_video": False}},
    ],
)  # fmt: skip
async def test_in_a_group_the_bot_is_silent_unless_addressed(
    chat: Chat, kind: str, content: dict[str, Any]
) -> None:
    assert await chat.feed(update(chat=kind, **content)) == []
    assert not chat.guide.questions


@pytest.mark.parametrize(
    ("content", "question"),
    [
        ({"text": "@guide_bot old fortress"}, "old fortress"),
        ({"text": "old fortress, @Guide_Bot"}, "old fortress,"),
        ({"text": "old fortress", "reply_to_message": FROM_BOT}, "old fortress"),
        ({"photo": photo(), "caption": "@guide_bot what is it?"}, b"bytes of the photo"),
    ],
)
async def test_in_a_group_a_mention_or_a_reply_to_the_bot_is_answered(
    chat: Chat, content: dict[str, Any], question: str | bytes
) -> None:
    assert await chat.feed(update(chat="supergroup", **content))
    assert chat.guide.questions == [question]


@pytest.mark.parametrize("command", ["/start@guide_bot", "/help@Guide_Bot"])
async def test_in_a_group_a_command_to_this_bot_is_answered(chat: Chat, command: str) -> None:
    assert len(await chat.feed(update(chat="group", text=command))) == 1
