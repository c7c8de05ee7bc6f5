"""What comes between the viewer and a sight: trees, people, lamps, boats, rain and snow."""

from dataclasses import replace

from PIL import Image, ImageDraw

from offline.sources.demo.canvas import HEIGHT, LAMPLIGHT, WIDTH, Pen, oval
from offline.sources.demo.mood import blend
from offline.sources.demo.scenery import WATERLINE, Random, sail

_COATS = ("#c9453f", "#2f5d7c", "#e3a73c", "#5d8a63", "#7b4d7a", "#e8dcc6", "#38404f", "#d9765a")


def tree(pen: Pen, random: Random) -> None:
    """A leafy tree, twenty units tall; bare in winter."""
    leaves = pen.mood.season.leaves
    pen.veil(oval(0, -0.2, 7, 0.9), "#40345a", 0.25)
    pen.polygon([(-0.9, 0), (0.9, 0), (0.5, 11), (-0.5, 11)], "#6d4c3a", 0.9)
    if not leaves:
        _bare(pen)
        return
    own = leaves[int(random.integers(len(leaves)))]
    light = pen.mood.light.side
    crown = ((0, 12, 6.6), (-4.2, 10, 4.6), (4.2, 10.4, 4.6), (-1.5, 15.5, 4.8), (2.2, 14.6, 4.4))
    for shade, shift, shrink in ((0.76, 0.0, 1.0), (0.92, 0.9, 0.84), (1.08, 2.0, 0.5)):
        for x, y, r in crown:
            pen.disc(x + light * shift, y + shift * 0.8, r * shrink, r * shrink, own, shade)
    for _ in range(14):
        x, y = random.uniform(-6, 6), random.uniform(8, 18)
        pen.disc(x, y, 0.7, 0.4, own, 0.86 if x * light < 0 else 1.16)


def _bare(pen: Pen) -> None:
    bark = "#7b6a66"
    for x, y, root in ((-5, 17, 8), (5, 16.5, 7), (-2, 20, 11), (3, 19.5, 10), (0, 21, 10)):
        pen.line([(0, root), (x * 0.5, (root + y) / 2 + 0.6), (x, y)], 0.5, bark, 0.95)
        pen.line([(x * 0.5, (root + y) / 2 + 0.6), (x * 1.3, y - 2.5)], 0.35, bark, 0.95)
    pen.line([(-5, 17.3), (-2.5, 12.9)], 0.3, "#ffffff")
    pen.line([(5, 16.8), (2.5, 12.3)], 0.3, "#ffffff")


def fir(pen: Pen, random: Random) -> None:
    """A fir, about twenty-two units tall."""
    own, snow = pen.mood.season.conifer, pen.mood.season.snow
    pen.veil(oval(0, -0.2, 6, 0.8), "#40345a", 0.25)
    pen.rect(0, 0, 1.2, 4, "#5d4436", 0.85)
    light = pen.mood.light.side
    for y, half, high in ((3, 6.2, 9), (8, 5.0, 8), (13, 3.6, 8.5)):
        pen.polygon([(-half, y), (half, y), (0, y + high)], own, 0.8)
        pen.polygon([(light * half, y), (0, y), (0, y + high)], own, 1.0)
        if snow:
            middle = y + high / 2
            pen.polygon([(-half / 2, middle), (half / 2, middle), (0, y + high)], "#ffffff", 0.97)


def grove(pen: Pen, random: Random, ground: str) -> None:
    """The trees that stand beside a sight, the same in all its pictures."""
    if ground in ("bay", "banks"):
        return
    count = {"park": 9, "meadow": 4, "quay": 7, "plaza": 5}[ground]
    for i in range(count):
        side = -1 if i % 2 else 1
        x, size = side * random.uniform(70, 150), random.uniform(0.75, 1.35)
        plant = fir if random.uniform() < (0.55 if ground == "meadow" else 0.28) else tree
        plant(pen.at(x, random.uniform(0, 3), size, haze=0.10), random)


def walkers(pen: Pen, random: Random, count: int, ground: str) -> None:
    """People on the ground before a sight, the nearest last."""
    if ground in ("bay", "banks"):
        for _ in range(min(count, 2)):
            x = random.uniform(40, 95) * (1 if random.uniform() < 0.5 else -1)
            sail(pen.at(x, -11 - random.uniform(0, 5), random.uniform(0.9, 1.6)))
        return
    if ground == "quay":
        for _ in range(count):
            person(pen.at(random.uniform(-90, 90), -2.5, 1.25), random)
        return
    for depth in sorted(random.uniform(0, 1) ** 1.5 for _ in range(count)):
        x = random.uniform(-80, 80) * (1 + depth * 0.3)
        person(pen.at(x, -2 - depth * 28, 1.2 + depth * 2.1), random)


