import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import AnswerCallbackQuery, AnswerInlineQuery
from aiogram.types import Update

from bot.buttons import ChooseLanguage
from bot.locales.en import EN
from bot.middlewares import throttling
from tests.bot.conftest import Chat
from tests.bot.telegram import numbers, press, update

PER_MINUTE = 30


async def texts(chat: Chat, event: Update) -> list[str]:
    return [call.text for call in await chat.feed(event)]


def limits_of(chat: Chat) -> throttling.Throttling:
    middlewares = chat.dispatcher.message.middleware
    [limits] = [each for each in middlewares if isinstance(each, throttling.Throttling)]
    return limits


async def test_who_asks_too_much_is_told_once_and_others_are_answered(chat: Chat) -> None:
    for _ in range(PER_MINUTE):
        assert await texts(chat, update(text="/start")) == [EN.start]
    assert await texts(chat, update(text="/start")) == [EN.too_many]
    assert await texts(chat, update(text="/start")) == []
    assert await texts(chat, update(text="/start", sender=8)) == [EN.start]
    assert 'guide_throttled_total{who="person"} 2' in chat.metrics.text()


async def test_patience_is_rewarded(chat: Chat) -> None:
    for _ in range(PER_MINUTE + 1):
        await chat.feed(update(text="/start"))
    limits_of(chat)._allowances["person", 7].as_of -= 4  # as if that long had passed
    assert await texts(chat, update(text="/start")) == [EN.start]
    assert await texts(chat, update(text="/start")) == [EN.start]
    assert await texts(chat, update(text="/start")) == [], "told less than a minute ago"


async def test_silence_is_not_saved_up(chat: Chat) -> None:
    await chat.feed(update(text="/start"))
    limits_of(chat)._allowances["person", 7].as_of -= 3600
    for _ in range(PER_MINUTE):
        assert await texts(chat, update(text="/start")) == [EN.start]
    assert await texts(chat, update(text="/start")) == [EN.too_many]


async def test_who_asked_longest_ago_is_forgotten_first(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "MANY", 2)
    for sender in (7, 8, 7, 9):
        await chat.feed(update(text="/start", sender=sender))
    assert list(limits_of(chat)._allowances) == [("person", 7), ("person", 9)]


async def test_a_group_may_not_ask_more_than_telegram_lets_the_bot_answer(chat: Chat) -> None:
    for sender in range(throttling.GROUP_PER_MINUTE):
        asked = update(text="/help@guide_bot", chat="supergroup", sender=100 + sender)
        assert len(await chat.feed(asked)) == 1
    asked = update(text="/help@guide_bot", chat="supergroup", sender=500)
    assert await texts(chat, asked) == [EN.too_many_in_group]
    assert await texts(chat, update(text="/start", sender=100)) == [EN.start]
    pressed = press(ChooseLanguage(language="en").pack(), chat="supergroup", sender=100)
    assert await texts(chat, pressed) == [EN.language_chosen], "buttons are for one person each"


async def test_talk_in_a_group_that_is_not_for_the_bot_costs_nothing(chat: Chat) -> None:
    for _ in range(2 * PER_MINUTE):
        assert await chat.feed(update(text="nice weather", chat="supergroup")) == []
    asked = update(text="/help@guide_bot", chat="supergroup")
    assert EN.too_many not in await texts(chat, asked)


async def test_buttons_pressed_too_often_stop_spinning_and_say_why_once(chat: Chat) -> None:
    person = {"id": 7, "is_bot": False, "first_name": "Ann", "language_code": "en"}
    for number in range(PER_MINUTE + 2):
        message = update(text="x").message.model_dump(mode="json", exclude_none=True)
        pressed = {"id": f"{number}", "from": person, "chat_instance": "1", "data": "?"}
        content = {"update_id": next(numbers), "callback_query": {**pressed, "message": message}}
        await chat.feed(Update.model_validate(content))
    answers = [call for call in chat.telegram.calls if isinstance(call, AnswerCallbackQuery)]
    assert [answer.text for answer in answers[-2:]] == [EN.too_many, None]


async def test_a_button_pressed_too_often_and_too_long_ago_is_nothing_to_talk_about(
    chat: Chat,
) -> None:
    for _ in range(PER_MINUTE):
        await chat.feed(press("?"))
    method = AnswerCallbackQuery(callback_query_id="1")
    late = TelegramBadRequest(method, "Bad Request: query is too old")
    chat.telegram.failures[AnswerCallbackQuery] = [late, late]
    assert await chat.feed(press("?")) == []
    assert await chat.feed(press("?")) == []
    assert not chat.telegram.failures[AnswerCallbackQuery]


async def test_hasty_typing_in_inline_mode_is_left_out_without_a_word(chat: Chat) -> None:
    person = {"id": 7, "is_bot": False, "first_name": "Ann", "language_code": "en"}
    for _ in range(throttling.INLINE_PER_MINUTE + 20):
        asked = {"id": "1", "from": person, "query": "", "offset": ""}
        await chat.feed(Update.model_validate({"update_id": 1, "inline_query": asked}))
    answers = [call for call in chat.telegram.calls if isinstance(call, AnswerInlineQuery)]
    assert throttling.INLINE_PER_MINUTE <= len(answers) < throttling.INLINE_PER_MINUTE + 20
    assert chat.telegram.sent == [] or all(c.chat_id == -1001234567890 for c in chat.telegram.sent)
    assert await texts(chat, update(text="/start")) == [EN.start]
