"""SqueezeNet's own claims, from Iandola et al. 2016, and its authors' compressed weights."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from eyespot import taps
from eyespot.networks import build, find
from eyespot.networks.counting import count
from eyespot.networks.squeezenet import FIRES, Fire
from eyespot.weights.catalogue import imagenet_classes
from eyespot.weights.load import from_file

WEIGHTS = Path(__file__).resolve().parents[3] / "shared" / "weights"
COMPRESSED = WEIGHTS / "squeezenet1_0_deepcompression.safetensors"


def on_meta(name):
    with torch.device("meta"):
        return build(name).eval()


def map_sizes(name, size):
    network, modules = on_meta(name), [stage.module for stage in find(name).stages]
    with taps.record(network, modules) as responses:
        network(torch.empty(1, 3, size, size, device="meta"))
    return [responses[module].shape[-1] for module in modules]


def test_fire_modules_follow_the_metaparameters_of_section_5_1():
    # expand channels begin at 128 and grow by 128 every second module; half of them are 3x3; an
    # eighth of them squeezes
    expand = [128 + 128 * (i // 2) for i in range(8)]
    assert tuple((each // 8, each // 2) for each in expand) == FIRES


def test_parameters_are_those_of_table_1_line_by_line():
    network = on_meta("squeezenet1_0")
    lines = [network.features[0], *(m for m in network.features if isinstance(m, Fire))]
    lines.append(network.classifier)
    assert [sum(p.numel() for p in line.parameters()) for line in lines] == [
        14_208, 11_920, 12_432, 45_344, 49_440, 104_880, 111_024, 188_992, 197_184, 513_000
    ]  # fmt: skip


def test_alexnet_has_50_times_the_parameters():
    ratio = find("alexnet").parameters / find("squeezenet1_0").parameters
    assert round(ratio, -1) == 50


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("squeezenet1_0", 227, [111, 55, 27, 13]),  # Table 1
        ("squeezenet1_0", 224, [109, 54, 27, 13]),  # rounded down the last one would be 12
        ("squeezenet1_1", 227, [113, 56, 28, 14]),  # rounded down: 113, 56, 27, 13
    ],
)
def test_pools_round_up(name, size, expected):
    assert map_sizes(name, size) == expected


def test_the_printed_operations_are_two_for_each_multiply_add_with_a_rim_before_conv10():
    network = on_meta("squeezenet1_0")
    assert count(network, 227).multiply_adds == 832_667_936
    network.classifier[1].padding = (1, 1)  # as the authors' code has it
    assert round(2 * count(network, 227).multiply_adds / 1e9, 2) == 1.72


def test_the_head_is_rectified_at_every_position_before_the_mean():
    network = build("squeezenet1_1", num_classes=20).eval()
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        scores = network.classifier[1](network.forward_features(images))
        logits = network(images)
    torch.testing.assert_close(logits, scores.clamp(min=0).mean((2, 3)))
    assert scores.min() < 0 <= logits.min()
    assert not torch.allclose(logits, scores.mean((2, 3)).clamp(min=0))


def test_weights_start_uniform_with_variance_one_over_fan_in_and_the_head_normal():
    network = build("squeezenet1_0", seed=5)
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            is_head = name == find("squeezenet1_0").head
            variance = 0.01**2 if is_head else 1 / module.weight[0].numel()
            n = module.weight.numel()  # 5 * sqrt(2 / n) holds for normal and uniform numbers
            assert module.weight.var().item() == pytest.approx(variance, rel=5 * (2 / n) ** 0.5)
            bound = (3 * variance) ** 0.5
            assert (module.weight.abs().max().item() > 1.01 * bound) is is_head, name
            assert not module.bias.any()


def warped(file: Path) -> torch.Tensor:
    """(3, 227, 227) warped to 256 x 256, cropped, mean subtracted: Caffe's custom."""
    with Image.open(file) as picture:
        pixels = torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1).double()
    (image,) = functional.interpolate(pixels[None], (256, 256), mode="bilinear")
    return image[:, 14:241, 14:241] - torch.tensor([123.0, 117.0, 104.0]).view(3, 1, 1)


@pytest.mark.skipif(not COMPRESSED.is_file(), reason="the weights are not beside this checkout")
def test_the_authors_compressed_weights_name_real_photos(real_photos):
    files = sorted(real_photos("imagenet-100").glob("*.JPEG"))
    wnids = [wnid for wnid, _ in imagenet_classes()]
    truth = torch.tensor([wnids.index(file.name.partition("_")[0]) for file in files])
    images = torch.stack([warped(file) for file in files])
    network = from_file(COMPRESSED, "torchvision/squeezenet1_0")
    with torch.inference_mode():
        logits = torch.cat([network(batch) for batch in images.float().split(10)])
        first = network.double()(images[:1])[0]  # a tench
    assert files[0].name == "n01440764_tench.JPEG"
    values, classes = first.topk(5)
    assert classes.tolist() == [0, 1, 29, 389, 32]
    assert values.tolist() == pytest.approx([34.8867, 25.9541, 25.3939, 22.8875, 22.0854], abs=5e-5)
    top = logits.topk(5).indices
    assert (top[:, 0] == truth).sum() == 64  # measured by torchvision's network, n = 100
    assert (top == truth[:, None]).any(1).sum() == 87