def person(pen: Pen, random: Random) -> None:
    """Somebody five units tall."""
    coat = _COATS[int(random.integers(len(_COATS)))]
    other = _COATS[int(random.integers(len(_COATS)))]
    away = -pen.mood.light.side
    pen.veil(oval(away * 1.6, 0, 2.2, 0.35), "#3a3550", 0.28)
    step = random.uniform(0.25, 0.7)
    for x in (-step, step):
        pen.line([(0, 2.2), (x, 0)], 0.42, "#3a3d4a")
    if random.uniform() < 0.4:
        pen.polygon([(-0.6, 3.9), (0.6, 3.9), (1.25, 1.1), (-1.25, 1.1)], coat)
    else:
        pen.polygon([(-0.75, 3.9), (0.75, 3.9), (0.85, 1.8), (-0.85, 1.8)], coat)
    pen.line([(0.7 * away, 3.7), (1.1 * away, 2.3)], 0.36, coat, 0.8)
    pen.disc(0, 4.45, 0.52, 0.6, "#e2b091")
    pen.disc(0, 4.72, 0.55, 0.38, other, 0.8)
    if pen.mood.weather.falling and not pen.mood.season.snow:
        pen.rect(0.7, 3.2, 0.14, 3.2, "#3a3d4a")
        pen.polygon([(-1.7, 5.6), (-1.1, 6.6), (0.7, 7.2), (2.5, 6.6), (3.1, 5.6)], other)


def lamp_posts(pen: Pen, ground: str) -> None:
    """Street lamps along the approach."""
    if ground not in ("plaza", "park", "quay"):
        return
    for x in (-66, 66) if ground != "quay" else (-98, -58, 58, 98):
        post = pen.at(x, -3.5 if ground != "quay" else -2.4, 1.0)
        post.rect(0, 0, 0.6, 15, "#3d4650", 0.9)
        post.rect(0, 0, 1.6, 1.4, "#3d4650", 0.9)
        globe = oval(0, 16.2, 1.5, 1.6)
        if pen.mood.light.lit > 0.3:
            post.shine(globe, LAMPLIGHT)
        else:
            post.polygon(globe, "#f4efdf")


def boats(pen: Pen, random: Random, ground: str) -> None:
    """A boat on the river."""
    if ground not in ("quay", "banks") or random.uniform() < 0.35:
        return
    boat = pen.at(random.uniform(-80, 80), WATERLINE - random.uniform(6, 14), 1.0)
    if random.uniform() < 0.5:
        sail(boat)
    else:
        boat.rect(0, 2, 12, 3, "#f4efe4")
        boat.windows(0, 2, 11, 3, 6, 1, fill=(0.6, 0.55))
        boat.rect(0, 5, 13, 0.8, "#d9574a")
        boat.polygon([(-10, 2.2), (11, 2.2), (8, -0.4), (-8, -0.4)], "#2f5d7c")
    boat.veil(oval(0, -0.6, 12, 0.8), "#1d3a4a", 0.3)


def framing_tree(pen: Pen, random: Random, side: int) -> None:
    """A big tree at the edge of the picture, close to the viewer and out of the light."""
    near = replace(
        pen,
        x0=WIDTH * (0.5 + side * random.uniform(0.47, 0.56)),
        y0=HEIGHT * random.uniform(0.93, 1.0),
        scale=random.uniform(24, 29),
        turn=0.0,
    )
    if not pen.mood.season.leaves:
        fir(near, random)
        return
    tree(near, random)


def fall(image: Image.Image, pen: Pen, random: Random) -> None:
    """Rain or snow in front of everything."""
    width, height = image.size
    draw = ImageDraw.Draw(image, "RGBA")
    spots = random.uniform(0, 1, (230, 3))
    for x, y, size in spots:
        px, py = x * width * 1.1, y * height
        if pen.mood.season.snow:
            r = 0.7 + 1.9 * size**2
            draw.ellipse((px - r, py - r, px + r, py + r), fill=(250, 251, 255, 190))
        else:
            long = 9 + 15 * size
            tint = blend(pen.mood.sky(2), (255, 255, 255), 0.6)
            draw.line((px, py, px - long * 0.22, py + long), fill=(*tint, 80), width=1)
