"""The real bot in a process of its own, with many people and with trouble; see `tests.soak`."""

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox.faults import Fault, FloodLimits, Trouble
from bot.sandbox.server import Sandbox
from offline.sources.demo import demo_places, demo_query
from tests.bot.bot_process import WEBHOOK_PATH, bot_process
from tests.bot.crowd import Crowd

pytestmark = pytest.mark.load

PLACES = [place.place_id for place in demo_places()]
TOO_MANY = 429


@pytest.fixture
def data_dir(demo_data: Path, tmp_path: Path) -> Path:
    """The published demo city, to write beside."""
    return shutil.copytree(demo_data, tmp_path / "data")


@pytest.fixture(scope="session")
def photos() -> list[bytes]:
    """Photos of different places."""
    return [demo_query(place_id) for place_id in PLACES[:4]]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A Telegram as strict about floods as the real one."""
    async with Sandbox(limits=FloodLimits(), calls=10_000) as sandbox:
        yield sandbox


async def test_forty_photos_at_once_are_all_answered_once_and_no_flood_limit_is_hit(
    sandbox: Sandbox, data_dir: Path, photos: list[bytes]
) -> None:
    async with bot_process(sandbox, data_dir) as bot:
        await bot.ready()
        crowd = Crowd(sandbox, 20)
        for number in range(40):
            await crowd.send(crowd.people[number % 20], photos[number % 4])
        await crowd.all_answered(60)
        await bot.figure_reaches('guide_updates_total{type="message",outcome="handled"}', 40)
        bot.stop()
        assert await bot.ended() == 0, bot.log
    assert all(len(sent.answers) == 1 for sent in crowd.look())
    assert Counter(call.status for call in sandbox.telegram.calls)[TOO_MANY] == 0


async def test_sixty_random_faults_leave_nobody_without_an_answer_and_nobody_with_two(
    sandbox: Sandbox, data_dir: Path, photos: list[bytes]
) -> None:
    async with bot_process(sandbox, data_dir) as bot:
        await bot.ready()
        crowd = Crowd(sandbox, 20)
        sandbox.telegram.faults.storm(60, rate=0.3, seed=7)
        for number in range(40):
            await crowd.send(crowd.people[number % 20], photos[number % 4])
            await asyncio.sleep(0.05)
        await bot.figure_reaches('guide_updates_total{type="message",outcome="handled"}', 1)
        async with asyncio.timeout(120):
            while crowd.unanswered and (
                await bot.figure("guide_updates_in_flight") or sandbox.telegram.updates.pending
            ):
                await asyncio.sleep(0.2)
        sandbox.telegram.faults.storm(0, rate=0, seed=0)
        before = len(crowd.unanswered)
        await crowd.send(crowd.people[0], photos[0])  # after the storm
        async with asyncio.timeout(60):
            while len(crowd.unanswered) > before:
                await asyncio.sleep(0.2)
        bot.stop()
        assert await bot.ended() == 0, bot.log
    assert all(len(sent.answers) <= 1 for sent in crowd.look())
    broken_sends = [
        method for method, fault in sandbox.telegram.faults.happened
        if method == "sendMessage" and fault.trouble is not Trouble.SLOW and not fault.delivered
    ]  # fmt: skip
    # the answer and then the apology must both have got lost
    assert len(crowd.unanswered) <= len(broken_sends) // 2
    assert sandbox.token.partition(":")[2] not in bot.log
    assert not any(str(person.user["id"]) in bot.log for person in crowd.people)


async def test_updates_that_arrive_broken_are_asked_for_again_and_answered_once(
    sandbox: Sandbox, data_dir: Path, photos: list[bytes]
) -> None:
    troubles = (Trouble.RESET, Trouble.BAD_GATEWAY, Trouble.CUT_JSON)
    async with bot_process(sandbox, data_dir) as bot:
        await bot.ready()
        crowd = Crowd(sandbox, 1)
        sandbox.telegram.faults.plan("getUpdates", *(Fault(t, delivered=True) for t in troubles))
        await crowd.people[0].say("/start")  # ends the request that is waiting already
        await bot.figure_reaches('guide_updates_total{type="message",outcome="handled"}', 1)
        await crowd.send(crowd.people[0], photos[0])
        await crowd.all_answered(60)
        bot.stop()
        assert await bot.ended() == 0, bot.log
    assert [len(sent.answers) for sent in crowd.look()] == [1]
    assert bot.log.count("Failed to fetch updates") == len(troubles)
    assert "Person 0" not in bot.log
    assert str(crowd.people[0].user["id"]) not in bot.log


@pytest.mark.parametrize("by_webhook", [False, True])
async def test_a_stop_with_twenty_photos_in_flight_answers_all_twenty(
    by_webhook: bool, sandbox: Sandbox, data_dir: Path, photos: list[bytes]
) -> None:
    async with bot_process(sandbox, data_dir, webhook=by_webhook) as bot:
        await bot.ready()
        crowd = Crowd(sandbox, 20)
        with sandbox.telegram.faults.hold("getFile"):
            for number, person in enumerate(crowd.people):
                await crowd.send(person, photos[number % 4])
            await bot.figure_reaches("guide_updates_in_flight", 20)
            bot.stop()
            await bot.logged("finishing 20 updates")
            if by_webhook:
                later = await crowd.send(crowd.people[0], photos[0])
        assert await bot.ended() == 0, bot.log
    answered = [sent for sent in crowd.look() if len(sent.answers) == 1]
    assert len(answered) == 20
    if by_webhook:
        assert later in crowd.unanswered
        assert len(sandbox.telegram.updates.pending) == 1, "Telegram keeps what came too late"
    else:
        assert not sandbox.telegram.updates.pending, "what was answered must not come again"
    albums = Counter(call.method for call in sandbox.telegram.calls)["sendMediaGroup"]
    assert albums == 20


async def test_a_webhook_takes_updates_from_telegram_alone_and_shows_photos_and_figures(
    sandbox: Sandbox, data_dir: Path, photos: list[bytes]
) -> None:
    async with bot_process(sandbox, data_dir, webhook=True, GUIDE_LOG_FORMAT="json") as bot:
        await bot.ready()
        ann = sandbox.person("Ann")
        await ann.say("/start")
        update = {"update_id": 5, "message": {"message_id": 1, "date": 1, "text": "/start"}}
        async with aiohttp.ClientSession() as http:
            for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guess"}):
                async with http.post(
                    bot.url + WEBHOOK_PATH, json=update, headers=headers
                ) as refused:
                    assert refused.status == 401
        _, offer = await ann.ask_inline("lighthouse")
        assert offer
        assert offer.offers
        assert (await bot.get("/photos/0000000000000000.jpg"))[0] == 404
        await bot.figure_reaches('guide_updates_total{type="inline_query",outcome="handled"}', 1)
        assert await bot.figure('guide_updates_total{type="message",outcome="handled"}') == 1
        _, health = await bot.get("/healthz")
        assert json.loads(health)["status"] == "ok"
        bot.stop()
        assert await bot.ended() == 0, bot.log
    records = [json.loads(line) for line in bot.log.splitlines()]
    assert {"time", "level", "logger", "message"} <= set(records[0])
    assert "stopped" in [record["message"] for record in records]
