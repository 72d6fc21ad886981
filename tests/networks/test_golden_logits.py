"""Logits of filled published networks: padding and eps, which keys and counts cannot show."""

from collections import Counter

import pytest
import torch
from golden.fill import filled, golden, images, published_entries
from torch import Tensor, nn

from eyespot.networks import build
from eyespot.networks.architecture import Network
from eyespot.weights import adapt
from eyespot.weights.published import PUBLISHED

BIG = ("torchvision/resnet152", "timm/tf_efficientnet_b5", "torchvision/efficientnet_b6")
BIG += ("timm/tf_efficientnet_b7", "torchvision/vgg13_bn", "torchvision/vgg16")
BIG += ("torchvision/vgg19_bn", "torchvision/resnext101_64x4d", "timm/legacy_seresnet152")
BIG += ("timm/legacy_seresnext101_32x4d", "timm/resnetv2_152")  # seconds each
ROWS = {f"{row['library']}/{row['model']}": row for row in golden("logits")}


def network_filled_as(published: str, name: str) -> Network:
    """Our network `name` with the filled weights of a published one, in float64."""
    state = filled(published_entries()[published], gain=ROWS[published]["gain"])
    with torch.device("meta"):
        network = build(name)
    network.load_state_dict(adapt(state, published), assign=True)
    return network.double().eval()


def difference(logits: Tensor, row: dict) -> float:
    """The largest distance from the golden logits, in standard deviations."""
    known = torch.tensor([row["logits_0"], row["logits_1"]], dtype=torch.float64)
    return ((logits[:, :8] - known).abs().max() / row["std"]).item()


def assert_agree(logits: Tensor, row: dict) -> None:
    """All that a row says of the logits of one head; its figures have ten digits."""
    weights = torch.linspace(-1, 1, 2000, dtype=torch.float64)
    std = row["std"]
    assert difference(logits, row) < 1e-8
    assert logits.mean().item() == pytest.approx(row["mean"], abs=1e-8 * std)
    assert logits.std(correction=0).item() == pytest.approx(std, rel=1e-8)
    assert (logits.flatten() @ weights).item() == pytest.approx(row["checksum"], abs=1e-6 * std)


@pytest.mark.parametrize(
    "published",
    [pytest.param(p, marks=pytest.mark.slow) if p in BIG else p for p in ROWS],
)
def test_logits_are_those_of_the_published_network(published):
    row = ROWS[published]
    network = network_filled_as(published, PUBLISHED[published].network)
    with torch.inference_mode():
        logits = network(images(row["image_size"]))
    assert_agree(logits, row)
    depends = ((logits[0] - logits[1]).std() / logits.std(dim=1).mean()).item()
    assert depends == pytest.approx(row["images_differ_by"], rel=0.01)  # three digits
    assert depends > 0.01  # the logits depend on the picture: the test is not empty


@pytest.mark.parametrize("published", [p for p in ROWS if any("aux" in key for key in ROWS[p])])
def test_auxiliary_logits_are_those_of_the_published_network(published):
    row = ROWS[published]
    network = network_filled_as(published, PUBLISHED[published].network)
    with torch.inference_mode():
        heads = network.forward_train(images(row["image_size"]))
    expected = [row[key] for key in sorted(row) if key.startswith("aux_logits")]
    for (_, logits), each in zip(heads, [row, *expected], strict=True):
        assert_agree(logits, each)


@pytest.mark.parametrize(
    ("published", "other"),
    [
        ("torchvision/inception_v3", "inception_v3_aux"),
        ("timm/legacy_xception", "xception"),
        ("torchvision/resnet50", "resnet50"),
        ("timm/mobilenetv1_100", "mobilenet_v1_1_0"),
        ("torchvision/mobilenet_v2", "mobilenet_v2_1_0"),
        ("torchvision/mobilenet_v3_large", "mobilenet_v3_large"),
        ("torchvision/efficientnet_b0", "efficientnet_b0"),
        ("timm/legacy_seresnet18", "se_resnet18"),
        ("timm/efficientnet_lite0", "efficientnet_lite0"),
        ("timm/tf_efficientnet_lite1", "efficientnet_lite1_timm"),
    ],
)
def test_another_edition_takes_the_weights_and_answers_otherwise(published, other):
    row = ROWS[published]
    with torch.inference_mode():
        logits = network_filled_as(published, other)(images(row["image_size"]))
    assert difference(logits, row) > 1e-3


def test_eps_alone_moves_the_logits():
    row = ROWS["timm/tf_efficientnet_lite1"]
    network = network_filled_as("timm/tf_efficientnet_lite1", "efficientnet_lite1")
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-5
    with torch.inference_mode():
        assert difference(network(images(row["image_size"])), row) > 1e-4


@pytest.mark.parametrize("published", ROWS)
def test_norms_have_the_published_eps(published):
    with torch.device("meta"):
        network = build(PUBLISHED[published].network)
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d | nn.LayerNorm)]
    found = Counter(str(m.eps) for m in norms)
    expected = {str(float(eps)): n for eps, n in ROWS[published]["norm_eps"].items()}
    assert found == expected
