"""Wide buildings: each function draws one, standing on (0, 0)."""

from offline.sources.demo.canvas import LAMPLIGHT, Paint, Pen, Points, arch, dome, oval


def theatre(pen: Pen, paint: Paint) -> None:
    """Eight columns under a pediment, a bronze chariot on the roof."""
    pen.block(0, 0, 128, 34, paint.wall, depth=34)
    pen.windows(0, 5, 124, 26, 13, 2, fill=(0.42, 0.66), arched=True)
    pen.rect(0, 34, 130, 2.4, paint.trim)
    pen.block(0, 36, 66, 16, paint.wall, depth=30)
    pen.polygon([(-36, 52), (0, 62), (36, 52)], pen.roof(paint.roof))
    for width, y in ((76, 0), (72, 2), (68, 4)):
        pen.block(0, y, width, 2, paint.trim, depth=8)
    pen.rect(0, 6, 60, 32, paint.wall, 0.76)
    for x in (-12, 0, 12):
        pen.polygon(arch(x, 6, 6, 15), "#7a4a34", 0.85)
    pen.windows(0, 24, 50, 10, 7, 1, fill=(0.4, 0.7))
    for i in range(8):
        x = -28 + i * 8
        pen.turned(x, 6, [(2.2, 0), (1.9, 2), (1.6, 28), (2.3, 31)], paint.trim)
    pen.block(0, 37, 66, 5, paint.trim, depth=8)
    pen.polygon([(-35, 42), (0, 56), (35, 42)], paint.trim, 1.02)
    pen.polygon([(-28, 43.2), (0, 54), (28, 43.2)], paint.wall, 0.9)
    pen.disc(0, 47, 3.4, 3.4, paint.accent)
    _chariot(pen, 56, paint.accent)


def _chariot(pen: Pen, y: float, own: str) -> None:
    """Four horses, a chariot and its driver, sixteen units wide."""
    pen.rect(0, y - 2, 18, 2.4, own, 0.8)
    for x in (-7, -2.6, 2.6, 7):
        lean = 1 if x > 0 else -1
        pen.polygon([(x - 1.4, y), (x + 1.4, y), (x + 1.6, y + 4), (x + 2.2 * lean, y + 8),
                     (x + 3.6 * lean, y + 7), (x - 1.6, y + 4)], own)  # fmt: skip
    pen.polygon([(-1.4, y + 3), (1.4, y + 3), (0.8, y + 10), (-0.8, y + 10)], own, 1.1)
    pen.disc(0, y + 11.2, 1.2, 1.3, own, 1.1)


def palace(pen: Pen, paint: Paint) -> None:
    """A long baroque palace, its middle and its ends raised."""
    pen.block(0, 0, 176, 34, paint.wall, depth=22)
    pen.polygon([(-89, 34), (-84, 43), (84, 43), (89, 34)], pen.roof(paint.roof), 0.95)
    pen.windows(0, 4, 172, 13, 25, 1, fill=(0.44, 0.78), arched=True)
    pen.windows(0, 19, 172, 12, 25, 1, fill=(0.44, 0.75))
    for i in range(26):
        pen.rect(-86 + i * 6.88, 3, 1.1, 30, paint.trim)
    pen.rect(0, 33, 178, 1.8, paint.trim)
    pen.rect(0, 17, 176, 1.0, paint.trim)
    for x in (-72, 72):
        _pavilion(pen, x, 32, 42, paint)
    _pavilion(pen, 0, 44, 46, paint)
    pen.turned(0, 60, [(9, 0), (9, 9)], paint.wall)
    pen.windows(0, 61.5, 15, 6, 4, 1, fill=(0.5, 0.9), arched=True)
    pen.turned(0, 69, [(10, 0), *dome(10, 13)], paint.accent)
    pen.turned(0, 81, [(2.4, 0), (2.4, 4), (0.2, 11)], paint.accent)


