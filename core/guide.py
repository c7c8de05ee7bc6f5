"""The guide itself: a photo or words in, ranked places and photos out."""

import asyncio
import hashlib
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import numpy as np
from PIL import Image

from core.answers import Lookalike, Recognition, SearchResult, SeenPhoto
from core.batching import Batcher
from core.catalogue import Catalogue
from core.edition import Edition, judged, photos_that_fit, recognition
from core.embedders.base import Embedder, Embeddings
from core.errors import EmptyQuery
from core.images import ImageLimits, load_image, photo_position
from core.looks import LOOK_AGAIN_BELOW, closer_and_whole, joined, load_detailed
from core.places import Photo, Place, Point
from core.recent import Recent
from core.snapshot_store import SnapshotStore
from core.thorough import thorough
from core.vote import NEIGHBOURS
from core.words import MAX_QUERY_CHARS, stems

Result = TypeVar("Result")

DECODERS = 2
BATCH_OF_TEXTS = 4  # more would only make the first of them wait
HASHED_AT_ONCE = 512 << 10  # bytes; a larger file would hold up the event loop
REMEMBERED = 2000  # embeddings each of photos and of texts: 10 MB of 1280 numbers, 20 by two


class CityGuide:
    """Answers queries from the current snapshot. Safe for concurrent use on one event loop.

    Decoding and models block, so they run in worker threads of their own: two that decode, one
    that owns the network for pictures, one the second network, one the model for words, one that
    searches. Words do not wait behind pictures, and what queues for a model goes through it
    together.
    """

    def __init__(
        self,
        data_dir: Path,
        embedder: Embedder,
        *,
        k: int = NEIGHBOURS,
        limits: ImageLimits,
        look_again_below: float = LOOK_AGAIN_BELOW,
    ) -> None:
        """Load the current snapshot.

        Args:
            data_dir: the folder with ``snapshots/`` and ``gallery/``.
            embedder: the one the snapshot was built with, or one that was proven to answer alike.
            k: nearest gallery photos that vote.
            limits: what photos are refused.
            look_again_below: certainty below which a photo is looked at again; 0 for never.

        Raises:
            SnapshotError: nothing published yet, or it is damaged or of another embedder.
        """
        self._data_dir = data_dir
        self._store = SnapshotStore(data_dir)
        self._embedder = embedder
        self._k = k
        self._limits = limits
        self._look_again_below = look_again_below
        self._decoding = ThreadPoolExecutor(DECODERS, thread_name_prefix="decode")
        # Decoded photos are big: as many as keep the networks busy; the others wait as files.
        # Second looks take long and have a bound of their own, so that they keep nobody waiting.
        self._first_looks = asyncio.Semaphore(DECODERS + 2 * embedder.image_batch)
        self._second_looks = asyncio.Semaphore(1 + embedder.image_batch)
        self._pictures: Batcher[Image.Image, Embeddings] = Batcher(
            lambda images: _rows(embedder.embed_images(images)),
            name="pictures",
            limit=embedder.image_batch,
        )
        self._second: Batcher[Image.Image, Embeddings] = Batcher(
            lambda images: _rows(embedder.embed_again(images)),
            name="second network",
            limit=embedder.image_batch,
        )
        self._words: Batcher[str, Embeddings] = Batcher(
            lambda texts: _rows(embedder.embed_texts(texts)), name="words", limit=BATCH_OF_TEXTS
        )
        # A new snapshot leaves embeddings good, even if it would have had doubts where the old one
        # had none, or the other way round.
        self._read: Recent[str, Embeddings] = Recent(REMEMBERED)
        # By SHA-256 of the file, with whether it tells where it was taken: not where, since that is
        # nobody's business afterwards.
        self._seen: Recent[bytes, tuple[Embeddings, bool]] = Recent(REMEMBERED)
        self._searching = ThreadPoolExecutor(1, thread_name_prefix="search")
        self._edition = Edition(self._store.load(embedder))

    @property
    def snapshot(self) -> str:
        """Version of the snapshot in use."""
        return self._edition.snapshot.version

    @property
    def catalogue(self) -> Catalogue:
        """The places and photos of the snapshot in use."""
        return self._edition.catalogue

    def photo_file(self, photo: Photo) -> Path:
        """Where a photo's JPEG lies on disk; it may have been cleaned away since publication."""
        return self._data_dir / photo.path

    async def similar(self, place: Place, *, limit: int = 6) -> list[Lookalike]:
        """Other places that look like this one, the most similar first.

        Returns:
            Up to ``limit``; empty for a place that the snapshot in use does not have.
        """
        edition = self._edition
        if place.place_id not in edition.photo_rows:
            return []
        found = await _run(self._searching, lambda: edition.similar.of(place.place_id, limit))
        return [Lookalike(edition.places[one.place_id], one.score) for one in found]

    async def warm_up(self) -> None:
        """Run a picture and a text through the model, so that the first user does not wait."""
        side = self._embedder.image_side
        blank = Image.new("RGB", (side, side))
        # at once: each model loads in its own thread, mostly outside of Python
        await asyncio.gather(
            self._pictures.run(blank), self._second.run(blank), self._words.run("warm-up")
        )

    async def refresh(self) -> bool:
        """Swap to the current snapshot if another one has been published; queries go on meanwhile.

        Returns:
            Whether the snapshot changed.

        Raises:
            SnapshotError: the new one is not usable; the old one stays in use.
        """
        current = await asyncio.to_thread(self._store.current)
        if current is None or current == self.snapshot:
            return False
        self._edition = await asyncio.to_thread(
            lambda: Edition(self._store.load(self._embedder, current))
        )
        return True

    def close(self) -> None:
        """Stop the worker threads once they have done what they were given.

        To be called when no query is in flight: those that have yet to reach a thread would fail.
        """
        self._decoding.shutdown()
        self._pictures.close()
        self._second.close()
        self._words.close()
        self._searching.shutdown()

    async def see(self, photo: bytes) -> SeenPhoto:
        """Take from a photo what `recognize` needs of it.

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

        with _timed(timings, "hash"):
            key = await self._hashed(photo)
        embedding, located = await self._seen.get(key, look)
        if located and taken_at is None:  # somebody has looked at it before
            taken_at = await _run(self._decoding, lambda: photo_position(photo))
        return SeenPhoto(embedding, taken_at, timings)

    async def recognize(
        self, photo: bytes | SeenPhoto, *, near: Point | None = None, city: str | None = None
    ) -> Recognition:
        """Tell which place a photo shows.

        Args:
            photo: a whole picture file, or what `see` took from one.
            near: where the person is or the photo was taken; if not given, as the camera wrote
                it. Nearby places are preferred among lookalikes.
            city: consider places of this city only.

        Raises:
            UnreadableImage, ImageTooLarge: the photo cannot be used.
        """
        edition = self._edition
        seen = photo if isinstance(photo, SeenPhoto) else await self.see(photo)
        timings = dict(seen.timings_ms)
        with _timed(timings, "search"):
            found = edition.known_neighbours(seen.embedding, self._k) if city is None else None
            if found is None:
                found = await _run(
                    self._searching, lambda: edition.neighbours(seen.embedding, self._k, city)
                )
        with _timed(timings, "vote"):
            return recognition(edition, seen.embedding, found, near or seen.taken_at, timings)

    async def search(
        self, text: str, *, limit: int = 5, offset: int = 0, city: str | None = None
    ) -> SearchResult:
        """Find the gallery photos that fit ``text`` in any language.

        The places that fit about as well as the best one take turns; those that fit less come
        after them. So words that name one place bring its photos first, and words for a kind of
        place bring different places first.

        Args:
            text: what the person wrote; only the first 256 characters count.
            limit: photos to return.
            offset: photos to leave out from the top, for paging.
            city: consider places of this city only.

        Raises:
            EmptyQuery: no words are left after normalisation.
        """
        if not stems(text):
            raise EmptyQuery("the text has no words")
        edition, timings = self._edition, dict[str, float]()
        with _timed(timings, "search"):
            meant = await _run(self._searching, lambda: edition.texts.meant(text[:MAX_QUERY_CHARS]))
        with _timed(timings, "embed"):
            plain = " ".join(unicodedata.normalize("NFKC", meant.text).split())
            embedding = await self._read.get(plain, lambda: self._words.run(plain))
        with _timed(timings, "search"):
            hits = await _run(
                self._searching,
                lambda: list(
                    islice(photos_that_fit(edition, meant, embedding, city), offset, offset + limit)
                ),
            )
        return SearchResult(tuple(hits), timings, edition.snapshot.version)

    async def _hashed(self, photo: bytes) -> bytes:
        def digest() -> bytes:
            return hashlib.sha256(photo).digest()

        # To a thread and back takes longer than to hash a photo as chats send it.
        return digest() if len(photo) <= HASHED_AT_ONCE else await _run(self._decoding, digest)

    async def _look_at(
        self, photo: bytes, timings: dict[str, float]
    ) -> tuple[Embeddings, Point | None]:
        """The photo's embedding, and where the file says that it was taken.

        The embedding is in the visual space, (1, dim); where that leaves doubt, by both networks.
        """

        def read() -> tuple[Image.Image, Point | None]:
            image = load_image(photo, self._limits, min_side=self._embedder.first_side)
            return image, photo_position(photo)

        with _timed(timings, "wait"):
            await self._first_looks.acquire()
        try:
            with _timed(timings, "decode"):
                image, taken_at = await _run(self._decoding, read)
            with _timed(timings, "embed"):
                first = await self._pictures.run(image)
        finally:
            self._first_looks.release()
        with _timed(timings, "search"):
            in_doubt = await _run(self._searching, lambda: self._in_doubt(first))
        if not in_doubt:
            return first, taken_at
        with _timed(timings, "look again"):
            async with self._second_looks:
                return await self._looked_at_again(photo, first), taken_at

    async def _looked_at_again(self, photo: bytes, first: Embeddings) -> Embeddings:
        """All looks at a photo by both networks, joined."""

        def decoded() -> list[Image.Image]:
            # Once more: kept meanwhile, the photos in doubt would take the most memory.
            image = load_detailed(photo, self._limits, self._embedder.image_side)
            return [image, *closer_and_whole(image)]

        looks = await _run(self._decoding, decoded)
        by_first, by_second = await asyncio.gather(
            asyncio.gather(*map(self._pictures.run, looks[1:])),
            asyncio.gather(*map(self._second.run, looks)),
        )
        return joined(thorough(np.concatenate([first, *by_first]), np.concatenate(by_second)))

    def _in_doubt(self, embedding: Embeddings) -> bool:
        edition = self._edition
        jurors = [juror for _, juror in edition.neighbours(embedding, self._k)]
        return judged(edition, embedding, jurors).certainty < self._look_again_below


def _rows(embeddings: Embeddings) -> list[Embeddings]:
    """The rows as matrices (1, dim) of their own, so that keeping one does not keep all."""
    return [embeddings[row : row + 1].copy() for row in range(len(embeddings))]


async def _run(executor: Executor, work: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(executor, work)


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Add the wall time of a block to ``timings``, in milliseconds, waiting included."""
    start = perf_counter()
    try:
        yield
    finally:
        timings[stage] = timings.get(stage, 0.0) + (perf_counter() - start) * 1000
