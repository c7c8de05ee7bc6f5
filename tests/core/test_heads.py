from pathlib import Path

import numpy as np
import pytest

from core.heads import Heads, Opinion, categories_with_heads, with_heads
from core.vote import Candidate, CategoryShare, Neighbour

HEADS = Heads(
    place_ids=["bridge", "tower"],
    kinds=["bridges", "historic"],
    weights=np.array([[1, 0, 1, 0.5], [0, 1, 0, 0.5]], np.float32),
    bias=np.array([0, 0, 0.1, 0], np.float32),
)


def candidates(**shares: float) -> list[Candidate]:
    return [
        Candidate(place_id, share, Neighbour(f"{place_id}.jpg", place_id, 0.8))
        for place_id, share in shares.items()
    ]


def test_heads_turn_a_close_vote() -> None:
    close = candidates(bridge=0.55, tower=0.45)
    first, second = with_heads(close, {"bridge": 0.2, "tower": 0.7})
    assert (first.place_id, second.place_id) == ("tower", "bridge")
    assert first.best.photo_id == "tower.jpg"


def test_heads_without_an_opinion_leave_the_vote_as_it_is() -> None:
    vote = candidates(bridge=0.7, tower=0.3)
    assert with_heads(vote, {"bridge": 0.4, "tower": 0.4}) == vote


def test_shares_sum_to_one_however_sure_the_heads_are() -> None:
    weighed = with_heads(candidates(bridge=0.5, tower=0.5), {"bridge": 1e6, "tower": -1e6})
    assert [candidate.share for candidate in weighed] == [1, 0]


def test_nothing_voted_for_stays_nothing() -> None:
    assert with_heads([], {}) == []
    assert categories_with_heads([], {"bridges": 1.0}) == []


def test_heads_decide_between_categories_that_got_the_same_vote() -> None:
    even = [CategoryShare("bridges", 0.5), CategoryShare("historic", 0.5)]
    said = {"bridges": 0.1, "historic": 0.9, "towers": 0.5, "gates": -0.2}
    ranked = categories_with_heads(even, said)
    assert [category.kind for category in ranked] == ["historic", "bridges", "towers"]
    assert sum(category.share for category in ranked) == pytest.approx(1)


def test_a_clear_vote_for_a_category_outweighs_the_heads() -> None:
    clear = [CategoryShare("bridges", 0.9), CategoryShare("historic", 0.1)]
    assert categories_with_heads(clear, {"historic": 1.0})[0].kind == "bridges"
    assert categories_with_heads(clear, {"historic": -1.0}) == clear


def test_an_opinion_is_of_the_places_that_voted_and_of_all_categories() -> None:
    scores = HEADS.scores(np.array([[1, 0]], np.float32))[0]
    opinion = HEADS.opinion(scores, [Neighbour("a", "tower", 0.9), Neighbour("b", "tower", 0.8)])
    assert opinion == Opinion({"tower": 0.0}, {"bridges": pytest.approx(1.1), "historic": 0.5})


def test_heads_come_back_from_their_file(tmp_path: Path) -> None:
    HEADS.save(tmp_path / "heads.npz")
    loaded = Heads.load(tmp_path / "heads.npz")
    assert (loaded.place_ids, loaded.kinds) == (HEADS.place_ids, HEADS.kinds)
    embedding = np.array([[0.6, 0.8]], np.float32)
    assert np.array_equal(loaded.scores(embedding), HEADS.scores(embedding))
