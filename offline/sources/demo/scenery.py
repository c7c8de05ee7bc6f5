"""What stands round a sight: the sky, the distance behind it, the ground."""

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from offline.sources.demo.canvas import HEIGHT, WIDTH, Pen
from offline.sources.demo.mood import Mood, blend, rgb

SKYLINE = 0.70  # where the horizon lies, as a share of the canvas from its top
_SKY_SIZE = (320, 240)  # the sky is soft: a quarter of the canvas is enough
WATERLINE = -6.0  # height of the river, in units from where sights stand
REACH = 190.0  # the ground goes this many units to either side

Random = np.random.Generator


def paint_sky(mood: Mood, random: Random) -> Image.Image:
    """The sky on a new canvas: a gradient, the glow of the sun, clouds."""
    columns, rows = _SKY_SIZE
    heights = np.linspace(0, 1, rows)
    stops = [mood.sky(0), mood.sky(1), mood.sky(2), mood.sky(2)]
    gradient = np.stack(
        [np.interp(heights, (0, 0.40, SKYLINE, 1), [s[c] for s in stops]) for c in range(3)], -1
    )
    light = mood.light
    x, y = np.meshgrid(np.linspace(0, 1, columns), heights)
    distance = np.hypot((x - light.sun[0]) * 4 / 3, y - (1 - light.sun[1]) * SKYLINE)
    halo = np.exp(-distance / 0.20) * (1 - mood.weather.grey) * (0.35 if light.stars else 0.75)
    glowing = (
        gradient[:, None]
        + (np.array(rgb(light.sun_colour)) - gradient[:, None]) * (halo[..., None])
    )
    sky = Image.fromarray(glowing.astype(np.uint8))
    _clouds(sky, mood, random)
    return sky.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)


def _clouds(sky: Image.Image, mood: Mood, random: Random) -> None:
    body, lit = Image.new("L", _SKY_SIZE), Image.new("L", _SKY_SIZE)
    draw, draw_lit = ImageDraw.Draw(body), ImageDraw.Draw(lit)
    for _ in range(mood.weather.clouds):
        x, y = random.uniform(-20, 340), random.uniform(8, 120)
        size = random.uniform(5, 12) * (0.6 + y / 150)
        for _ in range(6):
            dx, dy = random.uniform(-2.6, 2.6) * size, random.uniform(-0.35, 0.1) * size
            r = size * random.uniform(0.45, 0.9) * (1.2 - abs(dx) / (3.4 * size))
            spot = (x + dx - 1.5 * r, y + dy - r, x + dx + 1.5 * r, y + dy + r * 0.55)
            draw.ellipse(spot, fill=150)
            up = 0.28 * r
            draw_lit.ellipse((spot[0], spot[1] - 1, spot[2], spot[3] - up), fill=190)
    soft = ImageFilter.GaussianBlur(1.3)
    under = blend(mood.sky(1), mood.haze, 0.65)
    over = mood.colour("#ffffff")
    if mood.light.stars:
        under, over = blend(mood.sky(0), mood.sky(1), 0.8), blend(mood.sky(1), mood.sky(2), 0.7)
    sky.paste(under, mask=body.filter(soft))
    sky.paste(blend(over, under, 0.25 + mood.weather.grey), mask=lit.filter(soft))


def hang_lights(pen: Pen, random: Random) -> None:
    """The sun or the moon, and the stars; a covered sky shows none."""
    light, weather = pen.mood.light, pen.mood.weather
    for _ in range(light.stars if weather.clouds < 10 and weather.haze < 0.3 else 0):
        x, y = random.uniform(0, WIDTH), HEIGHT * random.uniform(0, 0.6) ** 1.2
        r = random.choice([0.8, 1.2, 1.8])
        shown = blend(pen.mood.sky(1), (255, 248, 225), random.uniform(0.4, 1.0))
        ImageDraw.Draw(pen.image).ellipse((x - r, y - r, x + r, y + r), fill=shown)
    if weather.clouds < 16:
        x, y = light.sun[0] * WIDTH, (1 - light.sun[1]) * SKYLINE * HEIGHT
        r = light.sun[2] * 5
        shown = blend(rgb(light.sun_colour), pen.mood.sky(1), min(0.75, weather.haze * 1.1))
        ImageDraw.Draw(pen.image).ellipse((x - r, y - r, x + r, y + r), fill=shown)


