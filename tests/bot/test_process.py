"""The real bot in a process of its own, over HTTP, with a published guide."""

import asyncio
import io
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from bot.health import is_alive
from offline.sources.demo import demo_places, demo_query
from tests.bot.bot_api import BotApi, Refused

TOKEN = "123456:the-secret_of-this-bot"
PLACE = "demo-lighthouse"
NAMES = {place.place_id: place.name for place in demo_places()}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def data_dir(demo_data: Path, tmp_path: Path) -> Path:
    """The published demo city, to write beside."""
    return shutil.copytree(demo_data, tmp_path / "data")


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi(TOKEN) as api:
        yield api


@asynccontextmanager
async def running(
    api: BotApi, data_dir: Path, *, token: str = TOKEN
) -> AsyncIterator[asyncio.subprocess.Process]:
    """``python -m bot`` with settings from its environment; killed if still there at the end."""
    environment = {name: value for name, value in os.environ.items() if "GUIDE" not in name}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot",
        stderr=asyncio.subprocess.PIPE,
        cwd=data_dir.parent,  # no .env here
        env={
            **environment,
            "PYTHONPATH": str(ROOT),
            "GUIDE_DATA_DIR": str(data_dir),
            "GUIDE_EMBEDDER": "bundled",
            "GUIDE_TELEGRAM_API": api.url,
            "GUIDE_BOT_TOKEN": token,
            "GUIDE_LOG_LEVEL": "DEBUG",
        },
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def finished(process: asyncio.subprocess.Process) -> str:
    """Everything the process wrote to stderr, once it has ended."""
    async with asyncio.timeout(60):
        _, stderr = await process.communicate()
    return stderr.decode()


def decodes(picture: bytes) -> bool:
    return min(Image.open(io.BytesIO(picture)).convert("RGB").size) > 0


def first_named(text: str) -> str:
    """The place named first in an answer."""
    return min((name for name in NAMES.values() if name in text), key=text.index)


async def test_a_tourist_sends_a_photo_and_words_and_is_answered(
    api: BotApi, data_dir: Path
) -> None:
    async with running(api, data_dir) as process:
        asked = api.tell(language="ru", photo=api.photo(demo_query(PLACE)))
        answer, album = await api.answer(), await api.answer()
        assert first_named(answer.texts[0]) == NAMES[PLACE]
        assert "Лазоревск" in answer.texts[0]
        assert "%" in answer.texts[0]
        reply = json.loads(answer.fields["reply_parameters"])
        assert reply["message_id"] == asked
        assert reply["allow_sending_without_reply"]
        assert album.method == "sendMediaGroup"
        assert all(decodes(picture) for picture in album.pictures)

        api.tell(language="ru", text=NAMES[PLACE])
        found = await api.answer()
        assert found.method == "sendMediaGroup"
        assert len(found.pictures) == 5
        assert all(decodes(picture) for picture in found.pictures)
        assert found.texts[0].startswith(NAMES[PLACE])
        assert all(len(caption.splitlines()) == 3 for caption in found.texts)

        api.tell(language="de", text="/start")
        assert (await api.answer()).texts[0].startswith("Hello!")
        assert set(api.menus) == {"", "ru"}
        assert is_alive(data_dir)

        process.send_signal(signal.SIGTERM)
        stderr = await finished(process)
    assert process.returncode == 0, stderr
    assert TOKEN.partition(":")[2] not in stderr
    assert not is_alive(data_dir)
    with sqlite3.connect(data_dir / "guide.sqlite3") as log:
        rows = log.execute("SELECT kind, text, error FROM queries ORDER BY id").fetchall()
    assert rows == [("photo", None, None), ("text", NAMES[PLACE], None)]


async def test_a_stop_lets_an_answer_in_flight_be_finished(api: BotApi, data_dir: Path) -> None:
    api.files_open.clear()
    async with running(api, data_dir) as process:
        api.tell(language="en", photo=api.photo(demo_query(PLACE)))
        async with asyncio.timeout(60):
            await api.file_asked.wait()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            stderr = (await process.stderr.readuntil(b": stopping\n")).decode()
        api.refusals["sendMessage"] = [Refused(429, "Too Many Requests", retry_after=1)]
        api.files_open.set()
        answer, album = await api.answer(), await api.answer()
        stderr += await finished(process)
    assert (answer.method, album.method) == ("sendMessage", "sendMediaGroup")
    assert process.returncode == 0, stderr
    assert not api.unconfirmed, "an answered update must not come again"
    assert TOKEN.partition(":")[2] not in stderr


async def test_a_rejected_token_is_one_clear_line_and_exit_code_1(
    api: BotApi, data_dir: Path
) -> None:
    async with running(api, data_dir, token="123456:another") as process:
        stderr = await finished(process)
    assert process.returncode == 1
    [line] = [line for line in stderr.splitlines() if line.startswith("error:")]
    assert "rejects" in line
    assert "Traceback" not in stderr
    assert "another" not in stderr.replace("another bot", "")


async def test_without_a_published_guide_the_bot_says_what_to_do_and_does_not_poll(
    api: BotApi, tmp_path: Path
) -> None:
    async with running(api, tmp_path / "empty") as process:
        stderr = await finished(process)
    assert process.returncode == 1
    assert "python -m offline index" in stderr.splitlines()[-1]
    assert "Traceback" not in stderr
    assert "getUpdates" not in api.calls
