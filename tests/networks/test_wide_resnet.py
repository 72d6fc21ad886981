"""Wide ResNet's own claims, from Zagoruyko, Komodakis 2016."""

import torch

from eyespot.networks import build
from eyespot.networks.resnet import Bottleneck
from eyespot.networks.wide_resnet import WideBottleneck


def shapes(name: str) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        return {key: tuple(tensor.shape) for key, tensor in build(name).state_dict().items()}


def test_only_the_inner_layers_of_blocks_are_twice_as_wide():
    thin, wide = shapes("resnet50_v1_5"), shapes("wrn_50_2")
    assert list(thin) == list(wide)
    factors = {
        key: tuple(b // a for a, b in zip(thin[key], wide[key], strict=True)) for key in thin
    }
    for key, factor in factors.items():
        layer = key.split(".")[-2]
        if not key.startswith("layer") or "downsample" in key:
            assert set(factor) <= {1}, key
        elif layer in ("conv1", "conv2", "conv3"):
            expected = {"conv1": (2, 1, 1, 1), "conv2": (2, 2, 1, 1), "conv3": (1, 2, 1, 1)}
            assert factor == expected[layer], key


def test_one_times_as_wide_is_the_original_block():
    wide = WideBottleneck(8, 16, stride=2, k=1).eval()
    original = Bottleneck(8, 16, stride=2, stride_in_3x3=True).eval()
    original.load_state_dict(wide.state_dict())
    features = torch.randn(2, 8, 9, 10)
    with torch.inference_mode():
        assert torch.equal(wide(features), original(features))


def test_the_work_of_the_3x3_grows_with_the_square_of_the_width():
    thin, wide = (WideBottleneck(64, 64, stride=1, k=k) for k in (1, 3))
    assert wide.conv2.weight.numel() == 9 * thin.conv2.weight.numel()
    assert wide.conv1.weight.numel() == 3 * thin.conv1.weight.numel()
