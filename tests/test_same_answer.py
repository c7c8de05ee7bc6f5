"""Whoever asks, through Telegram or over HTTP, gets the same answer to the same photo."""

import asyncio
import io
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD

from bot.locales.en import EN
from bot.sandbox.people import Attachment, Person
from bot.sandbox.server import Sandbox
from core.embedders import Embedder
from offline.sources.demo import demo_places, demo_query
from tests.bot.bot_process import bot_process
from tests.doubles import coloured_photo, encoded
from tests.web.conftest import Web, running

ALIKE = ("demo-fortress", "demo-town-gate")
WITHIN_S = 60


@pytest.fixture
def data_dir(demo_data: Path, tmp_path: Path) -> Path:
    """The published demo city with a query log of its own."""
    return shutil.copytree(demo_data, tmp_path / "data")


@pytest.fixture
async def both(data_dir: Path, bundled: Embedder) -> AsyncIterator[tuple[Web, Person]]:
    """The page's server and a person who chats with the bot's process, on one snapshot."""
    async with (
        Sandbox() as sandbox,
        bot_process(sandbox, data_dir) as bot,
        running(data_dir, data_dir, embedder=bundled) as web,
    ):
        await bot.ready()
        yield web, sandbox.person("Ann", language="en")


def blended(first: bytes, second: bytes) -> Image.Image:
    """One picture over another, so that the guide has to waver."""
    return Image.blend(*(Image.open(io.BytesIO(photo)) for photo in (first, second)), 0.5)


def with_position(image: Image.Image, place_id: str) -> bytes:
    """The picture as a camera at that sight would write it."""
    [point] = [place.point for place in demo_places() if place.place_id == place_id]
    assert point
    exif = Image.Exif()
    exif.get_ifd(IFD.GPSInfo).update(
        {
            GPS.GPSLatitudeRef: "N",
            GPS.GPSLatitude: (point.lat, 0, 0),
            GPS.GPSLongitudeRef: "E",
            GPS.GPSLongitude: (point.lon, 0, 0),
        }
    )
    return encoded(image, exif=exif, quality=95)


async def bot_says(person: Person, photo: bytes) -> str:
    """The bot's text about a photo sent as a file: Telegram would make a smaller one of a photo."""
    [sent] = await person.send_files([Attachment(photo, "photo.jpg", "image/jpeg")])
    async with asyncio.timeout(WITHIN_S):
        while True:
            for message in person.room.messages.values():
                to = message.get("reply_to_message", {}).get("message_id")
                if to == sent["message_id"] and "text" in message:
                    return str(message["text"])
            await asyncio.sleep(0.05)


def logged(web: Web) -> list[dict[str, Any]]:
    """What the guide's log says was answered, oldest first, without who asked and when."""
    with sqlite3.connect(web.log_file) as log:
        log.row_factory = sqlite3.Row
        rows = log.execute("SELECT * FROM queries ORDER BY id").fetchall()
    same = ("kind", "confident", "snapshot", "error")
    return [
        {name: row[name] for name in same} | {"places": json.loads(row["places"])} for row in rows
    ]


async def test_the_bot_and_the_page_answer_the_same(both: tuple[Web, Person]) -> None:
    web, ann = both
    first, second = (demo_query(place_id) for place_id in ALIKE)
    wavering = blended(first, second)
    positioned = [with_position(wavering, place_id) for place_id in ALIKE]
    nowhere = encoded(coloured_photo((250, 250, 20), size=(640, 480)))
    answers = []
    for photo in (first, second, encoded(wavering), *positioned, nowhere):
        text = await bot_says(ann, photo)
        answer = (await web.recognize(photo)).json()
        by_bot, by_web = logged(web)[-2:]
        assert by_bot == by_web
        assert by_web["snapshot"] == answer["snapshot"]
        shown = [(one["place"]["name_en"], one["share"]) for one in answer["places"]]
        positions = [text.index(name) for name, _ in shown]
        assert positions == sorted(positions), "the same places in the same order"
        assert text.startswith(EN.unsure.split("\n")[0]) is not answer["confident"]
        answers.append(shown)
    assert answers[3] != answers[4], "where a photo was taken counts for both"
