"""Takes one picture of a sight: scenery, sight, foreground, camera, film."""

import io
import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from offline.sources.demo import foreground, scenery, water
from offline.sources.demo.canvas import GLOW, HEIGHT, WIDTH, Pen, oval
from offline.sources.demo.looks import Look
from offline.sources.demo.mood import blend
from offline.sources.demo.views import View, seed_of

SIZE = (WIDTH // 2, HEIGHT // 2)  # of a picture, pixels
QUALITY = 88  # of its JPEG
_UNIT = 5.3  # canvas pixels in a unit at zoom 1


def take(place_id: str, look: Look, view: View) -> Image.Image:
    """The picture of a sight that a view describes, RGB."""
    random = seed_of(place_id, "view", view.seed)
    pen = _paint(place_id, look, view, random)
    corners = _corners(view)
    picture = pen.image.transform(SIZE, Image.Transform.QUAD, corners, Image.Resampling.BILINEAR)
    if view.mood.light.lit > 0:
        picture = _add_glow(picture, pen.glow, corners)
    if view.mood.weather.haze > 0.25:
        picture = _add_mist(picture, pen, random)
    if view.mood.weather.falling:
        foreground.fall(picture, pen, random)
    return _develop(picture, view, random)


def jpeg(picture: Image.Image) -> bytes:
    """A picture's JPEG bytes."""
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=QUALITY)
    return content.getvalue()


