import asyncio
import os
import shutil
import signal
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from core.background import follow_snapshots
from core.files import write_atomic
from core.guide import CityGuide
from core.querylog import FILE_NAME, QueryLog, QueryRecord
from core.settings import Settings
from tests.doubles import BusyEmbedder
from tests.web.conftest import LIMITS, RED
from web.service import PortTaken, _listen, serve


class Started:
    """The web guide as `serve` starts it, with an embedder that waits for a gate."""

    def __init__(self, data_dir: Path, embedder: BusyEmbedder, port: int) -> None:
        self.data_dir, self.embedder = data_dir, embedder
        self.serving = asyncio.create_task(serve(Settings(data_dir=data_dir, web_port=port)))
        self.client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10)

    async def answers(self, path: str, status: int) -> None:
        """Wait until a page is answered so."""
        async with asyncio.timeout(30):
            while True:
                assert not self.serving.done()
                try:
                    if (await self.client.get(path)).status_code == status:
                        return
                except httpx.ConnectError:
                    pass
                await asyncio.sleep(0.02)

    async def nobody_is_let_in(self) -> None:
        """Wait until nobody can connect any more."""
        async with asyncio.timeout(30):
            while True:
                try:
                    async with httpx.AsyncClient(base_url=self.client.base_url) as another:
                        await another.get("/healthz")
                except httpx.TransportError:
                    return
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(30):
            await self.serving


@pytest.fixture
async def started(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Started]:
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    embedder = BusyEmbedder()
    monkeypatch.setattr(
        "web.service.make_guide",
        lambda settings: CityGuide(settings.data_dir, embedder, limits=LIMITS),
    )
    monkeypatch.setattr("web.service.settle", lambda: None)  # would keep what other tests left
    monkeypatch.setitem(follow_snapshots.__kwdefaults__, "every_s", 0.02)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    started = Started(tmp_path, embedder, port)
    async with started.client:
        yield started
        embedder.gate.set()
        if not started.serving.done():
            await started.stop()


async def test_people_are_sent_here_once_the_guide_is_warm(started: Started) -> None:
    await started.answers("/healthz", 200)
    await started.answers("/readyz", 503)
    started.embedder.gate.set()
    await started.answers("/readyz", 200)


async def test_a_stop_lets_an_answer_in_flight_be_finished(started: Started) -> None:
    embedder = started.embedder
    embedder.gate.set()
    await started.answers("/readyz", 200)
    embedder.gate.clear()
    embedder.started.clear()
    asking = asyncio.create_task(started.client.post("/v1/recognize", files={"photo": RED}))
    assert await asyncio.to_thread(embedder.started.wait, 10)
    stopping = asyncio.create_task(started.stop())
    await started.nobody_is_let_in()
    assert await asyncio.wait({stopping}, timeout=0.3) == (set(), {stopping})
    embedder.gate.set()
    assert (await asking).status_code == 200
    await stopping


async def test_what_is_published_while_it_serves_is_served(started: Started) -> None:
    started.embedder.gate.set()
    await started.answers("/readyz", 200)
    snapshots, version = started.data_dir / "snapshots", "20990101T000000000Z-new"
    current = snapshots / "current"
    before = current.read_text().strip()
    copy = Path(shutil.copytree(snapshots / before, snapshots / version)) / "manifest.json"
    copy.write_text(copy.read_text().replace(before, version))
    write_atomic(current, version.encode())
    async with asyncio.timeout(30):
        while (await started.client.get("/readyz")).json()["snapshot"] != version:
            await asyncio.sleep(0.02)


@pytest.fixture
async def log_file(tmp_path: Path) -> Path:
    """A log with a query of long ago."""
    file = tmp_path / FILE_NAME
    async with QueryLog.open(file) as log:
        await log.append(QueryRecord("text", "web", "en", "someone", text="old"))
    with sqlite3.connect(file) as database:
        database.execute("UPDATE queries SET time = '2020-01-01T00:00:00+00:00'")
    return file


async def test_what_was_kept_long_enough_is_deleted_at_the_start(
    log_file: Path, started: Started
) -> None:
    with closing(sqlite3.connect(log_file)) as log:
        async with asyncio.timeout(30):
            while log.execute("SELECT text FROM queries").fetchall():
                assert not started.serving.done()
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_answers_are_not_held_back_on_a_connection_that_is_kept(host: str) -> None:
    sends_at_once: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        sends_at_once.set_result(
            bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        )
        writer.close()

    try:
        listener = _listen(host, 0)
    except PortTaken:
        pytest.skip(f"nothing can listen on {host} here")
    async with await asyncio.start_server(accepted, sock=listener):
        _, writer = await asyncio.open_connection(host, listener.getsockname()[1])
        assert await asyncio.wait_for(sends_at_once, timeout=10)
        writer.close()


def test_a_taken_port_is_told() -> None:
    with _listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortTaken, match=f"cannot listen on 127.0.0.1:{port}"):
            _listen("127.0.0.1", port)
