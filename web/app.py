"""The guide over HTTP: routes and what they depend on; no I/O of its own."""

import hmac
from collections.abc import Sequence

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from core.figures import CONTENT_TYPE
from core.guide import CityGuide
from core.querylog import QueryLog
from web import schema
from web.asking import Journal, asker
from web.browsing import add_catalogue, add_photos
from web.limits import RateLimit, Turns
from web.metrics import Metrics
from web.middleware import Outermost
from web.page import add_page
from web.problems import Problem, documented, explain_errors
from web.queries import add_queries

KEY_HEADER = "X-API-Key"
UPLOAD_TIMEOUT_S = 30
PHOTOS_AT_ONCE = 16  # being answered, and as many in memory
WORDS_AT_ONCE = 8  # being answered, at 20 ms of a processor each: a longer queue is too long
UPLOADS, OF_ONE = 32, 8  # photos on their way here; from one address: slow ones must not take all
PHOTOS_PER_REQUEST = 12  # a page of places brings a dozen photos with it


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

    add_queries(
        app,
        guide,
        journal,
        allow,
        turns=turns,
        uploads=uploads,
        max_bytes=max_bytes,
        upload_timeout_s=upload_timeout_s,
    )
    add_catalogue(app, guide, allow)
    add_photos(app, guide, allow_photo)
    _add_operation(app, guide, metrics)
    add_page(
        app,
        allow,
        schema.AboutAnswer(
            log_retention_days=log_retention_days,
            map=schema.MapAnswer(tiles=map_tiles, attribution=map_attribution),
        ),
    )
    explain_errors(app)
    _describe_problems(app)
    if cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(cors_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=[KEY_HEADER, "Content-Type"],
            expose_headers=["Retry-After", "ETag"],
        )
    app.add_middleware(Outermost, metrics=metrics, map_tiles=map_tiles)
    return app


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


def _describe_problems(app: FastAPI) -> None:
    """Put `Problem` where `documented` refers to."""
    schema = app.openapi()
    template = "#/components/schemas/{model}"
    described = Problem.model_json_schema(ref_template=template)
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    schemas |= described.pop("$defs", {}) | {"Problem": described}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
