"""Outcomes broken down: by category, city and place, pairs that are confused, and curves."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.kinds import kind_label
from core.metrics import (
    calibration_bins,
    hit_at,
    mean_reciprocal_rank,
    risk_coverage,
)
from core.places import Place
from offline.evaluating.outcomes import PhotoOutcome, TextOutcome

CURVE_LENGTH = 10  # ranks of the recall curve
CURVE_POINTS = 60  # of a risk-coverage curve


@dataclass(frozen=True, slots=True)
class Part:
    """Figures of some of the queries."""

    key: str
    label: str
    queries: int
    hit_1: float
    hit_5: float
    mrr: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """Photos of one place that were taken for another."""

    place_id: str
    answer: str  # place_id
    count: int
    claimed: int  # of them, how many with confidence
    example: PhotoOutcome  # the one with the largest stated share


def by_place(outcomes: Sequence[PhotoOutcome], places: Mapping[str, Place]) -> list[Part]:
    """Figures of each place, the worst first."""
    parts = _parts(outcomes, lambda outcome: [outcome.place_id], lambda key: places[key].name)
    return sorted(parts, key=lambda part: (part.hit_1, part.mrr, part.key))


def by_city(outcomes: Sequence[PhotoOutcome], places: Mapping[str, Place]) -> list[Part]:
    """Figures of each city, the one with the most photos first."""
    return _parts(outcomes, lambda outcome: [places[outcome.place_id].city], str)


def by_category(outcomes: Sequence[PhotoOutcome], places: Mapping[str, Place]) -> list[Part]:
    """Figures of the places of each category, the one with the most photos first.

    A place counts in each of its categories.
    """
    return _parts(outcomes, lambda outcome: places[outcome.place_id].kinds, _label)


def by_how(outcomes: Sequence[TextOutcome]) -> list[dict[str, Any]]:
    """Figures of each kind of query and language, kinds in the order they come."""
    groups: dict[tuple[str, str], list[TextOutcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.how, outcome.language].append(outcome)
        groups[outcome.how, "all"].append(outcome)
    order = list(dict.fromkeys(outcome.how for outcome in outcomes))
    return [
        {
            "how": how,
            "lang": language,
            "queries": len(group),
            "hit_1": round(hit_at(_ranks(group), 1), 4),
            "precision_5": round(float(np.mean([outcome.precision for outcome in group])), 4),
            "mrr": round(mean_reciprocal_rank(_ranks(group)), 4),
            "refused": round(float(np.mean([not outcome.answers for outcome in group])), 4),
        }
        for (how, language), group in sorted(
            groups.items(), key=lambda item: (order.index(item[0][0]), item[0][1] != "all", item[0])
        )
    ]


def confusions(outcomes: Iterable[PhotoOutcome]) -> list[Confusion]:
    """Pairs of places that are confused, the most frequent first."""
    pairs: dict[tuple[str, str], list[PhotoOutcome]] = defaultdict(list)
    for outcome in outcomes:
        if not outcome.right and outcome.answer:
            pairs[outcome.place_id, outcome.answer].append(outcome)
    found = [
        Confusion(
            place_id=place_id,
            answer=answer,
            count=len(pair),
            claimed=sum(outcome.confident for outcome in pair),
            example=max(pair, key=lambda outcome: (outcome.confident, outcome.share)),
        )
        for (place_id, answer), pair in pairs.items()
    ]
    return sorted(found, key=lambda c: (-c.count, -c.claimed, -c.example.share, c.place_id))


def curves(outcomes: Sequence[PhotoOutcome]) -> dict[str, Any]:
    """Recall at 1..10, calibration of the stated share, and risk against coverage."""
    ranks, right = _ranks(outcomes), np.array([outcome.right for outcome in outcomes])
    shares = np.array([outcome.share for outcome in outcomes])
    curve = risk_coverage(shares, right)
    points = np.unique(np.linspace(0, len(shares) - 1, CURVE_POINTS).astype(int))
    claimed = [outcome for outcome in outcomes if outcome.confident]
    wrong = sum(not outcome.right for outcome in claimed)
    return {
        "recall": [round(hit_at(ranks, k), 4) for k in range(1, CURVE_LENGTH + 1)],
        "calibration": [
            {"count": bin_.count, "stated": round(bin_.stated, 4), "right": round(bin_.right, 4)}
            for bin_ in calibration_bins(shares, right)
        ],
        "risk_coverage": [
            [round(float(curve.coverage[at]), 4), round(float(curve.risk[at]), 4)] for at in points
        ],
        "claimed": [
            round(len(claimed) / len(outcomes), 4),
            round(wrong / len(claimed), 4) if claimed else 0.0,
        ],
    }


def _label(kind: str) -> str:
    return kind_label(kind, "en")


def _parts(
    outcomes: Iterable[PhotoOutcome],
    keys: Callable[[PhotoOutcome], Iterable[str]],
    label: Callable[[str], str],
) -> list[Part]:
    """Figures of the outcomes of each key, the key with the most first."""
    groups: dict[str, list[PhotoOutcome]] = defaultdict(list)
    for outcome in outcomes:
        for key in keys(outcome):
            groups[key].append(outcome)
    return [
        Part(
            key=key,
            label=label(key),
            queries=len(group),
            hit_1=round(hit_at(_ranks(group), 1), 4),
            hit_5=round(hit_at(_ranks(group), 5), 4),
            mrr=round(mean_reciprocal_rank(_ranks(group)), 4),
        )
        for key, group in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _ranks(outcomes: Sequence[PhotoOutcome] | Sequence[TextOutcome]) -> np.ndarray[Any, Any]:
    return np.array([outcome.rank for outcome in outcomes], dtype=np.float64)
