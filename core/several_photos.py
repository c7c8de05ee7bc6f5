"""One answer from several photos of the same sight; pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from core.answers import RankedPlace, Recognition
from core.turns import each_once, in_turns
from core.verdict import ANSWERS
from core.vote import CategoryShare


def joint_answer(answers: Sequence[Recognition]) -> Recognition:
    """Join the answers to photos of one sight into one answer to all of them.

    Shares are averaged, so that a sight seen well in most photos outweighs what one odd photo
    looks like. The joint answer is confident when the confident photos agree: more of them are for
    its best place than for all others together.

    Args:
        answers: one per photo, at least one, all from the same gallery.

    Returns:
        Up to 5 places and categories, best first, shares summing to 1, each place with the photo
        of its strongest answer; gallery photos in turns; times added up.
    """
    if len(answers) == 1:
        return answers[0]
    places = _joint_places(answers)
    sure_of = Counter(a.places[0].place.place_id for a in answers if a.confident and a.places)
    for_best = sure_of[places[0].place.place_id] if places else 0
    return Recognition(
        confident=for_best > sure_of.total() - for_best,
        places=tuple(places),
        categories=tuple(_joint_categories(answers)),
        photos=tuple(islice(each_once(in_turns(a.photos for a in answers)), ANSWERS)),
        timings_ms=_added_up(answer.timings_ms for answer in answers),
        snapshot=answers[-1].snapshot,
    )


def _joint_places(answers: Sequence[Recognition]) -> list[RankedPlace]:
    shares: dict[str, float] = defaultdict(float)
    strongest: dict[str, RankedPlace] = {}
    for ranked in (ranked for answer in answers for ranked in answer.places):
        place_id = ranked.place.place_id
        shares[place_id] += ranked.share
        if place_id not in strongest or ranked.share > strongest[place_id].share:
            strongest[place_id] = ranked
    return [
        RankedPlace(strongest[place_id].place, share, strongest[place_id].photo)
        for place_id, share in _best(shares)
    ]


def _joint_categories(answers: Sequence[Recognition]) -> list[CategoryShare]:
    shares: dict[str, float] = defaultdict(float)
    for category in (category for answer in answers for category in answer.categories):
        shares[category.kind] += category.share
    return [CategoryShare(kind, share) for kind, share in _best(shares)]


def _added_up(timings: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for stage, milliseconds in (item for each in timings for item in each.items()):
        total[stage] += milliseconds
    return dict(total)


def _best(shares: dict[str, float]) -> list[tuple[str, float]]:
    """The largest shares, largest first, made to sum to 1."""
    best = sorted(shares.items(), key=lambda item: -item[1])[:ANSWERS]
    total = sum(share for _, share in best)
    return [(name, share / total) for name, share in best]
