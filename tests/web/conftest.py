"""The web guide on a real port, over a small published gallery seen by a double."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from core.embedders import Embedder
from core.guide import CityGuide
from core.images import ImageLimits
from core.places import Place, Point
from core.querylog import FILE_NAME, QueryLog
from offline.gallery import Gallery
from offline.importing import import_items
from offline.indexing import build_snapshot
from offline.sources.items import SourceItems, SourcePhoto
from tests.doubles import ColourEmbedder, coloured_photo, encoded
from web.admission import Bounds
from web.app import build_app
from web.schema import AboutAnswer, MapAnswer
from web.service import _listen, server_config

BOUNDS = Bounds()
PLAIN_MAP = MapAnswer(tiles=None, attribution="")
LIMITS = ImageLimits.of(max_photo_mb=20, max_megapixels=64)
PLACES = {
    "red": Place(
        "red", "Красная площадь", "Red Square", ("squares",), "Москва", Point(55.75, 37.62), "3h"
    ),
    "green": Place(
        "green", "Зелёный мост", "Green Bridge", ("bridges",), "Киров", Point(58.6, 49.6)
    ),
    "blue": Place("blue", "<b>Голубой</b> купол", "Blue Dome", ("churches",), "Киров"),
}
RED = encoded(coloured_photo("red", seed=99))


def _items(count: int) -> SourceItems:
    for place_id, place in PLACES.items():
        yield place
        for seed in range(count):
            photo = encoded(coloured_photo(place_id, seed=seed, size=(640, 480)))
            yield SourcePhoto(place_id, photo, f"{place_id}/{seed}")


def publish(data_dir: Path, count: int = 6) -> None:
    gallery = Gallery(data_dir)
    import_items(_items(count), gallery, LIMITS)
    build_snapshot(gallery, ColourEmbedder(), LIMITS, k=40, keep=5)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data_dir = tmp_path_factory.mktemp("web")
    publish(data_dir)
    return data_dir


class Web:
    """A client of the running web guide, and what is behind it."""

    def __init__(self, client: httpx.AsyncClient, guide: CityGuide, log_file: Path) -> None:
        self.client, self.guide, self.log_file = client, guide, log_file
        self.port = client.base_url.port

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.get(path, **options)

    async def recognize(self, photo: bytes, **options: Any) -> httpx.Response:
        return await self.client.post("/v1/recognize", files={"photo": photo}, **options)


@asynccontextmanager
async def running(
    data_dir: Path,
    log_dir: Path,
    *,
    embedder: Embedder | None = None,
    trusted_proxies: Sequence[str] = (),
    bounds: Bounds = BOUNDS,
    drawn_on: MapAnswer = PLAIN_MAP,
    **options: Any,
) -> AsyncIterator[Web]:
    guide = CityGuide(data_dir, embedder or ColourEmbedder(), limits=LIMITS)
    log_file = log_dir / FILE_NAME
    async with QueryLog.open(log_file) as log:
        about = AboutAnswer(log_retention_days=90, map=drawn_on)
        app = build_app(guide, log, user_hash_key=b"key", about=about, bounds=bounds, **options)
        server = uvicorn.Server(server_config(app, trusted_proxies))
        listener = _listen("127.0.0.1", 0)
        serving = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        port = listener.getsockname()[1]
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                yield Web(client, guide, log_file)
        finally:
            server.should_exit = True
            await serving
            guide.close()


@pytest.fixture
async def web(published: Path, tmp_path: Path) -> AsyncIterator[Web]:
    async with running(published, tmp_path, bounds=Bounds(requests_per_minute=10_000)) as web:
        yield web


@pytest.fixture
def data_dir(demo_data: Path, tmp_path: Path) -> Path:
    """The published demo city, for a process that writes its log beside."""
    return shutil.copytree(demo_data, tmp_path / "data")


@pytest.fixture
async def demo_web(demo_data: Path, bundled: Embedder, tmp_path: Path) -> AsyncIterator[Web]:
    """The drawn city, as it really looks to the guide."""
    async with running(
        demo_data, tmp_path, embedder=bundled, bounds=Bounds(requests_per_minute=10_000)
    ) as web:
        yield web
