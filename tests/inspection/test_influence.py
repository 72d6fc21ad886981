"""What a unit sees of a photo: the box in closed form, and the gradient that stays within it."""

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from torch import nn

from eyespot.cli.receptive_field import receptive_field
from eyespot.errors import InputError, MissingWeightsError
from eyespot.inspection.influence import influence
from eyespot.networks import build


class Sums(nn.Module):
    """Two 3x3 sums: a pixel counts as often as there are ways from it to the cell."""

    in_channels = 1

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3))
        for layer in self.layers:
            nn.init.ones_(layer.weight)

    def check(self, images: torch.Tensor) -> None:
        pass

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images)


def test_two_sums_count_their_pixels_by_the_number_of_ways():
    found = influence(Sums(), "layers.1", torch.zeros(1, 1, 9, 9))
    ways = np.array([1, 2, 3, 2, 1])  # 1 1 1 folded with itself
    assert found.box == (2, 2, 6, 6) and found.cell == (2, 2) and found.is_whole
    expected = np.outer(ways, ways) / 81
    assert np.allclose(found.shares[2:7, 2:7], expected, atol=1e-7)
    assert found.shares.sum() == pytest.approx(1)
    # the middle 3 x 3 holds (2 + 3 + 2)^2 = 49 of 81, more than half and less than 95 %
    assert (found.half, found.most) == (3, 5)


def test_nothing_outside_of_the_box_counts():
    network = build("squeezenet1_1", num_classes=2).eval()
    images = torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    found = influence(network, "features.4", images)
    left, top, right, bottom = found.box
    assert found.is_whole and not found.field.is_global
    inside = found.shares[top : bottom + 1, left : right + 1]
    assert inside.sum() == pytest.approx(1) and found.outside == 0
    assert found.half < found.most <= right - left + 1


def test_a_layer_without_places_and_a_strange_one_are_refused():
    network = build("lenet5").eval()
    images = torch.zeros(1, 1, 32, 32)
    with pytest.raises(InputError, match="no places in the photo"):
        influence(network, "f6", images)
    with pytest.raises(InputError, match="Did you mean"):
        influence(network, "s22", images)


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    return path


def test_the_command_draws_and_tells_the_figures(photo, tmp_path):
    out = tmp_path / "rf.png"
    words = ["lenet5", "--layer", "s2", "--photo", photo, "--random-weights", "--out", out]
    result = CliRunner().invoke(
        receptive_field, [*map(str, words), "--json"], catch_exceptions=False
    )
    told = json.loads(result.stdout)
    assert told["field"]["rows"]["size"] == 6 and told["output_shape"] == [6, 14, 14]
    assert told["random_weights"] and told["effective"]["most"] <= 7
    left, top, right, bottom = told["box"]
    assert (right - left, bottom - top) == (5, 5)
    with Image.open(out) as picture:
        assert picture.width > 800


def test_random_weights_are_never_taken_unasked(photo, tmp_path):
    words = ["vgg16_c", "--layer", "features.30", "--photo", photo, "--out", tmp_path / "rf.png"]
    result = CliRunner().invoke(receptive_field, list(map(str, words)))
    assert isinstance(result.exception, MissingWeightsError)
    assert "--random-weights" in str(result.exception)
    assert not (tmp_path / "rf.png").exists()
