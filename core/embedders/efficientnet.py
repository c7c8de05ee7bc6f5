"""EfficientNet-Lite as an ONNX graph, written from its torch weights.

The Lite networks are EfficientNets (Tan & Le, ICML 2019) without squeeze-and-excitation and with
relu6 for swish, so that phones can run them. Fully convolutional: pictures of any size go in.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import EmbedderUnavailable

if TYPE_CHECKING:
    import onnx

Weights = Mapping[str, NDArray[Any]]
Shape = tuple[int, ...]

FEATURES = 1280
CLASSES = 1000
WRITER_VERSION = 4  # raise it when the written graph changes

Stages = tuple[tuple[int, int, int, int, int], ...]

# Blocks, kernel, stride of the first block, expansion of channels, channels out.
LITE0: Stages = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
# 1.1 times as wide and 1.2 times as deep.
LITE2: Stages = (
    (1, 3, 1, 1, 16),
    (3, 3, 2, 6, 24),
    (3, 5, 2, 6, 48),
    (4, 3, 2, 6, 88),
    (4, 5, 1, 6, 120),
    (5, 5, 2, 6, 208),
    (1, 3, 1, 6, 352),
)
STEM_CHANNELS = 32
BATCH_NORM_EPSILON = 1e-3
OPSET = 17
IR_VERSION = 8  # the one that came with the opset; older runtimes read it


def onnx_model(weights: Weights, stages: Stages) -> "onnx.ModelProto":
    """Write a network as an ONNX model, all but its classifier.

    Its input ``pixels`` is float32 (n, 3, height, width), normalised; its output ``features`` is
    (n, 1280), the last feature map averaged over the picture.

    Args:
        weights: by name.
        stages: of the network, such as `LITE0`.

    Raises:
        EmbedderUnavailable: the weights are not those of the network.
    """
    graph = _Graph(weights)
    _backbone(graph, stages)
    return graph.model({"features": FEATURES})


def classifier(weights: Weights) -> NDArray[np.float32]:
    """A network's last layer: ``features @ layer[:-1] + layer[-1]`` are the logits, (n, 1000).

    Raises:
        EmbedderUnavailable: the weights are not those of the network.
    """
    rows = checked(weights, "_fc.weight", (CLASSES, FEATURES)).T
    return np.vstack([rows, checked(weights, "_fc.bias", (CLASSES,))]).astype(np.float32)


def checked(weights: Weights, name: str, shape: Shape) -> NDArray[np.float64]:
    """A weight, in the precision that folding wants.

    Raises:
        EmbedderUnavailable: it is missing or of another shape.
    """
    if name not in weights or weights[name].shape != shape:
        raise EmbedderUnavailable(f"the weights are not those of the network: see {name}")
    return weights[name].astype(np.float64)


def _backbone(graph: "_Graph", stages: Stages) -> str:
    x = graph.conv_norm("pixels", "_conv_stem", "_bn0", (STEM_CHANNELS, 3, 3, 3), stride=2)
    channels, number = STEM_CHANNELS, 0
    for blocks, kernel, first_stride, expansion, channels_out in stages:
        for position in range(blocks):
            stride = first_stride if position == 0 else 1
            block, entered, wide = f"_blocks.{number}.", x, channels * expansion
            if expansion > 1:
                shape = (wide, channels, 1, 1)
                x = graph.conv_norm(x, f"{block}_expand_conv", f"{block}_bn0", shape)
            shape = (wide, 1, kernel, kernel)
            x = graph.conv_norm(x, f"{block}_depthwise_conv", f"{block}_bn1", shape, stride)
            shape = (channels_out, wide, 1, 1)
            x = graph.conv_norm(x, f"{block}_project_conv", f"{block}_bn2", shape, relu6=False)
            if stride == 1 and channels == channels_out:
                x = graph.add("Add", [x, entered])
            channels, number = channels_out, number + 1
    x = graph.conv_norm(x, "_conv_head", "_bn1", (FEATURES, channels, 1, 1))
    return graph.add("Flatten", [graph.add("GlobalAveragePool", [x])], output="features")


class _Graph:
    """Collects nodes and constants; every method gives back the name of what it added."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._zero = self.constant("zero", np.array(0, np.float32))
        self._six = self.constant("six", np.array(6, np.float32))

    def conv_norm(
        self, x: str, conv: str, norm: str, shape: Shape, stride: int = 1, relu6: bool = True
    ) -> str:
        """Add a convolution with its batch norm folded in, and relu6."""
        gamma, beta, mean, variance = (
            checked(self._weights, f"{norm}.{part}", shape[:1])
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
        kernel = checked(self._weights, f"{conv}.weight", shape) * scale[:, None, None, None]
        depthwise = shape[1] == 1
        out = self.add(
            "Conv",
            [
                x,
                self.constant(f"{conv}.kernel", kernel),
                self.constant(f"{conv}.bias", beta - mean * scale),
            ],
            auto_pad="SAME_UPPER",
            strides=[stride, stride],
            group=shape[0] if depthwise else 1,
        )
        return self.add("Clip", [out, self._zero, self._six]) if relu6 else out

    def add(self, operator: str, inputs: list[str], *, output: str = "", **attributes: Any) -> str:
        from onnx import helper

        output = output or f"{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, name: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def model(self, outputs: Mapping[str, int]) -> "onnx.ModelProto":
        """The graph with ``outputs``, by name with their widths."""
        from onnx import TensorProto, helper

        def tensor(name: str, *shape: int | str) -> "onnx.ValueInfoProto":
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

        graph = helper.make_graph(
            self._nodes,
            "efficientnet_lite",
            inputs=[tensor("pixels", "n", 3, "height", "width")],
            outputs=[tensor(name, "n", width) for name, width in outputs.items()],
            initializer=self._constants,
        )
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
