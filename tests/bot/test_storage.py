import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from aiogram.methods import SendMediaGroup, SendPhoto
from PIL import Image

from bot.app import build_bot
from bot.file_ids import FileIds
from bot.storage import AFTER_TROUBLE_S, AT_ONCE, LOOK_AGAIN_S, MAX_WANTED, StorageChat
from core.places import Photo
from tests.bot.telegram import TOKEN, QuickTime, RecordingSession

CHAT = -1001
METHOD = SendPhoto(chat_id=CHAT, photo="x")


class Storage:
    """A storage chat on a clock that takes no time."""

    def __init__(self, folder: Path, file_ids: FileIds) -> None:
        self.folder, self.file_ids = folder, file_ids
        self.telegram, self.time = RecordingSession(), QuickTime()
        bot = build_bot(TOKEN, self.telegram, pacer=self.time.pacer())
        self.idle = asyncio.Event()
        self.chat = StorageChat(bot, CHAT, file_ids, self.file, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        if seconds == LOOK_AGAIN_S and not self._all:
            self.idle.set()
        await self.time.sleep(seconds)
        await asyncio.sleep(0)

    @property
    def _all(self) -> list[Photo]:
        return [photo for photo in self._photos if self.chat.lacks(photo)]

    def file(self, photo: Photo) -> Path:
        return self.folder / photo.path

    async def fill(self, photos: list[Photo]) -> None:
        """Until nothing is left to upload."""
        self._photos = photos
        filling = asyncio.create_task(self.chat.fill(lambda: photos))
        async with asyncio.timeout(60):
            await self.idle.wait()
        filling.cancel()

    @property
    def uploaded(self) -> list[str]:
        """Names of the files, in the order they were sent."""
        calls: list[Any] = self.telegram.sent
        media = [
            item.media if isinstance(call, SendMediaGroup) else call.photo
            for call in calls
            for item in (call.media if isinstance(call, SendMediaGroup) else [call])
        ]
        return [Path(file.path).stem for file in media]


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with FileIds.open(tmp_path / "guide.sqlite3", 42) as file_ids:
        yield Storage(tmp_path, file_ids)


@pytest.fixture
def photos(tmp_path: Path) -> list[Photo]:
    for number in range(30):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / f"{number}.jpg")
    return [Photo(f"id{number}", "place", f"{number}.jpg", 8, 8) for number in range(30)]


async def test_all_photos_are_uploaded_in_their_order_within_the_limit_of_a_group(
    storage: Storage, photos: list[Photo]
) -> None:
    await storage.fill(photos)
    assert storage.uploaded == [str(number) for number in range(30)]
    assert len(storage.file_ids) == 30
    assert storage.time.now - 1000 >= 90
    assert all(call.disable_notification for call in storage.telegram.sent)


async def test_filling_goes_on_where_it_was_stopped(storage: Storage, photos: list[Photo]) -> None:
    await storage.fill(photos[:10])
    after_a_restart = Storage(storage.folder, storage.file_ids)
    await after_a_restart.fill(photos)
    assert after_a_restart.uploaded == [str(number) for number in range(10, 30)]


async def test_what_somebody_looks_for_comes_first(storage: Storage, photos: list[Photo]) -> None:
    storage.chat.want([photos[20], photos[21]])
    await storage.fill(photos)
    assert storage.uploaded[:3] == ["21", "20", "0"]


