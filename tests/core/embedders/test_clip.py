import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.embedders.clip import CLIP_PICTURES, ClipEmbedder
from core.errors import EmbedderUnavailable
from tests.core.embedders.miniature import (
    save_in_current_layout,
    write_clip,
    write_siglip,
    write_words_model,
)

clip = pytest.mark.clip
REPOSITORY = Path(__file__).parents[3]
TEXTS = ["tower", "a bridge over the river", "Башня", "", "x" * 300]


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("models") / "clip")


@pytest.fixture(scope="module")
def words_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_words_model(tmp_path_factory.mktemp("models") / "words")


@pytest.fixture(scope="module")
def pair(clip_folder: Path, words_folder: Path) -> ClipEmbedder:
    return ClipEmbedder(str(clip_folder), str(words_folder), threads=1)


@pytest.fixture(scope="module")
def alone(clip_folder: Path) -> ClipEmbedder:
    """A picture model that reads the words too."""
    return ClipEmbedder(str(clip_folder), threads=1)


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def text_embeddings_by_hand(clip_folder: Path, texts: list[str]) -> np.ndarray:
    """What CLIP's text tower gives, without sentence-transformers in between."""
    import torch
    from transformers import AutoTokenizer, CLIPModel

    tokenizer = AutoTokenizer.from_pretrained(clip_folder / "0_CLIPModel")
    model = CLIPModel.from_pretrained(clip_folder / "0_CLIPModel").eval()
    tokens = tokenizer(texts, padding=True, truncation=True, max_length=77, return_tensors="pt")
    with torch.inference_mode():
        pooled = model.text_model(**tokens).pooler_output
        return torch.nn.functional.normalize(model.text_projection(pooled)).numpy()


# --- without torch ---------------------------------------------------------------------------


def test_missing_packages_are_named_with_the_command_that_brings_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(EmbedderUnavailable) as caught:
        ClipEmbedder.named("clip", threads=1)
    message = str(caught.value)
    assert CLIP_PICTURES in message
    assert "pip install 'electronic-city-guide[clip]'" in message
    assert "GUIDE_EMBEDDER=bundled" in message
    assert "\n" not in message


