"""Embed the gallery and publish it as a snapshot."""

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from time import perf_counter

from PIL import Image

from core.embedders.base import Embedder
from core.errors import DataDirError, QueryError, SnapshotError
from core.images import ImageLimits, load_image
from core.index import PhotoIndex
from core.places import Photo, Place
from core.snapshot import Manifest, SnapshotContent, SnapshotStore
from core.text_search import place_text
from offline.embedding_cache import EmbeddingCache
from offline.gallery import Gallery, GalleryPhoto
from offline.sources.items import Problem
from offline.thresholds import choose_thresholds

BATCH = 16  # photos decoded and embedded together; what a killed run loses at most
DECODERS = 2


@dataclass(slots=True)
class IndexReport:
    """What an index run did."""

    manifest: Manifest  # of the snapshot that is current now
    published: bool  # False: nothing had changed
    embedded: int  # photos that were new or changed
    embedding_s: float
    other_s: float  # all the rest: reading, hashing, thresholds, writing, checking
    left_out: int  # photos whose picture stands under several places
    problems: list[Problem]  # photos that could not be used


@dataclass(slots=True)
class _Reading:
    """The gallery's photo files as they are now."""

    hashes: dict[str, str] = field(default_factory=dict)  # SHA-256 by path
    problems: list[Problem] = field(default_factory=list)


def build_snapshot(
    gallery: Gallery,
    embedder: Embedder,
    limits: ImageLimits,
    *,
    k: int,
    keep: int,
    started: Callable[[int], None] = lambda total: None,
    advanced: Callable[[int], None] = lambda photos: None,
) -> IndexReport:
    """Bring the published snapshot up to date with the gallery.

    Only photos whose content is not in the embedding cache are embedded. Safe to kill at any
    moment and to run again: finished batches stay in the cache, and the snapshot appears whole.

    Args:
        gallery: photos that stand under several places are left out.
        embedder: makes the embeddings.
        limits: photos beyond are left out.
        k: neighbours that will vote, for choosing thresholds.
        keep: published versions to keep for rollback.
        started: called with the number of photos to embed.
        advanced: called with the number of photos embedded since the last call.

    Raises:
        DataDirError: the gallery holds no usable photo, or the data folder cannot be written.
    """
    start = perf_counter()
    shared = gallery.shared()
    photos = [photo for photo in gallery.photos if photo.photo_id not in shared]
    reading = _read(gallery, photos)
    with EmbeddingCache.open(gallery.data_dir, embedder) as cache:
        known = cache.known()
        new = {
            reading.hashes[photo.path]: photo
            for photo in photos
            if photo.path in reading.hashes and reading.hashes[photo.path] not in known
        }
        started(len(new))
        embedding_start = perf_counter()
        embedded = _embed(gallery, new, cache, embedder, limits, reading, advanced)
        embedding_s = perf_counter() - embedding_start
        known = cache.known()
        usable = [photo for photo in photos if reading.hashes.get(photo.path) in known]
        if not usable:
            raise DataDirError(
                f"the gallery in {gallery.folder} holds no usable photos: "
                "run `python -m offline import` first"
            )
        manifest, published = _publish(gallery, usable, reading.hashes, cache, embedder, k, keep)
    return IndexReport(
        manifest=manifest,
        published=published,
        embedded=embedded,
        embedding_s=embedding_s,
        other_s=perf_counter() - start - embedding_s,
        left_out=sum(len(group) for group in shared.values()),
        problems=reading.problems,
    )


def _read(gallery: Gallery, photos: Sequence[GalleryPhoto]) -> _Reading:
    """Hash the files as they are: content, not a name or a date, says what is embedded already."""
    reading = _Reading()
    for photo in photos:
        try:
            with (gallery.data_dir / photo.path).open("rb") as file:
                reading.hashes[photo.path] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            reading.problems.append(Problem(photo.path, error.strerror or str(error)))
    return reading


def _embed(
    gallery: Gallery,
    new: Mapping[str, GalleryPhoto],
    cache: EmbeddingCache,
    embedder: Embedder,
    limits: ImageLimits,
    reading: _Reading,
    advanced: Callable[[int], None],
) -> int:
    """Embed photos by content hash, decoding the next ones meanwhile; return how many it were."""

    def decode(batch: Sequence[tuple[str, GalleryPhoto]]) -> list[tuple[str, Image.Image]]:
        decoded = []
        for sha256, photo in batch:
            try:
                data = (gallery.data_dir / photo.path).read_bytes()
                image = load_image(data, limits, min_side=embedder.image_side)
                decoded.append((sha256, image))
            except (OSError, QueryError) as error:
                reading.problems.append(Problem(photo.path, str(error)))
        return decoded

    embedded = 0
    waiting = list(new.items())
    batches = [waiting[at : at + BATCH] for at in range(0, len(waiting), BATCH)]
    for batch, images in zip(batches, _ahead(decode, batches), strict=True):
        if images:
            embeddings = embedder.embed_images([image for _, image in images])
            cache.add([sha256 for sha256, _ in images], embeddings)
        embedded += len(images)
        advanced(len(batch))
    return embedded


def _ahead(
    decode: Callable[[Sequence[tuple[str, GalleryPhoto]]], list[tuple[str, Image.Image]]],
    batches: Sequence[Sequence[tuple[str, GalleryPhoto]]],
) -> Iterator[list[tuple[str, Image.Image]]]:
    """Decode batches in threads, never more than a few before they are asked for."""
    with ThreadPoolExecutor(DECODERS, thread_name_prefix="decode") as pool:
        running: deque[Future[list[tuple[str, Image.Image]]]] = deque()
        for batch in batches:
            running.append(pool.submit(decode, batch))
            if len(running) > DECODERS:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _publish(
    gallery: Gallery,
    photos: Sequence[GalleryPhoto],
    hashes: Mapping[str, str],
    cache: EmbeddingCache,
    embedder: Embedder,
    k: int,
    keep: int,
) -> tuple[Manifest, bool]:
    """Publish a snapshot unless the current one has the same content."""
    with_photos = {photo.place_id for photo in photos}
    places = [place for place in gallery.places.values() if place.place_id in with_photos]
    fingerprint = _fingerprint(embedder, places, photos, hashes, k)
    store = SnapshotStore(gallery.data_dir)
    try:
        current = store.current()
        if current and store.load(embedder, current).manifest.fingerprint == fingerprint:
            return store.manifest(current), False
    except SnapshotError:
        pass  # whatever is wrong with the current one, a new one mends it
    embeddings = cache.pictures([hashes[photo.path] for photo in photos])
    place_ids = [photo.place_id for photo in photos]
    index = PhotoIndex.build(embeddings.visual)
    content = SnapshotContent(
        embedder=embedder.name,
        places=places,
        photos=[Photo(p.photo_id, p.place_id, p.path, p.width, p.height) for p in photos],
        visual=embeddings.visual,
        joint=embeddings.joint,
        place_texts=cache.texts([place_text(place) for place in places]),
        thresholds=choose_thresholds(embeddings.visual, place_ids, index, k=k),
        fingerprint=fingerprint,
    )
    return store.publish(content, keep=keep), True


def _fingerprint(
    embedder: Embedder,
    places: Sequence[Place],
    photos: Sequence[GalleryPhoto],
    hashes: Mapping[str, str],
    k: int,
) -> str:
    """Hash of all that decides what a snapshot holds."""
    content = [
        embedder.name,
        k,
        [asdict(place) for place in places],
        [(photo.photo_id, photo.place_id, photo.path, hashes[photo.path]) for photo in photos],
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
