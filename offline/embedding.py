"""Embed the gallery's photos, each content once."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from PIL import Image

from core.embedders.base import Embedder
from core.errors import QueryError
from core.images import ImageLimits, load_image
from offline.embedding_cache import EmbeddingCache
from offline.gallery import Gallery, GalleryPhoto
from offline.sources.items import Problem

BATCH = 16  # photos decoded and embedded together; what a killed run loses at most
THREADS = 2

Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass(slots=True)
class Reading:
    """The gallery's photo files as they are now."""

    hashes: dict[str, str] = field(default_factory=dict)  # SHA-256 by path
    problems: list[Problem] = field(default_factory=list)  # photos that could not be used, by path


def read_gallery(gallery: Gallery, photos: Sequence[GalleryPhoto]) -> Reading:
    """Hash the files as they are: content, not a name or a date, says what is embedded already."""
    reading = Reading()
    for photo in photos:
        try:
            with (gallery.data_dir / photo.path).open("rb") as file:
                reading.hashes[photo.path] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            reading.problems.append(Problem(photo.path, error.strerror or str(error)))
    return reading


def embed_new(
    gallery: Gallery,
    reading: Reading,
    cache: EmbeddingCache,
    embedder: Embedder,
    limits: ImageLimits,
    *,
    started: Callable[[int], None] = lambda total: None,
    advanced: Callable[[int], None] = lambda photos: None,
) -> int:
    """Embed what the cache does not know; return how many photos it were.

    Args:
        gallery: where the photos are.
        reading: of the photos wanted; receives those that cannot be decoded as problems.
        cache: receives the embeddings.
        embedder: makes them.
        limits: photos beyond are not embedded.
        started: called with the number of photos to embed.
        advanced: called with the number of photos done since the last call.
    """
    known = cache.known()
    new = {sha256: path for path, sha256 in reading.hashes.items() if sha256 not in known}
    started(len(new))
    return _embed(gallery, new, cache, embedder, limits, reading, advanced)


def _embed(
    gallery: Gallery,
    new: Mapping[str, str],
    cache: EmbeddingCache,
    embedder: Embedder,
    limits: ImageLimits,
    reading: Reading,
    advanced: Callable[[int], None],
) -> int:
    """Embed files by content hash, decoding the next ones meanwhile."""

    def decode(batch: Sequence[tuple[str, str]]) -> list[tuple[str, Image.Image]]:
        decoded = []
        for sha256, path in batch:
            try:
                data = (gallery.data_dir / path).read_bytes()
                decoded.append((sha256, load_image(data, limits, min_side=embedder.image_side)))
            except (OSError, QueryError) as error:
                reading.problems.append(Problem(path, str(error)))
        return decoded

    embedded = 0
    waiting = list(new.items())
    batches = [waiting[at : at + BATCH] for at in range(0, len(waiting), BATCH)]
    for batch, images in zip(batches, ahead(decode, batches), strict=True):
        if images:
            embeddings = embedder.embed_images([image for _, image in images])
            cache.add([sha256 for sha256, _ in images], embeddings)
        embedded += len(images)
        advanced(len(batch))
    return embedded


def ahead(make: Callable[[Given], Made], given: Sequence[Given]) -> Iterator[Made]:
    """Yield what ``make`` returns for each, in order, made in threads a few before it is needed."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="ahead") as pool:
        running: deque[Future[Made]] = deque()
        for each in given:
            running.append(pool.submit(make, each))
            if len(running) > THREADS:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
