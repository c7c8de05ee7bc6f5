import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from core.embedders import Embedder, load_embedder
from core.embedders.optimized import OptimizedEmbedder
from core.embedders.pair import CURRENT, FOLDER, MANIFEST, PICTURES, current_pair, read_pair
from core.embedders.runtime import openvino_precision
from core.errors import EmbedderUnavailable, ExportRefused, NoSnapshot, SnapshotMismatch
from core.guide import CityGuide
from core.snapshot_store import SnapshotStore
from offline.__main__ import app
from offline.exporting.check import Bounds, Check
from offline.exporting.exporting import Form
from offline.gallery import Gallery
from offline.indexing import build_snapshot
from offline.sources.demo import demo_places, demo_query
from tests.conftest import LIMITS
from tests.doubles import ColourEmbedder
from tests.memory import SMAPS, resident_kb
from tests.offline.exporting.conftest import NO_BOUNDS, export_pair

PERFECT = {
    "cosine_min": 1.0,
    "cosine_median": 1.0,
    "second_cosine_min": 1.0,
    "joint_cosine_min": 1.0,
    "joint_cosine_median": 1.0,
    "words_cosine_min": 1.0,
    "words_cosine_median": 1.0,
    "top1": 1.0,
    "top5": 1.0,
    "claims": 1.0,
}
TEXTS = ["мост через реку", "lighthouse", "", "\ud800"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def optimized(data_dir: Path) -> OptimizedEmbedder:
    return OptimizedEmbedder.current(data_dir, threads=2)


def tower_bytes(pair: Path) -> int:
    return sum(file.stat().st_size for file in pair.glob("pictures.*"))


def photos(count: int) -> list[Image.Image]:
    rng = np.random.default_rng(1)
    small = rng.integers(0, 256, (count, 6, 8, 3), dtype=np.uint8)
    return [Image.fromarray(each).resize((640, 480), Image.Resampling.BICUBIC) for each in small]


# --- the pair ----------------------------------------------------------------------------------


def test_the_pair_embeds_as_its_source_does(exported_data: Path, bundled: Embedder) -> None:
    pair, images = optimized(exported_data), photos(5)
    ours, theirs = pair.embed_gallery(images), bundled.embed_gallery(images)
    np.testing.assert_allclose(ours.visual, theirs.visual, atol=1e-4)
    np.testing.assert_allclose(ours.joint, theirs.joint, atol=1e-4)
    assert np.array_equal(pair.embed_images(images), ours.visual)
    assert pair.embed_gallery([]).joint.shape == (0, bundled.joint_dim)
    np.testing.assert_allclose(pair.embed_again(images), bundled.embed_again(images), atol=1e-4)
    np.testing.assert_allclose(pair.embed_texts(TEXTS), bundled.embed_texts(TEXTS), atol=1e-6)
    sizes = ("dim", "second_dim", "joint_dim", "image_side", "first_side")
    assert [getattr(pair, size) for size in sizes] == [getattr(bundled, size) for size in sizes]


def test_the_name_tells_precision_and_source(exported_data: Path, bundled: Embedder) -> None:
    pair = optimized(exported_data)
    assert pair.name.startswith("optimized-fp32-")
    assert pair.name.endswith(bundled.name)
    assert pair.stands_in_for == bundled.name
    assert load_embedder("optimized", data_dir=exported_data).name == pair.name


async def test_the_pair_serves_the_snapshot_of_its_source(exported_data: Path) -> None:
    guide = CityGuide(exported_data, optimized(exported_data), limits=LIMITS)
    place_id = demo_places()[0].place_id
    answer = await guide.recognize(demo_query(place_id))
    assert answer.places[0].place.place_id == place_id
    assert (await guide.search("мост")).photos
    guide.close()


def test_the_pair_does_not_serve_what_it_was_not_checked_against(data: Path) -> None:
    build_snapshot(Gallery(data), ColourEmbedder(), LIMITS, k=5, keep=5)
    with pytest.raises(SnapshotMismatch, match="built with embedder colours, but optimized-fp32-"):
        SnapshotStore(data).load(optimized(data))


def test_the_source_does_not_serve_what_the_pair_published(data: Path, bundled: Embedder) -> None:
    report = build_snapshot(Gallery(data), pair := optimized(data), LIMITS, k=40, keep=5)
    assert report.published
    assert SnapshotStore(data).load(pair).manifest.embedder == pair.name
    with pytest.raises(SnapshotMismatch):
        SnapshotStore(data).load(bundled)


def test_a_snapshot_with_trained_heads_is_checked_with_heads(data: Path, bundled: Embedder) -> None:
    build_snapshot(Gallery(data), bundled, LIMITS, k=40, keep=5, train=True)
    check = export_pair(bundled, data).check
    assert (check.top1, check.top5, check.claims) == (1, 1, 1)
    assert SnapshotStore(data).load(optimized(data)).heads


def test_in_int8_the_pair_is_smaller_and_answers_much_alike(data: Path, bundled: Embedder) -> None:
    before = current_pair(data)
    (old := data / FOLDER / "optimized-of-long-ago").mkdir()
    report = export_pair(bundled, data, bounds=NO_BOUNDS, form="int8")
    assert optimized(data).name == report.pair.name
    assert report.pair.name.startswith("optimized-int8-")
    after = current_pair(data)
    assert tower_bytes(after) < 0.6 * tower_bytes(before)
    assert 0.9 < report.check.cosine_min < report.check.cosine_median < 1
    assert report.check.top1 > 0.9
    assert report.check.second_cosine_min == pytest.approx(1, abs=1e-5)  # it stays in float32
    assert not old.exists()  # while the one before stays for a bot that may still open it


@pytest.mark.clip
def test_openvino_answers_alike_in_the_precision_the_name_tells(
    data: Path, bundled: Embedder
) -> None:
    report = export_pair(bundled, data, form="openvino")
    assert report.pair.precision == openvino_precision()
    pair, images = optimized(data), photos(5)
    assert pair.name.startswith(f"optimized-{report.pair.precision}-")
    ours, theirs = pair.embed_images(images), bundled.embed_images(images)
    assert np.einsum("nd,nd->n", ours, theirs).min() > 0.99
    assert report.check.second_cosine_min > 0.99
    alone = np.concatenate([pair.embed_images([image]) for image in images])
    np.testing.assert_array_equal(ours, alone)


@pytest.mark.clip
@pytest.mark.skipif(not SMAPS.exists(), reason="only Linux tells")
def test_openvino_keeps_weights_in_memory_once(data: Path, bundled: Embedder) -> None:
    export_pair(bundled, data, form="openvino-f32")
    pair, images = optimized(data), photos(2)
    before = pair.embed_images(images[:1])
    weights = (current_pair(data) / PICTURES).with_suffix(".bin")
    kb = weights.stat().st_size // 1024
    assert resident_kb(weights) < 0.1 * kb  # of what it made no copy
    np.testing.assert_array_equal(pair.embed_images(images)[:1], before)


@pytest.mark.skipif(find_spec("openvino") is not None, reason="openvino is here")
@pytest.mark.parametrize("form", ["openvino", "openvino-f32"])
def test_openvino_is_asked_for_before_anything_is_written(
    data: Path, bundled: Embedder, form: Form
) -> None:
    before = optimized(data).name
    with pytest.raises(EmbedderUnavailable, match=r"pip install .*\[openvino\]"):
        export_pair(bundled, data, form=form)
    assert optimized(data).name == before


def test_bundled_in_int8_is_left_to_onnx_runtime(data: Path, bundled: Embedder) -> None:
    with pytest.raises(EmbedderUnavailable, match="export it with --int8 or with --openvino alone"):
        export_pair(bundled, data, form="openvino-int8")


# --- what is in use stays whole ------------------------------------------------------------------


def test_a_pair_that_answers_otherwise_is_refused_and_the_old_one_stays(
    data: Path, bundled: Embedder
) -> None:
    before = optimized(data).name
    with pytest.raises(ExportRefused, match=r"GUIDE_EXPORT_MIN_COSINE is 1\.1"):
        export_pair(bundled, data, bounds=Bounds(0, 0, 1.1), form="int8")
    assert optimized(data).name == before
    assert sorted(path.name for path in (data / FOLDER).iterdir()) == [CURRENT, before]


@pytest.mark.parametrize("form", ["fp32", "int8"])
def test_without_any_photo_there_is_nothing_to_check_by(
    data: Path, bundled: Embedder, form: Form
) -> None:
    before = optimized(data).name
    shutil.rmtree(data / "gallery" / "photos")
    with pytest.raises(ExportRefused, match="none of the snapshot's photos can be read"):
        export_pair(bundled, data, bounds=NO_BOUNDS, form=form)
    assert optimized(data).name == before


@pytest.mark.parametrize("damaged", [PICTURES, "pictures.bin"])
def test_exporting_again_repairs_and_leaves_no_rest_of_a_killed_run(
    data: Path, bundled: Embedder, damaged: str
) -> None:
    before = current_pair(data)
    (before / damaged).write_bytes(b"cut short")
    left_over = data / FOLDER / ".draft-1"
    left_over.mkdir()
    (left_over / PICTURES).write_bytes(b"half a file")
    with pytest.raises(EmbedderUnavailable, match=r"is not the file that was exported"):
        optimized(data).embed_images(photos(1))
    export_pair(bundled, data)
    assert current_pair(data) == before
    assert len(optimized(data).embed_images(photos(1))) == 1
    assert not left_over.exists()


def test_exporting_twice_changes_nothing_but_the_check(data: Path, bundled: Embedder) -> None:
    before = current_pair(data)
    written = (before / PICTURES).stat().st_mtime_ns
    export_pair(bundled, data, bounds=NO_BOUNDS)
    assert current_pair(data) == before
    assert (before / PICTURES).stat().st_mtime_ns == written


def test_without_a_snapshot_of_the_source_nothing_is_exported(
    tmp_path: Path, bundled: Embedder
) -> None:
    with pytest.raises(NoSnapshot, match=f"no snapshot was built with {bundled.name}"):
        export_pair(bundled, tmp_path)


def test_only_originals_are_exported(data: Path) -> None:
    build_snapshot(Gallery(data), pair := optimized(data), LIMITS, k=40, keep=5)
    with pytest.raises(EmbedderUnavailable, match="is no original"):
        export_pair(pair, data)


# --- the check -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "setting"),
    [
        ({"top1": 0.98}, "FIRST"),
        ({"top5": 0.8}, "FIVE"),
        ({"cosine_min": 0.9}, "COSINE"),
        ({"words_cosine_min": 0.9}, "COSINE"),
        ({"joint_cosine_median": 0.9}, "COSINE"),
        ({"cosine_min": float("nan")}, "COSINE"),
    ],
)
def test_each_figure_has_to_reach_its_bound(figure: dict[str, float], setting: str) -> None:
    bounds = Bounds(min_top1=0.99, min_top5=0.9, min_cosine=0.95)
    Check(photos=100, worst_photo="a.jpg", **PERFECT).demand(bounds)
    with pytest.raises(ExportRefused, match=f"GUIDE_EXPORT_MIN_{setting}"):
        Check(photos=100, worst_photo="a.jpg", **(PERFECT | figure)).demand(bounds)


