"""Places, their photos and positions."""

import base64
import hashlib
import math
import re
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

    @property
    def key(self) -> str:
        """A name of the place in 11 characters, for where its id, of up to 64, has no room."""
        digest = hashlib.blake2b(self.place_id.encode(), digest_size=8).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def name_in(self, language: str) -> str:
        """The name to show to a reader of ``language`` ("ru", "en")."""
        return self.name_en if language == "en" and self.name_en else self.name

    def description_in(self, language: str) -> str:
        """The lines of the description that a reader of ``language`` can read, else all of it.

        Sources put a text and its translation on lines of their own; Cyrillic letters tell which
        line is Russian.
        """
        lines = [line.strip() for line in self.description.splitlines() if line.strip()]
        readable = [line for line in lines if _is_cyrillic(line) == (language == "ru")]
        return "\n".join(readable or lines)


@dataclass(frozen=True, slots=True)
class Photo:
    """One gallery photo; the same picture under two places is two photos with one ``photo_id``."""

    photo_id: str  # first 16 hex digits of the SHA-256 of the source bytes
    place_id: str
    path: str  # below the data folder, with forward slashes
    width: int  # pixels, upright
    height: int


def _is_cyrillic(text: str) -> bool:
    """Whether most letters are Cyrillic."""
    cyrillic = len(re.findall("[а-яё]", text.casefold()))
    return 2 * cyrillic > sum(character.isalpha() for character in text)
