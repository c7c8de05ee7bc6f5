"""The latest results by key, so that what was asked twice is made once."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(slots=True)
class _Making(Generic[Value]):
    """A result in the making and how many wait for it."""

    task: asyncio.Task[Value]
    waiting: int = 0


class Recent(Generic[Key, Value]):
    """Keeps the ``limit`` results used last. For use on one event loop."""

    def __init__(self, limit: int, keep: Callable[[Value], bool] = lambda _: True) -> None:
        """Keep up to ``limit`` results that ``keep`` allows; the others are made each time."""
        self._limit = limit
        self._keep = keep
        self._kept: OrderedDict[Key, Value] = OrderedDict()  # used longest ago first
        self._making: dict[Key, _Making[Value]] = {}

    async def get(self, key: Key, make: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """The result for ``key``, by ``make`` unless it is kept or being made; errors are not kept.

        Making goes on while anyone waits for it and is cancelled with the last of them.
        """
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = _Making(asyncio.create_task(self._make(key, make)))
        making.waiting += 1
        try:
            return await asyncio.shield(making.task)
        finally:
            making.waiting -= 1
            if not making.waiting:
                making.task.cancel()  # does nothing to a task that is done
                del self._making[key]

    async def _make(self, key: Key, make: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        value = await make()
        if self._keep(value):
            self._kept[key] = value
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)
        return value
