"""How the answers would be with only a few photos of each place."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.embedders.base import Embeddings
from core.heads import opinion_of
from core.index import PhotoIndex
from core.looks import LOOK_AGAIN_BELOW
from core.metrics import Rows
from core.places import Photo
from core.snapshot import Space
from core.thorough import ThoroughIndex
from offline.embedding_cache import PhotoEmbeddings
from offline.evaluating.outcomes import PhotoOutcome
from offline.evaluating.photos import Jury
from offline.training import Trainings
from offline.views import FEW, Views, with_views

SIZES = (3, 5, 10)  # photos of each place
DRAWS = 3  # small galleries of each size: which photos a place has matters
MOST_ASKED = 1000  # photos asked of each small gallery
# At random. All photos that may be drawn are looked at in parts first, which takes a minute for
# some 50 places.
MOST_PLACES = 200


@dataclass(frozen=True, slots=True)
class Looks:
    """All looks at the photos of a gallery that small ones are drawn from."""

    photos: PhotoEmbeddings  # n
    views: Views  # from closer and whole
    parts: Views  # of the photos that may be drawn


def may_be_drawn(photos: Sequence[Photo]) -> list[int]:
    """The photos that have views, of `MOST_PLACES` places; the same gallery gives the same ones."""
    place_ids = sorted({photo.place_id for photo in photos})
    chosen = set(np.random.default_rng(0).permutation(place_ids)[:MOST_PLACES].tolist())
    return [row for row in with_views(photos) if photos[row].place_id in chosen]


def ask_small_gallery(
    jury: Jury,
    photos: Sequence[Photo],
    looks: Looks,
    groups: Rows,
    size: int,
    *,
    trained: bool,
) -> list[PhotoOutcome]:
    """Ask the photos left over of galleries with ``size`` photos of each place, drawn at random.

    Copies of a drawn photo are neither drawn nor asked. The same gallery gives the same draws, so
    that evaluations can be compared.

    Args:
        jury: of the whole gallery.
        photos: the whole gallery, n.
        looks: at its photos.
        groups: photos of one group are copies of one another, (n,).
        size: photos of each place; a place with fewer different ones gives all it has.
        trained: whether heads are trained on the small galleries.
    """
    place_rows: dict[str, list[int]] = defaultdict(list)
    for row in may_be_drawn(photos):
        place_rows[photos[row].place_id].append(row)
    outcomes = []
    for draw in range(DRAWS):
        random = np.random.default_rng((size, draw))
        drawn: list[int] = []
        for _, rows in sorted(place_rows.items()):
            different = {int(groups[row]): int(row) for row in random.permutation(rows)}
            drawn += list(different.values())[:size]
        taken = set(groups[drawn].tolist())
        left = [
            row
            for row, photo in enumerate(photos)
            if photo.place_id in place_rows and int(groups[row]) not in taken
        ]
        asked = np.sort(random.permutation(left)[:MOST_ASKED]).astype(np.int64)
        small = _SmallGallery(jury, photos, looks, drawn, trained)
        outcomes += [small.ask(row, f"{photos[row].path}#{draw}") for row in asked.tolist()]
    return outcomes


class _SmallGallery:
    """Some photos of a gallery as a gallery of their own."""

    def __init__(
        self,
        jury: Jury,
        photos: Sequence[Photo],
        looks: Looks,
        drawn: Sequence[int],
        trained: bool,
    ) -> None:
        self._jury = jury
        self._photos = photos
        self._looks = looks
        self._drawn = drawn
        place_ids = [photos[row].place_id for row in drawn]
        self._sizes = Counter(place_ids)
        trainings = None
        own = looks.photos.of(drawn)
        if trained:
            few = [at for at, place_id in enumerate(place_ids) if self._sizes[place_id] <= FEW]
            parts = looks.parts.of([drawn[at] for at in few])
            parts = Views(parts.thorough, np.array(few, dtype=np.int64)[parts.rows])
            views = looks.views.of(drawn).and_of(parts)
            trainings = Trainings(own, place_ids, jury.kinds, views)
        first = PhotoIndex.build(own.visual)
        both = ThoroughIndex(first, own.second.__getitem__)
        self._spaces = {}  # by width; of one network there is one
        for embeddings, index in ((own.thorough, both), (own.visual, first)):
            heads = trainings.of(embeddings).heads if trainings else None
            self._spaces[embeddings.shape[1]] = Space(index, heads, jury.calibration(embeddings))

    def ask(self, row: int, query: str) -> PhotoOutcome:
        """Ask about a photo of the whole gallery, and look again where that leaves doubt."""
        outcome = self._ask(row, query, self._looks.photos.visual[row : row + 1])
        if outcome.certainty < LOOK_AGAIN_BELOW:
            again = self._looks.views.second_look(row, self._looks.photos.thorough)
            return self._ask(row, query, again)
        return outcome

    def _ask(self, row: int, query: str, embedding: Embeddings) -> PhotoOutcome:
        space = self._spaces[embedding.shape[1]]
        nearest = space.index.search(embedding, self._jury.k).of(0)
        jurors = self._jury.neighbours([(self._drawn[at], score) for at, score in nearest])
        opinion = opinion_of(space.heads, embedding, jurors)
        place_id = self._photos[row].place_id
        return self._jury.outcome(
            query, place_id, {place_id}, jurors, self._sizes, opinion, space.calibration
        )
