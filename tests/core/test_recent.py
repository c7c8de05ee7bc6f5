import asyncio

import pytest

from core.recent import Recent


class Kitchen:
    """Makes dishes when told to."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.cancelled: list[str] = []
        self.ready = asyncio.Event()

    async def make(self, dish: str) -> str:
        self.made.append(dish)
        try:
            await self.ready.wait()
        except asyncio.CancelledError:
            self.cancelled.append(dish)
            raise
        if dish == "burnt":
            raise ValueError(dish)
        return dish.upper()


@pytest.fixture
async def kitchen() -> Kitchen:
    return Kitchen()


def ask(recent: Recent[str, str], kitchen: Kitchen, dish: str) -> asyncio.Task[str]:
    return asyncio.create_task(recent.get(dish, lambda: kitchen.make(dish)))


async def started(kitchen: Kitchen) -> None:
    while not kitchen.made:
        await asyncio.sleep(0)


async def test_what_was_asked_twice_is_made_once(kitchen: Kitchen) -> None:
    recent: Recent[str, str] = Recent(2)
    kitchen.ready.set()
    assert [await ask(recent, kitchen, "soup") for _ in range(2)] == ["SOUP"] * 2
    assert kitchen.made == ["soup"]


async def test_what_is_asked_at_once_is_made_once(kitchen: Kitchen) -> None:
    recent: Recent[str, str] = Recent(2)
    asked = [ask(recent, kitchen, "soup") for _ in range(5)]
    await started(kitchen)
    kitchen.ready.set()
    assert await asyncio.gather(*asked) == ["SOUP"] * 5
    assert kitchen.made == ["soup"]


async def test_what_was_used_longest_ago_is_forgotten(kitchen: Kitchen) -> None:
    recent: Recent[str, str] = Recent(2)
    kitchen.ready.set()
    for dish in ("soup", "rice", "soup", "cake", "soup", "rice"):
        await ask(recent, kitchen, dish)
    assert kitchen.made == ["soup", "rice", "cake", "rice"]


async def test_what_may_not_be_kept_is_made_each_time(kitchen: Kitchen) -> None:
    recent: Recent[str, str] = Recent(2, keep=lambda dish: dish != "SOUP")
    kitchen.ready.set()
    assert [await ask(recent, kitchen, dish) for dish in ("soup", "tea", "soup", "tea")]
    assert kitchen.made == ["soup", "tea", "soup"]


async def test_errors_reach_all_who_wait_and_are_not_kept(kitchen: Kitchen) -> None:
    recent: Recent[str, str] = Recent(2)
    kitchen.ready.set()
    failed = await asyncio.gather(
        *(ask(recent, kitchen, "burnt") for _ in range(2)), return_exceptions=True
    )
    assert [type(error) for error in failed] == [ValueError] * 2
    with pytest.raises(ValueError, match="burnt"):
        await ask(recent, kitchen, "burnt")
    assert kitchen.made == ["burnt"] * 2


async def test_one_who_gives_up_leaves_the_result_to_the_others(kitchen: Kitchen) -> None:
    recent: Recent[str, str] = Recent(2)
    first, second = ask(recent, kitchen, "soup"), ask(recent, kitchen, "soup")
    await started(kitchen)
    first.cancel()
    await asyncio.wait([first])
    kitchen.ready.set()
    assert await second == "SOUP"


async def test_when_all_give_up_it_is_no_longer_made_and_may_be_asked_again(
    kitchen: Kitchen,
) -> None:
    recent: Recent[str, str] = Recent(2)
    asked = ask(recent, kitchen, "soup")
    await started(kitchen)
    asked.cancel()
    await asyncio.wait([asked])
    kitchen.ready.set()
    assert await ask(recent, kitchen, "soup") == "SOUP"
    assert kitchen.made == ["soup"] * 2
    assert kitchen.cancelled == ["soup"]
