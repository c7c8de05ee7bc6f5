"""Comparing pictures more thoroughly, by both networks of an embedder.

The first network finds photos that may be meant, the second one has its say about those only: so
nothing of it but the photos in question has to be in memory.
"""

from collections.abc import Callable, Sequence

import numpy as np

from core.embedders.base import Embeddings, unit_rows
from core.index import Nearest, PhotoIndex
from core.metrics import Rows

# The nearest by the first network. Of 20 photos a place that is all of 20 places that look alike.
SHORTLIST = 400
BOTH = np.float32(2**0.5)  # length of two unit vectors side by side


def thorough(visual: Embeddings, second: Embeddings) -> Embeddings:
    """Embeddings by both networks, (n, dim + second_dim): the cosine is the mean of both cosines.

    Args:
        visual: unit rows, (n, dim).
        second: unit rows, (n, second_dim); with a ``second_dim`` of 0, ``visual`` is all there is.
    """
    return unit_rows(np.concatenate([visual, second], axis=1)) if second.shape[1] else visual


class ThoroughIndex:
    """Search over the thorough embeddings of a gallery."""

    def __init__(self, first: PhotoIndex, second: Callable[[Rows], Embeddings]) -> None:
        """Search with what there is.

        Args:
            first: over the embeddings of the first network.
            second: reads embeddings by the second network: (len(rows), second_dim) of some rows.
        """
        self._first = first
        self._second = second

    def search(
        self, queries: Embeddings, k: int, *, only_rows: Sequence[int] | None = None
    ) -> Nearest:
        """Find the ``k`` nearest photos of each query, or all if there are fewer.

        Args:
            queries: unit rows, (n, dim + second_dim).
            k: neighbours per query.
            only_rows: look among these rows only; None looks among all.
        """
        dim = self._first.dim
        found = self._first.search(queries[:, :dim], max(SHORTLIST, 2 * k), only_rows=only_rows)
        rows, scores = [], []
        for query, near, first in zip(queries, found.rows, found.scores, strict=True):
            both = first + self._second(near) @ query[dim:]
            best = np.argsort(-both, kind="stable")[:k]
            rows.append(near[best])
            scores.append(both[best] / BOTH)
        shape = (len(queries), min(k, found.rows.shape[1]))
        return Nearest(
            np.reshape(rows, shape).astype(np.int64), np.reshape(scores, shape).astype(np.float32)
        )
