import pytest
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter
from aiogram.methods import SendChatAction, SendMessage

from bot.app import build_bot
from bot.middlewares import flood
from tests.bot.telegram import TOKEN, RecordingSession

REQUEST = SendMessage(chat_id=7, text="hello")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits, which take no time here."""
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(flood.asyncio, "sleep", note)
    return waits


def refused(seconds: int) -> TelegramRetryAfter:
    return TelegramRetryAfter(REQUEST, "Too Many Requests", retry_after=seconds)


async def test_a_refused_message_is_sent_again_after_the_wait_telegram_asks_for(
    waits: list[float],
) -> None:
    telegram = RecordingSession()
    telegram.failures[SendMessage] = [refused(3), refused(5)]
    await build_bot(TOKEN, telegram).send_message(7, "hello")
    assert waits == [3, 5]
    assert [call.text for call in telegram.sent] == ["hello"]


async def test_a_wait_out_of_all_proportion_is_not_obeyed(waits: list[float]) -> None:
    telegram = RecordingSession()
    telegram.failures[SendMessage] = [refused(3600)]
    with pytest.raises(TelegramRetryAfter):
        await build_bot(TOKEN, telegram).send_message(7, "hello")
    assert waits == []


async def test_endless_refusals_end(waits: list[float]) -> None:
    telegram = RecordingSession()
    telegram.failures[SendMessage] = [refused(1)] * 10
    with pytest.raises(TelegramRetryAfter):
        await build_bot(TOKEN, telegram).send_message(7, "hello")
    assert waits == [1, 1, 1]


async def test_a_message_that_may_have_been_delivered_is_not_sent_twice() -> None:
    telegram = RecordingSession()
    telegram.failures[SendMessage] = [TelegramNetworkError(REQUEST, "timeout")]
    with pytest.raises(TelegramNetworkError):
        await build_bot(TOKEN, telegram).send_message(7, "hello")
    assert telegram.sent == []


async def test_typing_neither_waits_nor_fails(waits: list[float]) -> None:
    telegram = RecordingSession()
    telegram.failures[SendChatAction] = [refused(30)]
    assert await build_bot(TOKEN, telegram).send_chat_action(7, "typing")
    assert waits == []
