"""Is a picture in colour? Black-and-white and toned pictures tell nothing about a place's colours.

Both detectors look at CIE L*a*b*, where (a, b) is the colour and its length the chroma: 0 is grey,
a red brick has about 40. Pictures are shrunk first, so that noise and compression average out.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from offline.cleaning.picture import Pixels, shrunk

SIDE = 96  # pixels; colours of areas count, not of dots
GREY_CHROMA = 10.0  # where the score reaches 0
LIGHTNESS_STEPS = 16

# Where each sign of toning is as weak as it can be: the score reaches 0 there. At the threshold of
# 0.5 half of each is allowed. Planted and real toned pictures stay below half, and for each sign
# there are colour photographs that only this one sets apart: sandstone, sunsets, lit facades.
STRAY_CHROMA = 13.0  # colours beside the tone, 90th percentile
STRAY_SHARE = 0.52  # colours beside the tone, mean, to the mean chroma
UNCONCENTRATED = 0.2  # 1 - length of the mean colour / mean chroma
CHROMA_SPREAD = 20.0  # 95th percentile less mean: a tone is pale nearly everywhere


def black_and_white(pixels: Pixels) -> float:
    """How colourless a picture is: 1 for pure grey, 0.6 where 2 % of it have a chroma above 4.

    Scans keep a trace of colour all over, mostly below 3. Overcast, foggy and snowy photographs
    are pale too, but something in them - a roof, a sign, skin, bricks - is clearly coloured.
    """
    chroma = np.hypot(*_colours(pixels)[1].T)
    return float(max(0.0, 1 - np.percentile(chroma, 98) / GREY_CHROMA))


def toned(pixels: Pixels) -> float:
    """How surely a picture is grey that was tinted (sepia, cyanotype): 1 for a perfect tint.

    In a tinted picture lightness decides colour. So the mean colour of each of 16 steps of
    lightness is taken away: little is left. What is left and the tint itself must also point in one
    direction, and be pale. The weakest of four signs counts. Grey pictures have no tint: 0.
    """
    lightness, colours = _colours(pixels)
    chroma = np.hypot(*colours.T)
    mean_chroma = float(chroma.mean())
    if mean_chroma < 1:
        return 0.0
    stray = np.hypot(*(colours - _tone(lightness, colours)).T)
    concentration = float(np.hypot(*colours.mean(axis=0))) / mean_chroma
    weakest = max(
        float(np.percentile(stray, 90)) / STRAY_CHROMA,
        float(stray.mean()) / mean_chroma / STRAY_SHARE,
        (1 - concentration) / UNCONCENTRATED,
        (float(np.percentile(chroma, 95)) - mean_chroma) / CHROMA_SPREAD,
    )
    return max(0.0, 1 - weakest)


def _colours(pixels: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lightness (n) in [0, 100] and colours (n, 2) of a shrunk picture's pixels."""
    small = shrunk(pixels, SIDE).astype(np.float32) / 255
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.float32).reshape(-1, 3)
    return lab[:, 0], lab[:, 1:]


def _tone(lightness: NDArray[np.float32], colours: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mean colour of each pixel's step of lightness, (n, 2)."""
    steps = np.clip(lightness * (LIGHTNESS_STEPS / 100), 0, LIGHTNESS_STEPS - 1).astype(int)
    counts = np.maximum(np.bincount(steps, minlength=LIGHTNESS_STEPS), 1)
    means = [np.bincount(steps, axis, LIGHTNESS_STEPS) / counts for axis in colours.T]
    return np.asarray(np.stack(means, axis=1)[steps])
