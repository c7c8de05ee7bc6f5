"""Pictures that tell nothing: blank, tiny, blurred, or a page of text."""

import cv2
import numpy as np
from numpy.typing import NDArray

from offline.cleaning.picture import Pixels, shrunk

# Each sign scores 1 where a picture tells as good as nothing.
TINY_SIDE = 80  # pixels of the longer side
BLANK_CONTRAST = 8.0  # standard deviation of brightness, of 255; photographs have over 20
BLURRED_SIDE = 240  # pixels; sharpness is measured at one size
BLURRED_DETAIL = 0.3  # of the contrast; photographs have over 0.4, blurred ones 0.05 to 0.3
PAPER_SHARE = 0.35  # of the picture in one flat colour
TEXT_SHARE = 0.2  # of the picture under lines of text; pages have over 0.6, photographs below 0.1

STROKE_EDGE = 40  # steps of brightness, of 255
WORD_GAP = 9  # pixels between strokes of one line
LINE_HEIGHTS = (5, 0.12)  # pixels; share of the picture's height


def no_information(pixels: Pixels) -> float:
    """How little a picture tells: the strongest sign of four, 1 and more is too little.

    Tiny: by its longer side. Blank: by the contrast of brightness. Blurred: by the sharpest
    twentieth of it (Laplacian), relative to the contrast, at one size for all. Text: a flat
    background carries lines of small strokes - pages, screens, plans; the weaker of the two counts.
    """
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    contrast = max(float(grey.std()), 1.0)
    signs = (
        TINY_SIDE / max(grey.shape),
        BLANK_CONTRAST / contrast,
        BLURRED_DETAIL / max(_detail(grey), 1e-3),
    )
    strongest, paper = max(signs), _paper(pixels) / PAPER_SHARE
    if paper > strongest:  # else lines of text, which take longest to find, change nothing
        strongest = max(strongest, min(paper, _text(grey) / TEXT_SHARE))
    return float(strongest)


def _detail(grey: NDArray[np.uint8]) -> float:
    """Strength of the finest edges, relative to the contrast."""
    small = shrunk(grey, BLURRED_SIDE).astype(np.float32)
    edges = np.abs(cv2.Laplacian(small, cv2.CV_32F))
    return float(np.percentile(edges, 95) / max(small.std(), 1.0))


def _paper(pixels: Pixels) -> float:
    """Share of the commonest of 512 colours."""
    red, green, blue = ((plane >> 5).astype(np.uint16) for plane in cv2.split(pixels))
    counts = np.bincount(((red << 6) | (green << 3) | blue).ravel())
    return float(counts.max() / red.size)


def _text(grey: NDArray[np.uint8]) -> float:
    """Share of the picture under long, low rows of strokes."""
    edges = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    strokes = (edges > STROKE_EDGE).astype(np.uint8)
    rows = cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, np.ones((1, WORD_GAP), np.uint8))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(rows)
    width, height, filled = boxes[1:, 2], boxes[1:, 3], boxes[1:, 4]  # the first is the background
    lowest, highest = LINE_HEIGHTS[0], LINE_HEIGHTS[1] * grey.shape[0]
    lines = (height >= lowest) & (height <= highest) & (width >= 2 * height)
    lines &= filled >= 0.5 * width * height
    return float((width * height)[lines].sum() / grey.size)
