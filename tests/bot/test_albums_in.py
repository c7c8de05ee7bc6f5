"""Several photos sent together."""

import asyncio
import sqlite3
from typing import Any

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import GetFile, SendMediaGroup, SendMessage, SendPhoto
from aiogram.types import Update

from bot.media_groups import MediaGroups
from core.errors import UnreadableImage
from tests.bot.conftest import CHURCH, KREMLIN, Chat
from tests.bot.html_text import visible_text
from tests.bot.telegram import document, photo, update


def album(*contents: dict[str, Any], group: str = "g", **about: Any) -> list[Update]:
    return [update(media_group_id=group, **content, **about) for content in contents]


PHOTOS = [{"photo": photo()}, {"photo": photo()}, {"document": document()}]
VIDEO = {"video": document(duration=1, width=1, height=1)}


async def feed_together(chat: Chat, updates: list[Update]) -> list[Any]:
    """Let the bot handle updates at once, as polling does; returns what it sent."""
    before = len(chat.telegram.sent)
    await asyncio.gather(*(chat.dispatcher.feed_update(chat.bot, each) for each in updates))
    return chat.telegram.sent[before:]


async def test_an_album_is_answered_once_from_all_of_its_photos(chat: Chat) -> None:
    chat.guide.answers = [
        chat.guide.recognition((CHURCH, 0.6), (KREMLIN, 0.4), confident=False),
        chat.guide.recognition((KREMLIN, 0.9), (CHURCH, 0.1)),
        chat.guide.recognition((KREMLIN, 0.8), (CHURCH, 0.2)),
    ]
    updates = album(*PHOTOS)
    answer, similar = await feed_together(chat, updates)
    assert isinstance(answer, SendMessage)
    assert visible_text(answer.text).splitlines()[0] == "Kremlin — most likely"
    assert answer.reply_parameters.message_id == updates[0].message.message_id
    assert isinstance(similar, SendMediaGroup)
    assert len(chat.guide.questions) == 3
    assert sqlite3.connect(chat.log_file).execute(
        "SELECT kind, confident, places FROM queries"
    ).fetchall() == [("photo", 1, '[["kremlin", 0.7], ["church", 0.3]]')]


async def test_an_album_of_the_largest_size_is_not_waited_for() -> None:
    parts = [each.message for each in album(*[{"photo": photo()}] * 10)]
    groups = MediaGroups(quiet_s=3600)
    async with asyncio.timeout(60):
        gathered = await asyncio.gather(*(groups.gather(part) for part in parts))
    assert [whole for whole in gathered if whole] == [parts]


async def test_two_albums_at_once_are_two_questions(chat: Chat) -> None:
    sent = await feed_together(chat, album(*PHOTOS) + album(*PHOTOS, group="other"))
    assert [type(call) for call in sent].count(SendMessage) == 2


async def test_the_same_album_id_in_two_chats_is_two_albums(chat: Chat) -> None:
    sent = await feed_together(
        chat, album(*PHOTOS) + album(*PHOTOS, chat="group", caption="@guide_bot")
    )
    assert [type(call) for call in sent].count(SendMessage) == 1
    assert [type(call) for call in sent].count(SendPhoto) == 1


async def test_a_straggler_does_not_cause_a_second_answer(chat: Chat) -> None:
    await feed_together(chat, album(*PHOTOS))
    assert await feed_together(chat, album({"photo": photo()})) == []


async def test_of_the_albums_handed_out_the_latest_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.media_groups.RECENT", 2)
    groups = MediaGroups(quiet_s=0)
    parts = [album({"photo": photo()}, group=f"g{n}")[0].message for n in range(5)]
    for part in parts:
        assert await groups.gather(part) == [part]
    assert [await groups.gather(part) for part in parts[-2:]] == [None, None]
    assert len(groups._complete) == 2


async def test_a_photo_of_the_album_that_cannot_be_used_is_left_out(chat: Chat) -> None:
    chat.telegram.files["doc"] = b"x" * 20_000_001
    answer, *_ = await feed_together(chat, album(*PHOTOS))
    assert "Kremlin" in answer.text
    assert len(chat.guide.questions) == 2


