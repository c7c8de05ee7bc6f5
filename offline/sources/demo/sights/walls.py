"""Fortifications: each function draws one, standing on (0, 0)."""

from itertools import pairwise

from offline.sources.demo.canvas import Paint, Pen, arch


def town_gate(pen: Pen, paint: Paint) -> None:
    """Two round towers of banded brick, a gate and a small chapel between them."""
    for x in (-88.0, 88.0):
        pen.block(x, 0, 72, 24, paint.wall, depth=8)
        _battlements(pen, x, 24, 72, 6, paint.wall)
    pen.portal(0, 0, 46, 50, (20, 32), paint.wall, depth=14)
    pen.line(arch(0, 0, 23, 33.5), 2, paint.trim)
    for x in (-7.5, -2.5, 2.5, 7.5):
        pen.rect(x, 24, 0.8, 7, "#4b3a34")
    pen.rect(0, 25, 19, 0.8, "#4b3a34")
    pen.windows(0, 38, 36, 8, 4, 1, fill=(0.34, 0.9), arched=True)
    _battlements(pen, 0, 50, 46, 6, paint.wall)
    pen.block(0, 50, 16, 14, paint.trim, depth=10)
    pen.window(0, 53, 5, 8, arched=True)
    pen.block(0, 64, 19, 14, pen.roof(paint.roof), top=0, depth=10)
    pen.rect(0, 77, 0.7, 8, paint.accent)
    for x in (-36, 36):
        pen.turned(x, 0, [(19, 0), (16.5, 8), (16.5, 58)], paint.wall)
        for y in (14, 30, 46):
            pen.turned(x, y, [(16.6, 0), (16.6, 3.4)], paint.trim)
        for y in (20, 36):
            pen.window(x, y, 3.4, 7, arched=True)
        pen.turned(x, 56, [(16.5, 0), (20, 5), (20, 12)], paint.wall)
        for i in range(5):
            pen.rect(x - 16 + i * 8, 68, 4.6, 4, paint.wall, 1.0 - 0.05 * i)
        pen.turned(x, 68, [(17, 0), (11, 14), (0.2, 36)], pen.roof(paint.roof))
        pen.line([(x, 103), (x, 114)], 0.7, paint.accent)
        pen.polygon([(x, 114), (x + 9, 111.5), (x, 109)], paint.accent)


def fortress(pen: Pen, paint: Paint) -> None:
    """A red kremlin on its hill: a wall, four tent-roofed towers, white chambers behind."""
    hill = [(-190, -4), (-120, 3), (-60, 9), (10, 13), (70, 10), (130, 4), (190, -4)]
    for x, width in ((-30, 34), (14, 30)):
        pen.block(x, 28, width, 24, "#f6efe2", depth=10)
        pen.windows(x, 42, width - 4, 8, 5, 1, arched=True)
        pen.polygon([(x - width * 0.55, 52), (x, 62), (x + width * 0.55, 52)], pen.roof("#5f7f76"))
    pen.turned(-8, 52, [(4, 0), (4, 14)], "#f6efe2")
    pen.turned(-8, 66, [(4, 0), (6, 3), (5.6, 6), (2, 10), (0, 15)], paint.accent)
    pen.polygon(hill, pen.mood.season.grass, 0.9)
    for (x, y), (end, end_y) in pairwise(_WALL):
        pen.polygon([(x, y), (end, end_y), (end, end_y + 22), (x, y + 22)], paint.wall, 0.95)
        pen.polygon([(x, y + 8), (end, end_y + 8), (end, end_y + 9.4), (x, y + 9.4)], paint.trim)
        count = int((end - x) / 5)
        for i in range(count):
            at = x + (i + 0.5) * (end - x) / count
            foot = y + (end_y - y) * (i + 0.5) / count + 22
            tooth = [(at - 1.6, foot - 0.4), (at + 1.6, foot - 0.4), (at + 1.6, foot + 5)]
            pen.polygon([*tooth, (at, foot + 3), (at - 1.6, foot + 5)], paint.wall)
    for (x, y), size in zip(_WALL[1:-1], (0.85, 1.15, 0.8, 1.0), strict=True):
        _tower(pen.at(x, y - 2, size), paint)


_WALL = ((-190, -2), (-84, 3), (-34, 9), (28, 9), (80, 4), (190, -3))


def _tower(pen: Pen, paint: Paint) -> None:
    pen.block(0, 0, 22, 44, paint.wall, top=20, depth=12)
    pen.windows(0, 12, 14, 26, 2, 2, fill=(0.28, 0.5), arched=True)
    pen.block(0, 43, 24, 7, paint.wall, depth=13)
    pen.rect(0, 43, 24.4, 1.4, paint.trim)
    _battlements(pen, 0, 50, 24, 4, paint.wall)
    pen.block(0, 50, 20, 22, pen.roof(paint.roof), top=8, depth=11)
    pen.block(0, 72, 8, 7, paint.wall, depth=4)
    pen.window(0, 73.4, 3, 4, arched=True)
    pen.block(0, 79, 10, 14, pen.roof(paint.roof), top=0, depth=5)
    pen.rect(0, 92, 0.7, 5, paint.accent)
    pen.polygon([(0, 97), (6, 95.4), (0, 94)], paint.accent)


def _battlements(pen: Pen, x: float, y: float, width: float, height: float, own: str) -> None:
    count = int(width / 6)
    for i in range(count):
        pen.rect(x + ((i + 0.5) / count - 0.5) * width, y - 0.3, 3.6, height, own, 0.98)
