"""The same picture again: cropped, rescaled, compressed anew, brightened or mirrored."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.embedders.base import Embeddings

THUMBNAIL_SIDE = 64  # pixels

ALIKE_COSINE = 0.75  # of embeddings; planted copies had 0.79 and more
ALIKE_BITS = 8  # of 64 in which perceptual hashes differ
MOST_ALIKE = 20  # photos looked at for each photo, however many are alike
COARSE_SIDE = 16
COARSE_CORRELATION = 0.6  # of coarse thumbnails, before aligning them
START, MIDDLE, END = slice(0, 61), slice(1, 63), slice(3, 64)  # of a thumbnail
FRAMES = (  # rows and columns that a cropped copy may show
    (MIDDLE, MIDDLE),
    *((rows, columns) for rows in (START, END) for columns in (START, END)),
)
MOST_ALIGNED = 4  # pairs aligned for each photo, on average over the gallery at most
BLOCK = 256  # photos compared with all others at a time, to bound memory
PAIRS_BLOCK = 16_384  # pairs whose coarse thumbnails are compared at a time, likewise
ALIGNED_AT_ONCE = 64  # pairs; fixed, so that results do not depend on the number of threads

# How far a copy's frame may differ from the original's; beyond, alignment found something else.
MOST_SCALE = 0.18
MOST_SHEAR = 0.08
MOST_SHIFT = 0.18  # of the side
ALIGNMENT_STEPS = 80
BLUR = 3  # pixels, before aligning
EVERYWHERE = np.full((THUMBNAIL_SIDE, THUMBNAIL_SIDE), 255, dtype=np.uint8)  # nothing masked
ALREADY_ALIGNED = 0.99  # correlation as they lie; brightened copies of one frame had more
WORTH_A_SECOND_LOOK = 0.85  # alignment is not symmetric

Thumbnails = NDArray[np.uint8]  # (n, 64, 64) grey, stretched to a square
Hashes = NDArray[np.uint64]  # (n, 2): perceptual hash of each picture and of its mirror image


@dataclass(frozen=True, slots=True)
class Twins:
    """Two photos that may be one picture, by their rows."""

    first: int
    second: int
    score: float  # correlation of their aligned thumbnails, at most 1


def find_twins(
    visual: Embeddings, hashes: Hashes, thumbnails: Thumbnails, *, same_picture: float
) -> list[Twins]:
    """Compare each photo with those that may be copies of it, and say how surely they are.

    Embeddings or perceptual hashes propose pairs. A pair is then laid on top of each other by an
    affine transform near to none, mirrored if that fits better (ECC: Evangelidis & Psarakis, PAMI
    2008), and scored by the correlation of brightness. Two photographs taken from one spot rarely
    reach 0.96; of 178 copies cropped by up to 5 %, rescaled and brightened all were above 0.99.

    Aligning is what takes time, so the most promising pairs come first, by the correlation of
    coarse thumbnails. A pair is left out once both of its photos were aligned `MOST_ALIGNED` times,
    or once they are copies of one another through others: then it has the score of the weakest
    link among these.

    Args:
        visual: (n, dim).
        hashes: (n, 2).
        thumbnails: (n, 64, 64).
        same_picture: score from which on two photos are one picture.

    Returns:
        Pairs with a positive score, the lower row first.
    """
    pairs = _promising(_proposed(visual, hashes), thumbnails)
    groups = _Groups(len(thumbnails))
    aligned = np.zeros(len(thumbnails), dtype=np.int64)  # how often each photo was
    scores: dict[tuple[int, int], float] = {}

    def align(pair: _Pair) -> float:
        other = thumbnails[pair.second]
        if pair.mirrored:
            other = np.ascontiguousarray(other[:, ::-1])
        return _aligned(thumbnails[pair.first], other)

    with ThreadPoolExecutor() as pool:
        for start in range(0, len(pairs), ALIGNED_AT_ONCE):
            chosen = []
            for pair in pairs[start : start + ALIGNED_AT_ONCE]:
                rows = [pair.first, pair.second]
                if aligned[rows].min() < MOST_ALIGNED and not groups.joined(*rows):
                    aligned[rows] += 1
                    chosen.append(pair)
            for pair, score in zip(chosen, pool.map(align, chosen), strict=True):
                scores[pair.first, pair.second] = score
                if score >= same_picture:
                    groups.join(pair.first, pair.second, score)
    for pair in pairs:
        if groups.joined(pair.first, pair.second):
            scores.setdefault((pair.first, pair.second), groups.weakest_link(pair.first))
    return [Twins(*rows, score) for rows, score in sorted(scores.items()) if score > 0]


def near_duplicates(twins: Sequence[Twins], quality: Sequence[float]) -> NDArray[np.float64]:
    """How surely each photo is a copy of a better one: the score of its best such pair, else 0.

    Args:
        twins: pairs to judge.
        quality: of every photo; the better one of a pair stays, of equals the first.
    """
    scores = np.zeros(len(quality))
    for pair in twins:
        worse = pair.second if quality[pair.first] >= quality[pair.second] else pair.first
        scores[worse] = max(scores[worse], pair.score)
    return scores


class _Groups:
    """Photos that are one picture, directly or through others."""

    def __init__(self, count: int) -> None:
        self._leader = list(range(count))
        self._weakest = [1.0] * count  # of a leader's group

    def joined(self, first: int, second: int) -> bool:
        return self._find(first) == self._find(second)

    def join(self, first: int, second: int, score: float) -> None:
        low, high = sorted((self._find(first), self._find(second)))
        self._leader[high] = low
        self._weakest[low] = min(self._weakest[low], self._weakest[high], score)

    def weakest_link(self, row: int) -> float:
        """Lowest score that joined the group of a photo."""
        return self._weakest[self._find(row)]

    def _find(self, row: int) -> int:
        while self._leader[row] != row:
            self._leader[row] = self._leader[self._leader[row]]
            row = self._leader[row]
        return row


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two rows to align, the lower first."""

    first: int
    second: int
    mirrored: bool  # whether the second one fits better as its mirror image


