"""The API keeps what its OpenAPI description promises, whatever is sent."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.web.conftest import running
from web.admission import Bounds

ROUTES = (
    "/v1/recognize",
    "/v1/search",
    "/v1/places",
    "/v1/places/{key}",
    "/v1/places/{key}/similar",
    "/v1/filters",
    "/v1/about",
    "/v1/queries",
    "/v1/photos/{photo_id}",
    "/healthz",
    "/readyz",
    "/metrics",
)
METHODS = {"/v1/recognize": "POST", "/v1/queries": "DELETE"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    unsupported_method,
]


@pytest.fixture(scope="module")
def url(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a web guide with an event loop of its own."""
    addresses: list[str] = []
    up, down = Event(), Event()

    async def serve() -> None:
        folder = tmp_path_factory.mktemp("schema")
        async with running(published, folder, bounds=Bounds(requests_per_minute=100_000)) as web:
            addresses.append(str(web.client.base_url))
            up.set()
            await asyncio.to_thread(down.wait)

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert up.wait(20)
    yield addresses[0]
    down.set()
    thread.join()


@pytest.fixture(scope="module")
def described(url: str) -> schemathesis.schemas.BaseSchema:
    return schemathesis.openapi.from_url(f"{url}/openapi.json")


def test_every_route_is_tried(described: schemathesis.schemas.BaseSchema) -> None:
    assert set(described) == set(ROUTES)


@pytest.mark.parametrize("path", ROUTES)
def test_the_description_is_kept(described: schemathesis.schemas.BaseSchema, path: str) -> None:
    operation = described[path][METHODS.get(path, "GET")]

    @given(case=operation.as_strategy())
    @settings(
        max_examples=20,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def try_it(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    try_it()
