"""From where, when and in what weather each picture of a sight is taken."""

import zlib
from dataclasses import dataclass, replace

import numpy as np

from offline.sources.demo.mood import LIGHTS, SEASONS, WEATHERS, Light, Mood

Random = np.random.Generator

# Fourteen pictures see a sight on all of these; the next fourteen again, from other spots.
_OCCASIONS = (
    ("day", "summer", "clear"),
    ("sunset", "summer", "fair"),
    ("night", "summer", "clear"),
    ("day", "autumn", "fair"),
    ("dawn", "spring", "clear"),
    ("day", "winter", "clear"),
    ("day", "summer", "overcast"),
    ("dusk", "winter", "snowfall"),
    ("dawn", "autumn", "fog"),
    ("day", "spring", "rain"),
    ("sunset", "autumn", "clear"),
    ("night", "winter", "snowfall"),
    ("dusk", "summer", "clear"),
    ("day", "spring", "fair"),
)
_POSTERS = (0, 2, 10, 4, 5, 12, 3, 1, 7, 13, 11)  # of the occasions, those that please most
# How tight the picture is: zoom from and to, and how far the aim wanders, in units.
_FRAMINGS = (
    (0.92, 1.06, 10.0),
    (0.80, 0.90, 24.0),
    (1.00, 1.15, 18.0),
    (1.32, 1.60, 12.0),
)


@dataclass(frozen=True, slots=True)
class View:
    """One picture to take."""

    mood: Mood
    zoom: float  # 1 shows the whole sight
    pan: float  # the sight stands this many units to the right of the middle
    aim: float | None  # share of the sight's height in the middle of the picture; None: all of it
    turn: float  # how far to the side the viewer stands, in [-1, 1]
    roll: float  # how far the horizon leans, in radians
    tilt: float  # how much uprights lean together, as a share of the picture's width
    people: int
    tree: int  # a tree close by: -1 on the left, 1 on the right, 0 none
    seed: int


def seed_of(*words: str | int) -> Random:
    """Random numbers that belong to some words, the same in every run."""
    return np.random.default_rng(zlib.crc32("/".join(map(str, words)).encode()))


def gallery_view(place_id: str, number: int, seed: int) -> View:
    """View ``number`` (from 0) of a sight; it does not depend on how many are taken."""
    first = zlib.crc32(place_id.encode())
    occasion = _OCCASIONS[(first + number) % len(_OCCASIONS)]
    framing = _FRAMINGS[(first // 16 + number + number // 4) % len(_FRAMINGS)]
    return _view(occasion, framing, seed_of(place_id, "gallery", seed, number))


def query_view(place_id: str, seed: int) -> View:
    """A view for asking with, from a series of its own."""
    random = seed_of(place_id, "query", seed)
    occasion = _OCCASIONS[int(random.integers(len(_OCCASIONS)))]
    return _view(occasion, _FRAMINGS[int(random.integers(3))], random)


def poster_view(number: int, seed: int) -> View:
    """A view of a whole sight, in a light unlike that of the posters next to it."""
    occasion = _OCCASIONS[_POSTERS[number % len(_POSTERS)]]
    view = _view(occasion, _FRAMINGS[0], seed_of("poster", seed, number))
    return replace(view, tree=0, pan=view.pan / 3)


def _view(
    occasion: tuple[str, str, str], framing: tuple[float, float, float], random: Random
) -> View:
    light, season, weather = occasion
    tightest, widest, wander = framing
    zoom = random.uniform(tightest, widest)
    return View(
        mood=Mood(_at_another_hour(LIGHTS[light], random), SEASONS[season], WEATHERS[weather]),
        zoom=zoom,
        pan=random.uniform(-wander, wander),
        aim=random.uniform(0.45, 0.68) if zoom > 1.3 else None,
        turn=random.uniform(0.15, 1.0) * (1 if random.uniform() < 0.5 else -1),
        roll=random.normal(0, 0.018),
        tilt=random.uniform(-0.01, 0.055),
        people=int(random.integers(1, 9)),
        tree=int(random.choice([-1, 0, 0, 0, 0, 0, 1])),
        seed=int(random.integers(1 << 20)),
    )


def _at_another_hour(light: Light, random: Random) -> Light:
    """The same time of day, give or take an hour; by day the sun may be on either side."""
    x, y, radius = light.sun
    if light is LIGHTS["day"] and random.uniform() < 0.5:
        x = 1 - x
    sun = (x + random.uniform(-0.08, 0.08), y + random.uniform(-0.06, 0.04), radius)
    return replace(light, sun=sun)
