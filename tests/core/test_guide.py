import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps

from core.answers import Recognition, SeenPhoto
from core.edition import LOOKED_UP
from core.embedders import Embeddings
from core.errors import (
    EmbedderUnavailable,
    EmptyQuery,
    NoSnapshot,
    SnapshotCorrupt,
    UnreadableImage,
)
from core.guide import FEW_ANSWERS, CityGuide
from core.images import ImageLimits
from core.index import Nearest, PhotoIndex
from core.photo_reader import DECODERS
from core.places import Place, Point
from core.snapshot_store import SnapshotStore
from core.text_search import Why
from core.words import stems
from offline.gallery import Gallery
from offline.importing import import_items
from offline.indexing import build_snapshot
from offline.sources.items import SourceItems, SourcePhoto
from tests.doubles import BusyEmbedder, ColourEmbedder, TwoNetworks, coloured_photo, encoded

LIMITS = ImageLimits.of(max_photo_mb=20, max_megapixels=64)
PLACES = {
    "red": Place(
        "red", "Красная площадь", "Red Square", ("squares",), "Москва", Point(55.75, 37.62)
    ),
    "green": Place(
        "green", "Зелёный мост", "Green Bridge", ("bridges",), "Киров", Point(58.6, 49.6)
    ),
    "blue": Place("blue", "Голубой купол", "Blue Dome", ("churches",), "Киров", Point(58.61, 49.6)),
}


def items(count: int = 8) -> SourceItems:
    for place_id, place in PLACES.items():
        yield place
        for seed in range(count):
            photo = encoded(coloured_photo(place_id, seed=seed))
            yield SourcePhoto(place_id, photo, f"{place_id}/{seed}")


def publish(data_dir: Path, count: int = 8) -> None:
    gallery = Gallery(data_dir)
    import_items(items(count), gallery, LIMITS)
    build_snapshot(gallery, ColourEmbedder(), LIMITS, k=5, keep=5)


@pytest.fixture
def guide(tmp_path: Path) -> Iterator[CityGuide]:
    publish(tmp_path)
    guide = CityGuide(tmp_path, ColourEmbedder(), k=10, limits=LIMITS)
    yield guide
    guide.close()


@pytest.mark.parametrize("place_id", PLACES)
async def test_a_photo_is_recognised(guide: CityGuide, place_id: str) -> None:
    answer = await guide.recognize(encoded(coloured_photo(place_id, seed=99)))
    best = answer.places[0]
    assert best.place == PLACES[place_id]
    assert best.share > 0.9
    assert guide.photo_file(best.photo).is_file()
    assert answer.confident
    assert answer.categories[0].kind == PLACES[place_id].kinds[0]
    assert [hit.place.place_id for hit in answer.photos] == [place_id] * 5


async def test_shares_of_an_answer_sum_to_one(guide: CityGuide) -> None:
    answer = await guide.recognize(encoded(coloured_photo((130, 100, 130))))
    assert sum(place.share for place in answer.places) == pytest.approx(1)
    assert sum(category.share for category in answer.categories) == pytest.approx(1)
    stages = ["hash", "wait", "decode", "embed", "search", "look again", "vote"]
    assert list(answer.timings_ms) == stages
    assert answer.snapshot == guide.snapshot


async def test_a_place_of_another_guide_looks_like_nothing_here(guide: CityGuide) -> None:
    assert await guide.similar(Place("elsewhere", "Elsewhere")) == []


async def test_a_photo_like_none_of_the_gallery_is_not_claimed(guide: CityGuide) -> None:
    answer = await guide.recognize(encoded(coloured_photo((255, 255, 0))))
    assert not answer.confident
    assert answer.places


async def test_a_city_limits_the_answer(guide: CityGuide) -> None:
    answer = await guide.recognize(encoded(coloured_photo("red")), city="киров")
    assert {place.place.city for place in answer.places} == {"Киров"}
    found = await guide.search("red", city="Киров", limit=50)
    assert {hit.place.city for hit in found.photos} <= {"Киров"}
    nowhere = await guide.recognize(encoded(coloured_photo("red")), city="Атлантида")
    assert not nowhere.confident
    assert nowhere.places == nowhere.photos == nowhere.categories == ()


async def test_a_position_prefers_what_is_near(guide: CityGuide) -> None:
    between = encoded(coloured_photo((35, 120, 140)))
    shares = {}
    for place_id in ("green", "blue"):
        answer = await guide.recognize(between, near=PLACES[place_id].point)
        shares[place_id] = {p.place.place_id: p.share for p in answer.places}
    assert shares["green"]["green"] > shares["blue"]["green"]