def _pavilion(pen: Pen, x: float, width: float, height: float, paint: Paint) -> None:
    part = pen.at(x, 0)
    part.block(0, 0, width, height, paint.wall, depth=8)
    count = max(4, int(width / 7))
    part.windows(0, 4, width * 0.92, 14, count, 1, fill=(0.5, 0.85), arched=True)
    part.windows(0, 20, width * 0.92, height - 24, count, 1, fill=(0.48, 0.85), arched=True)
    for i in range(count + 1):
        part.turned((i / count - 0.5) * width * 0.93, 2, [(0.9, 0), (0.9, height - 4)], paint.trim)
    part.rect(0, height - 2, width + 2, 2.4, paint.trim)
    part.polygon([(-width * 0.4, height), (0, height + 8), (width * 0.4, height)], paint.trim)
    part.disc(0, height + 3, 2, 2, paint.accent)
    roof = [(-width / 2, height), (-width * 0.4, height + 12), (width * 0.4, height + 12)]
    part.polygon([*roof, (width / 2, height)], pen.roof(paint.roof), 0.9)
    part.polygon([(-width * 0.42, height), (0, height + 9), (width * 0.42, height)], paint.trim)
    part.polygon([(-width * 0.32, height + 0.6), (0, height + 7), (width * 0.32, height + 0.6)],
                 paint.wall)  # fmt: skip
    part.disc(0, height + 3, 1.9, 1.9, paint.accent)


def station(pen: Pen, paint: Paint) -> None:
    """A great glazed arch between two turrets, wings to the platforms."""
    pen.block(0, 0, 164, 22, paint.wall, depth=24)
    pen.windows(0, 3, 158, 17, 18, 1, fill=(0.5, 0.85), arched=True)
    pen.polygon([(-84, 22), (-80, 29), (80, 29), (84, 22)], pen.roof(paint.roof))
    pen.rect(0, 21, 166, 1.6, paint.trim)
    hall = arch(0, 0, 70, 56)
    pen.polygon(hall, paint.wall, 0.98)
    pen.line(hall[1:-1], 3, paint.trim)
    window = arch(0, 14, 54, 34)
    if pen.mood.light.lit > 0.3:
        pen.shine(window, LAMPLIGHT, 0.8)
    else:
        pen.polygon(window, "#5b8ba0")
        pen.veil([(-24, 14), (-10, 14), (12, 46), (2, 47)], "#ffffff", 0.22)
    for x in range(-24, 25, 6):
        pen.rect(x, 14, 0.7, 7 + 27 * (1 - (x / 27) ** 2) ** 0.5, paint.trim, 0.85)
    for y in (22, 30):
        pen.rect(0, y, 53 if y < 23 else 50, 0.8, paint.trim, 0.85)
    for x in (-18, 0, 18):
        pen.polygon(arch(x, 0, 9, 12), "#54372f", 0.9)
    for x in (-39, 39):
        pen.block(x, 0, 15, 58, paint.wall, depth=12)
        pen.windows(x, 8, 10, 42, 1, 4, fill=(0.5, 0.6), arched=True)
        pen.rect(x, 56, 17, 3, paint.trim)
        pen.block(x, 59, 15, 20, pen.roof(paint.roof), top=0, depth=10)
        pen.rect(x, 77, 0.6, 8, paint.accent)
    pen.disc(0, 52, 5.4, 5.4, paint.trim)
    pen.disc(0, 52, 4.2, 4.2, "#fdf6e3")
    pen.line([(0, 55), (0, 52), (2.4, 51)], 0.7, "#3b3a46")


