"""Nobody asks so much that others have to wait, and no crowd fills the memory."""

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address, ip_network

from fastapi import HTTPException

MANY = 10_000  # clients remembered
BUSY_S = 2  # after which a crowd is likely to have been answered


def client_of(address: str) -> str:
    """Who asks: an IPv4 address, or the /64 network that one holder of IPv6 addresses has."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or ip_network((known, 64), strict=False))
    return str(known)


class RateLimit:
    """What each client may still ask: it grows steadily up to a minute's worth."""

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # and as of when

    def take(self, client: str) -> None:
        """Count a request.

        Raises:
            HTTPException: 429, the client has to wait.
        """
        now = self._clock()
        left, as_of = self._left.pop(client, (self._per_minute, now))
        left = min(self._per_minute, left + (now - as_of) * self._per_minute / 60)
        allowed = left >= 1
        self._left[client] = (left - allowed, now)
        if len(self._left) > MANY:
            self._left.popitem(last=False)
        if not allowed:
            wait_s = math.ceil((1 - left) * 60 / self._per_minute)
            raise HTTPException(
                429, "Too many requests from your address.", {"Retry-After": str(wait_s)}
            )


class Turns:
    """So many at the same time; the next one is told to come back."""

    def __init__(self, limit: int, *, of_one: int | None = None) -> None:
        """``of_one``: turns that one client may hold; None does not count clients."""
        self._limit = limit
        self._of_one = of_one
        self._by_client: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """Turns held right now."""
        return self._by_client.total()

    @contextmanager
    def turn(self, client: str = "") -> Iterator[None]:
        """Hold a turn inside ``with``.

        Raises:
            HTTPException: 429, the client has as many as one may; 503, all are taken.
        """
        later = {"Retry-After": str(BUSY_S)}
        if self._of_one is not None and self._by_client[client] >= self._of_one:
            raise HTTPException(429, "Too many requests from your address at once.", later)
        if self.taken >= self._limit:
            raise HTTPException(503, "Many people are asking; please try again.", later)
        self._by_client[client] += 1
        try:
            yield
        finally:
            self._by_client[client] -= 1
            if not self._by_client[client]:
                del self._by_client[client]  # no crowd fills the memory
