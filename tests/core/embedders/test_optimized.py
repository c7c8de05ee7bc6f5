"""Serving an exported pair; what exporting promises is tested with `offline.exporting`."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.embedders import load_embedder
from core.embedders.optimized import OptimizedEmbedder
from core.embedders.pair import COMMON, CURRENT, FOLDER, MANIFEST, PICTURES, Pair, Towers, sha256
from core.embedders.pixels import Preprocessing
from core.errors import EmbedderUnavailable

ROOT = Path(__file__).parents[3]
PIXELS = Preprocessing(side=8, shorter_side=8, mean=(0, 0, 0), std=(255, 255, 255))


def write_pair(data_dir: Path, *, image_batch: int = 2) -> Path:
    """A pair whose tower for pictures gives their mean colour, and whose words go through e5."""
    import onnx
    from onnx import TensorProto, helper

    folder = data_dir / FOLDER / "colours"
    folder.mkdir(parents=True)
    nodes = [
        helper.make_node("ReduceMean", ["pixels"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("LpNormalization", ["mean"], ["embeddings"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["n", 3])],
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), str(folder / PICTURES))
    np.save(folder / COMMON, np.zeros(384, np.float32))
    pair = Pair(
        source="colours",
        precision="fp32",
        towers=Towers(3, 0, 384, PIXELS, None, image_batch=image_batch, text_batch=1),
        files={name: sha256(folder / name) for name in (PICTURES, COMMON)},
        check={},
        created="2026-01-01T00:00:00+00:00",
    )
    (folder / MANIFEST).write_bytes(pair.as_json())
    (folder.parent / CURRENT).write_text(folder.name)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_pair(tmp_path)


def made(folder: Path) -> OptimizedEmbedder:
    return OptimizedEmbedder(folder, threads=1)


def test_pictures_in_any_number_get_a_row_each(folder: Path) -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 0)]
    images = [Image.new("RGB", (30 + n, 20), colour) for n, colour in enumerate(colours)]
    embeddings = made(folder).embed_gallery(images)
    expected = np.array(colours, np.float32)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(embeddings.visual, expected, atol=1e-6)
    assert embeddings.joint is embeddings.visual
    assert np.array_equal(made(folder).embed_images(images), embeddings.visual)
    assert made(folder).embed_images([]).shape == (0, 3)


@pytest.mark.parametrize(
    ("image_batch", "asked", "gallery"), [(2, [2, 2, 1], [5]), (1, [1] * 5, [1] * 5)]
)
def test_a_gallery_goes_through_together_unless_company_would_change_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    image_batch: int,
    asked: list[int],
    gallery: list[int],
) -> None:
    embedder = made(write_pair(tmp_path, image_batch=image_batch))
    images = [Image.new("RGB", (20, 20), (50 * n, 100, 100)) for n in range(5)]
    ran: list[int] = []
    really = embedder._pictures.run

    def run(inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        ran.append(len(inputs["pixels"]))
        return really(inputs)

    monkeypatch.setattr(embedder._pictures, "run", run)
    one_by_one = embedder.embed_images(images)
    assert ran == asked
    ran.clear()
    np.testing.assert_allclose(embedder.embed_gallery(images).visual, one_by_one, atol=1e-6)
    assert ran == gallery


def test_the_towers_are_opened_one_by_one_and_only_when_used(folder: Path) -> None:
    (folder / PICTURES).unlink()
    embedder = made(folder)
    assert embedder.embed_texts(["tower"]).shape == (1, 384)
    with pytest.raises(EmbedderUnavailable, match=f"cannot read .*{PICTURES}"):
        embedder.embed_images([Image.new("RGB", (8, 8))])


def test_pictures_need_no_words(folder: Path) -> None:
    (folder / COMMON).write_bytes(b"damaged")
    embedder = made(folder)
    assert embedder.embed_images([Image.new("RGB", (8, 8), "red")]).shape == (1, 3)
    with pytest.raises(EmbedderUnavailable, match="is not the file that was exported"):
        embedder.embed_texts(["tower"])


@pytest.mark.parametrize("harm", ["missing", "short", "half a network", "other format"])
def test_a_manifest_that_cannot_be_used_is_one_clear_error(folder: Path, harm: str) -> None:
    manifest = folder / MANIFEST
    content = manifest.read_text()
    if harm == "missing":
        manifest.unlink()
    elif harm == "short":
        manifest.write_text(content[:50])
    elif harm == "half a network":
        manifest.write_text(content.replace('"second_dim": 0', '"second_dim": 5'))
    else:
        manifest.write_text(json.dumps(json.loads(content) | {"format": 99}))
    with pytest.raises(EmbedderUnavailable) as caught:
        load_embedder("optimized", data_dir=folder.parents[1])
    message = str(caught.value)
    assert str(folder) in message
    assert "python -m offline export" in message
    assert "\n" not in message


def test_nothing_exported_yet_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(EmbedderUnavailable, match="nothing has been exported") as caught:
        load_embedder("optimized", data_dir=tmp_path)
    assert "python -m offline export" in str(caught.value)


def test_serving_loads_no_library_that_only_exporting_needs(folder: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from PIL import Image
from core.embedders import load_embedder
embedder = load_embedder("optimized", data_dir=Path({str(folder.parents[1])!r}))
embedder.embed_images([Image.new("RGB", (8, 8), "red")])
embedder.embed_texts(["tower"])
print(set(sys.modules) & {{"torch", "transformers", "sentence_transformers", "onnx"}})
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
