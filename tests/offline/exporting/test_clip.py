"""Exporting CLIP-like models: miniatures with random weights, laid out like the real ones."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

from core.embedders import Embedder
from core.embedders.clip import ClipEmbedder
from core.embedders.optimized import OptimizedEmbedder
from core.embedders.pair import MANIFEST, PICTURES, Pair, current_pair, sha256
from core.errors import EmbedderUnavailable
from offline.exporting.clip import preprocessing_of, write_clip
from offline.exporting.int8 import quantise_transformer
from offline.gallery import Gallery
from offline.importing import import_items
from offline.indexing import build_snapshot
from offline.sources.items import SourceItems, SourcePhoto
from tests.conftest import LIMITS
from tests.core.embedders.miniature import write_clip as write_clip_model
from tests.core.embedders.miniature import write_words_model
from tests.core.test_guide import PLACES
from tests.doubles import encoded
from tests.offline.exporting.conftest import NO_BOUNDS, export_pair

pytestmark = pytest.mark.clip

ROOT = Path(__file__).parents[3]
TEXTS = ["tower", " a bridge  over\nthe river ", "Башня", "", "x" * 300, "tower " * 999, "\ud800"]
SIZES = [(1, 1), (3, 5), (300, 200), (97, 380), (2401, 120), (1, 30_000)]


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders of a model for pictures and of one for words."""
    folder = tmp_path_factory.mktemp("models")
    return write_clip_model(folder / "clip"), write_words_model(folder / "words")


@pytest.fixture(scope="module", params=["words by a model of their own", "words by CLIP itself"])
def source(request: pytest.FixtureRequest, models: tuple[Path, Path]) -> ClipEmbedder:
    pictures, words = models
    own = request.param == "words by a model of their own"
    return ClipEmbedder(str(pictures), str(words) if own else None, threads=1)


def pair_of(source: ClipEmbedder, folder: Path) -> OptimizedEmbedder:
    """The pair in ``folder``, unchecked."""
    towers = write_clip(source, folder)
    files = {path.name: sha256(path) for path in folder.iterdir()}
    pair = Pair(source.name, "fp32", towers, files, check={}, created="")
    (folder / MANIFEST).write_bytes(pair.as_json())
    return OptimizedEmbedder(folder, threads=1)


def assert_embeds_alike(pair: Embedder, source: Embedder) -> None:
    images = [noise(*size, seed=n) for n, size in enumerate(SIZES)]
    ours, theirs = pair.embed_gallery(images), source.embed_images(images)
    np.testing.assert_allclose(ours.visual, theirs, atol=1e-4)
    assert ours.joint is ours.visual
    np.testing.assert_allclose(pair.embed_texts(TEXTS), source.embed_texts(TEXTS), atol=1e-5)
    assert pair.embed_texts([]).shape == (0, 32)
    assert pair.image_side == source.image_side


def test_the_pair_embeds_pictures_and_words_as_its_source_does(
    source: ClipEmbedder, tmp_path: Path
) -> None:
    assert_embeds_alike(pair_of(source, tmp_path), source)


def test_clips_last_layer_is_exported_for_the_class_token_alone(
    source: ClipEmbedder, tmp_path: Path
) -> None:
    before = [type(module) for module in source.picture_model.modules()]
    write_clip(source, tmp_path)
    assert [type(module) for module in source.picture_model.modules()] == before
    graph = onnx.load(str(tmp_path / PICTURES))
    made = [
        name
        for node in graph.graph.node
        for name in node.output
        if "/fc2" in name and "Add" in name
    ]
    graph.graph.output.extend(onnx.ValueInfoProto(name=name) for name in made)
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    pixels = np.zeros((1, 3, 224, 224), np.float32)
    *others, last = [each.shape[1] for each in session.run(made, {"pixels": pixels})]
    assert last == 1
    assert others
    assert all(tokens > 1 for tokens in others)


