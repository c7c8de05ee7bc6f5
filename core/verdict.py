"""What the nearest gallery photos say about a photo; the guide and its evaluation share it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.certainty import Calibration, sharpened
from core.heads import Opinion, categories_with_heads, with_heads
from core.vote import Candidate, CategoryShare, Neighbour, category_vote, knn_vote, with_distance

ANSWERS = 5  # places, categories and photos offered for a photo


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one vote."""

    candidates: tuple[Candidate, ...]  # every place that was voted for, best first
    places: tuple[Candidate, ...]  # the up to 5 offered; their shares sum to 1
    categories: tuple[CategoryShare, ...]  # up to 5, best first; their shares sum to 1
    certainty: float  # probability that the first place is right, in [0, 1]
    confident: bool  # whether the first place is claimed


def verdict(
    neighbours: Iterable[Neighbour],
    *,
    place_sizes: Mapping[str, int],
    kinds: Mapping[str, Sequence[str]],
    calibration: Calibration,
    min_certainty: float,
    opinion: Opinion | None = None,
    distances_m: Mapping[str, float] | None = None,
) -> Verdict:
    """Let the nearest gallery photos vote, and judge how far the outcome can be trusted.

    Args:
        neighbours: the k nearest gallery photos, any order; may be empty.
        place_sizes: photos in the gallery by place_id.
        kinds: categories by place_id.
        calibration: what the gallery taught about answers like this one.
        min_certainty: from where on a place is claimed.
        opinion: what the trained heads say of the photo, if there are any.
        distances_m: metres from the person by place_id, if the person's position is known.
    """
    candidates = knn_vote(neighbours, place_sizes=place_sizes)
    if opinion:
        candidates = with_heads(candidates, opinion.places)
    candidates = sharpened(candidates, calibration.sharpness)
    if distances_m is not None:
        candidates = with_distance(candidates, distances_m)
    offered = candidates[:ANSWERS]
    offered_share = sum(candidate.share for candidate in offered)
    categories = category_vote(candidates, kinds)
    if opinion:
        categories = categories_with_heads(categories, opinion.kinds)
    categories = categories[:ANSWERS]
    category_share = sum(category.share for category in categories)
    certainty = 0.0
    if candidates:
        first = candidates[0]
        head = opinion.places[first.place_id] if opinion else 0.0
        certainty = calibration.certainty.of(first.best.score, first.share, head)
    return Verdict(
        candidates=tuple(candidates),
        places=tuple(Candidate(c.place_id, c.share / offered_share, c.best) for c in offered),
        categories=tuple(CategoryShare(c.kind, c.share / category_share) for c in categories),
        certainty=certainty,
        confident=bool(candidates) and certainty >= min_certainty,
    )
