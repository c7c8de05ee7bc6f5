"""Fixtures that several rooms share: the drawn city, published, and real photos where they are."""

import os
from pathlib import Path

import pytest

from core.embedders import Embedder, load_embedder
from core.images import ImageLimits
from offline.gallery import Gallery
from offline.importing import import_items
from offline.indexing import build_snapshot
from offline.sources.demo import read_demo

ROOT = Path(__file__).parents[1]
LIMITS = ImageLimits.of(max_photo_mb=20, max_megapixels=64)
REAL_PHOTOS = Path(os.environ.get("GUIDE_TEST_PHOTOS", ROOT.parent / "shared" / "photos"))
DEMO_VIEWS = 5


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own settings out of the tests."""
    for name in os.environ:
        if name.startswith("GUIDE_") or name == "BOT_TOKEN":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="session")
def bundled(demo_folder: Path) -> Embedder:
    """The bundled embedder; what it prepares once is prepared once in a test run."""
    return load_embedder("bundled", data_dir=demo_folder)


@pytest.fixture(scope="session")
def demo_data(demo_folder: Path, bundled: Embedder) -> Path:
    """A data folder with the demo city, a few views of each sight, indexed with ``bundled``."""
    import_items(read_demo(views=DEMO_VIEWS, seed=1), Gallery(demo_folder), LIMITS)
    build_snapshot(Gallery(demo_folder), bundled, LIMITS, k=40, keep=5)
    return demo_folder


@pytest.fixture(scope="session")
def real_photos() -> Path:
    """Real labelled photos; the test is skipped where there are none."""
    if not (REAL_PHOTOS / "places.csv").is_file():
        pytest.skip(f"no real photos in {REAL_PHOTOS} (GUIDE_TEST_PHOTOS)")
    return REAL_PHOTOS
