import asyncio
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.web.conftest import Web, running
from web.admission import Bounds

AGAIN = b"GET /healthz HTTP/1.1\r\nHost: guide\r\n\r\n"


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.connections.IDLE_S", 0.3)


async def closed(reader: asyncio.StreamReader) -> None:
    """Wait until the server has closed a connection; whatever it still says is read."""
    async with asyncio.timeout(10):
        while await reader.read(1000):
            pass


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nHost: "])
async def test_who_asks_for_nothing_is_sent_away(web: Web, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(sent)
    await closed(reader)
    writer.close()


async def test_who_begins_a_second_request_and_never_ends_it_is_sent_away(web: Web) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(AGAIN)
    assert await reader.readuntil(b"}")
    writer.write(AGAIN[:20])
    await closed(reader)
    writer.close()


async def test_who_asks_now_and_then_stays(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.connections.IDLE_S", 2)
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    for _ in range(5):
        writer.write(AGAIN)
        async with asyncio.timeout(10):
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.7)
    writer.close()


UPLOAD = (
    b"POST /v1/recognize HTTP/1.1\r\nHost: guide\r\nContent-Type: image/jpeg\r\n"
    b"Content-Length: 100000\r\n\r\n"
)


async def test_a_slow_photo_that_is_refused_early_is_told_why(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.connections.IDLE_S", 1)
    async with running(published, tmp_path, api_key="key") as web:
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(UPLOAD)
        for _ in range(25):
            writer.write(b"x" * 1000)
            await writer.drain()
            await asyncio.sleep(0.1)
        assert (await asyncio.wait_for(reader.read(100), 10)).startswith(b"HTTP/1.1 401")
        writer.close()


async def test_nobody_sends_for_ever_what_was_refused(published: Path, tmp_path: Path) -> None:
    async with running(published, tmp_path, api_key="key") as web:
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(UPLOAD)
        async with asyncio.timeout(10):
            with suppress(ConnectionResetError, BrokenPipeError):
                while not writer.is_closing() and not reader.at_eof():
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.05)
        writer.close()


async def test_a_kept_connection_outlives_a_slow_answer(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.connections.IDLE_S", 1)
    async with running(published, tmp_path, bounds=Bounds(upload_timeout_s=60)) as web:
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(UPLOAD.replace(b"100000", b"19"))
        for _ in range(19):
            writer.write(b"x")
            await asyncio.sleep(0.1)
        assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 422")
        await asyncio.sleep(0.3)
        writer.write(AGAIN)
        assert (await asyncio.wait_for(reader.readuntil(b"}"), 10)).startswith(b"HTTP/1.1 200")
        writer.close()


@pytest.mark.parametrize(("trusted", "refused"), [((), True), (("127.0.0.1",), False)])
async def test_one_address_has_only_so_many_unless_it_is_a_proxy_s(
    published: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trusted: tuple[str, ...],
    refused: bool,
) -> None:
    monkeypatch.setattr("web.connections.IDLE_S", 60)
    monkeypatch.setattr("web.connections.OF_ONE", 3)
    async with running(published, tmp_path, trusted_proxies=trusted) as web:
        others = [await asyncio.open_connection("127.0.0.1", web.port) for _ in range(3)]
        for _, writer in others:  # each has been accepted once it has been answered
            writer.write(AGAIN)
        for reader, _ in others:
            await reader.readuntil(b"}")
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        said = b""
        with suppress(ConnectionResetError):
            writer.write(AGAIN)
            said = await asyncio.wait_for(reader.read(100), 10)
        assert (said == b"") is refused
        for _, other in [*others, (reader, writer)]:
            other.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a computer has one such address")
async def test_whoever_has_enough_keeps_no_other_address_out(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.connections.IDLE_S", 60)
    monkeypatch.setattr("web.connections.OF_ONE", 1)
    writers = []
    for address in ("127.0.0.1", "127.0.0.2"):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", web.port, local_addr=(address, 0)
        )
        writers.append(writer)
        writer.write(AGAIN)
        assert await asyncio.wait_for(reader.readuntil(b"}"), 10)
    for writer in writers:
        writer.close()
