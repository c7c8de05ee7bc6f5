"""A bot whose guide gives set answers, on a Telegram that records."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiogram import Bot, Dispatcher
from aiogram.types import Update
from PIL import Image

from bot.app import build_bot, build_dispatcher
from bot.file_ids import FileIds
from bot.inline_photos import InlinePhotos
from bot.metrics import Metrics
from bot.middlewares.in_flight import InFlight
from bot.storage import StorageChat
from core.answers import PhotoHit, RankedPlace, Recognition, SearchResult, SeenPhoto
from core.catalogue import Catalogue
from core.images import photo_position
from core.places import Photo, Place, Point
from core.querylog import QueryLog
from core.text_search import Why
from core.vote import CategoryShare
from tests.bot.telegram import TOKEN, QuickTime, RecordingSession

KREMLIN = Place(
    "kremlin",
    "Кремль",
    "Kremlin",
    ("fortifications", "towers"),
    "Нижний Новгород",
    Point(56.328, 44.003),
    rate="3h",
    wikidata="Q1193548",
    description="Красные стены над слиянием рек.\nRed walls above where two rivers meet.",
)
CHURCH = Place("church", "Церковь <Спаса> & Ко", "", ("churches",), "Ярославль")
STAIRS = Place(
    "stairs", "Чкаловская лестница", "Chkalov Stairs", ("monuments",), "Нижний Новгород",
    Point(56.3306, 44.0098),
)  # fmt: skip
PLACES = (KREMLIN, CHURCH, STAIRS)
ADMIN = 99
STORAGE_CHAT = -1001234567890
PHOTOS = 15  # of each place in the catalogue


@dataclass
class SetGuide:
    """Stands where a `CityGuide` does: gives the answer it was set to and notes the questions."""

    folder: Path
    confident: bool = True
    places: list[tuple[Place, float]] = field(default_factory=lambda: [(KREMLIN, 1.0)])
    hits: int = 5  # photos that look like a photo, and photos that fit words
    error: Exception | None = None
    questions: list[Any] = field(default_factory=list)
    nears: list[Point | None] = field(default_factory=list)
    answers: list[Recognition] = field(default_factory=list)  # given first, one per photo
    thinks_until: asyncio.Event | None = None
    snapshot: str = "v1"

    def __post_init__(self) -> None:
        photos = [
            replace(self.photo(n), place_id=place.place_id)
            for place in PLACES
            for n in range(PHOTOS)
        ]
        self.catalogue = Catalogue(PLACES, photos)

    async def see(self, photo: bytes) -> SeenPhoto:
        """Nothing but where it was taken."""
        await self._note(photo)
        return SeenPhoto(np.zeros((1, 1), np.float32), photo_position(photo), {"decode": 2.0})

    async def recognize(self, photo: SeenPhoto, *, near: Point | None = None) -> Recognition:
        """The set places with their shares."""
        self.nears.append(near)
        answer = self.answers.pop(0) if self.answers else self.recognition()
        return replace(answer, timings_ms={**photo.timings_ms, **answer.timings_ms})

    def recognition(self, *places: tuple[Place, float], confident: bool = True) -> Recognition:
        """An answer with these places, or with those the guide was set to."""
        return Recognition(
            confident=confident if places else self.confident,
            places=tuple(
                RankedPlace(p, share, self.photo(n))
                for n, (p, share) in enumerate(places or self.places)
            ),
            categories=(CategoryShare("fortifications", 0.75), CategoryShare("towers", 0.25)),
            photos=self._hits()[:5] if self.places else (),
            timings_ms={"embed": 5.0},
            snapshot="v1",
        )

    async def search(self, text: str, *, limit: int = 5, offset: int = 0) -> SearchResult:
        """The set number of photos, a page of them."""
        await self._note(text)
        return SearchResult(self._hits()[offset : offset + limit], {"embed": 5.0}, "v1")

    def photo_file(self, photo: Photo) -> Path:
        """Below the folder, as in the real one."""
        return self.folder / photo.path

    def photo(self, number: int) -> Photo:
        """One of the gallery's photos."""
        return Photo(f"{number:016x}", "kremlin", f"{number}.jpg", 64, 48)

    def _hits(self) -> tuple[PhotoHit, ...]:
        found = [place for place, _ in self.places] or [KREMLIN]
        return tuple(
            PhotoHit(self.photo(n), found[n % len(found)], 0.9 - n / 10, Why.LOOKS)
            for n in range(self.hits)
        )

    async def _note(self, question: Any) -> None:
        self.questions.append(question)
        if self.thinks_until:
            await self.thinks_until.wait()
        if self.error:
            raise self.error


@dataclass
class Chat:
    """The bot and the Telegram it is connected to."""

    telegram: RecordingSession
    guide: SetGuide
    bot: Bot
    dispatcher: Dispatcher
    log_file: Path
    in_flight: InFlight
    storage: StorageChat
    file_ids: FileIds
    metrics: Metrics

    async def feed(self, update: Update) -> list[Any]:
        """Let the bot handle an update; returns what it sent because of it, in order."""
        before = len(self.telegram.sent)
        await self.dispatcher.feed_update(self.bot, update)
        return self.telegram.sent[before:]


@pytest.fixture
def as_a_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Start the bot where there is no .env, and leave the log as it was before."""
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def guide(tmp_path: Path) -> SetGuide:
    for number in range(PHOTOS):
        Image.new("RGB", (64, 48), (15 * number, 90, 90)).save(tmp_path / f"{number}.jpg")
    return SetGuide(tmp_path)


@pytest.fixture
async def chat(guide: SetGuide, tmp_path: Path) -> AsyncIterator[Chat]:
    telegram = RecordingSession({"pic": b"bytes of the photo", "doc": b"bytes of the file"})
    log_file = tmp_path / "log.sqlite3"
    async with QueryLog.open(log_file) as query_log, FileIds.open(log_file, 42) as file_ids:
        metrics = Metrics()
        in_flight, bot = (
            InFlight(),
            build_bot(TOKEN, telegram, metrics=metrics, pacer=QuickTime().pacer()),
        )
        storage = StorageChat(bot, STORAGE_CHAT, file_ids, guide.photo_file)
        dispatcher = build_dispatcher(
            guide,
            query_log,
            file_ids,
            user_hash_key=b"key",
            max_photo_mb=20,
            album_quiet_s=0.25,
            admin_ids=(ADMIN,),
            inline_photos=InlinePhotos(file_ids, guide.photo_file, storage=storage),
            in_flight=in_flight,
            metrics=metrics,
        )
        yield Chat(
            telegram, guide, bot, dispatcher, log_file, in_flight, storage, file_ids, metrics
        )
