"""A photo somebody sent -> what answers need of it: its embedding, by as many looks as it takes."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from PIL import Image

from core.answers import SeenPhoto
from core.batching import Batcher
from core.embedders.base import Embedder, Embeddings, rows_apart
from core.images import ImageLimits, load_image, photo_position
from core.looks import closer_and_whole, joined, load_detailed
from core.places import Point
from core.recent import Recent
from core.thorough import thorough
from core.timings import timed

Result = TypeVar("Result")

DECODERS = 2
HASHED_AT_ONCE = 512 << 10  # bytes; a larger file would hold up the event loop
REMEMBERED = 2000  # embeddings: 10 MB of 1280 numbers, 20 by two networks


class PhotoReader:
    """Embeds photos, the same one once. Safe for concurrent use on one event loop.

    Decoding and networks block, so they run in worker threads of their own: two that decode and
    one for each network. What queues for a network goes through it together.
    """

    def __init__(
        self,
        embedder: Embedder,
        limits: ImageLimits,
        in_doubt: Callable[[Embeddings], Awaitable[bool]],
    ) -> None:
        """Start with no photo seen.

        Args:
            embedder: whose networks look.
            limits: what photos are refused.
            in_doubt: whether an embedding by the first network, (1, dim), does not tell enough, so
                that the photo is to be looked at again.
        """
        self._embedder = embedder
        self._limits = limits
        self._in_doubt = in_doubt
        self._decoding = ThreadPoolExecutor(DECODERS, thread_name_prefix="decode")
        # Decoded photos are big: as many as keep the networks busy; the others wait as files.
        # Second looks take long and have a bound of their own, so that they keep nobody waiting.
        self._first_looks = asyncio.Semaphore(DECODERS + 2 * embedder.image_batch)
        self._second_looks = asyncio.Semaphore(1 + embedder.image_batch)
        self._pictures: Batcher[Image.Image, Embeddings] = Batcher(
            lambda images: rows_apart(embedder.embed_images(images)),
            name="pictures",
            limit=embedder.image_batch,
        )
        self._second: Batcher[Image.Image, Embeddings] = Batcher(
            lambda images: rows_apart(embedder.embed_again(images)),
            name="second network",
            limit=embedder.image_batch,
        )
        # By SHA-256 of the file, with whether it tells where it was taken: not where, since that is
        # nobody's business afterwards. A new snapshot leaves embeddings good, even if it would have
        # had doubts where the old one had none, or the other way round.
        self._seen: Recent[bytes, tuple[Embeddings, bool]] = Recent(REMEMBERED)

    async def warm_up(self) -> None:
        """Run a picture through each network, so that the first user does not wait."""
        side = self._embedder.image_side
        blank = Image.new("RGB", (side, side))
        await asyncio.gather(self._pictures.run(blank), self._second.run(blank))

    def close(self) -> None:
        """Stop the worker threads once they have done what they were given."""
        self._decoding.shutdown()
        self._pictures.close()
        self._second.close()

    async def see(self, photo: bytes) -> SeenPhoto:
        """Take from a photo what answers need of it.

        Args:
            photo: a whole picture file of any common format.

        Raises:
            UnreadableImage, ImageTooLarge: the photo cannot be used.
        """
        timings: dict[str, float] = {}
        taken_at: Point | None = None

        async def look() -> tuple[Embeddings, bool]:
            nonlocal taken_at
            embedding, taken_at = await self._look_at(photo, timings)
            return embedding, taken_at is not None

        with timed(timings, "hash"):
            key = await self._hashed(photo)
        embedding, located = await self._seen.get(key, look)
        if located and taken_at is None:  # somebody has looked at it before
            taken_at = await self._in_decoder(lambda: photo_position(photo))
        return SeenPhoto(embedding, taken_at, timings)

    async def _hashed(self, photo: bytes) -> bytes:
        def digest() -> bytes:
            return hashlib.sha256(photo).digest()

        # To a thread and back takes longer than to hash a photo as chats send it.
        return digest() if len(photo) <= HASHED_AT_ONCE else await self._in_decoder(digest)

    async def _look_at(
        self, photo: bytes, timings: dict[str, float]
    ) -> tuple[Embeddings, Point | None]:
        """The photo's embedding, and where the file says that it was taken.

        The embedding is in the visual space, (1, dim); where that leaves doubt, by both networks.
        """

        def read() -> tuple[Image.Image, Point | None]:
            image = load_image(photo, self._limits, min_side=self._embedder.first_side)
            return image, photo_position(photo)

        with timed(timings, "wait"):
            await self._first_looks.acquire()
        try:
            with timed(timings, "decode"):
                image, taken_at = await self._in_decoder(read)
            with timed(timings, "embed"):
                first = await self._pictures.run(image)
        finally:
            self._first_looks.release()
        with timed(timings, "search"):
            in_doubt = await self._in_doubt(first)
        if not in_doubt:
            return first, taken_at
        with timed(timings, "look again"):
            async with self._second_looks:
                return await self._looked_at_again(photo, first), taken_at

    async def _looked_at_again(self, photo: bytes, first: Embeddings) -> Embeddings:
        """All looks at a photo by both networks, joined."""

        def decoded() -> list[Image.Image]:
            # Once more: kept meanwhile, the photos in doubt would take the most memory.
            image = load_detailed(photo, self._limits, self._embedder.image_side)
            return [image, *closer_and_whole(image)]

        looks = await self._in_decoder(decoded)
        by_first, by_second = await asyncio.gather(
            asyncio.gather(*map(self._pictures.run, looks[1:])),
            asyncio.gather(*map(self._second.run, looks)),
        )
        return joined(thorough(np.concatenate([first, *by_first]), np.concatenate(by_second)))

    async def _in_decoder(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._decoding, work)
