import asyncio

import pytest
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramServerError,
)
from aiogram.methods import AnswerInlineQuery, EditMessageText, GetFile, SendMessage
from aiohttp import ClientConnectorError
from aiohttp.client_reqrep import ConnectionKey

from bot.app import build_bot
from tests.bot.telegram import TOKEN, QuickTime, RecordingSession

METHOD = GetFile(file_id="pic")
LOST = TelegramNetworkError(METHOD, "ServerDisconnectedError")
BAD_GATEWAY = ClientDecodeError(
    "Failed to decode object", ValueError("no JSON"), "<html>502</html>"
)
INTERNAL = TelegramServerError(METHOD, "Internal Server Error")


@pytest.fixture
def telegram() -> RecordingSession:
    return RecordingSession()


@pytest.fixture
def bot(telegram: RecordingSession) -> Bot:
    return build_bot(TOKEN, telegram, pacer=QuickTime().pacer())


def unreachable() -> TelegramNetworkError:
    """What aiogram raises when no connection was made."""
    key = ConnectionKey("api.telegram.org", 443, True, True, None, None, None)
    error = TelegramNetworkError(METHOD, "ClientConnectorError")
    error.__cause__ = ClientConnectorError(key, OSError(111, "refused"))
    return error


async def test_a_question_to_telegram_is_asked_again_after_bad_moments(
    bot: Bot, telegram: RecordingSession
) -> None:
    telegram.failures[GetFile] = [LOST, BAD_GATEWAY, INTERNAL]
    assert (await bot.get_file("pic")).file_path


async def test_an_inline_answer_is_given_again(bot: Bot, telegram: RecordingSession) -> None:
    telegram.failures[AnswerInlineQuery] = [LOST]
    assert await bot.answer_inline_query("1", [])


async def test_what_turns_out_to_be_done_already_is_done(
    bot: Bot, telegram: RecordingSession
) -> None:
    not_modified = TelegramBadRequest(METHOD, "Bad Request: message is not modified")
    telegram.failures[EditMessageText] = [LOST, not_modified]
    assert await bot.edit_message_text("a", chat_id=7, message_id=1)
    telegram.failures[EditMessageText] = [not_modified]
    with pytest.raises(TelegramBadRequest):
        await bot.edit_message_text("a", chat_id=7, message_id=1)
    telegram.failures[GetFile] = [LOST, TelegramBadRequest(METHOD, "Bad Request: wrong file_id")]
    with pytest.raises(TelegramBadRequest):
        await bot.get_file("pic")


async def test_an_outage_that_lasts_is_an_error(bot: Bot, telegram: RecordingSession) -> None:
    telegram.failures[GetFile] = [LOST] * 10
    with pytest.raises(TelegramNetworkError):
        await bot.get_file("pic")


@pytest.mark.parametrize("error", [LOST, BAD_GATEWAY, INTERNAL])
async def test_a_message_that_may_have_been_delivered_is_not_repeated(
    error: AiogramError, bot: Bot, telegram: RecordingSession
) -> None:
    telegram.failures[SendMessage] = [error]
    with pytest.raises(type(error)):
        await bot.send_message(7, "hello")
    assert telegram.sent == []


async def test_a_message_that_never_left_is_sent_again(
    bot: Bot, telegram: RecordingSession
) -> None:
    telegram.failures[SendMessage] = [unreachable(), unreachable()]
    await bot.send_message(7, "hello")
    assert len(telegram.sent) == 1


@pytest.mark.parametrize(
    "error",
    [
        TelegramBadRequest(METHOD, "Bad Request: wrong file_id"),
        TelegramEntityTooLarge(METHOD, "Request Entity Too Large"),
    ],
)
async def test_a_wrong_request_stays_wrong(
    error: AiogramError, bot: Bot, telegram: RecordingSession
) -> None:
    telegram.failures[GetFile] = [error]
    with pytest.raises(type(error)):
        await bot.get_file("pic")
    assert telegram.failures[GetFile] == []


async def test_a_real_refused_connection_is_one_that_never_left() -> None:
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer

    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    time = QuickTime()
    api = TelegramAPIServer.from_base(f"http://127.0.0.1:{port}")
    async with build_bot(TOKEN, AiohttpSession(api=api), pacer=time.pacer()) as bot:
        with pytest.raises(TelegramNetworkError):
            await bot.send_message(7, "hello")
    assert len(time.waits) == 3, "it was tried again and again"
