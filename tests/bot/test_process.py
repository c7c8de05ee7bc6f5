"""The real bot in a process of its own, over HTTP, with a published guide."""

import asyncio
import io
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from PIL import Image

from bot.health import is_alive
from bot.sandbox.faults import Fault, Trouble
from bot.sandbox.people import Attachment
from bot.sandbox.server import Sandbox
from bot.server import SECRET_HEADER
from core.images import HEIF
from offline.sources.demo import demo_places, demo_query
from tests.bot.bot_process import WEBHOOK_PATH, bot_process
from tests.bot.sent import answers
from tests.doubles import encoded

PLACE = "demo-lighthouse"
NAMES = {place.place_id: place.name for place in demo_places()}
NAMES_EN = {place.place_id: place.name_en for place in demo_places()}


@pytest.fixture
def data_dir(demo_data: Path, tmp_path: Path) -> Path:
    """The published demo city, to write beside."""
    return shutil.copytree(demo_data, tmp_path / "data")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


def decodes(picture: bytes) -> bool:
    return min(Image.open(io.BytesIO(picture)).convert("RGB").size) > 0


def first_named(text: str) -> str:
    """The place named first in an answer."""
    return min((name for name in NAMES.values() if name in text), key=text.index)


def secret_of(sandbox: Sandbox) -> str:
    return sandbox.token.partition(":")[2]


async def test_a_tourist_sends_a_photo_and_words_and_is_answered(
    sandbox: Sandbox, data_dir: Path
) -> None:
    ann = sandbox.person("Ann", language="ru")
    async with bot_process(sandbox, data_dir) as bot:
        with answers(sandbox) as sent:
            [asked] = await ann.send_photos([demo_query(PLACE)])
            answer, album = await sent.next(), await sent.next()
            assert first_named(answer.texts[0]) == NAMES[PLACE]
            assert "Лазоревск" in answer.texts[0]
            assert answer.reply_to == asked["message_id"]
            assert album.method == "sendMediaGroup"
            assert all(decodes(picture) for picture in album.pictures)

            await ann.say(NAMES[PLACE])
            found = await sent.next()
            assert found.method == "sendMediaGroup"
            assert len(found.pictures) == 5
            assert all(decodes(picture) for picture in found.pictures)
            assert found.texts[0].startswith(NAMES[PLACE])

            german = sandbox.person("Jörg", language="de")
            await german.say("/start")
            while (greeting := await sent.next()).messages[0]["chat"]["id"] != german.user["id"]:
                pass
            assert greeting.texts[0].startswith("Hello!")
        for person in (ann, german):
            menu = sandbox.telegram.menu(person.room, person.user["language_code"])
            assert "help" in {command["command"] for command in menu}
        assert is_alive(data_dir)

        bot.stop()
        assert await bot.ended() == 0, bot.log
    assert secret_of(sandbox) not in bot.log
    assert not is_alive(data_dir)
    with sqlite3.connect(data_dir / "guide.sqlite3") as log:
        rows = log.execute("SELECT kind, text, error FROM queries ORDER BY id").fetchall()
    assert rows == [("photo", None, None), ("text", NAMES[PLACE], None)]
    refused = [call for call in sandbox.telegram.calls if call.status != 200]
    assert not refused


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_lets_an_answer_in_flight_be_finished(
    sandbox: Sandbox, data_dir: Path, number: signal.Signals
) -> None:
    ann, faults = sandbox.person("Ann"), sandbox.telegram.faults
    async with bot_process(sandbox, data_dir) as bot:
        with answers(sandbox) as sent, faults.hold("getFile") as hold:
            await ann.send_photos([demo_query(PLACE)])
            async with asyncio.timeout(60):
                await hold.asked.wait()
            bot.stop(number)
            await bot.logged(": stopping")
            await bot.logged("finishing 1 updates")
            status, _ = await bot.get("/healthz")
            assert status == 503, "it is there, and at work no more"
            faults.plan("sendMessage", Fault(Trouble.FLOOD, seconds=1))
            hold.released.set()
            answer, album = await sent.next(), await sent.next()
        assert await bot.ended() == 0, bot.log
    assert (answer.method, album.method) == ("sendMessage", "sendMediaGroup")
    assert not sandbox.telegram.updates.pending, "an answered update must not come again"
    assert secret_of(sandbox) not in bot.log