def _paint(place_id: str, look: Look, view: View, random: np.random.Generator) -> Pen:
    own = seed_of(place_id, "surroundings")  # what stands round a sight is always the same
    scale = _UNIT * view.zoom * look.size
    pen = Pen(
        image=scenery.paint_sky(view.mood, random),
        glow=Image.new("RGB", (WIDTH // GLOW, HEIGHT // GLOW)),
        mood=view.mood,
        x0=WIDTH / 2 + view.pan * scale,
        y0=_foot(look, view, scale),
        scale=scale,
        turn=view.turn,
        seed=view.seed,
    )
    scenery.hang_lights(pen, random)
    # what is far moves and grows less than the sight does
    far = replace(pen, x0=WIDTH / 2 + (view.pan * 0.35 - view.turn * 16) * scale,
                  scale=_UNIT * (0.5 + view.zoom / 2))  # fmt: skip
    scenery.BACKDROPS[look.backdrop](far.at(0, 5 * view.zoom), own)
    scenery.GROUNDS[look.ground](pen, own)
    foreground.grove(replace(pen, turn=0.0), own, look.ground)
    _cast_shadow(pen, look)
    look.draw(replace(pen, flood=True), look.paint)
    foreground.lamp_posts(pen, look.ground)
    watery = look.ground in ("quay", "banks")
    if watery or look.ground == "bay":
        water.reflect(pen, strength=0.62 if watery else 0.55)
        water.glints(pen, random)
        foreground.boats(pen, random, look.ground)
    elif look.ground == "plaza" and view.mood.weather.falling and not view.mood.season.snow:
        water.reflect(pen, -3, strength=0.26)
    foreground.walkers(pen, random, view.people, look.ground)
    if view.tree and look.ground in ("park", "plaza", "meadow"):
        foreground.framing_tree(pen, random, view.tree)
    return pen


def _foot(look: Look, view: View, scale: float) -> float:
    """Canvas pixels from the top to where the sight stands."""
    if view.aim is not None:
        return min(HEIGHT * 0.97, HEIGHT / 2 + view.aim * look.height * scale)
    room = HEIGHT * 0.92 - look.height * scale  # for sky and foreground together
    return HEIGHT * 0.96 - max(HEIGHT * 0.14, min(HEIGHT * 0.27, room * 0.45))


def _cast_shadow(pen: Pen, look: Look) -> None:
    if look.ground in ("bay", "banks") or pen.mood.weather.grey > 0.35:
        return
    away, half = -pen.mood.light.side, look.width / 2
    long = 46 if pen.mood.light.sun[1] < 0.6 else 24
    ends = ((-half, 0.5), (half, 0.5), (half + long, -5), (half + long * 0.8, -7))
    outline = [(away * x, y) for x, y in (*ends, (-half + long * 0.3, -7))]
    pen.veil(outline if look.ground != "quay" else oval(0, -0.5, half, 1.4), "#40345a", 0.22)


def _corners(view: View) -> tuple[float, ...]:
    """Canvas points that become the picture's corners: top left, then against the clock."""
    keep = 0.93  # a margin to lean into
    half_w, half_h = WIDTH / 2 * keep, HEIGHT / 2 * keep
    c, s = math.cos(view.roll), math.sin(view.roll)
    points = []
    for across, down in ((-1, -1), (-1, 1), (1, 1), (1, -1)):
        # the nearer side is taken from fewer pixels, so it comes out larger
        x = across * half_w * (1 + view.tilt * (-down))
        y = down * half_h * (1 - 0.03 * view.turn * across)
        points += [WIDTH / 2 + x * c - y * s, HEIGHT / 2 + x * s + y * c]
    return tuple(points)


def _add_glow(picture: Image.Image, glow: Image.Image, corners: tuple[float, ...]) -> Image.Image:
    small = glow.filter(ImageFilter.BoxBlur(2)).filter(ImageFilter.GaussianBlur(5))
    wide = Image.blend(glow.filter(ImageFilter.GaussianBlur(1.4)), small, 0.72)
    quarter = tuple(corner / GLOW for corner in corners)
    halo = wide.transform((320, 240), Image.Transform.QUAD, quarter, Image.Resampling.BILINEAR)
    return ImageChops.screen(picture, halo.resize(SIZE, Image.Resampling.BILINEAR))


def _add_mist(picture: Image.Image, pen: Pen, random: np.random.Generator) -> Image.Image:
    """Banks of mist that lie low."""
    x, y = np.meshgrid(np.linspace(0, 1, 40), np.linspace(0, 1, 30))
    bank = np.exp(-(((y - 0.66) / 0.16) ** 2))
    bank *= 0.75 + 0.25 * np.sin(x * 7 + y * 9 + random.uniform(0, 6))
    strength = pen.mood.weather.haze * 150
    mask = Image.fromarray((bank * strength).astype(np.uint8)).resize(SIZE)
    colour = blend(pen.mood.haze, pen.mood.sky(2), 0.4)
    return Image.composite(Image.new("RGB", SIZE, colour), picture, mask)


def _develop(picture: Image.Image, view: View, random: np.random.Generator) -> Image.Image:
    """Darken the corners, warm the middle, add grain, as print on paper would."""
    exposure = _exposure(view.mood.light.stars > 0)
    grain = _grain()
    x, y = (int(random.integers(64)) for _ in range(2))
    grain = grain.crop((x, y, x + SIZE[0], y + SIZE[1]))
    film = ImageChops.add(exposure, Image.merge("RGB", (grain, grain, grain)), offset=-128)
    return ImageChops.overlay(picture, film)


@lru_cache(maxsize=2)
def _exposure(dark: bool) -> Image.Image:
    x, y = np.meshgrid(np.linspace(-1, 1, 64), np.linspace(-1, 1, 48))
    corner = np.hypot(x * 0.9, y)
    level = 140 - 34 * corner**2.2
    pool = np.exp(-((x / 0.65) ** 2 + ((y - 0.25) / 0.6) ** 2))  # lamps round the sight
    warm = np.array((60.0, 36.0, 2.0) if dark else (10.0, 5.0, -4.0))
    film = level[..., None] + pool[..., None] * warm
    return Image.fromarray(film.clip(0, 255).astype(np.uint8)).resize(SIZE)


@lru_cache(maxsize=1)
def _grain() -> Image.Image:
    size = (SIZE[1] + 64, SIZE[0] + 64)
    fine = np.random.default_rng(7).normal(0, 1, size)
    paper = (fine + np.roll(fine, 1, 0) + np.roll(fine, 1, 1)) / 1.7
    return Image.fromarray((128 + 3.6 * paper).clip(0, 255).astype(np.uint8))
