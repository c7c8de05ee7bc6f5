"""A histogram of scores as inline SVG."""

import math
from collections.abc import Iterable

import numpy as np

BINS = 48
WIDTH, HEIGHT = 240, 52  # of the plot; below it stand the figures
FIGURES = 12


def histogram(scores: Iterable[float], threshold: float) -> str:
    """Draw how scores are spread, with the threshold; bars from it on stand out.

    Heights grow with the logarithm of the count, or the few candidates could not be seen beside
    thousands of good photos. Scores that are no finite number are left out; "" if none is left.
    """
    finite = np.array([score for score in scores if math.isfinite(score)], dtype=np.float64)
    if not finite.size:
        return ""
    marks = [threshold] if math.isfinite(threshold) else []
    low, high = min([finite.min(), *marks]), max([finite.max(), *marks])
    width = (high - low) or 1.0
    over = finite >= threshold
    counts = {
        name: np.histogram(finite[part], BINS, (low, low + width))[0]
        for name, part in (("under", ~over), ("over", over))
    }
    tallest = math.log1p(max(int(part.max()) for part in counts.values()))
    bars = "".join(
        f'<path class="{name}" d="{_bars(part, tallest)}"/>' for name, part in counts.items()
    )
    at = (threshold - low) / width * WIDTH if marks else WIDTH
    anchor = "end" if at > WIDTH * 0.8 else "start" if at < WIDTH * 0.2 else "middle"
    base = HEIGHT + FIGURES - 2
    figures = "".join(
        f'<text x="{x}" y="{base}" text-anchor="{side}">{value:.3g}</text>'
        for x, side, value in ((0, "start", low), (WIDTH, "end", high))
        if abs(x - at) > WIDTH * 0.25  # else it would stand in the threshold's own figure
    )
    return (
        f'<svg class="histogram" viewBox="0 0 {WIDTH} {HEIGHT + FIGURES}" role="img" '
        f'aria-label="{finite.size} scores from {low:.3g} to {high:.3g}, '
        f'{int(over.sum())} from {threshold:.3g} on">{bars}'
        f'<line x1="0" x2="{WIDTH}" y1="{HEIGHT}" y2="{HEIGHT}"/>'
        f'<line class="threshold" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{HEIGHT}"/>{figures}'
        f'<text class="at" x="{at:.1f}" y="{base}" text-anchor="{anchor}">{threshold:.3g}</text>'
        "</svg>"
    )


def _bars(counts: Iterable[int], tallest: float) -> str:
    """Bars as one path."""
    step = WIDTH / BINS
    drawn = []
    for n, count in enumerate(counts):
        if count:
            height = max(1.5, math.log1p(count) / tallest * (HEIGHT - 4))
            drawn.append(f"M{n * step:.1f} {HEIGHT}v-{height:.1f}h{step - 1:.1f}v{height:.1f}z")
    return "".join(drawn)
