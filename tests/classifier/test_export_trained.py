"""Exports of networks that were trained here: grey, padded, with a mean image, of every head."""

import json
import re
from importlib.util import find_spec

import numpy as np
import pytest
from small_networks import by_torch, made

from eyespot.classifier.export import export, runtime
from eyespot.images.samples import sample_photos

onnx = pytest.importorskip("onnx", reason="the extra [export] is not installed")
if find_spec("onnxruntime") is None:  # not imported here: that would start its statistics
    pytest.skip("the extra [export] is not installed", allow_module_level=True)

OTHERS = ["lenet5_modern", "squeezenet1_0", "nin_cifar10", "googlenet_aux", "vit_ti_16"]
OTHERS += ["highway_mnist_10", "multi_column_dnn_mnist"]
NAMES = ["lenet5", *(pytest.param(name, marks=pytest.mark.slow) for name in ["resnet20", *OTHERS])]


def normalised(model, pixels):
    """What the exported graph makes of pixels before its network: behind the first product."""
    first = next(node for node in model.graph.node if node.op_type == "Mul")
    whole = onnx.shape_inference.infer_shapes(model)
    part = onnx.utils.Extractor(whole).extract_model(["pixels"], [first.output[0]])
    return runtime.session(part.SerializeToString()).run(None, {"pixels": pixels})[0]


@pytest.mark.parametrize("name", NAMES)
def test_an_export_is_the_same_classifier(name, tmp_path):
    """What `export` refuses to write otherwise, and the same from the finished folder's files."""
    network, seen, classifier = made(name, device="cpu")
    exported = export(classifier, tmp_path / "out")
    assert exported.parity.exact.same_labels == exported.parity.photos == 32
    model = onnx.load(exported.folder / "model.onnx")
    pixels = np.stack([seen.read(photo)[1] for photo in sample_photos()])
    probabilities, _ = runtime.session(model.SerializeToString()).run(None, {"pixels": pixels})
    temperature = classifier.head.temperature
    expected = by_torch(network, seen, sample_photos(), temperature=temperature)
    assert np.abs(probabilities - expected).max() < 5e-5  # a ViT's 12 layers; others 1e-6
    assert np.ptp(expected, axis=0).max() > 0.1  # the photos are told apart
    every = np.resize(np.arange(256, dtype=np.uint8), (1, seen.size, seen.size, seen.channels))
    came = normalised(model, every)
    assert came.tobytes() == seen.normalise(every).tobytes()
    numbers = json.loads((exported.folder / "preprocessing.json").read_text("utf-8"))
    assert (numbers["padding"], numbers["channel_order"]) == (seen.padding, seen.channel_order)
    text = (exported.folder / "README.md").read_text("utf-8")
    side, colours = seen.size, {"L": "grey", "RGB": "RGB"}[seen.channel_order]
    assert f"| uint8, {colours} from 0 to 255 | (N, {side}, {side}, {seen.channels}) |" in text
    assert re.search(rf"The weights of {name} were trained from scratch", text)
