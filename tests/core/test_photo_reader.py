import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from PIL import Image

from core.embedders import Embedder, Embeddings
from core.errors import UnreadableImage
from core.images import ImageLimits, load_image
from core.looks import load_detailed
from core.photo_reader import DECODERS, HASHED_AT_ONCE, PhotoReader
from core.places import Point
from tests.doubles import BusyEmbedder, ColourEmbedder, TwoNetworks, coloured_photo, encoded

LIMITS = ImageLimits.of(max_photo_mb=20, max_megapixels=64)
NewReader = Callable[[Embedder], PhotoReader]


def red(seed: int = 0) -> bytes:
    return encoded(coloured_photo("red", seed=seed))


def doubtful(seed: int = 0) -> bytes:
    """A photo that is looked at again: it is not red."""
    return encoded(coloured_photo("blue", seed=seed))


async def in_doubt(embedding: Embeddings) -> bool:
    reds = embedding.reshape(9, 3)[:, 0]
    return bool(reds.mean() < 0)


@pytest.fixture
def new_reader() -> Iterator[NewReader]:
    """Readers that stop with the test."""
    readers: list[PhotoReader] = []

    def new(embedder: Embedder) -> PhotoReader:
        readers.append(PhotoReader(embedder, LIMITS, in_doubt))
        return readers[-1]

    yield new
    for reader in readers:
        reader.close()


async def test_what_one_look_tells_enough_of_is_embedded_by_the_first_network(
    new_reader: NewReader,
) -> None:
    reader = new_reader(embedder := TwoNetworks())
    seen = await reader.see(red())
    assert seen.embedding.shape == (1, embedder.dim)
    assert (embedder.embedded_images, embedder.embedded_again) == (1, 0)
    assert list(seen.timings_ms) == ["hash", "wait", "decode", "embed", "search"]


async def test_a_photo_in_doubt_is_looked_at_three_times_by_both_networks(
    new_reader: NewReader,
) -> None:
    reader = new_reader(embedder := TwoNetworks())
    seen = await reader.see(doubtful())
    assert seen.embedding.shape == (1, embedder.dim + embedder.second_dim)
    assert (embedder.embedded_images, embedder.embedded_again) == (3, 3)
    assert list(seen.timings_ms)[-1] == "look again"


@pytest.mark.parametrize("at_once", [True, False])
async def test_the_same_photo_is_embedded_once(new_reader: NewReader, at_once: bool) -> None:
    reader = new_reader(embedder := ColourEmbedder())
    if at_once:
        seen = await asyncio.gather(*(reader.see(red()) for _ in range(5)))
    else:
        seen = [await reader.see(red()) for _ in range(5)]
    assert embedder.embedded_images == 1
    assert len({photo.embedding.tobytes() for photo in seen}) == 1


async def test_what_is_no_picture_is_refused_each_time(new_reader: NewReader) -> None:
    reader = new_reader(ColourEmbedder())
    for _ in range(2):
        with pytest.raises(UnreadableImage):
            await reader.see(b"hello")


async def test_a_photo_is_decoded_no_finer_than_each_network_needs(new_reader: NewReader) -> None:
    class Watching(TwoNetworks):
        first_side, image_side = 100, 200

        def __init__(self) -> None:
            super().__init__()
            self.first: list[tuple[int, int]] = []
            self.second: list[tuple[int, int]] = []

        def embed_images(self, images: Sequence[Image.Image]) -> Embeddings:
            self.first += [image.size for image in images]
            return super().embed_images(images)

        def embed_again(self, images: Sequence[Image.Image]) -> Embeddings:  # type: ignore[override]
            self.second += [image.size for image in images]
            return super().embed_again(images)

    reader = new_reader(embedder := Watching())
    await reader.see(encoded(coloured_photo("red", size=(1600, 1200))))
    assert embedder.first == [(400, 300)]
    await reader.see(encoded(coloured_photo("blue", size=(1600, 1200))))
    assert embedder.first[1] == (400, 300)
    assert embedder.second[0] == (1600, 1200)  # a closer look takes twice the detail
    assert embedder.first[2:] == embedder.second[1:] == [(800, 600), (1600, 1600)]


