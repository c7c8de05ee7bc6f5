"""News of the local Telegram for whoever watches it: the chat page, a test."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened."""

    kind: str  # message, edited, deleted, action, keyboard, menu, call
    content: Any  # of this kind; mostly an object in Bot API form


class Feed:
    """Hands every event to every subscriber."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Event | None]] = set()

    def publish(self, kind: str, content: Any) -> None:
        """Tell all subscribers; one who lags too far behind is let go."""
        for queue in list(self._queues):
            try:
                queue.put_nowait(Event(kind, content))
            except asyncio.QueueFull:
                self._end(queue)

    @contextmanager
    def subscribe(self, backlog: int = 2000) -> Iterator["asyncio.Queue[Event | None]"]:
        """Events from now on; None ends them: the subscriber was too slow, or all is over."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue(backlog)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    def close(self) -> None:
        """End every subscription."""
        for queue in list(self._queues):
            self._end(queue)

    def _end(self, queue: "asyncio.Queue[Event | None]") -> None:
        self._queues.discard(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)