# the distance


def ridge(random: Random, base: float, height: float, *, sharp: float = 0.0) -> list[float]:
    """Heights of a hilly horizon every five units of its width; ``sharp`` makes peaks."""
    x = np.arange(-REACH * 2, REACH * 2 + 1, 5.0)
    y = np.zeros_like(x)
    for wave in (210.0, 97.0, 43.0, 19.0):
        swing = np.sin(x * 2 * math.pi / wave + random.uniform(0, 6.3))
        y += (wave / 210) ** 0.8 * (swing * (1 - sharp) + (1 - 2 * np.abs(swing)) * sharp)
    return list(base + height * (0.5 + y / 3.2))


def paint_ridge(pen: Pen, heights: list[float], own: str) -> list[tuple[float, float]]:
    """Fill the land under a horizon and return its line."""
    line = [(-REACH * 2 + 5.0 * i, h) for i, h in enumerate(heights)]
    pen.polygon([(line[0][0], -30), *line, (line[-1][0], -30)], own)
    return line


def hills(pen: Pen, random: Random) -> None:
    """Rolling hills, a wood on the nearest."""
    season = pen.mood.season
    for base, height, haze, own in (
        (20, 22, 0.74, season.conifer),
        (12, 17, 0.56, season.hills),
        (6, 12, 0.34, season.hills),
    ):
        line = paint_ridge(pen.at(0, 0, haze=haze), ridge(random, base, height), own)
    wood = pen.at(0, 0, haze=0.30)
    leaves = season.leaves or ("#8d8f8a", "#a4a7a3")
    for x, y in line[::2]:
        r = random.uniform(2.2, 4.2)
        wood.disc(x + random.uniform(-2, 2), y - 2.5, r, r, leaves[int(random.integers(2))], 0.9)


def mountains(pen: Pen, random: Random) -> None:
    """Peaks with snow on them, and hills before them."""
    season = pen.mood.season
    far = pen.at(0, 0, haze=0.66)
    line = paint_ridge(far, ridge(random, 26, 46, sharp=0.85), "#6f7fa0")
    for before, peak, after in zip(line, line[1:], line[2:], strict=False):
        if peak[1] > 52 and peak[1] >= max(before[1], after[1]):
            left, right = (before[0] + peak[0]) / 2, (after[0] + peak[0]) / 2
            cap = [(left - 1, peak[1] - 8), peak, (right + 1, peak[1] - 8)]
            far.polygon([*cap, (right - 1, peak[1] - 5.5), (peak[0], peak[1] - 9)], "#ffffff")
    paint_ridge(pen.at(0, 0, haze=0.46), ridge(random, 12, 16), season.conifer)
    paint_ridge(pen.at(0, 0, haze=0.28), ridge(random, 5, 8), season.hills)


def forest(pen: Pen, random: Random) -> None:
    """A hill and two rows of firs."""
    season = pen.mood.season
    paint_ridge(pen.at(0, 0, haze=0.66), ridge(random, 18, 22), season.conifer)
    for base, haze, tall in ((9, 0.48, 13.0), (4, 0.28, 16.0)):
        row = pen.at(0, 0, haze=haze)
        line = paint_ridge(row, ridge(random, base, 8), season.conifer)
        for x, y in line:
            top = tall * random.uniform(0.6, 1.15)
            half = top * 0.24
            at = x + random.uniform(-2, 2)
            row.polygon([(at - half, y - 2), (at, y + top), (at + half, y - 2)], season.conifer)


