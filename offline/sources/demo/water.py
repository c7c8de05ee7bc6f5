"""Water in front of a sight, and what it mirrors."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from offline.sources.demo.canvas import GLOW, HEIGHT, WIDTH, Pen, oval
from offline.sources.demo.mood import blend
from offline.sources.demo.scenery import WATERLINE, Random


def reflect(pen: Pen, waterline: float = WATERLINE, *, strength: float = 0.62) -> None:
    """Turn everything below ``waterline`` into water, or wet paving if ``strength`` is low."""
    top = round(pen.pixel(0, waterline)[1])
    height = HEIGHT - top
    if height < 8:
        return
    above = pen.image.crop((0, max(0, top - round(height * 1.25)), WIDTH, top))
    mirror = ImageOps.flip(above).resize((WIDTH // 2, height // 2), Image.Resampling.BILINEAR)
    mirror = mirror.filter(ImageFilter.BoxBlur((1.0, 1.6)))
    rows = np.arange(mirror.height)
    ripple = np.sin(rows * 0.55) * (1.0 + rows * 0.022) + np.sin(rows * 0.19) * (rows * 0.018)
    waved = _shift_rows(np.asarray(mirror), ripple)
    mirror = Image.fromarray(waved).resize((WIDTH, height), Image.Resampling.BILINEAR)
    if strength > 0.5:
        mood = pen.mood
        deep = blend(mood.colour("#2b7285"), mood.sky(0), 0.35)
        under = Image.new("RGB", mirror.size, deep)
        if mood.season.snow:
            under = Image.new("RGB", mirror.size, blend(deep, mood.colour("#cfe0ea"), 0.45))
    else:
        under = pen.image.crop((0, top, WIDTH, HEIGHT))
    pen.image.paste(Image.blend(under, mirror, strength), (0, top))
    edge = top // GLOW
    lamps = (0, max(0, 2 * edge - pen.glow.height), pen.glow.width, edge)
    shine = ImageOps.flip(pen.glow.crop(lamps))
    pen.glow.paste(ImageChops.multiply(shine, Image.new("RGB", shine.size, (90, 90, 90))),
                   (0, edge))  # fmt: skip


def _shift_rows(pixels: NDArray[np.uint8], by: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Move every row of a picture sideways by its own number of pixels, edges repeated."""
    columns = np.arange(pixels.shape[1])[None] + np.rint(by).astype(int)[:, None]
    columns = columns.clip(0, pixels.shape[1] - 1)
    shifted: NDArray[np.uint8] = pixels[np.arange(pixels.shape[0])[:, None], columns]
    return shifted


def glints(pen: Pen, random: Random, waterline: float = WATERLINE) -> None:
    """Light lines on the water."""
    tint = blend(pen.mood.sky(2), (255, 255, 255), 0.35)
    draw = ImageDraw.Draw(pen.image, "RGBA")
    for _ in range(70):
        depth = random.uniform(0.02, 1) ** 1.3
        x, y = random.uniform(-140, 140), waterline - 50 * depth
        length = random.uniform(1.5, 5) * (0.5 + 1.6 * depth)
        outline = [pen.pixel(px, py) for px, py in oval(x, y, length, 0.10 + 0.22 * depth)[::3]]
        draw.polygon(outline, fill=(*tint, 80))
