"""Figures with their intervals, made from outcomes."""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.metrics import (
    ROUNDS,
    Interval,
    Rows,
    auroc,
    expected_calibration_error,
    false_positive_rate,
    hit_at,
    interval,
    mean_over_groups,
    mean_reciprocal_rank,
    resamples,
)
from offline.evaluating.outcomes import Outcomes, PhotoOutcome, TextOutcome

SMALL = "small_"  # sections of small galleries: this and the photos of each place
NO_KIND = -1
ROUNDING = 1e-9  # two figures that differ by less are equal
NAMING = frozenset({"name", "typo", "translit"})  # kinds of query that name one place

Table = NDArray[Any]  # structured, one row a query
Statistic = Callable[[Table], float]

_PHOTO_FIELDS = [
    ("group", "i8"), ("kind", "i8"), ("known", "?"),
    ("rank", "f8"), ("category", "f8"), ("first_category", "f8"), ("contest_category", "f8"),
    ("share", "f8"), ("score", "f8"), ("certainty", "f8"), ("confident", "?"),
]  # fmt: skip
_TEXT_FIELDS = [
    ("group", "i8"), ("rank", "f8"), ("precision", "f8"), ("real", "?"), ("names", "?"),
    ("answered", "?"),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure and the interval its bootstrap over places gives."""

    value: float  # nan when it is of nothing
    interval: Interval
    queries: int  # in the sample it was made from

    def as_json(self) -> dict[str, float | int | None]:
        """For machines; what is undefined is null."""
        figures = (self.value, self.interval.low, self.interval.high)
        value, low, high = (None if math.isnan(f) else round(f, 4) for f in figures)
        return {"value": value, "low": low, "high": high, "queries": self.queries}


@dataclass(frozen=True, slots=True)
class Difference:
    """How a figure changed on the queries that both evaluations asked."""

    name: str
    before: float
    now: float
    interval: Interval  # of the change
    queries: int

    @property
    def exceeds(self) -> bool:
        """Whether the change is more than the choice of places explains."""
        return self.interval.low > ROUNDING or self.interval.high < -ROUNDING

    def as_json(self) -> dict[str, Any]:
        """For machines; what is undefined is null."""
        figures = (
            self.before, self.now, self.now - self.before, self.interval.low, self.interval.high,
        )  # fmt: skip
        keys = ("before", "now", "change", "low", "high")
        rounded = (None if math.isnan(figure) else round(figure, 4) for figure in figures)
        return {
            "measure": self.name,
            **dict(zip(keys, rounded, strict=True)),
            "exceeds": self.exceeds,
            "queries": self.queries,
        }


@dataclass(frozen=True, slots=True)
class Sample:
    """Queries with their answers, ready to be measured and drawn from."""

    keys: Sequence[Hashable]  # what the query is, for finding it in another evaluation
    table: Table  # its field `group` numbers the places, from which the bootstrap draws
    strata: Rows  # as many places are drawn from each


def photo_sample(outcomes: Sequence[PhotoOutcome], unknown: Sequence[PhotoOutcome] = ()) -> Sample:
    """Photos of known places and, in a stratum of their own, of unknown ones."""
    both = [*outcomes, *unknown]
    groups = _numbered((outcome.place_id, at < len(outcomes)) for at, outcome in enumerate(both))
    kinds = _numbered(outcome.kind for outcome in both)
    rows = [
        (
            group, kind if outcome.kind else NO_KIND, at < len(outcomes),
            outcome.rank, outcome.category_rank, outcome.first_category_rank,
            outcome.contest_category_rank, outcome.share, outcome.score,
            outcome.certainty, outcome.confident,
        )
        for at, (outcome, group, kind) in enumerate(zip(both, groups, kinds, strict=True))
    ]  # fmt: skip
    table = np.array(rows, dtype=_PHOTO_FIELDS)
    # A photo under two places is two queries.
    keys = [(outcome.query, outcome.place_id) for outcome in both]
    return Sample(keys, table, table["known"].astype(np.int64))


def text_sample(outcomes: Sequence[TextOutcome]) -> Sample:
    """Queries in words; those about the same places are drawn together."""
    groups = _numbered(outcome.relevant or outcome.query for outcome in outcomes)
    rows = [
        (
            group, outcome.rank, outcome.precision, bool(outcome.relevant), outcome.how in NAMING,
            bool(outcome.answers),
        )
        for outcome, group in zip(outcomes, groups, strict=True)
    ]  # fmt: skip
    table = np.array(rows, dtype=_TEXT_FIELDS)
    keys = [(outcome.query, outcome.how) for outcome in outcomes]
    return Sample(keys, table, table["real"].astype(np.int64))


PHOTO_STATISTICS: Mapping[str, Statistic] = {
    "name_hit_1": lambda t: hit_at(t["rank"], 1),
    "name_hit_5": lambda t: hit_at(t["rank"], 5),
    "name_mrr": lambda t: mean_reciprocal_rank(t["rank"]),
    "name_hit_1_by_place": lambda t: mean_over_groups(t["rank"] <= 1, t["group"]),
    "name_hit_5_by_place": lambda t: mean_over_groups(t["rank"] <= 5, t["group"]),
    "category_hit_1": lambda t: hit_at(_with_kind(t)["category"], 1),
    "category_hit_5": lambda t: hit_at(_with_kind(t)["category"], 5),
    "first_category_hit_1": lambda t: hit_at(_with_kind(t)["first_category"], 1),
    "first_category_hit_5": lambda t: hit_at(_with_kind(t)["first_category"], 5),
    "contest_category_hit_1": lambda t: hit_at(_with_kind(t)["contest_category"], 1),
    "contest_category_hit_5": lambda t: hit_at(_with_kind(t)["contest_category"], 5),
    "contest_category_hit_5_by_category": lambda t: mean_over_groups(
        _with_kind(t)["contest_category"] <= 5, _with_kind(t)["kind"]
    ),
    "claimed": lambda t: _share(t["confident"]),
    "claimed_right": lambda t: hit_at(t["rank"][t["confident"]], 1),
    "calibration_error": lambda t: expected_calibration_error(t["share"], t["rank"] == 1),
}

SMALL_STATISTICS = {
    name: PHOTO_STATISTICS[name] for name in ("name_hit_1", "name_hit_5", "name_mrr")
}

UNKNOWN_STATISTICS: Mapping[str, Statistic] = {
    "similarity_auroc": lambda t: auroc(*_parts(t, "score")),
    "similarity_fpr_95": lambda t: false_positive_rate(*_parts(t, "score")),
    "certainty_auroc": lambda t: auroc(*_parts(t, "certainty")),
    "certainty_fpr_95": lambda t: false_positive_rate(*_parts(t, "certainty")),
    "claimed_known": lambda t: _share(t["confident"][t["known"]]),
    "claimed_unknown": lambda t: _share(t["confident"][~t["known"]]),
    "claimed_right": lambda t: hit_at(t["rank"][t["confident"]], 1),
}

TEXT_STATISTICS: Mapping[str, Statistic] = {
    "hit_1": lambda t: hit_at(t["rank"][t["real"]], 1),
    "precision_5": lambda t: _share(t["precision"][t["real"]]),
    "mrr": lambda t: mean_reciprocal_rank(t["rank"][t["real"]]),
    "names_all_5": lambda t: _share(t["precision"][t["real"] & t["names"]] == 1),
    "real_refused": lambda t: _share(~t["answered"][t["real"]]),
    "nonsense_refused": lambda t: _share(~t["answered"][~t["real"]]),
}


def sections(outcomes: Outcomes) -> dict[str, tuple[Sample, Mapping[str, Statistic]]]:
    """What was asked, by the name of its section, and what is measured of it."""
    asked: dict[str, tuple[Sample, Mapping[str, Statistic]]] = {}
    if outcomes.gallery:
        asked["gallery"] = (photo_sample(outcomes.gallery), PHOTO_STATISTICS)
    for size, photos in outcomes.small.items():
        asked[f"{SMALL}{size}"] = (photo_sample(photos), SMALL_STATISTICS)
    if outcomes.queries:
        asked["queries"] = (photo_sample(outcomes.queries), PHOTO_STATISTICS)
    if outcomes.unknown and outcomes.known:
        asked["unknown"] = (photo_sample(outcomes.known, outcomes.unknown), UNKNOWN_STATISTICS)
    if outcomes.texts:
        asked["texts"] = (text_sample(outcomes.texts), TEXT_STATISTICS)
    return asked


def measure(
    sample: Sample, statistics: Mapping[str, Statistic], *, seed: int, rounds: int = ROUNDS
) -> dict[str, Measure]:
    """Every statistic of a sample, of at least one query, with its interval."""
    drawn: dict[str, list[float]] = {name: [] for name in statistics}
    for draw in resamples(sample.table["group"], strata=sample.strata, rounds=rounds, seed=seed):
        again = _drawn(sample.table, draw.rows, draw.groups)
        for name, statistic in statistics.items():
            drawn[name].append(statistic(again))
    return {
        name: Measure(statistic(sample.table), interval(drawn[name]), len(sample.table))
        for name, statistic in statistics.items()
    }


def differences(
    before: Sample,
    now: Sample,
    statistics: Mapping[str, Statistic],
    *,
    seed: int,
    rounds: int = ROUNDS,
) -> list[Difference]:
    """How every statistic changed on the queries that both samples have, drawn in pairs.

    Drawing the same places for both sides leaves out what they have in common, so a change can be
    clear though the intervals of the two figures overlap.
    """
    earlier = {key: row for row, key in enumerate(before.keys)}
    rows = [(earlier[key], row) for row, key in enumerate(now.keys) if key in earlier]
    if not rows:
        return []
    old_rows, new_rows = np.array(rows).T
    old, new, strata = before.table[old_rows], now.table[new_rows], now.strata[new_rows]
    old["group"] = new["group"]
    changes: dict[str, list[float]] = {name: [] for name in statistics}
    for draw in resamples(new["group"], strata=strata, rounds=rounds, seed=seed):
        old_again, new_again = (_drawn(table, draw.rows, draw.groups) for table in (old, new))
        for name, statistic in statistics.items():
            changes[name].append(statistic(new_again) - statistic(old_again))
    return [
        Difference(name, statistic(old), statistic(new), interval(changes[name]), len(rows))
        for name, statistic in statistics.items()
    ]


def _drawn(table: Table, rows: Rows, groups: Rows) -> Table:
    again = table[rows]
    again["group"] = groups  # a place drawn twice counts as two
    return again


def _with_kind(table: Table) -> Table:
    kept: Table = table[table["kind"] != NO_KIND]
    return kept


def _parts(table: Table, field: str) -> tuple[Table, Table]:
    return table[field][table["known"]], table[field][~table["known"]]


def _share(flags: Table) -> float:
    return float(np.mean(flags)) if len(flags) else math.nan


def _numbered(values: Iterable[Hashable]) -> list[int]:
    """A number for each different value, from 0 in the order they come."""
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(value, len(numbers)) for value in values]
