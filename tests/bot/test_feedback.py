import sqlite3
from typing import Any

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import EditMessageReplyMarkup

from core.catalogue import Catalogue
from core.querylog import hash_user
from tests.bot.conftest import CHURCH, KREMLIN, Chat
from tests.bot.telegram import buttons, photo, press, update


def feedback(chat: Chat) -> list[tuple[Any, ...]]:
    return list(
        sqlite3.connect(chat.log_file).execute(
            "SELECT query_id, user_hash, place_id, correct FROM feedback ORDER BY time, place_id"
        )
    )


async def test_thats_it_is_kept_with_the_query_and_its_buttons_go(chat: Chat) -> None:
    answer, _ = await chat.feed(update(photo=photo(), language="ru"))
    await chat.feed(
        press(buttons(answer)["✅ Это оно"], language="ru", keyboard=answer.reply_markup)
    )
    assert feedback(chat) == [(1, hash_user(7, b"key"), "kremlin", 1)]
    [toast] = chat.telegram.alerts
    assert (toast.text, toast.show_alert) == ("Спасибо! Рад, что узнал.", False)
    [edit] = [call for call in chat.telegram.calls if isinstance(call, EditMessageReplyMarkup)]
    assert list(buttons(edit)) == ["🗺 На карте", "🖼 Ещё фото", "📍 Рядом", "Кремль"]
    assert all(edit.reply_markup.inline_keyboard), "no row is left empty"


async def test_not_it_points_to_the_other_candidates(chat: Chat) -> None:
    answer, _ = await chat.feed(update(photo=photo()))
    await chat.feed(press(buttons(answer)["❌ Not it"]))
    assert feedback(chat) == [(1, hash_user(7, b"key"), "kremlin", 0)]
    [toast] = chat.telegram.alerts
    assert "among the other candidates" in toast.text


async def test_none_of_these_is_kept_without_a_place(chat: Chat) -> None:
    chat.guide.confident = False
    answer, _ = await chat.feed(update(photo=photo()))
    await chat.feed(press(buttons(answer)["❌ None of these"]))
    assert feedback(chat) == [(1, hash_user(7, b"key"), "", 0)]


async def test_another_candidate_can_be_told_to_be_the_right_one_on_its_card(chat: Chat) -> None:
    chat.guide.places = [(KREMLIN, 0.9), (CHURCH, 0.1)]
    answer, _ = await chat.feed(update(photo=photo()))
    await chat.feed(press(buttons(answer)["❌ Not it"]))
    [card] = await chat.feed(press(buttons(answer)["Церковь <Спаса> & Ко"]))
    await chat.feed(press(buttons(card)["✅ That's it"]))
    assert [row[2:] for row in feedback(chat)] == [("kremlin", 0), ("church", 1)]


async def test_who_changes_their_mind_has_one_opinion_and_another_person_their_own(
    chat: Chat,
) -> None:
    answer, _ = await chat.feed(update(photo=photo()))
    for label in ("✅ That's it", "❌ Not it"):
        await chat.feed(press(buttons(answer)[label]))
    await chat.feed(press(buttons(answer)["✅ That's it"], sender=8))
    assert {(row[1], row[3]) for row in feedback(chat)} == {
        (hash_user(7, b"key"), 0),
        (hash_user(8, b"key"), 1),
    }


async def test_feedback_on_a_query_that_is_no_longer_kept_is_explained(chat: Chat) -> None:
    answer, _ = await chat.feed(update(photo=photo()))
    await chat.feed(update(text="/forget"))
    await chat.feed(press(buttons(answer)["✅ That's it"]))
    [alert] = chat.telegram.alerts
    assert alert.text == "I no longer remember this question. Please ask it again."
    assert feedback(chat) == []


async def test_feedback_on_a_place_that_is_gone_is_not_taken_for_none_of_these(
    chat: Chat,
) -> None:
    answer, _ = await chat.feed(update(photo=photo()))
    chat.guide.catalogue = Catalogue([], [])
    await chat.feed(press(buttons(answer)["❌ Not it"]))
    assert feedback(chat) == []


@pytest.mark.parametrize("refusal", ["message is not modified", "message can't be edited"])
async def test_buttons_that_cannot_go_cost_the_feedback_nothing(chat: Chat, refusal: str) -> None:
    answer, _ = await chat.feed(update(photo=photo()))
    method = EditMessageReplyMarkup()
    chat.telegram.failures[EditMessageReplyMarkup] = [TelegramBadRequest(method, refusal)]
    assert await chat.feed(press(buttons(answer)["✅ That's it"])) == []
    assert len(feedback(chat)) == len(chat.telegram.alerts) == 1