def test_clips_layers_are_exported_with_the_shapes_they_have(
    source: ClipEmbedder, tmp_path: Path
) -> None:
    write_clip(source, tmp_path)
    nodes = onnx.load(str(tmp_path / PICTURES)).graph.node
    of_layers = [node.op_type for node in nodes if "/encoder/" in node.name]
    assert "MatMul" in of_layers
    assert "Shape" not in of_layers
    assert "Conv" not in [node.op_type for node in nodes]


@pytest.mark.parametrize("side", [64, 70])
def test_patches_are_embedded_as_by_the_convolution(side: int) -> None:
    import torch

    from offline.exporting.clip_encoder import LeanPatches

    convolution = torch.nn.Conv2d(3, 8, kernel_size=16, stride=16, bias=False)
    pixels = torch.rand(2, 3, side, side)
    torch.testing.assert_close(LeanPatches(convolution, side)(pixels), convolution(pixels))


def test_a_batch_gives_what_its_members_give_alone(source: ClipEmbedder, tmp_path: Path) -> None:
    pair = pair_of(source, tmp_path)
    alone = np.concatenate([pair.embed_texts([text]) for text in TEXTS])
    np.testing.assert_allclose(pair.embed_texts(TEXTS), alone, atol=1e-5)
    images = [noise(90 + 40 * n, 300 - 20 * n, seed=n) for n in range(11)]
    alone = np.concatenate([pair.embed_images([image]) for image in images])
    np.testing.assert_allclose(pair.embed_images(images), alone, atol=1e-5)


def test_transformers_in_int8_embed_nearly_alike(source: ClipEmbedder, tmp_path: Path) -> None:
    pair = pair_of(source, tmp_path)
    before = pair.embed_texts(TEXTS)
    quantise_transformer(tmp_path / "words.onnx")
    types = {node.op_type for node in onnx.load(str(tmp_path / "words.onnx")).graph.node}
    assert types & {"MatMulInteger", "DynamicQuantizeMatMul"}
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    manifest["files"]["words.onnx"] = sha256(tmp_path / "words.onnx")
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    after = OptimizedEmbedder(tmp_path, threads=1).embed_texts(TEXTS)
    cosines = np.einsum("nd,nd->n", before, after)
    assert 0.8 < cosines.min() < 0.999999  # thin random towers suffer more than trained ones


def publish_city(data_dir: Path, source: Embedder) -> None:
    """Three places that look different even to random towers."""

    def city() -> SourceItems:
        for number, (place_id, place) in enumerate(PLACES.items()):
            yield place
            for n in range(6):
                look = noise(6, 4, seed=number).resize((120, 80))
                pixels = np.asarray(look, np.int16) + np.asarray(noise(120, 80, seed=n)) // 8
                photo = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
                yield SourcePhoto(place_id, encoded(photo), f"{place_id}/{n}")

    import_items(city(), Gallery(data_dir), LIMITS)
    build_snapshot(Gallery(data_dir), source, LIMITS, k=5, keep=5)


def test_in_int8_an_embedding_does_not_depend_on_its_company(
    models: tuple[Path, Path], tmp_path: Path
) -> None:
    pictures, words = models
    source = ClipEmbedder(str(pictures), str(words), threads=1)
    publish_city(tmp_path, source)
    export_pair(source, tmp_path, bounds=NO_BOUNDS, form="int8")
    nodes = onnx.load(str(current_pair(tmp_path) / PICTURES)).graph.node
    assert "MatMulInteger" in [node.op_type for node in nodes]
    [patches] = [node for node in nodes if "/patch_embedding/MatMul" in node.name]
    assert patches.op_type == "MatMul"  # where the picture is fine-grained
    pair = OptimizedEmbedder.current(tmp_path, threads=1)
    images = [noise(90 + 40 * n, 300 - 20 * n, seed=n) for n in range(5)]
    alone = np.concatenate([pair.embed_images([image]) for image in images])
    np.testing.assert_array_equal(pair.embed_images(images), alone)
    alone = np.concatenate([pair.embed_texts([text]) for text in TEXTS])
    np.testing.assert_array_equal(pair.embed_texts(TEXTS), alone)


