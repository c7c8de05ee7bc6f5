"""An exported pair on disk: a tower for pictures and one for words, ready to run.

optimized/<name>/pictures.onnx    pixels to unit embeddings; its weights in pictures.bin
                 joint.onnx       pictures' features into the space of words, if it is another one
                 second.onnx      as pictures.onnx by the second network, if there is one
                 words.onnx       tokens to unit embeddings } or common.npy, for words by e5:
                 tokenizer.json   as `tokenizers` reads it  } what all its vectors share
                 manifest.json    written last: identity, check against the original, SHA-256
optimized/current                 text file with the name of the pair in use
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.embedders.pixels import Preprocessing
from core.embedders.runtime import OPENVINO_FLOAT32, OPENVINO_INT8
from core.errors import EmbedderUnavailable

FORMAT = 4
FOLDER = "optimized"
CURRENT = "current"
MANIFEST = "manifest.json"
PICTURES, JOINT, SECOND = "pictures.onnx", "joint.onnx", "second.onnx"
WORDS = "words.onnx"
TOKENIZER, COMMON = "tokenizer.json", "common.npy"

_WORDS_BY_ONNX_RUNTIME = {OPENVINO_FLOAT32: "fp32", OPENVINO_INT8: "int8"}

HOW_TO_EXPORT = (
    "run `GUIDE_EMBEDDER=clip python -m offline export` (or =bundled, or the model's id)"
)


@dataclass(frozen=True, slots=True)
class Towers:
    """What serving has to know about a pair's files."""

    dim: int
    second_dim: int
    joint_dim: int
    preprocessing: Preprocessing
    second_preprocessing: Preprocessing | None  # None where there is no second network
    # More than one only where company does not change an embedding: int8 scales its activations
    # by all that is in the batch.
    image_batch: int
    text_batch: int

    @property
    def first_side(self) -> int:
        """Shorter side, in pixels, that the first network's pictures are scaled to."""
        return self.preprocessing.shorter_side

    @property
    def image_side(self) -> int:
        """The larger one of both networks'."""
        second = self.second_preprocessing
        return max(self.first_side, second.shorter_side if second else 0)


@dataclass(frozen=True, slots=True)
class Pair:
    """Identity of an exported pair, and what its check found."""

    source: str  # name of the embedder it was exported from, whose snapshots it may serve
    precision: str  # fp32 or int8 by ONNX Runtime, openvino-f32, openvino-bf16 or openvino-int8
    towers: Towers
    files: Mapping[str, str]  # SHA-256 by file name
    check: Mapping[str, float | str]  # figures of the comparison with the source, see `export`
    created: str  # UTC, ISO 8601
    format: int = FORMAT

    @property
    def name(self) -> str:
        """Name of the embedder: precision, content and source."""
        # as JSON, so that it is the same before writing and after reading
        content = json.dumps([FORMAT, asdict(self.towers), dict(self.files)], sort_keys=True)
        digest = hashlib.sha256(content.encode()).hexdigest()
        return f"optimized-{self.precision}-{digest[:8]}-{self.source}"

    @property
    def words_precision(self) -> str:
        """How the tower for words is run."""
        # OpenVINO would unpack the table of words in memory, ONNX Runtime maps its rows. Only bf16
        # is worth it.
        return _WORDS_BY_ONNX_RUNTIME.get(self.precision, self.precision)

    @property
    def second_precision(self) -> str:
        """How the second network is run."""
        # Few photos come to it, and the hard ones: it stays as exact as it is.
        return "fp32" if self.precision == "int8" else self.precision

    def as_json(self) -> bytes:
        """The content of its manifest."""
        return json.dumps(asdict(self), indent=2).encode()


def current_pair(data_dir: Path) -> Path:
    """The folder of the pair in use.

    Raises:
        EmbedderUnavailable: nothing has been exported yet.
    """
    folder = data_dir / FOLDER
    try:
        name = (folder / CURRENT).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise EmbedderUnavailable(
            f"nothing has been exported to {folder} yet: {HOW_TO_EXPORT}"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise EmbedderUnavailable(f"cannot read {folder / CURRENT}: {error}") from error
    return folder / Path(name).name  # never a path from elsewhere


def read_pair(folder: Path) -> Pair:
    """Read a pair's manifest; its big files are checked when they are opened.

    Raises:
        EmbedderUnavailable: it is missing, damaged or of another format.
    """
    path = folder / MANIFEST
    try:
        fields: dict[str, Any] = json.loads(path.read_bytes())
        if fields["format"] != FORMAT:
            raise EmbedderUnavailable(
                f"{folder} has format {fields['format']}, this release reads format {FORMAT}: "
                f"{HOW_TO_EXPORT}"
            )
        return Pair(**fields | {"towers": _towers(**fields["towers"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EmbedderUnavailable(
            f"{path} is not a readable manifest ({error}): {HOW_TO_EXPORT}"
        ) from error


def _towers(
    preprocessing: dict[str, Any], second_preprocessing: dict[str, Any] | None, **fields: Any
) -> Towers:
    if bool(fields["second_dim"]) != bool(second_preprocessing):
        raise ValueError("it says half of what a second network needs")
    return Towers(
        preprocessing=Preprocessing(**preprocessing),
        second_preprocessing=(
            Preprocessing(**second_preprocessing) if second_preprocessing else None
        ),
        **fields,
    )


def checked_file(folder: Path, pair: Pair, name: str) -> Path:
    """The path of one of a pair's files, once its content is known to be what was exported.

    So is the content of its weights, which lie beside a network in a file of the same stem.

    Raises:
        EmbedderUnavailable: it is missing or differs.
    """
    for part in {name} | {other for other in pair.files if Path(other).stem == Path(name).stem}:
        path = folder / part
        try:
            sound = sha256(path) == pair.files[part]
        except (OSError, KeyError) as error:
            raise EmbedderUnavailable(f"cannot read {path}: {HOW_TO_EXPORT}") from error
        if not sound:
            raise EmbedderUnavailable(f"{path} is not the file that was exported: {HOW_TO_EXPORT}")
    return folder / name


def sha256(path: Path) -> str:
    """Digest a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
