"""Figures about the web guide at work."""

from collections.abc import Callable

from core.figures import Counter, Gauge, Histogram, exposition


class Metrics:
    """All figures of one process. No label ever names a person or what was asked."""

    def __init__(self, answering: Callable[[], float]) -> None:
        self.requests = Counter(
            "guide_web_requests_total", "Requests answered.", ("method", "route", "status")
        )
        self.request_seconds = Histogram(
            "guide_web_request_seconds", "From a request to the end of its answer.", ("route",)
        )
        self.stage_seconds = Histogram(
            "guide_stage_seconds", "Stages of finding an answer.", ("query", "stage")
        )
        self._answering = Gauge("guide_web_answering", "Queries being answered.", answering)

    def text(self) -> str:
        """Everything, in Prometheus' text format."""
        return exposition(
            (self.requests, self.request_seconds, self.stage_seconds, self._answering)
        )
