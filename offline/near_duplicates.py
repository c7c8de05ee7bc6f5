"""Which photos are one shot: they may not vote for one another."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core.embedders.base import Embeddings
from core.metrics import Rows

SAME_COSINE = 0.98  # of embeddings
# Of 64 bits of perceptual hash. Of 19 copies that were cropped, brightened and compressed anew,
# none reached the cosine and all differed in at most 10 bits; different pictures differ in 32 on
# average with a standard deviation of 4.
SAME_BITS = 10
BLOCK = 256  # photos compared with all others at a time, to bound memory


class Shots:
    """Perceptual hashes of photos."""

    def __init__(self, hashes: Sequence[str | None]) -> None:
        """Know photos by their hashes, 16 hex digits; None where one is not known."""
        self._bits = np.array([int(digits or "0", 16) for digits in hashes], dtype=np.uint64)
        self._known = np.array([bool(digits) for digits in hashes], dtype=np.bool_)

    def copies(self, digits: str) -> Rows:
        """Rows of the photos that are the same shot as one of hash ``digits``."""
        differing = np.bitwise_count(self._bits ^ np.uint64(int(digits, 16)))
        return np.flatnonzero(self._known & (differing <= SAME_BITS))

    def same_as(self, row: int, others: Rows) -> NDArray[np.bool_]:
        """Whether each of the rows ``others`` is the same shot as ``row``."""
        differing = np.bitwise_count(self._bits[others] ^ self._bits[row])
        known = self._known[others] & self._known[row]
        return np.asarray(known & (differing <= SAME_BITS))

    def alike(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Whether rows ``start`` to ``stop`` show the shots of rows ``start`` to n, as a matrix."""
        differing = np.bitwise_count(self._bits[start:stop, None] ^ self._bits[None, start:])
        both_known = self._known[start:stop, None] & self._known[None, start:]
        return np.asarray(both_known & (differing <= SAME_BITS))


def near_duplicate_groups(visual: Embeddings, shots: Shots) -> Rows:
    """Number the groups of photos that are copies of one another, directly or through others.

    Args:
        visual: (n, dim).
        shots: perceptual hashes of the same n photos.

    Returns:
        The group of each photo, (n,), numbered from 0 in the order of their first photos.
    """
    leader = list(range(len(visual)))

    def find(row: int) -> int:
        while leader[row] != row:
            leader[row] = leader[leader[row]]
            row = leader[row]
        return row

    for first, second in _pairs(visual, shots):
        low, high = sorted((find(first), find(second)))
        leader[high] = low
    leaders = np.array([find(row) for row in range(len(visual))], dtype=np.int64)
    return np.unique(leaders, return_inverse=True)[1].astype(np.int64)


def _pairs(visual: Embeddings, shots: Shots) -> Iterator[tuple[int, int]]:
    """Pairs of rows that are alike in embedding or in perceptual hash, the lower row first."""
    for start in range(0, len(visual), BLOCK):
        stop = start + BLOCK
        close = visual[start:stop] @ visual[start:].T >= SAME_COSINE
        alike = np.triu(close | shots.alike(start, stop), k=1)
        for first, second in np.argwhere(alike).tolist():
            yield start + first, start + second
