"""The storage chat: photos sent there once can be shown in any chat by their file_ids."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from aiogram.types import FSInputFile, InputMediaPhoto, Message

from bot.file_ids import FileIds
from bot.refusals import blames_photos
from core.places import Photo

logger = logging.getLogger(__name__)

# A group takes 20 messages a minute. 12 are for the steady filling, the rest for what somebody
# waits for right now.
EVERY_S = 5.0
LOOK_AGAIN_S = 60.0  # for new photos, when everything is uploaded
AFTER_TROUBLE_S = 60.0
MAX_WANTED = 500
AT_ONCE = 2  # uploads that somebody waits for


class StorageChat:
    """Uploads gallery photos to a chat of the operator's and keeps their file_ids."""

    def __init__(
        self,
        bot: Bot,
        chat_id: int,
        file_ids: FileIds,
        photo_file: Callable[[Photo], Path],
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._bot = bot
        self._chat_id = chat_id
        self._file_ids = file_ids
        self._photo_file = photo_file
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._wanted: dict[str, Photo] = {}  # by photo_id, the latest wish last
        self._useless: set[str] = set()  # photo_ids that are refused
        self._uploads: set[asyncio.Task[None]] = set()

    def want(self, photos: Sequence[Photo]) -> None:
        """Upload these before all others, when their turn comes."""
        for photo in photos[: MAX_WANTED - len(self._wanted)]:
            self._wanted.pop(photo.photo_id, None)
            self._wanted[photo.photo_id] = photo

    def lacks(self, photo: Photo) -> bool:
        """Whether a photo is to be uploaded still; it may turn out that it cannot be."""
        if self._file_ids.get(photo.photo_id) or photo.photo_id in self._useless:
            return False
        return self._photo_file(photo).is_file()

    async def upload_within(self, photos: Sequence[Photo], seconds: float) -> None:
        """Upload up to 10 photos now, unless others have to; what takes longer goes on after."""
        if len(self._uploads) >= AT_ONCE:  # a person would not wait for so many before theirs
            return
        upload = asyncio.create_task(self._upload_quietly(photos))
        self._uploads.add(upload)
        upload.add_done_callback(self._uploads.discard)
        await asyncio.wait({upload}, timeout=seconds)

    async def fill(self, photos: Callable[[], Sequence[Photo]]) -> None:
        """Upload what is wanted and then all ``photos()``, in their order; never ends.

        What has been uploaded is known and skipped, so it may be stopped at any time.
        """
        try:
            while True:
                await self._upload_next(photos())
        finally:  # what somebody waited for ends with it
            for upload in self._uploads:
                upload.cancel()
            await asyncio.gather(*self._uploads, return_exceptions=True)

    async def upload(self, photos: Sequence[Photo]) -> None:
        """Upload those of up to 10 photos that Telegram does not hold yet.

        Raises:
            AiogramError: the chat cannot be used now; a photo that is refused is left out for good.
        """
        async with self._turn:
            missing = [photo for photo in photos if self.lacks(photo)]
            try:
                await self._send(missing)
            except TelegramMigrateToChat as error:
                logger.warning("the storage chat has a new id: change GUIDE_STORAGE_CHAT_ID")
                self._chat_id = error.migrate_to_chat_id
                await self._send(missing)

    async def _upload_next(self, photos: Sequence[Photo]) -> None:
        photo = self._next(photos)
        if photo is None:
            await self._sleep(LOOK_AGAIN_S)
            return
        try:
            await self.upload([photo])
            await self._sleep(EVERY_S)
        except TelegramRetryAfter as refusal:
            await self._sleep(refusal.retry_after)
        except (AiogramError, OSError) as error:
            logger.warning("a photo was not uploaded: %s", _first_line(error))
            await self._sleep(AFTER_TROUBLE_S)

    async def _upload_quietly(self, photos: Sequence[Photo]) -> None:
        try:
            await self.upload(photos)
        except (AiogramError, OSError) as error:
            logger.warning("photos wanted at once were not uploaded: %s", _first_line(error))

    def _next(self, photos: Sequence[Photo]) -> Photo | None:
        while self._wanted:
            _, photo = self._wanted.popitem()
            if self.lacks(photo):
                return photo
        return next(filter(self.lacks, photos), None)

    async def _send(self, photos: Sequence[Photo]) -> None:
        if not photos:
            return
        try:
            messages = await self._request(photos)
        except TelegramBadRequest as error:
            if not blames_photos(error):
                raise
            if len(photos) == 1:
                logger.warning("photo %s was refused: %s", photos[0].photo_id, error.message)
                self._useless.add(photos[0].photo_id)
            else:
                for photo in photos:
                    await self._send([photo])
            return
        await self._file_ids.remember(
            {
                photo.photo_id: message.photo[-1].file_id
                for photo, message in zip(photos, messages, strict=True)
                if message.photo
            }
        )

    async def _request(self, photos: Sequence[Photo]) -> list[Message]:
        files = [FSInputFile(self._photo_file(photo)) for photo in photos]
        if len(files) == 1:
            return [await self._bot.send_photo(self._chat_id, files[0], disable_notification=True)]
        return await self._bot.send_media_group(
            self._chat_id,
            [InputMediaPhoto(media=file) for file in files],
            disable_notification=True,
        )


def _first_line(error: Exception) -> str:
    if isinstance(error, TelegramForbiddenError):
        return "the bot is no member of GUIDE_STORAGE_CHAT_ID or may not write there"
    return str(error).partition("\n")[0]
