"""What the guide answers."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.embedders.base import Embeddings
from core.places import Photo, Place, Point
from core.text_search import Why
from core.vote import CategoryShare


@dataclass(frozen=True, slots=True, eq=False)
class SeenPhoto:
    """A photo a person sent, as far as answers need it; they can be had again and again."""

    embedding: Embeddings  # (1, dim), or (1, dim + second_dim) where one look left doubt
    taken_at: Point | None  # as the camera wrote it
    timings_ms: Mapping[str, float]  # by stage in the order they ran; known photos skip some


@dataclass(frozen=True, slots=True)
class RankedPlace:
    """A place offered as an answer."""

    place: Place
    share: float  # in [0, 1]; shares of one answer sum to 1
    photo: Photo  # the gallery photo that argues for it most


@dataclass(frozen=True, slots=True)
class PhotoHit:
    """A gallery photo that answers a query."""

    photo: Photo
    place: Place
    score: float  # higher is closer; comparable within one answer only
    why: Why


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a photo shows; not being sure is an answer too."""

    confident: bool
    places: tuple[RankedPlace, ...]  # up to 5, best first
    categories: tuple[CategoryShare, ...]  # up to 5, best first
    photos: tuple[PhotoHit, ...]  # up to 5 gallery photos, closest first
    timings_ms: Mapping[str, float]  # by stage in the order they ran; known photos skip some
    snapshot: str  # version that answered


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A place that looks like another one."""

    place: Place
    score: float  # see `similar.SimilarPlace`


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Photos that fit some words."""

    photos: tuple[PhotoHit, ...]  # best first; empty when nothing fits
    timings_ms: Mapping[str, float]
    snapshot: str
