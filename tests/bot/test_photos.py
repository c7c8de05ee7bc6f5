import json
import sqlite3
from typing import Any

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import GetFile, SendChatAction, SendMediaGroup, SendMessage, SendPhoto
from aiogram.types import FSInputFile
from PIL import Image

from core.errors import UnreadableImage
from core.places import Place, Point
from core.querylog import hash_user
from tests.bot.conftest import CHURCH, KREMLIN, Chat
from tests.bot.html_text import visible_text
from tests.bot.telegram import buttons, document, photo, update
from tests.doubles import coloured_photo, encoded


async def test_a_photo_is_answered_with_the_place_and_an_album_of_similar_photos(
    chat: Chat,
) -> None:
    chat.guide.places = [(KREMLIN, 0.9), (CHURCH, 0.1)]
    asked = update(photo=photo())
    answer, album = await chat.feed(asked)
    assert chat.guide.questions == [b"bytes of the photo"], "the largest size is what is asked"
    assert isinstance(answer, SendMessage)
    assert visible_text(answer.text).startswith("Kremlin — almost certainly\n")
    assert answer.reply_parameters.message_id == asked.message.message_id
    assert isinstance(album, SendMediaGroup)
    assert [visible_text(item.caption).splitlines()[0] for item in album.media] == [
        "Kremlin", "Церковь <Спаса> & Ко", "Kremlin", "Церковь <Спаса> & Ко", "Kremlin",
    ]  # fmt: skip
    assert isinstance(album.media[0].media, FSInputFile)


async def test_below_a_confident_answer_are_feedback_actions_and_the_candidates(
    chat: Chat,
) -> None:
    chat.guide.places = [(KREMLIN, 0.9), (CHURCH, 0.1)]
    answer, _ = await chat.feed(update(photo=photo(), language="ru"))
    rows = [[button.text for button in row] for row in answer.reply_markup.inline_keyboard]
    assert rows == [
        ["✅ Это оно", "❌ Не то"],
        ["🗺 На карте", "🖼 Ещё фото", "📍 Рядом"],
        ["Кремль"],
        ["Церковь <Спаса> & Ко"],
    ]


async def test_below_an_unsure_answer_are_the_candidates_and_none_of_these(chat: Chat) -> None:
    chat.guide.confident = False
    chat.guide.places = [(KREMLIN, 0.6), (CHURCH, 0.4)]
    answer, _ = await chat.feed(update(photo=photo()))
    assert list(buttons(answer)) == ["Kremlin", "Церковь <Спаса> & Ко", "❌ None of these"]


async def test_an_unknown_place_has_no_buttons(chat: Chat) -> None:
    chat.guide.places, chat.guide.confident = [], False
    [answer] = await chat.feed(update(photo=photo()))
    assert "do not recognise" in answer.text
    assert answer.reply_markup is None


async def test_buttons_fit_whatever_the_ids_and_names(chat: Chat) -> None:
    endless = Place("x" * 64, "Ы" * 500, "", ("towers",), "", Point(1, 1))
    chat.guide.places = [(endless, 1.0)]
    answer, _ = await chat.feed(update(photo=photo()))
    for label, button in buttons(answer).items():
        assert len(button.callback_data.encode()) <= 64
        assert len(label) <= 40


async def test_without_the_log_the_answer_comes_without_the_feedback_buttons(chat: Chat) -> None:
    sqlite3.connect(chat.log_file).execute("DROP TABLE queries")
    answer, _ = await chat.feed(update(photo=photo()))
    assert list(buttons(answer)) == ["🗺 On the map", "🖼 More photos", "📍 Nearby", "Kremlin"]
    chat.guide.confident = False
    answer, _ = await chat.feed(update(photo=photo()))
    assert list(buttons(answer)) == ["Kremlin"]


async def test_the_position_in_a_photo_sent_as_a_file_serves_that_query_only(chat: Chat) -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (56.0, 19.5, 0.0), 3: "E", 4: (44.0, 0.0, 0.0)}
    chat.telegram.files["doc"] = encoded(coloured_photo("red"), exif=exif)
    await chat.feed(update(document=document(mime_type="image/jpeg")))
    await chat.feed(update(photo=photo()))
    assert chat.guide.nears == [Point(56.325, 44.0), None]


async def test_a_photo_asked_about_again_is_not_fetched_again(chat: Chat) -> None:
    first, again = [await chat.feed(update(photo=photo(upload="7"))) for _ in range(2)]
    assert len(chat.guide.questions) == chat.telegram.downloads == 1
    assert len(chat.guide.nears) == 2  # each is answered from the gallery as it is now
    timings = sqlite3.connect(chat.log_file).execute("SELECT timings_ms FROM queries").fetchall()
    assert [list(json.loads(stages)) for (stages,) in timings] == [["decode", "embed"], ["embed"]]
    assert [type(part) for part in again] == [type(part) for part in first]


async def test_where_a_photo_was_taken_is_not_remembered(chat: Chat) -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (56.0, 19.5, 0.0), 3: "E", 4: (44.0, 0.0, 0.0)}
    chat.telegram.files["doc"] = encoded(coloured_photo("red"), exif=exif)
    for _ in range(2):
        await chat.feed(update(document=document(mime_type="image/jpeg")))
    assert chat.guide.nears == [Point(56.325, 44.0)] * 2
    assert chat.telegram.downloads == 2


