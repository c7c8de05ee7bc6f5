import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter
from aiogram.methods import GetFile, SendChatAction, SendMessage

from bot.app import build_bot
from tests.bot.telegram import TOKEN, QuickTime, RecordingSession

REQUEST = SendMessage(chat_id=7, text="hello")


@pytest.fixture
def time() -> QuickTime:
    return QuickTime()


@pytest.fixture
def telegram() -> RecordingSession:
    return RecordingSession()


@pytest.fixture
def bot(telegram: RecordingSession, time: QuickTime) -> Bot:
    return build_bot(TOKEN, telegram, pacer=time.pacer())


def refused(seconds: int) -> TelegramRetryAfter:
    return TelegramRetryAfter(REQUEST, "Too Many Requests", retry_after=seconds)


async def test_a_refused_message_is_sent_again_after_the_wait_telegram_asks_for(
    bot: Bot, telegram: RecordingSession, time: QuickTime
) -> None:
    telegram.failures[SendMessage] = [refused(3), refused(5)]
    await bot.send_message(7, "hello")
    assert time.waits == [3, 5]
    assert [call.text for call in telegram.sent] == ["hello"]


async def test_a_refusal_holds_back_everything_for_that_chat_and_nothing_for_others(
    bot: Bot, telegram: RecordingSession, time: QuickTime
) -> None:
    telegram.failures[SendMessage] = [refused(50)] * 2
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(7, "waits 50 s, but not 50 more")
    before = time.now
    await bot.send_message(8, "another chat")
    assert time.now == before
    await bot.send_message(7, "the same chat")
    assert time.now == before + 50


async def test_a_wait_out_of_all_proportion_is_not_obeyed(
    bot: Bot, telegram: RecordingSession, time: QuickTime
) -> None:
    telegram.failures[SendMessage] = [refused(3600)]
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(7, "hello")
    await bot.send_message(7, "a later message is not held back by it")
    assert sum(time.waits) < 2


async def test_endless_refusals_end(bot: Bot, telegram: RecordingSession, time: QuickTime) -> None:
    telegram.failures[SendMessage] = [refused(2)] * 10
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(7, "hello")
    assert time.waits == [2, 2, 2]


async def test_what_is_no_message_waits_as_well_when_asked_to(
    bot: Bot, telegram: RecordingSession, time: QuickTime
) -> None:
    telegram.failures[GetFile] = [refused(4)]
    assert (await bot.get_file("pic")).file_path
    assert time.waits == [4]


async def test_a_message_that_may_have_been_delivered_is_not_sent_twice(
    bot: Bot, telegram: RecordingSession
) -> None:
    telegram.failures[SendMessage] = [TelegramNetworkError(REQUEST, "timeout")]
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(7, "hello")
    assert telegram.sent == []


async def test_typing_neither_waits_nor_fails(
    bot: Bot, telegram: RecordingSession, time: QuickTime
) -> None:
    telegram.failures[SendChatAction] = [refused(30), TimeoutError()]
    assert await bot.send_chat_action(7, "typing")
    assert await bot.send_chat_action(7, "typing")
    assert time.waits == []
