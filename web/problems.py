"""Every error as problem+json (RFC 9457)."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from core.errors import EmptyQuery, GuideError, ImageTooLarge, QueryError, UnreadableImage

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
QUERY_ERRORS: Mapping[type[QueryError], tuple[int, str]] = {
    ImageTooLarge: (413, "The photo has more bytes or pixels than are accepted."),
    UnreadableImage: (422, "This is not a picture that can be read."),
    EmptyQuery: (422, "There are no words to look for."),
}


class Wrong(BaseModel):
    """One part of a request that makes no sense."""

    where: str = Field(description="such as query.lat")
    what: str


class Problem(BaseModel):
    """What went wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Wrong] | None = None


def problem(
    status: int,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Wrong] | None = None,
) -> JSONResponse:
    """The response that tells of a problem."""
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        errors=list(errors) if errors else None,
    )
    return JSONResponse(
        body.model_dump(exclude_none=True), status, headers=headers, media_type=MEDIA_TYPE
    )


def explain_errors(app: FastAPI) -> None:
    """Let ``app`` answer every error with a problem; what was sent is never repeated in it."""

    @app.exception_handler(HTTPException)
    async def explain_refusal(request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail), headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def explain_nonsense(request: Request, error: RequestValidationError) -> JSONResponse:
        wrong = [
            Wrong(where=".".join(map(str, part["loc"])), what=part["msg"])
            for part in error.errors()
        ]
        return problem(422, "Parts of the request make no sense.", errors=wrong)

    @app.exception_handler(QueryError)
    async def explain_query(request: Request, error: QueryError) -> JSONResponse:
        logger.info("bad query: %s", error)
        status, detail = QUERY_ERRORS.get(type(error), (422, "This cannot be answered."))
        return problem(status, detail)

    @app.exception_handler(GuideError)
    async def explain_trouble(request: Request, error: GuideError) -> JSONResponse:
        logger.error("a request failed", exc_info=error)
        return problem(503, "The guide has trouble; please come back later.")

    @app.exception_handler(Exception)
    async def explain_surprise(request: Request, error: Exception) -> JSONResponse:
        return problem(500, "Something unexpected happened.")  # the traceback goes to the log


def documented(*statuses: int) -> dict[int | str, dict[str, object]]:
    """How OpenAPI describes the problems of a route, for ``responses=``."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: schema}}
        for status in statuses
    }
