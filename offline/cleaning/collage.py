"""Several pictures on one sheet."""

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from offline.cleaning.picture import Pixels

MARGIN = 0.1  # of the side; edges of frames are no seams
BANDS = 12  # parts of a seam; nearly all of them must show it
SPARED_BANDS = 2  # where both sides may look alike, such as sky beside sky
FAINTEST = 6  # steps of brightness, of 255, from which on an edge is one
CONTRAST = 2  # times the steps around it, which are texture
REGULAR = np.array([1 / 2, 1 / 3, 2 / 3])  # where programs that make collages cut
REGULAR_SLACK = 0.02  # gaps shift seams
REGULAR_BONUS = 0.1
SOFT_PENALTY = 0.2  # soft lines are common in photographs, hard seams are not
GRID_FROM = 0.4  # score of the surest seam across the surest one; usual photographs stay below
GRID_BONUS = 0.5  # of what it has beyond
VARIED = 20.0  # standard deviation along a seam, of 255, on its livelier side

Plane = NDArray[np.uint8]  # (height, width), one colour; whole planes are far quicker than triples


def collage(pixels: Pixels) -> float:
    """How surely a straight seam runs right across a picture: from 0; 1 is sure.

    At a seam between two pictures (or between a picture and a gap) colour jumps within one pixel,
    on nearly the whole way across. Horizons, plinths and poles are soft, bent or interrupted. For
    every row and column the score is the mean of three shares: of pixels where the jump beats both
    next to it, of pixels where it beats twice the mean of its surroundings, and the latter in the
    third weakest of twelve bands along the seam. The best place counts: a bit more if at a half or
    a third; less if both sides have the same colours all along, as at a wall by the water. A seam
    softened by scaling is looked for with steps of two pixels, at a discount. A second seam across
    the first, as grids have it, adds to the score.
    """
    if min(pixels.shape[:2]) < 4 * BANDS:
        return 0.0
    planes = cv2.split(pixels)
    crossing, best = sorted(
        max(_best_seam(side, step=1), _best_seam(side, step=2) - SOFT_PENALTY)
        for side in (planes, [cv2.transpose(plane) for plane in planes])
    )
    return best + GRID_BONUS * max(0.0, crossing - GRID_FROM)


def _best_seam(planes: Sequence[Plane], *, step: int) -> float:
    """Score of the surest seam between columns; jumps are taken over ``step`` pixels."""
    jumps = reduce(cv2.max, [cv2.absdiff(plane[:, step:], plane[:, :-step]) for plane in planes])
    scores = _coverage(jumps, step)
    where = (np.arange(len(scores)) + (step + 1) / 2) / planes[0].shape[1]
    regular = np.abs(where[:, None] - REGULAR).min(axis=1) < REGULAR_SLACK
    variety = np.mean([_variety(plane) for plane in planes], axis=0)
    lively = np.minimum(1, np.maximum(variety[:-step], variety[step:]) / VARIED)
    inside = (where >= MARGIN) & (where <= 1 - MARGIN)
    return float(np.max(((scores + REGULAR_BONUS * regular) * lively)[inside], initial=0.0))


def _variety(plane: Plane) -> NDArray[np.float32]:
    """Standard deviation along each column, of 255."""
    mean, squares = (
        cv2.reduce(plane, 0, how, dtype=cv2.CV_32F)[0] for how in (cv2.REDUCE_AVG, cv2.REDUCE_SUM2)
    )
    return np.asarray(np.sqrt(np.maximum(squares / len(plane) - mean**2, 0)))


def _coverage(jumps: Plane, step: int) -> NDArray[np.float64]:
    """How much of each column is a seam, given the jumps (height, columns)."""
    beside = np.zeros_like(jumps)
    beside[:, step:] = jumps[:, :-step]
    beside[:, :-step] = cv2.max(beside[:, :-step], jumps[:, step:])
    sharpest = _count(cv2.subtract(jumps, beside) > 2)
    width = 5 + 4 * step
    total = cv2.boxFilter(jumps, cv2.CV_16U, (width, 1), normalize=False)
    # In whole numbers: whether the jump is above `CONTRAST` times the mean of those around it.
    standing_out = (width - step + CONTRAST) * jumps.astype(np.uint16) > CONTRAST * total
    standing_out &= jumps > FAINTEST
    ends = np.linspace(0, len(jumps), BANDS + 1).astype(int)
    bands = np.stack([_count(standing_out[start:end]) for start, end in pairwise(ends)])
    shares = bands / np.diff(ends)[:, None]
    weak_band = np.partition(shares, SPARED_BANDS, axis=0)[SPARED_BANDS]
    whole = (sharpest + bands.sum(axis=0)) / len(jumps)
    return np.asarray((whole + weak_band) / 3, dtype=np.float64)


def _count(marked: NDArray[np.bool_]) -> NDArray[np.int32]:
    """How many pixels of each column are marked."""
    counts = cv2.reduce(marked.view(np.uint8), 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return np.asarray(counts[0], dtype=np.int32)
