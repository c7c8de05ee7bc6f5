"""From where on an answer is claimed, chosen on the gallery itself."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from core.embedders.base import Embeddings
from core.index import PhotoIndex
from core.snapshot import Thresholds
from core.vote import Neighbour, knn_vote

SAMPLE = 2000  # photos asked, at most: enough for the quantiles, seconds of work
SAME_PHOTO = 0.98  # cosine; closer gallery photos are copies and would flatter the gallery
KEPT = 0.95  # share of right answers whose similarity must stay claimed
WANTED_PRECISION = 0.95  # of the claimed names, on photos of known places
FEWEST = 20  # answers needed to choose anything

CAUTIOUS = Thresholds(min_score=0.0, min_share=0.5)  # for galleries too small to learn from


def choose_thresholds(
    visual: Embeddings, place_ids: Sequence[str], index: PhotoIndex, *, k: int
) -> Thresholds:
    """Ask every gallery photo (or a sample) of the rest of the gallery, and see when that is right.

    ``min_score`` keeps 95 % of the right answers. ``min_share`` is the smallest share from which
    on 95 % of the answers are right; where nearly all are, no more than half is asked for.

    Args:
        visual: embeddings of the gallery, (n, dim).
        place_ids: the place of each, n.
        index: over ``visual``.
        k: neighbours that vote.
    """
    asked = np.unique(np.linspace(0, len(visual) - 1, min(SAMPLE, len(visual))).astype(int))
    sizes = Counter(place_ids)
    scores, shares, right = [], [], []
    nearest = index.search(visual[asked], 2 * k)
    for row, rows, cosines in zip(asked, nearest.rows, nearest.scores, strict=True):
        others = [
            Neighbour(str(other), place_ids[other], float(cosine))
            for other, cosine in zip(rows, cosines, strict=True)
            if other != row and cosine < SAME_PHOTO
        ][:k]
        if others:
            best = knn_vote(others, place_sizes=sizes)[0]
            scores.append(best.best.score)
            shares.append(best.share)
            right.append(best.place_id == place_ids[row])
    return _thresholds(np.array(scores), np.array(shares), np.array(right, dtype=bool))


def _thresholds(
    scores: np.ndarray[tuple[int], np.dtype[np.float64]],
    shares: np.ndarray[tuple[int], np.dtype[np.float64]],
    right: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> Thresholds:
    if right.sum() < FEWEST:
        return CAUTIOUS
    min_score = float(np.quantile(scores[right], 1 - KEPT))
    order = np.argsort(-shares)
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    reached = np.flatnonzero(precision >= WANTED_PRECISION)
    min_share = float(shares[order][reached[-1]]) if len(reached) else CAUTIOUS.min_share
    if len(reached) and reached[-1] == len(order) - 1:
        min_share = min(min_share, CAUTIOUS.min_share)
    return Thresholds(round(min_score, 4), round(min_share, 4))
