"""PReLU-net's own claims, from He, Zhang, Ren, Sun 2015 (Delving Deep into Rectifiers)."""

import pytest
import torch
from torch import nn

from eyespot.networks import build, find
from eyespot.networks.prelu_net import PReLUNet, SpatialPyramidPooling, stage


def on_meta(name):
    with torch.device("meta"):
        return build(name).eval()


@pytest.mark.parametrize(("letter", "depth"), [("a", 19), ("b", 22), ("c", 22)])
def test_the_networks_have_the_depths_of_table_3(letter, depth):
    modules = on_meta(f"prelu_net_{letter}").modules()
    assert len([m for m in modules if isinstance(m, nn.Conv2d | nn.Linear)]) == depth


@pytest.mark.parametrize(("letter", "printed"), [("a", 1.90), ("b", 2.32), ("c", 5.30)])
def test_multiply_adds_are_those_of_table_3(letter, printed):
    tens_of_billions = find(f"prelu_net_{letter}").multiply_adds / 1e10
    # c is 5.346 by its widths: 224**2 / 4 * 96 * 147 + 9 * (56**2 * (96 + 5 * 384) * 384
    # + 28**2 * (384 + 5 * 768) * 768 + 14**2 * (768 + 5 * 896) * 896), and the linear layers
    assert tens_of_billions == pytest.approx(printed, abs=0.01 if letter != "c" else 0.05)


def test_the_time_is_roughly_vgg_19s_at_the_same_depth():
    ratio = find("prelu_net_a").multiply_adds / find("vgg19").multiply_adds
    assert round(ratio, 2) == 0.97  # printed 1.90 and 1.96


def test_each_channel_has_a_slope_that_starts_at_a_quarter():
    network = PReLUNet((8, 16, 16), depth=2)
    slopes = [m.weight for m in network.modules() if isinstance(m, nn.PReLU)]
    assert [len(each) for each in slopes] == [96, 8, 8, 16, 16, 16, 16, 4096, 4096]
    assert all(torch.all(each == 0.25) for each in slopes)
    responses = torch.tensor([[[[-2.0]], [[3.0]], [[-8.0]]]])
    activation = nn.PReLU(3)
    activation.weight.data = torch.tensor([0.25, 0.25, 0.5])
    assert activation(responses).flatten().tolist() == [-0.5, 3.0, -4.0]  # Eq. 1


def test_slopes_are_the_only_parameters_that_a_rectified_network_would_not_have():
    # channels of 1 + 15 convolutions and of two linear layers
    slopes = 96 + 5 * (256 + 512 + 512) + 2 * 4096
    weights = 147 * 96 + 9 * (96 * 256 + 4 * 256**2 + 256 * 512 + 9 * 512**2)
    weights += 63 * 512 * 4096 + 4096**2 + 4096 * 1000
    biases = slopes + 1000
    assert find("prelu_net_a").parameters == weights + biases + slopes


def test_the_pyramid_has_63_bins_of_maxima_that_cover_the_map():
    features = torch.rand(2, 3, 14, 14)
    output = SpatialPyramidPooling()(features)
    assert output.shape == (2, 63 * 3)
    sevens = features.unflatten(2, (7, 2)).unflatten(4, (7, 2)).amax((3, 5))
    spans = [slice(0, 5), slice(4, 10), slice(9, 14)]  # floor(14 i / 3) to ceil(14 (i + 1) / 3)
    threes = [[features[:, :, rows, columns].amax((2, 3)) for columns in spans] for rows in spans]
    threes = torch.stack([each for row in threes for each in row], dim=2)
    expected = [sevens.flatten(1), threes.flatten(1)]
    expected += [features.unflatten(2, (2, 7)).unflatten(4, (2, 7)).amax((3, 5)).flatten(1)]
    expected += [features.amax((2, 3))]
    assert torch.equal(output, torch.cat(expected, dim=1))
    assert SpatialPyramidPooling()(features[:, :, :5, :9]).shape == (2, 63 * 3)


def test_convolutions_start_by_equation_14_with_slopes_and_linear_layers_with_fixed_deviations():
    network = PReLUNet((64, 128, 128), depth=2, generator=torch.Generator().manual_seed(5))
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.weight[:, 0].numel()  # k^2 * d
            n = module.weight.numel()  # 5 * sqrt(2 / n) holds for the variance of n normal numbers
            exact = pytest.approx(2 / (1 + 0.25**2) / fan_out, rel=5 * (2 / n) ** 0.5)
            assert module.weight.var().item() == exact, name
    linear = [network.classifier[i] for i in (0, 3, 6)]
    for layer, std in zip(linear, (0.01, 0.01, 0.001), strict=True):
        assert layer.weight.std().item() == pytest.approx(std, rel=0.01)
    assert not any(p.any() for name, p in network.named_parameters() if name.endswith("bias"))


def test_gradients_keep_their_size_through_many_layers_and_vanish_with_xaviers_start():
    generator = torch.Generator().manual_seed(1)
    network = PReLUNet((64, 64, 64), depth=10, generator=generator)
    layers = network.features.stage4  # ten of 64 channels
    images = torch.randn(4, 64, 32, 32, generator=generator).requires_grad_()
    upstream = torch.randn(4, 64, 32, 32, generator=generator)

    def backward() -> float:
        (gradient,) = torch.autograd.grad(layers(images), images, upstream)
        return gradient[:, :, 10:22, 10:22].var().item()  # ten pixels from the zeros around the map

    assert 0.5 < backward() < 2
    for module in layers:
        if isinstance(module, nn.Conv2d):
            nn.init.xavier_normal_(module.weight, generator=generator)
    # half of (1 + 0.25 ** 2) for each layer: 0.53 ** 10 is 0.0018
    assert backward() == pytest.approx(0.0018, rel=0.5)


def test_a_stage_keeps_the_size_of_the_map():
    assert stage(3, 5, depth=4)(torch.rand(1, 3, 6, 7)).shape == (1, 5, 6, 7)
