"""A published guide as it is asked: the snapshot with its look-ups."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from itertools import chain, zip_longest

import numpy as np

from core.answers import PhotoHit
from core.catalogue import Catalogue
from core.embedders.base import Embeddings
from core.similar import SimilarPlaces
from core.snapshot import Snapshot
from core.text_search import PlaceMatch, TextIndex, Why
from core.variety import varied


class Edition:
    """A loaded snapshot with the look-ups that answering needs; immutable."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.catalogue = Catalogue(snapshot.places, snapshot.photos)
        self.places = {place.place_id: place for place in snapshot.places}
        self.kinds = {place.place_id: place.kinds for place in snapshot.places}
        self.photo_rows: dict[str, list[int]] = defaultdict(list)  # by place_id
        for row, photo in enumerate(snapshot.photos):
            self.photo_rows[photo.place_id].append(row)
        self.place_sizes = {place_id: len(rows) for place_id, rows in self.photo_rows.items()}
        row_of_place = {place.place_id: row for row, place in enumerate(snapshot.places)}
        self.texts = TextIndex(
            snapshot.places,
            snapshot.words,
            snapshot.joint,
            np.array([row_of_place[photo.place_id] for photo in snapshot.photos], dtype=np.int64),
            min_stand_out=snapshot.manifest.thresholds.min_stand_out,
        )

    def in_city(self, city: str | None) -> set[str]:
        """Ids of the places with photos in ``city`` (all cities if None)."""
        return {
            place_id
            for place_id in self.photo_rows
            if city is None or self.places[place_id].city.casefold() == city.casefold()
        }

    def hit(self, row: int, score: float, why: Why) -> PhotoHit:
        """The photo in ``row`` of the snapshot as an answer."""
        photo = self.snapshot.photos[row]
        return PhotoHit(photo, self.places[photo.place_id], score, why)

    @cached_property
    def similar(self) -> SimilarPlaces:
        """Which places look alike; made when first asked for, since it reads all embeddings."""
        return SimilarPlaces(self.snapshot.visual, self.photo_rows)


def photos_that_fit(
    edition: Edition, text: str, embedding: Embeddings, city: str | None
) -> Iterator[PhotoHit]:
    """Photos of the places that fit, best first; a picture of two places comes once."""
    allowed = edition.in_city(city)
    matches = [
        match
        for match in edition.texts.rank(text, embedding)
        if edition.snapshot.places[match.row].place_id in allowed
    ]
    looks = edition.snapshot.joint @ embedding[0]

    def photos(match: PlaceMatch) -> Iterator[PhotoHit]:
        rows = edition.photo_rows[edition.snapshot.places[match.row].place_id]
        # From the index, which is in memory anyway, not from the snapshot's array, which is not.
        for at in varied(edition.snapshot.index.embeddings(rows), looks[rows]):
            yield edition.hit(rows[at], match.score, match.why)

    groups = ([m for m in matches if m.as_well], [m for m in matches if not m.as_well])
    turns = chain.from_iterable(zip_longest(*map(photos, group)) for group in groups)
    shown: set[str] = set()
    for hit in filter(None, chain.from_iterable(turns)):
        if hit.photo.photo_id not in shown:
            shown.add(hit.photo.photo_id)
            yield hit