def city(pen: Pen, random: Random) -> None:
    """Roofs of the town, a spire here and there."""
    season = pen.mood.season
    paint_ridge(pen.at(0, 0, haze=0.72), ridge(random, 16, 18), season.hills)
    for haze, tall, wide in ((0.60, 34.0, 11.0), (0.36, 20.0, 14.0)):
        row = pen.at(0, 0, haze=haze)
        x = -REACH * 1.4
        while x < REACH * 1.4:
            width = wide * random.uniform(0.7, 1.4)
            height = tall * random.uniform(0.5, 1.05)
            _house(row, x + width / 2, width, height, random)
            x += width * random.uniform(0.92, 1.15)


def _house(pen: Pen, x: float, width: float, height: float, random: Random) -> None:
    wall = ("#d8a27c", "#e6c9a2", "#c98d74", "#b9a79a", "#e9d9bf")[int(random.integers(5))]
    roof = pen.roof(("#a8533f", "#7f5a55", "#5f7480")[int(random.integers(3))])
    pen.rect(x, -4, width, height + 4, wall, 0.95)
    style = random.integers(4)
    if style == 0:
        pen.polygon([(x - width / 2, height), (x, height + width * 0.45), (x + width / 2, height)],
                    roof)  # fmt: skip
    elif style == 1:
        pen.rect(x, height, width * 1.04, 2.2, roof)
    elif style == 2 and width < 12:
        pen.polygon([(x - 1.8, height), (x, height + 15), (x + 1.8, height)], roof)
    columns, rows = max(2, int(width / 4)), max(2, int(height / 6))
    pen.windows(x, 3, width * 0.9, height - 4, columns, rows, fill=(0.38, 0.42), glass="#6d7f8c")


def sea(pen: Pen, random: Random) -> None:
    """Open water to the horizon, a headland and sails."""
    mood = pen.mood
    paint_ridge(pen.at(-70, 0, haze=0.72), ridge(random, -14, 30), mood.season.conifer)
    steps = 12
    for i in range(steps):
        y = 9.0 - 40.0 * (i / steps) ** 1.4
        colour = blend(
            blend(mood.sky(2), mood.sky(1), 0.3 + 0.5 * i / steps), mood.colour("#2f7f92"), 0.42
        )
        top = min(pen.pixel(0, y)[1], HEIGHT)
        ImageDraw.Draw(pen.image).rectangle((0, top, WIDTH, HEIGHT), fill=colour)
    for _ in range(46):
        x, y = random.uniform(-150, 150), 8 - 34 * random.uniform(0, 1) ** 1.5
        length = random.uniform(2, 9) * (1.2 - y / 12)
        wave = [(x - length, y), (x, y + 0.28), (x + length, y), (x, y - 0.28)]
        pen.veil(wave, "#ffffff", 0.30)
    for x, size in ((-62, 1.0), (74, 0.7)):
        sail(pen.at(x, 5.5, size, haze=0.25))


def sail(pen: Pen) -> None:
    """A sailing boat, eleven units tall."""
    pen.polygon([(0.4, 1.8), (0.4, 11), (5, 2.2)], "#fff6e4")
    pen.polygon([(-0.3, 2.2), (-0.3, 9.6), (-3.4, 2.2)], "#f2b8a0")
    pen.polygon([(-4.5, 1.6), (5.5, 1.6), (3.6, 0), (-3.2, 0)], "#8c3f36")


BACKDROPS: dict[str, Callable[[Pen, Random], None]] = {
    "hills": hills,
    "mountains": mountains,
    "forest": forest,
    "city": city,
    "sea": sea,
}


# the ground


def _ground(pen: Pen, near: str, far: str, horizon: float) -> None:
    steps = 14
    draw = ImageDraw.Draw(pen.image)
    one, other = pen.colour(far), pen.colour(near)
    for i in range(steps):
        top = pen.pixel(0, horizon - (horizon + 70) * (i / steps) ** 1.6)[1]
        draw.rectangle((0, min(top, HEIGHT), WIDTH, HEIGHT), fill=blend(one, other, i / steps))


