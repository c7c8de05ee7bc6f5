import numpy as np
import pytest

from core.embedders import unit_rows
from offline.near_duplicates import SAME_COSINE, Shots, near_duplicate_groups

DIFFERENT = unit_rows(np.eye(4, dtype=np.float32))


def test_photos_alike_in_embedding_are_one_group() -> None:
    close = unit_rows(np.array([[1, 0, 0], [0, 1, 0], [1, 0.1, 0]], dtype=np.float32))
    assert close[0] @ close[2] > SAME_COSINE
    assert near_duplicate_groups(close, Shots([None] * 3)).tolist() == [0, 1, 0]


def test_photos_alike_in_perceptual_hash_are_one_group() -> None:
    hashes = ["ffffffffffffffff", "0000000000000000", "fffffffffffffff0", "00000000ffffffff"]
    assert near_duplicate_groups(DIFFERENT, Shots(hashes)).tolist() == [0, 1, 0, 2]


def test_copies_of_copies_are_one_group() -> None:
    hashes = ["0000000000000000", "00000000000003ff", "00000000000fffff", "ffffffffffffffff"]
    assert near_duplicate_groups(DIFFERENT, Shots(hashes)).tolist() == [0, 0, 0, 1]
    in_another_order = Shots([hashes[0], hashes[2], hashes[1], hashes[3]])
    assert near_duplicate_groups(DIFFERENT, in_another_order).tolist() == [0, 0, 0, 1]


def test_photos_of_unknown_hash_are_not_alike_for_that() -> None:
    hashes = [None, None, "0000000000000000", "0000000000000000"]
    assert near_duplicate_groups(DIFFERENT, Shots(hashes)).tolist() == [0, 1, 2, 2]
    rows = np.arange(4)
    same = [Shots(hashes).same_as(row, rows).tolist() for row in (0, 2)]
    assert same == [[False] * 4, [False, False, True, True]]


@pytest.mark.parametrize(("first", "second"), [(0, 299), (10, 260), (255, 256), (298, 299)])
def test_groups_reach_across_blocks(first: int, second: int) -> None:
    visual = unit_rows(np.random.default_rng(0).normal(size=(300, 64)))
    visual[second] = visual[first]
    groups = near_duplicate_groups(visual, Shots([None] * 300))
    assert groups[first] == groups[second]
    assert len(np.unique(groups)) == 299


def test_copies_are_found_by_hash() -> None:
    shots = Shots(["ffffffffffffffff", None, "0000000000000000", "fffffffffffffff0"])
    assert shots.copies("ffffffffffffffff").tolist() == [0, 3]
    assert shots.copies("0000000000000001").tolist() == [2]
    assert shots.copies("00000000ffffffff").tolist() == []
