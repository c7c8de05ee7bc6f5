"""A photo out of a request: bounded in bytes and in time, in memory only."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

FORM = "multipart/form-data"
FORM_BYTES = 16_384  # what a form may have beside the photo
PATIENCE = 5  # times the limit: so much is read, not kept, of what is too big
RAW = ("image/", "application/octet-stream")


@dataclass(frozen=True, slots=True)
class Upload:
    """What was sent."""

    photo: bytes
    fields: dict[str, str] = field(default_factory=dict)  # of the form, beside the photo


async def read_upload(request: Request, *, max_bytes: int, timeout_s: float) -> Upload:
    """The photo in a form's field ``photo``, or the body itself.

    Raises:
        HTTPException: 400 broken off or no form, 408 too slow, 413 too big, 415 neither a form nor
            a picture, 422 no photo.
    """
    content_type = request.headers.get("Content-Type", "").strip().lower()
    is_form = content_type.startswith(FORM)
    if not is_form and not content_type.startswith(RAW):
        raise HTTPException(415, "Send a picture, or a form with the field photo.")
    limit = max_bytes + (FORM_BYTES if is_form else 0)
    try:
        async with asyncio.timeout(timeout_s):
            body = await _read(request, limit)
    except TimeoutError:
        raise HTTPException(408, "The photo came too slowly.", {"Connection": "close"}) from None
    except ClientDisconnect:  # nobody hears this, but the figures should not say 500
        raise HTTPException(400, "The photo was broken off.") from None
    upload = await _read_form(request, body) if is_form else Upload(bytes(body))
    if not upload.photo:
        raise HTTPException(422, "There is no photo in the request.")
    if len(upload.photo) > max_bytes:
        raise _too_big()
    return upload


async def _read(request: Request, limit: int) -> bytearray:
    """The body; of one that is too big the rest is thrown away, up to a point.

    A client that is still sending when the connection closes never sees why it was refused.
    """
    body, received = bytearray(), 0
    async for chunk in request.stream():
        received += len(chunk)
        if received <= limit:
            body += chunk
        else:
            body.clear()
            if received > limit * PATIENCE:
                break
    if received > limit:
        raise _too_big()
    return body


async def _read_form(request: Request, body: bytearray) -> Upload:
    async def once() -> AsyncGenerator[bytes, None]:
        yield bytes(body)

    try:
        parser = MultiPartParser(
            request.headers, once(), max_files=1, max_fields=8, max_part_size=FORM_BYTES
        )
        parser.spool_max_size = len(body) + 1  # photos of people never touch the disk
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise HTTPException(400, "The form cannot be read.") from error
    try:
        photo = form.get("photo")
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        return Upload(await photo.read() if isinstance(photo, UploadFile) else b"", fields)
    finally:
        await form.close()


def _too_big() -> HTTPException:
    return HTTPException(413, "The photo is too big.", {"Connection": "close"})
