"""Places, their photos and positions."""

import math
from dataclasses import dataclass

EARTH_RADIUS_M = 6_371_000


@dataclass(frozen=True, slots=True)
class Point:
    """A position on the globe, in degrees."""

    lat: float
    lon: float

    def distance_m(self, other: "Point") -> float:
        """Great-circle distance in metres (haversine)."""
        lat1, lat2 = math.radians(self.lat), math.radians(other.lat)
        dlat, dlon = lat2 - lat1, math.radians(other.lon - self.lon)
        a = math.sin(dlat / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(dlon / 2) ** 2
        return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(a)))


@dataclass(frozen=True, slots=True)
class Place:
    """One sight. ``place_id`` is its key; names repeat within and across cities."""

    place_id: str
    name: str  # in the language of the source
    name_en: str = ""
    kinds: tuple[str, ...] = ()  # OpenTripMap kinds, as the source orders them
    city: str = ""
    point: Point | None = None
    rate: str = ""  # OpenTripMap popularity: 1 2 3, with h for heritage
    wikidata: str = ""
    description: str = ""
    source: str = ""  # file and row it came from

    def name_in(self, language: str) -> str:
        """The name to show to a reader of ``language`` ("ru", "en")."""
        return self.name_en if language == "en" and self.name_en else self.name


@dataclass(frozen=True, slots=True)
class Photo:
    """One gallery photo; the same picture under two places is two photos with one ``photo_id``."""

    photo_id: str  # first 16 hex digits of the SHA-256 of the source bytes
    place_id: str
    path: str  # below the data folder, with forward slashes
    width: int  # pixels, upright
    height: int
