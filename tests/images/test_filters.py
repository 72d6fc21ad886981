"""The classic filters, against scipy and torch, and a convolution shown step by step."""

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from scipy import ndimage

from eyespot.cli.convolve import convolve
from eyespot.errors import InputError
from eyespot.images.filters import KERNELS, convolved, kernel, patch_at, strongest_place
from eyespot.inspection.convolution_sheet import number


@pytest.fixture(scope="module")
def plane():
    return np.random.default_rng(0).uniform(0, 255, (17, 23))


@pytest.mark.parametrize("name", [*KERNELS, "1,2,3;4,5,6;7,8,10", "1,0,-1", "2;0;-1"])
def test_a_filter_is_the_correlation_of_scipy_and_the_convolution_of_torch(plane, name):
    chosen = kernel(name)
    found = convolved(plane, chosen)
    assert np.allclose(found, ndimage.correlate(plane, chosen.weights, mode="nearest"))
    height, width = chosen.weights.shape
    inner = torch.nn.functional.conv2d(
        torch.from_numpy(plane)[None, None], torch.from_numpy(chosen.weights)[None, None]
    )
    cut = found[height // 2 : 17 - height // 2, width // 2 : 23 - width // 2]
    assert np.allclose(cut, inner[0, 0].numpy())


def test_sobel_is_that_of_scipy_and_a_turned_kernel_would_be_found(plane):
    found = convolved(plane, kernel("sobel"))
    assert np.allclose(found, ndimage.sobel(plane, axis=1, mode="nearest"))
    assert not np.allclose(found, ndimage.convolve(plane, kernel("sobel").weights, mode="nearest"))


def test_the_patch_of_a_place_gives_its_number_also_at_the_edge(plane):
    chosen = kernel("gaussian")
    for place in ((0, 0), (16, 22), (8, 9)):
        total = (patch_at(plane, chosen, place) * chosen.weights).sum()
        assert total == pytest.approx(convolved(plane, chosen)[place])


def test_the_strongest_place_is_at_the_edge_of_a_square():
    plane = np.zeros((20, 20))
    plane[5:15, 9:] = 200
    row, column = strongest_place(plane, kernel("sobel"))
    assert column in (8, 9) and 6 <= row <= 13  # 200 * (1 + 2 + 1) on both sides of the step


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sobl", "Did you mean sobel"),
        ("1,2;3", "equally long, not 1 and 2 numbers"),
        ("1,2;3,4", "not 2 x 2"),
        ("1,2,x", "table of numbers"),
        ("1,,2", "table of numbers"),
        ("0,0,0", "zeros alone"),
        ("1,nan,1", "between"),
        ("1,1e9,1", "between"),
        (";".join([",".join(["1"] * 17)] * 17), "not 17 x 17"),
    ],
)
def test_what_is_no_kernel_is_told_in_a_sentence(text, told):
    with pytest.raises(InputError, match=told) as caught:
        kernel(text)
    assert "\n" not in str(caught.value)


def test_numbers_are_written_short():
    assert [number(each) for each in (12.0, -0.111, 3.5, -0.001)] == ["12", "-0.11", "3.5", "0"]


def test_the_command_draws_and_tells_the_sum(tmp_path):
    pixels = np.zeros((30, 40, 3), np.uint8)
    pixels[:, 20:] = 100
    photo, out = tmp_path / "photo.png", tmp_path / "steps.png"
    Image.fromarray(pixels).save(photo)
    words = [str(photo), "--kernel", "sobel", "--steps", "--out", str(out), "--at", "15", "20"]
    result = CliRunner().invoke(convolve, [*words, "--json"], catch_exceptions=False)
    told = json.loads(result.stdout)
    # from column 20 to 21 the brightness goes up by 100: (1 + 2 + 1) * 100
    assert told["step"] == {
        "place": [14, 19],
        "patch": [[0, 0, 100]] * 3,
        "products": [[0, 0, 100], [0, 0, 200], [0, 0, 100]],
        "sum": 400,
    }
    assert told["range"] == [0, 400] and told["size"] == [30, 40]
    with Image.open(out) as picture:
        assert picture.width > 800
    again = CliRunner().invoke(convolve, words)
    assert "already exists" in str(again.exception)
    outside = CliRunner().invoke(
        convolve, [str(photo), "--out", str(tmp_path / "x.png"), "--at", "31", "1"]
    )
    assert "rows 1 to 30" in str(outside.exception)
