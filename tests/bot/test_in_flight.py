import asyncio

from bot.locales.en import EN
from bot.middlewares.in_flight import InFlight
from tests.bot.conftest import Chat
from tests.bot.telegram import photo, update


async def handled(in_flight: InFlight, done: list[int], gate: asyncio.Event, number: int) -> None:
    """Handle an update as the dispatcher does, in a task of its own."""

    async def handler(event: object, data: object) -> None:
        await gate.wait()

    await in_flight(handler, update(text="x"), {})
    await asyncio.sleep(0)  # what is done after the middleware belongs to the update as well
    done.append(number)


async def test_a_stop_waits_for_updates_being_handled() -> None:
    in_flight, gate, done = InFlight(), asyncio.Event(), list[int]()
    tasks = [asyncio.create_task(handled(in_flight, done, gate, n)) for n in range(3)]
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.01, gate.set)
    await in_flight.drain(60)
    assert sorted(done) == [0, 1, 2]
    assert all(task.done() for task in tasks)
    assert in_flight.count == 0


async def test_a_stop_does_not_wait_for_ever() -> None:
    in_flight, done = InFlight(), list[int]()
    task = asyncio.create_task(handled(in_flight, done, asyncio.Event(), 0))
    await asyncio.sleep(0)
    await in_flight.drain(0.01)
    assert task.cancelled()
    assert done == []


async def test_who_is_cut_short_is_asked_to_try_again_once_in_a_chat(chat: Chat) -> None:
    chat.guide.thinks_until = asyncio.Event()
    tasks = [
        asyncio.create_task(chat.dispatcher.feed_update(chat.bot, update(photo=photo())))
        for _ in range(3)
    ]
    idle = asyncio.create_task(chat.dispatcher.feed_update(chat.bot, update(text="/start")))
    async with asyncio.timeout(60):
        while len(chat.guide.questions) < 3 or not idle.done():
            await asyncio.sleep(0.01)
    await chat.in_flight.drain(0.01)
    assert all(task.cancelled() for task in tasks)
    said = [call.text for call in chat.telegram.sent]
    assert said == [EN.start, EN.interrupted]


async def test_nothing_in_flight_needs_no_waiting() -> None:
    await InFlight().drain(60)


async def test_the_last_update_is_known_so_that_it_can_be_confirmed() -> None:
    in_flight, gate = InFlight(), asyncio.Event()
    gate.set()
    assert in_flight.last_update_id is None
    first, second = update(text="a"), update(text="b")

    async def handler(event: object, data: object) -> None:
        pass

    for each in (second, first):
        await asyncio.create_task(in_flight(handler, each, {}))
    assert in_flight.last_update_id == second.update_id
