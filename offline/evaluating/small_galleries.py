"""How the answers would be with only a few photos of each place."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from core.embedders.base import Embeddings
from core.index import PhotoIndex
from core.metrics import Rows
from core.places import Photo
from offline.evaluating.outcomes import PhotoOutcome
from offline.evaluating.photos import Jury
from offline.training import Training
from offline.views import Views, with_views

SIZES = (3, 5, 10)  # photos of each place
DRAWS = 3  # small galleries of each size: which photos a place has matters
MOST_ASKED = 1000  # photos asked of each small gallery


def ask_small_gallery(
    jury: Jury,
    photos: Sequence[Photo],
    visual: Embeddings,
    groups: Rows,
    size: int,
    views: Views | None,
) -> list[PhotoOutcome]:
    """Ask the photos left over of galleries with ``size`` photos of each place, drawn at random.

    Drawn are photos that have views, whether or not heads are trained. Copies of a drawn photo are
    neither drawn nor asked. The same gallery gives the same draws, so that evaluations can be
    compared.

    Args:
        jury: of the whole gallery.
        photos: the whole gallery, n.
        visual: their embeddings, (n, dim).
        groups: photos of one group are copies of one another, (n,).
        size: photos of each place; a place with fewer different ones gives all it has.
        views: of the whole gallery, for heads that are trained on the small one; None: no heads.
    """
    place_rows: dict[str, list[int]] = defaultdict(list)
    for row in with_views(photos):
        place_rows[photos[row].place_id].append(row)
    outcomes = []
    for draw in range(DRAWS):
        random = np.random.default_rng((size, draw))
        drawn: list[int] = []
        for _, rows in sorted(place_rows.items()):
            different = {int(groups[row]): int(row) for row in random.permutation(rows)}
            drawn += list(different.values())[:size]
        taken = set(groups[drawn].tolist())
        left = [row for row in range(len(photos)) if int(groups[row]) not in taken]
        asked = np.sort(random.permutation(left)[:MOST_ASKED]).astype(np.int64)
        place_ids = [photos[row].place_id for row in drawn]
        sizes = Counter(place_ids)
        heads = None
        if views:
            heads = Training(visual[drawn], place_ids, jury.kinds, views.of(drawn)).heads
        nearest = PhotoIndex.build(visual[drawn]).search(visual[asked], jury.k)
        for row, rows, scores in zip(asked, nearest.rows, nearest.scores, strict=True):
            photo = photos[row]
            found = [(drawn[at], score) for at, score in zip(rows, scores, strict=True)]
            neighbours = jury.neighbours(found)
            query = f"{photo.path}#{draw}"
            opinion = heads.opinion(heads.scores(visual[row]), neighbours) if heads else None
            outcomes.append(
                jury.outcome(query, photo.place_id, {photo.place_id}, neighbours, sizes, opinion)
            )
    return outcomes