async def test_a_photo_sent_as_a_file_is_answered_whatever_its_format_and_name(
    sandbox: Sandbox, data_dir: Path
) -> None:
    photo, ann = Image.open(io.BytesIO(demo_query(PLACE))), sandbox.person("Ann")
    async with bot_process(sandbox, data_dir) as bot:
        for format in ("JPEG", "PNG", "WEBP", *HEIF):
            file = Attachment(encoded(photo, format), "no name", "application/octet-stream")
            with answers(sandbox) as sent:
                await ann.send_files([file])
                answer, _ = await sent.next(), await sent.next()
            assert NAMES_EN[PLACE] in answer.texts[0], format
        assert " ERROR " not in bot.log


async def test_a_bot_that_starts_deletes_what_was_kept_long_enough(
    sandbox: Sandbox, data_dir: Path
) -> None:
    def kept() -> list[str]:
        with sqlite3.connect(data_dir / "guide.sqlite3") as log:
            return [text for (text,) in log.execute("SELECT text FROM queries ORDER BY id")]

    ann = sandbox.person("Ann")
    async with bot_process(sandbox, data_dir) as bot:
        with answers(sandbox) as sent:
            await ann.say("old")
            await sent.next()
        bot.stop()
        assert await bot.ended() == 0, bot.log
    with sqlite3.connect(data_dir / "guide.sqlite3") as log:
        log.execute("UPDATE queries SET time = '2020-01-01T00:00:00+00:00'")
    assert kept() == ["old"]
    async with bot_process(sandbox, data_dir, GUIDE_LOG_RETENTION_DAYS="7") as bot:
        await bot.logged("1 queries older than 7 days were deleted")
    assert kept() == []


async def test_the_bot_listens_before_it_tells_telegram_where(
    sandbox: Sandbox, data_dir: Path
) -> None:
    secret = "what-only-telegram-knows"
    async with bot_process(sandbox, data_dir, webhook=True, GUIDE_WEBHOOK_SECRET=secret) as bot:
        with sandbox.telegram.faults.hold("setWebhook") as hold:
            async with asyncio.timeout(60):
                await hold.asked.wait()
            status, _ = await bot.get("/healthz")
            assert status == 503, "it listens, and is not at work yet"
            async with (
                aiohttp.ClientSession(headers={SECRET_HEADER: secret}) as http,
                http.post(bot.url + WEBHOOK_PATH, json={"update_id": 1}) as taken,
            ):
                assert taken.status == 200, "and what comes at once is taken"
            hold.released.set()
        await bot.ready()
        await bot.figure_reaches("guide_event_loop_lag_seconds_count", 1)


async def test_a_rejected_token_is_one_clear_line_and_exit_code_1(
    sandbox: Sandbox, data_dir: Path
) -> None:
    async with bot_process(sandbox, data_dir, GUIDE_BOT_TOKEN="123456:another") as bot:
        assert await bot.ended() == 1
    [line] = [line for line in bot.log.splitlines() if line.startswith("error:")]
    assert "rejects" in line
    assert "Traceback" not in bot.log
    assert "another" not in bot.log.replace("another bot", "")


async def test_without_a_published_guide_the_bot_says_what_to_do_and_does_not_poll(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_process(sandbox, tmp_path / "empty") as bot:
        assert await bot.ended() == 1
    assert f"nothing has been published in {tmp_path / 'empty'} yet" in bot.log.splitlines()[-1]
    assert "python -m offline index" in bot.log.splitlines()[-1]
    assert "Traceback" not in bot.log
    assert not sandbox.telegram.calls
