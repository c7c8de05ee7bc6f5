"""Tall sights: each function draws one, standing on (0, 0)."""

import math

from offline.sources.demo.canvas import LAMPLIGHT, Paint, Pen, arch, dome, oval


def clock_tower(pen: Pen, paint: Paint) -> None:
    """A brick tower with a clock and a steep green roof."""
    pen.block(0, 0, 36, 14, paint.trim, depth=18)
    pen.windows(0, 3, 34, 9, 5, 1, arched=True)
    pen.block(0, 14, 22, 48, paint.wall, depth=14)
    for x in (-10.0, 10.0):
        pen.rect(x, 14, 2.2, 48, paint.trim, 0.95)
    pen.windows(0, 18, 16, 40, 2, 4, fill=(0.36, 0.62), arched=True)
    pen.polygon(arch(0, 0, 7, 11), "#5d3327", 0.85)
    pen.block(0, 62, 26, 3, paint.trim, depth=16)
    pen.block(0, 65, 23, 22, paint.wall, depth=14)
    _clock_face(pen, 76, 8.6, paint)
    pen.block(0, 87, 27, 3, paint.trim, depth=16)
    for x in (-11.5, 11.5):
        pen.block(x, 90, 3.4, 4, paint.trim)
        pen.block(x, 94, 3.4, 6, pen.roof(paint.roof), top=0)
    pen.block(0, 90, 21, 28, pen.roof(paint.roof), top=0, depth=12)
    pen.rect(0, 116, 0.8, 9, paint.accent)
    pen.disc(0, 121, 1.5, 1.5, paint.accent)


def _clock_face(pen: Pen, y: float, radius: float, paint: Paint) -> None:
    pen.disc(0, y, radius + 1.2, radius + 1.2, paint.accent)
    if pen.mood.light.lit > 0.3:
        pen.shine(oval(0, y, radius, radius), "#fff1c9", 0.8)
    else:
        pen.disc(0, y, radius, radius, "#fdf6e3", 1.02)
    for hour in range(12):
        c, s = math.cos(hour * math.pi / 6), math.sin(hour * math.pi / 6)
        tick = radius * (0.72 if hour % 3 else 0.62)
        pen.line([(c * tick, y + s * tick), (c * radius * 0.88, y + s * radius * 0.88)], 0.6,
                 "#3b3a46")  # fmt: skip
    pen.line([(0, y), (-radius * 0.42, y + radius * 0.26)], 1.1, "#3b3a46")
    pen.line([(0, y), (radius * 0.36, y + radius * 0.62)], 0.8, "#3b3a46")


def tv_tower(pen: Pen, paint: Paint) -> None:
    """A concrete needle with a glazed ball and a striped mast."""
    for lean in (-1, 1):
        pen.polygon([(lean * 17, 0), (lean * 12, 0), (lean * 1.5, 46), (lean * 3.5, 46)],
                    paint.wall, 0.9 if lean == pen.mood.light.side else 0.76)  # fmt: skip
    pen.turned(0, 0, [(7.5, 0), (5, 22), (3.8, 48), (3, 80)], paint.wall)
    pen.turned(0, 0, [(19, 0), (19, 5), (14, 8)], paint.trim)
    pen.turned(0, 64, [(3, 0), (12.5, 5), (14, 9), (12.5, 13), (7, 17), (3, 18)], paint.trim)
    for i in range(9):
        x = -11.6 + i * 2.9
        pen.window(x, 71.2, 2.1, 3.4, glass="#3e6f8c")
    pen.turned(0, 82, [(6.5, 0), (7, 2), (6.5, 4)], paint.accent)
    for i in range(6):
        width = 2.0 - i * 0.24
        pen.turned(
            0, 86 + i * 6, [(width, 0), (width - 0.2, 6)], paint.roof if i % 2 else "#f4f0e8"
        )
    pen.halo(oval(0, 122, 1.5, 1.5), "#ff5a4a", pen.mood.light.lit)


