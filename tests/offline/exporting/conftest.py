"""The drawn city and the pair that was exported from its embedder."""

import shutil
from pathlib import Path

import pytest

from core.embedders import Embedder
from offline.exporting.check import Bounds
from offline.exporting.exporting import ExportReport, Form, export
from tests.conftest import LIMITS

NO_BOUNDS = Bounds(0, 0, 0)
BOUNDS = Bounds(min_top1=0.99, min_top5=0.9, min_cosine=0.95)


def export_pair(
    source: Embedder, data_dir: Path, *, bounds: Bounds = BOUNDS, form: Form = "fp32"
) -> ExportReport:
    return export(
        source, data_dir, form=form, bounds=bounds, photos=30, limits=LIMITS, k=40, threads=2
    )


@pytest.fixture(scope="package")
def exported_data(
    demo_data: Path, bundled: Embedder, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A copy of the demo city with ``bundled`` exported."""
    data_dir = shutil.copytree(demo_data, tmp_path_factory.mktemp("exported") / "data")
    export_pair(bundled, data_dir)
    return data_dir


@pytest.fixture
def data(exported_data: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(exported_data, tmp_path / "data"))
