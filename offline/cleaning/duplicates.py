"""The same picture again: cropped, rescaled, compressed anew, brightened or mirrored."""

from collections.abc import Iterator, Sequence
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
BLOCK = 256  # photos compared with all others at a time, to bound memory

# How far a copy's frame may differ from the original's; beyond, alignment found something else.
MOST_SCALE = 0.18
MOST_SHEAR = 0.08
MOST_SHIFT = 0.18  # of the side
ALIGNMENT_STEPS = 80
BLUR = 3  # pixels, before aligning
EVERYWHERE = np.full((THUMBNAIL_SIDE, THUMBNAIL_SIDE), 255, dtype=np.uint8)  # nothing masked
WORTH_A_SECOND_LOOK = 0.85  # alignment is not symmetric

Thumbnails = NDArray[np.uint8]  # (n, 64, 64) grey, stretched to a square
Hashes = NDArray[np.uint64]  # (n, 2): perceptual hash of each picture and of its mirror image


@dataclass(frozen=True, slots=True)
class Twins:
    """Two photos that may be one picture, by their rows."""

    first: int
    second: int
    score: float  # correlation of their aligned thumbnails, at most 1


def find_twins(visual: Embeddings, hashes: Hashes, thumbnails: Thumbnails) -> list[Twins]:
    """Compare each photo with those that may be copies of it, and say how surely they are.

    Embeddings or perceptual hashes propose pairs. A pair is then laid on top of each other by an
    affine transform near to none, mirrored if that fits better (ECC: Evangelidis & Psarakis, PAMI
    2008), and scored by the correlation of brightness. Two photographs taken from one spot rarely
    reach 0.96; of 178 copies cropped by up to 5 %, rescaled and brightened all were above 0.99.

    Args:
        visual: (n, dim).
        hashes: (n, 2).
        thumbnails: (n, 64, 64).

    Returns:
        Pairs with a positive score, the lower row first.
    """
    coarse = _coarse(thumbnails)
    mirrored = _coarse(thumbnails[:, :, ::-1])
    found = []
    for first, second in sorted(set(_proposed(visual, hashes))):
        upright = float(coarse[first] @ coarse[second])
        flipped = float(coarse[first] @ mirrored[second])
        if max(upright, flipped) >= COARSE_CORRELATION:
            other = thumbnails[second]
            if flipped > upright:
                other = np.ascontiguousarray(other[:, ::-1])
            score = _aligned(thumbnails[first], other)
            if score > 0:
                found.append(Twins(first, second, score))
    return found


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


def _proposed(visual: Embeddings, hashes: Hashes) -> Iterator[tuple[int, int]]:
    """Yield pairs of rows that are alike in embedding or in perceptual hash, lower row first."""
    for start in range(0, len(visual), BLOCK):
        rows = slice(start, start + BLOCK)
        cosines = visual[rows] @ visual.T
        yield from _closest(cosines, start, at_least=ALIKE_COSINE)
        for column in (0, 1):
            bits = np.bitwise_count(hashes[rows, 0, None] ^ hashes[None, :, column])
            yield from _closest(-bits.astype(np.float32), start, at_least=-ALIKE_BITS)


def _closest(
    likeness: NDArray[np.float32], start: int, *, at_least: float
) -> Iterator[tuple[int, int]]:
    """Yield the pairs of a block (rows from ``start`` on) that are alike enough."""
    own = np.arange(len(likeness))
    likeness[own, own + start] = -np.inf
    kept = min(MOST_ALIKE, likeness.shape[1])
    for row, columns in enumerate(np.argpartition(-likeness, kept - 1, axis=1)[:, :kept]):
        for column in columns[likeness[row, columns] >= at_least]:
            yield min(row + start, int(column)), max(row + start, int(column))


def _coarse(thumbnails: Thumbnails) -> NDArray[np.float32]:
    """Thumbnails averaged down, centred and scaled, so that products of rows are correlations."""
    step = THUMBNAIL_SIDE // COARSE_SIDE
    blocks = thumbnails.reshape(-1, COARSE_SIDE, step, COARSE_SIDE, step)
    rows = blocks.mean(axis=(2, 4), dtype=np.float32).reshape(-1, COARSE_SIDE * COARSE_SIDE)
    rows -= rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-6), dtype=np.float32)


def _aligned(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Correlation of two thumbnails laid on top of each other; 0 if they cannot be."""
    if np.array_equal(first, second):
        return 1.0
    score = _correlation(first, second)
    if score >= WORTH_A_SECOND_LOOK or score == 0:
        score = max(score, _correlation(second, first))
    return score


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
