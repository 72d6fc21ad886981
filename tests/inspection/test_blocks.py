"""What is noted of a block is what it computes."""

import torch
from torch import nn

from eyespot.inspection.blocks import taken, trace
from eyespot.inspection.boxes import boxes
from eyespot.networks import build
from eyespot.networks.resnet import BasicBlock, Bottleneck


def traced(block, *shape, leaves=None):
    with torch.device("meta"):
        return trace(block, (torch.empty(1, *shape, device="meta"),), leaves=leaves or {})


def words(block, *shape, **options):
    return [(box.text, *box.above, *box.below) for box in boxes(traced(block, *shape), **options)]


def test_a_basic_block_is_two_convolutions_and_a_sum_with_its_input():
    layers = traced(BasicBlock(64, 64, stride=1).to("meta"), 64, 8, 8)
    plus = next(layer for layer in layers if layer.kind == "sum")
    before = [layers[number] for number in plus.reads]
    assert {each.kind for each in before} == {"norm", "input"}
    assert [layer.text for layer in layers if layer.kind == "convolution"] == ["3x3, 64", "3x3, 64"]


def test_an_activation_in_place_is_a_layer_of_its_own():
    """ReLU writes into what it reads: who reads afterwards reads the ReLU."""
    block = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU(inplace=True), nn.Conv2d(8, 4, 1))
    layers = traced(block.to("meta"), 3, 4, 4)
    assert [layer.reads for layer in layers] == [(), (0,), (1,), (2,), (3,)]


def test_a_shortcut_that_projects_is_read_beside_the_residual():
    layers = traced(Bottleneck(64, 256, stride=2).to("meta"), 64, 8, 8)
    plus = next(layer for layer in layers if layer.kind == "sum")
    assert [layers[number].module for number in plus.reads] == ["bn3", "downsample.1"]


def test_norm_and_activation_share_the_box_of_the_layer_that_they_belong_to():
    post = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
    assert words(post.to("meta"), 3, 4, 4)[1] == ("3x3, 8", "batch norm, ReLU")
    before = nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 8, 3, padding=1))
    assert words(before.to("meta"), 3, 4, 4)[1] == ("3x3, 8", "batch norm, ReLU")
    first, second = (boxes(traced(each.to("meta"), 3, 4, 4))[1] for each in (post, before))
    assert (first.below, second.above) == (("batch norm, ReLU",), ("batch norm, ReLU",))


def test_equal_boxes_in_a_row_are_one_where_a_whole_network_is_drawn():
    stack = nn.Sequential(*(nn.Conv2d(4, 4, 3, padding=1) for _ in range(3))).to("meta")
    assert len(words(stack, 4, 8, 8)) == 5
    assert words(stack, 4, 8, 8, folds=True)[1] == ("3x3, 4  × 3",)


def test_what_a_gate_weighs_is_read_twice():
    with torch.device("meta"):
        network = build("se_resnet50").eval()
        inputs = taken(network, "layer1.1", torch.empty(1, 3, 64, 64))
        layers = trace(network.layer1[1], inputs, leaves={})
    product = next(layer for layer in layers if layer.kind == "product")
    source, gate = (layers[number] for number in product.reads)
    assert (source.module, gate.text) == ("bn3", "sigmoid")
    assert gate.shape == (256, 1, 1)


def test_reshaping_that_shuffles_channels_is_told_from_other_reshaping():
    with torch.device("meta"):
        network = build("shufflenet_v2_1_0").eval()
        inputs = taken(network, "stage2.1", torch.empty(1, 3, 64, 64))
        layers = trace(network.stage2[1], inputs, leaves={})
    assert [layer.text for layer in layers if layer.kind == "other"] == ["channel shuffle"]
    assert [layer.text for layer in layers if layer.kind == "concatenation"] == ["split", "concat"]


def test_a_traced_block_is_left_as_it_was():
    block = nn.Sequential(nn.Conv2d(3, 8, 1), nn.Dropout(0.5)).to("meta")
    block[1].eval()
    assert len(traced(block, 3, 4, 4)) == 3, "dropout is not drawn"
    assert block.training
    assert not block[1].training
    assert not any(each._forward_hooks or each._forward_pre_hooks for each in block.modules())
