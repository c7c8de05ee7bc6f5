"""All detectors by name, each with the score from which on a photo is a candidate.

Picture detectors look at one picture; gallery detectors at all photos together, in the order they
stand here. The docstring of each says how it decides. The thresholds were chosen with the
`bundled` embedder on some labelled galleries and checked on others.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from offline.cleaning.collage import collage
from offline.cleaning.colour import black_and_white, toned
from offline.cleaning.evidence import (
    Evidence,
    Scores,
    interior,
    near_duplicate,
    off_topic,
    wrong_place,
)
from offline.cleaning.findings import Reason
from offline.cleaning.picture import Pixels
from offline.cleaning.quality import no_information


@dataclass(frozen=True, slots=True)
class PictureDetector:
    """Tells from one picture alone."""

    reason: Reason
    threshold: float
    score: Callable[[Pixels], float]
    revision: int = 1  # raise it when scores change, so that pictures are measured anew


@dataclass(frozen=True, slots=True)
class GalleryDetector:
    """Tells from all photos together, and from what was found before."""

    reason: Reason
    threshold: float
    score: Callable[[Evidence], Scores]


PICTURE_DETECTORS = (
    PictureDetector(Reason.BLACK_AND_WHITE, 0.6, black_and_white),
    PictureDetector(Reason.SEPIA, 0.5, toned),
    PictureDetector(Reason.COLLAGE, 0.76, collage),
    PictureDetector(Reason.NO_INFORMATION, 1.0, no_information),
)
GALLERY_DETECTORS = (
    GalleryDetector(Reason.OFF_TOPIC, 0.72, off_topic),
    GalleryDetector(Reason.WRONG_PLACE, 1.0, wrong_place),
    GalleryDetector(Reason.NEAR_DUPLICATE, 0.975, near_duplicate),
    GalleryDetector(Reason.INTERIOR, 0.02, interior),
)
# What shows no sight is named for that; how it is coloured or put together matters no more.
SILENCED_BY_OFF_TOPIC = (Reason.BLACK_AND_WHITE, Reason.SEPIA, Reason.COLLAGE)
UNREADABLE_SCORE = 1.0  # also its threshold: a photo can be decoded or not

DEFAULT_THRESHOLDS: Mapping[Reason, float] = MappingProxyType(
    {Reason.UNREADABLE: UNREADABLE_SCORE}
    | {detector.reason: detector.threshold for detector in PICTURE_DETECTORS}
    | {detector.reason: detector.threshold for detector in GALLERY_DETECTORS}
)