def test_importing_the_module_loads_no_model_library() -> None:
    code = (
        "import sys, core.embedders.clip\n"
        "print({'torch', 'transformers', 'sentence_transformers', 'huggingface_hub'}"
        " & set(sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "set()\n"


# --- embeddings ------------------------------------------------------------------------------


@clip
@pytest.mark.parametrize("embedder", ["pair", "alone"])
def test_pictures_and_words_get_unit_rows_of_one_space(
    embedder: str, request: pytest.FixtureRequest
) -> None:
    made: ClipEmbedder = request.getfixturevalue(embedder)
    pictures = made.embed_gallery([noise(300, 200), noise(80, 400, seed=1)])
    words = made.embed_texts(TEXTS)
    assert pictures.joint is pictures.visual
    assert pictures.visual.shape == (2, 32)
    assert words.shape == (len(TEXTS), 32)
    assert (made.dim, made.joint_dim, made.image_side) == (32, 32, 224)
    for rows in (pictures.visual, words):
        assert rows.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


@clip
@pytest.mark.parametrize("embedder", ["pair", "alone"])
def test_nothing_in_gives_no_rows(embedder: str, request: pytest.FixtureRequest) -> None:
    made: ClipEmbedder = request.getfixturevalue(embedder)
    assert made.embed_images([]).shape == (0, 32)
    assert made.embed_texts([]).shape == (0, 32)


@clip
def test_a_batch_gives_what_its_members_give_alone(pair: ClipEmbedder) -> None:
    images = [noise(90 + 40 * i, 300 - 20 * i, seed=i) for i in range(6)]
    together = pair.embed_images(images)
    one_by_one = np.concatenate([pair.embed_images([image]) for image in images])
    np.testing.assert_allclose(together, one_by_one, atol=1e-5)
    assert (together @ together.T)[np.triu_indices(6, 1)].max() < 0.9999  # they do differ

    together = pair.embed_texts(TEXTS)
    one_by_one = np.concatenate([pair.embed_texts([text]) for text in TEXTS])
    np.testing.assert_allclose(together, one_by_one, atol=1e-5)


@clip
def test_pictures_of_any_size_are_embedded(pair: ClipEmbedder) -> None:
    sizes = [(1, 1), (1, 3), (3, 3), (224, 224), (1000, 700), (1, 30_000), (30_000, 1)]
    rows = pair.embed_images([noise(*size) for size in sizes])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


@clip
@pytest.mark.parametrize("size", [(2400, 120), (120, 2400), (2401, 120)])
def test_cutting_a_long_picture_hardly_changes_what_the_model_sees(
    pair: ClipEmbedder, clip_folder: Path, size: tuple[int, int]
) -> None:
    from sentence_transformers import SentenceTransformer

    image = noise(12, 12).resize(size)  # smooth, as photos are
    model = SentenceTransformer(str(clip_folder), local_files_only=True)
    [whole] = model.encode([image], normalize_embeddings=True)
    [cut] = pair.embed_images([image])
    assert whole @ cut > 0.999


@clip
def test_old_and_new_layouts_of_a_model_embed_alike(
    pair: ClipEmbedder, clip_folder: Path, words_folder: Path, tmp_path: Path
) -> None:
    pictures = save_in_current_layout(clip_folder, tmp_path / "clip")
    words = save_in_current_layout(words_folder, tmp_path / "words")
    current = ClipEmbedder(str(pictures), str(words), threads=1)
    images = [noise(300, 200)]
    np.testing.assert_allclose(current.embed_images(images), pair.embed_images(images), atol=1e-6)
    np.testing.assert_allclose(current.embed_texts(TEXTS), pair.embed_texts(TEXTS), atol=1e-6)


@clip
def test_words_without_a_model_of_their_own_go_to_the_text_tower(
    alone: ClipEmbedder, clip_folder: Path
) -> None:
    expected = text_embeddings_by_hand(clip_folder, TEXTS)
    np.testing.assert_allclose(alone.embed_texts(TEXTS), expected, atol=1e-5)


@clip
def test_siglip_reads_words_in_small_letters_and_full_length(tmp_path: Path) -> None:
    """Otherwise its embeddings of words have nothing to do with those it was trained to give."""
    import torch
    from transformers import AutoTokenizer, SiglipModel

    folder = write_siglip(tmp_path / "siglip")
    texts = ["tower", "a bridge over the river", "x" * 300]
    tokens = AutoTokenizer.from_pretrained(folder)(
        texts, padding="max_length", truncation=True, max_length=64, return_tensors="pt"
    )
    with torch.inference_mode():
        pooled = SiglipModel.from_pretrained(folder).eval().text_model(tokens["input_ids"])
    expected = torch.nn.functional.normalize(pooled.pooler_output).numpy()
    embedder = ClipEmbedder(str(folder), threads=1)
    assert embedder.embed_texts(texts) == pytest.approx(expected, abs=1e-5)
    assert embedder.embed_texts(["Tower"]) == pytest.approx(expected[:1], abs=1e-5)
    assert embedder.image_side == 64


@clip
def test_long_text_and_broken_characters_are_embedded(
    pair: ClipEmbedder, clip_folder: Path, tmp_path: Path
) -> None:
    # a tokenizer that was saved without its limit, as some published ones are
    folder = shutil.copytree(clip_folder, tmp_path / "clip")
    settings = folder / "0_CLIPModel" / "tokenizer_config.json"
    kept = json.loads(settings.read_text())
    del kept["model_max_length"]
    settings.write_text(json.dumps(kept))

    for embedder in (pair, ClipEmbedder(str(folder), threads=1)):
        rows = embedder.embed_texts(["tower " * 100_000, "\ud800", "\0", "🏰"])
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


# --- words are words -------------------------------------------------------------------------


@clip
@pytest.mark.parametrize("embedder", ["pair", "alone"])
def test_a_text_that_is_the_path_of_a_picture_stays_text(
    embedder: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    made: ClipEmbedder = request.getfixturevalue(embedder)
    photo, broken = tmp_path / "photo.jpg", tmp_path / "broken.jpg"
    noise(64, 64).save(photo)
    broken.write_bytes(b"reading this as a picture would fail")
    paths = [str(photo), str(broken), f"file://{photo}", "data:image/png;base64,AAAA"]
    with_files = made.embed_texts(paths)
    photo.unlink()
    broken.unlink()
    np.testing.assert_array_equal(made.embed_texts(paths), with_files)


@clip
def test_a_picture_path_gets_exactly_the_embedding_of_its_letters(
    alone: ClipEmbedder, clip_folder: Path, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpg"
    image = noise(64, 64)
    image.save(photo)
    [row] = alone.embed_texts([str(photo)])
    [expected] = text_embeddings_by_hand(clip_folder, [str(photo)])
    np.testing.assert_allclose(row, expected, atol=1e-5)
    assert row @ alone.embed_images([image])[0] < 0.99


@clip
@pytest.mark.parametrize("embedder", ["pair", "alone"])
def test_a_text_that_is_an_address_is_not_fetched(
    embedder: str, request: pytest.FixtureRequest
) -> None:
    made: ClipEmbedder = request.getfixturevalue(embedder)
    callers: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def note_callers() -> None:
            while True:
                connection, _ = server.accept()
                with connection:
                    request_line = connection.recv(100).decode()
                if "/last" in request_line:
                    return
                callers.append(request_line)

        listener = threading.Thread(target=note_callers, daemon=True)
        listener.start()
        made.embed_texts([f"http://127.0.0.1:{port}/photo.jpg", f"http://127.0.0.1:{port}/a.png"])
        with socket.create_connection(("127.0.0.1", port)) as last:  # shows the server does listen
            last.sendall(b"GET /last HTTP/1.1\r\n\r\n")
            listener.join(10)
    assert not listener.is_alive()
    assert callers == []


# --- identity --------------------------------------------------------------------------------


@clip
def test_a_name_is_the_same_for_every_load_and_every_place(
    pair: ClipEmbedder, clip_folder: Path, words_folder: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(clip_folder, tmp_path / "elsewhere")
    (copy / "README.md").write_text("not part of the model")
    assert ClipEmbedder(str(copy), str(words_folder), threads=2).name == pair.name
    assert pair.name.startswith("clip-32-")
    assert pair.name.replace("-", "").isalnum()


@clip
def test_names_differ_when_weights_words_or_preprocessing_differ(
    pair: ClipEmbedder, alone: ClipEmbedder, clip_folder: Path, words_folder: Path, tmp_path: Path
) -> None:
    other_clip = write_clip(tmp_path / "clip", seed=1)
    other_words = write_words_model(tmp_path / "words", seed=1)
    stretched = shutil.copytree(clip_folder, tmp_path / "stretched")
    settings = stretched / "0_CLIPModel" / "preprocessor_config.json"
    settings.write_text(settings.read_text().replace('"resample": 3', '"resample": 2'))
    names = [
        pair.name,
        alone.name,
        ClipEmbedder(str(other_clip), str(words_folder), threads=1).name,
        ClipEmbedder(str(clip_folder), str(other_words), threads=1).name,
        ClipEmbedder(str(stretched), str(words_folder), threads=1).name,
    ]
    assert len(set(names)) == len(names)


# --- the hub ---------------------------------------------------------------------------------


def put_into_hub_cache(folder: Path, cache_dir: Path, model_id: str) -> Path:
    """Lay a model out as the hub's client does after a download."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    home = cache_dir / f"models--{model_id.replace('/', '--')}"
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text(commit)
    return shutil.copytree(folder, home / "snapshots" / commit)


@clip
def test_a_copy_in_the_hubs_cache_is_used_and_has_the_folders_name(
    alone: ClipEmbedder, clip_folder: Path, tmp_path: Path
) -> None:
    model_id = "electronic-city-guide/miniature"
    put_into_hub_cache(clip_folder, tmp_path, model_id)
    cached = ClipEmbedder(model_id, threads=1, cache_dir=tmp_path)
    assert cached.name == alone.name
    np.testing.assert_array_equal(cached.embed_texts(TEXTS), alone.embed_texts(TEXTS))


@clip
def test_half_a_copy_in_the_hubs_cache_is_not_used(clip_folder: Path, tmp_path: Path) -> None:
    model_id = "electronic-city-guide/no-such-model"
    copy = put_into_hub_cache(clip_folder, tmp_path, model_id)
    (copy / "0_CLIPModel" / "model.safetensors").unlink()
    with pytest.raises(EmbedderUnavailable, match=f"cannot get model {model_id}"):
        ClipEmbedder(model_id, threads=1, cache_dir=tmp_path)


def assert_is_one_clear_line(message: str, model: str) -> None:
    assert model in message
    assert "GUIDE_EMBEDDER=/path" in message
    assert "GUIDE_EMBEDDER=bundled" in message
    assert "\n" not in message


@clip
def test_a_model_the_hub_does_not_give_is_one_clear_error(tmp_path: Path) -> None:
    model_id = "electronic-city-guide/no-such-model"
    with pytest.raises(EmbedderUnavailable) as caught:
        ClipEmbedder.named(model_id, threads=1, cache_dir=tmp_path)
    assert_is_one_clear_line(str(caught.value), model_id)


@clip
def test_loading_and_failing_are_silent_when_the_hub_is_switched_off(
    clip_folder: Path, words_folder: Path, tmp_path: Path
) -> None:
    code = f"""
import sys
from pathlib import Path
from PIL import Image
from core.embedders.clip import ClipEmbedder
from core.errors import EmbedderUnavailable
try:
    ClipEmbedder.named("clip", threads=1, cache_dir=Path({str(tmp_path)!r}))
except EmbedderUnavailable as error:
    print(error)
assert "torch" not in sys.modules, "the hub is asked before seconds of imports"
made = ClipEmbedder({str(clip_folder)!r}, {str(words_folder)!r}, threads=1)
made.embed_images([Image.new("RGB", (300, 200))])
made.embed_texts(["tower " * 1000])
"""
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stderr == ""
    assert "offline mode is enabled" in answer.stdout
    assert_is_one_clear_line(answer.stdout.removesuffix("\n"), CLIP_PICTURES)


# --- what is not a model ---------------------------------------------------------------------


@clip
@pytest.mark.parametrize("source", ["/no/such/folder", "./nowhere", "~/nowhere/at/all", "a/b/c/d"])
def test_a_missing_folder_is_one_clear_error(source: str) -> None:
    with pytest.raises(EmbedderUnavailable) as caught:
        ClipEmbedder(source, threads=1)
    assert_is_one_clear_line(str(caught.value), source)


@clip
@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("photo.jpg", b"\xff\xd8"),
        ("config.json", b"{}"),
        ("config.json", b'{"model_type": "clip"'),
        ("modules.json", b'[{"name": "0", "path": "0", "type": "os.path"}]'),
    ],
)
def test_a_folder_that_is_not_a_model_is_one_clear_error(
    tmp_path: Path, file: str, content: bytes
) -> None:
    (tmp_path / file).write_bytes(content)
    with pytest.raises(EmbedderUnavailable) as caught:
        ClipEmbedder(str(tmp_path), threads=1)
    assert_is_one_clear_line(str(caught.value), str(tmp_path))


@clip
def test_a_file_cut_short_is_one_clear_error(clip_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(clip_folder, tmp_path / "clip")
    weights = folder / "0_CLIPModel" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(EmbedderUnavailable) as caught:
        ClipEmbedder(str(folder), threads=1)
    assert_is_one_clear_line(str(caught.value), str(folder))


@clip
def test_weights_the_library_would_make_up_are_an_error(clip_folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(clip_folder, tmp_path / "clip")
    file = folder / "0_CLIPModel" / "model.safetensors"
    weights = load_file(file)
    del weights["visual_projection.weight"]
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(EmbedderUnavailable, match=r"lacks 1 of its weights.*visual_projection"):
        ClipEmbedder(str(folder), threads=1)


@clip
def test_a_model_without_eyes_cannot_be_the_picture_model(words_folder: Path) -> None:
    with pytest.raises(EmbedderUnavailable, match=f"{words_folder} does not read pictures"):
        ClipEmbedder(str(words_folder), threads=1)


@clip
def test_models_of_different_dimensions_are_refused(clip_folder: Path, tmp_path: Path) -> None:
    words = write_words_model(tmp_path / "words", dim=16)
    with pytest.raises(EmbedderUnavailable) as caught:
        ClipEmbedder(str(clip_folder), str(words), threads=1)
    message = str(caught.value)
    assert "32" in message
    assert "16" in message
    assert str(words) in message
    assert "\n" not in message
