"""How good answers are, in numbers; pure.

A rank is the 1-based position of the first right answer, ``inf`` where there is none. Shares of
nothing are ``nan``.
"""

import math
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]  # (n,)
Flags = NDArray[np.bool_]  # (n,)
Rows = NDArray[np.int64]  # (n,)

ROUNDS = 1000
LEVEL = 0.95  # of intervals
BINS = 10  # of stated shares


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure may as well have fallen, had other places been asked about."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers whose stated shares are alike."""

    count: int
    stated: float  # mean share, in [0, 1]
    right: float  # part of the answers that are right, in [0, 1]


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """What is lost by answering more; the surest answers first."""

    coverage: Numbers  # (n,): part of the queries answered, rising to 1
    risk: Numbers  # (n,): part of the given answers that are wrong


@dataclass(frozen=True, slots=True)
class Resample:
    """One draw of a bootstrap."""

    rows: Rows  # (m,): rows of the sample, with repetitions
    groups: Rows  # (m,): number of the draw each row came with; a group drawn twice has two


def rank_of(answers: Iterable[Hashable], relevant: Collection[Hashable]) -> float:
    """Rank of the first relevant one of ``answers``, best first."""
    ranks = (rank for rank, answer in enumerate(answers, start=1) if answer in relevant)
    return next(ranks, math.inf)


def hit_at(ranks: Numbers, k: int) -> float:
    """Part of the queries (n,) with a right answer among the first ``k``."""
    return _mean(ranks <= k)


def mean_reciprocal_rank(ranks: Numbers) -> float:
    """Mean of 1 / rank over the queries (n,); a query without a right answer counts 0."""
    return _mean(1 / ranks)


def precision_at(answers: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """Part of the first ``k`` places of an answer that is relevant; missing answers are not."""
    return sum(answer in relevant for answer in answers[:k]) / k


def mean_over_groups(values: NDArray[np.floating] | Flags, groups: Rows) -> float:
    """Mean (macro average) of the means of the groups, so that each group counts the same.

    Args:
        values: (n,).
        groups: the group of each value, numbered from 0, (n,).
    """
    counts = np.bincount(groups)
    sums = np.bincount(groups, weights=np.asarray(values, dtype=np.float64))
    there = counts > 0
    return _mean(sums[there] / counts[there])


def auroc(positive: Numbers, negative: Numbers) -> float:
    """Chance that a positive scores higher than a negative, ties counting half.

    Source: the area under the ROC curve is the Mann-Whitney statistic (Hanley & McNeil 1982).
    """
    if not len(positive) or not len(negative):
        return math.nan
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    not_above = np.searchsorted(ordered, positive, side="right")
    return float((below + not_above).sum() / 2 / len(positive) / len(negative))


def false_positive_rate(positive: Numbers, negative: Numbers, *, kept: float = 0.95) -> float:
    """Part of the negatives that pass the highest threshold which ``kept`` of the positives pass.

    What reaches the threshold passes it.
    """
    if not len(positive) or not len(negative):
        return math.nan
    # The tiny step keeps 0.56 * 25 from being 14.000000000000002 and asking for one more.
    needed = max(1, math.ceil(kept * len(positive) - 1e-9))
    threshold = np.sort(positive)[::-1][needed - 1]
    return _mean(negative >= threshold)


def risk_coverage(scores: Numbers, right: Flags) -> RiskCoverage:
    """Risk of answering only the queries (n,) with the highest scores, for every number of them.

    Equal scores are answered together: a curve point among them has the risk of them all.

    Source: El-Yaniv & Wiener, "On the Foundations of Noise-free Selective Classification", 2010.
    """
    order = np.argsort(-scores, kind="stable")
    descending = -scores[order]
    answered = np.searchsorted(descending, descending, side="right")
    wrong = np.cumsum(~right[order])[answered - 1]
    return RiskCoverage(answered / len(scores), wrong / answered)


def calibration_bins(stated: Numbers, right: Flags, *, bins: int = BINS) -> list[Bin]:
    """Group answers by stated share into ``bins`` equal parts of [0, 1], lowest first.

    Parts without an answer are left out.
    """
    part = np.minimum((stated * bins).astype(np.int64), bins - 1)
    return [
        Bin(int(inside.sum()), float(stated[inside].mean()), float(right[inside].mean()))
        for inside in (part == number for number in range(bins))
        if inside.any()
    ]


def expected_calibration_error(stated: Numbers, right: Flags, *, bins: int = BINS) -> float:
    """Mean distance between the stated share of an answer and how often such answers are right.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3.
    """
    grouped = calibration_bins(stated, right, bins=bins)
    answers = sum(bin_.count for bin_ in grouped)
    if not answers:
        return math.nan
    return sum(bin_.count * abs(bin_.stated - bin_.right) for bin_ in grouped) / answers


def resamples(
    groups: Rows, *, strata: Rows | None = None, rounds: int = ROUNDS, seed: int = 0
) -> Iterator[Resample]:
    """Draw whole groups with replacement, as many as there are, ``rounds`` times.

    Photos of one place resemble one another, so places are drawn, not photos.

    Args:
        groups: the group of each row, (n,); not empty.
        strata: as many groups are drawn from each stratum as it has, (n,); by default all are one.
        rounds: how many samples to draw.
        seed: equal seeds give equal samples.

    Source: Davison & Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8.
    """
    random = np.random.default_rng(seed)
    layers = np.zeros(len(groups), dtype=np.int64) if strata is None else strata
    members = [
        [np.flatnonzero((layers == layer) & (groups == group)) for group in np.unique(inside)]
        for layer in np.unique(layers)
        for inside in [groups[layers == layer]]
    ]
    for _ in range(rounds):
        drawn = [
            layer[number]
            for layer in members
            for number in random.integers(len(layer), size=len(layer))
        ]
        draws = np.repeat(np.arange(len(drawn)), [len(rows) for rows in drawn])
        yield Resample(np.concatenate(drawn), draws)


def interval(figures: Sequence[float], *, level: float = LEVEL) -> Interval:
    """The middle ``level`` of what a figure was in resamples (percentile bootstrap).

    Resamples in which it was undefined (``nan``) do not count.
    """
    defined = np.array([figure for figure in figures if not math.isnan(figure)])
    if not len(defined):
        return Interval(math.nan, math.nan)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def _mean(values: NDArray[np.floating] | Flags) -> float:
    return float(np.mean(values)) if len(values) else math.nan