async def test_a_photo_of_the_album_that_telegram_does_not_hand_over_is_left_out(
    chat: Chat,
) -> None:
    method = GetFile(file_id="pic")
    chat.telegram.failures[GetFile] = [TelegramBadRequest(method, "Bad Request: no such file")]
    answer, *_ = await feed_together(chat, album(*PHOTOS))
    assert "Kremlin" in answer.text
    assert len(chat.guide.questions) == 2


async def test_of_what_is_wrong_with_an_album_the_first_is_told(chat: Chat) -> None:
    chat.guide.error = UnreadableImage("no picture")
    large = {"document": document(mime_type="image/png", file_size=20_000_001)}
    [explanation] = await feed_together(chat, album(large, *PHOTOS))
    assert "more than 20 MB" in explanation.text


async def test_an_album_of_which_nothing_can_be_used_is_explained_once(chat: Chat) -> None:
    chat.guide.error = UnreadableImage("no picture")
    [explanation] = await feed_together(chat, album(*PHOTOS))
    assert "could not open" in explanation.text


async def test_a_video_among_the_photos_is_left_out(chat: Chat) -> None:
    answer, _ = await feed_together(chat, album(VIDEO, *PHOTOS[:2]))
    assert "Kremlin" in answer.text
    assert len(chat.guide.questions) == 2


async def test_an_album_of_videos_gets_one_hint(chat: Chat) -> None:
    [hint] = await feed_together(chat, album(VIDEO, VIDEO))
    assert "videos" in hint.text


@pytest.mark.parametrize("mentioned", [0, 2])
async def test_in_a_group_a_mention_in_any_caption_is_for_the_whole_album(
    chat: Chat, mentioned: int
) -> None:
    updates = [
        update(
            chat="group", media_group_id="g", photo=photo(),
            **({"caption": "@guide_bot?"} if number == mentioned else {}),
        )
        for number in range(3)
    ]  # fmt: skip
    [answer] = await feed_together(chat, updates)
    assert isinstance(answer, SendPhoto)
    assert len(chat.guide.questions) == 3


@pytest.mark.parametrize("captioned", [0, 1])
async def test_in_a_group_a_command_in_any_caption_is_for_the_whole_album(
    chat: Chat, captioned: int
) -> None:
    updates = album({"photo": photo()}, {"photo": photo()}, chat="group")
    updates[captioned] = update(
        chat="group", media_group_id="g", photo=photo(), caption="/where@guide_bot"
    )
    [answer] = await feed_together(chat, updates)
    assert answer.reply_parameters.message_id == updates[captioned].message.message_id
    assert len(chat.guide.questions) == 2


async def test_in_a_group_an_album_for_nobody_is_left_alone(chat: Chat) -> None:
    assert await feed_together(chat, album(*PHOTOS, chat="group")) == []
    assert not chat.guide.questions


async def test_an_album_in_a_group_is_cut_down_by_privacy_mode_to_the_photo_with_the_mention(
    chat: Chat,
) -> None:
    [answer] = await feed_together(
        chat, album({"photo": photo(), "caption": "@guide_bot"}, chat="group")
    )
    assert isinstance(answer, SendPhoto)


async def test_the_parts_of_an_album_are_in_the_order_they_were_sent() -> None:
    parts = [each.message for each in album(*PHOTOS)]
    groups = MediaGroups(quiet_s=0.01)
    gathered = await asyncio.gather(*(groups.gather(part) for part in reversed(parts)))
    assert [whole for whole in gathered if whole] == [parts]


async def test_a_slow_album_is_waited_for_as_long_as_it_keeps_coming() -> None:
    parts = [each.message for each in album(*PHOTOS)]
    groups = MediaGroups(quiet_s=1)
    first = asyncio.create_task(groups.gather(parts[0]))
    for part in parts[1:]:
        await asyncio.sleep(0.6)
        assert await groups.gather(part) is None
    assert await first == parts
