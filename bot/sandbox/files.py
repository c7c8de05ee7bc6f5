"""Files that went through the local Telegram: kept on disk within bounds, found by id."""

import asyncio
import io
import secrets
import tempfile
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, Self

from PIL import Image, ImageOps

from bot.sandbox.fetching import fetch_photo
from bot.sandbox.refusals import bad_request

MAX_STORED_BYTES = 1_000_000_000  # beyond it the oldest files are forgotten
MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024  # of getFile
MAX_PHOTO_BYTES = 10 * 1024 * 1024  # of a photo a bot uploads
MAX_PHOTO_SIDES = 10_000  # width and height together
MAX_PHOTO_RATIO = 20
PHOTO_SIDE, PREVIEW_SIDE = 1280, 320  # what Telegram makes of a photo
PREFIXES = {"photo": "AgACAgIAAxkB", "document": "BQACAgIAAxkB"}

PhotoSize = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file, or one size of a photo."""

    file_id: str
    unique_id: str  # the same for every id of this file; cannot be used to fetch it
    kind: str  # photo or document
    file_path: str  # as getFile tells it
    mime: str
    name: str
    size: int  # bytes
    on_disk: Path
    sizes: tuple[PhotoSize, ...] = ()  # of the photo it belongs to, smallest first

    def read(self) -> bytes:
        """The whole content."""
        return self.on_disk.read_bytes()


class FileStore:
    """Keeps files inside ``async with``."""

    def __init__(self, *, max_bytes: int = MAX_STORED_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._by_id: OrderedDict[str, StoredFile] = OrderedDict()
        self._ids: dict[str, str] = {}  # file_path or unique_id -> file_id
        self._by_url: dict[str, list[PhotoSize]] = {}
        self._number = 0

    async def __aenter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self._folder.cleanup)

    def by_id(self, file_id: str) -> StoredFile:
        """The file of this id.

        Raises:
            Refused: there is none.
        """
        if file_id not in self._by_id:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return self._by_id[file_id]

    def find(self, key: str) -> StoredFile | None:
        """The file with this ``file_path`` or unique id."""
        return self._by_id.get(self._ids.get(key, ""))

    async def add_photo(self, picture: bytes, *, from_bot: bool) -> list[PhotoSize]:
        """Keep a photo in the sizes Telegram makes of it.

        Returns:
            The sizes, smallest first, as a message carries them.

        Raises:
            Refused: it is no picture, or larger than Telegram takes from a bot.
        """
        if from_bot and len(picture) > MAX_PHOTO_BYTES:
            raise bad_request("file is too big")
        drawn = await asyncio.to_thread(_resized, picture, from_bot)
        sizes = []
        for content, width, height in drawn:
            file = self._keep(content, kind="photo", mime="image/jpeg", name="photo.jpg")
            sizes.append(_about(file) | {"width": width, "height": height})
        for size in sizes:
            file = self.by_id(size["file_id"])
            self._by_id[file.file_id] = replace(file, sizes=tuple(sizes))
        return sizes

    async def photo_at(self, url: str) -> list[PhotoSize]:
        """The photo at an address, fetched the first time only; as `add_photo`."""
        sizes = self._by_url.get(url)
        if sizes is None or any(size["file_id"] not in self._by_id for size in sizes):
            sizes = await self.add_photo(await fetch_photo(url), from_bot=True)
            self._by_url[url] = sizes
        return sizes

    def add_document(self, content: bytes, *, name: str, mime: str) -> dict[str, Any]:
        """Keep a file as it is; what a message says of it is returned."""
        file = self._keep(content, kind="document", mime=mime, name=PurePath(name).name)
        about = _about(file)
        return about | {k: v for k, v in {"file_name": file.name, "mime_type": mime}.items() if v}

    def _keep(self, content: bytes, *, kind: str, mime: str, name: str) -> StoredFile:
        self._number += 1
        path = f"{kind}s/file_{self._number}{PurePath(name).suffix}"
        on_disk = Path(self._folder.name) / str(self._number)
        on_disk.write_bytes(content)
        file = StoredFile(
            file_id=PREFIXES[kind] + secrets.token_urlsafe(40),
            unique_id=secrets.token_urlsafe(12),
            kind=kind,
            file_path=path,
            mime=mime,
            name=name,
            size=len(content),
            on_disk=on_disk,
        )
        self._by_id[file.file_id] = file
        self._ids[path] = self._ids[file.unique_id] = file.file_id
        self._bytes += file.size
        while self._bytes > self._max_bytes and len(self._by_id) > 1:
            self._forget_oldest()
        return file

    def _forget_oldest(self) -> None:
        _, file = self._by_id.popitem(last=False)
        del self._ids[file.file_path], self._ids[file.unique_id]
        self._bytes -= file.size
        file.on_disk.unlink()


def _about(file: StoredFile) -> dict[str, Any]:
    about = {"file_id": file.file_id, "file_unique_id": file.unique_id}
    return about | {"file_size": file.size}


def _resized(picture: bytes, from_bot: bool) -> list[tuple[bytes, int, int]]:
    """A preview and the photo itself as JPEGs, upright and without metadata, smallest first."""
    try:
        image = Image.open(io.BytesIO(picture))
        width, height = image.size
        if width + height > MAX_PHOTO_SIDES and from_bot:
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
        if max(width, height) > MAX_PHOTO_RATIO * min(width, height):
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
        image.draft("RGB", (PHOTO_SIDE, PHOTO_SIDE))
        upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise bad_request("IMAGE_PROCESS_FAILED") from error
    return [_jpeg(upright, side) for side in (PREVIEW_SIDE, PHOTO_SIDE)]


def _jpeg(image: Image.Image, side: int) -> tuple[bytes, int, int]:
    smaller = image.copy()
    smaller.thumbnail((side, side))
    content = io.BytesIO()
    smaller.save(content, "JPEG", quality=87)
    return content.getvalue(), *smaller.size
