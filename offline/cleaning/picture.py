"""The form in which detectors look at a picture."""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]  # (height, width, 3), RGB, upright

SIDE = 480  # pixels; the longer side detectors are given at most, whatever a camera delivers


def pixels_of(image: Image.Image) -> Pixels:
    """The pixels of an RGB picture, shrunk to `SIDE`."""
    return shrunk(np.asarray(image), SIDE)


def shrunk(pixels: Pixels, side: int) -> Pixels:
    """Average a picture down so that its longer side has ``side`` pixels; never enlarge it."""
    height, width = pixels.shape[:2]
    factor = side / max(height, width)
    if factor >= 1:
        return pixels
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
