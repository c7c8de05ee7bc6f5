"""Embed the gallery's photos, each content once."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from PIL.Image import Image

from core.embedders.base import Embedder, Embeddings
from core.errors import QueryError
from core.images import ImageLimits, load_image
from core.places import Photo
from core.thorough import thorough
from offline.embedding_cache import EmbeddingCache
from offline.progress import Advanced, Started, unwatched
from offline.sources.items import Problem

BATCH = 16  # photos decoded and embedded together; what a killed run loses at most
THREADS = 2

Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass(slots=True)
class Reading:
    """The gallery's photo files as they are now."""

    data_dir: Path  # that paths are relative to
    hashes: dict[str, str] = field(default_factory=dict)  # SHA-256 by path
    problems: list[Problem] = field(default_factory=list)  # photos that could not be used, by path


def read_photos(data_dir: Path, photos: Sequence[Photo]) -> Reading:
    """Hash the files as they are: content, not a name or a date, says what is embedded already."""
    reading = Reading(data_dir)
    for photo in photos:
        try:
            with (data_dir / photo.path).open("rb") as file:
                reading.hashes[photo.path] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            reading.problems.append(Problem(photo.path, error.strerror or str(error)))
    return reading


def embed_new(
    reading: Reading,
    cache: EmbeddingCache,
    embedder: Embedder,
    limits: ImageLimits,
    *,
    started: Started = unwatched,
) -> int:
    """Embed what the cache does not know; return how many photos it were.

    Args:
        reading: of the photos wanted; receives those that cannot be decoded as problems.
        cache: receives the embeddings.
        embedder: makes them.
        limits: photos beyond are not embedded.
        started: told how many photos are embedded.
    """
    known = cache.known()
    new = {sha256: path for path, sha256 in reading.hashes.items() if sha256 not in known}

    def decode(data: bytes) -> Image:
        return load_image(data, limits, min_side=embedder.image_side)

    embedded = 0
    for batch in batches(reading, new, decode, started("embedding", len(new))):
        if batch:
            images = [image for _, image in batch]
            made = embedder.embed_gallery(images), embedder.embed_again(images)
            cache.add([sha256 for sha256, _ in batch], *made)
        embedded += len(batch)
    return embedded


def embed_thoroughly(embedder: Embedder, images: Sequence[Image]) -> Embeddings:
    """Embed pictures by both networks, (n, dim + second_dim)."""
    return thorough(embedder.embed_images(images), embedder.embed_again(images))


def batches(
    reading: Reading,
    paths: Mapping[str, str],
    decode: Callable[[bytes], Made],
    advanced: Advanced,
) -> Iterator[list[tuple[str, Made]]]:
    """Yield files with what ``decode`` makes of them, the next ones being decoded meanwhile.

    Args:
        reading: receives the photos that cannot be decoded as problems.
        paths: of the files, by content hash.
        decode: may raise ``QueryError``.
        advanced: told of the photos of a batch once that has been dealt with.

    Yields:
        Content hashes with what was made, in the order given.
    """

    def decoded(batch: Sequence[tuple[str, str]]) -> list[tuple[str, Made]]:
        made = []
        for sha256, path in batch:
            try:
                made.append((sha256, decode((reading.data_dir / path).read_bytes())))
            except (OSError, QueryError) as error:
                reading.problems.append(Problem(path, str(error)))
        return made

    waiting = list(paths.items())
    parts = [waiting[at : at + BATCH] for at in range(0, len(waiting), BATCH)]
    for part, made in zip(parts, ahead(decoded, parts), strict=True):
        yield made
        advanced(len(part))


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
