"""What photos show, told by words: things that are no sights, and rooms."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from core.embedders.base import Embeddings
from core.kinds import KINDS
from core.places import Place

SIGHTS = tuple(
    f"a photo of {thing}"
    for thing in (
        "a building", "an old church", "a temple", "a mosque", "a palace", "a tower", "a castle",
        "a monument", "a statue", "a bridge", "a fountain", "a square with buildings", "a gate",
        "an arch", "ruins", "a museum", "a tomb", "a cave temple", "a fortress", "a park",
        "a stone column", "a city street", "a mountain landscape", "a lake", "a beach",
    )
)  # fmt: skip
OTHER_THINGS = tuple(
    f"a photo of {thing}"
    for thing in (
        "food on a plate", "fruit", "a drink", "an animal", "a bird", "a dog", "a cat", "a monkey",
        "an insect", "a fish", "a snake", "a flower", "a mushroom", "a computer screen",
        "a web site", "printed text", "a map", "a phone", "electronics", "a toy", "a car",
        "a vehicle", "an airplane", "a ship", "furniture", "a bedroom", "a kitchen", "a bathroom",
        "a toilet", "an office", "a tool", "a machine", "kitchenware", "clothes", "shoes", "a bag",
        "a weapon", "a musical instrument", "sports equipment", "a ball", "a portrait of a person",
    )
)  # fmt: skip
INSIDE = (
    "the inside of a building", "a room with furniture", "a church interior with an altar",
    "a hall with a ceiling and lamps", "a corridor indoors", "a museum exhibit indoors",
)  # fmt: skip
OUTSIDE = (
    "the outside of a building", "a facade under the sky", "a church seen from the street",
    "a monument outdoors", "a street with buildings", "a garden in front of a building",
)  # fmt: skip

# Kinds of sight that are visited inside, with all kinds below them.
INDOOR_KINDS = frozenset(
    {
        "museums", "theatres_and_entertainments", "libraries", "caves", "cave_paintings", "crypts",
        "bunkers", "mineshafts", "abandoned_mineshafts", "railway_stations", "subway_stations",
        "abandoned_railway_stations", "malls", "marketplaces", "foods", "baths_and_saunas", "pools",
    }
)  # fmt: skip

BEST_WORDS = 3  # that say what a photo shows
SMALLEST_SPREAD = 0.01  # of cosines; a handful of photos may be alike by chance
STRANGE_SPREADS = 5  # below the gallery's median; nothing of a sight is left there


def strangeness(joint: Embeddings, sights: Embeddings, others: Embeddings) -> NDArray[np.float64]:
    """How much each photo looks like things that are no sights, (n,): usually 0, from 1 surely.

    The likeness to the closest `SIGHTS` less that to the closest `OTHER_THINGS`; how far it lies
    below the gallery's median, in its usual spread, a fifth of that. So it needs no scale of its
    own, and an embedder whose words are vague only makes it weaker.

    Args:
        joint: photos among words, (n, joint_dim).
        sights: `SIGHTS` embedded.
        others: `OTHER_THINGS` embedded.
    """
    margin = _closeness(joint, sights) - _closeness(joint, others)
    median = np.median(margin)
    spread = max(1.48 * float(np.median(np.abs(margin - median))), SMALLEST_SPREAD)
    return np.asarray((median - margin) / spread / STRANGE_SPREADS)


def interior(joint: Embeddings, inside: Embeddings, outside: Embeddings) -> NDArray[np.float64]:
    """How much closer each photo is to `INSIDE` than to `OUTSIDE`, as a difference of cosines.

    Arguments as for `strangeness`.
    """
    return _closeness(joint, inside) - _closeness(joint, outside)


def may_show_interiors(place: Place, indoor_kinds: Iterable[str]) -> bool:
    """Whether one of a place's kinds, or a kind above it, is among ``indoor_kinds``."""
    allowed = set(indoor_kinds)
    for kind in place.kinds:
        above: str | None = kind
        while above is not None:
            if above in allowed:
                return True
            above = KINDS[above].parent if above in KINDS else None
    return False


def _closeness(joint: Embeddings, words: Embeddings) -> NDArray[np.float64]:
    """Mean cosine of each photo with its closest words."""
    cosines = np.sort(joint @ words.T, axis=1)[:, -BEST_WORDS:]
    return np.asarray(cosines.mean(axis=1), dtype=np.float64)
