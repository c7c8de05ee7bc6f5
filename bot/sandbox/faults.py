"""Trouble on demand: broken answers, requests kept waiting, flood limits. For tests."""

import asyncio
import math
import random
from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic

from bot.sandbox.refusals import Refused, too_many_requests


class Trouble(StrEnum):
    """A way for a request to go wrong."""

    FLOOD = "flood"  # 429 with retry_after
    BAD_GATEWAY = "bad gateway"  # 502 with a page of HTML
    CUT_JSON = "cut json"  # an answer that ends in the middle
    RESET = "reset"  # the connection breaks
    SLOW = "slow"  # a good answer, late
    REFUSED = "refused"  # as told


STORM = (Trouble.FLOOD, Trouble.BAD_GATEWAY, Trouble.CUT_JSON, Trouble.RESET, Trouble.SLOW)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request."""

    trouble: Trouble
    delivered: bool = False  # whether it takes effect nevertheless: BAD_GATEWAY, CUT_JSON, RESET
    seconds: float = 1  # to wait, or to be told to wait
    refusal: Refused | None = None  # of REFUSED


@dataclass(slots=True)
class Hold:
    """Requests of one method kept waiting."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)  # at least one has come
    released: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Storm:
    left: int
    rate: float
    troubles: Sequence[Trouble]
    spared: Collection[str]
    chance: random.Random


class Faults:
    """Decides what goes wrong next; nothing does unless ordered.

    A method is named as in the Bot API; "download" is the fetching of a file.
    """

    def __init__(self) -> None:
        self.happened: deque[tuple[str, Fault]] = deque(maxlen=10_000)
        self._planned: dict[str, deque[Fault]] = defaultdict(deque)
        self._holds: dict[str, Hold] = {}
        self._storm: _Storm | None = None

    def plan(self, method: str, *faults: Fault) -> None:
        """Let the next requests of ``method`` go wrong, in this order."""
        self._planned[method].extend(faults)

    def refuse(self, method: str, code: int, description: str, **parameters: int) -> None:
        """Let the next request of ``method`` be refused in these words."""
        refusal = Refused(code, description, **parameters)
        self.plan(method, Fault(Trouble.REFUSED, refusal=refusal))

    def storm(
        self,
        count: int,
        *,
        rate: float,
        seed: int,
        troubles: Sequence[Trouble] = STORM,
        spared: Collection[str] = (),
    ) -> None:
        """Let about one request in ``1 / rate`` go wrong, at random, until ``count`` have."""
        chance = random.Random(seed)  # noqa: S311  (repeatable, not secret)
        self._storm = _Storm(count, rate, troubles, frozenset(spared), chance)

    @property
    def storm_left(self) -> int:
        """Faults of the storm that are still to come."""
        return self._storm.left if self._storm else 0

    @contextmanager
    def hold(self, method: str) -> Iterator[Hold]:
        """Keep requests of ``method`` waiting until released, or until the block ends."""
        hold = self._holds[method] = Hold()
        try:
            yield hold
        finally:
            del self._holds[method]
            hold.released.set()

    async def waiting_over(self, method: str) -> None:
        """Wait as long as requests of ``method`` are held."""
        if hold := self._holds.get(method):
            hold.asked.set()
            await hold.released.wait()

    def next_for(self, method: str) -> Fault | None:
        """What goes wrong with the request of ``method`` that has just come."""
        planned = self._planned.get(method)
        fault = planned.popleft() if planned else self._from_storm(method)
        if fault:
            self.happened.append((method, fault))
        return fault

    def _from_storm(self, method: str) -> Fault | None:
        storm = self._storm
        if storm is None or not storm.left or method in storm.spared:
            return None
        if storm.chance.random() >= storm.rate:
            return None
        storm.left -= 1
        trouble = storm.chance.choice(list(storm.troubles))
        seconds = storm.chance.uniform(0.1, 1.0) if trouble is Trouble.SLOW else 1
        return Fault(trouble, delivered=storm.chance.random() < 0.5, seconds=seconds)


@dataclass(frozen=True, slots=True)
class FloodLimits:
    """How much a bot may send; Telegram's own figures by default."""

    overall_per_s: int = 30
    chat_per_s: int = 1
    group_per_min: int = 20  # every picture of an album counts


class FloodGate:
    """Counts what is sent and refuses what exceeds the limits."""

    def __init__(self, limits: FloodLimits | None) -> None:
        self._limits = limits
        self._overall: deque[float] = deque()
        self._chats: dict[int, deque[float]] = defaultdict(deque)
        self._groups: dict[int, deque[float]] = defaultdict(deque)

    def count(self, chat_id: int, messages: int) -> None:
        """Count a request that sends ``messages`` to a chat.

        Raises:
            Refused: it comes too early; it is not counted then.
        """
        if self._limits is None:
            return
        now = monotonic()
        waits = [
            _wait(self._overall, 1, self._limits.overall_per_s, 1, now),
            _wait(self._chats[chat_id], 1, self._limits.chat_per_s, 1, now),
        ]
        if chat_id < 0:
            limit = self._limits.group_per_min
            waits.append(_wait(self._groups[chat_id], messages, limit, 60, now))
        if any(waits):
            raise too_many_requests(math.ceil(max(waits)))
        self._overall.append(now)
        self._chats[chat_id].append(now)
        self._groups[chat_id].extend([now] * messages)


def _wait(times: deque[float], more: int, limit: int, window_s: float, now: float) -> float:
    """Seconds until ``more`` events fit among ``limit`` in a window; 0 when they fit now."""
    while times and times[0] <= now - window_s:
        times.popleft()
    excess = len(times) + more - limit
    if excess <= 0 or not times:
        return 0
    return times[min(excess, len(times)) - 1] + window_s - now
