"""Light, season and weather: what turns a thing's own colour into the colour a picture shows."""

from dataclasses import dataclass
from functools import lru_cache

from PIL import ImageColor

RGB = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Light:
    """A time of day."""

    sky: tuple[str, str, str]  # top, middle, at the horizon
    tint: tuple[float, float, float]  # what the light multiplies red, green, blue by
    flood: tuple[float, float, float]  # the same for the sight, which is lit up at night
    shadow: tuple[float, float, float]  # colour of full shade, relative to the light
    haze: str  # colour of the distance
    sun: tuple[float, float, float]  # x and height in shares of the picture, radius in units
    sun_colour: str
    lit: float  # share of windows with the light on, and how much lamps glow
    stars: int = 0

    @property
    def side(self) -> int:
        """Where the light comes from: -1 the left, 1 the right."""
        return 1 if self.sun[0] > 0.5 else -1


@dataclass(frozen=True, slots=True)
class Season:
    """A time of year."""

    grass: str
    field: str
    leaves: tuple[str, ...]  # empty: the trees are bare
    conifer: str
    hills: str
    snow: bool = False


@dataclass(frozen=True, slots=True)
class Weather:
    """What the sky does."""

    clouds: int
    grey: float  # how much colour it takes, in [0, 1]
    haze: float  # how much of the distance it hides, in [0, 1]
    falling: bool = False  # rain, or snow when the season has it


LIGHTS = {
    "dawn": Light(
        sky=("#6f86c6", "#e9a9ae", "#ffe2b4"),
        tint=(1.02, 0.90, 0.87),
        flood=(1.04, 0.91, 0.86),
        shadow=(0.66, 0.64, 0.92),
        haze="#f3c4b4",
        sun=(0.17, 0.50, 11),
        sun_colour="#fff0c4",
        lit=0.18,
    ),
    "day": Light(
        sky=("#2f93c4", "#86cfdd", "#f6f0d4"),
        tint=(1.03, 1.0, 0.95),
        flood=(1.04, 1.01, 0.96),
        shadow=(0.70, 0.76, 0.98),
        haze="#cbe5e3",
        sun=(0.84, 0.85, 8),
        sun_colour="#fff8dc",
        lit=0.0,
    ),
    "sunset": Light(
        sky=("#544a90", "#ee7d70", "#ffc878"),
        tint=(1.04, 0.83, 0.73),
        flood=(1.07, 0.89, 0.79),
        shadow=(0.60, 0.52, 0.90),
        haze="#f0a180",
        sun=(0.80, 0.42, 15),
        sun_colour="#ffe9a8",
        lit=0.35,
    ),
    "dusk": Light(
        sky=("#1d3a75", "#6a6fb4", "#f6ae96"),
        tint=(0.58, 0.58, 0.84),
        flood=(0.92, 0.80, 0.82),
        shadow=(0.60, 0.62, 0.95),
        haze="#8f86b8",
        sun=(0.24, 0.80, 5),
        sun_colour="#fdf3dc",
        lit=0.6,
        stars=25,
    ),
    "night": Light(
        sky=("#0a1738", "#1c3064", "#4d548f"),
        tint=(0.33, 0.40, 0.66),
        flood=(0.92, 0.78, 0.72),
        shadow=(0.46, 0.48, 0.82),
        haze="#39457f",
        sun=(0.76, 0.84, 7),
        sun_colour="#fdf6dd",
        lit=0.75,
        stars=130,
    ),
}

SEASONS = {
    "spring": Season("#8fbf5f", "#a9c765", ("#8cc063", "#a8d06e", "#f3bcc8"), "#3f7f5f", "#7fb07a"),
    "summer": Season("#6fa64c", "#d9b95a", ("#4f9152", "#66a856", "#3f8058"), "#2f6b54", "#6a9f72"),
    "autumn": Season("#b09a4c", "#c79a4a", ("#e0902f", "#c9542f", "#e8b740"), "#46705a", "#b08a56"),
    "winter": Season("#eef3f6", "#f3f2ee", (), "#4c7478", "#c9d8e2", snow=True),
}

WEATHERS = {
    "clear": Weather(clouds=2, grey=0.0, haze=0.0),
    "fair": Weather(clouds=7, grey=0.05, haze=0.05),
    "overcast": Weather(clouds=16, grey=0.40, haze=0.18),
    "fog": Weather(clouds=0, grey=0.30, haze=0.62),
    "rain": Weather(clouds=18, grey=0.42, haze=0.28, falling=True),
    "snowfall": Weather(clouds=6, grey=0.12, haze=0.16, falling=True),
}


@dataclass(frozen=True, slots=True)
class Mood:
    """The light, season and weather of one picture."""

    light: Light
    season: Season
    weather: Weather

    def colour(
        self, own: str, shade: float = 1.0, *, haze: float = 0.0, flood: bool = False
    ) -> RGB:
        """The colour a picture shows for a thing whose own colour is ``own``.

        Args:
            own: colour in full daylight, as "#rrggbb".
            shade: 1 faces the viewer, less turns from the light, more turns to it.
            haze: share hidden by the distance in clear air, in [0, 1].
            flood: lit by the sight's own lamps when it is dark.
        """
        return _shown(self, own, round(shade, 3), round(haze, 3), flood)

    def sky(self, stop: int) -> RGB:
        """Colour of the sky: 0 at the top, 1 in the middle, 2 at the horizon."""
        return blend(
            grey_of(rgb(self.light.sky[stop]), self.weather.grey),
            self.haze,
            self.weather.haze * (0.5 + stop / 5),
        )

    @property
    def haze(self) -> RGB:
        """Colour of the distance."""
        return grey_of(rgb(self.light.haze), self.weather.grey)


def rgb(colour: str) -> RGB:
    """Channels of "#rrggbb"."""
    return ImageColor.getrgb(colour)[:3]


def blend(one: RGB, other: RGB, share: float) -> RGB:
    """``share`` of ``other`` in ``one``."""
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )


def grey_of(colour: RGB, share: float) -> RGB:
    """``colour`` with a share of its saturation gone; a trace of warmth stays."""
    luma = round(0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2])
    return blend(colour, (luma, luma, min(255, luma + 4)), share)


@lru_cache(maxsize=20_000)
def _shown(mood: Mood, own: str, shade: float, haze: float, flood: bool) -> RGB:
    tint = mood.light.flood if flood else mood.light.tint
    dark = min(1.0, max(0.0, (1 - shade) * 1.9))  # how far towards the colour of full shade
    channels = [
        min(255, round(channel * max(shade, 0.82) * light * (1 - dark * (1 - shadow))))
        for channel, light, shadow in zip(rgb(own), tint, mood.light.shadow, strict=True)
    ]
    colour = grey_of((channels[0], channels[1], channels[2]), mood.weather.grey * 0.7)
    return blend(colour, mood.haze, 1 - (1 - haze) * (1 - mood.weather.haze * (0.35 + haze)))
