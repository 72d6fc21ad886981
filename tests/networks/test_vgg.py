"""VGG's own claims, from Simonyan, Zisserman 2015."""

import pytest
import torch
from torch import nn

from eyespot.networks import architectures, build, find
from eyespot.networks.alexnet import response_norm
from eyespot.networks.vgg import initialise, stage


def on_meta(name):
    with torch.device("meta"):
        return build(name)


@pytest.mark.parametrize(
    "name", [row.name for row in architectures().values() if row.family == "vgg"]
)
def test_the_name_counts_the_layers_with_weights(name):
    modules = on_meta(name).modules()
    layers = [m for m in modules if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(layers) == int(name[3:5])


@pytest.mark.parametrize(("kernels", "seen"), [((3, 3), 5), ((3, 3, 3), 7), ((3, 3, 1), 5)])
def test_a_stack_sees_as_much_as_one_large_kernel(kernels, seen):
    stack = nn.Sequential(*stage(1, 1, kernels, batch_norm=False)[:-1])  # without its pool
    for parameter in stack.parameters():
        nn.init.ones_(parameter)  # every rectifier lets through
    image = torch.ones(1, 1, 15, 15, requires_grad=True)
    stack(image)[0, 0, 7, 7].backward()
    middle = torch.zeros(15, 15)
    start = 7 - seen // 2
    middle[start : start + seen, start : start + seen] = 1
    assert torch.equal((image.grad[0, 0] != 0).float(), middle)


def test_a_7x7_kernel_would_have_81_percent_more_weights_than_three_3x3():
    stack = nn.Sequential(*stage(8, 8, (3, 3, 3), batch_norm=False))
    weights = sum(p.numel() for p in stack.parameters() if p.ndim > 1)
    assert weights == 27 * 8**2
    assert int(100 * (49 * 8**2 / weights - 1)) == 81


def test_c_is_b_with_three_1x1_and_d_has_3x3_in_their_place():
    b, c, d = (find(name).parameters for name in ("vgg13", "vgg16_c", "vgg16"))
    assert c - b == 256 * (256 + 1) + 2 * 512 * (512 + 1)
    assert d - c == (9 - 1) * (256**2 + 2 * 512**2)


def test_a_lrn_is_a_with_one_normalisation_behind_the_first_rectifier():
    a, lrn = on_meta("vgg11"), on_meta("vgg11_lrn")
    assert list(a.state_dict()) == list(lrn.state_dict())
    first = a.features[:3].to_empty(device="cpu")
    initialise(first, None)
    normalised = lrn.features[:3].to_empty(device="cpu")
    normalised.load_state_dict(first.state_dict())
    images = 100 * torch.randn(1, 3, 8, 8)
    with torch.inference_mode():
        rectified = first[1](first[0](images))
        expected = nn.functional.max_pool2d(response_norm()(rectified), 2)
        torch.testing.assert_close(normalised(images), expected)
        assert not torch.allclose(first(images), expected)
    assert [type(m) for m in lrn.features[3:]] == [type(m) for m in a.features[3:]]


def test_weights_start_as_glorots_and_biases_at_zero():
    layers = nn.Sequential(nn.Conv2d(64, 128, 3), nn.Conv2d(128, 128, 1), nn.Linear(512, 256))
    initialise(layers, torch.Generator().manual_seed(5))
    for layer, fans in zip(layers, (9 * (64 + 128), 128 + 128, 512 + 256), strict=True):
        bound = (6 / fans) ** 0.5  # uniform: its variance is 2 / (fan-in + fan-out)
        assert bound * 0.999 < layer.weight.abs().max().item() <= bound
        # n >= 16,384 uniform numbers: their variance is off by 5 * sqrt(0.8 / n) = 3.5 % at most
        assert layer.weight.var().item() == pytest.approx(2 / fans, rel=0.035)
        assert not layer.bias.any()


def test_a_variance_of_a_hundredth_would_multiply_the_signals_by_23():
    generator = torch.Generator().manual_seed(1)
    signal = torch.randn(4, 512, 12, 12, generator=generator)
    weight = 0.1 * torch.randn(512, 512, 3, 3, generator=generator)
    given = nn.functional.conv2d(signal.relu(), weight)
    # 4608 inputs * 1/2 behind a rectifier * 0.01; the 512 kernels' draws move it by percents
    assert (given.square().mean() / signal.square().mean()).item() == pytest.approx(23.04, rel=0.05)


@pytest.mark.parametrize("depth", [11, 13, 16, 19])
def test_the_batch_norm_edition_adds_norms_and_nothing_else(depth):
    plain, normed = on_meta(f"vgg{depth}"), on_meta(f"vgg{depth}_bn")
    without = [m for m in normed.features if not isinstance(m, nn.BatchNorm2d)]
    assert [repr(m) for m in without] == [repr(m) for m in plain.features]
    assert repr(plain.classifier) == repr(normed.classifier)
    assert (find(f"vgg{depth}").edition, find(f"vgg{depth}_bn").edition) == ("paper", "torchvision")
