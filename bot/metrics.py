"""Figures about the bot at work."""

import asyncio
from collections.abc import Callable
from time import perf_counter, thread_time

from core.figures import Counter, Gauge, Histogram, exposition

LAG_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1)
LOOK_EVERY_S = 0.01


class Metrics:
    """All figures of one process. No label ever names a person, a chat or what was asked."""

    def __init__(self) -> None:
        self.updates = Counter("guide_updates_total", "Updates handled.", ("type", "outcome"))
        self.update_seconds = Histogram(
            "guide_update_seconds", "From taking an update to its last answer.", ("type",)
        )
        self.stage_seconds = Histogram(
            "guide_stage_seconds", "Stages of finding an answer.", ("query", "stage")
        )
        self.requests = Counter(
            "guide_telegram_requests_total", "Requests to Telegram.", ("method", "outcome")
        )
        self.throttled = Counter(
            "guide_throttled_total", "Events left out since somebody asked too much.", ("who",)
        )
        self.loop_lag = Histogram(
            "guide_event_loop_lag_seconds",
            "How late the event loop is, looked at every 10 ms.",
            bounds=LAG_SECONDS,
        )
        self.loop_busy = Histogram(
            "guide_event_loop_busy_seconds",
            "Processor time of the event loop between two looks.",
            bounds=LAG_SECONDS,
        )
        self._all: list[Counter | Gauge | Histogram] = [
            self.updates,
            self.update_seconds,
            self.stage_seconds,
            self.requests,
            self.throttled,
            self.loop_lag,
            self.loop_busy,
        ]

    def gauge(self, name: str, about: str, read: Callable[[], float]) -> None:
        """Add a figure that is read when somebody looks."""
        self._all.append(Gauge(name, about, read))

    def text(self) -> str:
        """Everything, in Prometheus' text format."""
        return exposition(self._all)

    async def watch_loop(self) -> None:
        """Measure how late the event loop is, and how much of that is its own work; never ends."""
        while True:
            start, busy = perf_counter(), thread_time()
            await asyncio.sleep(LOOK_EVERY_S)
            self.loop_lag.observe(max(0.0, perf_counter() - start - LOOK_EVERY_S))
            self.loop_busy.observe(thread_time() - busy)
