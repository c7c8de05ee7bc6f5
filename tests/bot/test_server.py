import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiogram.types import Update

from bot.errors import PortTaken
from bot.server import MAX_UPDATE_BYTES, SECRET_HEADER, Webhook, build_app, listening, webhook_path
from tests.bot.conftest import Chat
from tests.bot.telegram import photo, update

SECRET = "what-only-telegram-knows"
LIMIT = 3


@dataclass
class Server:
    """The bot's server, and Telegram before it."""

    chat: Chat
    webhook: Webhook
    url: str
    http: aiohttp.ClientSession
    status: str = "ok"

    async def deliver(self, content: Update | bytes, secret: str | None = SECRET) -> int:
        """What the webhook answers to an update."""
        body = content if isinstance(content, bytes) else _json(content)
        headers = {SECRET_HEADER: secret} if secret is not None else {}
        async with self.http.post(f"{self.url}/hook", data=body, headers=headers) as response:
            return response.status

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.http.get(self.url + path) as response:
            return response.status, await response.read()


def _json(content: Update) -> bytes:
    return content.model_dump_json(exclude_none=True, by_alias=True).encode()


@pytest.fixture
async def server(chat: Chat) -> AsyncIterator[Server]:
    webhook = Webhook(SECRET, chat.dispatcher, chat.bot, chat.in_flight, limit=LIMIT)
    webhook.open = True
    server = Server(chat, webhook, "", aiohttp.ClientSession())

    def health() -> dict[str, Any]:
        return {"status": server.status}

    app = build_app(chat.guide, chat.metrics, health, webhook=webhook, path="/hook")
    async with server.http, listening(app, "127.0.0.1", 0) as port:
        server.url = f"http://127.0.0.1:{port}"
        yield server


async def answered(server: Server) -> list[str]:
    """What was said once nothing is in flight."""
    await server.chat.in_flight.drain(60)
    return [call.text for call in server.chat.telegram.sent]


async def handled(server: Server, content: Update | bytes) -> int:
    """What the webhook answers, once the update is handled."""
    status = await server.deliver(content)
    await server.chat.in_flight.drain(60)
    return status


async def test_an_update_is_accepted_at_once_and_answered_afterwards(server: Server) -> None:
    server.chat.guide.thinks_until = asyncio.Event()
    assert await server.deliver(update(photo=photo())) == 200
    assert server.chat.telegram.sent == []
    server.chat.guide.thinks_until.set()
    await server.chat.in_flight.drain(60)
    assert len(server.chat.telegram.sent) == 2


@pytest.mark.parametrize("secret", [None, "", "wrong", "не латиница".encode().decode("latin-1")])
async def test_without_the_secret_nothing_is_taken(secret: str | None, server: Server) -> None:
    assert await server.deliver(update(text="/start"), secret) == 401
    assert await answered(server) == []


async def test_an_update_delivered_twice_is_answered_once(server: Server) -> None:
    asked = update(text="/start")
    assert [await server.deliver(asked) for _ in range(3)] == [200] * 3
    assert len(await answered(server)) == 1


@pytest.mark.parametrize("body", [b"", b"junk", b"[]", b'{"message": {}}', b'{"update_id": "x"}'])
async def test_what_is_no_update_is_not_wanted_again_and_does_no_harm(
    body: bytes, server: Server
) -> None:
    assert await server.deliver(body) == 200
    assert await server.deliver(update(text="/start")) == 200
    assert len(await answered(server)) == 1


async def test_an_update_of_a_kind_not_known_yet_does_no_harm(server: Server) -> None:
    unknown = b'{"update_id": 1, "telepathy": {"from": 7}}'
    with pytest.warns(RuntimeWarning, match="unknown update type"):
        assert await handled(server, unknown) == 200


async def test_a_body_too_large_is_refused(server: Server) -> None:
    assert await server.deliver(bytes(MAX_UPDATE_BYTES + 1)) == 413


async def test_with_its_hands_full_the_bot_asks_telegram_to_come_again(server: Server) -> None:
    server.chat.guide.thinks_until = asyncio.Event()
    asked = [update(photo=photo(), sender=100 + number) for number in range(LIMIT + 1)]
    assert [await server.deliver(each) for each in asked] == [200] * LIMIT + [503]
    server.chat.guide.thinks_until.set()
    await server.chat.in_flight.drain(60)
    assert await server.deliver(asked[-1]) == 200
    await server.chat.in_flight.drain(60)
    assert len(server.chat.guide.questions) == LIMIT + 1


async def test_a_stopping_bot_leaves_new_updates_to_telegram(server: Server) -> None:
    server.webhook.open = False
    assert await server.deliver(update(text="/start")) == 503
    assert await answered(server) == []


async def test_health_is_ok_only_while_the_bot_serves(server: Server) -> None:
    assert await server.get("/healthz") == (200, b'{"status": "ok"}')
    server.status = "stopping"
    assert await server.get("/healthz") == (503, b'{"status": "stopping"}')


async def test_figures_are_served_as_prometheus_text(server: Server) -> None:
    await server.deliver(update(text="/start"))
    await server.chat.in_flight.drain(60)
    async with server.http.get(server.url + "/metrics") as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert 'guide_updates_total{type="message",outcome="handled"} 1' in await response.text()


async def test_only_photos_of_the_guide_are_served(server: Server) -> None:
    known = server.chat.guide.photo(0)
    status, content = await server.get(f"/photos/{known.photo_id}.jpg")
    assert status == 200
    assert content == server.chat.guide.photo_file(known).read_bytes()
    for other in (
        "/photos/ffff.jpg",
        "/photos/../log.sqlite3",
        "/photos/%2e%2e%2flog.sqlite3",
        "/",
    ):
        assert (await server.get(other))[0] == 404


async def test_a_port_that_is_taken_is_a_clear_error(server: Server) -> None:
    port = int(server.url.rpartition(":")[2])
    app = build_app(server.chat.guide, server.chat.metrics, lambda: {"status": "ok"})
    with pytest.raises(PortTaken, match=str(port)):
        async with listening(app, "127.0.0.1", port):
            pass


@pytest.mark.parametrize(
    ("url", "path"),
    [("https://guide.example/a/b", "/a/b"), ("https://guide.example", "/")],
)
def test_the_webhook_is_where_its_public_address_says(url: str, path: str) -> None:
    assert webhook_path(url) == path
