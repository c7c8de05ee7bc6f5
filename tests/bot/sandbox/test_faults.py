"""Trouble that can be ordered."""

import asyncio

import aiohttp
import pytest

from bot.sandbox import faults
from bot.sandbox.faults import STORM, Fault, FloodGate, FloodLimits, Trouble
from bot.sandbox.people import Person
from bot.sandbox.refusals import Refused
from bot.sandbox.server import Sandbox
from tests.bot.sandbox.conftest import BotClient, Refusal


@pytest.mark.parametrize("delivered", [False, True])
async def test_a_broken_answer_may_or_may_not_have_taken_effect(
    bot: BotClient, sandbox: Sandbox, ann: Person, delivered: bool
) -> None:
    chat_id = ann.room.chat_id
    address = f"{bot.url}/bot{bot.token}/sendMessage"
    for trouble, error in [
        (Trouble.BAD_GATEWAY, aiohttp.ContentTypeError),
        (Trouble.CUT_JSON, ValueError),
        (Trouble.RESET, aiohttp.ClientConnectionError),
    ]:
        before = len(ann.room.messages)
        sandbox.telegram.faults.plan("sendMessage", Fault(trouble, delivered=delivered))
        with pytest.raises(error):
            async with bot.http.post(address, data={"chat_id": chat_id, "text": "x"}) as response:
                await response.json()
        assert len(ann.room.messages) - before == delivered
        assert sandbox.telegram.calls[-1].status == (200 if delivered else 502)
    await bot("sendMessage", chat_id=chat_id, text="all is well again")


async def test_requests_can_be_refused_in_any_words(
    bot: BotClient, sandbox: Sandbox, ann: Person
) -> None:
    orders = sandbox.telegram.faults
    orders.plan("getMe", Fault(Trouble.FLOOD, seconds=7))
    orders.refuse("getMe", 500, "Internal Server Error")
    with pytest.raises(Refusal, match="Too Many Requests: retry after 7") as refusal:
        await bot("getMe")
    assert (refusal.value.code, refusal.value.parameters) == (429, {"retry_after": 7})
    with pytest.raises(Refusal, match="Internal"):
        await bot("getMe")
    await bot("getMe")


async def test_requests_can_be_kept_waiting(bot: BotClient, sandbox: Sandbox) -> None:
    with sandbox.telegram.faults.hold("getMe") as hold:
        asking = asyncio.create_task(bot("getMe"))
        await hold.asked.wait()
        await bot("getMyCommands")
        assert not asking.done()
        hold.released.set()
        await asking


async def test_a_storm_ends_and_is_the_same_for_the_same_seed() -> None:
    def storm(seed: int) -> list[tuple[int, Fault]]:
        orders = faults.Faults()
        orders.storm(200, rate=0.3, seed=seed, spared={"getMe"})
        assert orders.next_for("getMe") is None
        came = [orders.next_for("sendMessage") for _ in range(2000)]
        assert orders.storm_left == 0
        return [(number, fault) for number, fault in enumerate(came) if fault]

    first = storm(1)
    assert len(first) == 200
    assert {fault.trouble for _, fault in first} == set(STORM)
    assert {fault.delivered for _, fault in first} == {True, False}
    assert first == storm(1) != storm(2)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(faults, "monotonic", clock)
    return clock


def test_a_chat_takes_one_message_a_second(clock: Clock) -> None:
    gate = FloodGate(FloodLimits())
    gate.count(7, 1)
    gate.count(8, 1)
    clock.now += 0.4
    with pytest.raises(Refused, match="retry after 1"):
        gate.count(7, 1)
    clock.now += 0.6
    gate.count(7, 1)


def test_a_group_takes_20_messages_a_minute_albums_counted_by_picture(clock: Clock) -> None:
    gate = FloodGate(FloodLimits())
    for _ in range(2):
        gate.count(-100, 10)
        clock.now += 1
    with pytest.raises(Refused, match="retry after 58"):
        gate.count(-100, 1)
    with pytest.raises(Refused, match="retry after 59"):
        gate.count(-100, 11)
    clock.now += 58
    gate.count(-100, 10)


def test_all_chats_together_take_30_messages_a_second(clock: Clock) -> None:
    gate = FloodGate(FloodLimits())
    for chat_id in range(1, 31):
        gate.count(chat_id, 1)
    with pytest.raises(Refused, match="retry after 1"):
        gate.count(31, 1)
    clock.now += 1
    gate.count(31, 1)


async def test_the_limits_are_imposed_on_sends_alone(http: aiohttp.ClientSession) -> None:
    async with Sandbox(limits=FloodLimits(chat_per_s=1)) as strict:
        bob = strict.person("Bob")
        await bob.say("hi")
        bot = BotClient(http, strict.url, strict.token)
        await bot("sendMessage", chat_id=bob.room.chat_id, text="one")
        for _ in range(3):
            await bot("sendChatAction", chat_id=bob.room.chat_id, action="typing")
        with pytest.raises(Refusal, match="Too Many Requests") as refusal:
            await bot("sendMessage", chat_id=bob.room.chat_id, text="two")
        assert refusal.value.parameters["retry_after"] == 1
        assert len(bob.room.messages) == 2
