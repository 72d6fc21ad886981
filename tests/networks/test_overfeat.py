"""OverFeat's own claims, from Sermanet, Eigen, Zhang, Mathieu, Fergus, LeCun 2014."""

import pytest
import torch
from torch import nn

from eyespot.networks import build, find
from eyespot.networks.overfeat import OverFeat

NAMES = ["overfeat_fast", "overfeat_accurate"]


def on_meta(name):
    with torch.device("meta"):
        return build(name).eval()


def small(**options):
    """The accurate network's strides and windows, with few channels."""
    table = ((8, 7, 2, 0, 3), (8, 7, 1, 0, 2), (8, 3, 1, 1, 1), (8, 3, 1, 1, 3))
    generator = torch.Generator().manual_seed(5)
    return OverFeat(table, image_size=221, full=(5, 64, 96), generator=generator, **options)


def sizes(network, size):
    """(side, channels) of what every convolution and pool gives."""
    layers = [*network.features.modules(), network.pool, *network.classifier]
    images, given = torch.empty(1, 3, size, size, device="meta"), []
    for layer in layers:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            images = layer(images)
            given.append((images.shape[-1], images.shape[1]))
    return given


def test_the_fast_network_has_the_maps_of_table_1():
    convolutions = [(56, 96), (28, 96), (24, 256), (12, 256), (12, 512), (12, 1024), (12, 1024)]
    full = [(6, 1024), (1, 3072), (1, 4096), (1, 1000)]
    assert sizes(on_meta("overfeat_fast"), 231) == convolutions + full


def test_the_accurate_network_has_the_maps_of_table_3():
    convolutions = [(108, 96), (36, 96), (30, 256), (15, 256), (15, 512), (15, 512), (15, 1024)]
    full = [(15, 1024), (5, 1024), (1, 4096), (1, 4096), (1, 1000)]
    assert sizes(on_meta("overfeat_accurate"), 221) == convolutions + full


@pytest.mark.parametrize(("name", "depth"), [(NAMES[0], 8), (NAMES[1], 9)])
def test_every_layer_with_weights_is_a_convolution(name, depth):
    layers = [m for m in on_meta(name).modules() if list(m.parameters(recurse=False))]
    assert [type(layer) for layer in layers] == [nn.Conv2d] * depth


@pytest.mark.parametrize("name", NAMES)
def test_pools_do_not_overlap_and_nothing_normalises(name):
    modules = list(on_meta(name).modules())
    pools = [module for module in modules if isinstance(module, nn.MaxPool2d)]
    assert len(pools) == 3 and all(pool.kernel_size == pool.stride for pool in pools)
    assert not [module for module in modules if "Norm" in type(module).__name__]


# strides 2 * 3 * 2 * 3 and 4 * 2 * 2 * 2; without the last pool 12 and 16
@pytest.mark.parametrize(("name", "stride", "fine"), [(NAMES[0], 32, 16), (NAMES[1], 36, 12)])
def test_a_window_more_takes_a_total_stride_more_of_picture(name, stride, fine):
    network, least = on_meta(name), find(name).image_size
    for more, windows in ((0, 1), (stride - 1, 1), (stride, 2), (3 * stride, 4)):
        features = network.forward_features(torch.empty(1, 3, least, least + more, device="meta"))
        scores = network.classifier(network.pool(features))
        assert scores.shape == (1, 1000, 1, windows)
        assert features.shape[-1] == features.shape[-2] + more // fine


# Sect. 3.3, Table 5: picture, map of layer 5 before its pool, class scores of all offsets. At the
# fifth scale the paper prints 32x35, but 18x24 scores, which 32x38 gives: (38 - 2) // 3 - 4 = 8.
SCALES = [
    ((245, 245), (17, 17), (3, 3)),
    ((281, 317), (20, 23), (6, 9)),
    ((317, 389), (23, 29), (9, 15)),
    ((389, 461), (29, 35), (15, 21)),
    ((425, 497), (32, 38), (18, 24)),
    ((461, 569), (35, 44), (21, 30)),
]


@pytest.mark.parametrize(("picture", "unpooled", "scores"), SCALES)
def test_pools_at_nine_offsets_give_the_scores_of_the_six_scales(picture, unpooled, scores):
    network = on_meta("overfeat_accurate")
    features = network.forward_features(torch.empty(1, 3, *picture, device="meta"))
    assert features.shape[2:] == unpooled
    maps = [
        network.classifier(network.pool(features[:, :, i:, j:])).shape[2:]
        for i in range(3)
        for j in range(3)
    ]
    assert {(3 * height, 3 * width) for height, width in maps} == {scores}


def test_logits_of_a_larger_picture_are_the_mean_of_its_windows():
    network = small(num_classes=7).eval()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.1)
    images = torch.randn(2, 3, 221 + 36, 221 + 2 * 36)
    with torch.inference_mode():
        scores = network.classifier(network.pool(network.forward_features(images)))
        assert scores.shape == (2, 7, 2, 3)
        assert scores.flatten(2).std(2).min() > 1e-3 * scores.std()
        torch.testing.assert_close(network(images), scores.mean((2, 3)))


def test_half_of_what_the_two_full_layers_give_is_dropped():
    network = small(num_classes=2).train()
    assert [type(m) for m in network.classifier].count(nn.Dropout) == 2
    for i in (2, 5):
        dropped = network.classifier[i](torch.ones(64, 64, 1, 1)) == 0
        assert 0.4 < dropped.float().mean() < 0.6
    assert type(network.classifier[6]) is nn.Conv2d


def test_weights_start_normal_at_a_hundredth_and_biases_at_0():
    for layer in (m for m in small().modules() if isinstance(m, nn.Conv2d)):
        # the deviation of n normal numbers is off by 5 / sqrt(2 * n) at most
        error = 5 / (2 * layer.weight.numel()) ** 0.5
        assert layer.weight.std().item() == pytest.approx(0.01, rel=error)
        assert not layer.bias.any()
