import sqlite3
from typing import Any

import pytest

from bot.texts import EN, RU
from tests.bot.conftest import Chat
from tests.bot.html_text import visible_text
from tests.bot.telegram import document, update

DOCUMENT = document(mime_type="video/mp4", duration=1, width=1, height=1, length=1)


@pytest.mark.parametrize(("language", "start"), [("ru", RU.start), ("fr", EN.start)])
async def test_start_greets_in_the_users_language(chat: Chat, language: str, start: str) -> None:
    [answer] = await chat.feed(update(text="/start from-a-link", language=language))
    assert answer.text == start


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_help_names_the_bot_and_the_size_limit(chat: Chat, language: str) -> None:
    [answer] = await chat.feed(update(text="/help", language=language))
    assert "@guide_bot" in visible_text(answer.text)
    assert "20" in answer.text
    assert "{" not in answer.text


async def test_an_unknown_command_is_not_searched_for(chat: Chat) -> None:
    [answer] = await chat.feed(update(text="/weather"))
    assert "/help" in answer.text
    assert not chat.guide.questions


@pytest.mark.parametrize(
    "content",
    [
        {"sticker": {**DOCUMENT, "type": "regular", "is_animated": False, "is_video": False}},
        {"voice": DOCUMENT},
        {"video": DOCUMENT},
        {"video_note": DOCUMENT},
        {"audio": DOCUMENT},
        {"location": {"latitude": 56.3, "longitude": 44.0}},
        {"contact": {"phone_number": "1", "first_name": "Ann"}},
        {"dice": {"emoji": "🎲", "value": 6}},
    ],
    ids=lambda content: next(iter(content)),
)
async def test_what_the_bot_cannot_use_gets_a_hint(chat: Chat, content: dict[str, Any]) -> None:
    [answer] = await chat.feed(update(**content, language="ru"))
    assert answer.text == RU.other_kind


async def test_service_messages_are_left_alone(chat: Chat) -> None:
    assert (
        await chat.feed(update(message_auto_delete_timer_changed={"message_auto_delete_time": 9}))
        == []
    )


async def test_commands_and_hints_are_no_queries_and_are_not_logged(chat: Chat) -> None:
    await chat.feed(update(text="/start"))
    await chat.feed(update(voice=DOCUMENT))
    assert sqlite3.connect(chat.log_file).execute("SELECT count(*) FROM queries").fetchone() == (0,)
