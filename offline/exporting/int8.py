"""Towers in 8-bit integers: smaller and faster, at some cost that the check measures."""

import io
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.environment import environment
from core.files import atomic_path

# Where the picture is still fine-grained, and in the last layer, rounding costs most: over 475
# photos of 21 places, with all layers in int8 top-1 agreement was .964, with these left out .998.
FIRST_KEPT, LAST_KEPT = 6, 1
PATCHES = "/patch_embedding/"  # in the names of nodes, as transformers calls the module


def quantise_transformer(path: Path) -> None:
    """Rewrite a transformer's matrices and tables in int8; activations are scaled as they come.

    Signed and per channel: unsigned per tensor is half as fast (VNNI) and no more exact. The
    embedding of patches, where the picture is still fine-grained, stays as it is.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    nodes = onnx.load(str(path), load_external_data=False).graph.node
    with atomic_path(path, durable=False) as draft, _silence():
        quantize_dynamic(
            str(path),
            str(draft),
            op_types_to_quantize=["MatMul", "Gemm", "Gather"],  # convolutions get slower
            per_channel=True,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[node.name for node in nodes if PATCHES in node.name],
            extra_options={"MatMulConstBOnly": True},
        )


def quantise_for_openvino(path: Path, photos: Iterable[NDArray[np.float32]]) -> None:
    """Rewrite a transformer for pictures in int8, scaled by how it takes ``photos``.

    OpenVINO fuses this form, with its fixed scales, and not the one above. Activations that stand
    out are first evened out by moving them into the weights (Xiao et al., "SmoothQuant", 2023).

    Args:
        path: of the ONNX file.
        photos: pixels, (1, 3, height, width) each; a few dozen do.
    """
    import onnx

    with environment(NNCF_CI="1"):  # else the library tells its makers of its use, unasked
        import nncf

    nncf.set_log_level(logging.ERROR)
    model = onnx.load(str(path))
    with atomic_path(path, durable=False) as draft, redirect_stdout(io.StringIO()):  # its bars
        quantised = nncf.quantize(
            model,
            nncf.Dataset([{"pixels": pixels} for pixels in photos]),
            model_type=nncf.ModelType.TRANSFORMER,
            preset=nncf.QuantizationPreset.MIXED,
        )
        onnx.save(quantised, str(draft))


def quantise_convolutions(path: Path, photos: Iterable[NDArray[np.float32]]) -> None:
    """Rewrite a convolutional network in int8, scaled by how it takes ``photos``.

    Args:
        path: of the ONNX file.
        photos: pixels, (1, 3, height, width) each; a few dozen do.
    """
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

    class Reader(CalibrationDataReader):  # type: ignore[misc] # onnxruntime has no types
        def __init__(self) -> None:
            self._photos: Iterator[NDArray[np.float32]] = iter(photos)

        def get_next(self) -> Mapping[str, Any] | None:
            pixels = next(self._photos, None)
            return None if pixels is None else {"pixels": pixels}

    layers = [node.name for node in onnx.load(str(path)).graph.node if node.op_type == "Conv"]
    with atomic_path(path, durable=False) as draft, _silence():
        quantize_static(
            str(path),
            str(draft),
            Reader(),
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=[*layers[:FIRST_KEPT], *layers[-LAST_KEPT:]],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )


@contextmanager
def _silence() -> Iterator[None]:
    """Hide the library's advice, which it gives through the root logger."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
