import logging
import sqlite3

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramNetworkError
from aiogram.methods import GetFile, SendMessage
from aiohttp import ClientPayloadError

from bot.locales.en import EN
from bot.locales.ru import RU
from core.errors import EmptyQuery, SnapshotCorrupt, SnapshotError, UnreadableImage
from tests.bot.conftest import Chat
from tests.bot.telegram import photo, update

REQUEST = SendMessage(chat_id=7, text="")


def logged_errors(chat: Chat) -> list[tuple[str, str | None]]:
    return list(sqlite3.connect(chat.log_file).execute("SELECT kind, error FROM queries"))


async def test_a_bad_photo_is_explained_and_logged_as_a_failed_query(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    chat.guide.error = UnreadableImage("cannot identify image file")
    [answer] = await chat.feed(update(photo=photo(), language="ru"))
    assert answer.text == RU.errors[UnreadableImage]
    assert logged_errors(chat) == [("photo", "UnreadableImage")]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_text_without_words_is_explained(chat: Chat) -> None:
    chat.guide.error = EmptyQuery("the text has no words")
    [answer] = await chat.feed(update(text="!!!"))
    assert answer.text == EN.errors[EmptyQuery]
    assert logged_errors(chat) == [("text", "EmptyQuery")]


async def test_our_own_trouble_is_told_in_the_familys_words_and_kept_with_its_traceback(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    chat.guide.error = SnapshotCorrupt("photos.faiss differs from its manifest")
    [answer] = await chat.feed(update(photo=photo()))
    assert answer.text == EN.errors[SnapshotError]
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info[1] is chat.guide.error


async def test_an_unforeseen_error_is_explained_and_logged(chat: Chat) -> None:
    chat.guide.error = ZeroDivisionError("secret detail")
    [answer] = await chat.feed(update(text="fortress"))
    assert answer.text == EN.errors[Exception]
    assert logged_errors(chat) == [("text", "ZeroDivisionError")]


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try downloads again at once."""
    monkeypatch.setattr("bot.media.PAUSES_S", (0, 0))


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("error", [ClientPayloadError("cut"), TimeoutError()])
async def test_a_failed_download_is_tried_again(chat: Chat, error: Exception) -> None:
    chat.telegram.stream_failures = [error] * 2
    answer, _ = await chat.feed(update(photo=photo()))
    assert "Kremlin" in answer.text


@pytest.mark.usefixtures("no_pauses")
async def test_a_download_that_was_cut_short_is_not_taken_for_the_photo(chat: Chat) -> None:
    chat.telegram.cut = 5
    await chat.feed(update(photo=photo()))
    assert chat.guide.questions == [b"bytes of the photo"]


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("error", [ClientPayloadError("cut"), TimeoutError()])
async def test_a_failed_download_is_explained(chat: Chat, error: Exception) -> None:
    chat.telegram.stream_failures = [error] * 9
    [answer] = await chat.feed(update(photo=photo()))
    assert "could not download" in answer.text
    assert logged_errors(chat) == [("photo", "DownloadFailed")]


@pytest.mark.parametrize("error", [TelegramNetworkError, TelegramBadRequest])
async def test_a_refused_getfile_is_explained_as_a_failed_download(
    chat: Chat, error: type[TelegramNetworkError]
) -> None:
    chat.telegram.failures[GetFile] = [error(GetFile(file_id="pic"), "no")] * 9
    [answer] = await chat.feed(update(photo=photo()))
    assert "could not download" in answer.text


async def test_a_user_who_blocked_the_bot_is_left_alone_and_the_query_still_logged(
    chat: Chat,
) -> None:
    chat.telegram.failures[SendMessage] = [TelegramForbiddenError(REQUEST, "blocked by the user")]
    assert await chat.feed(update(photo=photo())) == []
    assert logged_errors(chat) == [("photo", "TelegramForbiddenError")]


async def test_an_explanation_that_cannot_be_sent_is_no_second_error(chat: Chat) -> None:
    chat.guide.error = EmptyQuery("the text has no words")
    chat.telegram.failures[SendMessage] = [TelegramNetworkError(REQUEST, "down")]
    assert await chat.feed(update(text="!!!")) == []
    assert logged_errors(chat) == [("text", "EmptyQuery")]
