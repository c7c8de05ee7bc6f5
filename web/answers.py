"""What the guide tells, put into the words of the API."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from core.answers import Lookalike, PhotoHit, Recognition, SearchResult
from core.catalogue import Catalogue
from core.kinds import informative_kinds, kind_label
from core.places import Photo, Place
from web.schema import (
    Candidate,
    CategoryAnswer,
    CountedCategory,
    CountedCity,
    FiltersAnswer,
    Hit,
    PhotoAnswer,
    PlaceAnswer,
    PlaceDetails,
    PlacesAnswer,
    RecognitionAnswer,
    SearchAnswer,
    SharedCategory,
    SimilarAnswer,
    SimilarPlace,
)


def recognition_answer(found: Recognition) -> RecognitionAnswer:
    """Of a photo."""
    return RecognitionAnswer(
        confident=found.confident,
        places=[
            Candidate(place=_place(ranked.place, ranked.photo), share=ranked.share)
            for ranked in found.places
        ],
        categories=[
            SharedCategory(**_category(shared.kind), share=shared.share)
            for shared in found.categories
        ],
        photos=_hits(found.photos),
        timings_ms=dict(found.timings_ms),
        snapshot=found.snapshot,
    )


def search_answer(found: SearchResult, *, limit: int, offset: int) -> SearchAnswer:
    """Of words."""
    return SearchAnswer(
        photos=_hits(found.photos),
        limit=limit,
        offset=offset,
        timings_ms=dict(found.timings_ms),
        snapshot=found.snapshot,
    )


def places_answer(
    catalogue: Catalogue,
    snapshot: str,
    *,
    city: str | None,
    category: str | None,
    limit: int,
    offset: int,
) -> PlacesAnswer:
    """Of a look at the catalogue."""
    fitting = [
        place
        for place in catalogue.places
        if (city is None or place.city.casefold() == city.casefold())
        and (category is None or category in place.kinds)
    ]
    return PlacesAnswer(
        places=[
            _place(place, catalogue.photos_of(place)[0])
            for place in fitting[offset : offset + limit]
        ],
        total=len(fitting),
        limit=limit,
        offset=offset,
        snapshot=snapshot,
    )


def place_details(place: Place, photos: Sequence[Photo], snapshot: str) -> PlaceDetails:
    """Of one place."""
    return PlaceDetails(
        **_place(place, photos[0]).model_dump(),
        photos=[_photo(photo) for photo in photos],
        snapshot=snapshot,
    )


def similar_answer(
    catalogue: Catalogue, found: Sequence[Lookalike], snapshot: str
) -> SimilarAnswer:
    """Of what looks like a place."""
    return SimilarAnswer(
        places=[
            SimilarPlace(place=_place(one.place, photos[0]), score=one.score)
            for one in found
            if (photos := catalogue.photos_of(one.place))
        ],
        snapshot=snapshot,
    )


@lru_cache(maxsize=1)  # the whole catalogue is counted, once a snapshot
def filters_answer(catalogue: Catalogue, snapshot: str) -> FiltersAnswer:
    """Of what there is to choose from."""
    cities = Counter(place.city for place in catalogue.places if place.city)
    telling = {kind for place in catalogue.places for kind in informative_kinds(place.kinds)}
    kinds = Counter(
        kind for place in catalogue.places for kind in telling.intersection(place.kinds)
    )
    return FiltersAnswer(
        cities=[CountedCity(city=city, places=cities[city]) for city in sorted(cities)],
        categories=[
            CountedCategory(**_category(kind), places=places)
            for kind, places in sorted(kinds.items(), key=lambda counted: (-counted[1], counted[0]))
        ],
        snapshot=snapshot,
    )


def _hits(hits: Iterable[PhotoHit]) -> list[Hit]:
    return [
        Hit(
            photo=_photo(hit.photo),
            place=_place(hit.place, hit.photo),
            score=hit.score,
            why=hit.why,
        )
        for hit in hits
    ]


def _place(place: Place, photo: Photo) -> PlaceAnswer:
    return PlaceAnswer(
        key=place.key,
        name=place.name,
        name_en=place.name_en,
        city=place.city,
        categories=[CategoryAnswer(**_category(k)) for k in informative_kinds(place.kinds)],
        lat=place.point.lat if place.point else None,
        lon=place.point.lon if place.point else None,
        description_ru=place.description_in("ru"),
        description_en=place.description_in("en"),
        wikidata=place.wikidata,
        photo=_photo(photo),
    )


def _photo(photo: Photo) -> PhotoAnswer:
    return PhotoAnswer(
        photo_id=photo.photo_id,
        url=f"/v1/photos/{photo.photo_id}",
        width=photo.width,
        height=photo.height,
    )


def _category(kind: str) -> dict[str, str]:
    return {
        "category": kind,
        "label_ru": kind_label(kind, "ru"),
        "label_en": kind_label(kind, "en"),
    }
