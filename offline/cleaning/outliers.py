"""Photos that do not look like their place, told by the embeddings of the whole gallery.

Cosines mean different things to different embedders. So they are read on the gallery's own scale:
0 is what photos of two places usually have in common, 1 is what a photo usually has in common with
the closest photos of its place.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.embedders.base import Embeddings
from offline.cleaning.duplicates import Twins

CLOSEST = 3  # photos that a photo is compared with
BLOCK = 256  # photos compared with all others at a time, to bound memory
SAMPLE = 1000  # photos that tell the scale
UNRELATED = 0.0  # cosine, where a gallery of one place cannot tell it
SMALLEST_SCALE = 0.01  # of cosines; photos of all places may look the same

FEWEST_FOR_CLUSTERS = 6  # photos of a place; fewer tell no density
EPS_SPREADS = 3  # of the distances usual in the place, beyond their median
# What being noise adds to the misfit: where others are alike, that decides. Rare views of a sight
# are noise as well; the more it counts, the more of them go for each photo that is rightly found.
LONELY = 0.03

# Likeness to other places less that to its own, from where on a photo does not fit. Asked 13,700
# times in five galleries, 1 in 550 clean photos is beyond, and 0.93 of those moved elsewhere.
CLOSER_ELSEWHERE = 0.33

SAME_FIT = 0.03  # how much better one of two places must fit a picture to be the right one
MISPLACED = 2.0  # misfit of a picture that another place fits better


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much each of ``n`` photos looks like others, on the gallery's scale."""

    own: NDArray[np.float64]  # (n,) mean of the three closest of its place, not counting copies
    elsewhere: NDArray[np.float64]  # (n,) mean of the three closest of all other places
    neighbours: NDArray[np.int64]  # (n,) photos of its place it could be compared with
    lonely: NDArray[np.bool_]  # (n,) noise among the photos of its place


def likeness(embeddings: Embeddings, places: Sequence[str], copies: Sequence[Twins]) -> Likeness:
    """Compare every photo with its place and with the others.

    Args:
        embeddings: (n, dim), by all networks of an embedder.
        places: the place of each, n.
        copies: pairs of the same picture, which must not speak for each other.
    """
    count = len(places)
    codes = np.unique(np.asarray(places), return_inverse=True)[1]
    excluded: dict[int, list[int]] = defaultdict(list)
    for pair in copies:
        excluded[pair.first].append(pair.second)
        excluded[pair.second].append(pair.first)
    own, elsewhere = np.full((2, count), np.nan)
    neighbours = np.zeros(count, dtype=np.int64)
    for start in range(0, count, BLOCK):
        cosines = embeddings[start : start + BLOCK] @ embeddings.T
        for row, likes in enumerate(cosines, start):
            likes[[row, *excluded[row]]] = np.nan
            same = codes == codes[row]
            neighbours[row] = np.count_nonzero(~np.isnan(likes[same]))
            own[row] = _mean_of_closest(likes[same])
            elsewhere[row] = _mean_of_closest(likes[~same])
    usual = float(np.nanmedian(own)) if neighbours.any() else 1.0
    unrelated = _unrelated(embeddings, codes)
    scale = max(usual - unrelated, SMALLEST_SCALE)
    return Likeness(
        own=(own - unrelated) / scale,
        elsewhere=np.nan_to_num((elsewhere - unrelated) / scale),
        neighbours=neighbours,
        lonely=_lonely(embeddings, codes),
    )


def misfit(likes: Likeness) -> NDArray[np.float64]:
    """How badly each photo fits its place, (n,): negative is usual, 1 is bad.

    It is how much more other places resemble it than its own does, and a little more if DBSCAN
    finds it alone among its place's photos. That it resembles its own no more than anything does
    says little: so do rare views of a sight, and photos of other places mostly resemble some. In a
    place of fewer than four photos the missing ones are taken to be as like as usual, so that only
    a clear resemblance to elsewhere tells against a photo there. Where there is one place only,
    every photo fits.
    """
    present = np.minimum(likes.neighbours, CLOSEST)
    own = (np.nan_to_num(likes.own) * present + (CLOSEST - present)) / CLOSEST
    return np.asarray((likes.elsewhere - own) / CLOSER_ELSEWHERE + LONELY * likes.lonely)


def misplaced(
    twins: Sequence[Twins], places: Sequence[str], likes: Likeness
) -> NDArray[np.float64]:
    """Of a picture that stands under two places, mark the photo whose place fits worse, (n,).

    The score is `MISPLACED` there and 0 elsewhere; where both places fit alike, nobody can tell.
    """
    fits = np.nan_to_num(likes.own)
    scores = np.zeros(len(places))
    for pair in twins:
        if places[pair.first] != places[pair.second]:
            worse, better = sorted((pair.first, pair.second), key=lambda row: fits[row])
            if fits[better] - fits[worse] >= SAME_FIT:
                scores[worse] = MISPLACED
    return scores


def _mean_of_closest(cosines: NDArray[np.float32]) -> float:
    known = cosines[~np.isnan(cosines)]
    kept = min(CLOSEST, len(known))
    return float(np.partition(known, -kept)[-kept:].mean()) if kept else float("nan")


def _unrelated(embeddings: Embeddings, codes: NDArray[np.int64]) -> float:
    """The usual cosine of photos of two places."""
    rows = np.unique(np.linspace(0, len(codes) - 1, SAMPLE).astype(int))
    across = codes[rows, None] != codes[None, rows]
    if not across.any():
        return UNRELATED
    return float(np.median((embeddings[rows] @ embeddings[rows].T)[across]))


def _lonely(embeddings: Embeddings, codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which photos are noise to DBSCAN (Ester et al., KDD 1996) among those of their place.

    The radius adapts to the place: the median distance to the third closest photo plus three times
    its spread (1.48 of the median deviation), so that many-sided sights get a wider one.
    """
    from sklearn.cluster import DBSCAN  # two seconds that most commands can do without

    lonely = np.zeros(len(codes), dtype=bool)
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        if len(rows) < FEWEST_FOR_CLUSTERS:
            continue
        distances = np.clip(1 - embeddings[rows] @ embeddings[rows].T, 0, None)
        reach = np.sort(distances, axis=1)[:, CLOSEST]  # the closest is the photo itself
        median = float(np.median(reach))
        eps = median + EPS_SPREADS * 1.48 * float(np.median(np.abs(reach - median)))
        clusters = DBSCAN(eps=max(eps, 1e-6), min_samples=CLOSEST + 1, metric="precomputed")
        lonely[rows] = clusters.fit_predict(distances) < 0
    return lonely
