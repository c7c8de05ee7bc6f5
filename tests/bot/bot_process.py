"""``python -m bot`` in a process of its own, on a local Telegram, for tests that need all of it."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bot.sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
WITHIN_S = 60
WEBHOOK_PATH = "/telegram"


class BotProcess:
    """A running bot, its log and its figures."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.log = ""
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stderr
        async for line in self.process.stderr:
            self.log += line.decode()

    async def logged(self, text: str) -> None:
        """Wait until a line with ``text`` is in the log."""
        async with asyncio.timeout(WITHIN_S):
            while text not in self.log:
                assert self.process.returncode is None, self.log
                await asyncio.sleep(0.02)

    async def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page of the bot's server."""
        async with (
            aiohttp.ClientSession() as http,
            http.get(self.url + path) as response,
        ):
            return response.status, await response.text()

    async def ready(self) -> None:
        """Wait until the bot takes updates."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                assert self.process.returncode is None, self.log
                try:
                    status, _ = await self.get("/healthz")
                    if status == 200:
                        return
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.05)

    async def figure(self, name: str) -> float:
        """A figure of /metrics, by its name with labels; 0 when it is not there."""
        _, text = await self.get("/metrics")
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found.group(1)) if found else 0

    async def figure_reaches(self, name: str, value: float) -> None:
        """Wait until a figure is at least ``value``."""
        async with asyncio.timeout(WITHIN_S):
            while await self.figure(name) < value:
                await asyncio.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end."""
        self.process.send_signal(number)

    async def ended(self) -> int:
        """The exit code, once the process has ended and its log is complete."""
        async with asyncio.timeout(WITHIN_S):
            await self._reading
            return await self.process.wait()


@asynccontextmanager
async def bot_process(
    sandbox: Sandbox, data_dir: Path, *, webhook: bool = False, **settings: str
) -> AsyncIterator[BotProcess]:
    """The bot with these settings; killed if it is still there at the end.

    With ``webhook`` its server is what Telegram delivers to, and public.
    """
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    if webhook:
        settings |= {"GUIDE_WEBHOOK_URL": f"{url}{WEBHOOK_PATH}", "GUIDE_PUBLIC_URL": url}
    others = {name: value for name, value in os.environ.items() if "GUIDE" not in name}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot",
        stderr=asyncio.subprocess.PIPE,
        cwd=data_dir.parent,  # no .env here
        env={
            **others,
            "PYTHONPATH": str(ROOT),
            "GUIDE_DATA_DIR": str(data_dir),
            "GUIDE_EMBEDDER": "bundled",
            "GUIDE_TELEGRAM_API": sandbox.url,
            "GUIDE_BOT_TOKEN": sandbox.token,
            "GUIDE_HTTP_PORT": str(port),
            **settings,
        },
        limit=10_000_000,
    )  # fmt: skip
    running = BotProcess(process, port)
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await running.ended()


def _free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
