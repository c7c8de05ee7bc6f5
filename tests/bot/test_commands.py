import sqlite3
from typing import Any

import pytest

from bot.locales.en import EN
from bot.locales.ru import RU
from tests.bot.conftest import Chat
from tests.bot.html_text import visible_text
from tests.bot.telegram import BOT_USER, document, photo, update

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


@pytest.mark.parametrize("switched_on", [True, False])
async def test_help_tells_of_inline_mode_where_it_is_switched_on(
    chat: Chat, switched_on: bool
) -> None:
    chat.telegram.me = BOT_USER.model_copy(update={"supports_inline_queries": switched_on})
    [answer] = await chat.feed(update(text="/help"))
    assert ("In any chat" in visible_text(answer.text)) is switched_on


async def test_an_unknown_command_is_not_searched_for(chat: Chat) -> None:
    [answer] = await chat.feed(update(text="/weather"))
    assert "/help" in answer.text
    assert not chat.guide.questions


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (
            {"sticker": {**DOCUMENT, "type": "regular", "is_animated": False, "is_video": False}},
            "Красиво! Но узнать место",
        ),
        ({"dice": {"emoji": "🎲", "value": 6}}, "Красиво! Но узнать место"),
        ({"voice": DOCUMENT}, "На слух я не понимаю"),
        ({"audio": DOCUMENT}, "На слух я не понимаю"),
        ({"video": DOCUMENT}, "Видео я смотреть не умею"),
        ({"video_note": DOCUMENT}, "Видео я смотреть не умею"),
        ({"contact": {"phone_number": "1", "first_name": "Ann"}}, "Я понимаю фотографии и слова"),
    ],
    ids=lambda part: next(iter(part)) if isinstance(part, dict) else "",
)
async def test_what_the_bot_cannot_use_gets_a_kind_hint(
    chat: Chat, content: dict[str, Any], hint: str
) -> None:
    [answer] = await chat.feed(update(**content, language="ru"))
    assert answer.text.startswith(hint)
    assert answer.text in RU.hints.values()
    assert not chat.guide.questions


async def test_a_command_in_the_caption_of_a_photo_is_no_command(chat: Chat) -> None:
    answer, *_ = await chat.feed(update(photo=photo(), caption="/start"))
    assert "Kremlin" in answer.text


async def test_service_messages_are_left_alone(chat: Chat) -> None:
    assert (
        await chat.feed(update(message_auto_delete_timer_changed={"message_auto_delete_time": 9}))
        == []
    )


async def test_commands_and_hints_are_no_queries_and_are_not_logged(chat: Chat) -> None:
    await chat.feed(update(text="/start"))
    await chat.feed(update(voice=DOCUMENT))
    assert sqlite3.connect(chat.log_file).execute("SELECT count(*) FROM queries").fetchone() == (0,)
