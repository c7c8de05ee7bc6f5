"""Look-ups in the places and photos of one snapshot."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from core.places import Photo, Place, Point

RATES = ("3h", "3", "2h", "2", "1h", "1")  # of OpenTripMap, the most popular first


@dataclass(frozen=True, slots=True)
class NearbyPlace:
    """A place and how far away it is."""

    place: Place
    distance_m: float


@dataclass(frozen=True, slots=True)
class PlacePhoto:
    """A gallery photo with the place it shows."""

    photo: Photo
    place: Place


class Catalogue:
    """Places that have photos; immutable."""

    def __init__(self, places: Sequence[Place], photos: Sequence[Photo]) -> None:
        self._photos: dict[str, list[Photo]] = defaultdict(list)  # by place_id
        for photo in photos:
            self._photos[photo.place_id].append(photo)
        self._by_key = {place.key: place for place in places if place.place_id in self._photos}
        self._by_id = {place.place_id: place for place in self._by_key.values()}
        self.places = tuple(sorted(self._by_key.values(), key=self._unpopularity))
        """All places, the most popular first: the better `Place.rate`, then the more photos."""
        self.popular_photos = self._by_popularity()
        """One photo of each place, then a second of each ...; the most popular places first.

        A picture of two places comes once.
        """
        self._by_photo_id = {shown.photo.photo_id: shown for shown in self.popular_photos}

    def place(self, key: str) -> Place | None:
        """The place with this `Place.key`; None when the guide does not have it."""
        return self._by_key.get(key)

    def place_by_id(self, place_id: str) -> Place | None:
        """The place with this id; None when the guide does not have it."""
        return self._by_id.get(place_id)

    def photos_of(self, place: Place) -> Sequence[Photo]:
        """All photos of a place, always in the same order; empty for a place of another guide."""
        return tuple(self._photos.get(place.place_id, ()))

    def photo(self, photo_id: str) -> PlacePhoto | None:
        """The photo with this id; None when the guide does not have it."""
        return self._by_photo_id.get(photo_id)

    def _by_popularity(self) -> tuple[PlacePhoto, ...]:
        columns = (
            [PlacePhoto(photo, place) for photo in self._photos[place.place_id]]
            for place in self.places
        )
        once: dict[str, PlacePhoto] = {}
        for shown in filter(None, chain.from_iterable(zip_longest(*columns))):
            once.setdefault(shown.photo.photo_id, shown)
        return tuple(once.values())

    def _unpopularity(self, place: Place) -> tuple[int, int]:
        rank = RATES.index(place.rate) if place.rate in RATES else len(RATES)
        return rank, -len(self._photos[place.place_id])

    def nearest(self, point: Point) -> list[NearbyPlace]:
        """All places whose position is known, the nearest first."""
        distances = [
            NearbyPlace(place, point.distance_m(place.point))
            for place in self._by_key.values()
            if place.point
        ]
        return sorted(distances, key=lambda nearby: nearby.distance_m)
