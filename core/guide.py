"""The guide itself: a photo or words in, ranked places and photos out."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar

from core.answers import Lookalike, Recognition, SearchResult, SeenPhoto
from core.batching import Batcher
from core.catalogue import Catalogue
from core.edition import Edition, judged, photos_that_fit, recognition
from core.embedders.base import Embedder, Embeddings, rows_apart
from core.errors import EmptyQuery
from core.images import ImageLimits
from core.looks import LOOK_AGAIN_BELOW
from core.photo_reader import PhotoReader
from core.places import Photo, Place, Point
from core.recent import Recent
from core.snapshot_store import SnapshotStore
from core.timings import timed
from core.vote import NEIGHBOURS
from core.words import MAX_QUERY_CHARS, stems

Result = TypeVar("Result")

BATCH_OF_TEXTS = 4  # more would only make the first of them wait
# Looking up so much takes three milliseconds at most, mostly not much more than the way to a thread
# and back. More would hold up the event loop.
FEW_PHOTOS = 500  # in the gallery
FEW_ANSWERS = 12  # from the first on
FEW_LETTERS = 64  # of the words of a query
FEW_COMPARISONS = 50_000  # the same, times places whose names they are compared with
REMEMBERED = 2000  # embeddings of texts: 3 MB of 384 numbers


class CityGuide:
    """Answers queries from the current snapshot. Safe for concurrent use on one event loop.

    What takes long runs in worker threads: those that read photos, one that owns the model for
    words, one that searches. Words do not wait behind pictures, and what queues for the model goes
    through it together.
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
        self._look_again_below = look_again_below
        self._photos = PhotoReader(embedder, limits, self._in_doubt)
        self._words: Batcher[str, Embeddings] = Batcher(
            lambda texts: rows_apart(embedder.embed_texts(texts)),
            name="words",
            limit=BATCH_OF_TEXTS,
        )
        self._read: Recent[str, Embeddings] = Recent(REMEMBERED)
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
        found = await self._look_up(lambda: edition.similar.of(place.place_id, limit), short=False)
        return [Lookalike(edition.places[one.place_id], one.score) for one in found]

    async def warm_up(self) -> None:
        """Run a picture and a text through the model, so that the first user does not wait."""
        # at once: each model loads in its own thread, mostly outside of Python
        await asyncio.gather(self._photos.warm_up(), self._words.run("warm-up"))

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
        self._photos.close()
        self._words.close()
        self._searching.shutdown()

    async def see(self, photo: bytes) -> SeenPhoto:
        """Take from a photo what `recognize` needs of it.

        Args:
            photo: a whole picture file of any common format.

        Raises:
            UnreadableImage, ImageTooLarge: the photo cannot be used.
        """
        return await self._photos.see(photo)

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
        with timed(timings, "search"):
            found = edition.known_neighbours(seen.embedding, self._k) if city is None else None
            if found is None:
                found = await self._look_up(
                    lambda: edition.neighbours(seen.embedding, self._k, city),
                    short=_is_small(edition),
                )
        with timed(timings, "vote"):
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
        words = stems(text)
        if not words:
            raise EmptyQuery("the text has no words")
        edition, timings = self._edition, dict[str, float]()
        with timed(timings, "search"):
            letters = sum(map(len, words))
            few = letters <= FEW_LETTERS and letters * len(edition.places) <= FEW_COMPARISONS
            meant = await self._look_up(
                lambda: edition.texts.meant(text[:MAX_QUERY_CHARS]), short=few
            )
        with timed(timings, "embed"):
            plain = " ".join(unicodedata.normalize("NFKC", meant.text).split())
            embedding = await self._read.get(plain, lambda: self._words.run(plain))
        end = offset + limit
        with timed(timings, "search"):
            hits = await self._look_up(
                lambda: tuple(
                    islice(photos_that_fit(edition, meant, embedding, city), offset, end)
                ),
                short=_is_small(edition) and end <= FEW_ANSWERS,
            )
        return SearchResult(hits, timings, edition.snapshot.version)

    async def _in_doubt(self, embedding: Embeddings) -> bool:
        edition = self._edition

        def certainty() -> float:
            jurors = [juror for _, juror in edition.neighbours(embedding, self._k)]
            return judged(edition, embedding, jurors).certainty

        return await self._look_up(certainty, short=_is_small(edition)) < self._look_again_below

    async def _look_up(self, work: Callable[[], Result], *, short: bool) -> Result:
        """Do ``work`` on an edition: at once if it is ``short``, else in the thread that searches.

        Where people's photos are looked up depends on the edition alone: one thread does it.
        """
        if short:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._searching, work)


def _is_small(edition: Edition) -> bool:
    """Whether its photos are compared with a query in no time."""
    return len(edition.snapshot.photos) <= FEW_PHOTOS
