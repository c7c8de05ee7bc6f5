"""What stands on squares and in parks: each function draws one, standing on (0, 0)."""

import math

from offline.sources.demo.canvas import LAMPLIGHT, Paint, Pen, box, oval

_SPRAY = "#eaf7fb"


def fountain(pen: Pen, paint: Paint) -> None:
    """Three bowls of stone under a plume of water."""
    pen.disc(0, -3, 82, 11, paint.trim, 0.8)
    pen.disc(0, 0, 82, 11, paint.trim)
    pen.disc(0, 0.4, 76, 9.2, paint.roof)
    frozen = pen.mood.season.snow
    for x in range(-60, 61, 15):
        pen.disc(x, 0.4 + 3 * math.cos(x), 8, 0.5, _SPRAY)
    for radius, y, stem in ((34, 26, 8), (22, 46, 5.5), (12, 62, 3.6)):
        pen.turned(0, 0, [(stem + 2, y - 22), (stem, y - 18), (stem * 0.8, y - 8), (stem, y - 5)],
                   paint.wall)  # fmt: skip
        if not frozen:
            _falling(pen, radius, y, 20 if y < 60 else 15)
        pen.turned(0, y - 6, [(stem, 0), (radius * 0.7, 2.6), (radius, 6)], paint.wall)
        pen.disc(0, y, radius, radius * 0.13, paint.trim)
        pen.disc(0, y, radius * 0.92, radius * 0.10, paint.roof if not frozen else "#eef4f8")
    pen.turned(0, 62, [(3, 0), (2, 4), (3.4, 7), (1, 11)], paint.accent)
    if frozen:
        return
    for spread, top in ((3.5, 110), (8, 98), (13, 86)):
        plume = [(-1, 70), (-spread * 0.7, top - 6), (0, top), (spread * 0.7, top - 6), (1, 70)]
        pen.veil(plume, _SPRAY, 0.5)
    for i in range(8):
        side = -1 if i % 2 else 1
        start = 66 - (i // 2) * 9
        jet = [(side * (start - t * start * 0.62), 1 + 30 * t * (1.55 - t)) for t in _STEPS]
        pen.line(jet, 1.0, _SPRAY)
    pen.halo(oval(0, 40, 26, 44), LAMPLIGHT, pen.mood.light.lit * 0.35)


_STEPS = [i / 12 for i in range(13)]


def _falling(pen: Pen, radius: float, y: float, drop: float) -> None:
    for i in range(-7, 8):
        x = radius * math.sin(i / 7 * math.pi / 2)
        sheet = [(x - 1.3, y), (x + 1.3, y), (x * 1.07 + 1.0, y - drop), (x * 1.07 - 1.0, y - drop)]
        pen.veil(sheet, _SPRAY, 0.55)


def ferris_wheel(pen: Pen, paint: Paint) -> None:
    """A white wheel with cabins of many colours."""
    hub, radius = 62.0, 50.0
    pen.block(0, 0, 72, 6, paint.trim, depth=14)
    for side in (-1, 1):
        pen.line([(side * 30, 5), (0, hub)], 3.4, paint.wall, 0.8)
    for i in range(24):
        c, s = math.cos(i * math.pi / 12), math.sin(i * math.pi / 12)
        pen.line([(0, hub), (c * radius, hub + s * radius)], 0.45, paint.wall, 0.92)
    for r, width in ((radius, 1.7), (radius - 5, 0.9), (14, 0.9)):
        pen.ring(0, hub, r, r, width, paint.wall)
    lit = pen.mood.light.lit > 0.3
    cabins = (paint.accent, paint.roof, "#f2b63c", "#4b9fb5", "#f0e4cf", "#7f6bb0")
    for i in range(18):
        angle = i * math.pi / 9 + 0.12
        x, y = radius * math.cos(angle), hub + radius * math.sin(angle)
        if lit:
            pen.shine(oval(x, y, 1.2, 1.2), "#ffe9a8")
        pen.polygon(box(x, y - 6.6, 5.6, 5.2), cabins[i % 6])
        pen.disc(x, y - 1.6, 2.8, 1.6, cabins[i % 6], 1.08)
        pen.window(x, y - 4.6, 4.0, 2.2)
    if lit:
        for i in range(36):
            c, s = math.cos(i * math.pi / 18), math.sin(i * math.pi / 18)
            own = ("#ff9a6a", "#ffe08a", "#8fd8ff")[i % 3]
            pen.shine(oval(c * 45, hub + s * 45, 0.8, 0.8), own)
    for side in (-1, 1):
        pen.line([(side * 24, 5), (0, hub)], 2.6, paint.wall)
    pen.disc(0, hub, 5, 5, paint.accent)
    pen.disc(0, hub, 2.2, 2.2, paint.wall)
    pen.block(-24, 6, 15, 9, paint.roof)
    pen.polygon([(-34, 15), (-24, 21), (-14, 15)], pen.roof(paint.accent))


def monument(pen: Pen, paint: Paint) -> None:
    """A bronze ferryman in his boat on a granite wave."""
    for width, y in ((78, 0), (66, 3)):
        pen.block(0, y, width, 3, paint.trim, depth=width / 3)
    wave = [(-30, 6), (-33, 22), (-27, 38), (-14, 47), (-20, 38), (-12, 31), (4, 33), (20, 39),
            (32, 44), (30, 24), (31, 6)]  # fmt: skip
    pen.polygon(wave, paint.wall, 0.95)
    dark = [(31, 6), (30, 24), (32, 44), (20, 39), (12, 24), (10, 6)]
    pen.polygon(dark, paint.wall, 0.8 if pen.mood.light.side < 0 else 1.06)
    for bend in (0, 7, 14):
        crack = [(-26, 10), (-24, 20 + bend * 0.3), (-6, 25), (14, 28)]
        pen.line([(x + bend, y) for x, y in crack], 0.7, paint.trim, 0.9)
    boat = [(-36, 53), (-26, 43), (-8, 38), (14, 39), (30, 45), (42, 58), (24, 51), (0, 47),
            (-20, 49)]  # fmt: skip
    pen.polygon(boat, paint.roof, 0.95)
    pen.line([(-35, 53), (-20, 49), (0, 47), (24, 51), (41, 57.6)], 1.4, paint.accent)
    pen.polygon([(-7, 46), (7, 46), (8, 62), (6, 78), (-4, 78), (-8, 62)], paint.roof)
    cloak = [(-4, 77), (-22, 52), (-15, 49), (-8, 52), (-7, 62)]
    pen.polygon(cloak, paint.roof, 0.78)
    pen.disc(1.5, 83, 4.4, 5, paint.roof, 1.05)
    pen.polygon([(-5, 86), (9, 85), (5, 90), (-2, 90)], paint.accent)
    pen.line([(4, 74), (15, 69), (20, 76)], 3.2, paint.roof, 1.05)
    pen.line([(-3, 74), (6, 63), (17, 60)], 3.0, paint.roof, 0.85)
    pen.line([(10, 36), (26, 114)], 1.7, paint.accent)
    lamp = oval(-38, 60, 2.6, 3.2)
    pen.line([(-36, 53), (-39, 64), (-38, 63)], 0.8, paint.accent)
    if pen.mood.light.lit > 0.1:
        pen.shine(lamp, LAMPLIGHT)
    else:
        pen.polygon(lamp, "#f4d488")


def triumphal_arch(pen: Pen, paint: Paint) -> None:
    """A cream arch with paired columns and a gold chariot."""
    for x in (-33.0, 33.0):
        pen.portal(x, 0, 26, 66, (9, 26), paint.wall, depth=12)
    pen.block(46.2 * (1 if pen.turn > 0 else -1), 0, 0.4, 66, paint.wall, depth=26)
    pen.portal(0, 0, 42, 66, (28, 50), paint.wall, depth=16)
    pen.line([(14 * math.cos(t / 12 * math.pi), 36 + 14 * math.sin(t / 12 * math.pi))
              for t in range(13)], 2.0, paint.trim)  # fmt: skip
    for x in (-42.5, -20.0, 20.0, 42.5):
        pen.block(x, 0, 7, 9, paint.trim, depth=3)
        pen.turned(x, 9, [(2.4, 0), (2.0, 3), (1.8, 41), (2.8, 45)], paint.trim)
    for x in (-31.5, 31.5):
        pen.disc(x, 40, 5, 5, paint.trim)
        pen.disc(x, 40, 3.6, 3.6, paint.accent)
    pen.block(0, 54, 98, 5, paint.trim, depth=26)
    pen.block(0, 59, 92, 15, paint.wall, depth=24)
    pen.rect(0, 62, 44, 9, paint.trim, 0.94)
    for i in range(3):
        pen.rect(0, 64 + i * 2.2, 34 - i * 6, 0.9, paint.roof, 0.8)
    pen.block(0, 74, 96, 3, paint.trim, depth=26)
    for side in (-1, 1):
        _horse(pen.at(side * 8, 77, 1.15), side, paint.accent)
    pen.polygon([(-4, 77), (4, 77), (2.6, 97), (-2.6, 97)], paint.accent, 1.05)
    pen.polygon([(-2, 94), (-15, 106), (-4, 90)], paint.accent, 0.9)
    pen.polygon([(2, 94), (15, 106), (4, 90)], paint.accent, 1.05)
    pen.disc(0, 99.5, 2.6, 2.8, paint.accent, 1.08)


def _horse(pen: Pen, side: int, own: str) -> None:
    body = [
        (0, 5), (0, 9), (5, 10), (11, 10), (15, 17), (17, 18.5), (22, 15.5), (21, 14), (17, 14.5),
        (16, 8), (13, 5), (4, 5.5),
    ]  # fmt: skip
    pen.polygon([(side * x, y) for x, y in body], own)
    for points in ([(2, 7), (0, 3), (1.5, 0)], [(4, 6), (5, 3), (4, 0)], [(13, 6), (12, 0)],
                   [(14, 7), (19, 7), (20, 3.5)]):  # fmt: skip
        pen.line([(side * x, y) for x, y in points], 1.6, own, 0.92)
    pen.line([(0, 9), (-side * 3, 7), (-side * 3.5, 3)], 1.1, own, 0.85)
