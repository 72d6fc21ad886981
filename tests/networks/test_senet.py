"""SENet's own claims, from Hu, Shen, Albanie, Sun, Wu 2018."""

import pytest
import torch
from torch import nn

from eyespot.networks import build, find
from eyespot.networks.counting import count
from eyespot.networks.resnet import BasicBlock, Bottleneck
from eyespot.networks.resnext import AggregatedBottleneck
from eyespot.networks.senet import SE_RESNET, SE_RESNEXT, SENET_154, TIMM_BASIC, SEBasicBlock

DEPTHS = {"50": (3, 4, 6, 3), "101": (3, 4, 23, 3), "152": (3, 8, 36, 3)}
CHANNELS, SIZES = (256, 512, 1024, 2048), (56, 28, 14, 7)
BLOCKS = [
    (SEBasicBlock(64, 256, stride=2), BasicBlock(64, 256, stride=2)),
    (SE_RESNET(64, 256, stride=2), Bottleneck(64, 256, stride=2)),
    (
        SE_RESNEXT(64, 256, stride=2),
        AggregatedBottleneck(64, 256, stride=2, cardinality=32, width=4),
    ),
]


def set_gate(block: nn.Module, bias: float) -> None:
    nn.init.zeros_(block.se_module.fc2.weight)
    nn.init.constant_(block.se_module.fc2.bias, bias)


@pytest.mark.parametrize(("block", "plain"), BLOCKS)
def test_an_open_gate_leaves_the_original_block(block, plain):
    set_gate(block, 100)  # its sigmoid is 1 in float32
    missing = plain.load_state_dict(block.state_dict(), strict=False)
    assert missing.missing_keys == []
    features = torch.randn(2, 64, 9, 8)
    with torch.inference_mode():
        assert torch.equal(block.eval()(features), plain.eval()(features))


@pytest.mark.parametrize("block", [block for block, _ in BLOCKS])
def test_a_closed_gate_leaves_the_shortcut(block):
    set_gate(block, -1000)  # its sigmoid is 0 in float32
    features = torch.randn(2, 64, 8, 8)
    with torch.inference_mode():
        assert torch.equal(block.eval()(features), block.downsample(features).relu())


def test_the_gate_weighs_each_channel_alike_at_all_positions():
    block = SE_RESNET(256, 256, stride=1).eval()
    residual = torch.randn(2, 256, 6, 5)
    with torch.inference_mode():
        squeezed = residual.mean((2, 3))  # Eq. 2
        first, second = (getattr(block.se_module, name) for name in ("fc1", "fc2"))
        excited = first.weight[:, :, 0, 0] @ squeezed.T + first.bias[:, None]
        gates = (
            second.weight[:, :, 0, 0] @ excited.relu() + second.bias[:, None]
        ).sigmoid()  # Eq. 3
        torch.testing.assert_close(block.se_module(residual), residual * gates.T[:, :, None, None])
    assert first.out_channels == 16  # Table 1: fc, [16, 256]


@pytest.mark.parametrize("depth", ["50", "101", "152"])
def test_gates_add_the_weights_of_equation_5_and_one_operation_for_each(depth):
    weights = 2 * sum(n * c**2 for n, c in zip(DEPTHS[depth], CHANNELS, strict=True)) // 16
    biases = sum(n * (c + c // 16) for n, c in zip(DEPTHS[depth], CHANNELS, strict=True))
    plain, weighed = find(f"resnet{depth}"), find(f"se_resnet{depth}")
    assert weighed.parameters - plain.parameters == weights + biases
    assert weighed.multiply_adds - plain.multiply_adds == weights


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("se_resnet101", 7.60),
        ("se_resnet152", 11.32),
        ("se_resnext50_32x4d", 4.25),
        ("se_resnext101_32x4d", 8.00),
    ],
)
def test_table_2_counts_every_number_that_leaves_a_layer_or_is_pooled_as_well(name, printed):
    with torch.device("meta"):
        counts = count(build(name), 224)
    depth = name.removeprefix("se_resnet").removeprefix("se_resnext").split("_")[0]
    depths = DEPTHS[depth.removeprefix("xt")]
    pooled = sum(n * c * s**2 for n, c, s in zip(depths, CHANNELS, SIZES, strict=True))
    assert round((counts.multiply_adds + counts.activations + pooled) / 1e9, 2) == printed
    assert round(counts.multiply_adds / 1e9, 2) < printed


def test_senet154_is_named_after_its_layers():
    with torch.device("meta"):
        named = build("senet154").named_modules()
    layers = [name for name, module in named if isinstance(module, nn.Conv2d | nn.Linear)]
    path = [name for name in layers if "downsample" not in name and "se_module" not in name]
    assert len(path) == 154  # ResNeXt-152 with three convolutions for the first


def test_senet154_differs_from_resnext152_as_the_appendix_says():
    block = SENET_154(256, 512, stride=2)
    resnext = AggregatedBottleneck(256, 512, stride=2, cardinality=64, width=4)
    assert 2 * block.conv1.out_channels == resnext.conv1.out_channels  # (a)
    assert block.conv2.out_channels == resnext.conv2.out_channels
    assert (block.downsample[0].kernel_size, block.downsample[0].stride) == ((3, 3), (2, 2))  # (c)
    with torch.device("meta"):
        network = build("senet154")
    stem = [each for each in network.layer0 if isinstance(each, nn.Conv2d)]
    assert [(each.kernel_size, each.out_channels) for each in stem] == [
        ((3, 3), 64),
        ((3, 3), 64),
        ((3, 3), 128),
    ]  # (b)
    assert network.dropout.p == 0.2  # (d)
    assert network.layer1[0].downsample[0].kernel_size == (1, 1)  # nothing is down-sampled there


@pytest.mark.parametrize(("size", "pooled"), [(112, 56), (111, 55), (7, 3), (2, 1)])
def test_the_max_pooling_rounds_up(size, pooled):
    with torch.device("meta"):
        pool = build("se_resnet50").pool0
        # Caffe: ceil((size - 3) / 2) + 1, without padding
        assert pool(torch.empty(1, 1, size, size)).shape[-1] == pooled == -(-(size - 3) // 2) + 1


def test_timms_small_blocks_can_only_add():
    features = torch.randn(2, 64, 8, 8)
    timms, papers = TIMM_BASIC(64, 64, stride=1).eval(), SEBasicBlock(64, 64, stride=1).eval()
    papers.load_state_dict(timms.state_dict())
    with torch.inference_mode():
        assert (timms(features) >= features.relu()).all()
        assert not (papers(features) >= features.relu()).all()
