import math

import pytest

from core.vote import Candidate, Neighbour, category_vote, knn_vote, with_distance

MANY = {"tower": 100, "bridge": 100}


def test_many_close_photos_outvote_one_slightly_closer() -> None:
    tower = Neighbour("t1", "tower", score=0.90)
    bridges = [Neighbour("b1", "bridge", score=0.89), Neighbour("b2", "bridge", score=0.88)]
    ranked = knn_vote([tower, *bridges], place_sizes=MANY)
    assert [c.place_id for c in ranked] == ["bridge", "tower"]


def test_one_much_closer_photo_outvotes_many_distant_ones() -> None:
    tower = Neighbour("t1", "tower", score=0.95)
    bridges = [Neighbour(f"b{n}", "bridge", score=0.6) for n in range(10)]
    assert knn_vote([*bridges, tower], place_sizes=MANY)[0].place_id == "tower"


def test_having_more_photos_is_no_advantage_by_itself() -> None:
    crowd = [Neighbour(f"t{n}", "tower", score=0.8) for n in range(15)]
    few = [Neighbour(f"b{n}", "bridge", score=0.8) for n in range(5)]
    shares = {c.place_id: c.share for c in knn_vote([*crowd, *few], place_sizes={"bridge": 5})}
    assert shares["tower"] == pytest.approx(shares["bridge"])


def test_a_place_with_a_single_photo_can_win() -> None:
    lone = [Neighbour("l1", "lone", score=0.87)]  # a fifth of its vote would lose
    crowd = [Neighbour(f"t{n}", "tower", score=0.85) for n in range(19)]
    assert knn_vote([*lone, *crowd], place_sizes={"lone": 1, "tower": 100})[0].place_id == "lone"


def test_shares_sum_to_one_and_fall() -> None:
    neighbours = [Neighbour(str(n), f"place{n % 4}", score=1 - n / 20) for n in range(20)]
    shares = [c.share for c in knn_vote(neighbours, place_sizes={})]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)


def test_the_best_photo_argues_for_its_place() -> None:
    photos = [Neighbour("far", "tower", 0.5), Neighbour("near", "tower", 0.9)]
    assert knn_vote(photos, place_sizes={})[0].best.photo_id == "near"


def test_no_neighbours_are_no_candidates() -> None:
    assert knn_vote([], place_sizes={}) == []


def test_extreme_scores_do_not_overflow() -> None:
    [candidate] = knn_vote([Neighbour("a", "a", 1.0)], place_sizes={}, temperature=1e-6)
    assert math.isfinite(candidate.share)


@pytest.mark.parametrize("wrong", [{"temperature": 0}, {"votes_per_place": 0}])
def test_parameters_without_meaning_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="positive"):
        knn_vote([Neighbour("a", "a", 1.0)], place_sizes={}, **wrong)


def candidates(**shares: float) -> list[Candidate]:
    return [Candidate(p, share, Neighbour(p, p, 0.9)) for p, share in shares.items()]


def test_of_two_lookalikes_the_nearer_one_wins() -> None:
    moved = with_distance(candidates(far=0.52, near=0.48), {"far": 50_000, "near": 100})
    assert [c.place_id for c in moved] == ["near", "far"]
    assert sum(c.share for c in moved) == pytest.approx(1)


def test_distance_never_hides_a_clear_match() -> None:
    moved = with_distance(candidates(far=0.9, near=0.1), {"far": 50_000, "near": 0})
    assert moved[0].place_id == "far"


def test_a_place_without_position_counts_as_far() -> None:
    moved = with_distance(candidates(unknown=0.5, near=0.5), {"near": 0})
    assert moved[0].place_id == "near"


def test_categories_are_tallied_from_the_places() -> None:
    ranked = category_vote(
        candidates(tower=0.6, church=0.4),
        {"tower": ("towers", "architecture"), "church": ("churches", "architecture")},
    )
    assert [c.kind for c in ranked] == ["architecture", "towers", "churches"]
    assert sum(c.share for c in ranked) == pytest.approx(1)


def test_places_without_categories_give_none() -> None:
    assert category_vote(candidates(tower=1.0), {}) == []
