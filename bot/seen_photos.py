"""Photos the guide has seen, by Telegram's name of the file: nothing is fetched twice."""

import asyncio
from dataclasses import replace

from aiogram import Bot

from bot.errors import NoPicture
from bot.media import SentPhoto, download
from core.answers import SeenPhoto
from core.errors import ImageTooLarge
from core.guide import CityGuide
from core.images import is_picture
from core.recent import Recent

REMEMBERED = 500  # 3 MB of 1280 numbers; what is asked again is asked again soon


class SeenPhotos:
    """A photo that is forwarded, or asked about by several people of a group, is the same file."""

    def __init__(self, guide: CityGuide, max_photo_mb: float) -> None:
        """Let ``guide`` look at photos of at most ``max_photo_mb``."""
        self._guide = guide
        self._max_photo_mb = max_photo_mb
        # by file_unique_id; where people took photos is forgotten with the answer
        self._seen: Recent[str, SeenPhoto] = Recent(
            REMEMBERED, keep=lambda seen: seen.taken_at is None
        )

    async def of(self, bot: Bot, photo: SentPhoto) -> SeenPhoto:
        """Fetch a photo and look at it, or remember it.

        Raises:
            NoPicture: a file that never claimed to be a picture is none.
            QueryError, DownloadFailed: as `media.download` and `CityGuide.see`.
        """
        timings: dict[str, float] = {}  # stays empty for a photo that is remembered

        async def see() -> SeenPhoto:
            seen = await self._guide.see(await self._fetched(bot, photo))
            timings.update(seen.timings_ms)
            return seen

        seen = await self._seen.get(photo.file_unique_id, see)
        return replace(seen, timings_ms=timings)

    async def _fetched(self, bot: Bot, photo: SentPhoto) -> bytes:
        """As `download`; what never claimed to be a picture is not told to be a bad one."""
        if photo.declared:
            return await download(bot, photo, self._max_photo_mb)
        try:
            content = await download(bot, photo, self._max_photo_mb)
        except ImageTooLarge as error:
            raise NoPicture("a large file of another type") from error
        if not await asyncio.to_thread(is_picture, content):
            raise NoPicture("a file of another type")
        return content
