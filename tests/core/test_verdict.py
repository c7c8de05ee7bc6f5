import math

import pytest

from core.certainty import Calibration, Certainty
from core.heads import SOFTNESS, Opinion
from core.verdict import ANSWERS, Verdict, verdict
from core.vote import Neighbour

KINDS = {f"place{n}": ("towers", f"kind{n}") for n in range(8)}


AS_STATED = Certainty(bias=0.0, per_score=0.0, per_odds=1.0)  # as sure as the share says


def judged(
    scores: dict[str, float], *, certainty: Certainty = AS_STATED, min_certainty: float = 0.0
) -> Verdict:
    return verdict(
        [Neighbour(f"photo of {place_id}", place_id, score) for place_id, score in scores.items()],
        place_sizes=dict.fromkeys(scores, 1),
        kinds=KINDS,
        calibration=Calibration(1.0, certainty),
        min_certainty=min_certainty,
    )


def test_shares_of_what_is_offered_sum_to_one() -> None:
    outcome = judged({f"place{n}": 0.9 - n / 100 for n in range(8)})
    assert len(outcome.candidates) == 8
    assert [c.place_id for c in outcome.places] == [f"place{n}" for n in range(ANSWERS)]
    assert sum(candidate.share for candidate in outcome.places) == pytest.approx(1)
    assert len(outcome.categories) == ANSWERS
    assert outcome.categories[0].kind == "towers"
    assert sum(category.share for category in outcome.categories) == pytest.approx(1)


def test_places_that_are_not_offered_count_for_certainty_and_categories() -> None:
    outcome = verdict(
        [Neighbour(f"photo{n}", f"place{n}", 0.9) for n in range(8)],
        place_sizes={f"place{n}": 1 for n in range(8)},
        kinds={f"place{n}": (f"kind{min(n, ANSWERS)}",) for n in range(8)},
        calibration=Calibration(1.0, AS_STATED),
        min_certainty=0.0,
    )
    assert outcome.certainty == pytest.approx(1 / 8, abs=1e-3)
    assert outcome.categories[0].kind == f"kind{ANSWERS}"  # of the three that come after


def test_a_claim_needs_both_similarity_and_share() -> None:
    both = Certainty(bias=-12.0, per_score=12.0, per_odds=1.0)
    close_call, clear = {"place1": 0.9, "place2": 0.9}, {"place1": 0.9, "place2": 0.5}
    far = {place_id: score - 0.8 for place_id, score in clear.items()}
    assert judged(clear, certainty=both, min_certainty=0.6).confident
    assert not judged(close_call, certainty=both, min_certainty=0.6).confident
    assert not judged(far, certainty=both, min_certainty=0.6).confident


def test_a_claim_obeys_the_certainty_asked_for() -> None:
    answer = judged({"place1": 0.9, "place2": 0.87})
    assert answer.certainty == pytest.approx(answer.places[0].share, abs=1e-3)
    assert judged({"place1": 0.9, "place2": 0.87}, min_certainty=answer.certainty).confident
    assert not judged(
        {"place1": 0.9, "place2": 0.87}, min_certainty=answer.certainty + 0.01
    ).confident


def test_distance_decides_between_lookalikes() -> None:
    neighbours = [Neighbour("a", "far", 0.9), Neighbour("b", "near", 0.9)]
    outcome = verdict(
        neighbours,
        place_sizes={"far": 1, "near": 1},
        kinds={},
        calibration=Calibration(1.0, AS_STATED),
        min_certainty=0,
        distances_m={"far": 1_000_000.0, "near": 10.0},
    )
    assert [candidate.place_id for candidate in outcome.places] == ["near", "far"]


def test_without_neighbours_nothing_is_claimed() -> None:
    outcome = judged({})
    assert (outcome.candidates, outcome.places, outcome.categories) == ((), (), ())
    assert not outcome.confident


def test_heads_weigh_in_on_places_and_categories_and_on_how_sure_it_is() -> None:
    neighbours = [Neighbour("a", "place1", 0.9), Neighbour("b", "place2", 0.9)]
    heard = Opinion({"place1": 0.1, "place2": 0.8}, {"towers": 0.0, "kind1": 0.1, "kind2": 5})
    outcome = verdict(
        neighbours,
        place_sizes={"place1": 1, "place2": 1},
        kinds=KINDS,
        calibration=Calibration(1.0, Certainty(0.0, 0.0, 0.0, 1.0)),
        min_certainty=0.0,
        opinion=heard,
    )
    assert [place.place_id for place in outcome.places] == ["place2", "place1"]
    assert [category.kind for category in outcome.categories] == ["kind2", "towers", "kind1"]
    assert outcome.certainty == pytest.approx(1 / (1 + math.exp(-0.8)))


def test_all_that_pictures_tell_is_sharpened_and_distance_is_not() -> None:
    twice_as_likely = Opinion({"far": SOFTNESS * math.log(2), "near": 0.0}, {})
    outcome = verdict(
        [Neighbour("a", "far", 0.9), Neighbour("b", "near", 0.9)],
        place_sizes={"far": 1, "near": 1},
        kinds={},
        calibration=Calibration(2.0, AS_STATED),
        min_certainty=0.0,
        opinion=twice_as_likely,
        distances_m={"near": 0.0},
    )
    far, near = outcome.places
    assert (far.place_id, far.share / near.share) == ("far", pytest.approx(2**2 / 2))
