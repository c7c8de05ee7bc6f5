"""Churches and temples: each function draws one, standing on (0, 0)."""

from offline.sources.demo.canvas import Paint, Pen, arch, oval


def _cross(pen: Pen, x: float, y: float, size: float, own: str) -> None:
    pen.rect(x, y, size * 0.16, size, own)
    pen.rect(x, y + size * 0.58, size * 0.56, size * 0.14, own)
    pen.rect(x, y + size * 0.30, size * 0.34, size * 0.12, own)


def _onion(pen: Pen, x: float, y: float, radius: float, own: str, gold: str) -> None:
    """A drum-less onion dome with its cross."""
    profile = [
        (0.60, 0.0), (0.80, 0.07), (0.95, 0.17), (1.0, 0.28), (0.95, 0.40), (0.80, 0.51),
        (0.58, 0.60), (0.36, 0.69), (0.18, 0.78), (0.07, 0.89), (0.0, 1.0),
    ]  # fmt: skip
    height = radius * 2.3
    pen.turned(x, y, [(radius * r, height * h) for r, h in profile], own)
    _cross(pen, x, y + height * 0.95, radius * 1.25, gold)


def wooden_church(pen: Pen, paint: Paint) -> None:
    """A log church whose shingled domes climb like a hill."""
    pen.block(0, 0, 92, 5, "#9a9088", depth=20)
    pen.block(-30, 5, 32, 22, paint.wall, depth=20)
    pen.block(30, 5, 32, 22, paint.wall, depth=20)
    _logs(pen, -30, 5, 32, 22, paint)
    _logs(pen, 30, 5, 32, 22, paint)
    for x in (-30, 30):
        pen.windows(x, 11, 26, 10, 2, 1, fill=(0.3, 0.7))
        pen.polygon([(x - 18, 27), (x, 41), (x + 18, 27)], pen.roof(paint.trim), 0.95)
        pen.turned(x, 38, [(3.2, 0), (3.2, 6)], paint.wall)
        _onion(pen, x, 44, 6.2, pen.roof(paint.roof), paint.accent)
    pen.block(0, 5, 34, 38, paint.wall, depth=22)
    _logs(pen, 0, 5, 34, 38, paint)
    pen.polygon(arch(0, 5, 9, 15), "#4a2c1c")
    pen.windows(0, 26, 24, 10, 3, 1, fill=(0.32, 0.8))
    pen.polygon([(-21, 43), (-13, 53), (13, 53), (21, 43)], pen.roof(paint.trim))
    for x in (-12, 12):
        pen.turned(x, 50, [(3, 0), (3, 7)], paint.wall)
        _onion(pen, x, 57, 5.4, pen.roof(paint.roof), paint.accent)
    pen.block(0, 53, 19, 15, paint.wall, depth=12)
    _logs(pen, 0, 53, 19, 15, paint)
    pen.polygon([(-13, 68), (0, 82), (13, 68)], pen.roof(paint.trim))
    pen.turned(0, 78, [(4.4, 0), (4.4, 9)], paint.wall)
    _onion(pen, 0, 86, 8.6, pen.roof(paint.roof), paint.accent)


def _logs(pen: Pen, x: float, y: float, width: float, height: float, paint: Paint) -> None:
    for i in range(int(height / 2.6)):
        pen.rect(x, y + 2.2 + i * 2.6, width, 0.5, paint.wall, 0.8)
    for edge in (-1, 1):
        pen.rect(x + edge * (width / 2 - 1), y, 1.6, height, paint.wall, 0.88)


