"""Who is let in, how often, and how many at the same time."""

import hmac
from contextlib import AbstractContextManager
from dataclasses import dataclass

from fastapi import HTTPException, Request

from web.asking import asker
from web.limits import RateLimit, Turns
from web.uploads import Upload, read_upload

KEY_HEADER = "X-API-Key"
UPLOADS, OF_ONE = 32, 8  # photos on their way here; from one address: slow ones must not take all
PHOTOS_PER_REQUEST = 12  # a page of places brings a dozen photos with it


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a server takes on."""

    max_photo_mb: float = 20
    upload_timeout_s: float = 30
    requests_per_minute: int = 120  # of one address
    photos_at_once: int = 16  # being answered, and as many in memory
    words_at_once: int = 8  # at 20 ms of a processor each: a longer queue is too long


class Admission:
    """Lets requests in as far as ``bounds`` allow, and with the right key if there is one."""

    def __init__(self, bounds: Bounds, api_key: str | None) -> None:
        self._bounds = bounds
        self._api_key = api_key
        self._asked = RateLimit(bounds.requests_per_minute)
        self._shown = RateLimit(bounds.requests_per_minute * PHOTOS_PER_REQUEST)
        self._uploads = Turns(UPLOADS, of_one=OF_ONE)
        self._turns = {"photo": Turns(bounds.photos_at_once), "text": Turns(bounds.words_at_once)}

    @property
    def answering(self) -> int:
        """Photos and words that are being answered right now."""
        return sum(turns.taken for turns in self._turns.values())

    async def to_ask(self, request: Request) -> None:
        """Let a program or a page ask; a dependency of routes.

        Raises:
            HTTPException: 401 without the key, 429 too often.
        """
        self._asked.take(asker(request))
        sent = request.headers.get(KEY_HEADER, "")
        if self._api_key is not None and not hmac.compare_digest(
            sent.encode(), self._api_key.encode()
        ):
            raise HTTPException(401, f"The header {KEY_HEADER} is missing or wrong.")

    async def to_see_photos(self, request: Request) -> None:
        """Let a page show a photo of the gallery, without the key; a dependency of routes.

        Raises:
            HTTPException: 429, too often.
        """
        self._shown.take(asker(request))

    async def upload(self, request: Request) -> Upload:
        """Take in a photo.

        Raises:
            HTTPException: see `Turns.turn` and `read_upload`.
        """
        with self._uploads.turn(asker(request)):
            return await read_upload(
                request,
                max_bytes=int(self._bounds.max_photo_mb * 1_000_000),
                timeout_s=self._bounds.upload_timeout_s,
            )

    def turn(self, kind: str) -> AbstractContextManager[None]:
        """A turn to be answered about a "photo" or a "text", see `Turns.turn`."""
        return self._turns[kind].turn()