def greenhouse(pen: Pen, paint: Paint) -> None:
    """A palm house: a glass dome between two glass halls, the palms showing through."""
    for x in (-48, 48):
        pen.block(x, 0, 54, 6, paint.wall, depth=16)
        _glazed(pen, arch(x, 6, 52, 24, 14), paint)
        for i in range(6):
            pen.disc(x - 21 + i * 8.4, 9 + (i * 5) % 4, 4.6, 6, paint.accent, 0.9 + 0.06 * (i % 3))
        for i in range(9):
            rib = x - 26 + i * 6.5
            share = 1 - ((rib - x) / 26) ** 2
            pen.rect(rib, 6, 0.8, 10 + 14 * max(0.0, share) ** 0.5, paint.trim)
        for y in (13, 19):
            pen.rect(x, y, 50, 0.7, paint.trim)
        pen.line(arch(x, 6, 52, 24, 14), 1.4, paint.trim)
    pen.block(0, 0, 56, 8, paint.wall, depth=22)
    _glazed(pen, arch(0, 8, 52, 52, 34), paint)
    for x, y, r in ((-14, 14, 8), (0, 12, 9), (13, 15, 8), (-6, 22, 6), (8, 24, 7)):
        pen.disc(x, y, r, r * 0.9, paint.accent, 0.92)
    for x, top in ((-8, 44), (9, 40)):
        pen.line([(x, 10), (x + 1, top)], 1.2, "#7a5a3c")
        for dx, dy in ((-9, -3), (-6, 4), (0, 6), (6, 4), (9, -3)):
            pen.line([(x + 1, top), (x + dx * 0.6, top + dy), (x + dx, top + dy - 3)], 1.6,
                     paint.accent)  # fmt: skip
    for share in (-1, -0.66, -0.33, 0, 0.33, 0.66, 1):
        bend = [(share * r, 26 + h) for r, h in dome(26, 34)]
        pen.line([(share * 26, 8), *bend], 0.9, paint.trim)
    for y, half in ((17, 26), (26, 26), (38, 24.3), (50, 18.4)):
        pen.rect(0, y, half * 2, 0.8, paint.trim)
    pen.turned(0, 59, [(5, 0), (5, 5), *((r, h + 5) for r, h in dome(5, 5)), (0.3, 16)], paint.trim)
    pen.polygon(arch(0, 0, 10, 15), paint.trim)
    pen.polygon(arch(0, 0, 7.4, 13), paint.roof, 0.9)


def _glazed(pen: Pen, outline: Points, paint: Paint) -> None:
    if pen.mood.light.lit > 0.5:
        pen.shine(outline, "#f4d48f", 0.25)
    else:
        pen.polygon(outline, paint.roof, 1.02)


def glass_pyramid(pen: Pen, paint: Paint) -> None:
    """A museum under a pyramid of glass, two small ones beside it."""
    pen.block(0, 0, 170, 3, paint.wall, depth=20)
    for x in (-64, 64):
        _pyramid(pen.at(x, 3), 30, 20, 4, paint)
    _pyramid(pen.at(0, 3), 104, 70, 10, paint)
    pen.block(0, 3, 15, 12, paint.trim, depth=4)
    pen.rect(0, 3, 10, 9.5, "#33505e")


def _pyramid(pen: Pen, width: float, height: float, rows: int, paint: Paint) -> None:
    half = width / 2
    ridge = pen.turn * width * 0.16  # the edge that faces the viewer
    faces = (([(-half, 0), (ridge, 0), (0, height)], -1), ([(ridge, 0), (half, 0), (0, height)], 1))
    for face, side in faces:
        if pen.mood.light.lit > 0.3:
            pen.shine(face, "#f6cf86" if side < 0 else "#d99f5c", 0.45)
        else:
            pen.polygon(face, paint.roof, 1.06 if side == pen.mood.light.side else 0.86)
    if not pen.mood.light.lit > 0.3:
        pen.veil([(-half * 0.5, height * 0.2), (-half * 0.1, height * 0.2), (0, height * 0.7)],
                 "#ffffff", 0.25)  # fmt: skip
    lines = "#a8763f" if pen.mood.light.lit > 0.3 else paint.trim
    for i in range(rows + 1):
        share = i / rows
        y, left = height * share, half * (1 - share)
        pen.line([(-left, y), (left, y)], 0.35, lines)
        foot = width * share - half
        for lean in (-1, 1):  # parallel to the left edge, or to the right one
            across = (half - lean * foot) / 2
            tip = (foot + lean * across, height * across / half)
            pen.line([(foot, 0), tip], 0.3, lines)
    for edge in (-half, ridge, half):
        pen.line([(edge, 0), (0, height)], 0.9, lines)


