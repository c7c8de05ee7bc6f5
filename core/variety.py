"""Which photos of a place to show first: typical ones that differ from one another; pure."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from core.embedders.base import Embeddings

# A photo unlike all others of its place differs most, but it is also most often a wrong one: those
# with less than this part of the median likeness to the place come last.
TYPICAL_SHARE = 0.75
LAST = -10.0  # less than all else can add up to


def typicality(visual: Embeddings) -> NDArray[np.float32]:
    """How much each photo of a place looks like the place as a whole, (n,); see `varied`.

    Args:
        visual: embeddings of the photos, (n, dim).

    Returns:
        The cosine to the middle of all, far below any for a photo that hardly resembles it.
    """
    centre = visual.sum(axis=0)
    typical = visual @ centre / max(float(np.linalg.norm(centre)), 1e-12)
    typical[typical < TYPICAL_SHARE * np.median(typical)] += LAST
    return np.asarray(typical, dtype=np.float32)


def varied(
    typical: NDArray[np.float32],
    wanted: NDArray[np.float32],
    visual: Callable[[], Embeddings],
) -> Iterator[int]:
    """Order photos of one place so that the first few show it well and differently.

    Each next photo is the one whose likeness to the place as a whole, and to what is wanted, most
    exceeds its likeness to the photos before it. Photos that hardly resemble the place come last.

    Args:
        typical: what `typicality` says of the photos, (n,), at least one.
        wanted: how much each photo is wanted, (n,); cosine of a query to it, for example.
        visual: gives the embeddings of the photos, (n, dim); asked once, for the second photo.

    Yields:
        Rows of ``visual``, each once.

    Source: maximal marginal relevance; Carbonell and Goldstein, SIGIR 1998.
    """
    value = typical + wanted
    row = int(value.argmax())
    yield row
    embeddings = visual()
    likeness = np.full(len(value), -1.0)  # to the closest photo before
    left = np.ones(len(value), dtype=bool)
    for _ in range(len(value) - 1):
        left[row] = False
        likeness = np.maximum(likeness, embeddings @ embeddings[row])
        row = int(np.where(left, value - likeness, -np.inf).argmax())
        yield row