async def test_a_photo_that_failed_is_fetched_again(chat: Chat) -> None:
    chat.guide.error = UnreadableImage("cut short")
    await chat.feed(update(photo=photo(upload="7")))
    chat.guide.error = None
    answer, _ = await chat.feed(update(photo=photo(upload="7")))
    assert visible_text(answer.text).startswith("Kremlin")
    assert chat.telegram.downloads == 2


async def test_the_user_sees_that_the_bot_is_at_work(chat: Chat) -> None:
    chat.guide.thinks_until = chat.telegram.typing
    await chat.feed(update(photo=photo()))
    kinds = [type(call) for call in chat.telegram.calls]
    assert kinds.index(SendChatAction) < kinds.index(SendMessage)


async def test_an_unsure_guide_is_quoted_as_unsure_and_shows_each_candidate_once(
    chat: Chat,
) -> None:
    chat.guide.confident = False
    chat.guide.places = [(CHURCH, 0.6), (KREMLIN, 0.4)]
    answer, album = await chat.feed(update(photo=photo(), language="ru"))
    assert answer.text.startswith("Не уверен")
    assert [visible_text(item.caption).splitlines()[0] for item in album.media] == [
        "Церковь <Спаса> & Ко", "Кремль",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {"mime_type": "image/jpeg", "file_name": "a.jpg", "file_size": 5},
        {"mime_type": "image/png"},
        {"mime_type": "application/octet-stream", "file_name": "A.JPG"},
        {"mime_type": "application/pdf", "file_name": "a.webp"},
        {"mime_type": "application/octet-stream"},
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
async def test_another_file_is_recognised_by_its_bytes_or_gets_a_hint(
    chat: Chat, fields: dict[str, Any]
) -> None:
    [hint] = await chat.feed(update(document=document(**fields)))
    assert hint.text.startswith("This does not look like a picture")
    assert not chat.guide.questions
    chat.telegram.files["doc"] = picture = encoded(coloured_photo("red"), "WEBP")
    answer, _ = await chat.feed(update(document=document(**fields)))
    assert "Kremlin" in answer.text
    assert chat.guide.questions == [picture]


async def test_a_large_file_of_another_type_is_not_called_a_large_picture(chat: Chat) -> None:
    [hint] = await chat.feed(
        update(document=document(mime_type="application/zip", file_size=20_000_001))
    )
    assert hint.text.startswith("This does not look like a picture")
    assert chat.telegram.downloads == 0


async def test_a_film_sent_as_a_file_is_not_downloaded(chat: Chat) -> None:
    [hint] = await chat.feed(update(document=document(mime_type="video/mp4", file_name="a.jpg")))
    assert "photos and words" in hint.text
    assert chat.telegram.downloads == 0


async def test_a_gif_animation_is_not_taken_for_a_photo(chat: Chat) -> None:
    fields = {"mime_type": "image/gif", "file_name": "a.gif"}
    animation = document(width=1, height=1, duration=1, **fields)
    [hint] = await chat.feed(update(document=document(**fields), animation=animation))
    assert "videos" in hint.text


async def test_a_file_known_to_be_too_large_is_refused_before_any_download(chat: Chat) -> None:
    [refusal] = await chat.feed(
        update(document=document(mime_type="image/png", file_size=20_000_001), language="ru")
    )
    assert "больше 20 МБ" in refusal.text
    assert not any(isinstance(call, GetFile) for call in chat.telegram.calls)
    assert chat.telegram.downloads == 0


async def test_a_file_that_getfile_tells_to_be_too_large_is_not_downloaded(chat: Chat) -> None:
    chat.telegram.told_sizes["doc"] = 20_000_001
    [refusal] = await chat.feed(update(document=document(mime_type="image/png")))
    assert "more than 20 MB" in refusal.text
    assert chat.telegram.downloads == 0


async def test_a_file_that_is_larger_than_announced_is_dropped_half_way(chat: Chat) -> None:
    chat.telegram.files["doc"] = b"x" * 20_000_001
    chat.telegram.told_sizes["doc"] = 9
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


async def test_a_group_that_takes_no_photos_costs_no_upload(chat: Chat) -> None:
    await chat.feed(update(photo=photo()))
    held = len(chat.file_ids)
    method = SendPhoto(chat_id=-100, photo="x")
    refusal = "Bad Request: not enough rights to send photos to the chat"
    chat.telegram.failures[SendPhoto] = [TelegramBadRequest(method, refusal)]
    [answer] = await chat.feed(update(photo=photo(), caption="@guide_bot", chat="supergroup"))
    assert "Kremlin" in answer.text
    assert len(chat.file_ids) == held


async def test_a_photo_query_is_logged_without_its_senders_id(chat: Chat) -> None:
    chat.guide.places = [(KREMLIN, 0.9), (CHURCH, 0.1)]
    await chat.feed(update(photo=photo(upload="7"), sender=987654321, language="ru"))
    [row] = sqlite3.connect(chat.log_file).execute(
        "SELECT kind, chat_type, language, user_hash, text, file_unique_id, places, confident,"
        " snapshot, error FROM queries"
    )
    assert row == (
        "photo", "private", "ru", hash_user(987654321, b"key"), None, "u-7-pic",
        '[["kremlin", 0.9], ["church", 0.1]]', 1, "v1", None,
    )  # fmt: skip
    assert b"987654321" not in chat.log_file.read_bytes()
