"""Looking around in the catalogue: places and their photos."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response

from core.guide import CityGuide
from web import answers, schema
from web.admission import Admission
from web.photos import GONE, PhotoShelf, Width
from web.problems import documented

City = Annotated[str | None, Query(max_length=200, description="places of this city only")]
Limit = Annotated[int, Query(ge=1, le=50)]
NO_PLACE = "The guide has no such place."
MAX_OFFSET = 1_000_000


def add_catalogue(app: FastAPI, guide: CityGuide, admission: Admission) -> None:
    """Places."""
    router = APIRouter(
        prefix="/v1", dependencies=[Depends(admission.to_ask)], responses=documented(401, 422, 429)
    )

    @router.get("/places")
    async def places(
        city: City = None,
        category: Annotated[str | None, Query(max_length=64)] = None,
        limit: Limit = 20,
        offset: Annotated[int, Query(ge=0, le=MAX_OFFSET)] = 0,
    ) -> schema.PlacesAnswer:
        """Browse the places."""
        return answers.places_answer(
            guide.catalogue,
            guide.snapshot,
            city=city,
            category=category,
            limit=limit,
            offset=offset,
        )

    @router.get("/places/{key}", responses=documented(404))
    async def place(key: str) -> schema.PlaceDetails:
        """One place with all its photos."""
        catalogue = guide.catalogue
        known = catalogue.place(key)
        if known is None:
            raise HTTPException(404, NO_PLACE)
        return answers.place_details(known, catalogue.photos_of(known), guide.snapshot)

    @router.get("/places/{key}/similar", responses=documented(404))
    async def similar(key: str, limit: Limit = 6) -> schema.SimilarAnswer:
        """Places that look like one, by all their photos."""
        catalogue, snapshot = guide.catalogue, guide.snapshot
        known = catalogue.place(key)
        if known is None:
            raise HTTPException(404, NO_PLACE)
        found = await guide.similar(known, limit=limit)
        return answers.similar_answer(catalogue, found, snapshot)

    @router.get("/filters")
    async def filters() -> schema.FiltersAnswer:
        """The cities and categories there are."""
        return answers.filters_answer(guide.catalogue, guide.snapshot)

    app.include_router(router)


def add_photos(app: FastAPI, guide: CityGuide, admission: Admission) -> None:
    """Their photos."""
    shelf = PhotoShelf()

    @app.get(
        "/v1/photos/{photo_id}",
        dependencies=[Depends(admission.to_see_photos)],
        response_class=Response,
        responses={
            200: {"description": "a JPEG", "content": {"image/jpeg": {}}},
            304: {"description": "Not Modified"},
            **documented(404, 422, 429),
        },
    )
    async def photo(request: Request, photo_id: str, width: Width | None = None) -> Response:
        """A gallery photo; needs no key, so that pages can show it."""
        known = guide.catalogue.photo(photo_id)
        if known is None:
            raise HTTPException(404, GONE)
        return await shelf.response(request, known.photo, guide.photo_file(known.photo), width)
