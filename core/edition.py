"""A published guide as it is asked: the snapshot with its look-ups."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from core.answers import PhotoHit, RankedPlace, Recognition
from core.catalogue import Catalogue
from core.embedders.base import Embeddings
from core.heads import opinion_of
from core.naming import Meant
from core.places import Point
from core.similar import SimilarPlaces
from core.snapshot import Snapshot
from core.text_search import PlaceMatch, TextIndex, Why
from core.turns import in_turns
from core.variety import typicality, varied
from core.verdict import ANSWERS, Verdict, verdict
from core.vote import Neighbour

Found = Sequence[tuple[int, Neighbour]]  # photos with their rows, closest first

LOOKED_UP = 100  # embeddings whose nearest photos are kept: more than are answered at a time


class Edition:
    """A loaded snapshot with the look-ups that answering needs.

    Immutable but for what it keeps of earlier look-ups, see `neighbours` and `typicality`.
    """

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
        self._looked_up: dict[tuple[bytes, int], Found] = {}  # by embedding and k; oldest first
        self._typical: dict[str, NDArray[np.float32]] = {}  # by place_id

    def in_city(self, city: str) -> NDArray[np.bool]:
        """Which places of the snapshot are in ``city``, (places,)."""
        folded = city.casefold()
        return np.array([place.city.casefold() == folded for place in self.snapshot.places])

    def neighbours(self, embedding: Embeddings, k: int, city: str | None = None) -> Found:
        """The ``k`` gallery photos nearest to an embedding; with a ``city``, of its places only.

        A photo is looked up to know whether it leaves doubt, and again for its answer: the latest
        are kept. One thread at a time may look up.
        """
        if city is not None:
            there = np.flatnonzero(self.in_city(city)).tolist()
            ids = [self.snapshot.places[row].place_id for row in there]
            only = [row for place_id in ids for row in self.photo_rows[place_id]]
            return self._search(embedding, k, only)
        found = self.known_neighbours(embedding, k)
        if found is None:
            found = self._looked_up[embedding.tobytes(), k] = self._search(embedding, k)
            if len(self._looked_up) > LOOKED_UP:
                del self._looked_up[next(iter(self._looked_up))]
        return found

    def known_neighbours(self, embedding: Embeddings, k: int) -> Found | None:
        """What `neighbours` would give without a city, if it is kept; in no time, in any thread."""
        return self._looked_up.get((embedding.tobytes(), k))

    def _search(self, embedding: Embeddings, k: int, only: Sequence[int] | None = None) -> Found:
        index, photos = self.snapshot.space_of(embedding).index, self.snapshot.photos
        return tuple(
            (row, Neighbour(photos[row].photo_id, photos[row].place_id, score))
            for row, score in index.search(embedding, k, only_rows=only).of(0)
        )

    def typicality(self, place_id: str) -> NDArray[np.float32]:
        """How much each photo of a place looks like the place as a whole; kept once it is known."""
        if place_id not in self._typical:
            self._typical[place_id] = typicality(self.embeddings(place_id))
        return self._typical[place_id]

    def embeddings(self, place_id: str) -> Embeddings:
        """Visual embeddings of a place's photos, (photos, dim), as `PhotoIndex.embeddings`.

        From the index, which is in memory anyway, not from the snapshot's array, which is not.
        """
        return self.snapshot.index.embeddings(self.photo_rows[place_id])

    def hit(self, row: int, score: float, why: Why) -> PhotoHit:
        """The photo in ``row`` of the snapshot as an answer."""
        photo = self.snapshot.photos[row]
        return PhotoHit(photo, self.places[photo.place_id], score, why)

    @cached_property
    def similar(self) -> SimilarPlaces:
        """Which places look alike; made when first asked for, since it reads all embeddings."""
        return SimilarPlaces(self.snapshot.visual, self.photo_rows)


def judged(
    edition: Edition,
    embedding: Embeddings,
    jurors: Sequence[Neighbour],
    distances_m: Mapping[str, float] | None = None,
) -> Verdict:
    """What the photos nearest to an embedding, (1, width), and the heads make of it."""
    space = edition.snapshot.space_of(embedding)
    return verdict(
        jurors,
        place_sizes=edition.place_sizes,
        kinds=edition.kinds,
        calibration=space.calibration,
        min_certainty=edition.snapshot.manifest.thresholds.min_certainty,
        opinion=opinion_of(space.heads, embedding, jurors),
        distances_m=distances_m,
    )


def recognition(
    edition: Edition,
    embedding: Embeddings,
    found: Found,
    near: Point | None,
    timings_ms: Mapping[str, float],
) -> Recognition:
    """Put an answer together from the photos ``found`` by `Edition.neighbours`."""
    distances_m = None
    if near is not None:
        distances_m = {
            place_id: near.distance_m(place.point)
            for place_id, place in edition.places.items()
            if place.point
        }
    outcome = judged(edition, embedding, [juror for _, juror in found], distances_m)
    photo_rows = {juror.photo_id: row for row, juror in found}
    return Recognition(
        confident=outcome.confident,
        places=tuple(
            RankedPlace(
                edition.places[c.place_id],
                c.share,
                edition.snapshot.photos[photo_rows[c.best.photo_id]],
            )
            for c in outcome.places
        ),
        categories=outcome.categories,
        photos=tuple(edition.hit(row, juror.score, Why.LOOKS) for row, juror in found[:ANSWERS]),
        timings_ms=timings_ms,
        snapshot=edition.snapshot.version,
    )


def photos_that_fit(
    edition: Edition, meant: Meant, embedding: Embeddings, city: str | None
) -> Iterator[PhotoHit]:
    """Photos of the places that fit, best first; each once, since a snapshot has it once."""
    among = None if city is None else edition.in_city(city)
    matches = edition.texts.rank(meant, embedding, among)

    def photos(match: PlaceMatch) -> Iterator[PhotoHit]:
        place_id = edition.snapshot.places[match.row].place_id
        rows = edition.photo_rows[place_id]
        looks = edition.snapshot.joint[rows] @ embedding[0]
        order = varied(edition.typicality(place_id), looks, lambda: edition.embeddings(place_id))
        for at in order:
            yield edition.hit(rows[at], match.score, match.why)

    groups = ([m for m in matches if m.as_well], [m for m in matches if not m.as_well])
    return chain.from_iterable(in_turns(map(photos, group)) for group in groups)
