"""From where on an answer is claimed, chosen on the gallery itself."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.embedders.base import Embeddings
from core.index import PhotoIndex
from core.snapshot import Thresholds
from core.text_search import Meaning
from core.vote import Neighbour, knn_vote
from offline.near_duplicates import SAME_COSINE, Shots

SAMPLE = 2000  # photos asked, at most: enough for the quantiles, seconds of work
KEPT = 0.95  # share of right answers whose similarity must stay claimed
WANTED_PRECISION = 0.95  # of the claimed names, on photos of known places
FEWEST = 20  # answers needed to choose anything

SMALL_TALK_REFUSED = 0.9  # share of phrases that name no place

CAUTIOUS_SCORE, CAUTIOUS_SHARE = 0.0, 0.5  # for galleries too small to learn from


def choose_thresholds(
    visual: Embeddings,
    place_ids: Sequence[str],
    shots: Shots,
    index: PhotoIndex,
    meaning: Meaning,
    small_talk: Embeddings,
    *,
    k: int,
) -> Thresholds:
    """Ask every gallery photo (or a sample) of the rest of the gallery, and see when that is right.

    ``min_score`` keeps 95 % of the right answers. ``min_share`` is the smallest share from which
    on 95 % of the answers are right; where nearly all are, no more than half is asked for.
    ``min_stand_out`` refuses 90 % of ``small_talk``.

    Args:
        visual: embeddings of the gallery, (n, dim).
        place_ids: the place of each, n.
        shots: perceptual hashes of each, n; copies of a photo would flatter the gallery.
        index: over ``visual``.
        meaning: of the gallery's places.
        small_talk: words that name no place, in the joint space, (phrases, joint_dim).
        k: neighbours that vote.
    """
    min_score, min_share = _for_photos(*_answers(visual, place_ids, shots, index, k))
    stand_out = meaning.stand_out(small_talk).max(axis=1)
    return Thresholds(
        min_score=round(min_score, 4),
        min_share=round(min_share, 4),
        min_stand_out=round(float(np.quantile(stand_out, SMALL_TALK_REFUSED)), 4),
    )


def _answers(
    visual: Embeddings, place_ids: Sequence[str], shots: Shots, index: PhotoIndex, k: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Similarity and share of the best place, and whether it was right, of each photo asked."""
    asked = np.unique(np.linspace(0, len(visual) - 1, min(SAMPLE, len(visual))).astype(int))
    sizes = Counter(place_ids)
    scores, shares, right = [], [], []
    nearest = index.search(visual[asked], 2 * k)
    for row, rows, cosines in zip(asked, nearest.rows, nearest.scores, strict=True):
        copies = shots.same_as(row, rows) | (cosines >= SAME_COSINE) | (rows == row)
        others = [
            Neighbour(str(other), place_ids[other], float(cosine))
            for other, cosine in zip(rows[~copies], cosines[~copies], strict=True)
        ][:k]
        if others:
            best = knn_vote(others, place_sizes=sizes)[0]
            scores.append(best.best.score)
            shares.append(best.share)
            right.append(best.place_id == place_ids[row])
    return np.array(scores), np.array(shares), np.array(right, dtype=bool)


def _for_photos(
    scores: NDArray[np.float64], shares: NDArray[np.float64], right: NDArray[np.bool_]
) -> tuple[float, float]:
    """Choose ``min_score`` and ``min_share``."""
    if right.sum() < FEWEST:
        return CAUTIOUS_SCORE, CAUTIOUS_SHARE
    min_score = float(np.quantile(scores[right], 1 - KEPT))
    order = np.argsort(-shares)
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    reached = np.flatnonzero(precision >= WANTED_PRECISION)
    if not len(reached):
        return min_score, CAUTIOUS_SHARE
    min_share = float(shares[order][reached[-1]])
    all_of_them = reached[-1] == len(order) - 1
    return min_score, min(min_share, CAUTIOUS_SHARE) if all_of_them else min_share
