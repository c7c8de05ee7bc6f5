"""Charts as inline SVG; colours come from the page's style sheet."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from core.metrics import Numbers

WIDTH, HEIGHT = 480, 250
LEFT, RIGHT, TOP, BOTTOM = 46, 18, 8, 34  # margins around the plot
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0)  # between lines of a grid over shares
MOST_LINES = 6
BINS = 24

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a chart."""

    title: str
    low: float
    high: float
    ticks: Sequence[float]
    label: Callable[[float], str] = lambda value: f"{value:g}"

    def part(self, value: float) -> float:
        """Where a value stands between the ends, in [0, 1]."""
        inside = min(max(value, self.low), self.high)
        return (inside - self.low) / ((self.high - self.low) or 1)


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one colour."""

    style: str  # class in the style sheet
    points: Sequence[Point]
    tips: Sequence[str] = ()  # a dot with a tip for each point; without, a line alone
    sizes: Sequence[float] = ()  # radius of each dot
    line: bool = True
    filled: bool = False  # down to the bottom


def shares(title: str, low: float = 0.0, high: float = 1.0) -> Axis:
    """An axis of shares that holds ``low`` and ``high``, widened to whole grid lines."""
    ticks = _ticks(low, high)
    return Axis(title, ticks[0], ticks[-1], ticks, lambda value: f"{100 * value:.0f} %")


def chart(
    about: str, x: Axis, y: Axis, series: Sequence[Series], *, marks: Sequence[Point] = ()
) -> str:
    """Draw series over a grid.

    Args:
        about: what the chart shows, for those who cannot see it.
        x: horizontal axis.
        y: vertical axis.
        series: drawn in this order.
        marks: ends of a dashed line of reference, if there is one.
    """

    def at(point: Point) -> str:
        across = LEFT + x.part(point[0]) * (WIDTH - LEFT - RIGHT)
        down = HEIGHT - BOTTOM - y.part(point[1]) * (HEIGHT - TOP - BOTTOM)
        return f"{across:.1f} {down:.1f}"

    parts = [_grid(x, y, at)]
    if marks:
        parts.append(f'<path class="mark" d="M{"L".join(at(mark) for mark in marks)}"/>')
    for drawn in series:
        if drawn.line and len(drawn.points) > 1:
            path = "M" + "L".join(at(point) for point in drawn.points)
            parts.append(f'<path class="line {drawn.style}" d="{path}"/>')
            if drawn.filled:
                ends = (drawn.points[-1][0], y.low), (drawn.points[0][0], y.low)
                path += "".join(f"L{at(end)}" for end in ends) + "z"
                parts.append(f'<path class="area {drawn.style}" d="{path}"/>')
        for number, tip in enumerate(drawn.tips):
            radius = drawn.sizes[number] if drawn.sizes else 3.5
            across, down = at(drawn.points[number]).split()
            parts.append(
                f'<circle class="{drawn.style}" cx="{across}" cy="{down}" r="{radius:.1f}">'
                f"<title>{escape(tip)}</title></circle>"
            )
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(about)}">{"".join(parts)}</svg>'
    )


def outline(values: Numbers, low: float, high: float) -> list[Point]:
    """Points of a histogram of ``values`` over [low, high], highest bar 1; none for no values."""
    if not len(values):
        return []
    counts, edges = np.histogram(np.clip(values, low, high), BINS, (low, high))
    heights = counts / counts.max()
    return [
        point
        for height, left, right in zip(heights, edges[:-1], edges[1:], strict=True)
        for point in ((float(left), float(height)), (float(right), float(height)))
    ]


def _ticks(low: float, high: float) -> list[float]:
    """Round values that hold ``low`` and ``high`` between them."""
    span = max(high - low, STEPS[0])
    step = next(step for step in STEPS if span / step <= MOST_LINES)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 4) for number in range(first, max(last, first + 1) + 1)]


def _grid(x: Axis, y: Axis, at: Callable[[Point], str]) -> str:
    lines = []
    for value in y.ticks:
        across, down = at((x.low, value)).split()
        lines.append(f'<path class="grid" d="M{across} {down}H{WIDTH - RIGHT}"/>')
        lines.append(
            f'<text x="{LEFT - 6}" y="{float(down) + 3.5:.1f}" class="end">{y.label(value)}</text>'
        )
    for value in x.ticks:
        across, _ = at((value, y.low)).split()
        lines.append(
            f'<text x="{across}" y="{HEIGHT - BOTTOM + 14}" class="middle">{x.label(value)}</text>'
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    lines.append(
        f'<text x="{middle}" y="{HEIGHT - 4}" class="middle axis">{escape(x.title)}</text>'
        f'<text transform="translate(10 {(HEIGHT - BOTTOM + TOP) / 2}) rotate(-90)" '
        f'class="middle axis">{escape(y.title)}</text>'
    )
    return "".join(lines)
