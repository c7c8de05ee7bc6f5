"""The page for people, and what it has to know."""

from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from web.admission import Admission
from web.problems import documented
from web.schema import AboutAnswer

STATIC = Path(__file__).parent / "static"
# Asked for anew each time, which mostly takes a 304: after an upgrade old files and new ones would
# not fit together.
FRESH = {"Cache-Control": "no-cache"}


class _Static(StaticFiles):
    def file_response(self, *args: Any, **options: Any) -> Response:
        response = super().file_response(*args, **options)
        response.headers.update(FRESH)
        return response


def add_page(app: FastAPI, about: AboutAnswer, admission: Admission) -> None:
    """Serve the page at ``/``, and what it has to know to those who may ask."""

    @app.get("/v1/about", dependencies=[Depends(admission.to_ask)], responses=documented(401, 429))
    async def tell_about() -> AboutAnswer:
        """What a page of this guide has to know."""
        return about

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers=FRESH)

    app.mount("/static", _Static(directory=STATIC), name="static")
