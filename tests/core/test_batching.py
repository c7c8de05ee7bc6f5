import asyncio
import threading
from collections.abc import Iterator

import pytest

from core.batching import Batcher


class Doubler:
    """Doubles numbers; waits for ``gate`` within a call; odd about 13."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.threads: set[int] = set()
        self.started, self.gate = threading.Event(), threading.Event()

    def __call__(self, numbers: list[int]) -> list[int]:
        self.calls.append(numbers)
        self.threads.add(threading.get_ident())
        self.started.set()
        assert self.gate.wait(10)
        if 13 in numbers:
            raise ValueError("13 is not doubled")
        return [2 * number for number in numbers]


@pytest.fixture
def doubler() -> Doubler:
    return Doubler()


@pytest.fixture
def batcher(doubler: Doubler) -> Iterator[Batcher[int, int]]:
    batcher = Batcher(doubler, name="test", limit=4)
    yield batcher
    doubler.gate.set()
    batcher.close()


async def queue_behind_zero(
    batcher: Batcher[int, int], doubler: Doubler, *numbers: int
) -> list[asyncio.Task[int]]:
    """Ask for 0, which is held at the gate, and for ``numbers``, which queue meanwhile."""
    first = asyncio.create_task(batcher.run(0))
    assert await asyncio.to_thread(doubler.started.wait, 10)
    others = [asyncio.create_task(batcher.run(number)) for number in numbers]
    await asyncio.sleep(0)  # lets each of them reach the queue
    return [first, *others]


async def test_a_lone_request_runs_at_once(batcher: Batcher[int, int], doubler: Doubler) -> None:
    doubler.gate.set()
    assert await batcher.run(21) == 42
    assert doubler.calls == [[21]]


async def test_what_queued_meanwhile_runs_together_up_to_the_limit(
    batcher: Batcher[int, int], doubler: Doubler
) -> None:
    asked = await queue_behind_zero(batcher, doubler, 1, 2, 3, 4, 5)
    doubler.gate.set()
    assert await asyncio.gather(*asked) == [0, 2, 4, 6, 8, 10]
    assert doubler.calls == [[0], [1, 2, 3, 4], [5]]
    assert len(doubler.threads) == 1


async def test_what_nobody_waits_for_is_not_run(
    batcher: Batcher[int, int], doubler: Doubler
) -> None:
    asked = await queue_behind_zero(batcher, doubler, 1, 2, 3)
    asked[2].cancel()
    await asyncio.wait([asked[2]])
    doubler.gate.set()
    assert await asyncio.gather(asked[0], asked[1], asked[3]) == [0, 2, 6]
    assert doubler.calls == [[0], [1, 3]]


async def test_giving_up_in_the_middle_of_a_batch_leaves_the_others_alone(
    batcher: Batcher[int, int], doubler: Doubler
) -> None:
    [first, second] = await queue_behind_zero(batcher, doubler, 1)
    first.cancel()
    doubler.gate.set()
    assert await second == 2


async def test_a_bad_item_does_not_fail_its_neighbours(
    batcher: Batcher[int, int], doubler: Doubler
) -> None:
    asked = await queue_behind_zero(batcher, doubler, 1, 13, 3)
    doubler.gate.set()
    [_, one, bad, three] = await asyncio.gather(*asked, return_exceptions=True)
    assert (one, three) == (2, 6)
    assert isinstance(bad, ValueError)


async def test_closing_finishes_what_was_asked_for(
    batcher: Batcher[int, int], doubler: Doubler
) -> None:
    asked = await queue_behind_zero(batcher, doubler, 1, 2)
    doubler.gate.set()
    batcher.close()
    assert doubler.calls == [[0], [1, 2]]
    assert await asyncio.gather(*asked) == [0, 2, 4]
    with pytest.raises(RuntimeError):
        await batcher.run(3)
