"""A sandbox and a bot without a program: what it would request over HTTP."""

import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from PIL import Image

from bot.sandbox.people import Person
from bot.sandbox.server import Sandbox


class Refusal(Exception):
    """An answer of the Bot API that is not ok."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer["description"])
        self.code, self.parameters = answer["error_code"], answer.get("parameters", {})


@dataclass
class BotClient:
    """Requests as any program may make them: form fields, uploads as bytes."""

    http: aiohttp.ClientSession
    url: str
    token: str

    async def __call__(self, method: str, **fields: Any) -> Any:
        form = aiohttp.FormData()
        for name, value in fields.items():
            if isinstance(value, bytes):
                form.add_field(name, value, filename=f"{name}.jpg", content_type="image/jpeg")
            else:
                form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        address = f"{self.url}/bot{self.token}/{method}"
        async with self.http.post(address, data=form) as response:
            answer = await response.json()
        assert answer["ok"] is (response.status == 200)
        if not answer["ok"]:
            assert answer["error_code"] == response.status
            raise Refusal(answer)
        return answer["result"]

    async def update(self, **fields: Any) -> dict[str, Any]:
        """The next update, confirmed."""
        [update] = await self("getUpdates", timeout=10, limit=1, **fields)
        await self("getUpdates", offset=update["update_id"] + 1, limit=1)
        return update


@dataclass
class Site:
    """Photos on the web: any /<name>.jpg but /gone.jpg."""

    address: str = ""
    asked: list[str] = field(default_factory=list)  # names of the photos that were fetched

    async def show(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.asked.append(name)
        if name == "gone":
            raise web.HTTPNotFound
        return web.Response(body=jpeg("blue"), content_type="image/jpeg")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site, app = Site(), web.Application()
    app.router.add_get("/{name}.jpg", site.show)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield site
    await runner.cleanup()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def bot(sandbox: Sandbox, http: aiohttp.ClientSession) -> BotClient:
    return BotClient(http, sandbox.url, sandbox.token)


@pytest.fixture
async def ann(sandbox: Sandbox, bot: BotClient) -> Person:
    """A person who has pressed Start, which the bot knows."""
    ann = sandbox.person("Ann", language="ru")
    await ann.say("/start")
    await bot.update()
    return ann


def jpeg(
    colour: str = "red", size: tuple[int, int] = (64, 48), format: str = "JPEG", **options: Any
) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, colour).save(content, format, **options)
    return content.getvalue()