def test_the_check_is_kept_with_the_pair(exported_data: Path) -> None:
    check = read_pair(current_pair(exported_data)).check
    assert check["photos"] == 30
    assert check["top1"] == check["top5"] == 1
    assert check["cosine_min"] == pytest.approx(1, abs=1e-5)


# --- the command ---------------------------------------------------------------------------------


def test_the_command_exports_and_tells_what_it_checked(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(data / FOLDER)
    result = run("export", "--data-dir", data, "--photos", 10, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["pair"] == optimized(data).name
    assert told["check"]["photos"] == 10
    monkeypatch.setenv("GUIDE_EMBEDDER", "optimized")
    assert run("ask", "--data-dir", data, "мост").exit_code == 0


def test_the_command_refuses_in_one_line(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIDE_EXPORT_MIN_COSINE", "1")
    before = (current_pair(data) / MANIFEST).read_bytes()
    result = run("export", "--data-dir", data, "--photos", 10, "--int8")
    assert result.exit_code == 1
    [line] = [line for line in result.stderr.splitlines() if line.startswith("error")]
    assert "refused, nothing was written" in line
    assert (current_pair(data) / MANIFEST).read_bytes() == before


def test_the_command_needs_an_original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIDE_EMBEDDER", "optimized")
    result = run("export", "--data-dir", tmp_path)
    assert result.exit_code == 2
    assert "names no original" in result.stderr


@pytest.mark.parametrize("flags", [["--float32"], ["--float32", "--openvino", "--int8"]])
def test_the_command_knows_what_does_not_go_together(tmp_path: Path, flags: list[str]) -> None:
    result = run("export", "--data-dir", tmp_path, *flags)
    assert result.exit_code == 2
    assert "--float32 goes with --openvino, and without --int8" in result.stderr


def test_serving_before_exporting_says_how_to_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUIDE_EMBEDDER", "optimized")
    result = run("ask", "--data-dir", tmp_path, "мост")
    assert result.exit_code == 1
    assert "nothing has been exported" in result.stderr
    assert "python -m offline export" in result.stderr
