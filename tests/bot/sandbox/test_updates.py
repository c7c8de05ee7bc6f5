"""How updates reach a bot: long polling and webhook."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.sandbox.params import Params
from bot.sandbox.people import Person
from bot.sandbox.server import Sandbox
from bot.sandbox.updates import Updates
from tests.bot.sandbox.conftest import BotClient, Refusal


async def texts(bot: BotClient, **fields: Any) -> list[str]:
    return [update["message"]["text"] for update in await bot("getUpdates", **fields)]


async def test_an_update_comes_again_until_it_is_confirmed(bot: BotClient, ann: Person) -> None:
    for text in "abc":
        await ann.say(text)
    updates = await bot("getUpdates")
    assert [update["message"]["text"] for update in updates] == ["a", "b", "c"]
    assert await texts(bot) == ["a", "b", "c"]
    assert await texts(bot, offset=updates[1]["update_id"]) == ["b", "c"]
    assert await texts(bot, limit=1) == ["b"]
    assert await texts(bot, offset=-1) == ["c"]
    assert await texts(bot) == ["c"], "a negative offset forgets the others"
    assert await texts(bot, offset=updates[2]["update_id"] + 1) == []


async def test_polling_waits_for_news(bot: BotClient, ann: Person) -> None:
    waiting = asyncio.create_task(texts(bot, timeout=30))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await ann.say("at last")
    assert await waiting == ["at last"]


async def test_a_second_poll_ends_the_first_with_a_conflict(bot: BotClient, ann: Person) -> None:
    first = asyncio.create_task(bot("getUpdates", timeout=30))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(texts(bot, timeout=30))
    with pytest.raises(Refusal, match="terminated by other getUpdates") as refusal:
        await first
    assert refusal.value.code == 409
    await ann.say("hi")
    assert await second == ["hi"]


async def test_only_wanted_kinds_come_and_the_wish_is_remembered(
    bot: BotClient, ann: Person
) -> None:
    await bot("getUpdates", allowed_updates=["inline_query"])
    await ann.say("unwanted")
    assert await bot("getUpdates") == []
    await bot("getUpdates", allowed_updates=[])
    await ann.say("wanted")
    assert await texts(bot) == ["wanted"]


@asynccontextmanager
async def serving(
    receive: Callable[[web.Request], Awaitable[web.Response]],
) -> AsyncIterator[str]:
    """The address of a bot's webhook."""
    app = web.Application()
    app.router.add_post("/hook", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[str, asyncio.Queue[Any], list[int]]]:
    """A server that notes what is posted; it answers with the statuses in the list, then 200."""
    posted: asyncio.Queue[Any] = asyncio.Queue()
    statuses: list[int] = []

    async def receive(request: web.Request) -> web.Response:
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        posted.put_nowait((secret, (await request.json())["message"]["text"]))
        return web.Response(status=statuses.pop(0) if statuses else 200)

    async with serving(receive) as url:
        yield url, posted, statuses


async def test_a_webhook_gets_updates_with_its_secret_until_it_takes_them(
    bot: BotClient, sandbox: Sandbox, ann: Person, receiver: Any
) -> None:
    url, posted, statuses = receiver
    statuses.append(500)
    assert await bot("setWebhook", url=url, secret_token="s-1") is True
    await ann.say("hi")
    async with asyncio.timeout(30):
        assert await posted.get() == ("s-1", "hi")
        assert await posted.get() == ("s-1", "hi")
        await ann.say("you")
        assert await posted.get() == ("s-1", "you"), "the first has been taken"
    info = await bot("getWebhookInfo")
    assert info["url"] == url
    assert "500" in info["last_error_message"]
    with pytest.raises(Refusal, match="can't use getUpdates method while webhook is active"):
        await bot("getUpdates")
    assert await bot("deleteWebhook") is True
    await ann.say("by polling")
    assert (await texts(bot))[-1] == "by polling"
    assert posted.empty()


