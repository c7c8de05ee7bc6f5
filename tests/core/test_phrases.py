import numpy as np
import pytest

from core.phrases import Phrases
from core.words import Vocabulary

PHRASES = [["red", "tower"], ["tower"], ["boston", "boston", "tea"], ["river"]]
STEMS = {stem for phrase in PHRASES for stem in phrase}


def covered(query: list[str], weights: dict[str, float] | None = None) -> list[float]:
    agreements = Vocabulary(STEMS).agreements(query)
    return [float(share) for share in Phrases(PHRASES, weights).covered(query, agreements)]


def test_a_phrase_is_covered_by_as_many_of_its_stems_as_a_query_has() -> None:
    assert covered(["tower", "of", "boston"]) == pytest.approx([1 / 2, 1, 2 / 3, 0])
    assert covered([]) == [0, 0, 0, 0]


def test_stems_count_by_their_weights() -> None:
    weights = dict.fromkeys(STEMS, 1.0) | {"tower": 0.25}
    assert covered(["red"], weights) == pytest.approx([0.8, 0, 0, 0])
    assert covered(["tower"], weights) == pytest.approx([0.2, 1, 0, 0])


def test_a_misspelt_stem_covers_less() -> None:
    exact, misspelt = covered(["boston"])[2], covered(["bosten"])[2]
    assert 0 < misspelt < exact
    assert covered(["bosten", "boston"])[2] == exact


def test_only_words_of_the_query_cover_a_phrase() -> None:
    agreements = Vocabulary(STEMS).agreements(["tower", "boston"])
    assert Phrases(PHRASES).covered(["boston"], agreements).tolist()[1] == 0


def test_a_phrase_has_a_word_as_surely_as_its_likest_stem() -> None:
    phrases, agreements = Phrases(PHRASES), Vocabulary(STEMS).agreements(["tower", "rivr"])
    assert phrases.having("tower", agreements).tolist() == [1, 1, 0, 0]
    river = phrases.having("rivr", agreements)
    assert 0 < river[3] < 1
    assert not river[:3].any()
    assert not phrases.having("bridge", agreements).any()
    both_spellings = Phrases([["tower", "tovver"]])
    agreements = Vocabulary(["tower", "tovver"]).agreements(["tower"])
    assert both_spellings.having("tower", agreements).tolist() == [1]


@pytest.mark.parametrize(
    ("query", "partly"),
    [
        (["tower"], [True, False, True, True]),  # [1] is there as a whole
        (["red"], [False, True, True, True]),  # not an ordinary word
        (["tower", "red"], [False, False, True, True]),
    ],
)
def test_ordinary_words_may_be_all_that_a_query_has_of_a_phrase(
    query: list[str], partly: list[bool]
) -> None:
    agreements = Vocabulary(STEMS).agreements(query)
    assert Phrases(PHRASES).partly_by({"tower"}, agreements).tolist() == partly


def test_there_may_be_no_phrases() -> None:
    nothing = Phrases([])
    agreements = Vocabulary([]).agreements(["tower"])
    assert nothing.covered(["tower"], agreements).shape == (0,)
    assert np.array_equal(nothing.having("tower", agreements), [])
