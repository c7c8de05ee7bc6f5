"""What people on a sandbox get from the bot."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bot.sandbox.feed import Event
from bot.sandbox.server import Sandbox
from bot.sandbox.telegram import Call

SENDS = frozenset({"sendMessage", "sendPhoto", "sendMediaGroup", "sendVenue", "sendLocation"})


@dataclass(frozen=True, slots=True)
class Sent:
    """One message or album: what people see of it."""

    method: str
    messages: list[dict[str, Any]]
    pictures: list[bytes]

    @property
    def texts(self) -> list[str]:
        """The text, or the captions."""
        return [m.get("text") or m.get("caption") or "" for m in self.messages]

    @property
    def reply_to(self) -> int:
        """The message it answers."""
        number: int = self.messages[0]["reply_to_message"]["message_id"]
        return number


class Answers:
    """What the bot sends, in order."""

    def __init__(self, sandbox: Sandbox, queue: "asyncio.Queue[Event | None]") -> None:
        self._files = sandbox.telegram.files
        self._storage = sandbox.telegram.channel.chat_id
        self._queue = queue

    async def next(self) -> Sent:
        """The next message or album to a person or the group; waits for it."""
        async with asyncio.timeout(60):
            while True:
                event = await self._queue.get()
                assert event is not None, "the listener did not keep up"
                call = event.content
                if isinstance(call, Call) and call.method in SENDS and call.status == 200:
                    messages = call.result if isinstance(call.result, list) else [call.result]
                    if messages[0]["chat"]["id"] != self._storage:
                        return Sent(call.method, messages, self._pictures(messages))

    def _pictures(self, messages: list[dict[str, Any]]) -> list[bytes]:
        largest = [m["photo"][-1]["file_id"] for m in messages if "photo" in m]
        return [self._files.by_id(file_id).read() for file_id in largest]


@contextmanager
def answers(sandbox: Sandbox) -> Iterator[Answers]:
    """Listen to what the bot sends from now on."""
    with sandbox.telegram.feed.subscribe(backlog=100_000) as queue:
        yield Answers(sandbox, queue)
