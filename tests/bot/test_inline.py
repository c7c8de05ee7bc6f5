import sqlite3
from pathlib import Path
from typing import Any

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.methods import AnswerInlineQuery, SendMediaGroup, SendPhoto
from aiogram.types import Update

from bot.inline_photos import InlinePhotos
from bot.locales.en import EN
from bot.locales.ru import RU
from core.errors import EmptyQuery
from tests.bot.conftest import PHOTOS, STORAGE_CHAT, Chat
from tests.bot.telegram import numbers


def inline(words: str, *, offset: str = "", language: str = "en") -> Update:
    person = {"id": 7, "is_bot": False, "first_name": "Ann", "language_code": language}
    asked = {"id": "11", "from": person, "query": words, "offset": offset, "chat_type": "group"}
    return Update.model_validate({"update_id": next(numbers), "inline_query": asked})


def chosen(result_id: str, words: str) -> Update:
    person = {"id": 7, "is_bot": False, "first_name": "Ann", "language_code": "en"}
    choice = {"result_id": result_id, "from": person, "query": words}
    return Update.model_validate({"update_id": next(numbers), "chosen_inline_result": choice})


async def answer(chat: Chat, *args: Any, **kwargs: Any) -> AnswerInlineQuery:
    await chat.feed(inline(*args, **kwargs))
    [given] = [call for call in chat.telegram.calls if isinstance(call, AnswerInlineQuery)][-1:]
    assert len(given.results) <= 50
    assert len({result.id for result in given.results}) == len(given.results)
    assert all(1 <= len(result.id.encode()) <= 64 for result in given.results)
    return given


async def hold(chat: Chat, count: int) -> None:
    """Let Telegram hold the first photos of the guide already."""
    ids = {chat.guide.photo(number).photo_id: f"file-{number}" for number in range(count)}
    await chat.file_ids.remember(ids)


async def test_words_show_photos_with_captions_that_name_the_place(chat: Chat) -> None:
    await hold(chat, 5)
    given = await answer(chat, "kremlin walls")
    assert chat.guide.questions == ["kremlin walls"]
    assert [result.photo_file_id for result in given.results] == [f"file-{n}" for n in range(5)]
    assert all(result.caption.startswith("<b>Kremlin</b>") for result in given.results)
    assert given.results[0].parse_mode is not None, "captions are HTML"
    assert given.next_offset == ""


async def test_captions_are_personal_and_a_complete_answer_is_kept_for_minutes(chat: Chat) -> None:
    await hold(chat, 5)
    given = await answer(chat, "кремль", language="ru")
    assert given.results[0].caption.startswith("<b>Кремль</b>")
    assert given.is_personal
    assert given.cache_time >= 60


async def test_pages_follow_one_another_without_gaps_or_repetitions(
    chat: Chat, tmp_path: Path
) -> None:
    chat.guide.hits = 120
    for number in range(120):
        (tmp_path / f"{number}.jpg").touch()
    (tmp_path / "3.jpg").unlink()
    await hold(chat, 120)
    shown: list[str] = []
    offset, pages = "", 0
    while offset or not pages:
        given = await answer(chat, "walls", offset=offset)
        shown += [result.id for result in given.results]
        offset, pages = given.next_offset, pages + 1
    assert pages == 3
    assert shown == [chat.guide.photo(number).photo_id for number in range(120) if number != 3]


async def test_a_page_goes_on_after_what_was_searched_through(chat: Chat, tmp_path: Path) -> None:
    chat.guide.hits = 203
    for number in range(200, 203):
        (tmp_path / f"{number}.jpg").touch()
    await hold(chat, 203)
    first = await answer(chat, "walls")
    rest = await answer(chat, "walls", offset=first.next_offset)
    assert (len(first.results), len(rest.results), rest.next_offset) == (PHOTOS, 3, "")


@pytest.mark.parametrize("offset", ["-1", "junk", "1e9"])
async def test_an_offset_that_is_not_ours_is_the_beginning(offset: str, chat: Chat) -> None:
    await hold(chat, 5)
    assert len((await answer(chat, "walls", offset=offset)).results) == 5


async def test_no_words_show_popular_places(chat: Chat) -> None:
    await hold(chat, 15)
    given = await answer(chat, "  ")
    assert chat.guide.questions == []
    popular = [shown.photo.photo_id for shown in chat.guide.catalogue.popular_photos]
    assert [result.id for result in given.results] == popular


async def test_photos_telegram_does_not_hold_are_uploaded_to_the_storage_chat_first(
    chat: Chat,
) -> None:
    given = await answer(chat, "walls")
    [upload] = chat.telegram.sent
    assert isinstance(upload, SendMediaGroup)
    assert upload.chat_id == STORAGE_CHAT
    assert len(given.results) == 5
    assert all(result.photo_file_id.startswith("uploaded-") for result in given.results)
    assert len(await chat.feed(inline("walls"))) == 0, "uploaded once"


async def test_of_many_photos_that_telegram_does_not_hold_some_are_uploaded_at_once(
    chat: Chat,
) -> None:
    chat.guide.hits = 15
    given = await answer(chat, "walls")
    [upload] = chat.telegram.sent
    assert 0 < len(given.results) == len(upload.media) <= 10, "Telegram's bound for an album"


async def test_an_offset_beyond_all_photos_ends_the_answer(chat: Chat) -> None:
    for words in ("walls", ""):
        given = await answer(chat, words, offset="9" * 64)
        assert (given.results, given.next_offset) == ([], "")
        assert given.button is None, "there were some"