def lighthouse(pen: Pen, paint: Paint) -> None:
    """A striped lighthouse with its keeper's house on a rock in the sea."""
    rock = [
        (-78, -9),
        (-60, -1),
        (-46, 3),
        (-30, 9),
        (-8, 12),
        (20, 11),
        (34, 6),
        (56, 1),
        (74, -9),
    ]
    pen.polygon(rock, "#8b7d78" if not pen.mood.season.snow else "#d5dbe0", 0.9)
    for crack in ([(-60, -9), (-46, 3), (-34, -9)], [(-14, -9), (-2, 8), (12, -9)],
                  [(30, -9), (40, 4), (58, -9)]):  # fmt: skip
        pen.polygon(crack, "#6d625f", 0.85)
    pen.block(33, 8, 26, 12, "#f3ead9", depth=10)
    pen.windows(33, 10, 22, 8, 3, 1, fill=(0.4, 0.6))
    pen.polygon([(18.5, 20), (24, 29), (42, 29), (47.5, 20)], pen.roof("#a3483c"))
    pen.rect(40, 26, 3, 7, "#9c6a58")
    for i in range(5):
        low, high = 11.5 - i * 0.95, 11.5 - (i + 1) * 0.95
        own = paint.accent if i % 2 == 0 else paint.wall
        pen.turned(-6, 11 + i * 15, [(low, 0), (high, 15.2)], own)
    for y in (30, 62):
        pen.window(-6, y, 3, 5, arched=True)
    pen.polygon(arch(-6, 11, 6, 10), "#5d3a30")
    pen.turned(-6, 86, [(8, 0), (10, 1.5), (10, 3.5)], paint.roof)
    pen.turned(-6, 89.5, [(5.6, 0), (5.6, 10)], "#8fb4c0")
    lamp = oval(-6, 94.5, 3.2, 3.8)
    if pen.mood.light.lit > 0.1 or pen.mood.weather.haze > 0.2:
        pen.halo([(-6, 94), (-120, 108), (-120, 84)], "#fff0b8", 0.34)
        pen.halo([(-6, 94), (120, 106), (120, 86)], "#fff0b8", 0.34)
        pen.shine(lamp, "#fff4c8")
    else:
        pen.polygon(lamp, "#fdf2cf")
    for x in (-10.8, -6, -1.2):
        pen.rect(x, 89.5, 0.6, 10, paint.roof)
    pen.turned(-6, 99.5, [(7, 0), *dome(6.4, 7)], paint.roof)
    pen.rect(-6, 106, 0.7, 6, paint.roof)


def obelisk(pen: Pen, paint: Paint) -> None:
    """A granite needle with a gold star among flower beds."""
    for width, y in ((64, 0), (50, 3), (36, 6)):
        pen.block(0, y, width, 3, paint.trim, depth=width / 3)
    pen.block(0, 9, 20, 13, paint.trim, depth=14)
    pen.rect(0, 12, 12, 7, paint.accent, 0.95)
    pen.block(0, 22, 14, 80, paint.wall, top=8, depth=11)
    for y in (30, 52, 74):
        pen.rect(0, y, 12.6 - (y - 22) * 0.075, 1.2, paint.accent)
    pen.block(0, 102, 8, 7, paint.wall, top=0, depth=6)
    star = []
    for i in range(10):
        r = 5.4 if i % 2 == 0 else 2.3
        star.append((r * math.sin(i * math.pi / 5), 113 + r * math.cos(i * math.pi / 5)))
    pen.polygon(star, paint.accent, 1.05)
    pen.halo(star, LAMPLIGHT, pen.mood.light.lit * 0.8)
    bed = "#f4f6f8" if pen.mood.season.snow else "#c8403f"
    for x in (-46, 46):
        pen.disc(x, 0.5, 15, 3.2, pen.mood.season.grass, 0.85)
        pen.disc(x, 1.2, 12, 2.2, bed)


def windmill(pen: Pen, paint: Paint) -> None:
    """A post mill of tarred boards with four white sails."""
    pen.disc(0, -1, 46, 7, pen.mood.season.grass, 0.92)
    pen.turned(0, 0, [(22, 0), (20, 8), (19, 10)], paint.trim)
    pen.turned(0, 10, [(18, 0), (11.5, 46)], paint.wall)
    for i in range(6):
        r = 17.4 - i * 1.05
        pen.line([(-r, 16 + i * 7.2), (r, 16 + i * 7.2)], 0.35, "#4a3328")
    pen.polygon(arch(0, 10, 7, 12), "#4a2f25")
    for y in (30, 43):
        pen.window(0, y, 4, 5)
    pen.turned(0, 54, [(14.5, 0), (14.5, 2.5)], paint.trim)
    pen.turned(0, 56, [(13, 0), (12, 7), (7, 13), (0, 16)], pen.roof(paint.roof))
    for quarter in range(4):
        angle = math.radians(28 + 90 * quarter)
        _blade(pen, angle, paint)
    pen.disc(0, 60, 2.6, 2.6, paint.trim, 0.8)


def _blade(pen: Pen, angle: float, paint: Paint) -> None:
    c, s = math.cos(angle), math.sin(angle)

    def spot(along: float, across: float) -> tuple[float, float]:
        return along * c - across * s, 60 + along * s + across * c

    pen.polygon([spot(9, 0), spot(46, 0), spot(46, 9), spot(9, 7)], paint.accent, 1.0)
    for along in range(14, 46, 6):
        pen.line([spot(along, 0), spot(along, 8.4)], 0.5, paint.trim, 0.85)
    pen.line([spot(0, 0), spot(48, 0)], 1.5, paint.trim, 0.8)
    pen.line([spot(9, 3.8), spot(46, 4.6)], 0.4, paint.trim, 0.85)
