"""How single questions were answered; what all measures, tables and comparisons are made from."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

from core.errors import SourceError

Outcome = TypeVar("Outcome", "PhotoOutcome", "TextOutcome")


@dataclass(frozen=True, slots=True)
class PhotoOutcome:
    """The answer to one photo. Ranks are 1-based, ``inf`` where the right answer is missing."""

    query: str  # path below the data folder (gallery) or below the folder of queries
    place_id: str  # what it shows; the folder's name for a photo of no known place
    kind: str  # first category of that place, "" without any
    rank: float  # of the place, among all that were voted for
    category_rank: float  # of any of its categories, among those offered
    first_category_rank: float  # of its first category, among those offered
    contest_category_rank: float  # of its first category, in a vote of first categories
    answer: str  # place_id of the first answer, "" without any
    photo: str  # path below the data folder of the gallery photo that argues for it
    share: float  # stated for the first answer, in [0, 1]
    score: float  # cosine of that gallery photo
    certainty: float  # probability that the first answer is right, as the guide judges it
    confident: bool  # whether the first answer is claimed

    @property
    def right(self) -> bool:
        """Whether the first answer is the place."""
        return self.rank == 1


@dataclass(frozen=True, slots=True)
class TextOutcome:
    """The answer to some words."""

    query: str
    language: str
    how: str  # kind of query: name, typo, translit, category, description ...
    relevant: tuple[str, ...]  # place_ids that fit; none for words that nothing fits
    rank: float  # of the first photo of a relevant place, ``inf`` if there is none
    precision: float  # part of five photos that shows relevant places
    answers: tuple[str, ...]  # place_ids of the up to five photos shown


@dataclass(slots=True)
class Outcomes:
    """Every single answer of an evaluation; what was not asked stays empty."""

    gallery: list[PhotoOutcome] = field(default_factory=list)  # asked of the rest of the gallery
    # asked of small galleries, by photos of each place; a query's path ends in # and the draw
    small: dict[int, list[PhotoOutcome]] = field(default_factory=dict)
    queries: list[PhotoOutcome] = field(default_factory=list)
    unknown: list[PhotoOutcome] = field(default_factory=list)
    texts: list[TextOutcome] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many questions were answered."""
        photos = (self.gallery, *self.small.values(), self.queries, self.unknown)
        return sum(map(len, photos)) + len(self.texts)

    @property
    def known(self) -> list[PhotoOutcome]:
        """What photos of unknown places are told apart from: the queries, else the gallery."""
        return self.queries or self.gallery


def as_json(outcome: PhotoOutcome | TextOutcome) -> dict[str, Any]:
    """An outcome for machines; a missing rank is null."""
    return {name: None if value == math.inf else value for name, value in asdict(outcome).items()}


def from_json(kind: type[Outcome], stored: Mapping[str, Any]) -> Outcome:
    """An outcome as `as_json` wrote it.

    Raises:
        SourceError: keys are missing or unknown, as in a file of another release.
    """
    values: dict[str, Any] = {
        name: math.inf if value is None else tuple(value) if isinstance(value, list) else value
        for name, value in stored.items()
    }
    wanted = {field.name for field in fields(kind)}
    if set(values) != wanted:
        differing = ", ".join(sorted(set(values) ^ wanted))
        raise SourceError(
            f"the evaluation is of another release, its outcomes differ in: {differing}"
        )
    return kind(**values)
