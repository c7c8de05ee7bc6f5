"""What a scan of the gallery found: scores of every photo and candidates for removal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from offline.gallery import GalleryPhoto


class Reason(StrEnum):
    """Why a photo may have to go; also the folder it is shown in."""

    UNREADABLE = "unreadable"
    BLACK_AND_WHITE = "black_and_white"
    SEPIA = "sepia"
    COLLAGE = "collage"
    INTERIOR = "interior"
    NO_INFORMATION = "no_information"  # blank, tiny, blurred, mostly text or a map
    NEAR_DUPLICATE = "near_duplicate"
    OFF_TOPIC = "off_topic"  # shows no sight at all
    WRONG_PLACE = "wrong_place"  # looks more like other places than like its own


@dataclass(frozen=True, slots=True)
class Candidate:
    """A photo that may have to go, with every reason found."""

    photo: GalleryPhoto
    scores: Mapping[Reason, float]  # score of each reason that was found, see `Scan.scores`


@dataclass(frozen=True, slots=True)
class Scan:
    """Result of one scan."""

    candidates: Sequence[Candidate]
    scores: Mapping[Reason, Mapping[str, float]]  # of every photo looked at, by its path
    thresholds: Mapping[Reason, float]  # a photo is a candidate from this score on (score >= it)
