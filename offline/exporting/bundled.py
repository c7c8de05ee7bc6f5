"""The bundled embedder's networks for pictures, with what it does with their features."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.embedders.bundled import (
    FIRST_PREPROCESSING,
    LIKELY_CLASSES,
    POWER,
    SECOND_PREPROCESSING,
    BundledEmbedder,
)
from core.embedders.efficientnet import IR_VERSION, OPSET
from core.embedders.pair import COMMON, JOINT, PICTURES, SECOND, Towers
from core.errors import EmbedderUnavailable

if TYPE_CHECKING:
    import onnx


def write_bundled(source: BundledEmbedder, folder: Path) -> Towers:
    """Write the networks for pictures, and what the words need beside their packaged model.

    Raises:
        EmbedderUnavailable: words are read by another model than the packaged one.
    """
    if source.own_words:
        raise EmbedderUnavailable(
            "cannot export `bundled` with words by another model: unset GUIDE_TEXT_MODEL"
        )
    import onnx

    first, second = (onnx.load(str(network)) for network in source.network_files())
    for number, node in enumerate(first.graph.node):
        node.name = f"{node.op_type}_{number}"  # quantisation tells nodes apart by name
    _Tail(first).embedding(keeps_features=True)
    onnx.save(first, str(folder / PICTURES))
    onnx.save(_among_words(source), str(folder / JOINT))
    _Tail(second).embedding(keeps_features=False)
    onnx.save(second, str(folder / SECOND))
    np.save(folder / COMMON, source.common)
    return Towers(
        dim=source.dim,
        second_dim=source.second_dim,
        joint_dim=source.joint_dim,
        preprocessing=FIRST_PREPROCESSING,
        second_preprocessing=SECOND_PREPROCESSING,
        image_batch=source.image_batch,
        text_batch=1,
    )


def _among_words(source: BundledEmbedder) -> "onnx.ModelProto":
    """Features to the space of words, as in `BundledEmbedder.embed_gallery`."""
    from onnx import TensorProto, helper

    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", source.dim])
    model = helper.make_model(
        helper.make_graph([], "among_words", [features], []),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    tail = _Tail(model)
    layer = [tail.constant(part) for part in (source.classifier[:-1], source.classifier[-1])]
    logits = tail.add("Gemm", "features", *layer)
    tail.output("joint", tail.normalised(tail.among_words(logits, source.centred_class_names)))
    return model


class _Tail:
    """Puts more nodes behind a graph; every method gives back the name of what it added."""

    def __init__(self, model: "onnx.ModelProto") -> None:
        self._graph = model.graph

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        output = f"tail_{operator}_{len(self._graph.node)}"
        node = helper.make_node(operator, inputs, [output], name=output, **attributes)
        self._graph.node.append(node)
        return output

    def constant(self, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"tail_constant_{len(self._graph.initializer)}"
        self._graph.initializer.append(numpy_helper.from_array(value, name))
        return name

    def number(self, value: float) -> str:
        return self.constant(np.array(value, np.float32))

    def embedding(self, *, keeps_features: bool) -> None:
        """What `bundled` makes of the features, as the output ``visual`` in their place."""
        features = self._graph.output.pop()
        self.output("visual", self.normalised(self.add("Pow", "features", self.number(POWER))))
        if keeps_features:
            self._graph.output.append(features)

    def normalised(self, rows: str) -> str:
        """Rows scaled to unit length."""
        length = self.add("ReduceL2", rows, axes=[1], keepdims=1)
        return self.add("Div", rows, self.add("Max", length, self.number(1e-12)))

    def among_words(self, logits: str, class_names: NDArray[np.float32]) -> str:
        """What `bundled.among_words` does, before normalisation."""
        from onnx import helper

        chosen, likely = "tail_chosen", "tail_likely"
        count = self.constant(np.array([LIKELY_CLASSES], np.int64))
        self._graph.node.append(
            helper.make_node("TopK", [logits, count], [chosen, likely], name="tail_top", axis=1)
        )
        best = self.add("ReduceMax", chosen, axes=[1], keepdims=1)
        halves = self.add("Mul", self.add("Sub", chosen, best), self.number(0.5))
        axis = self.constant(np.array([1], np.int64))
        weights = self.add("Unsqueeze", self.add("Exp", halves), axis)  # (n, 1, likely)
        names = self.add("Gather", self.constant(class_names), likely)  # (n, likely, dim)
        return self.add("Squeeze", self.add("MatMul", weights, names), axis)

    def output(self, name: str, value: str) -> None:
        from onnx import TensorProto, helper

        self._graph.node.append(helper.make_node("Identity", [value], [name], name=name))
        self._graph.output.append(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", f"{name}_dim"])
        )
