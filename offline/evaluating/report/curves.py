"""The charts of the page."""

from collections.abc import Iterator, Sequence
from html import escape
from math import sqrt

import numpy as np

from core.metrics import calibration_bins, hit_at, risk_coverage
from offline.evaluating.evaluation import Evaluation
from offline.evaluating.measures import SMALL
from offline.evaluating.outcomes import PhotoOutcome
from offline.evaluating.report.charts import Axis, Series, chart, outline, shares
from offline.evaluating.tables import CURVE_LENGTH, CURVE_POINTS

LABELS = {"gallery": "gallery", "queries": "labelled photos"}


def charts(evaluation: Evaluation) -> Iterator[str]:
    """Recall, calibration, risk against coverage and, if asked about, known beside unknown."""
    outcomes = evaluation.asked.outcomes
    asked = {"gallery": outcomes.gallery, "queries": outcomes.queries}
    sets = {name: photos for name, photos in asked.items() if photos}
    legend = [(name, LABELS[name]) for name in sets]
    if sets:
        yield _plot("Recall", "the place is among the first answers", _recall(sets), legend)
        yield _plot(
            "Calibration",
            "on the dashed line shares mean what they say; larger dots stand for more answers",
            _calibration(sets),
            legend,
        )
        yield _plot(
            "Risk and coverage",
            "wrong answers if only the surest are given; a ring where answers are claimed now",
            _risk(sets),
            legend,
        )
    small = _small_galleries(evaluation)
    if small:
        yield _plot(
            "Fewer photos",
            "galleries of a few photos of each place, asked about the others; bars: 95 % range",
            small,
            [("gallery", "first answer"), ("queries", "among five")],
        )
    if outcomes.unknown and outcomes.known:
        known = "queries" if outcomes.queries else "gallery"
        least = evaluation.asked.snapshot.manifest.thresholds.min_certainty
        yield _plot(
            "Known and unknown",
            f"how sure the guide is of its first answer; dashed: claimed from {least:.3f}",
            _certainty({known: outcomes.known, "unknown": outcomes.unknown}, least),
            [(known, "known"), ("unknown", "unknown")],
        )


def _plot(title: str, meaning: str, drawn: str, legend: Sequence[tuple[str, str]]) -> str:
    keys = "".join(f'<span class="{style}"><em>{label}</em></span>' for style, label in legend)
    return (
        f'<figure class="plot"><figcaption><strong>{title}</strong>'
        f"<small>{escape(meaning)}</small></figcaption>{drawn}"
        f'<div class="legend">{keys}</div></figure>'
    )


def _recall(sets: dict[str, list[PhotoOutcome]]) -> str:
    ks = range(1, CURVE_LENGTH + 1)
    series = []
    for name, photos in sets.items():
        ranks = np.array([photo.rank for photo in photos])
        points = [(float(k), hit_at(ranks, k)) for k in ks]
        tips = [f"{LABELS[name]}: {hit:.3f} among {k:.0f}" for k, hit in points]
        series.append(Series(name, points, tips))
    lowest = min(hit for drawn in series for _, hit in drawn.points)
    x = Axis("answers", 1, CURVE_LENGTH, list(ks))
    return chart("Recall among the first answers", x, shares("recall", lowest), series)


def _calibration(sets: dict[str, list[PhotoOutcome]]) -> str:
    series = []
    for name, photos in sets.items():
        bins = calibration_bins(
            np.array([photo.share for photo in photos]), np.array([photo.right for photo in photos])
        )
        points = [(bin_.stated, bin_.right) for bin_ in bins]
        tips = [
            f"{LABELS[name]}: {bin_.count} answers, {bin_.stated:.2f} stated, {bin_.right:.2f} true"
            for bin_ in bins
        ]
        sizes = [3 + 7 * sqrt(bin_.count / len(photos)) for bin_ in bins]
        series.append(Series(name, points, tips, sizes))
    return chart(
        "Stated shares and how often such answers are right",
        shares("stated share"), shares("right"), series, marks=((0, 0), (1, 1)),
    )  # fmt: skip


def _risk(sets: dict[str, list[PhotoOutcome]]) -> str:
    series = []
    for name, photos in sets.items():
        right = np.array([photo.right for photo in photos])
        curve = risk_coverage(np.array([photo.share for photo in photos]), right)
        at = np.unique(np.linspace(0, len(photos) - 1, CURVE_POINTS).astype(int))
        points = [(float(curve.coverage[n]), float(curve.risk[n])) for n in at]
        series.append(Series(name, points))
        claimed = [photo for photo in photos if photo.confident]
        if claimed:
            here = (
                len(claimed) / len(photos),
                sum(not photo.right for photo in claimed) / len(claimed),
            )
            tip = f"{LABELS[name]}: {here[0]:.0%} claimed, {here[1]:.1%} of them wrong"
            series.append(Series(f"{name} claimed", [here], [tip], [5.0]))
    highest = max(risk for drawn in series for _, risk in drawn.points)
    return chart(
        "Wrong answers among the given ones", shares("answered"),
        shares("wrong", 0, highest), series,
    )  # fmt: skip


def _small_galleries(evaluation: Evaluation) -> str:
    """Recall by photos of each place; "" where there was too little to ask."""
    sizes = list(evaluation.asked.outcomes.small)
    if not sizes:
        return ""
    series = []
    for style, name in (("gallery", "name_hit_1"), ("queries", "name_hit_5")):
        found = [evaluation.measures[f"{SMALL}{size}"][name] for size in sizes]
        points = [(float(size), one.value) for size, one in zip(sizes, found, strict=True)]
        series += [
            Series(style, [(x, one.interval.low), (x, one.interval.high)])
            for (x, _), one in zip(points, found, strict=True)
        ]
        tips = [f"{one.value:.3f} with {size}" for size, one in zip(sizes, found, strict=True)]
        series.append(Series(style, points, tips))
    lowest = min(value for drawn in series for _, value in drawn.points)
    x = Axis("photos of each place", 0, max(sizes), [0, *sizes])
    return chart("Recall with few photos of each place", x, shares("recall", lowest), series)


def _certainty(sets: dict[str, list[PhotoOutcome]], least: float) -> str:
    scores = {name: np.array([p.certainty for p in photos]) for name, photos in sets.items()}
    x = shares("certainty")
    series = [
        Series(name, outline(part, x.low, x.high), filled=True) for name, part in scores.items()
    ]
    y = Axis("photos, each set by itself", 0, 1, ())
    about = "Certainty about photos of known and of unknown places"
    return chart(about, x, y, series, marks=((least, 0), (least, 1)))
