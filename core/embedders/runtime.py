"""How networks are run on the processor: by ONNX Runtime, or by OpenVINO where that was chosen."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import EmbedderUnavailable
from core.process import unload_mapped

OPENVINO = "openvino-"  # begins the precisions that OpenVINO runs, such as openvino-bf16
OPENVINO_FLOAT32, OPENVINO_INT8 = f"{OPENVINO}f32", f"{OPENVINO}int8"

# How long a thread that waits for its part of the next layer spins before it sleeps. To be woken
# for each layer would cost a tenth of a small network's time; to spin for longer takes the
# processor from everything else.
SPIN_US = 20


class Network(Protocol):
    """A network ready to run; one thread at a time may."""

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        """Give the outputs in the order of the graph."""


def open_network(model: Path, threads: int, precision: str = "fp32") -> Network:
    """Open an ONNX model.

    Args:
        model: its file; weights may lie beside it.
        threads: processor threads it may use.
        precision: ``openvino-f32``, ``openvino-bf16`` and ``openvino-int8`` mean OpenVINO; with
            any other, ONNX Runtime computes as the model says.

    Raises:
        EmbedderUnavailable: the package is missing, or this processor cannot compute like this.
    """
    if precision.startswith(OPENVINO):
        return _OpenVino(model, threads, precision.removeprefix(OPENVINO))
    return _OnnxRuntime(model, threads)


def openvino_precision() -> str:
    """The fastest precision of OpenVINO that this processor has and that keeps quality.

    Raises:
        EmbedderUnavailable: the package openvino is missing.
    """
    return f"{OPENVINO}bf16" if "BF16" in _openvino_abilities() else OPENVINO_FLOAT32


class _OnnxRuntime:
    def __init__(self, model: Path, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # it would take memory once more and saves no time
        options.add_session_config_entry("session.intra_op.spin_duration_us", str(SPIN_US))
        self._session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        return list(self._session.run(None, dict(inputs)))


class _OpenVino:
    def __init__(self, model: Path, threads: int, precision: str) -> None:
        if precision == "bf16" and "BF16" not in _openvino_abilities():
            raise EmbedderUnavailable(
                "this processor has no bf16, which the optimized pair was exported for: "
                "export it on a machine like this one"
            )
        import openvino

        # Left alone, OpenVINO computes in bf16 wherever it can, whatever the model says. What is
        # in int8 the model says by itself.
        settings = {
            "INFERENCE_PRECISION_HINT": "f32" if precision == "int8" else precision,
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
        }
        self._compiled = openvino.Core().compile_model(str(model), "CPU", settings)
        self._mapped: Path | None = model.with_suffix(".bin")

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        results = self._compiled(dict(inputs))
        if weights := self._mapped:
            # What it made of them, the last of it just now, is all that it needs.
            self._mapped = None
            unload_mapped(weights)
        return [np.array(results[number]) for number in range(len(self._compiled.outputs))]


def _openvino_abilities() -> list[str]:
    if find_spec("openvino") is None:
        raise EmbedderUnavailable(
            "the package openvino is missing: pip install 'electronic-city-guide[openvino]'"
        )
    import openvino

    return list(openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