def stadium(pen: Pen, paint: Paint) -> None:
    """A bowl wrapped in white ribs, open to the sky, with four masts of lamps."""
    for x in (-66, 66):
        _mast(pen.at(x, 14), paint)
    pen.turned(0, 0, [(76, 0), (80, 8), (90, 30)], paint.wall)
    pen.disc(0, 30, 90, 13, paint.trim)
    pen.disc(0, 29.4, 76, 9.6, paint.accent, 0.9)
    pen.disc(0, 28.6, 66, 7.4, paint.accent, 0.72)
    field = "#5aa04e" if not pen.mood.season.snow else "#dfe9ea"
    if pen.mood.light.lit > 0.3:
        pen.shine(oval(0, 26.6, 52, 4.6), "#cfe8a0", 0.6)
    pen.disc(0, 26.6, 50, 4.4, field, 1.1)
    pen.ring(0, 26.6, 9, 1.0, 0.4, "#ffffff")
    pen.disc(0, 0, 76, 7, paint.wall, 0.8)
    for i in range(-8, 9):
        foot, top = 76 * _round(i / 8.5), 90 * _round((i + 0.5) / 9)
        other = 90 * _round((i - 0.5) / 9)
        low, high = -6.4 * (1 - (i / 8.5) ** 2) ** 0.5, 30 - 12.4 * (1 - (i / 9) ** 2) ** 0.5
        pen.line([(top, high), (foot, low), (other, high)], 1.5, paint.trim, 1.02)
        if i % 2 == 0 and pen.mood.light.lit > 0.1:
            pen.halo(oval(foot, low + 4, 2.5, 5), paint.accent, pen.mood.light.lit)
    rim = [(90 * x / 20, 30 - 13 * (1 - (x / 20) ** 2) ** 0.5) for x in range(-20, 21)]
    pen.line(rim, 3.0, paint.trim, 1.04)
    pen.line([(x, y - 3.4) for x, y in rim], 1.6, paint.accent)
    for x in (-20, 0, 20):
        pen.polygon(arch(x, -6.5, 9, 9), "#3f5a68", 0.9)


def _round(share: float) -> float:
    """Where a share of the way round a bowl shows on its front."""
    return share * (1.35 - 0.35 * abs(share))


def _mast(pen: Pen, paint: Paint) -> None:
    pen.line([(0, 0), (0, 56)], 1.8, paint.roof)
    for row in range(3):
        for column in range(-2, 3):
            lamp = oval(column * 3, 55 + row * 3.2, 1.2, 1.2)
            if pen.mood.light.lit > 0.3:
                pen.shine(lamp, "#fffbe6")
            else:
                pen.polygon(lamp, "#f7f3e8")


def observatory(pen: Pen, paint: Paint) -> None:
    """Three white domes on a hill, the great one open."""
    hill = [(-130, -6), (-90, 1), (-50, 7), (0, 9), (50, 7), (90, 1), (130, -6)]
    pen.polygon(hill, pen.mood.season.grass, 0.94)
    pen.block(0, 7, 116, 13, paint.wall, depth=14)
    pen.windows(0, 9, 112, 9, 16, 1, fill=(0.4, 0.7))
    pen.rect(0, 19, 118, 1.6, paint.trim)
    for x in (-50, 50):
        pen.turned(x, 7, [(15, 0), (15, 18)], paint.wall)
        pen.turned(x, 25, [(16, 0), (16, 2)], paint.trim)
        pen.turned(x, 27, dome(15, 15), paint.roof)
        pen.polygon([(x - 1.5, 27), (x + 1.5, 27), (x + 0.6, 42), (x - 0.6, 42)], paint.trim, 0.8)
        pen.window(x, 12, 4, 8, arched=True)
    pen.turned(0, 7, [(28, 0), (28, 26)], paint.wall)
    pen.windows(0, 13, 46, 15, 6, 1, fill=(0.4, 0.8), arched=True)
    pen.turned(0, 33, [(30, 0), (30, 3)], paint.trim)
    pen.turned(0, 36, dome(28.5, 30), paint.roof)
    lean = 0.25
    slit = [(r * lean - 3.4 * (1 - h / 34), 36 + h) for r, h in dome(28.5, 30)]
    slit += [(r * lean + 6.5 * (1 - h / 40), 36 + h) for r, h in reversed(dome(28.5, 30))]
    pen.polygon(slit, "#24304a", 0.9)
    pen.line([(8, 48), (19, 71)], 5.0, paint.accent)
    pen.line([(17.4, 67.6), (19.6, 72.2)], 6.4, paint.trim)
    pen.polygon(arch(0, 7, 7, 11), "#5a4636")
