"""Photos in and out of Telegram: bounded downloads, albums of gallery photos."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath

from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest
from aiogram.types import (
    Document,
    FSInputFile,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
)
from aiohttp import ClientError, ClientPayloadError

from bot.errors import DownloadFailed
from bot.file_ids import FileIds
from bot.refusals import blames_photos
from core.errors import ImageTooLarge
from core.places import Photo

logger = logging.getLogger(__name__)

GET_FILE_LIMIT_MB = 20  # Telegram's getFile gives no more
DOWNLOAD_TIMEOUT_S = 30
PAUSES_S = (0.3, 1)  # before a download is tried again
MAX_ALBUM = 10
PLAYED = ("audio/", "video/")  # types
PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".bmp", ".gif", ".tif", ".tiff"}
)


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A photo as a message carries it, not yet downloaded."""

    file_id: str
    file_unique_id: str
    size: int | None  # bytes, when Telegram tells
    declared: bool = True  # whether its type or name says picture, or nothing at all


def photo_in(message: Message) -> SentPhoto | None:
    """The photo in a message, sent as a photo or as a file.

    Whether a file is a picture is decided by its bytes, since names and types may be wrong or
    missing; only what Telegram itself plays is no candidate.
    """
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return SentPhoto(largest.file_id, largest.file_unique_id, largest.file_size)
    file = message.document
    if file is None or message.animation or (file.mime_type or "").startswith(PLAYED):
        return None
    return SentPhoto(
        file.file_id, file.file_unique_id, file.file_size, declared=_may_be_picture(file)
    )


def _may_be_picture(file: Document) -> bool:
    mime = file.mime_type or ""
    suffix = PurePath(file.file_name or "").suffix.lower()
    unnamed = not suffix and mime in {"", "application/octet-stream"}
    return mime.startswith("image/") or suffix in PICTURE_SUFFIXES or unnamed


async def download(bot: Bot, photo: SentPhoto, max_photo_mb: float) -> bytes:
    """Fetch a photo into memory, trying again after a bad moment of the network.

    Raises:
        ImageTooLarge: it has more than ``max_photo_mb``; known before the download where possible.
        DownloadFailed: Telegram or the network failed us.
    """
    limit = round(max_photo_mb * 1_000_000)
    _check_size(photo.size or 0, limit)
    try:
        file = await bot.get_file(photo.file_id)
        _check_size(file.file_size or 0, limit)
        if file.file_path is None:
            raise DownloadFailed("Telegram named no path for a file")
        for pause_s in PAUSES_S:
            try:
                return await _fetch(bot, file.file_path, file.file_size, limit)
            except (ClientError, TimeoutError) as error:
                logger.info("a download failed, once more: %s", type(error).__name__)
                await asyncio.sleep(pause_s)
        return await _fetch(bot, file.file_path, file.file_size, limit)
    except TelegramBadRequest as error:
        if "too big" in error.message:
            raise ImageTooLarge("Telegram does not hand over a file of this size") from error
        raise DownloadFailed(f"getFile was refused: {error.message}") from error
    except (AiogramError, ClientError, TimeoutError) as error:
        raise DownloadFailed(f"a photo was not downloaded: {type(error).__name__}") from error


async def _fetch(bot: Bot, path: str, size: int | None, limit: int) -> bytes:
    content = _BoundedBuffer(limit)
    await bot.download_file(path, content, timeout=DOWNLOAD_TIMEOUT_S)
    received = content.getvalue()
    if size is not None and len(received) != size:
        raise ClientPayloadError("not all of a file, or another one")
    return received


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise ImageTooLarge(f"the file has more than {limit} bytes")


class _BoundedBuffer(BytesIO):
    """Takes at most ``limit`` bytes, whatever size was announced."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, chunk: bytes, /) -> int:  # type: ignore[override]
        _check_size(self.tell() + len(chunk), self._limit)
        return super().write(chunk)


@dataclass(frozen=True, slots=True)
class Captioned:
    """A gallery photo and the HTML under it."""

    photo: Photo
    caption: str


class Albums:
    """Sends gallery photos; each is uploaded once and from then on sent by its file_id."""

    def __init__(self, photo_file: Callable[[Photo], Path], file_ids: FileIds) -> None:
        self._photo_file = photo_file
        self._file_ids = file_ids

    async def reply(
        self,
        message: Message,
        photos: Sequence[Captioned],
        keyboard: InlineKeyboardMarkup | None = None,
    ) -> bool:
        """Answer ``message`` with up to 10 photos as one album, or with the only one.

        A photo whose file is missing is left out. ``keyboard`` comes with a single photo alone:
        Telegram's albums have none.

        Returns:
            Whether anything was sent; False too when Telegram refuses these photos.
        """
        present = self._present(photos)
        if not present:
            return False
        try:
            sent = await self._send(message, present, keyboard)
        except TelegramBadRequest as error:
            logger.warning("an album of %d was refused: %s", len(present), error.message)
            if blames_photos(error):  # perhaps a file_id was no longer good
                await self._file_ids.forget(*(item.photo.photo_id for item in present))
            return False
        uploads = {
            item.photo.photo_id: part.photo[-1].file_id
            for item, part in zip(present, sent, strict=True)
            if part.photo
        }
        await self._file_ids.remember(uploads)
        return True

    def _present(self, photos: Sequence[Captioned]) -> list[Captioned]:
        return [item for item in photos if self._photo_file(item.photo).is_file()]

    async def _send(
        self,
        message: Message,
        photos: Sequence[Captioned],
        keyboard: InlineKeyboardMarkup | None,
    ) -> list[Message]:
        if len(photos) == 1:
            [item] = photos
            media = self._media(item.photo)
            return [await message.reply_photo(media, caption=item.caption, reply_markup=keyboard)]
        album = [
            InputMediaPhoto(media=self._media(item.photo), caption=item.caption) for item in photos
        ]
        return await message.reply_media_group(list(album))

    def _media(self, photo: Photo) -> str | FSInputFile:
        known = self._file_ids.get(photo.photo_id)
        return known or FSInputFile(self._photo_file(photo))