def plaza(pen: Pen, random: Random) -> None:
    """Paving that runs to the horizon."""
    snow = pen.mood.season.snow
    near, far = ("#dfe5ea", "#f2f4f5") if snow else ("#cdb79a", "#ead9bd")
    _ground(pen, near, far, 6)
    for x in range(-480, 481, 40):
        lines = [(x * 0.12, 5.5), (x * 0.12 + 0.1, 5.5), (x + 2.2, -70), (x - 0.8, -70)]
        pen.veil(lines, "#a98f72", 0.22)
    for i in range(1, 9):
        y = 5 - 1.3 * i**1.75
        pen.veil([(-REACH, y), (REACH, y), (REACH, y - 0.1 * i), (-REACH, y - 0.1 * i)],
                 "#a98f72", 0.20)  # fmt: skip


def park(pen: Pen, random: Random) -> None:
    """A lawn with a path to the sight."""
    season = pen.mood.season
    _ground(pen, season.grass, season.field if not season.snow else "#f8fafb", 6)
    for _ in range(60):
        x, depth = random.uniform(-150, 150), random.uniform(0, 1) ** 1.6
        y, size = 4 - 62 * depth, 0.5 + 2.4 * depth
        tuft = [(x - size * 2, y), (x, y + size * 0.5), (x + size * 2, y), (x, y - size * 0.4)]
        pen.veil(tuft, season.conifer if not season.snow else "#c4d5e2", 0.16)
    path = [(-4, 2), (4, 2), (9, -12), (34, -70), (-30, -70), (-7, -12)]
    pen.polygon(path, "#e6ebee" if season.snow else "#e8d3a6")
    pen.veil([(4, 2), (9, -12), (34, -70), (28, -70), (7, -12)], "#8a6f4d", 0.18)


def meadow(pen: Pen, random: Random) -> None:
    """A field of flowers, or of snow."""
    season = pen.mood.season
    _ground(pen, season.field, season.grass, 7)
    flowers = ("#d9534a", "#f6efe0", "#e9b63c", "#7a6fc0") if season.leaves else ("#ffffff",)
    for i in range(7):
        y = 3.5 - 1.2 * i**1.9
        rise = [
            (x, y + math.sin(x / 23 + i * 1.7) * (0.6 + i * 0.35)) for x in range(-190, 191, 10)
        ]
        pen.veil([*rise, (190, y - 6 - i * 2), (-190, y - 6 - i * 2)], season.conifer, 0.07)
    for _ in range(150 if not season.snow else 0):
        x, depth = random.uniform(-130, 130), random.uniform(0.1, 1) ** 1.4
        size = 0.25 + 0.75 * depth
        own = flowers[int(random.integers(len(flowers)))]
        pen.disc(x, 1 - 62 * depth, size, size * 0.8, own)


def quay(pen: Pen, random: Random) -> None:
    """A strip of embankment; the water lies in front of it."""
    season = pen.mood.season
    _ground(pen, season.grass, season.grass, 6)
    pen.rect(0, -3, REACH * 2, 3.4, "#eef2f5" if season.snow else "#d9c6a8")
    pen.rect(0, WATERLINE, REACH * 2, 3.2, "#a98d74", 0.9)
    for x in range(-186, 187, 12):
        pen.rect(x, WATERLINE, 0.35, 3.2, "#8a705c", 0.9)


def banks(pen: Pen, random: Random) -> None:
    """The far bank of a river that the sight itself crosses."""
    season = pen.mood.season
    pen.polygon([(-200, 7), (200, 7), (200, WATERLINE), (-200, WATERLINE)], season.grass)
    pen.rect(0, WATERLINE, REACH * 2, 1.2, season.field, 0.85)


def bay(pen: Pen, random: Random) -> None:
    """Nothing but the sea that the distance has drawn."""


GROUNDS: dict[str, Callable[[Pen, Random], None]] = {
    "plaza": plaza,
    "park": park,
    "meadow": meadow,
    "quay": quay,
    "banks": banks,
    "bay": bay,
}
