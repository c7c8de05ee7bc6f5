"""A bot whose guide gives set answers, on a Telegram that records."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.types import Update
from PIL import Image

from bot.app import build_bot, build_dispatcher
from core.guide import PhotoHit, RankedPlace, Recognition, SearchResult
from core.places import Photo, Place
from core.querylog import QueryLog
from core.text_search import Why
from core.vote import CategoryShare
from tests.bot.telegram import TOKEN, RecordingSession

KREMLIN = Place(
    "kremlin", "Кремль", "Kremlin", ("fortifications", "towers"), "Нижний Новгород", rate="3h"
)
CHURCH = Place("church", "Церковь <Спаса> & Ко", "", ("churches",), "Ярославль")


@dataclass
class SetGuide:
    """Stands where a `CityGuide` does: gives the answer it was set to and notes the questions."""

    folder: Path
    confident: bool = True
    places: list[tuple[Place, float]] = field(default_factory=lambda: [(KREMLIN, 1.0)])
    hits: int = 5
    error: Exception | None = None
    questions: list[Any] = field(default_factory=list)
    thinks_until: asyncio.Event | None = None

    async def recognize(self, photo: bytes) -> Recognition:
        """The set places with their shares."""
        await self._note(photo)
        return Recognition(
            confident=self.confident,
            places=tuple(RankedPlace(p, share, self.photo(0)) for p, share in self.places),
            categories=(CategoryShare("fortifications", 0.75), CategoryShare("towers", 0.25)),
            photos=self._hits() if self.places else (),
            timings_ms={"embed": 5.0},
            snapshot="v1",
        )

    async def search(self, text: str) -> SearchResult:
        """The set number of photos."""
        await self._note(text)
        return SearchResult(self._hits(), {"embed": 5.0}, "v1")

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

    async def feed(self, update: Update) -> list[Any]:
        """Let the bot handle an update; returns what it sent because of it, in order."""
        before = len(self.telegram.sent)
        await self.dispatcher.feed_update(self.bot, update)
        return self.telegram.sent[before:]


@pytest.fixture
def guide(tmp_path: Path) -> SetGuide:
    for number in range(10):
        Image.new("RGB", (64, 48), (20 * number, 90, 90)).save(tmp_path / f"{number}.jpg")
    return SetGuide(tmp_path)


@pytest.fixture
async def chat(guide: SetGuide, tmp_path: Path) -> AsyncIterator[Chat]:
    telegram = RecordingSession({"pic": b"bytes of the photo", "doc": b"bytes of the file"})
    log_file = tmp_path / "log.sqlite3"
    async with QueryLog.open(log_file) as query_log:
        dispatcher = build_dispatcher(guide, query_log, user_hash_key=b"key", max_photo_mb=20)
        yield Chat(telegram, guide, build_bot(TOKEN, telegram), dispatcher, log_file)
