"""A pen that draws lit, slightly turned bodies in units of the scene."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from offline.sources.demo.mood import RGB, Mood, blend, rgb

WIDTH, HEIGHT = 1280, 960  # pixels of the canvas; the camera halves them, which smooths edges
GLOW = 4  # the canvas has this many pixels in one pixel of the glow
LAMPLIGHT = "#ffd37a"
GLASS = "#4d7186"

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Paint:
    """The colours of one sight in full daylight, as "#rrggbb"."""

    wall: str
    trim: str
    roof: str
    accent: str


# Where the upright strips of a round body start, from its light edge (-1) to the dark one (1),
# and how each takes the light.
_STRIPS = (-1.0, -0.80, -0.42, 0.05, 0.5, 0.82)
_STRIP_SHADES = (0.93, 1.02, 1.08, 0.97, 0.84, 0.74)


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws in scene units: x to the right, y up, (0, 0) where the sight stands on the ground."""

    image: Image.Image  # WIDTH x HEIGHT, RGB
    glow: Image.Image  # light given off, RGB on black, GLOW times smaller
    mood: Mood
    x0: float  # pixels from the left to x = 0
    y0: float  # pixels from the top to y = 0
    scale: float  # pixels in a unit
    turn: float = 0.0  # how far to the side the viewer stands, in [-1, 1]
    haze: float = 0.0
    flood: bool = False  # draws the sight itself, which is lit up at night
    seed: int = 0  # which windows are lit

    def at(self, x: float, y: float, size: float = 1.0, *, haze: float | None = None) -> "Pen":
        """A pen whose (0, 0) is this one's (x, y) and whose unit is ``size`` of its units."""
        left, top = self.pixel(x, y)
        return replace(
            self,
            x0=left,
            y0=top,
            scale=self.scale * size,
            haze=self.haze if haze is None else haze,
        )

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Canvas pixel of a point of the scene."""
        squeeze = 1 - 0.08 * abs(self.turn)  # a front seen from the side looks narrower
        return self.x0 + x * self.scale * squeeze, self.y0 - y * self.scale

    def colour(self, own: str, shade: float = 1.0) -> RGB:
        """What a thing's own colour looks like here."""
        return self.mood.colour(own, shade, haze=self.haze, flood=self.flood)

    def roof(self, own: str) -> str:
        """Colour of a roof: snow lies on it in winter."""
        if not self.mood.season.snow:
            return own
        return "#{:02x}{:02x}{:02x}".format(*blend(rgb(own), (240, 245, 250), 0.66))

    # flat shapes

    def polygon(self, points: Points, own: str, shade: float = 1.0) -> None:
        """Fill a polygon."""
        outline = [self.pixel(x, y) for x, y in points]
        ImageDraw.Draw(self.image).polygon(outline, fill=self.colour(own, shade))

    def veil(self, points: Points, own: str, opacity: float, shade: float = 1.0) -> None:
        """Fill a polygon that lets what lies under it through."""
        outline = [self.pixel(x, y) for x, y in points]
        fill = (*self.colour(own, shade), round(255 * opacity))
        ImageDraw.Draw(self.image, "RGBA").polygon(outline, fill=fill)

    def rect(
        self, x: float, y: float, width: float, height: float, own: str, shade: float = 1.0
    ) -> None:
        """Fill a rectangle; ``x`` is its middle, ``y`` its foot."""
        left, bottom = self.pixel(x - width / 2, y)
        right, top = self.pixel(x + width / 2, y + height)
        box = (left, top, max(left, right - 1), max(top, bottom - 1))
        ImageDraw.Draw(self.image).rectangle(box, fill=self.colour(own, shade))

    def disc(self, x: float, y: float, rx: float, ry: float, own: str, shade: float = 1.0) -> None:
        """Fill an ellipse."""
        left, top = self.pixel(x - rx, y + ry)
        right, bottom = self.pixel(x + rx, y - ry)
        ImageDraw.Draw(self.image).ellipse((left, top, right, bottom), fill=self.colour(own, shade))

    def line(self, points: Points, width: float, own: str, shade: float = 1.0) -> None:
        """Draw a line ``width`` units thick."""
        pixels = [self.pixel(x, y) for x, y in points]
        thick = max(1, round(width * self.scale))
        draw = ImageDraw.Draw(self.image)
        draw.line(pixels, fill=self.colour(own, shade), width=thick, joint="curve")

    def ring(
        self, x: float, y: float, rx: float, ry: float, width: float, own: str, shade: float = 1.0
    ) -> None:
        """Draw an ellipse's outline."""
        left, top = self.pixel(x - rx, y + ry)
        right, bottom = self.pixel(x + rx, y - ry)
        ImageDraw.Draw(self.image).ellipse(
            (left, top, right, bottom),
            outline=self.colour(own, shade),
            width=max(1, round(width * self.scale)),
        )

    # bodies

    def block(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        own: str,
        *,
        top: float | None = None,
        depth: float | None = None,
    ) -> None:
        """A square body: its front, and the side that the viewer's position shows.

        Args:
            x: middle of the front; ``y`` is its foot.
            top: width at the top if it differs; 0 makes a pyramid.
            depth: how far the body goes back; half its width unless told.
        """
        upper = width if top is None else top
        back = (width / 2 if depth is None else depth) * self.turn * 0.62
        rise = abs(back)  # lines that go back meet at the horizon, a little above the ground
        edge, edge_top = math.copysign(width / 2, back), math.copysign(upper / 2, back)
        if back:
            away = back * (upper / width)
            side = [
                (x + edge, y),
                (x + edge + back, y + 0.14 * rise),
                (x + edge_top + (away if upper else back / 2), y + height - 0.1 * abs(away)),
                (x + edge_top, y + height),
            ]
            if not upper:
                side = [side[0], side[1], side[3]]
            self.polygon(side, own, 1.02 if back * self.mood.light.side > 0 else 0.72)
        front = [
            (x - width / 2, y),
            (x + width / 2, y),
            (x + upper / 2, y + height),
            (x - upper / 2, y + height),
        ]
        self.polygon(front, own, 0.98)

    def turned(self, x: float, y: float, profile: Iterable[tuple[float, float]], own: str) -> None:
        """A round body: ``profile`` gives (radius, height above ``y``) from the foot up."""
        outline = list(profile)
        light = self.mood.light.side
        for start, shade in zip(_STRIPS, _STRIP_SHADES, strict=True):
            # from where the strip starts to the dark edge: the next ones cover the rest
            points = [(x - light * start * r, y + h) for r, h in outline]
            points += [(x - light * r, y + h) for r, h in reversed(outline)]
            self.polygon(points, own, shade)

    def portal(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        gap: tuple[float, float],
        own: str,
        *,
        rise: float | None = None,
        depth: float = 8.0,
    ) -> None:
        """A wall with an arch one sees through; ``gap`` is the arch's width and height."""
        inner = list(reversed(arch(x, y, *gap, rise)))
        half = width / 2
        outer = [(x - half, y), (x - half, y + height), (x + half, y + height), (x + half, y)]
        # the inside of the arch shows on the far side, and its vault from below
        back = depth * self.turn * 0.6
        vault = [(px + back, py - 0.10 * depth * (py > y)) for px, py in inner]
        self.polygon(outer + vault, own, 0.66)
        self.polygon(outer + inner, own, 0.98)

    def windows(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        columns: int,
        rows: int,
        *,
        fill: tuple[float, float] = (0.5, 0.6),
        arched: bool = False,
        glass: str = GLASS,
    ) -> None:
        """A grid of windows in a rectangle, some of them lit; ``fill`` is each one's share."""
        cell_w, cell_h = width / columns, height / rows
        wide, high = cell_w * fill[0], cell_h * fill[1]
        for row in range(rows):
            for column in range(columns):
                middle = x - width / 2 + (column + 0.5) * cell_w
                foot = y + (row + 0.5) * cell_h - high / 2
                self.window(middle, foot, wide, high, arched=arched, glass=glass)

    def window(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        arched: bool = False,
        glass: str = GLASS,
    ) -> None:
        """One window, lit or not."""
        if self._chance(x, y) < self.mood.light.lit:
            warm = LAMPLIGHT if self._chance(y, x) < 0.7 else "#ffe7b0"
            self.shine(arch(x, y, width, height) if arched else box(x, y, width, height), warm)
        elif arched:
            self.polygon(arch(x, y, width, height), glass, 0.95)
        else:
            self.rect(x, y, width, height, glass, 0.95)

    def shine(self, points: Points, own: str, strength: float = 1.0) -> None:
        """Fill a polygon that gives off light."""
        outline = [self.pixel(x, y) for x, y in points]
        colour = blend(rgb(own), self.mood.haze, self.haze + self.mood.weather.haze * 0.25)
        ImageDraw.Draw(self.image).polygon(outline, fill=colour)
        self.halo(points, own, strength)

    def halo(self, points: Points, own: str, strength: float = 1.0) -> None:
        """Give off light from a polygon that is drawn already."""
        small = [(px / GLOW, py / GLOW) for px, py in (self.pixel(x, y) for x, y in points)]
        spread = blend((0, 0, 0), rgb(own), strength * (1 - self.haze))
        ImageDraw.Draw(self.glow).polygon(small, fill=spread)

    def _chance(self, x: float, y: float) -> float:
        """A number in [0, 1) that belongs to a spot of this sight in this picture."""
        value = math.sin(x * 12.9898 + y * 78.233 + self.seed * 0.618) * 43758.5453
        return value - math.floor(value)


