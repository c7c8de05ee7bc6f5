"""The JSON of the API."""

from pydantic import BaseModel, Field

from core.text_search import Why


class CategoryAnswer(BaseModel):
    """A kind of sight and what to call it."""

    category: str = Field(description="OpenTripMap's id")
    label_ru: str
    label_en: str


class SharedCategory(CategoryAnswer):
    """A category that a photo may show."""

    share: float = Field(description="of the vote, from 0 to 1")


class CountedCategory(CategoryAnswer):
    """A category to browse by."""

    places: int


class CountedCity(BaseModel):
    """A city to browse."""

    city: str
    places: int


class PhotoAnswer(BaseModel):
    """A gallery photo."""

    photo_id: str
    url: str = Field(description="on this server; ?width= makes it smaller")
    width: int
    height: int


class PlaceAnswer(BaseModel):
    """One sight."""

    key: str
    name: str
    name_en: str = Field(description="empty when there is none")
    city: str
    categories: list[CategoryAnswer] = Field(description="the most telling first")
    lat: float | None
    lon: float | None
    description_ru: str
    description_en: str
    wikidata: str
    photo: PhotoAnswer = Field(description="one to show for it")


class PlaceDetails(PlaceAnswer):
    """One sight with all its photos."""

    photos: list[PhotoAnswer]
    snapshot: str


class Candidate(BaseModel):
    """A place that a photo may show."""

    place: PlaceAnswer
    share: float = Field(description="of the vote, from 0 to 1")


class Hit(BaseModel):
    """A gallery photo that fits."""

    photo: PhotoAnswer
    place: PlaceAnswer
    score: float = Field(description="higher is closer, within one answer")
    why: Why


class RecognitionAnswer(BaseModel):
    """What a photo shows."""

    confident: bool = Field(description="false: only similar places")
    places: list[Candidate] = Field(description="up to 5, best first")
    categories: list[SharedCategory] = Field(description="up to 5, best first")
    photos: list[Hit] = Field(description="up to 5, closest first")
    timings_ms: dict[str, float]
    snapshot: str


class SearchAnswer(BaseModel):
    """Photos that fit some words."""

    photos: list[Hit] = Field(description="best first; empty when nothing fits")
    limit: int
    offset: int
    timings_ms: dict[str, float]
    snapshot: str


class PlacesAnswer(BaseModel):
    """A page of the places."""

    places: list[PlaceAnswer] = Field(description="the most popular first")
    total: int
    limit: int
    offset: int
    snapshot: str


class SimilarPlace(BaseModel):
    """A place that looks like another one."""

    place: PlaceAnswer
    score: float = Field(description="from 0 to 1; higher is more alike")


class SimilarAnswer(BaseModel):
    """Places that look like one."""

    places: list[SimilarPlace] = Field(description="the most similar first; may be empty")
    snapshot: str


class FiltersAnswer(BaseModel):
    """By what places can be browsed."""

    cities: list[CountedCity]
    categories: list[CountedCategory] = Field(description="those of most places first")
    snapshot: str


class ForgottenAnswer(BaseModel):
    """What was deleted."""

    queries: int


class MapAnswer(BaseModel):
    """What maps are drawn on."""

    tiles: str | None = Field(description="address template with {z}, {x}, {y}; null: plain")
    attribution: str = Field(description="HTML that names whose tiles they are")


class AboutAnswer(BaseModel):
    """What a page of this guide has to know."""

    log_retention_days: int = Field(description="after which a logged query is deleted")
    map: MapAnswer
