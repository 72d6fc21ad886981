"""The multi-column network's own claims, from Ciresan, Meier, Schmidhuber 2012, and its inputs."""

from collections import Counter
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional

from eyespot.networks import build, find
from eyespot.networks import column_inputs as see
from eyespot.networks.multi_column_dnn import MNIST, MultiColumnDNN

COLUMNS = {"mnist": 35, "cifar10": 8, "gtsrb": 25}


def on_meta(name):
    with torch.device("meta"):
        return build(f"multi_column_dnn_{name}")


def test_a_column_of_mnist_counts_as_by_hand():
    # 20C4: 20 * (4 * 4 + 1) = 340. 40C5: 40 * (20 * 5 * 5 + 1) = 20,040. MP2 and MP3 leave
    # 3x3, 150N: 150 * (40 * 3 * 3 + 1) = 54,150. 10N: 10 * 151 = 1,510.
    sizes = Counter()
    for name, parameter in on_meta("mnist").named_parameters():
        sizes[name.rpartition(".")[0]] += parameter.numel()
    assert list(sizes.values()) == [340, 20_040, 54_150, 1_510]
    assert find("multi_column_dnn_mnist").parameters == 340 + 20_040 + 54_150 + 1_510


@pytest.mark.parametrize(("dataset", "columns"), COLUMNS.items())
def test_a_committee_holds_and_costs_as_much_as_its_columns(dataset, columns):
    column = find(f"multi_column_dnn_{dataset}")
    committee = find(f"multi_column_dnn_{dataset}_committee")
    assert committee.parameters == columns * column.parameters
    assert committee.multiply_adds == columns * column.multiply_adds


@pytest.mark.parametrize(
    ("dataset", "columns"), [("mnist", [5] * 7), ("gtsrb", [5] * 5), ("cifar10", [4, 1, 1, 1, 1])]
)
def test_each_input_has_its_columns(dataset, columns):
    sees = on_meta(f"{dataset}_committee").normalisations
    assert list(Counter(sees).values()) == columns
    assert sees[0] is see.unchanged


def test_a_committee_answers_with_the_mean_of_its_columns_each_seeing_its_own_input():
    sees = (see.unchanged, partial(see.digit_width, width=10), partial(see.digit_width, width=20))
    columns = [MultiColumnDNN(MNIST, (each,), num_classes=4).double() for each in sees]
    committee = MultiColumnDNN(MNIST, sees, num_classes=4).double()
    for name, parameter in committee.named_parameters():
        parts = [column.get_parameter(name) for column in columns]
        parameter.data = torch.cat(parts, dim=1 if name.startswith("output") else 0).detach()
    images = 3 * torch.rand(2, 1, 29, 29, dtype=torch.float64).square() - 1
    with torch.inference_mode():
        mean = torch.stack([column(images).exp() for column in columns]).mean(0)
        torch.testing.assert_close(committee(images).exp(), mean)
        torch.testing.assert_close(mean.sum(1), torch.ones(2, dtype=torch.float64))
        answers = [column(images).exp() for column in columns]
        assert (answers[0] - answers[1]).abs().max() > 1e-4  # they do not see the same


def test_only_the_third_pool_of_cifar_rounds_up():
    rounds = {
        name: [m.ceil_mode for m in on_meta(name).modules() if isinstance(m, nn.MaxPool2d)]
        for name in COLUMNS
    }
    expected = {"mnist": [False] * 2, "cifar10": [False, False, True, False], "gtsrb": [False] * 3}
    assert rounds == expected  # of 5 pixels, rounded down, 2 and then 1 would be left


def test_weights_start_uniform_between_five_hundredths():
    network = build("multi_column_dnn_mnist", seed=5)
    for parameter in network.parameters():
        assert parameter.abs().max() <= 0.05
    # 54,000 uniform numbers: their deviation is 0.1 / sqrt(12), off by less than 1 %
    assert network.hidden[0][0].weight.std().item() == pytest.approx(0.1 / 12**0.5, rel=0.01)


def digit(width, *, at):
    """A bar of `width` by 20 pixels of ink, in a picture of background."""
    image = torch.full((1, 1, 29, 29), -1.0)
    image[..., 4:24, at : at + width] = 1
    return image


@pytest.mark.parametrize("width", [10, 12, 14, 16, 18, 20])
@pytest.mark.parametrize(("drawn", "at"), [(3, 2), (8, 10), (15, 7), (20, 4), (29, 0)])
def test_a_digit_becomes_as_wide_as_asked_and_comes_to_the_middle(width, drawn, at):
    given = see.digit_width(digit(drawn, at=at), width)
    share = (given[0, 0] + 1) / 2  # of ink
    row = share[10]
    assert row.sum().item() == pytest.approx(width, abs=0.51)
    assert (row * torch.arange(29.0)).sum() / row.sum() == pytest.approx(14, abs=0.05)
    assert torch.equal(share[4:24], row.expand(20, 29))  # as high as before
    assert not share[:4].any() and not share[24:].any()