async def test_what_is_held_is_shown_at_once_and_the_rest_is_uploaded_soon(chat: Chat) -> None:
    await hold(chat, 2)
    given = await answer(chat, "walls")
    assert len(given.results) == 2
    assert chat.telegram.sent == []
    assert given.cache_time < 10, "more can be shown soon"
    assert chat.storage._next([]) == chat.guide.photo(4)


@pytest.mark.parametrize(
    "trouble",
    [
        TelegramForbiddenError(SendPhoto(chat_id=1, photo="x"), "bot was kicked"),
        TelegramBadRequest(SendPhoto(chat_id=1, photo="x"), "Bad Request: chat not found"),
    ],
)
async def test_a_storage_chat_that_cannot_be_used_leaves_an_honest_answer(
    trouble: Exception, chat: Chat
) -> None:
    chat.telegram.failures[SendMediaGroup] = [trouble]
    given = await answer(chat, "стены", language="ru")
    assert given.results == []
    assert given.button.text == RU.inline_not_ready
    assert given.cache_time < 10


async def test_only_photos_that_are_still_there_are_shown(chat: Chat, tmp_path: Path) -> None:
    await hold(chat, 5)
    (tmp_path / "0.jpg").unlink()
    given = await answer(chat, "walls")
    assert [result.photo_file_id for result in given.results] == [f"file-{n}" for n in range(1, 5)]
    assert given.cache_time >= 60, "the missing one will not come back"


@pytest.mark.parametrize("words", ["nothing like it", "?!"])
async def test_nothing_that_fits_is_an_honest_answer(words: str, chat: Chat) -> None:
    chat.guide.hits = 0
    chat.guide.error = EmptyQuery("no words") if words == "?!" else None
    given = await answer(chat, words)
    assert given.results == []
    assert given.button.text == EN.inline_nothing
    assert given.button.start_parameter == "inline"
    assert len(given.button.text) <= 64


@pytest.mark.parametrize(
    "message",
    [
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
        "Bad Request: QUERY_ID_INVALID",
    ],
)
async def test_an_answer_that_comes_too_late_is_dropped_quietly(
    message: str, chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    await hold(chat, 5)
    method = AnswerInlineQuery(inline_query_id="11", results=[])
    chat.telegram.failures[AnswerInlineQuery] = [TelegramBadRequest(method, message)]
    await chat.feed(inline("walls"))
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []
    assert len(chat.file_ids) == 5


async def test_file_ids_telegram_no_longer_accepts_are_forgotten(chat: Chat) -> None:
    await hold(chat, 5)
    method = AnswerInlineQuery(inline_query_id="11", results=[])
    refusal = TelegramBadRequest(method, "Bad Request: wrong file identifier specified")
    chat.telegram.failures[AnswerInlineQuery] = [refusal]
    await chat.feed(inline("walls"))
    assert len(chat.file_ids) == 0
    given = await answer(chat, "walls")
    assert len(given.results) == 5, "they were uploaded again"


async def test_an_answer_refused_for_something_else_costs_no_file_ids(chat: Chat) -> None:
    await hold(chat, 5)
    method = AnswerInlineQuery(inline_query_id="11", results=[])
    refusal = TelegramBadRequest(method, "Bad Request: can't parse entities in a caption")
    chat.telegram.failures[AnswerInlineQuery] = [refusal]
    await chat.feed(inline("walls"))
    assert len(chat.file_ids) == 5


async def test_what_somebody_picked_is_logged_with_the_words(chat: Chat) -> None:
    await chat.feed(chosen(chat.guide.photo(3).photo_id, "walls"))
    with sqlite3.connect(chat.log_file) as log:
        [row] = log.execute("SELECT kind, text, places, error FROM queries").fetchall()
    assert row == ("inline", "walls", '[["kremlin", 1.0]]', None)


async def test_the_words_by_which_a_photo_was_picked_that_is_gone_by_now_are_logged_too(
    chat: Chat,
) -> None:
    await chat.feed(chosen("gone", "walls"))
    with sqlite3.connect(chat.log_file) as log:
        assert log.execute("SELECT kind, text FROM queries").fetchall() == [("inline", "walls")]


async def test_with_a_public_address_photos_are_shown_from_there(chat: Chat) -> None:
    chat.dispatcher["inline_photos"] = InlinePhotos(
        chat.file_ids, chat.guide.photo_file, public_url="https://guide.example/bot/"
    )
    given = await answer(chat, "walls")
    first = given.results[0]
    assert first.photo_url == f"https://guide.example/bot/photos/{first.id}.jpg"
    assert first.thumbnail_url == first.photo_url
    assert (first.photo_width, first.photo_height) == (64, 48)
    assert chat.telegram.sent == []


async def test_a_photo_too_large_to_be_fetched_is_shown_by_its_file_id(
    chat: Chat, tmp_path: Path
) -> None:
    chat.dispatcher["inline_photos"] = InlinePhotos(
        chat.file_ids, chat.guide.photo_file, public_url="https://guide.example"
    )
    (tmp_path / "0.jpg").write_bytes(bytes(5_000_001))
    assert len((await answer(chat, "walls")).results) == 4
    await hold(chat, 1)
    assert (await answer(chat, "walls")).results[0].photo_file_id == "file-0"
