import sqlite3
from typing import Any

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import GetFile, SendChatAction, SendMediaGroup, SendMessage, SendPhoto
from aiogram.types import FSInputFile

from core.querylog import hash_user
from tests.bot.conftest import CHURCH, KREMLIN, Chat
from tests.bot.html_text import visible_text
from tests.bot.telegram import document, photo, update


async def test_a_photo_is_answered_with_the_place_and_an_album_of_similar_photos(
    chat: Chat,
) -> None:
    chat.guide.places = [(KREMLIN, 0.9), (CHURCH, 0.1)]
    asked = update(photo=photo())
    answer, album = await chat.feed(asked)
    assert chat.guide.questions == [b"bytes of the photo"], "the largest size is what is asked"
    assert isinstance(answer, SendMessage)
    assert visible_text(answer.text).startswith("Kremlin — 90%\n")
    assert answer.reply_parameters.message_id == asked.message.message_id
    assert isinstance(album, SendMediaGroup)
    assert [visible_text(item.caption).splitlines()[0] for item in album.media] == [
        "Kremlin", "Церковь <Спаса> & Ко", "Kremlin", "Церковь <Спаса> & Ко", "Kremlin",
    ]  # fmt: skip
    assert isinstance(album.media[0].media, FSInputFile)


async def test_the_user_sees_that_the_bot_is_at_work(chat: Chat) -> None:
    chat.guide.thinks_until = chat.telegram.typing
    await chat.feed(update(photo=photo()))
    kinds = [type(call) for call in chat.telegram.calls]
    assert kinds.index(SendChatAction) < kinds.index(SendMessage)


async def test_an_unsure_guide_is_quoted_as_unsure(chat: Chat) -> None:
    chat.guide.confident = False
    answer, _ = await chat.feed(update(photo=photo(), language="ru"))
    assert answer.text.startswith("Не уверен")


@pytest.mark.parametrize(
    "fields",
    [
        {"mime_type": "image/jpeg", "file_name": "a.jpg", "file_size": 5},
        {"mime_type": "image/png"},
        {"mime_type": "application/octet-stream", "file_name": "A.JPG"},
        {"mime_type": "application/pdf", "file_name": "a.webp"},
        {"file_name": "photo"},
        {},
    ],
)
async def test_a_photo_sent_as_a_file_is_recognised_too(chat: Chat, fields: dict[str, Any]) -> None:
    answer, _ = await chat.feed(update(document=document(**fields)))
    assert chat.guide.questions == [b"bytes of the file"]
    assert "Kremlin" in answer.text


@pytest.mark.parametrize(
    "fields",
    [
        {"mime_type": "application/pdf", "file_name": "a.pdf"},
        {"mime_type": "application/zip"},
        {"file_name": "notes.txt"},
    ],
)
async def test_another_file_gets_a_hint(chat: Chat, fields: dict[str, Any]) -> None:
    [hint] = await chat.feed(update(document=document(**fields)))
    assert "photos and words" in hint.text
    assert not chat.guide.questions


async def test_a_gif_animation_is_not_taken_for_a_photo(chat: Chat) -> None:
    fields = {"mime_type": "image/gif", "file_name": "a.gif"}
    animation = document(width=1, height=1, duration=1, **fields)
    [hint] = await chat.feed(update(document=document(**fields), animation=animation))
    assert "photos and words" in hint.text


async def test_a_file_known_to_be_too_large_is_refused_before_any_download(chat: Chat) -> None:
    [refusal] = await chat.feed(
        update(document=document(mime_type="image/png", file_size=20_000_001), language="ru")
    )
    assert "больше 20 МБ" in refusal.text
    assert not any(isinstance(call, GetFile) for call in chat.telegram.calls)
    assert chat.telegram.downloads == 0


async def test_a_file_that_is_larger_than_announced_is_dropped_half_way(chat: Chat) -> None:
    chat.telegram.files["doc"] = b"x" * 20_000_001
    [refusal] = await chat.feed(update(document=document(mime_type="image/png", file_size=9)))
    assert "more than 20 MB" in refusal.text
    assert not chat.guide.questions


async def test_telegrams_own_refusal_of_a_large_file_is_told_the_same_way(chat: Chat) -> None:
    method = GetFile(file_id="doc")
    chat.telegram.failures[GetFile] = [TelegramBadRequest(method, "Bad Request: file is too big")]
    [refusal] = await chat.feed(update(document=document(mime_type="image/png")))
    assert "more than 20 MB" in refusal.text


async def test_one_similar_photo_is_sent_as_a_photo_since_albums_need_two(chat: Chat) -> None:
    chat.guide.hits = 1
    _, picture = await chat.feed(update(photo=photo()))
    assert isinstance(picture, SendPhoto)
    assert visible_text(picture.caption).startswith("Kremlin")


async def test_without_similar_photos_the_answer_is_text_alone(chat: Chat) -> None:
    chat.guide.hits = 0
    [answer] = await chat.feed(update(photo=photo()))
    assert "Kremlin" in answer.text


async def test_a_gallery_photo_missing_on_disk_is_left_out(chat: Chat) -> None:
    (chat.guide.folder / "1.jpg").unlink()
    _, album = await chat.feed(update(photo=photo()))
    assert [str(item.media.path)[-5:] for item in album.media] == [
        "0.jpg", "2.jpg", "3.jpg", "4.jpg",
    ]  # fmt: skip


async def test_an_album_telegram_refuses_costs_the_answer_nothing(chat: Chat) -> None:
    method = SendMediaGroup(chat_id=7, media=[])
    chat.telegram.failures[SendMediaGroup] = [TelegramBadRequest(method, "IMAGE_PROCESS_FAILED")]
    [answer] = await chat.feed(update(photo=photo()))
    assert "Kremlin" in answer.text


async def test_a_gallery_photo_is_uploaded_once(chat: Chat) -> None:
    _, first = await chat.feed(update(photo=photo()))
    _, second = await chat.feed(update(photo=photo()))
    assert all(isinstance(item.media, FSInputFile) for item in first.media)
    assert all(str(item.media).startswith("uploaded-") for item in second.media)


async def test_uploads_telegram_no_longer_accepts_are_made_anew(chat: Chat) -> None:
    await chat.feed(update(photo=photo()))
    method = SendMediaGroup(chat_id=7, media=[])
    chat.telegram.failures[SendMediaGroup] = [TelegramBadRequest(method, "wrong file identifier")]
    await chat.feed(update(photo=photo()))
    _, third = await chat.feed(update(photo=photo()))
    assert all(isinstance(item.media, FSInputFile) for item in third.media)


async def test_a_photo_query_is_logged_without_its_senders_id(chat: Chat) -> None:
    chat.guide.places = [(KREMLIN, 0.9), (CHURCH, 0.1)]
    await chat.feed(update(photo=photo(), sender=987654321, language="ru"))
    [row] = sqlite3.connect(chat.log_file).execute(
        "SELECT kind, chat_type, language, user_hash, text, file_unique_id, places, confident,"
        " snapshot, error FROM queries"
    )
    assert row == (
        "photo", "private", "ru", hash_user(987654321, b"key"), None, "u-pic",
        '[["kremlin", 0.9], ["church", 0.1]]', 1, "v1", None,
    )  # fmt: skip
    assert b"987654321" not in chat.log_file.read_bytes()