def box(x: float, y: float, width: float, height: float) -> Points:
    """Outline of a rectangle by the middle of its foot."""
    half = width / 2
    return [(x - half, y), (x + half, y), (x + half, y + height), (x - half, y + height)]


def arch(x: float, y: float, width: float, height: float, rise: float | None = None) -> Points:
    """Outline of an opening with a round top, by the middle of its foot, from left to right.

    Args:
        rise: height of the round part; half the width unless told.
    """
    radius = width / 2
    rise = radius if rise is None else rise
    spring = max(y, y + height - rise)
    curve = [(x - radius * c, spring + rise * s) for c, s in _HALF_CIRCLE]
    return [(x - radius, y), *curve, (x + radius, y)]


def oval(x: float, y: float, rx: float, ry: float) -> Points:
    """Outline of an ellipse."""
    return [(x + rx * c, y + ry * s) for c, s in _CIRCLE]


def dome(radius: float, height: float) -> Points:
    """Profile of half a ball."""
    return [(radius * math.cos(t), height * math.sin(t)) for t in np.linspace(0, math.pi / 2, 13)]


def onion(radius: float, height: float) -> Points:
    """Profile of an onion dome."""
    return [(radius * r, height * h) for r, h in _ONION]


_ONION = (
    (0.60, 0.0), (0.80, 0.07), (0.95, 0.17), (1.0, 0.28), (0.95, 0.40), (0.80, 0.51),
    (0.58, 0.60), (0.36, 0.69), (0.18, 0.78), (0.07, 0.89), (0.0, 1.0),
)  # fmt: skip
_HALF_CIRCLE = [(math.cos(t), math.sin(t)) for t in np.linspace(0, math.pi, 13)]
_CIRCLE = [(math.cos(t), math.sin(t)) for t in np.linspace(0, 2 * math.pi, 25)]
