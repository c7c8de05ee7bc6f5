"""Bridges: each function draws one across the whole picture, its water at y = -6."""

from offline.sources.demo.canvas import LAMPLIGHT, Paint, Pen, box, oval
from offline.sources.demo.scenery import REACH, WATERLINE


def cable_bridge(pen: Pen, paint: Paint) -> None:
    """A road hung from one white pylon by fans of cables."""
    deck = 20.0
    for x in (-96, 92):
        pen.block(x, WATERLINE, 7, deck - WATERLINE, paint.trim, depth=5)
    for side in (-1, 1):
        pen.polygon([(-14 * side, WATERLINE), (-19 * side, WATERLINE), (-11 * side, deck + 16),
                     (-2 * side, 118), (2 * side, 118), (-7 * side, deck + 16)],
                    paint.wall, 1.0 if -side == pen.mood.light.side else 0.84)  # fmt: skip
    pen.rect(0, deck - 7, 30, 4, paint.wall, 0.85)
    for i in range(11):
        for side in (-1, 1):
            foot, top = side * (16 + i * 10.5), 62 + i * 4.6
            pen.line([(side * 1.2, top), (foot, deck + 3)], 0.45, paint.roof)
    pen.rect(0, 56, 15, 3, paint.wall, 0.85)
    pen.rect(0, 108, 7, 3, paint.wall, 0.85)
    pen.rect(0, deck, REACH * 2, 3.2, paint.accent, 0.98)
    pen.rect(0, deck - 2.2, REACH * 2, 2.2, paint.accent, 0.72)
    for x in range(-176, 177, 16):
        pen.rect(x, deck + 3.2, 0.4, 6, paint.roof)
        if pen.mood.light.lit > 0.3:
            pen.shine(oval(x, deck + 9, 0.8, 0.8), LAMPLIGHT)
    for x, own in ((-58, "#d8574a"), (-34, "#f1e4c9"), (40, "#e2a93d"), (72, "#4f7fa8")):
        pen.rect(x, deck + 3.2, 5, 2.2, own)
    pen.halo(box(0, 118, 3, 3), "#ff6a55", pen.mood.light.lit)


def stone_bridge(pen: Pen, paint: Paint) -> None:
    """Five low arches of warm stone, lamps and statues along the parapet."""
    spans = ((-92, 36), (-48, 44), (0, 50), (48, 44), (92, 36))
    for x, width in ((-150.0, 78), (150.0, 78)):
        pen.rect(x, WATERLINE, width, 26, paint.wall, 0.98)
    for x, width in spans:
        crown = 27 - abs(x) * 0.06
        gap = (width - 9, crown - WATERLINE - 5)
        pen.portal(x, WATERLINE, width + 0.6, crown - WATERLINE + 3, gap, paint.wall,
                   rise=gap[0] * 0.42, depth=10)  # fmt: skip
        ring = [(x + (width - 9) / 2 * c, crown - 5 - gap[0] * 0.42 * (1 - s))
                for c, s in ((-0.94, 0.34), (-0.7, 0.71), (-0.36, 0.93), (0, 1.0), (0.36, 0.93),
                             (0.7, 0.71), (0.94, 0.34))]  # fmt: skip
        pen.line(ring, 1.5, paint.trim)
    for x in (-110.5, -70.0, -25.5, 25.5, 70.0, 110.5):
        pen.block(x, WATERLINE, 9, 17, paint.trim, depth=4)
        pen.block(x, WATERLINE + 17, 9, 5, paint.trim, top=0, depth=4)
    top = [(-190, 17), (-110, 23), (0, 30), (110, 23), (190, 17)]
    pen.polygon([*top, *((x, y + 3.6) for x, y in reversed(top))], paint.trim, 1.02)
    pen.line([(x, y - 0.4) for x, y in top], 0.8, paint.trim, 0.75)
    for x in (-102.0, -70.0, -25.5, 25.5, 70.0, 102.0):
        _lamp_or_statue(pen, x, 33.4 - abs(x) * 0.064, paint, statue=abs(x) < 30)


def _lamp_or_statue(pen: Pen, x: float, y: float, paint: Paint, *, statue: bool) -> None:
    pen.block(x, y, 4.5, 4, paint.trim)
    if statue:
        pen.polygon([(x - 2, y + 4), (x + 2, y + 4), (x + 1.2, y + 13), (x - 1.2, y + 13)],
                    paint.accent)  # fmt: skip
        pen.disc(x, y + 14.4, 1.5, 1.7, paint.accent)
        pen.line([(x, y + 11), (x + 4 * (1 if x < 0 else -1), y + 16)], 0.9, paint.accent)
        return
    pen.rect(x, y + 4, 0.8, 10, paint.roof)
    for dx in (-2.2, 0, 2.2):
        globe = oval(x + dx, y + (13 if dx else 15), 1.2, 1.3)
        if pen.mood.light.lit > 0.3:
            pen.shine(globe, LAMPLIGHT)
        else:
            pen.polygon(globe, "#f5efdd")


def aqueduct(pen: Pen, paint: Paint) -> None:
    """Two storeys of arches from hill to hill."""
    for i in range(-6, 7):
        x, tall = i * 28.0, 50.0
        pen.portal(x, 0, 28.4, tall, (19, 42), paint.wall, depth=9)
        for edge in (-14, 14):
            pen.block(x + edge, 0, 7, 30, paint.trim, top=6, depth=2)
        pen.rect(x, 29, 3, 0.1, paint.trim)
    pen.rect(0, 50, REACH * 2, 2.6, paint.trim)
    for i in range(-13, 14):
        x = i * 14.0
        pen.portal(x, 52.6, 14.3, 24, (9, 18), paint.wall, depth=8)
    pen.rect(0, 76.6, REACH * 2, 2.4, paint.trim)
    pen.rect(0, 79, REACH * 2, 5, paint.wall, 0.95)
    pen.rect(0, 84, REACH * 2, 1.8, pen.roof(paint.roof))
    for i in range(40):  # courses and missing stones
        x, y = (i * 37) % 260 - 130, 53 + (i * 53) % 28
        pen.rect(x, y if y > 77 else y % 6 + 43, 3.6, 1.5, paint.accent, 0.88)
    for x in (-98, -42, 14, 70):
        pen.disc(x, 1, 7, 3.5, pen.mood.season.conifer, 0.95)
        pen.disc(x + 6, 0.4, 5, 2.6, pen.mood.season.grass, 0.8)
