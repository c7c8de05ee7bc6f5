"""What people decide about their own data."""

import sqlite3
from typing import Any

import pytest
from aiogram.methods import DeleteMyCommands, SetMyCommands
from aiogram.types import Update

from bot.buttons import ChooseLanguage
from bot.locales.en import EN
from bot.locales.ru import RU
from core.querylog import QueryLog
from tests.bot.conftest import Chat
from tests.bot.html_text import visible_text
from tests.bot.telegram import buttons, photo, press, update


def stored(chat: Chat, table: str) -> list[tuple[Any, ...]]:
    return sqlite3.connect(chat.log_file).execute(f"SELECT * FROM {table}").fetchall()


async def test_the_language_chosen_is_used_from_then_on_by_that_person_only(chat: Chat) -> None:
    [question] = await chat.feed(update(text="/language", language="ru"))
    assert question.text == "На каком языке отвечать?"
    assert list(buttons(question)) == ["Русский", "English"]
    [answer] = await chat.feed(press(buttons(question)["English"], language="ru"))
    assert answer.text == "All right, I will answer in English."
    [greeting] = await chat.feed(update(text="/start", language="ru"))
    assert greeting.text == EN.start
    [greeting] = await chat.feed(update(text="/start", language="ru", sender=8))
    assert greeting.text == RU.start


async def test_the_language_chosen_survives_a_restart_and_is_kept_without_the_users_id(
    chat: Chat,
) -> None:
    choice = ChooseLanguage(language="ru").pack()
    await chat.feed(press(choice, language="en", sender=987654321))
    async with QueryLog.open(chat.log_file) as log:
        [(user_hash, language)] = stored(chat, "people")
        assert await log.language_of(user_hash) == language == "ru"
    assert b"987654321" not in chat.log_file.read_bytes()


@pytest.mark.parametrize(("kind", "own_menus"), [("private", 1), ("group", 0)])
async def test_a_menu_is_in_the_language_chosen_but_in_a_group_in_everybodys(
    chat: Chat, kind: str, own_menus: int
) -> None:
    await chat.feed(press(ChooseLanguage(language="ru").pack(), chat=kind))
    await chat.feed(update(text="/forget@guide_bot", chat=kind))
    calls = [type(call) for call in chat.telegram.calls]
    assert calls.count(SetMyCommands) == calls.count(DeleteMyCommands) == own_menus


async def test_a_language_the_bot_does_not_speak_is_not_taken(chat: Chat) -> None:
    await chat.feed(press(ChooseLanguage(language="xx").pack()))
    [alert] = chat.telegram.alerts
    assert alert.show_alert
    assert stored(chat, "people") == []


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_privacy_says_what_is_stored_and_for_how_long(chat: Chat, language: str) -> None:
    [answer] = await chat.feed(update(text="/privacy", language=language))
    text = visible_text(answer.text)
    assert "90" in text
    assert "30" in text
    assert "/forget" in text
    assert "{" not in text


async def test_anonymous_admins_of_one_group_forget_nothing_of_another_group(chat: Chat) -> None:
    def as_group(group: int, **content: Any) -> Update:
        writes = {"id": group, "type": "supergroup", "title": "Walks"}
        return update(chat="supergroup", sender=1087968824, sender_chat=writes, **content)

    await chat.feed(as_group(-101, text="@guide_bot walls"))
    [told] = await chat.feed(as_group(-202, text="/forget@guide_bot"))
    assert "(0)" in told.text
    [told] = await chat.feed(as_group(-101, text="/forget@guide_bot"))
    assert "(1)" in told.text


async def test_forget_deletes_the_persons_rows_and_nobody_elses(chat: Chat) -> None:
    for sender in (7, 8):
        answer, _ = await chat.feed(update(photo=photo(), sender=sender))
        await chat.feed(press(buttons(answer)["✅ That's it"], sender=sender))
        await chat.feed(press(ChooseLanguage(language="ru").pack(), sender=sender))
    await chat.feed(update(text="secret words", sender=7))
    await chat.feed(update(location={"latitude": 56.3, "longitude": 44.0}))
    [answer] = await chat.feed(update(text="/forget"))
    assert answer.text == (
        "Готово: забыл ваши вопросы (2), отметки, выбранный язык и где вы находитесь."
    )
    assert [len(stored(chat, table)) for table in ("queries", "feedback", "people")] == [1, 1, 1]
    assert b"secret words" not in chat.log_file.read_bytes()
    await chat.feed(update(photo=photo()))
    assert chat.guide.nears[-1] is None
    [greeting] = await chat.feed(update(text="/start", language="en"))
    assert greeting.text == EN.start


async def test_forget_takes_what_others_said_about_the_persons_queries_along(chat: Chat) -> None:
    answer, _ = await chat.feed(update(photo=photo(), sender=7))
    await chat.feed(press(buttons(answer)["❌ Not it"], sender=8))
    await chat.feed(update(text="/forget", sender=7))
    assert stored(chat, "feedback") == []


async def test_a_failed_deletion_is_not_told_to_have_worked(chat: Chat) -> None:
    sqlite3.connect(chat.log_file).execute("DROP TABLE people")
    [answer] = await chat.feed(update(text="/forget"))
    assert answer.text == "I cannot answer right now. Please try again a little later."


@pytest.mark.parametrize("command", ["/language", "/privacy", "/forget"])
async def test_in_a_group_only_commands_to_this_bot_are_answered(chat: Chat, command: str) -> None:
    assert await chat.feed(update(text=command, chat="group")) == []
    assert len(await chat.feed(update(text=f"{command}@guide_bot", chat="group"))) == 1
