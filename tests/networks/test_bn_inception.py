"""BN-Inception's own claims, from Ioffe, Szegedy 2015."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from eyespot.networks import build, find
from eyespot.networks.bn_inception import Inception, Reduction, conv

MODULES = [f"inception{name}" for name in ("3a", "3b", "3c", "4a", "4b", "4c", "4d", "4e")]
MODULES += ["inception5a", "inception5b"]


def on_meta(name="bn_inception"):
    with torch.device("meta"):
        return build(name).eval()


def deepest(module):
    """The most convolutions that stand one behind the other in a branch."""
    branches = module.children()
    return max(sum(isinstance(m, nn.Conv2d) for m in branch.modules()) for branch in branches)


def test_every_convolution_is_normalised_before_its_rectifier_and_has_no_bias():
    network = on_meta()
    leaves = [m for m in network.modules() if not list(m.children())]
    kinds = [type(m) for m in leaves]
    after = [kinds[i : i + 3] for i, kind in enumerate(kinds) if kind is nn.Conv2d]
    assert after == [[nn.Conv2d, nn.BatchNorm2d, nn.ReLU]] * 69  # 3, 8 modules of 7, 2 of 5
    assert all(m.bias is None for m in leaves if isinstance(m, nn.Conv2d))
    assert not {nn.Dropout, nn.LocalResponseNorm} & set(kinds)


def test_two_3x3_for_the_5x5_make_nine_layers_more_than_googlenets():
    ours = 3 + sum(deepest(on_meta().get_submodule(name)) for name in MODULES) + 1
    assert ours == 22 + 9 + 3  # GoogLeNet, one for each of its modules, and the new module 3c


def test_the_last_columns_of_fig_5_add_up_to_608_608_and_1056():
    network = on_meta()
    taken = {name: network.get_submodule(name).branch2[0][0].in_channels for name in MODULES}
    assert list(taken.values()) == [192, 256, 320, 576, 576, 576, 608, 608, 1056, 1024]


def test_caffes_network_has_a_bias_more_for_each_channel():
    channels = sum(m.out_channels for m in on_meta().modules() if isinstance(m, nn.Conv2d))
    assert find("bn_inception").parameters + channels == 11_295_240


def test_tf_slims_network_is_narrower_by_32_channels_behind_4c_4d_and_4e():
    projections = 32 * (576 + 2) + (608 * 128 - 576 * 96) + 2 * 32  # of 4c, 4d; norms have 2
    readers = 32 * (96 + 128 + 160)  # the first layers of 4d, but its projection,
    readers += 32 * (128 + 192)  # of 4e,
    readers += 32 * (352 + 192 + 160 + 128)  # and of 5a
    assert find("bn_inception").parameters - projections - readers == 11_194_984


def test_modules_that_stride_pass_their_input_through_a_maximum():
    module = Reduction(6, (4, 5, 3, 7)).eval()
    features = torch.rand(2, 6, 8, 8)
    output = module(features)
    assert output.shape == (2, 5 + 7 + 6, 4, 4)
    torch.testing.assert_close(
        output[:, -6:], functional.max_pool2d(features, 3, 2, ceil_mode=True)
    )
    assert module(torch.rand(2, 6, 7, 9)).shape == (2, 18, 4, 5)


def test_only_5b_takes_the_maximum_and_means_leave_zeros_around_the_map_out():
    projecting = [name for name in MODULES if name not in ("inception3c", "inception4e")]
    pools = {name: type(on_meta().get_submodule(name).branch4[0]) for name in projecting}
    assert [name for name in pools if pools[name] is nn.MaxPool2d] == ["inception5b"]
    assert [name for name in pools if pools[name] is nn.AvgPool2d] == projecting[:-1]
    module = Inception(2, (1, 1, 1, 1, 1, 1))
    torch.testing.assert_close(module.branch4[0](torch.ones(1, 2, 5, 5)), torch.ones(1, 2, 5, 5))


def test_what_strides_pads_as_tensorflow_does():
    pad, convolution, norm, _ = conv(1, 1, 7, stride=2)
    nn.init.ones_(convolution.weight)
    image = torch.zeros(1, 1, 224, 1)
    image[0, 0, 4] = 1  # two zeros above 224 pixels and three below: the first window ends here
    assert convolution(pad(image))[0, 0, :3, 0].tolist() == [1, 1, 1]
    assert convolution(pad(image.roll(1, 2)))[0, 0, :3, 0].tolist() == [0, 1, 1]
    assert (norm.eps, norm.momentum) == (1e-3, pytest.approx(1 - 0.9997))


def test_weights_start_cut_at_two_deviations_with_variance_two_over_fan_in():
    network = build("bn_inception", seed=5)
    own = {"branch2.0.0": 0.09, "branch3.0.0": 0.09, "branch4.1.0": 0.1, "conv2.0": 0.1}
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            std = next((s for end, s in own.items() if name.endswith(end)), None)
            # a normal that is cut at two deviations keeps 0.774 of its variance
            variance = 0.774 * std**2 if std else 2 / module.weight[0].numel()
            n = module.weight.numel()
            exact = pytest.approx(variance, rel=0.01 + 5 * (2 / n) ** 0.5)  # 1.3 is rounded
            assert module.weight.var().item() == exact, name
