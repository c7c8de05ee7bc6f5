"""Gallery photos out, as they are or smaller."""

import asyncio
import io
import re
from enum import IntEnum
from pathlib import Path

from fastapi import HTTPException, Request, Response
from fastapi.responses import FileResponse
from PIL import Image

from core.places import Photo
from core.recent import Recent

CACHE_S = 86_400
REMEMBERED = 256  # smaller photos in memory, some tens of kB each
QUALITY = 85
AT_ONCE = 2  # photos being made smaller
RANGES = re.compile(r"bytes=(\d+-\d*|-\d+)(, *(\d+-\d*|-\d+))*")
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
        self._smaller: Recent[str, bytes] = Recent(REMEMBERED)  # by ETag
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
            if wanted is None:  # read as it is sent: a slow reader holds no photo in memory
                _ignore_nonsense(request)
                return FileResponse(file, 200, headers, "image/jpeg", stat_result=state)
            jpeg = await self._smaller.get(tag, lambda: self._make_smaller(file, wanted))
        except OSError:
            raise HTTPException(404, GONE) from None
        return Response(jpeg, media_type="image/jpeg", headers=headers)

    async def _make_smaller(self, file: Path, width: int) -> bytes:
        async with self._making:
            return await asyncio.to_thread(_made_smaller, file, width)


def _ignore_nonsense(request: Request) -> None:
    """Take away a range that makes no sense, as HTTP asks for; `FileResponse` would refuse it."""
    if not RANGES.fullmatch(request.headers.get("Range", "")):
        request.scope["headers"] = [h for h in request.scope["headers"] if h[0] != b"range"]


def _tags(request: Request) -> set[str]:
    sent = request.headers.get("If-None-Match", "")
    return {tag.strip().removeprefix("W/") for tag in sent.split(",")}


def _made_smaller(file: Path, width: int) -> bytes:
    with Image.open(file, formats=("JPEG",)) as image:
        image.draft(None, (width * 2, width * 2))
        image.thumbnail((width, image.height), Image.Resampling.LANCZOS)
        # what its numbers mean, as cameras write it; a profile of other modes would not fit
        profile = image.info.get("icc_profile") if image.mode == "RGB" else None
        out = io.BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=QUALITY, icc_profile=profile)
    return out.getvalue()
