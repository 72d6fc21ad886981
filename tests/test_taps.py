"""Recording responses from outside."""

import pytest
import torch
from torch import nn

from eyespot import taps
from eyespot.errors import InputError
from eyespot.networks import build


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.relu = nn.ReLU(inplace=True)
        self.pair = Pair()

    def forward(self, x):
        return self.relu(self.linear(self.relu(self.linear(x))))


class Pair(nn.Module):
    def forward(self, x):
        return x, x


def hooks(network):
    return sum(len(module._forward_hooks) for module in network.modules())


def test_a_response_is_what_the_layer_gave():
    network = build("resnet18", num_classes=3).eval()
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode(), taps.record(network, ["layer4", "fc"]) as responses:
        logits = network(images)
    with torch.inference_mode():
        assert torch.equal(responses["layer4"], network.forward_features(images))
    assert torch.equal(responses["fc"], logits)


def test_every_run_of_a_layer_is_kept_in_order():
    network = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
    first, second = torch.randn(2, 4), torch.randn(3, 4)
    with torch.inference_mode(), taps.record_runs(network, ["0", "1"]) as runs:
        network(first)
        network(second)
    assert [name for name, _ in runs] == ["0", "1", "0", "1"]
    with torch.inference_mode():
        for images, (_, response) in zip((first, second), runs[::2], strict=True):
            assert torch.equal(response, network[0](images))
    assert hooks(network) == 0


def test_an_activation_in_place_does_not_change_a_response():
    network, images = Tiny(), torch.randn(8, 4)
    with torch.inference_mode(), taps.record(network, ["linear", "relu"]) as responses:
        network(images)
        hidden = network.linear(images).clamp(min=0)
        network(images)
        expected = nn.functional.linear(hidden, network.linear.weight, network.linear.bias)
    assert (expected < 0).any()  # else the activation would change nothing
    assert torch.equal(responses["linear"], expected)
    assert torch.equal(responses["relu"], expected.clamp(min=0))


def test_recording_changes_no_answer():
    network, images = build("efficientnet_lite0").eval(), torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        before = network(images)
        with taps.record(network, [name for name, _ in network.named_modules() if name]) as seen:
            during = network(images)
    assert torch.equal(before, during)
    assert len(seen) > 100
    assert hooks(network) == 0


def test_a_response_can_be_differentiated():
    network, images = Tiny(), torch.randn(2, 4, requires_grad=True)
    with taps.record(network, ["relu"]) as responses:
        network(images)
    responses["relu"].sum().backward()
    assert images.grad is not None


def test_an_unknown_layer_is_answered_with_near_ones_and_leaves_no_hook():
    network = build("resnet18")
    with (
        pytest.raises(InputError, match=r"no layer 'layer5'. Did you mean layer"),
        taps.record(network, ["layer1", "layer5"]),
    ):
        pass
    assert hooks(network) == 0


def test_an_exception_in_the_block_leaves_no_hook():
    network = Tiny()
    with pytest.raises(ZeroDivisionError), taps.record(network, ["linear"]):
        assert hooks(network) == 1
        raise ZeroDivisionError
    assert hooks(network) == 0


def test_a_layer_that_gives_no_tensor_is_refused():
    network = Tiny()
    with pytest.raises(InputError, match="'pair' gives a tuple"), taps.record(network, ["pair"]):
        network.pair(torch.zeros(1))
    assert hooks(network) == 0
