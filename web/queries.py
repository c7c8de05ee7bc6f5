"""Asking: a photo or words in, places and photos out."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError, model_validator

from core.errors import QueryError
from core.guide import CityGuide
from core.places import Point
from web import answers, schema
from web.admission import Admission
from web.asking import Journal
from web.browsing import City, Limit
from web.problems import documented

MAX_SEARCH_OFFSET = 10_000


class Where(BaseModel):
    """Where a photo was taken, as far as is known."""

    lat: Annotated[float | None, Field(ge=-90, le=90, allow_inf_nan=False)] = None
    lon: Annotated[float | None, Field(ge=-180, le=180, allow_inf_nan=False)] = None
    city: Annotated[str | None, Field(max_length=200)] = None

    @model_validator(mode="after")
    def _both_or_none(self) -> "Where":
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon belong together")
        return self

    @property
    def point(self) -> Point | None:
        """The position, if it is known."""
        return None if self.lat is None or self.lon is None else Point(self.lat, self.lon)


def add_queries(
    app: FastAPI,
    guide: CityGuide,
    journal: Journal,
    admission: Admission,
) -> None:
    """Photos and words, and to be forgotten."""
    router = APIRouter(
        prefix="/v1",
        dependencies=[Depends(admission.to_ask)],
        responses=documented(401, 422, 429, 503),
    )

    @router.post(
        "/recognize", responses=documented(400, 408, 413, 415), openapi_extra=_photo_body()
    )
    async def recognize(
        request: Request, where: Annotated[Where, Query()]
    ) -> schema.RecognitionAnswer:
        """Tell which place a photo shows: a form's field `photo`, or the picture as the body."""
        upload = await admission.upload(request)
        where = _where(where, upload.fields)
        record = journal.open(request, "photo")
        try:
            with admission.turn("photo"):
                found = await guide.recognize(upload.photo, near=where.point, city=where.city)
        except QueryError as error:
            await journal.failed(record, error)
            raise
        await journal.answered(
            record,
            [(ranked.place.place_id, ranked.share) for ranked in found.places],
            timings_ms=found.timings_ms,
            snapshot=found.snapshot,
            confident=found.confident,
        )
        return answers.recognition_answer(found)

    @router.get("/search")
    async def search(
        request: Request,
        q: Annotated[str, Query(max_length=2000, description="words in any language")],
        limit: Limit = 10,
        offset: Annotated[int, Query(ge=0, le=MAX_SEARCH_OFFSET)] = 0,
        city: City = None,
    ) -> schema.SearchAnswer:
        """Find photos that fit some words."""
        record = journal.open(request, "text", q)
        try:
            with admission.turn("text"):
                found = await guide.search(q, limit=limit, offset=offset, city=city)
        except QueryError as error:
            await journal.failed(record, error)
            raise
        await journal.answered(
            record,
            [(hit.place.place_id, hit.score) for hit in found.photos],
            timings_ms=found.timings_ms,
            snapshot=found.snapshot,
        )
        return answers.search_answer(found, limit=limit, offset=offset)

    @router.delete("/queries")
    async def forget(request: Request) -> schema.ForgottenAnswer:
        """Delete from the log all that was asked from the address this is asked from."""
        return schema.ForgottenAnswer(queries=await journal.forget(request))

    app.include_router(router)


def _where(query: Where, fields: dict[str, str]) -> Where:
    """What the form says about where; what it leaves out comes from the address."""
    said = {name: fields[name] for name in Where.model_fields if fields.get(name)}
    try:
        return Where.model_validate(query.model_dump(exclude_none=True) | said)
    except ValidationError as error:
        problems = [{**part, "loc": ("body", *part["loc"])} for part in error.errors()]
        raise RequestValidationError(problems) from error


def _photo_body() -> dict[str, Any]:
    """The body of /v1/recognize, which is read by hand to keep it within bounds."""
    text, binary = {"type": "string"}, {"type": "string", "format": "binary"}
    form = {
        "type": "object",
        "required": ["photo"],
        "properties": {"photo": binary, "lat": text, "lon": text, "city": text},
    }
    content = {
        "multipart/form-data": {"schema": form},
        "image/*": {"schema": binary},
        "application/octet-stream": {"schema": binary},
    }
    return {"requestBody": {"required": True, "content": content}}