def test_openvino_in_float32_takes_the_pictures_and_answers_the_same(
    models: tuple[Path, Path], tmp_path: Path
) -> None:
    pictures, words = models
    source = ClipEmbedder(str(pictures), str(words), threads=1)
    publish_city(tmp_path, source)
    report = export_pair(source, tmp_path, form="openvino-f32")
    assert (report.pair.precision, report.pair.words_precision) == ("openvino-f32", "fp32")
    assert report.check.cosine_min > 0.9999
    assert_embeds_alike(OptimizedEmbedder.current(tmp_path, threads=1), source)


def test_openvino_in_int8_takes_the_pictures_and_onnx_runtime_the_words(
    models: tuple[Path, Path], tmp_path: Path
) -> None:
    pictures, words = models
    source = ClipEmbedder(str(pictures), str(words), threads=1)
    publish_city(tmp_path, source)
    report = export_pair(source, tmp_path, bounds=NO_BOUNDS, form="openvino-int8")
    assert (report.pair.precision, report.pair.words_precision) == ("openvino-int8", "int8")
    assert report.check.cosine_min > 0.8  # thin random towers suffer more than trained ones
    pair = OptimizedEmbedder.current(tmp_path, threads=1)
    layers = {node.op_type for node in onnx.load(str(current_pair(tmp_path) / PICTURES)).graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= layers
    images = [noise(90 + 40 * n, 300 - 20 * n, seed=n) for n in range(5)]
    alone = np.concatenate([pair.embed_images([image]) for image in images])
    np.testing.assert_allclose(pair.embed_images(images), alone, atol=1e-5)
    alone = np.concatenate([pair.embed_texts([text]) for text in TEXTS])
    np.testing.assert_array_equal(pair.embed_texts(TEXTS), alone)


def test_no_library_tells_its_makers_of_an_export(tmp_path: Path) -> None:
    code = """
from pathlib import Path
from unittest.mock import MagicMock

from offline.exporting.int8 import quantise_for_openvino

try:
    quantise_for_openvino(Path("missing.onnx"), [])
except FileNotFoundError:
    pass
from nncf.telemetry import wrapper

assert isinstance(wrapper.telemetry, MagicMock), wrapper.telemetry
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_an_exported_city_is_served_without_torch(
    models: tuple[Path, Path], tmp_path: Path
) -> None:
    pictures, words = models
    source = ClipEmbedder(str(pictures), str(words), threads=1)
    publish_city(tmp_path, source)
    report = export_pair(source, tmp_path)
    assert report.check.photos == 18
    assert report.check.cosine_min > 0.9999

    [photo, *_] = sorted(tmp_path.glob("gallery/photos/red/*.jpg"))
    code = f"""
import runpy, sys
sys.argv = ["offline", "ask", "--data-dir", {str(tmp_path)!r}, {str(photo)!r}, "green bridge"]
try:
    runpy.run_module("offline", run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
print(set(sys.modules) & {{"torch", "transformers", "sentence_transformers", "onnx"}})
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"GUIDE_EMBEDDER": "optimized"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert PLACES["red"].name_en in done.stdout
    assert done.stdout.endswith("set()\n")


def test_a_model_that_prepares_pictures_otherwise_is_refused(
    models: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(models[0], tmp_path / "clip")
    settings = folder / "0_CLIPModel" / "preprocessor_config.json"
    changed = json.loads(settings.read_text()) | {"do_center_crop": False}
    settings.write_text(json.dumps(changed))
    source = ClipEmbedder(str(folder), threads=1)
    with pytest.raises(EmbedderUnavailable, match="prepares pictures otherwise than CLIP"):
        preprocessing_of(source.picture_model)
