"""``python -m bot --sandbox``; what it does when all is well is in `test_browser`."""

import asyncio
import logging
import threading
import time
from pathlib import Path

import aiohttp
import pytest

from bot.__main__ import main
from bot.sandbox import files as files_module
from bot.sandbox.run import settings_for
from bot.sandbox.server import Sandbox
from core.settings import Settings
from tests.bot.sandbox.conftest import BotClient, jpeg

pytestmark = pytest.mark.usefixtures("as_a_command")


def test_without_a_published_guide_no_page_is_offered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--sandbox", "--sandbox-port", "0", "--data-dir", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    [line] = err.splitlines()
    assert "python -m offline index" in line


async def test_a_taken_port_is_one_clear_line(
    demo_data: Path, capsys: pytest.CaptureFixture[str], sandbox: Sandbox
) -> None:
    port = sandbox.url.rpartition(":")[2]
    arguments = ["--sandbox", "--sandbox-port", port, "--data-dir", str(demo_data)]
    assert await asyncio.to_thread(main, arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    [line] = err.splitlines()
    assert "--sandbox-port" in line


@pytest.mark.parametrize("port", ["-1", "65536", "many"])
def test_a_wrong_port_is_wrong_usage(port: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--sandbox", "--sandbox-port", port])
    assert stopped.value.code == 2


def test_nothing_of_the_real_telegram_is_used(tmp_path: Path) -> None:
    sandbox = Sandbox()
    real = Settings(
        data_dir=tmp_path,
        bot_token="123456:real",
        storage_chat_id=-100,
        admin_ids=(7,),
        webhook_url="https://example.org/hook",
        public_url="https://example.org",
    )
    here = settings_for(sandbox, real)
    assert here.data_dir == tmp_path
    assert (here.webhook_url, here.public_url) == (None, None)
    assert here.storage_chat_id == sandbox.telegram.channel.chat_id
    assert here.admin_ids == (sandbox.you.user["id"],)
    assert "real" not in sandbox.token


async def test_a_bot_that_is_stopped_while_it_sends_a_photo_is_no_error(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    head = (
        f"POST /bot{sandbox.token}/sendPhoto HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="photo"; filename="p.jpg"\r\n\r\n'
    )
    _, writer = await asyncio.open_connection("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
    writer.write(head.encode() + b"x" * 100_000)
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.close()
    async with asyncio.timeout(10):
        while not sandbox.telegram.calls:
            await asyncio.sleep(0.02)
    assert sandbox.telegram.calls[-1].description == "the bot left"
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_photo_that_comes_as_it_stops_is_still_taken(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    resizing = threading.Event()
    resized = files_module._resized

    def slowly(picture: bytes, from_bot: bool) -> list[tuple[bytes, int, int]]:
        resizing.set()
        time.sleep(0.2)  # while it stops
        return resized(picture, from_bot)

    monkeypatch.setattr(files_module, "_resized", slowly)
    async with aiohttp.ClientSession() as http:
        async with Sandbox() as sandbox:
            bot = BotClient(http, sandbox.url, sandbox.token)
            sending = asyncio.create_task(
                bot("sendPhoto", chat_id=sandbox.telegram.channel.chat_id, photo=jpeg())
            )
            assert await asyncio.to_thread(resizing.wait, 10)
        assert (await sending)["photo"]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
