from pathlib import Path

import pytest

from core.embedders import Embedder, may_serve


@pytest.mark.parametrize(
    ("made_with", "embedder", "text_model", "expected"),
    [
        ("bundled-lite-224-other", "bundled", None, False),
        ("bundled-lite-224-other", "bundled", "a/model", None),
        ("clip-512-some", "bundled", "a/model", False),
        ("clip-512-some", "clip", None, None),
        ("clip-512-some", "/a/folder", None, None),
        ("bundled-lite-224-other", "clip", None, False),
        ("clip-512-some", "optimized", None, None),  # nothing is exported there
    ],
)
def test_what_may_serve_a_snapshot_is_told_by_names(
    made_with: str, embedder: str, text_model: str | None, expected: bool | None, tmp_path: Path
) -> None:
    assert may_serve(made_with, embedder, text_model=text_model, data_dir=tmp_path) is expected


def test_an_embedder_may_serve_its_own_snapshots(bundled: Embedder, tmp_path: Path) -> None:
    assert may_serve(bundled.name, "bundled", data_dir=tmp_path)