async def test_a_large_file_is_hashed_in_a_thread_and_known_again(new_reader: NewReader) -> None:
    reader = new_reader(embedder := ColourEmbedder())
    photo = encoded(coloured_photo("red", size=(600, 400)), "BMP")
    assert len(photo) > HASHED_AT_ONCE
    first = await reader.see(photo)
    gate = threading.Event()
    for _ in range(DECODERS):
        reader._decoding.submit(gate.wait)
    try:
        again = asyncio.create_task(reader.see(photo))
        for _ in range(10):
            await asyncio.sleep(0)  # all that needs no thread gets done
        assert not again.done()
    finally:
        gate.set()
    assert (await again).embedding is first.embedding
    assert embedder.embedded_images == 1


async def test_where_a_photo_was_taken_is_not_kept(new_reader: NewReader) -> None:
    reader = new_reader(ColourEmbedder())
    taken_at = Image.Exif()
    taken_at[0x8825] = {1: "N", 2: (58.0, 36.0, 0.0), 3: "E", 4: (49.0, 36.0, 0.0)}
    photo = encoded(coloured_photo("red"), exif=taken_at)
    first, again = await reader.see(photo), await reader.see(photo)
    assert first.taken_at == Point(58.6, 49.6)
    assert again.taken_at == first.taken_at
    kept = [part for value in reader._seen._kept.values() for part in value]
    assert len(kept) == 2
    assert not any(isinstance(part, Point) for part in kept)


async def test_as_many_pictures_go_together_as_the_embedder_says(new_reader: NewReader) -> None:
    sizes: list[int] = []

    class SingleEmbedder(BusyEmbedder):
        image_batch = 1

        def embed_images(self, images: Sequence[Image.Image]) -> Embeddings:
            sizes.append(len(images))
            return super().embed_images(images)

    reader = new_reader(embedder := SingleEmbedder())
    asked = [asyncio.create_task(reader.see(red(seed))) for seed in range(6)]
    assert await asyncio.to_thread(embedder.started.wait, 10)
    embedder.gate.set()
    await asyncio.gather(*asked)
    assert sizes == [1] * 6


async def test_what_waits_for_the_network_waits_undecoded(
    new_reader: NewReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []

    def load(data: bytes, *args: Any, **options: Any) -> Image.Image:
        decoded.append(len(data))
        return load_image(data, *args, **options)

    monkeypatch.setattr("core.photo_reader.load_image", load)
    reader = new_reader(embedder := BusyEmbedder())
    asked = [asyncio.create_task(reader.see(red(seed))) for seed in range(40)]
    assert await asyncio.to_thread(embedder.started.wait, 10)
    await asyncio.sleep(0.2)  # the decoders have nothing else to do
    assert embedder.image_batch <= len(decoded) < 25
    asked.pop().cancel()  # one that waits
    embedder.gate.set()
    assert len(await asyncio.gather(*asked)) == 39
    assert len(decoded) == 39


async def test_photos_that_are_looked_at_again_wait_for_that_undecoded(
    new_reader: NewReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, decoded = threading.Event(), list[int]()

    class SlowToLookAgain(TwoNetworks):
        image_batch = 1

        def embed_again(self, images: Sequence[Image.Image]) -> Embeddings:  # type: ignore[override]
            assert gate.wait(10)
            return super().embed_again(images)

    def load(data: bytes, *args: Any, **options: Any) -> Image.Image:
        decoded.append(len(data))
        return load_detailed(data, *args, **options)

    monkeypatch.setattr("core.photo_reader.load_detailed", load)
    reader = new_reader(SlowToLookAgain())
    asked = [asyncio.create_task(reader.see(doubtful(seed))) for seed in range(20)]
    await asyncio.sleep(0.3)  # the decoders have nothing else to do
    assert len(decoded) <= 2
    gate.set()
    await asyncio.gather(*asked)
    assert len(decoded) == 20


async def test_a_photo_without_doubt_overtakes_those_that_are_looked_at_again(
    new_reader: NewReader,
) -> None:
    gate = threading.Event()

    class SlowToLookAgain(TwoNetworks):
        image_batch = 1

        def embed_again(self, images: Sequence[Image.Image]) -> Embeddings:  # type: ignore[override]
            assert gate.wait(10)
            return super().embed_again(images)

    reader = new_reader(embedder := SlowToLookAgain())
    waiting = [asyncio.create_task(reader.see(doubtful(seed))) for seed in range(20)]
    await asyncio.sleep(0.05)
    certain = await asyncio.wait_for(reader.see(red()), 5)
    assert certain.embedding.shape == (1, embedder.dim)
    assert sum(not task.done() for task in waiting) == 20
    gate.set()
    for seen in await asyncio.gather(*waiting):
        assert seen.embedding.shape == (1, embedder.dim + embedder.second_dim)
