import math
from itertools import product

import numpy as np
import pytest

from core.metrics import (
    auroc,
    calibration_bins,
    expected_calibration_error,
    false_positive_rate,
    hit_at,
    interval,
    mean_over_groups,
    mean_reciprocal_rank,
    precision_at,
    rank_of,
    resamples,
    risk_coverage,
)

RANKS = np.array([1.0, 2.0, 6.0, math.inf])


def test_a_rank_counts_from_one_and_is_of_the_first_right_answer() -> None:
    assert rank_of(["bridge", "tower", "gate", "tower"], {"tower", "gate"}) == 2
    assert rank_of(["bridge"], {"tower"}) == math.inf
    assert rank_of([], {"tower"}) == math.inf


def test_hits_and_reciprocal_ranks() -> None:
    assert hit_at(RANKS, 1) == 0.25
    assert hit_at(RANKS, 5) == 0.5
    assert hit_at(RANKS, 6) == 0.75
    assert mean_reciprocal_rank(RANKS) == pytest.approx((1 + 1 / 2 + 1 / 6 + 0) / 4)


def test_precision_counts_missing_answers_as_wrong() -> None:
    assert precision_at(["a", "x", "a"], {"a"}, 5) == pytest.approx(2 / 5)
    assert precision_at(["a", "a", "x", "a"], {"a"}, 2) == 1


def test_shares_of_nothing_are_undefined() -> None:
    nothing = np.empty(0)
    no_flags = np.empty(0, dtype=bool)
    figures = [
        hit_at(nothing, 1),
        mean_reciprocal_rank(nothing),
        auroc(nothing, np.ones(3)),
        auroc(np.ones(3), nothing),
        false_positive_rate(np.ones(3), nothing),
        false_positive_rate(nothing, np.ones(3)),
        expected_calibration_error(nothing, no_flags),
    ]
    assert all(map(math.isnan, figures))
    assert len(risk_coverage(nothing, no_flags).risk) == 0


def test_every_group_counts_the_same_in_a_macro_average() -> None:
    hits = np.array([True] * 9 + [False])
    groups = np.array([0] * 9 + [3])  # numbers without a row do not count
    assert mean_over_groups(hits, groups) == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_auroc_is_the_chance_that_a_positive_beats_a_negative(seed: int) -> None:
    random = np.random.default_rng(seed)
    positive, negative = random.integers(0, 8, 40) + 1.0, random.integers(0, 8, 30) * 1.0
    pairs = list(product(positive, negative))
    chance = sum((p > n) + (p == n) / 2 for p, n in pairs) / len(pairs)
    assert auroc(positive, negative) == pytest.approx(chance)
    assert auroc(negative, positive) == pytest.approx(1 - chance)


def test_auroc_of_perfect_useless_and_opposite_scores() -> None:
    low, high = np.array([0.1, 0.2]), np.array([0.8, 0.9])
    assert (auroc(high, low), auroc(low, low), auroc(low, high)) == (1.0, 0.5, 0.0)


def test_false_positives_are_counted_at_the_highest_threshold_that_keeps_enough() -> None:
    positive = np.arange(1, 21) / 20  # 0.05 .. 1.00: 95 % of them reach 0.10
    negative = np.array([0.05, 0.09, 0.10, 0.50])
    assert false_positive_rate(positive, negative) == 0.5
    assert false_positive_rate(positive, negative, kept=1.0) == 1.0
    assert false_positive_rate(positive, negative, kept=0.5) == 0.0


def test_a_threshold_keeps_no_more_than_is_asked_for_because_of_a_rounding() -> None:
    positive = np.arange(25.0)  # 56 % of them, 14, reach 11
    assert false_positive_rate(positive, np.array([10.0]), kept=0.56) == 0.0


def test_risk_rises_as_less_sure_answers_are_given() -> None:
    curve = risk_coverage(np.array([0.2, 0.9, 0.5, 0.7]), np.array([False, True, False, True]))
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert curve.risk.tolist() == pytest.approx([0, 0, 1 / 3, 1 / 2])


def test_equally_sure_answers_are_given_together() -> None:
    curve = risk_coverage(np.array([0.9, 0.5, 0.5]), np.array([True, False, True]))
    assert curve.coverage.tolist() == pytest.approx([1 / 3, 1, 1])
    assert curve.risk.tolist() == pytest.approx([0, 1 / 3, 1 / 3])


def test_calibration_error_weighs_each_bin_by_its_answers() -> None:
    stated = np.array([0.95, 0.95, 0.95, 0.65])
    right = np.array([True, True, False, True])
    error = (3 * abs(0.95 - 2 / 3) + 1 * abs(0.65 - 1)) / 4
    assert expected_calibration_error(stated, right) == pytest.approx(error)
    assert [bin_.count for bin_ in calibration_bins(stated, right)] == [1, 3]


def test_certain_answers_are_in_the_highest_bin() -> None:
    [only] = calibration_bins(np.array([0.95, 1.0]), np.array([True, True]))
    assert only.count == 2


def test_shares_that_mean_what_they_say_have_no_calibration_error() -> None:
    stated = np.repeat([0.25, 0.75, 1.0], 4)
    right = np.array([1, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1], dtype=bool)
    assert expected_calibration_error(stated, right) == pytest.approx(0)


def test_a_bootstrap_draws_whole_groups() -> None:
    groups = np.array([0, 0, 0, 1, 2, 2])
    for draw in resamples(groups, rounds=50, seed=1):
        assert len(np.unique(draw.groups)) == 3
        for number in range(3):
            [group] = np.unique(groups[draw.rows[draw.groups == number]])
            assert (draw.groups == number).sum() == (groups == group).sum()


def test_a_bootstrap_draws_as_many_groups_from_each_stratum_as_it_has() -> None:
    groups, strata = np.array([0, 0, 1, 2, 3]), np.array([0, 0, 0, 1, 1])
    for draw in resamples(groups, strata=strata, rounds=50, seed=1):
        drawn = {number: strata[draw.rows[draw.groups == number]][0] for number in draw.groups}
        assert sorted(drawn.values()) == [0, 0, 1, 1]


def test_equal_seeds_draw_equal_samples() -> None:
    groups = np.arange(30)
    first, again, other = (
        [draw.rows.tolist() for draw in resamples(groups, rounds=3, seed=seed)]
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_the_interval_of_a_mean_is_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(0).normal(size=400)
    found = interval([values[draw.rows].mean() for draw in resamples(np.arange(400))])
    wide = 2 * 1.96 * values.std() / math.sqrt(400)
    assert found.low < values.mean() < found.high
    assert found.high - found.low == pytest.approx(wide, rel=0.15)


def test_photos_that_resemble_one_another_make_an_interval_wider() -> None:
    values = np.repeat(np.random.default_rng(0).normal(size=20), 20)
    by_photo, by_place = (
        interval([values[draw.rows].mean() for draw in resamples(groups, rounds=300)])
        for groups in (np.arange(400), np.repeat(np.arange(20), 20))
    )
    assert by_place.high - by_place.low > 3 * (by_photo.high - by_photo.low)


def test_an_interval_leaves_out_as_much_below_as_above() -> None:
    found = interval(range(1001), level=0.9)
    assert (found.low, found.high) == pytest.approx((50, 950))


def test_undefined_figures_do_not_count_in_an_interval() -> None:
    assert interval([math.nan, 1.0, 1.0]).low == 1.0
    assert math.isnan(interval([math.nan]).low)
