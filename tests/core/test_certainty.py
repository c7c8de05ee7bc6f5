import math

import pytest

from core.certainty import Certainty, share_odds, sharpened
from core.vote import Candidate, Neighbour

CANDIDATES = [
    Candidate(place_id, share, Neighbour(f"photo of {place_id}", place_id, 0.8))
    for place_id, share in (("tower", 0.5), ("bridge", 0.3), ("gate", 0.2))
]


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.0, 3.0])
def test_sharpened_shares_sum_to_one_and_keep_their_order(sharpness: float) -> None:
    after = sharpened(CANDIDATES, sharpness)
    assert sum(candidate.share for candidate in after) == pytest.approx(1)
    assert [c.place_id for c in after] == ["tower", "bridge", "gate"]
    assert [c.best for c in after] == [c.best for c in CANDIDATES]


def test_sharpness_of_one_changes_nothing_and_more_favours_the_first() -> None:
    first = [sharpened(CANDIDATES, sharpness)[0].share for sharpness in (1.0, 2.0)]
    assert first == [pytest.approx(0.5), pytest.approx(0.25 / (0.25 + 0.09 + 0.04))]


def test_nothing_sharpened_is_nothing() -> None:
    assert sharpened([], 2.0) == []


def test_certainty_grows_with_similarity_and_with_share() -> None:
    certainty = Certainty(bias=-8.0, per_score=10.0, per_odds=0.5)
    assert certainty.of(0.9, 0.8) > certainty.of(0.7, 0.8) > certainty.of(0.7, 0.4)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_certainty_is_finite_at_the_ends(share: float) -> None:
    assert math.isfinite(share_odds(share))
    assert 0 <= Certainty(-1e6, 1e6, 1e6).of(1.0, share) <= 1
    assert 0 <= Certainty(1e6, -1e9, 0.0).of(1.0, share) <= 1


def test_even_odds_are_neither_for_nor_against() -> None:
    assert share_odds(0.5) == 0
    assert Certainty(0.0, 0.0, 1.0).of(0.3, 0.5) == 0.5
