"""Photos in and out of Telegram: bounded downloads, albums of gallery photos."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath

from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest
from aiogram.types import Document, FSInputFile, InputMediaPhoto, Message
from aiohttp import ClientError

from core.errors import GuideError, ImageTooLarge
from core.places import Photo

logger = logging.getLogger(__name__)

GET_FILE_LIMIT_MB = 20  # Telegram's getFile gives no more
DOWNLOAD_TIMEOUT_S = 30
MAX_ALBUM = 10
KNOWN_UPLOADS = 10_000  # a file_id is about 80 characters
PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".bmp", ".gif", ".tif", ".tiff"}
)


class DownloadFailed(GuideError):
    """Telegram did not hand over a photo it had announced."""


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A photo as a message carries it, not yet downloaded."""

    file_id: str
    file_unique_id: str
    size: int | None  # bytes, when Telegram tells


def sent_photo(message: Message) -> dict[str, SentPhoto] | None:
    """Filter: the photo in a message, as ``photo``, sent as a photo or as a file.

    A file counts when its type or name says picture, or when neither says anything; whether it is
    one is decided by its bytes.
    """
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        photo = SentPhoto(largest.file_id, largest.file_unique_id, largest.file_size)
    elif (file := message.document) and not message.animation and _may_be_picture(file):
        photo = SentPhoto(file.file_id, file.file_unique_id, file.file_size)
    else:
        return None
    return {"photo": photo}


def _may_be_picture(file: Document) -> bool:
    mime = file.mime_type or ""
    suffix = PurePath(file.file_name or "").suffix.lower()
    unnamed = not suffix and mime in {"", "application/octet-stream"}
    return mime.startswith("image/") or suffix in PICTURE_SUFFIXES or unnamed


async def download(bot: Bot, photo: SentPhoto, max_photo_mb: float) -> bytes:
    """Fetch a photo into memory.

    Raises:
        ImageTooLarge: it has more than ``max_photo_mb``; known before the download where possible.
        DownloadFailed: Telegram or the network failed us.
    """
    content = _BoundedBuffer(round(max_photo_mb * 1_000_000))
    content.check(photo.size or 0)
    try:
        file = await bot.get_file(photo.file_id)
        content.check(file.file_size or 0)
        if file.file_path is None:
            raise DownloadFailed("Telegram named no path for a file")
        await bot.download_file(file.file_path, content, timeout=DOWNLOAD_TIMEOUT_S)
    except TelegramBadRequest as error:
        if "too big" in error.message:
            raise ImageTooLarge("Telegram does not hand over a file of this size") from error
        raise DownloadFailed(f"getFile was refused: {error.message}") from error
    except (AiogramError, ClientError, TimeoutError) as error:
        raise DownloadFailed(f"a photo was not downloaded: {type(error).__name__}") from error
    return content.getvalue()


class _BoundedBuffer(BytesIO):
    """Takes at most ``limit`` bytes, whatever size was announced."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def check(self, size: int) -> None:
        if size > self._limit:
            raise ImageTooLarge(f"the file has more than {self._limit} bytes")

    def write(self, chunk: bytes, /) -> int:  # type: ignore[override]
        self.check(self.tell() + len(chunk))
        return super().write(chunk)


@dataclass(frozen=True, slots=True)
class Captioned:
    """A gallery photo and the HTML under it."""

    photo: Photo
    caption: str


class Albums:
    """Sends gallery photos; each is uploaded once per process and then sent by its file_id."""

    def __init__(self, photo_file: Callable[[Photo], Path]) -> None:
        self._photo_file = photo_file
        self._file_ids: OrderedDict[str, str] = OrderedDict()  # by photo_id, oldest first

    async def reply(self, message: Message, photos: Sequence[Captioned]) -> bool:
        """Answer ``message`` with up to 10 photos as one album, or with the only one.

        A photo whose file is missing is left out.

        Returns:
            Whether anything was sent; False too when Telegram refuses these photos.
        """
        present = self._present(photos)
        if not present:
            return False
        try:
            sent = await self._send(message, present)
        except TelegramBadRequest as error:
            logger.warning("an album of %d was refused: %s", len(present), error.message)
            for item in present:  # perhaps a file_id was no longer good
                self._file_ids.pop(item.photo.photo_id, None)
            return False
        for item, part in zip(present, sent, strict=True):
            if part.photo:
                self._remember(item.photo, part.photo[-1].file_id)
        return True

    def _present(self, photos: Sequence[Captioned]) -> list[Captioned]:
        return [item for item in photos if self._photo_file(item.photo).is_file()][:MAX_ALBUM]

    async def _send(self, message: Message, photos: Sequence[Captioned]) -> list[Message]:
        if len(photos) == 1:
            [item] = photos
            return [await message.reply_photo(self._media(item.photo), caption=item.caption)]
        media = [
            InputMediaPhoto(media=self._media(item.photo), caption=item.caption) for item in photos
        ]
        return await message.reply_media_group(list(media))

    def _media(self, photo: Photo) -> str | FSInputFile:
        known = self._file_ids.get(photo.photo_id)
        return known or FSInputFile(self._photo_file(photo))

    def _remember(self, photo: Photo, file_id: str) -> None:
        self._file_ids[photo.photo_id] = file_id
        if len(self._file_ids) > KNOWN_UPLOADS:
            self._file_ids.popitem(last=False)
