"""The towers of a CLIP-like pair as ONNX, traced by torch."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.embedders.clip import ClipEmbedder
from core.embedders.pair import PICTURES, TOKENIZER, WORDS, Towers
from core.embedders.pixels import Preprocessing
from core.errors import EmbedderUnavailable

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

OPSET = 17
TEXT_BATCH = 32


def write_clip(source: ClipEmbedder, folder: Path) -> Towers:
    """Write the towers with projection and normalisation in them, and the tokenizer.

    Raises:
        EmbedderUnavailable: the pair prepares pictures or words in a way this cannot export.
    """
    preprocessing = preprocessing_of(source.picture_model)
    write_tokenizer(source.words_model, folder / TOKENIZER)
    _write_pictures(source.picture_model, preprocessing.side, folder / PICTURES)
    _write_words(source.words_model, folder / WORDS)
    return Towers(
        dim=source.dim,
        second_dim=0,
        joint_dim=source.joint_dim,
        preprocessing=preprocessing,
        second_preprocessing=None,
        image_batch=source.image_batch,
        text_batch=TEXT_BATCH,
    )


def preprocessing_of(model: "SentenceTransformer") -> Preprocessing:
    """How a model wants its pictures; errors as of `write_clip`."""
    settings = getattr(model.processor, "image_processor", model.processor).to_dict()
    size, crop = settings.get("size") or {}, settings.get("crop_size") or {}
    known = (
        all(settings.get(f"do_{step}") for step in ("resize", "center_crop", "rescale"))
        and settings.get("do_normalize")
        and crop.get("height") == crop.get("width")
        and crop.get("height", 0) <= size.get("shortest_edge", 0)
    )
    if not known:
        raise EmbedderUnavailable(
            "cannot export a model that prepares pictures otherwise than CLIP does: "
            f"its size is {dict(size)}, its crop {dict(crop)}"
        )
    white = 1 / settings["rescale_factor"]
    red, green, blue = (white * mean for mean in settings["image_mean"])
    of_red, of_green, of_blue = (white * std for std in settings["image_std"])
    return Preprocessing(
        side=crop["height"],
        shorter_side=size["shortest_edge"],
        mean=(red, green, blue),
        std=(of_red, of_green, of_blue),
        resample=int(settings["resample"]),
    )


def write_tokenizer(model: "SentenceTransformer", path: Path) -> None:
    """Write a model's tokenizer, which from then on cuts and pads by itself; errors as above."""
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None or model.max_seq_length is None or model.default_prompt_name is not None:
        raise EmbedderUnavailable(
            "cannot export the words' model: its tokenizer is not one of the tokenizers library, "
            "has no length limit, or puts a prompt before the words"
        )
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(backend.to_str())  # a copy: the model keeps its own
    tokenizer.enable_truncation(model.max_seq_length)
    padding = model.tokenizer.pad_token_id, model.tokenizer.pad_token
    tokenizer.enable_padding(pad_id=padding[0], pad_token=padding[1])
    tokenizer.save(str(path))


def _write_pictures(model: "SentenceTransformer", side: int, path: Path) -> None:
    import torch

    from offline.exporting.clip_encoder import lean_encoder

    pixels = torch.rand(2, 3, side, side)
    with lean_encoder(model):
        _write(model, "image", {"pixels": ("pixel_values", pixels)}, {0: "n"}, path)


def _write_words(model: "SentenceTransformer", path: Path) -> None:
    import torch

    tokens = torch.ones(2, 7, dtype=torch.long)
    inputs = {name: (name, tokens) for name in ("input_ids", "attention_mask")}
    _write(model, "text", inputs, {0: "n", 1: "tokens"}, path)


def _write(
    model: "SentenceTransformer",
    modality: str,
    inputs: dict[str, tuple[str, Any]],
    axes: dict[int, str],
    path: Path,
) -> None:
    """Trace a whole model, as the library runs it, and its normalisation.

    Args:
        model: runs on the processor.
        modality: which of its towers.
        inputs: by the graph's name: the library's name for it, and an example.
        axes: of the inputs that vary.
        path: of the ONNX file.
    """
    import torch

    class Tower(torch.nn.Module):  # type: ignore[misc] # torch has no types here
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tensors: Any) -> Any:
            features = {name: t for (name, _), t in zip(inputs.values(), tensors, strict=True)}
            embeddings = self.model(features | {"modality": modality})["sentence_embedding"]
            return torch.nn.functional.normalize(embeddings, dim=-1)

    with torch.inference_mode(), _silence():
        torch.onnx.export(
            Tower().eval(),
            tuple(example for _, example in inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=["embeddings"],
            dynamic_axes={**dict.fromkeys(inputs, axes), "embeddings": {0: "n"}},
            opset_version=OPSET,
            dynamo=False,  # the other exporter needs a package more and gives the same graph
        )


@contextmanager
def _silence() -> Iterator[None]:
    """Hide the tracer's warnings: whether the graph is right is checked on the gallery."""
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        exporter.setLevel(level)