def _proposed(visual: Embeddings, hashes: Hashes) -> NDArray[np.int64]:
    """Pairs of rows (m, 2) that are alike in embedding or in perceptual hash, lower row first."""
    count = len(visual)
    found = [np.empty(0, dtype=np.int64)]
    for start in range(0, count, BLOCK):
        rows = slice(start, start + BLOCK)
        cosines = visual[rows] @ visual.T
        alike = [_closest(cosines, start, at_least=ALIKE_COSINE)]
        for column in (0, 1):
            bits = np.bitwise_count(hashes[rows, 0, None] ^ hashes[None, :, column])
            alike.append(_closest(-bits.astype(np.float32), start, at_least=-ALIKE_BITS))
        low, high = np.sort(np.concatenate(alike), axis=1).T
        found.append(np.unique(low * count + high))
    return np.stack(np.divmod(np.unique(np.concatenate(found)), max(count, 1)), axis=1)


def _closest(likeness: NDArray[np.float32], start: int, *, at_least: float) -> NDArray[np.int64]:
    """Pairs (m, 2) of a block's rows (from ``start`` on) with the rows most like each."""
    own = np.arange(len(likeness))
    likeness[own, own + start] = -np.inf
    kept = min(MOST_ALIKE, likeness.shape[1])
    columns = np.argpartition(-likeness, kept - 1, axis=1)[:, :kept]
    rows, places = np.nonzero(np.take_along_axis(likeness, columns, axis=1) >= at_least)
    return np.stack([rows + start, columns[rows, places]], axis=1)


def _promising(pairs: NDArray[np.int64], thumbnails: Thumbnails) -> list[_Pair]:
    """The pairs whose coarse thumbnails correlate, those that do most first.

    One of a pair may be a crop of the other. So the whole of each is compared with the whole of the
    other and with its middle and four corners, and the best fit counts.
    """
    whole, mirrored = _coarse(thumbnails), _coarse(thumbnails[:, :, ::-1])
    upright = _fit(pairs, whole, whole)
    flipped = _fit(pairs, whole, mirrored)
    best = np.maximum(upright, flipped)
    for frame in FRAMES:
        part = _coarse(thumbnails[:, *frame])
        for one, other in ((part, whole), (whole, part), (part, mirrored), (mirrored, part)):
            np.maximum(best, _fit(pairs, one, other), out=best)
    order = np.argsort(-best, kind="stable")[: np.count_nonzero(best >= COARSE_CORRELATION)]
    return [
        _Pair(first, second, mirrored=flipped[row] > upright[row])
        for row, (first, second) in zip(order.tolist(), pairs[order].tolist(), strict=True)
    ]


def _fit(
    pairs: NDArray[np.int64], one: NDArray[np.float32], other: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Correlation of the first of each pair in ``one`` with the second in ``other``, (m,)."""
    blocks = [pairs[at : at + PAIRS_BLOCK].T for at in range(0, len(pairs), PAIRS_BLOCK)]
    fits = [np.einsum("ij,ij->i", one[first], other[second]) for first, second in blocks]
    return np.concatenate([np.empty(0, dtype=np.float32), *fits])


def _coarse(thumbnails: Thumbnails) -> NDArray[np.float32]:
    """Pictures averaged down, centred and scaled, so that products of rows are correlations."""
    side = (COARSE_SIDE, COARSE_SIDE)
    rows = np.empty((len(thumbnails), COARSE_SIDE * COARSE_SIDE), dtype=np.float32)
    for row, thumbnail in zip(rows, thumbnails, strict=True):
        row[:] = cv2.resize(
            thumbnail.astype(np.float32), side, interpolation=cv2.INTER_AREA
        ).ravel()
    rows -= rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-6), dtype=np.float32)


def _aligned(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Correlation of two thumbnails laid on top of each other; 0 if they cannot be."""
    as_they_lie = float(_centred(first) @ _centred(second))
    if as_they_lie > ALREADY_ALIGNED:  # from where alignment may only wander off
        return min(as_they_lie, 1.0)
    score = _correlation(first, second)
    if score >= WORTH_A_SECOND_LOOK or score == 0:
        score = max(score, _correlation(second, first))
    return score


def _centred(thumbnail: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Brightness about its mean, scaled so that a product is a correlation; blank gives zeros."""
    centred = thumbnail.astype(np.float64).ravel()
    centred -= centred.mean()
    return np.asarray(centred / max(float(np.linalg.norm(centred)), 1e-6))


def _correlation(template: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    warp = np.eye(2, 3, dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ALIGNMENT_STEPS, 1e-4)
    try:
        score, found = cv2.findTransformECC(
            template, other, warp, cv2.MOTION_AFFINE, stop, EVERYWHERE, BLUR
        )
    except cv2.error:  # did not converge: flat pictures, or nothing in common
        return 0.0
    change = np.abs(np.asarray(found) - np.eye(2, 3))
    plausible = (
        max(change[0, 0], change[1, 1]) <= MOST_SCALE
        and max(change[0, 1], change[1, 0]) <= MOST_SHEAR
        and change[:, 2].max() <= MOST_SHIFT * THUMBNAIL_SIDE
    )
    return float(score) if plausible else 0.0
