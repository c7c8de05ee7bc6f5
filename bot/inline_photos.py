"""How a gallery photo is shown in an inline answer, if it can be shown now."""

from collections.abc import Callable, Sequence
from pathlib import Path

from aiogram.types import InlineQueryResultCachedPhoto, InlineQueryResultPhoto

from bot.file_ids import FileIds
from bot.storage import StorageChat
from core.places import Photo

InlinePhoto = InlineQueryResultCachedPhoto | InlineQueryResultPhoto

PHOTOS_PATH = "photos"  # below the public address; see `bot.server`
MAX_BYTES_BY_URL = 5_000_000  # Telegram fetches no larger ones
UPLOADED_AT_ONCE = 5
UPLOAD_WITHIN_S = 3.0  # Telegram waits for about ten seconds


class InlinePhotos:
    """Shows photos by their public address or, without one, by the file_id of an upload."""

    def __init__(
        self,
        file_ids: FileIds,
        photo_file: Callable[[Photo], Path],
        *,
        public_url: str | None = None,
        storage: StorageChat | None = None,
    ) -> None:
        self._file_ids = file_ids
        self._photo_file = photo_file
        self._public_url = public_url.rstrip("/") if public_url else None
        self._storage = storage

    def show(self, photo: Photo, caption: str) -> InlinePhoto | None:
        """The photo as a result with HTML below it; None when it cannot be shown now."""
        try:
            size = self._photo_file(photo).stat().st_size
        except OSError:  # cleaned away since the guide was published
            return None
        if self._public_url and size <= MAX_BYTES_BY_URL:
            url = f"{self._public_url}/{PHOTOS_PATH}/{photo.photo_id}.jpg"
            return InlineQueryResultPhoto(
                id=photo.photo_id,
                photo_url=url,
                thumbnail_url=url,
                photo_width=photo.width,
                photo_height=photo.height,
                caption=caption,
            )
        if file_id := self._file_ids.get(photo.photo_id):
            return InlineQueryResultCachedPhoto(
                id=photo.photo_id, photo_file_id=file_id, caption=caption
            )
        return None

    def may_come(self, photo: Photo) -> bool:
        """Whether a photo that cannot be shown now is going to be uploaded."""
        return self._storage is not None and self._storage.lacks(photo)

    def want(self, photos: Sequence[Photo]) -> None:
        """Upload photos that somebody would have seen, before any others."""
        if self._storage:
            self._storage.want(photos)

    async def upload_now(self, photos: Sequence[Photo]) -> None:
        """Upload the first few while a person waits; returns soon, whether done or not."""
        if self._storage:
            await self._storage.upload_within(photos[:UPLOADED_AT_ONCE], UPLOAD_WITHIN_S)

    async def refused(self, photos: Sequence[InlinePhoto]) -> None:
        """Telegram does not accept an answer with these: forget the file_ids among them."""
        cached = [p.id for p in photos if isinstance(p, InlineQueryResultCachedPhoto)]
        await self._file_ids.forget(*cached)