def test_a_width_depends_on_no_other_picture_of_the_batch_nor_on_the_scale():
    pair = torch.cat([digit(5, at=3), digit(17, at=9)])
    given = see.digit_width(pair, 12)
    for i in range(2):
        torch.testing.assert_close(given[i : i + 1], see.digit_width(pair[i : i + 1], 12))
    torch.testing.assert_close(see.digit_width(2 * pair + 3, 12), 2 * given + 3)
    flat = torch.zeros(1, 1, 29, 29)
    assert torch.equal(see.digit_width(flat, 10), flat)  # no ink to widen


@pytest.mark.parametrize(
    ("colour", "lightness"),  # CIELAB's L of sRGB's corners, in percent
    [((1, -1, -1), 53.24), ((-1, 1, -1), 87.73), ((-1, -1, 1), 32.30), ((1, 1, 1), 100.0),
     ((-1, -1, -1), 0.0), ((0, 0, 0), 53.39)],
)  # fmt: skip
def test_contrast_is_worked_on_in_the_lightness_of_cielab(colour, lightness):
    image, seen = torch.tensor(colour).float().reshape(1, 3, 1, 1).expand(1, 3, 8, 8), []
    given = see._with_lightness(image, lambda each: seen.append(each) or each)
    assert 100 * seen[0].mean().item() == pytest.approx(lightness, abs=0.01)
    torch.testing.assert_close(given, image, atol=1e-3, rtol=0)


def grey(lightness):
    """A picture of these lightnesses: a grey's L is a function of its one value."""
    return see._with_lightness(torch.zeros(1, 3, *lightness.shape), lambda _: lightness[None])


def lightness_of(images):
    seen = []
    see._with_lightness(images, lambda each: seen.append(each) or each)
    return seen[0][0]


def test_stretching_saturates_a_hundredth_at_either_end():
    drawn = torch.linspace(0.3, 0.5, 2000).reshape(40, 50)
    given = lightness_of(see.stretched(grey(drawn))).flatten()
    # 20 of 2,000 below the low end, which itself is 0, too, and as many above
    assert [int((given < 2.5e-4).sum()), int((given > 1 - 2.5e-4).sum())] == [21, 21]
    expected = torch.linspace(0, 1, 1960)
    torch.testing.assert_close(given[20:-20], expected, atol=2.5e-4, rtol=0)


def test_equalising_makes_every_lightness_as_frequent():
    given = lightness_of(see.equalised(grey(torch.rand(48, 48) ** 3)))
    counts = torch.histc(given, bins=8, min=0, max=1)
    assert (counts - 48 * 48 / 8).abs().max() <= 4  # float32's rounding at the borders
    flat = see.equalised(grey(torch.full((8, 8), 0.3)))
    torch.testing.assert_close(lightness_of(flat), torch.full((8, 8), 0.5), atol=1e-3, rtol=0)


@pytest.mark.parametrize("size", [32, 48])  # tiles of 4x4, and the 6x6 of traffic signs
def test_tiles_are_equalised_by_themselves(size):
    drawn, tile = 0.1 + 0.8 * torch.rand(size, size), size // 8
    given = lightness_of(see.equalised_in_tiles(grey(drawn)))
    for rows in range(0, size, tile):
        for columns in range(0, size, tile):
            part = given[rows : rows + tile, columns : columns + tile].flatten().sort().values
            ranks = (torch.arange(tile**2) + 0.5) / tile**2
            torch.testing.assert_close(part, ranks, atol=2e-3, rtol=0)


def test_edges_are_a_difference_of_gaussians():
    images = torch.randn(2, 3, 9, 11, dtype=torch.float64)
    squares = torch.arange(-2.0, 3.0, dtype=torch.float64).square()
    distances = squares[:, None] + squares
    kernels = [torch.exp(-distances / (2 * sigma**2)) for sigma in (1.0, 1.6)]
    kernel = kernels[0] / kernels[0].sum() - kernels[1] / kernels[1].sum()
    padded = functional.pad(images, (2, 2, 2, 2), mode="replicate")
    expected = functional.conv2d(padded, kernel.expand(3, 1, 5, 5), groups=3)
    torch.testing.assert_close(see.edges(images), expected, atol=1e-6, rtol=0)  # float32's weights
    assert see.edges(torch.ones(1, 3, 8, 8)).abs().max() < 1e-6
