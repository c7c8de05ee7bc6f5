"""Where people are, for as long as they may want it known; in memory only."""

import time
from collections import OrderedDict
from collections.abc import Callable

from core.places import Point

KEPT_S = 30 * 60
MAX_LIVE_S = 8 * 3600  # Telegram's longest live location but for one without an end
MAX_PEOPLE = 10_000


class Locations:
    """The last known position of each person; the one heard of longest ago goes first."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[int, tuple[Point, float]] = OrderedDict()  # until when

    def remember(self, user_id: int, point: Point, *, live_s: float = 0) -> None:
        """Keep a position for a while, a live one at least until its ``live_s`` are over."""
        self._drop_old()
        until = self._clock() + max(KEPT_S, min(live_s, MAX_LIVE_S))
        self._known[user_id] = (point, until)
        self._known.move_to_end(user_id)
        if len(self._known) > MAX_PEOPLE:
            self._known.popitem(last=False)

    def of(self, user_id: int) -> Point | None:
        """Where the person is; None when that is not known, or no longer."""
        self._drop_old()
        point, _ = self._known.get(user_id, (None, 0.0))
        return point

    def forget(self, user_id: int) -> None:
        """Know nothing of the person any more."""
        self._known.pop(user_id, None)

    def __len__(self) -> int:
        return len(self._known)

    def _drop_old(self) -> None:
        now = self._clock()
        for user_id in [user for user, (_, until) in self._known.items() if until <= now]:
            self.forget(user_id)
