"""Several pictures on one sheet."""

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
    lying = np.ascontiguousarray(pixels.transpose(1, 0, 2))
    crossing, best = sorted(
        max(_best_seam(side, step=1), _best_seam(side, step=2) - SOFT_PENALTY)
        for side in (pixels, lying)
    )
    return best + GRID_BONUS * max(0.0, crossing - GRID_FROM)


def _best_seam(pixels: Pixels, *, step: int) -> float:
    """Score of the surest seam between columns; jumps are taken over ``step`` pixels."""
    jumps = cv2.absdiff(pixels[:, step:], pixels[:, :-step]).max(axis=2)
    scores = _coverage(jumps, step)
    where = (np.arange(len(scores)) + (step + 1) / 2) / pixels.shape[1]
    regular = np.abs(where[:, None] - REGULAR).min(axis=1) < REGULAR_SLACK
    mean, squares = (
        cv2.reduce(pixels, 0, how, dtype=cv2.CV_32F)[0] for how in (cv2.REDUCE_AVG, cv2.REDUCE_SUM2)
    )
    variety = np.sqrt(np.maximum(squares / len(pixels) - mean**2, 0)).mean(axis=1)
    lively = np.minimum(1, np.maximum(variety[:-step], variety[step:]) / VARIED)
    inside = (where >= MARGIN) & (where <= 1 - MARGIN)
    return float(np.max(((scores + REGULAR_BONUS * regular) * lively)[inside], initial=0.0))


def _coverage(jumps: NDArray[np.uint8], step: int) -> NDArray[np.float64]:
    """How much of each column is a seam, given the jumps (height, columns)."""
    beside = np.zeros_like(jumps)
    beside[:, step:] = jumps[:, :-step]
    beside[:, :-step] = cv2.max(beside[:, :-step], jumps[:, step:])
    sharpest = (cv2.subtract(jumps, beside) > 2).mean(axis=0)
    width = 5 + 4 * step
    total = cv2.boxFilter(jumps, cv2.CV_32F, (width, 1), normalize=False)
    around = (total - jumps) / (width - step)
    standing_out = jumps > np.maximum(CONTRAST * around, FAINTEST)
    ends = np.linspace(0, len(jumps), BANDS + 1).astype(int)[:-1]
    lengths = np.diff([*ends, len(jumps)])
    bands = np.add.reduceat(standing_out, ends, axis=0, dtype=np.int32) / lengths[:, None]
    weak_band = np.partition(bands, SPARED_BANDS, axis=0)[SPARED_BANDS]
    return np.asarray((sharpest + standing_out.mean(axis=0) + weak_band) / 3, dtype=np.float64)
