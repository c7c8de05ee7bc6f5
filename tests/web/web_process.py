"""``python -m web`` in a process of its own, for tests that need all of it."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

ROOT = Path(__file__).parents[2]
WITHIN_S = 60


class WebProcess:
    """A running web guide, its address and its log."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process, self.port = process, port
        self.url = f"http://127.0.0.1:{port}"
        self.log = ""
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stderr
        async for line in self.process.stderr:
            self.log += line.decode()

    async def ready(self) -> None:
        """Wait until it says that people may be sent here."""
        async with asyncio.timeout(WITHIN_S), aiohttp.ClientSession() as http:
            while True:
                assert self.process.returncode is None, self.log
                try:
                    async with http.get(f"{self.url}/readyz") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.05)

    def memory_mb(self, what: str = "VmRSS") -> float:
        """Resident memory now; with ``VmHWM`` the most there ever was."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(what)).split()[1]) / 1000

    def processor_s(self) -> float:
        """Processor time used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """SIGTERM."""
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        """The exit code, once the process has ended and its log is complete."""
        async with asyncio.timeout(WITHIN_S):
            await self._reading
            return await self.process.wait()


@asynccontextmanager
async def web_process(data_dir: Path, **settings: str) -> AsyncIterator[WebProcess]:
    """The web guide with these settings; killed if it is still there at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "web",
        stderr=asyncio.subprocess.PIPE,
        cwd=data_dir.parent,  # no .env here
        env=environment(data_dir, GUIDE_WEB_PORT=str(port), **settings),
        limit=10_000_000,
    )  # fmt: skip
    running = WebProcess(process, port)
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await running.ended()


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """The environment for a process with these settings and no others."""
    others = {name: value for name, value in os.environ.items() if "GUIDE" not in name}
    return {**others, "PYTHONPATH": str(ROOT), "GUIDE_DATA_DIR": str(data_dir), **settings}
