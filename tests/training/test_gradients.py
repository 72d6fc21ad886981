"""The gradient check: right for every kind of layer of the catalogue, and it finds wrong ones."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from eyespot.networks import architectures, build
from eyespot.networks.architecture import Network
from eyespot.training.checks import gradients
from eyespot.training.checks.gradients import (
    LIMIT,
    LayerGradient,
    check_gradients,
    input_shapes,
    layer_kinds,
)

# Small networks that hold between them every kind of leaf; the slow test takes all kinds of blocks.
FEW = (
    "lenet5",
    "multi_column_dnn_mnist",
    "highway_cifar_a",
    "resnet20",
    "shufflenet_v1_g3_0_5",
    "mobilenet_v3_small_0_75",
    "mobilenet_v2_0_35",
    "efficientnet_b0",
    "xception",
    "nasnet_a_mobile",
    "googlenet",
    "vit_ti_16",
    "prelu_net_a",
)


def on_meta(name: str) -> Network:
    with torch.device("meta"):
        return build(name)


def small(network: Network) -> int:
    """The smallest legal image size from 32 pixels on."""
    size = max(network.smallest_image_size, min(32, network.largest_image_size or 32))
    return -(-size // network.image_size_step) * network.image_size_step


def checked(network: Network, seed: int = 0) -> tuple[LayerGradient, ...]:
    return check_gradients(network, small(network), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", FEW)
def test_gradients_of_layers_agree_with_differences(name):
    found = checked(on_meta(name))
    assert [layer for layer in found if layer.error > LIMIT] == []


def leaves(names) -> set[str]:
    return {
        layer.__class__.__name__
        for name in names
        for layer in on_meta(name).modules()
        if not any(layer.children())
    }


@pytest.mark.slow
def test_gradients_of_every_kind_of_layer_of_the_catalogue_agree_with_differences():
    """Also of blocks; each kind in the smallest network that holds it."""
    held: set[tuple[str, str]] = set()
    worst: list[LayerGradient] = []
    for row in sorted(architectures().values(), key=lambda row: row.parameters):
        network = on_meta(row.name)
        kinds = layer_kinds(network, input_shapes(network, small(network)))
        classes = {(type(network.get_submodule(at)).__module__, kind) for kind, at in kinds.items()}
        if classes - held:
            worst += [replace(each, place=f"{row.name} {each.place}") for each in checked(network)]
            held |= classes
    largest = max(worst, key=lambda each: each.error)
    print(f"{len(held)} kinds, largest error {largest.error:.1e} ({largest.place})")  # noqa: T201
    assert len(held) >= 86
    assert [each for each in worst if each.error > LIMIT] == []
    assert leaves(architectures()) == leaves(FEW)


class Wrong(torch.autograd.Function):
    """x squared, whose gradient is too large by a hundred thousandth."""

    @staticmethod
    def forward(context, numbers):
        context.save_for_backward(numbers)
        return numbers.square()

    @staticmethod
    def backward(context, slopes):
        (numbers,) = context.saved_tensors
        return 2 * numbers * slopes * 1.00001


class Squaring(nn.Module):
    def __init__(self, is_wrong):
        super().__init__()
        self.is_wrong = is_wrong

    def forward(self, features):
        return Wrong.apply(features) if self.is_wrong else features.square()


class Forgetful(nn.Module):
    """A block whose shortcut was cut off the gradient by mistake."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, kernel_size=3, padding=1)

    def forward(self, features):
        return self.conv(features) + features.detach()


class Small(Network):
    def __init__(self, *layers):
        super().__init__()
        self.features = nn.Sequential(*layers)

    def forward_features(self, images):
        return self.features(images)

    def forward_embedding(self, images):
        return self.forward_features(images).mean((2, 3))

    def classify(self, embedding):
        return embedding


def errors(*layers):
    with torch.device("meta"):
        network = Small(nn.Conv2d(3, 3, kernel_size=1), *layers)
    return {layer.kind: layer for layer in checked(network)}


def test_a_gradient_that_is_wrong_in_the_fifth_digit_is_found():
    assert errors(Squaring(is_wrong=False))["Squaring"].error < 1e-9
    found = errors(Squaring(is_wrong=True))["Squaring"]
    assert found.error == pytest.approx(1e-5, rel=1e-3)  # 1 - 1 / 1.00001
    assert found.points == gradients.POINTS


def test_a_block_that_loses_part_of_its_gradient_is_found_though_its_layers_are_right():
    found = errors(Forgetful())
    assert found["Conv2d"].error < LIMIT < found["Forgetful"].error


def test_kinks_are_no_faults():
    """Many rectifiers and maxima in one tensor: some lie within any step."""
    found = errors(
        nn.Conv2d(3, 64, kernel_size=3), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.ReLU6()
    )
    assert max(layer.error for layer in found.values()) < LIMIT


def test_layers_that_know_the_batch_are_checked_in_training_and_in_evaluation():
    found = checked(on_meta("resnet20"))
    assert [layer.mode for layer in found if layer.kind == "BatchNorm2d"] == [
        "training",
        "evaluation",
    ]
    assert [layer.mode for layer in found if layer.kind == "Linear"] == ["training"]


def test_the_same_generator_gives_the_same_errors():
    network = on_meta("lenet5_modern")
    assert checked(network) == checked(network)
    assert checked(network) != checked(network, seed=1)


def test_torchs_own_generator_is_left_as_it_was():
    network = on_meta("highway_mnist_conv_16")  # with dropout
    torch.manual_seed(5)
    before = torch.get_rng_state()
    checked(network)
    assert torch.equal(torch.get_rng_state(), before)