def cathedral(pen: Pen, paint: Paint) -> None:
    """A white stone cathedral: a gold dome between blue ones with stars."""
    pen.block(0, 0, 84, 4, paint.trim, depth=36)
    for x in (-27.0, 27.0):
        pen.turned(x, 50, [(6, 0), (6, 16)], paint.wall)
    pen.block(0, 4, 76, 44, paint.wall, depth=34)
    for x in (-25.0, 0.0, 25.0):
        _bay(pen, x, paint)
    for x in (-37.0, -12.5, 12.5, 37.0):
        pen.rect(x, 4, 2.4, 44, paint.trim, 0.92)
    pen.rect(0, 46, 77, 1.6, paint.trim, 0.9)
    for x in (-27.0, 27.0):
        pen.turned(x, 56, [(6.4, 0), (6.4, 12)], paint.wall)
        pen.windows(x, 58, 9, 9, 2, 1, fill=(0.4, 0.9), arched=True)
        _onion(pen, x, 68, 9, paint.roof, paint.accent)
        _stars(pen, x, 68, 9, paint.accent)
    pen.turned(0, 54, [(10, 0), (10, 24)], paint.wall)
    pen.windows(0, 59, 16, 16, 3, 1, fill=(0.42, 0.9), arched=True)
    pen.turned(0, 76, [(10.8, 0), (10.8, 2)], paint.trim)
    _onion(pen, 0, 78, 13, paint.accent, paint.accent)
    pen.polygon(arch(0, 4, 11, 17), "#6b4634", 0.9)


def _bay(pen: Pen, x: float, paint: Paint) -> None:
    """A gable of the front, round on top, with a tall window."""
    pen.polygon(arch(x, 40, 25.5, 19), paint.wall, 0.98)
    pen.polygon(arch(x, 44, 20, 12.5), paint.trim, 0.9)
    pen.polygon(arch(x, 44, 17, 11), paint.wall, 0.92)
    pen.window(x, 22, 5, 19, arched=True)


def _stars(pen: Pen, x: float, y: float, radius: float, own: str) -> None:
    for dx, dy in ((-0.5, 0.5), (0.1, 0.75), (0.55, 0.45), (-0.1, 0.3), (0.25, 1.1), (-0.35, 0.98)):
        pen.disc(x + dx * radius, y + dy * radius, 0.9, 0.9, own, 1.1)


def pagoda(pen: Pen, paint: Paint) -> None:
    """Five red storeys under curved roofs."""
    pen.block(0, 0, 66, 6, paint.trim, depth=22)
    pen.polygon([(-8, 0), (8, 0), (6, 6), (-6, 6)], "#cfc2ad")
    y, width = 6.0, 44.0
    for storey in range(5):
        height = 13.0 - storey * 0.6
        pen.block(0, y, width, height, paint.wall, depth=width * 0.4)
        columns = 5 if storey < 3 else 3
        pen.windows(0, y + 1.5, width * 0.92, height - 3, columns, 1, fill=(0.55, 0.75),
                    glass="#4b2b2a")  # fmt: skip
        for i in range(columns + 1):
            pen.rect((i / columns - 0.5) * width * 0.95, y, 1.1, height, paint.accent, 0.86)
        y += height
        _eaves(pen, y, width, 0.41 if storey < 4 else 0.08, paint)
        y += 6.5
        width *= 0.83
    pen.turned(0, y - 1, [(2.4, 0), (1.2, 2), (1.2, 8), (0.3, 17)], paint.accent)
    for i in range(4):
        pen.turned(0, y + 3 + i * 2.4, [(2.5 - i * 0.4, 0), (2.5 - i * 0.4, 0.9)], paint.accent)
    if pen.mood.light.lit > 0.1:
        for x in (-25, 25):
            pen.shine(oval(x, 15, 1.5, 2), "#ff9a5a")


def _eaves(pen: Pen, y: float, width: float, top: float, paint: Paint) -> None:
    reach = width / 2 + 10
    roof = [
        (-reach, y + 1.6), (-reach * 0.82, y - 0.6), (0, y - 1.4), (reach * 0.82, y - 0.6),
        (reach, y + 1.6), (reach * 0.78, y + 2.6), (width * top, y + 7), (-width * top, y + 7),
        (-reach * 0.78, y + 2.6),
    ]  # fmt: skip
    pen.polygon(roof, pen.roof(paint.roof), 0.97)
    pen.polygon([*roof[:5], (reach * 0.8, y + 0.8), (0, y + 0.4), (-reach * 0.8, y + 0.8)],
                paint.accent, 0.9)  # fmt: skip
    dark = pen.mood.light.side
    pen.polygon([(-dark * reach, y + 1.6), (-dark * reach * 0.3, y + 0.6),
                 (-dark * width * top / 2, y + 7), (-dark * width * top, y + 7),
                 (-dark * reach * 0.78, y + 2.6)], pen.roof(paint.roof), 0.84)  # fmt: skip
