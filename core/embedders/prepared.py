"""Files that are prepared once from the weights in pip packages."""

import hashlib
import io
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.embedders import efficientnet
from core.embedders.torch_file import read_state_dict
from core.embedders.weights import take_weights_out
from core.errors import EmbedderUnavailable
from core.files import write_atomic

logger = logging.getLogger(__name__)


class LiteNetwork:
    """A network for pictures, as its package has it and as it is run."""

    def __init__(self, weights: Path, called: str, stages: efficientnet.Stages) -> None:
        """Read the weights to know which they are.

        Raises:
            EmbedderUnavailable: they cannot be read.
        """
        self._weights = weights
        self._called = called
        self._stages = stages
        try:
            self.weights_hash = hashlib.sha256(weights.read_bytes()).hexdigest()
        except OSError as error:
            raise EmbedderUnavailable(f"cannot read the weights in {weights}: {error}") from error

    def file(self, cache_dir: Path) -> Path:
        """The network as an ONNX file in ``cache_dir``; see `efficientnet.onnx_model`.

        Its weights lie beside it, so that they are mapped and not read.

        Raises:
            EmbedderUnavailable: the weights are not what the network has.
            DataDirError: the cache cannot be written.
        """

        def parts(location: str) -> tuple[bytes, bytes]:
            model = efficientnet.onnx_model(read_state_dict(self._weights), self._stages)
            weights = take_weights_out(model, location)
            return model.SerializeToString(deterministic=True), weights

        weights = made_once(cache_dir, self._stem, ".bin", lambda: parts("")[1])
        # named for its weights: a graph never meets those of another writing
        return made_once(cache_dir, weights.stem, ".onnx", lambda: parts(weights.name)[0])

    def classifier(self, cache_dir: Path) -> NDArray[np.float32]:
        """Its last layer, see `efficientnet.classifier`; errors as of `file`."""
        path = made_once(
            cache_dir,
            f"{self._stem}-classifier",
            ".npy",
            lambda: npy(efficientnet.classifier(read_state_dict(self._weights))),
        )
        return np.asarray(np.load(path, allow_pickle=False), np.float32)

    @property
    def _stem(self) -> str:
        content = f"{self.weights_hash[:8]}-{efficientnet.WRITER_VERSION}"
        return f"efficientnet-{self._called}-{content}"


def made_once(folder: Path, stem: str, suffix: str, make: Callable[[], bytes]) -> Path:
    """The file that was made before, or that is made now.

    Its name ends in a hash of its content, so that a damaged file is known and made anew.

    Raises:
        DataDirError: the folder cannot be written.
    """
    for path in folder.glob(f"{stem}-*{suffix}"):
        if path.name == f"{stem}-{_short_hash(path.read_bytes())}{suffix}":
            return path
        path.unlink(missing_ok=True)
    logger.info("preparing %s, once", stem)
    content = make()
    path = folder / f"{stem}-{_short_hash(content)}{suffix}"
    write_atomic(path, content)
    return path


def npy(array: NDArray[np.float32]) -> bytes:
    """An array as the content of a ``.npy`` file."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _short_hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