async def test_a_photo_that_is_refused_or_gone_does_not_stop_the_others(
    storage: Storage, photos: list[Photo]
) -> None:
    refusal = TelegramBadRequest(METHOD, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    storage.telegram.failures[SendPhoto] = [refusal]
    storage.file(photos[1]).unlink()
    await storage.fill(photos[:4])
    assert storage.uploaded == ["2", "3"]
    assert not storage.chat.lacks(photos[0])


async def test_one_bad_photo_does_not_spoil_an_album(storage: Storage, photos: list[Photo]) -> None:
    refusal = TelegramBadRequest(METHOD, "Bad Request: IMAGE_PROCESS_FAILED")
    storage.telegram.failures[SendMediaGroup] = [refusal]
    storage.telegram.failures[SendPhoto] = [refusal]
    await storage.chat.upload(photos[:3])
    assert storage.uploaded == ["1", "2"]


@pytest.mark.parametrize(
    "trouble",
    [
        TelegramForbiddenError(METHOD, "Forbidden: bot was kicked from the channel"),
        TelegramBadRequest(METHOD, "Bad Request: chat not found"),
        TelegramBadRequest(METHOD, "Bad Request: not enough rights to send photos"),
        TelegramNetworkError(METHOD, "no route"),
        FileNotFoundError("gone a moment ago"),
    ],
)
async def test_trouble_with_the_chat_or_a_file_is_waited_out(
    trouble: Exception, storage: Storage, photos: list[Photo]
) -> None:
    storage.telegram.failures[SendPhoto] = [trouble]
    await storage.fill(photos[:3])
    assert storage.uploaded == ["0", "1", "2"]
    assert storage.time.waits[0] == AFTER_TROUBLE_S


async def test_a_long_wait_that_telegram_asks_for_is_kept(
    storage: Storage, photos: list[Photo]
) -> None:
    storage.telegram.failures[SendPhoto] = [TelegramRetryAfter(METHOD, "slow down", 3600)]
    await storage.fill(photos[:1])
    assert storage.time.waits[0] == 3600


async def test_a_group_that_became_a_supergroup_is_followed(
    storage: Storage, photos: list[Photo]
) -> None:
    moved = TelegramMigrateToChat(METHOD, "group chat was upgraded", migrate_to_chat_id=-1002)
    storage.telegram.failures[SendPhoto] = [moved]
    await storage.chat.upload(photos[:1])
    await storage.chat.upload(photos[1:2])
    assert [call.chat_id for call in storage.telegram.sent] == [-1002, -1002]


async def test_a_crowd_that_wants_photos_now_does_not_pile_up_and_ends_with_the_filling(
    storage: Storage, photos: list[Photo], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def send(_: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)  # nor is a connection closed at once

    monkeypatch.setattr(storage.chat, "_send", send)
    await asyncio.gather(*(storage.chat.upload_within(photos[:5], 0.01) for _ in range(180)))
    filling = asyncio.create_task(storage.chat.fill(lambda: photos))
    await asyncio.sleep(0)
    uploads = set(storage.chat._uploads)
    assert len(uploads) == AT_ONCE
    filling.cancel()
    await asyncio.gather(filling, return_exceptions=True)
    assert all(upload.cancelled() for upload in uploads)


async def test_a_repeated_wish_comes_before_other_ones(
    storage: Storage, photos: list[Photo]
) -> None:
    storage.chat.want([photos[20], photos[21]])
    storage.chat.want([photos[20]])
    await storage.fill(photos)
    assert storage.uploaded[:3] == ["20", "21", "0"]


async def test_a_crowd_s_wishes_are_bounded(storage: Storage, photos: list[Photo]) -> None:
    for number in range(3 * MAX_WANTED):
        storage.chat.want([replace(photos[0], photo_id=f"{number}")])
    assert len(storage.chat._wanted) == MAX_WANTED


async def test_a_photo_that_is_put_back_is_uploaded_after_all(
    storage: Storage, photos: list[Photo]
) -> None:
    content = storage.file(photos[0]).read_bytes()
    storage.file(photos[0]).unlink()
    await storage.fill(photos[:2])
    storage.file(photos[0]).write_bytes(content)
    await storage.chat.upload(photos[:2])
    assert storage.uploaded == ["1", "0"]


async def test_one_may_want_photos_now_again_and_again(
    storage: Storage, photos: list[Photo]
) -> None:
    for photo in photos[: 2 * AT_ONCE]:
        await storage.chat.upload_within([photo], 60)
    assert storage.uploaded == ["0", "1", "2", "3"]


async def test_two_people_who_want_the_same_photos_cause_one_upload(
    storage: Storage, photos: list[Photo]
) -> None:
    await asyncio.gather(
        storage.chat.upload_within(photos[:5], 60), storage.chat.upload_within(photos[:5], 60)
    )
    assert storage.uploaded == ["0", "1", "2", "3", "4"]
    assert all(call.disable_notification for call in storage.telegram.sent)
    assert str(storage.file_ids.get("id0")).startswith("uploaded-"), "the largest size"