async def test_bytes_that_are_no_picture_are_refused(guide: CityGuide) -> None:
    with pytest.raises(UnreadableImage):
        await guide.recognize(b"hello")


@pytest.mark.parametrize(
    ("words", "place_id", "why"),
    [
        ("Красная площадь", "red", Why.NAME),
        ("красной площади", "red", Why.NAME),
        ("red square", "red", Why.NAME),
        ("площядь краснае", "red", Why.NAME),
        ("ЗЕЛЕНЫЙ МОСТ", "green", Why.NAME),
        ("zelenyj most", "green", Why.NAME),
    ],
)
async def test_words_that_name_a_place_bring_its_photos(
    guide: CityGuide, words: str, place_id: str, why: Why
) -> None:
    found = await guide.search(words)
    assert [hit.place.place_id for hit in found.photos] == [place_id] * 5
    assert found.photos[0].why is why
    assert len({hit.photo.photo_id for hit in found.photos}) == 5


@pytest.mark.parametrize(("words", "place_id"), [("мост", "green"), ("church", "blue")])
async def test_words_may_name_a_category(guide: CityGuide, words: str, place_id: str) -> None:
    found = await guide.search(words)
    assert found.photos[0].place.place_id == place_id


async def test_pages_do_not_repeat(guide: CityGuide) -> None:
    pages = [await guide.search("red square", limit=4, offset=at) for at in (0, 4, 8)]
    photos = [hit.photo.photo_id for page in pages for hit in page.photos]
    assert len(photos) == len(set(photos))


@pytest.mark.parametrize("text", ["", "   ", "?!", "..."])
async def test_text_without_words_is_refused(guide: CityGuide, text: str) -> None:
    with pytest.raises(EmptyQuery):
        await guide.search(text)


async def test_very_long_text_is_cut_not_refused(guide: CityGuide) -> None:
    found = await guide.search("red square " + "и так далее " * 10_000)
    assert found.photos


async def test_what_comes_after_the_first_256_characters_does_not_count(tmp_path: Path) -> None:
    publish(tmp_path)
    embedder = ColourEmbedder()
    guide = CityGuide(tmp_path, embedder, limits=LIMITS)
    before = embedder.embedded_texts
    for end in ("red", "blue"):
        await guide.search("something " * 26 + end)
    assert embedder.embedded_texts == before + 1, "both are the same words"
    guide.close()


async def test_many_people_may_ask_at_once(guide: CityGuide) -> None:
    photos = [
        (place_id, encoded(coloured_photo(place_id, seed=50 + n)))
        for n in range(20)
        for place_id in PLACES
    ]
    answers = await asyncio.gather(*(guide.recognize(photo) for _, photo in photos))
    assert [a.places[0].place.place_id for a in answers] == [place_id for place_id, _ in photos]