async def test_an_update_that_a_webhook_is_slow_to_take_does_not_hold_up_the_next(
    bot: BotClient, sandbox: Sandbox, ann: Person
) -> None:
    taken: asyncio.Queue[str] = asyncio.Queue()
    slow = asyncio.Event()

    async def receive(request: web.Request) -> web.Response:
        text = (await request.json())["message"]["text"]
        if text == "slow":
            await slow.wait()
        taken.put_nowait(text)
        return web.Response()

    async with serving(receive) as url:
        await bot("setWebhook", url=url, max_connections=2)
        async with asyncio.timeout(30):
            await ann.say("slow")
            for text in ("b", "c"):
                await ann.say(text)
                assert await taken.get() == text
            slow.set()
            assert await taken.get() == "slow"
            while sandbox.telegram.updates.pending:
                await asyncio.sleep(0.01)
        await bot("deleteWebhook")
    assert taken.empty(), "each came once"


async def test_a_webhook_gets_no_more_updates_at_once_than_it_has_connections(
    bot: BotClient, ann: Person
) -> None:
    begun: list[str] = []
    held, third = asyncio.Event(), asyncio.Event()

    async def receive(request: web.Request) -> web.Response:
        begun.append((await request.json())["message"]["text"])
        if len(begun) == 3:
            third.set()
        await held.wait()
        return web.Response()

    async with serving(receive) as url:
        await bot("setWebhook", url=url, max_connections=2)
        async with asyncio.timeout(30):
            for text in "abc":
                await ann.say(text)
            while len(begun) < 2:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            assert sorted(begun) == ["a", "b"]
            held.set()
            await third.wait()
        await bot("deleteWebhook")


async def test_pending_updates_can_be_dropped(bot: BotClient, ann: Person) -> None:
    await ann.say("old")
    await bot("deleteWebhook", drop_pending_updates=True)
    assert await bot("getUpdates") == []


def deliveries() -> list[str]:
    names = [task.get_coro().__qualname__ for task in asyncio.all_tasks()]
    return [name for name in names if name == "Updates._deliver"]


async def test_webhooks_set_at_once_leave_one_delivery_and_a_stop_none(
    http: aiohttp.ClientSession,
) -> None:
    async with Sandbox() as sandbox:
        bot = BotClient(http, sandbox.url, sandbox.token)
        urls = [f"http://127.0.0.1:9/{number}" for number in range(4)]
        await bot("setWebhook", url=urls[0])
        await asyncio.gather(*(bot("setWebhook", url=url) for url in urls[1:]))
        assert len(deliveries()) == 1
    assert deliveries() == []


async def test_a_webhook_set_as_it_stops_delivers_nothing(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, set_webhook = asyncio.Event(), Updates.set_webhook

    async def slowly(updates: Updates, params: Params) -> bool:
        began.set()
        await asyncio.sleep(0.2)  # while it stops
        return await set_webhook(updates, params)

    monkeypatch.setattr(Updates, "set_webhook", slowly)
    async with Sandbox() as sandbox:
        bot = BotClient(http, sandbox.url, sandbox.token)
        setting = asyncio.create_task(bot("setWebhook", url="http://127.0.0.1:9/"))
        await began.wait()
    assert await setting
    assert deliveries() == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"url": "http://example.org/hook"}, "HTTPS URL must be provided"),
        ({"url": "nonsense"}, "HTTPS URL must be provided"),
        ({"url": "https://example.org", "secret_token": "a b"}, "unallowed characters"),
        ({"url": "https://example.org", "secret_token": "a" * 257}, "unallowed characters"),
        ({"url": "https://example.org", "max_connections": 101}, "max_connections"),
    ],
)
async def test_wrong_webhooks_are_refused(
    bot: BotClient, fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refusal, match=reason):
        await bot("setWebhook", **fields)
    assert (await bot("getWebhookInfo"))["url"] == ""
