"""Messages no faster than Telegram takes them."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

# Telegram: one message a second in a chat, 20 a minute in a group, about 30 a second in all. Kept
# with a little room: what leaves here evenly may arrive there unevenly.
IN_A_CHAT = (1, 1.05)  # messages, seconds
IN_A_GROUP = (20, 61.0)
OVERALL = (28, 1.0)
IDLE_S = 120  # a chat without messages for so long is forgotten
MANY_CHATS = 1000


class Pace:
    """Up to ``limit`` messages in any ``period_s`` seconds."""

    def __init__(self, limit: int, period_s: float) -> None:
        self._limit = limit
        self._period_s = period_s
        self._sent: deque[float] = deque(maxlen=limit)  # when, oldest first

    def wait_s(self, now: float, messages: int = 1) -> float:
        """Seconds until so many messages may be sent; more than the limit count as the limit."""
        may_remain = self._limit - min(messages, self._limit)
        if len(self._sent) <= may_remain:
            return 0
        return max(0, self._sent[-may_remain - 1] + self._period_s - now)

    def note(self, now: float, messages: int = 1) -> None:
        """Remember that they are sent now."""
        self._sent.extend([now] * messages)


class _ChatPace:
    """What is known of one chat."""

    def __init__(self, *, group: bool) -> None:
        self.turn = asyncio.Lock()  # those who wait come in the order they asked
        self.each_second = Pace(*IN_A_CHAT)
        self.each_minute = Pace(*IN_A_GROUP) if group else None
        self.not_before = 0.0
        self.used = 0.0

    def wait_s(self, now: float, messages: int) -> float:
        """Seconds until an album of so many photos, or one message, may be sent here."""
        in_a_minute = self.each_minute.wait_s(now, messages) if self.each_minute else 0
        return max(self.not_before - now, self.each_second.wait_s(now), in_a_minute)

    def note(self, now: float, messages: int) -> None:
        self.used = now
        self.each_second.note(now)
        if self.each_minute:
            self.each_minute.note(now, messages)


class Pacer:
    """Gives everybody who sends a turn: in order within a chat, fairly between chats."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._chats: dict[int | str, _ChatPace] = {}
        self._overall = Pace(*OVERALL)
        self._overall_turn = asyncio.Lock()

    @asynccontextmanager
    async def turn(self, chat_id: int | str, messages: int = 1) -> AsyncIterator[None]:
        """Wait until so many messages may be sent to a chat in one request; send them inside.

        The next turn in that chat counts from the end of this one: an upload takes its time, and
        Telegram counts what has arrived.
        """
        chat = self._chat(chat_id)
        async with chat.turn:
            while (wait_s := chat.wait_s(self._clock(), messages)) > 0:
                await self._sleep(wait_s)
            async with self._overall_turn:
                while (wait_s := self._overall.wait_s(self._clock(), messages)) > 0:
                    await self._sleep(wait_s)
                self._overall.note(self._clock(), messages)
            try:
                yield
            finally:
                chat.note(self._clock(), messages)

    def hold(self, chat_id: int | str, seconds: float) -> None:
        """Send nothing to a chat for so long: Telegram has asked for it."""
        chat = self._chat(chat_id)
        chat.not_before = max(chat.not_before, self._clock() + seconds)

    async def pause(self, seconds: float) -> None:
        """Wait, on the same clock."""
        await self._sleep(seconds)

    def _chat(self, chat_id: int | str) -> _ChatPace:
        if chat_id not in self._chats:
            if len(self._chats) >= MANY_CHATS:
                self._forget_idle_chats()
            in_group = isinstance(chat_id, str) or chat_id < 0
            self._chats[chat_id] = _ChatPace(group=in_group)
        return self._chats[chat_id]

    def _forget_idle_chats(self) -> None:
        now = self._clock()
        self._chats = {
            chat_id: chat
            for chat_id, chat in self._chats.items()
            if chat.turn.locked() or now < max(chat.used + IDLE_S, chat.not_before)
        }
