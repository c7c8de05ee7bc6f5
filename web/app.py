"""The guide over HTTP: routes and what they depend on; no I/O of its own."""

import hmac
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field, ValidationError, model_validator

from core.errors import QueryError
from core.figures import CONTENT_TYPE
from core.guide import CityGuide
from core.places import Point
from core.querylog import QueryLog
from web import answers
from web.asking import Journal, asker
from web.browsing import City, Limit, add_catalogue, add_photos
from web.limits import RateLimit, Turns
from web.metrics import Metrics
from web.middleware import Outermost
from web.page import add_page
from web.problems import Problem, documented, explain_errors
from web.uploads import read_upload

KEY_HEADER = "X-API-Key"
UPLOAD_TIMEOUT_S = 30
PHOTOS_AT_ONCE = 16  # being answered, and as many in memory
WORDS_AT_ONCE = 8  # being answered, at 20 ms of a processor each: a longer queue is too long
UPLOADS, OF_ONE = 32, 8  # photos on their way here; from one address: slow ones must not take all
PHOTOS_PER_REQUEST = 12  # a page of places brings a dozen photos with it
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


class State(BaseModel):
    """How the guide is doing."""

    status: str
    snapshot: str


def build_app(
    guide: CityGuide,
    query_log: QueryLog,
    *,
    user_hash_key: bytes,
    max_photo_mb: float = 20,
    api_key: str | None = None,
    cors_origins: Sequence[str] = (),
    requests_per_minute: int = 120,
    map_tiles: str | None = None,
    map_attribution: str = "",
    log_retention_days: int = 90,
    upload_timeout_s: float = UPLOAD_TIMEOUT_S,
    photos_at_once: int = PHOTOS_AT_ONCE,
    words_at_once: int = WORDS_AT_ONCE,
) -> FastAPI:
    """The application; ``app.state.ready`` says whether /readyz does.

    Args:
        user_hash_key: key of `core.querylog.hash_user`.
        api_key: what programs must send; None lets everybody ask.
        cors_origins: other pages that may ask.
        map_tiles: address template of the page's map tiles; None draws a plain map.
        map_attribution: HTML that names whose tiles they are.
        log_retention_days: what people are told; `core.retention` does it.
        photos_at_once: being answered; further ones get 503.
        words_at_once: searches being answered; further ones get 503.
    """
    app = FastAPI(
        title="Electronic city guide",
        version="1",
        docs_url=None,  # FastAPI's pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.ready = True
    turns = {"photo": Turns(photos_at_once), "text": Turns(words_at_once)}
    uploads = Turns(UPLOADS, of_one=OF_ONE)
    metrics = Metrics(lambda: sum(each.taken for each in turns.values()))
    journal = Journal(query_log, user_hash_key, metrics)
    asked = RateLimit(requests_per_minute)
    shown = RateLimit(requests_per_minute * PHOTOS_PER_REQUEST)
    max_bytes = int(max_photo_mb * 1_000_000)

    async def allow(request: Request) -> None:
        asked.take(asker(request))
        sent = request.headers.get(KEY_HEADER, "")
        if api_key is not None and not hmac.compare_digest(sent.encode(), api_key.encode()):
            raise HTTPException(401, f"The header {KEY_HEADER} is missing or wrong.")

    async def allow_photo(request: Request) -> None:
        shown.take(asker(request))

    _add_queries(app, guide, journal, turns, uploads, allow, max_bytes, upload_timeout_s)
    add_catalogue(app, guide, allow)
    add_photos(app, guide, allow_photo)
    _add_operation(app, guide, metrics)
    add_page(
        app,
        allow,
        answers.AboutAnswer(
            log_retention_days=log_retention_days,
            map=answers.MapAnswer(tiles=map_tiles, attribution=map_attribution),
        ),
    )
    explain_errors(app)
    _describe_problems(app)
    if cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=[KEY_HEADER, "Content-Type"],
            expose_headers=["Retry-After", "ETag"],
        )
    app.add_middleware(Outermost, metrics=metrics, map_tiles=map_tiles)
    return app


def _add_queries(
    app: FastAPI,
    guide: CityGuide,
    journal: Journal,
    turns: Mapping[str, Turns],
    uploads: Turns,
    allow: Any,
    max_bytes: int,
    upload_timeout_s: float,
) -> None:
    router = APIRouter(
        prefix="/v1", dependencies=[Depends(allow)], responses=documented(401, 422, 429, 503)
    )

    @router.post(
        "/recognize", responses=documented(400, 408, 413, 415), openapi_extra=_photo_body()
    )
    async def recognize(
        request: Request, where: Annotated[Where, Query()]
    ) -> answers.RecognitionAnswer:
        """Tell which place a photo shows: a form's field `photo`, or the picture as the body."""
        with uploads.turn(asker(request)):
            upload = await read_upload(request, max_bytes=max_bytes, timeout_s=upload_timeout_s)
        where = _where(where, upload.fields)
        record = journal.open(request, "photo")
        try:
            with turns["photo"].turn():
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
    ) -> answers.SearchAnswer:
        """Find photos that fit some words."""
        record = journal.open(request, "text", q)
        try:
            with turns["text"].turn():
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
    async def forget(request: Request) -> answers.ForgottenAnswer:
        """Delete from the log all that was asked from the address this is asked from."""
        return answers.ForgottenAnswer(queries=await journal.forget(request))

    app.include_router(router)


def _add_operation(app: FastAPI, guide: CityGuide, metrics: Metrics) -> None:
    @app.get("/healthz")
    async def healthz() -> State:
        """Whether the process lives."""
        return State(status="ok", snapshot=guide.snapshot)

    @app.get("/readyz", responses=documented(503))
    async def readyz() -> State:
        """Whether it is time to send people here."""
        if not app.state.ready:
            raise HTTPException(503, "Starting or stopping.")
        return State(status="ok", snapshot=guide.snapshot)

    @app.get("/metrics", response_class=PlainTextResponse)
    async def show_metrics() -> Response:
        """Figures for Prometheus."""
        return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE})


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


def _describe_problems(app: FastAPI) -> None:
    """Put `Problem` where `documented` refers to."""
    schema = app.openapi()
    template = "#/components/schemas/{model}"
    described = Problem.model_json_schema(ref_template=template)
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    schemas |= described.pop("$defs", {}) | {"Problem": described}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
