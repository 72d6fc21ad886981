"""EfficientNet's own claims: scaling, padding, what is random in training."""

from math import sqrt

import pytest
import torch
from golden.fill import golden
from torch import nn

from eyespot.networks import architectures, build
from eyespot.networks.compound_scaling import B0, scaled
from eyespot.networks.layers import SamePadding, SqueezeExcitation, scaled_channels, unit
from eyespot.networks.mbconv import TENSORFLOW, TIMM, MBConv, StochasticDepth

PAPERS = {row["name"]: row for row in golden("papers") if row["coefficients"]}


def scaled_table(row):
    numbers = row["coefficients"]
    return scaled(B0, depth=numbers["depth"], width=numbers["width"], lite="lite" in row["name"])


@pytest.mark.parametrize("row", PAPERS.values(), ids=PAPERS.keys())
def test_the_scaled_table_is_the_papers(row):
    table = scaled_table(row)
    *stages, _ = row["stages"]
    assert table.channels == tuple(stage["channels"] for stage in stages)
    assert [s.depth for s in table.stages] == [stage["blocks"] for stage in stages[1:-1]]
    assert [s.stride for s in table.stages] == [stage["stride"] for stage in stages[1:-1]]


@pytest.mark.parametrize(
    ("channels", "width", "expected"),
    [
        (32, 1.0, 32),
        (16, 1.1, 16),  # 17.6: the nearest multiple of 8 is 16, 9 % below
        (24, 1.1, 24),  # 26.4 -> 24, 9 % below
        (16, 1.2, 24),  # 19.2 -> 16 would be 17 % below
        (40, 1.4, 56),
        (320, 1.1, 352),
        (3, 1.0, 8),
    ],
)
def test_channels_are_rounded_to_eights_and_lose_a_tenth_at_most(channels, width, expected):
    assert scaled_channels(channels, width) == expected


@pytest.mark.parametrize("kernel_size", [3, 5])
@pytest.mark.parametrize("size", range(1, 33))
def test_same_padding_gives_half_the_pixels_rounded_up_and_the_odd_zero_last(size, kernel_size):
    before, after = SamePadding(kernel_size, 2).sides(size)
    out = (before + size + after - kernel_size) // 2 + 1
    assert out == (size + 1) // 2
    # at an even size one zero fewer than symmetric padding, and it is the first one
    half = kernel_size // 2
    assert (before, after) == ((half - 1, half) if size % 2 == 0 else (half, half))


@pytest.mark.parametrize("kernel_size", [3, 5])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (8, 9), (9, 8), (9, 9), (1, 2)])
def test_same_padding_is_a_convolution_over_zeros(height, width, kernel_size):
    conv = unit(2, 3, kernel_size, edition=TENSORFLOW, activation=None, stride=2).eval()
    image = torch.randn(1, 2, height, width)
    half = kernel_size // 2
    top, left = half - (height % 2 == 0), half - (width % 2 == 0)
    big = torch.zeros(1, 2, 32, 32)
    big[:, :, top : top + height, left : left + width] = image
    with torch.inference_mode():
        known = nn.functional.conv2d(big, conv.get_submodule("0").weight, stride=2)
        given = nn.Sequential(conv.get_submodule("pad"), conv.get_submodule("0"))(image)
    torch.testing.assert_close(given, known[:, :, : (height + 1) // 2, : (width + 1) // 2])


@pytest.mark.parametrize(("size", "agree"), [(31, True), (32, False)])
def test_editions_pad_alike_at_odd_sizes_only(size, agree):
    paper = unit(3, 4, 3, edition=TENSORFLOW, activation=None, stride=2)
    other = unit(3, 4, 3, edition=TIMM, activation=None, stride=2)
    other.load_state_dict(paper.state_dict())
    images = torch.randn(1, 3, size, size)
    pads = nn.Sequential(paper.get_submodule("pad"), paper.get_submodule("0"))
    given, known = pads(images), other.get_submodule("0")(images)
    assert given.shape == known.shape
    assert torch.allclose(given, known, atol=1e-6) is agree


def test_the_squeeze_is_a_quarter_of_the_blocks_input():
    with torch.device("meta"):
        block = MBConv(
            24, 24, kernel_size=3, stride=1, expansion=6, lite=False, drop=0.0, edition=TIMM
        )
    (squeeze,) = (m for m in block.modules() if isinstance(m, SqueezeExcitation))
    assert squeeze.fc1.weight.shape == (6, 144, 1, 1)


def test_the_residual_is_left_out_picture_by_picture_in_training_only():
    drop = StochasticDepth(0.25)
    residual = torch.ones(4000, 2, 3, 3)
    torch.manual_seed(0)
    kept = drop.train()(residual)
    assert torch.equal(kept, kept[:, :1, :1, :1].expand_as(kept))
    assert kept.unique().tolist() == pytest.approx([0, 4 / 3])  # scaled up by 1 / 0.75
    # the mean of 4000 draws is off by 5 * sqrt(0.25 / 0.75 / 4000) = 0.046 at most
    assert kept.mean().item() == pytest.approx(1, abs=0.046)
    assert torch.equal(drop.eval()(residual), residual)


@pytest.mark.parametrize("name", ["efficientnet_b0", "efficientnet_b7", "efficientnet_lite2"])
def test_stochastic_depth_grows_block_by_block_to_a_fifth(name):
    with torch.device("meta"):
        network = build(name)
    shares = [m.probability for m in network.modules() if isinstance(m, StochasticDepth)]
    blocks = len(shares)
    assert shares == pytest.approx([0.2 * i / blocks for i in range(blocks)])


@pytest.mark.parametrize("row", PAPERS.values(), ids=PAPERS.keys())
def test_dropout_is_the_released_codes(row):
    with torch.device("meta"):
        network = build(row["name"])
    assert network.get_submodule("classifier.0").p == row["coefficients"]["dropout"]


@pytest.mark.parametrize("lite", [False, True])
def test_lite_has_no_squeeze_and_relu6(lite):
    with torch.device("meta"):
        network = build("efficientnet_lite1" if lite else "efficientnet_b1")
    kinds = {type(module) for module in network.modules()}
    assert (SqueezeExcitation in kinds) is not lite
    assert (nn.ReLU6 in kinds) is lite
    assert (nn.SiLU in kinds) is not lite


def test_convolutions_start_with_variance_two_over_fan_out_and_the_head_uniform():
    network = build("efficientnet_b0", seed=1)
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 2000:
            area = module.kernel_size[0] * module.kernel_size[1]
            depthwise = module.groups > 1
            fan_out = area if depthwise else area * module.out_channels
            assert module.weight.var().item() == pytest.approx(2 / fan_out, rel=0.16), name
            assert module.bias is None or not module.bias.any(), name
    head = network.get_submodule("classifier.1")
    assert head.weight.abs().max().item() == pytest.approx(1 / sqrt(1000), rel=1e-3)
    assert head.weight.std().item() == pytest.approx(1 / sqrt(3000), rel=0.01)
    assert not head.bias.any()


def test_the_twins_differ_in_edition_alone():
    rows = architectures()
    for i in range(8):
        twin = rows[f"efficientnet_b{i}_torchvision"]
        assert rows[f"efficientnet_b{i}"].stages == twin.stages
        assert twin.edition == "torchvision"
    for i in range(5):
        assert rows[f"efficientnet_lite{i}"].stages == rows[f"efficientnet_lite{i}_timm"].stages
