"""The guide over HTTP: routes and what they depend on; no I/O of its own."""

from collections.abc import Sequence

from fastapi import FastAPI, HTTPException, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from core.figures import CONTENT_TYPE
from core.guide import CityGuide
from core.querylog import QueryLog
from web import schema
from web.admission import KEY_HEADER, Admission, Bounds
from web.asking import Journal
from web.browsing import add_catalogue, add_photos
from web.metrics import Metrics
from web.middleware import Outermost
from web.page import add_page
from web.problems import Problem, documented, explain_errors
from web.queries import add_queries


class State(BaseModel):
    """How the guide is doing."""

    status: str
    snapshot: str


def build_app(
    guide: CityGuide,
    query_log: QueryLog,
    *,
    user_hash_key: bytes,
    about: schema.AboutAnswer,
    bounds: Bounds,
    api_key: str | None = None,
    cors_origins: Sequence[str] = (),
) -> FastAPI:
    """The application; ``app.state.ready`` says whether /readyz does.

    Args:
        user_hash_key: key of `core.querylog.hash_user`.
        about: what the page has to know.
        bounds: what is refused.
        api_key: what programs must send; None lets everybody ask.
        cors_origins: other pages that may ask.
    """
    app = FastAPI(
        title="Electronic city guide",
        version="1",
        docs_url=None,  # FastAPI's pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.ready = True
    admission = Admission(bounds, api_key)
    metrics = Metrics(lambda: admission.answering)
    add_queries(app, guide, Journal(query_log, user_hash_key, metrics), admission)
    add_catalogue(app, guide, admission)
    add_photos(app, guide, admission)
    _add_operation(app, guide, metrics)
    add_page(app, about, admission)
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
    app.add_middleware(Outermost, metrics=metrics, map_tiles=about.map.tiles)
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
