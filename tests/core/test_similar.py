import numpy as np
import pytest

from core.embedders import unit_rows
from core.similar import SimilarPlaces


def vectors(*rows: tuple[float, ...]) -> np.ndarray:
    return unit_rows(np.array(rows, dtype=np.float32))


def test_the_place_whose_photos_are_closest_comes_first_and_never_the_place_itself() -> None:
    visual = vectors((1, 0, 0), (1, 0.1, 0), (1, 0.2, 0), (0, 0, 1), (0, 1, 0))
    similar = SimilarPlaces(visual, {"arch": [0, 1], "gate": [2], "lake": [3], "wood": [4]})
    first, *others = similar.of("arch", 3)
    assert first.place_id == "gate"
    assert first.score > 0.9
    assert "arch" not in [one.place_id for one in others]


def test_the_most_similar_places_come_first_and_no_more_than_are_asked_for() -> None:
    visual = vectors((1, 0, 0), (1, 0.5, 0), (1, 0.1, 0), (0, 0, 1), (0, 1, 0))
    similar = SimilarPlaces(visual, {name: [row] for row, name in enumerate("abcde")})
    assert [one.place_id for one in similar.of("a", 5)] == ["c", "b"]
    assert [one.place_id for one in similar.of("a", 1)] == ["c"]


def test_all_photos_of_a_place_count_not_the_one_that_looks_like_another_place() -> None:
    visual = vectors((1, 0, 0), (0, 1, 0), (0, 1, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
    similar = SimilarPlaces(visual, {"mixed": [0, 1, 2], "x": [3], "y": [4], "z": [5]})
    assert [one.place_id for one in similar.of("mixed", 1)] == ["y"]


def test_what_all_photos_have_in_common_makes_nothing_similar() -> None:
    visual = vectors((9, 1, 0), (9, -1, 0))  # two places, as unlike as places here get
    assert SimilarPlaces(visual, {"a": [0], "b": [1]}).of("a", 5) == []
    assert SimilarPlaces(visual, {"alone": [0, 1]}).of("alone", 5) == []


def test_a_place_without_photos_is_unknown() -> None:
    with pytest.raises(KeyError):
        SimilarPlaces(vectors((1, 0)), {"a": [0]}).of("b", 1)