class CountingEmbedder(ColourEmbedder):
    """Remembers which texts it embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        self.texts += texts
        return super().embed_texts(texts)


async def test_a_photo_seen_once_is_answered_again_and_again(tmp_path: Path) -> None:
    publish(tmp_path)
    guide = CityGuide(tmp_path, embedder := ColourEmbedder(), limits=LIMITS)
    photo = encoded(coloured_photo("red", seed=99))
    seen = await guide.see(photo)
    answers = [await guide.recognize(asked) for asked in (seen, seen, photo)]
    assert {answer.places for answer in answers} == {answers[0].places}
    assert embedder.embedded_images == 1
    stages = ["hash", "wait", "decode", "embed", "search", "vote"]
    assert list(answers[0].timings_ms) == stages
    guide.close()


async def test_a_photo_that_leaves_doubt_is_looked_at_again(tmp_path: Path) -> None:
    publish(tmp_path)
    guide = CityGuide(tmp_path, embedder := ColourEmbedder(), limits=LIMITS)
    certain = await guide.recognize(encoded(coloured_photo("red", seed=99)))
    assert embedder.embedded_images == 1
    doubtful = encoded(coloured_photo((35, 120, 140)))
    answer = await guide.recognize(doubtful)
    assert embedder.embedded_images == 4  # from closer and whole as well
    assert "look again" not in certain.timings_ms
    assert answer.timings_ms["look again"] > 0
    await guide.recognize(doubtful)
    assert embedder.embedded_images == 4
    guide.close()


async def test_only_a_photo_that_leaves_doubt_goes_through_the_second_network(
    tmp_path: Path,
) -> None:
    publish(tmp_path)
    build_snapshot(Gallery(tmp_path), TwoNetworks("two"), LIMITS, k=5, keep=5)
    guide = CityGuide(tmp_path, embedder := TwoNetworks("two"), limits=LIMITS)
    certain = await guide.see(encoded(coloured_photo("red", seed=9)))
    assert embedder.embedded_again == 0
    assert certain.embedding.shape == (1, embedder.dim)
    doubtful = await guide.see(encoded(coloured_photo((35, 120, 140))))
    assert embedder.embedded_again == 3
    assert doubtful.embedding.shape == (1, embedder.dim + embedder.second_dim)
    for seen in (certain, doubtful):
        answer = await guide.recognize(seen)
        in_green = await guide.recognize(seen, city=PLACES["green"].city)
        assert answer.places
        assert {place.place.city for place in in_green.places} == {PLACES["green"].city}
    guide.close()


async def test_a_guide_can_be_told_not_to_look_again(tmp_path: Path) -> None:
    publish(tmp_path)
    embedder = ColourEmbedder()
    guide = CityGuide(tmp_path, embedder, limits=LIMITS, look_again_below=0)
    await guide.recognize(encoded(coloured_photo((35, 120, 140))))
    assert embedder.embedded_images == 1
    guide.close()


async def test_what_lies_beside_the_middle_can_settle_doubt(tmp_path: Path) -> None:
    """The embedder sees the middle square only, which is grey; the sight is at both sides."""

    class MiddleEmbedder(ColourEmbedder):
        def embed_images(self, images: Sequence[Image.Image]) -> Embeddings:
            return super().embed_images([ImageOps.fit(image, (96, 96)) for image in images])

    def colonnade(seed: int) -> bytes:
        sides = coloured_photo("red", seed=seed, size=(300, 100))
        sides.paste((127, 127, 127), (100, 0, 200, 100))
        return encoded(sides)

    publish(tmp_path)
    build_snapshot(Gallery(tmp_path), MiddleEmbedder("middle"), LIMITS, k=5, keep=5)
    guide = CityGuide(tmp_path, MiddleEmbedder("middle"), limits=LIMITS)
    answer = await guide.recognize(colonnade(99))
    assert answer.places[0].place == PLACES["red"]
    assert answer.places[0].share > 0.5
    guide.close()


async def test_where_a_photo_was_taken_serves_unless_a_position_is_given(
    guide: CityGuide,
) -> None:
    taken_at_green = Image.Exif()
    taken_at_green[0x8825] = {1: "N", 2: (58.0, 36.0, 0.0), 3: "E", 4: (49.0, 36.0, 0.0)}
    between = coloured_photo((35, 120, 140))
    plain = await guide.recognize(encoded(between))
    taken_there = await guide.recognize(encoded(between, exif=taken_at_green))
    again = await guide.recognize(encoded(between, exif=taken_at_green))
    elsewhere = await guide.recognize(
        encoded(between, exif=taken_at_green), near=PLACES["red"].point
    )

    def green(answer: Recognition) -> float:
        return next(p.share for p in answer.places if p.place == PLACES["green"])

    assert green(taken_there) > green(plain)
    assert green(again) == green(taken_there)
    assert green(taken_there) > green(elsewhere)


async def test_the_same_words_are_embedded_once(tmp_path: Path) -> None:
    publish(tmp_path)
    guide = CityGuide(tmp_path, embedder := CountingEmbedder(), limits=LIMITS)
    for text in ("red square", " red  square\n", "ｒｅｄ square"):
        await guide.search(text)
    assert embedder.texts == ["red square"]
    guide.close()


async def test_a_photo_seen_before_is_looked_up_in_the_new_snapshot(tmp_path: Path) -> None:
    publish(tmp_path, count=8)
    guide = CityGuide(tmp_path, embedder := ColourEmbedder(), limits=LIMITS)
    photo = encoded(coloured_photo("red", seed=9))
    before = await guide.recognize(photo)
    publish(tmp_path, count=10)
    assert await guide.refresh()
    after = await guide.recognize(photo)
    assert after.photos[0].score > before.photos[0].score  # now it is in the gallery itself
    assert embedder.embedded_images == 1
    guide.close()


async def test_a_photo_seen_before_does_not_wait_for_others_to_be_decoded(
    guide: CityGuide,
) -> None:
    photo = encoded(coloured_photo("red", seed=9))
    before = await guide.recognize(photo)
    gate = threading.Event()
    for _ in range(DECODERS):
        guide._photos._decoding.submit(gate.wait)
    try:
        again = await asyncio.wait_for(guide.recognize(photo), timeout=10)
    finally:
        gate.set()
    assert again.places == before.places


async def test_words_do_not_wait_behind_pictures(tmp_path: Path) -> None:
    publish(tmp_path)
    embedder = BusyEmbedder()
    guide = CityGuide(tmp_path, embedder, limits=LIMITS)
    photo = asyncio.create_task(guide.recognize(encoded(coloured_photo("red"))))
    assert await asyncio.to_thread(embedder.started.wait, 10)
    assert (await guide.search("red square")).photos
    assert not photo.done()
    embedder.gate.set()
    assert (await photo).places[0].place == PLACES["red"]
    guide.close()


def test_without_a_snapshot_there_is_no_guide(tmp_path: Path) -> None:
    with pytest.raises(NoSnapshot):
        CityGuide(tmp_path, ColourEmbedder(), limits=LIMITS)


async def test_a_new_snapshot_is_picked_up_without_a_restart(
    guide: CityGuide, tmp_path: Path
) -> None:
    assert not await guide.refresh()
    before = guide.snapshot
    publish(tmp_path, count=10)
    assert await guide.refresh()
    assert guide.snapshot != before
    answer = await guide.recognize(encoded(coloured_photo("red", seed=99)))
    assert answer.snapshot == guide.snapshot


async def test_as_long_as_no_snapshot_is_current_the_old_one_stays_in_use(
    guide: CityGuide, tmp_path: Path
) -> None:
    (tmp_path / "snapshots" / "current").unlink()
    assert not await guide.refresh()
    assert (await guide.recognize(encoded(coloured_photo("red")))).confident


async def test_a_damaged_new_snapshot_leaves_the_old_one_in_use(
    guide: CityGuide, tmp_path: Path
) -> None:
    before = guide.snapshot
    publish(tmp_path, count=10)
    store = SnapshotStore(tmp_path)
    (store.folder / str(store.current()) / "photos.faiss").unlink()
    with pytest.raises(SnapshotCorrupt):
        await guide.refresh()
    assert guide.snapshot == before
    assert (await guide.recognize(encoded(coloured_photo("red")))).confident


async def test_queries_go_on_while_a_snapshot_is_swapped(guide: CityGuide, tmp_path: Path) -> None:
    photo = encoded(coloured_photo("blue", seed=70))
    publish(tmp_path, count=9)
    asking = [asyncio.create_task(guide.recognize(photo)) for _ in range(20)]
    assert await guide.refresh()
    answers = await asyncio.gather(*asking)
    assert {answer.places[0].place.place_id for answer in answers} == {"blue"}


async def test_an_edition_is_done_with_once_another_is_published(tmp_path: Path) -> None:
    """At once, not when the garbage collector comes by: a server has it pass over what is old."""
    publish(tmp_path, count=8)
    guide = CityGuide(tmp_path, ColourEmbedder(), limits=LIMITS)
    await guide.recognize(encoded(coloured_photo("red", seed=9)))
    gc.freeze()
    try:
        before = weakref.ref(guide._edition)
        publish(tmp_path, count=10)
        assert await guide.refresh()
        assert before() is None
    finally:
        gc.unfreeze()
    guide.close()


async def test_a_second_network_that_cannot_be_had_shows_before_anybody_asks(
    tmp_path: Path,
) -> None:
    class Damaged(TwoNetworks):
        def embed_again(self, images: Sequence[Image.Image]) -> Embeddings:  # type: ignore[override]
            raise EmbedderUnavailable("second.onnx is not the file that was exported")

    publish(tmp_path)
    build_snapshot(Gallery(tmp_path), TwoNetworks("two"), LIMITS, k=5, keep=5)
    guide = CityGuide(tmp_path, Damaged("two"), limits=LIMITS)
    with pytest.raises(EmbedderUnavailable, match="second"):
        await guide.warm_up()
    guide.close()


async def test_every_model_is_warm_before_anybody_asks(tmp_path: Path) -> None:
    publish(tmp_path)
    guide = CityGuide(tmp_path, embedder := CountingEmbedder(), limits=LIMITS)
    await guide.warm_up()
    assert (embedder.embedded_images, len(embedder.texts)) == (1, 1)
    guide.close()


async def test_a_closed_guide_leaves_no_thread(tmp_path: Path) -> None:
    publish(tmp_path)
    build_snapshot(Gallery(tmp_path), TwoNetworks("two"), LIMITS, k=5, keep=5)
    before = set(threading.enumerate())
    guide = CityGuide(tmp_path, TwoNetworks("two"), limits=LIMITS)
    await guide.recognize(encoded(coloured_photo((35, 120, 140))))
    await guide.search("red square")
    await guide.similar(PLACES["red"])
    started = {thread.name.split("_")[0] for thread in set(threading.enumerate()) - before}
    assert started >= {"decode", "pictures", "second network", "words", "search"}
    guide.close()
    assert set(threading.enumerate()) <= before


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[Embeddings]:
    """The embeddings that indexes are asked about."""
    asked: list[Embeddings] = []
    really = PhotoIndex.search

    def search(self: PhotoIndex, queries: Embeddings, k: int, **options: Any) -> Nearest:
        asked.append(queries)
        return really(self, queries, k, **options)

    monkeypatch.setattr(PhotoIndex, "search", search)
    return asked


async def test_a_photo_is_looked_up_once_for_doubt_and_answer(
    guide: CityGuide, looked_up: list[Embeddings]
) -> None:
    photo = encoded(coloured_photo("red", seed=9))
    answers = [await guide.recognize(photo) for _ in range(2)]
    assert answers[0].places == answers[1].places
    assert len(looked_up) == 1
    for city in ("Киров", "Москва"):
        answer = await guide.recognize(photo, city=city)
        assert {place.place.city for place in answer.places} == {city}
    assert (await guide.recognize(photo)).places == answers[0].places


async def test_only_the_latest_photos_looked_up_are_kept(
    guide: CityGuide, looked_up: list[Embeddings]
) -> None:
    photos = [encoded(coloured_photo((n, 100, 100))) for n in range(LOOKED_UP + 10)]
    for photo in photos:
        await guide.recognize(photo)
    looked_up.clear()
    await guide.recognize(photos[-1])
    assert not looked_up
    await guide.recognize(photos[0])
    assert len(looked_up) == 1


@pytest.fixture
def gate(guide: CityGuide) -> Iterator[threading.Event]:
    """What the thread that searches waits for."""
    gate = threading.Event()
    guide._searching.submit(gate.wait)
    yield gate
    gate.set()


@pytest.mark.usefixtures("gate")
async def test_in_a_small_gallery_answers_wait_for_no_thread_that_searches(
    guide: CityGuide,
) -> None:
    photo = await asyncio.wait_for(guide.recognize(encoded(coloured_photo("red", seed=9))), 10)
    assert photo.places[0].place == PLACES["red"]
    words = await asyncio.wait_for(guide.search("red square"), 10)
    assert words.photos[0].place == PLACES["red"]


async def assert_searched_by_a_thread(
    guide: CityGuide, gate: threading.Event, asking: Coroutine[Any, Any, object]
) -> None:
    asked = asyncio.create_task(asking)
    async with asyncio.timeout(10):
        while not guide._searching._work_queue.qsize():
            await asyncio.sleep(0.01)
    assert not asked.done()
    gate.set()
    await asked


@pytest.mark.parametrize(
    "ask",
    [
        lambda guide: guide.search("red square " * 10),
        lambda guide: guide.search("\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 5),
        lambda guide: guide.search("red square", offset=FEW_ANSWERS),
        lambda guide: guide.similar(PLACES["red"]),
    ],
    ids=["long text", "letters that are many", "far page", "lookalikes"],
)
async def test_what_may_take_long_is_left_to_a_thread(
    guide: CityGuide,
    gate: threading.Event,
    ask: Callable[[CityGuide], Coroutine[Any, Any, object]],
) -> None:
    await assert_searched_by_a_thread(guide, gate, ask(guide))


async def test_words_are_compared_with_many_names_by_a_thread(
    guide: CityGuide, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = sum(map(len, stems("red square")))
    monkeypatch.setattr("core.guide.FEW_COMPARISONS", letters * len(PLACES) - 1)
    await assert_searched_by_a_thread(guide, gate, guide.search("red square"))


@pytest.mark.parametrize(
    "ask",
    [
        lambda guide: guide.search("red square"),
        lambda guide: guide.recognize(encoded(coloured_photo("red"))),
        lambda guide: guide.recognize(
            SeenPhoto(ColourEmbedder().embed_images([coloured_photo("red")]), None, {})
        ),
    ],
    ids=["words", "photo", "photo seen before"],
)
async def test_a_large_gallery_is_searched_by_a_thread(
    guide: CityGuide,
    gate: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[CityGuide], Coroutine[Any, Any, object]],
) -> None:
    monkeypatch.setattr("core.guide.FEW_PHOTOS", 3)
    await assert_searched_by_a_thread(guide, gate, ask(guide))
