"""Gallery photos out, as they are or smaller."""

import asyncio
import io
from collections import OrderedDict
from enum import IntEnum
from pathlib import Path

from fastapi import HTTPException, Request, Response
from PIL import Image

from core.places import Photo

CACHE_S = 86_400
REMEMBERED = 256  # smaller photos in memory, some tens of kB each
QUALITY = 85
AT_ONCE = 2  # photos being made smaller
GONE = "The guide has no such photo."


class Width(IntEnum):
    """Widths a photo can be had in, in pixels; a narrower photo stays as it is."""

    SMALL = 160
    CARD = 320
    LARGE = 640
    FULL = 1280


class PhotoShelf:
    """Gives photos as JPEG, and remembers the smaller ones it has made."""

    def __init__(self) -> None:
        self._smaller: OrderedDict[str, bytes] = OrderedDict()  # by ETag
        self._making = asyncio.Semaphore(AT_ONCE)

    async def response(
        self, request: Request, photo: Photo, file: Path, width: int | None
    ) -> Response:
        """The photo, or 304 when the client has it already.

        Raises:
            HTTPException: 404, the photo was cleaned away since publication.
        """
        wanted = width if width and width < photo.width else None
        try:
            state = await asyncio.to_thread(file.stat)
            tag = f'"{photo.photo_id}-{state.st_mtime_ns:x}-{state.st_size:x}-{wanted or 0}"'
            headers = {"ETag": tag, "Cache-Control": f"public, max-age={CACHE_S}"}
            if tag in _tags(request):
                return Response(status_code=304, headers=headers)
            jpeg = await self._jpeg(tag, file, wanted)
        except OSError:
            raise HTTPException(404, GONE) from None
        return Response(jpeg, media_type="image/jpeg", headers=headers)

    async def _jpeg(self, tag: str, file: Path, width: int | None) -> bytes:
        if width is None:
            return await asyncio.to_thread(file.read_bytes)
        if tag not in self._smaller:
            async with self._making:
                self._smaller[tag] = await asyncio.to_thread(_made_smaller, file, width)
            if len(self._smaller) > REMEMBERED:
                self._smaller.popitem(last=False)
        return self._smaller[tag]


def _tags(request: Request) -> set[str]:
    sent = request.headers.get("If-None-Match", "")
    return {tag.strip().removeprefix("W/") for tag in sent.split(",")}


def _made_smaller(file: Path, width: int) -> bytes:
    with Image.open(file, formats=("JPEG",)) as image:
        image.draft(None, (width * 2, width * 2))
        image.thumbnail((width, image.height), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
