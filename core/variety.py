"""Which photos of a place to show first: typical ones that differ from one another; pure."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.embedders.base import Embeddings

# A photo unlike all others of its place differs most, but it is also most often a wrong one: those
# with less than this part of the median likeness to the place come last.
TYPICAL_SHARE = 0.75


def varied(visual: Embeddings, wanted: NDArray[np.float32]) -> Iterator[int]:
    """Order photos of one place so that the first few show it well and differently.

    Each next photo is the one whose likeness to the place as a whole, and to what is wanted, most
    exceeds its likeness to the photos before it. Photos that hardly resemble the place come last.

    Args:
        visual: embeddings of the photos, (n, dim).
        wanted: how much each photo is wanted, (n,); cosine of a query to it, for example.

    Yields:
        Rows of ``visual``, each once.

    Source: maximal marginal relevance; Carbonell and Goldstein, SIGIR 1998.
    """
    if not len(visual):
        return
    centre = visual.sum(axis=0)
    typical = visual @ centre / max(float(np.linalg.norm(centre)), 1e-12)
    odd = typical < TYPICAL_SHARE * np.median(typical)
    value = typical + wanted - 10 * odd  # more than all else can add up to
    likeness = np.full(len(visual), -1.0)  # to the closest photo before
    left = np.ones(len(visual), dtype=bool)
    while left.any():
        row = int(np.where(left, value - likeness, -np.inf).argmax())
        yield row
        left[row] = False
        likeness = np.maximum(likeness, visual @ visual[row])
