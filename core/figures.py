"""Figures about a process at work, in the text format that Prometheus collects."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

Labels = tuple[str, ...]


class Counter:
    """A number that only grows, one for every combination of labels."""

    kind = "counter"

    def __init__(self, name: str, about: str, labels: Labels = ()) -> None:
        self.name, self.about, self._labels = name, about, labels
        self._values: dict[Labels, float] = defaultdict(float)

    def add(self, *labels: str, by: float = 1) -> None:
        """Count for a combination of labels, in the order they were declared."""
        self._values[labels] += by

    def samples(self) -> Iterator[str]:
        """The lines of the text format."""
        for labels, value in sorted(self._values.items()):
            yield f"{self.name}{_braces(self._labels, labels)} {value:g}"


class Gauge:
    """A number that is read when somebody looks."""

    kind = "gauge"

    def __init__(self, name: str, about: str, read: Callable[[], float]) -> None:
        self.name, self.about, self._read = name, about, read

    def samples(self) -> Iterator[str]:
        """The line of the text format."""
        yield f"{self.name} {self._read():g}"


class Histogram:
    """How many observations were up to each bound, for every combination of labels."""

    kind = "histogram"

    def __init__(
        self, name: str, about: str, labels: Labels = (), bounds: Sequence[float] = SECONDS
    ) -> None:
        self.name, self.about, self._labels, self._bounds = name, about, labels, tuple(bounds)
        self._counts: dict[Labels, list[int]] = defaultdict(lambda: [0] * (len(bounds) + 1))
        self._sums: dict[Labels, float] = defaultdict(float)

    def observe(self, value: float, *labels: str) -> None:
        """Add one observation for a combination of labels."""
        self._counts[labels][bisect_left(self._bounds, value)] += 1
        self._sums[labels] += value

    def samples(self) -> Iterator[str]:
        """The lines of the text format; every bound counts what is below it as well."""
        names = (*self._labels, "le")
        for labels, counts in sorted(self._counts.items()):
            below = 0
            for bound, count in zip((*self._bounds, "+Inf"), counts, strict=True):
                below += count
                yield f"{self.name}_bucket{_braces(names, (*labels, str(bound)))} {below}"
            yield f"{self.name}_sum{_braces(self._labels, labels)} {self._sums[labels]:g}"
            yield f"{self.name}_count{_braces(self._labels, labels)} {below}"


def exposition(figures: Iterable[Counter | Gauge | Histogram]) -> str:
    """All of them, in Prometheus' text format."""
    lines: list[str] = []
    for figure in figures:
        lines += [f"# HELP {figure.name} {figure.about}", f"# TYPE {figure.name} {figure.kind}"]
        lines += figure.samples()
    return "\n".join(lines) + "\n"


def _braces(names: Labels, values: Labels) -> str:
    if not names:
        return ""
    return "{" + ",".join(f'{n}="{_escape(v)}"' for n, v in zip(names, values, strict=True)) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
