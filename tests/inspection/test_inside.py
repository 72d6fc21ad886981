"""Filters, feature maps and top activations: what is drawn is what the network holds and says."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from eyespot.datasets.dataset import Photo
from eyespot.errors import ImageError, InputError, MissingWeightsError
from eyespot.inspection.inside import feature_maps_sheet, filters_sheet, top_activations_sheet
from eyespot.inspection.inside.feature_maps import Maps, feature_maps
from eyespot.inspection.inside.filters import filters, levels, likeness
from eyespot.inspection.inside.grid import inked
from eyespot.inspection.inside.subject import Subject, subject
from eyespot.inspection.inside.top_activations import all_photos, top_activations
from eyespot.inspection.inside.tour import tour
from eyespot.inspection.inside.tour_page import page_html
from eyespot.networks import find


@pytest.fixture(scope="module")
def lenet() -> Subject:
    """Fresh, but for the first unit: it answers the mean of the 5 x 5 pixels that it sees."""
    found = subject("lenet5_modern", random_weights=True)
    first = found.network.get_submodule("features.0")
    with torch.no_grad():
        first.weight[0], first.bias[0] = 1 / 25, 0
    return found


@pytest.fixture(scope="module")
def spots(tmp_path_factory) -> list[Photo]:
    """Black pictures with a square of 5 x 5 pixels, each lighter than the one before."""
    root = tmp_path_factory.mktemp("spots")
    photos = []
    for i, (row, column) in enumerate(((3, 3), (10, 20), (23, 0), (0, 23))):
        pixels = np.zeros((28, 28), np.uint8)
        pixels[row : row + 5, column : column + 5] = 100 + 50 * i
        path = root / f"{i}.png"
        Image.fromarray(pixels).save(path)
        photos.append(Photo(path, path.name, label="left" if column < 10 else "right"))
    return photos


def test_the_filters_are_the_layers_weights_in_order(lenet):
    found = filters(lenet)
    assert found.layer == "features.0" and found.sees_colours and found.is_random
    weights = lenet.network.get_submodule("features.0").weight
    assert np.array_equal(found.weights, weights.detach().numpy())
    assert np.allclose(found.largest[0], 1 / 25)


def test_deeper_filters_show_the_channels_that_they_weigh_most(lenet):
    found = filters(lenet, "features.3")
    norms = [float(np.linalg.norm(each)) for each in found.weights[3]]
    assert found.strongest(3) == sorted(range(6), key=lambda i: -norms[i])


def test_a_filter_that_has_vanished_is_told(lenet):
    first = lenet.network.get_submodule("features.0")
    kept = first.weight[2].clone()
    with torch.no_grad():
        first.weight[2] = 1e-9
        assert filters(lenet).dead == [2]
        first.weight[2] = kept


def test_likeness_of_neighbouring_weights():
    # Pairs (left, right) 1.1, 1.-1 and (upper, lower) 1.1, 1.-1: products 1 - 1 + 1 - 1 = 0 for
    # [[1, 1], [1, -1]]; all alike: 1; a chessboard: -1
    def of(*rows):
        return likeness(np.array([[rows]], float))

    assert of([1, 1], [1, -1]) == pytest.approx(0.0)
    assert of([2, 2], [2, 2]) == pytest.approx(1.0)
    assert of([1, -1], [-1, 1]) == pytest.approx(-1.0)
    assert of([0, 0], [0, 0]) == 0
    noise = np.random.default_rng(0).normal(size=(2_000, 3, 5, 5))
    assert abs(likeness(noise)) < 0.01


def test_no_weight_is_grey_and_signs_are_light_and_dark():
    drawn = levels(np.array([[[-2.0, 0.0, 2.0, 1.0]]]), most=2.0)
    # 127.5 + 127.5 * w / 2, halves to even: 0, 128, 255, 191
    assert drawn[0, :, 0].tolist() == [0, 128, 255, 191] and drawn.shape == (1, 4, 3)
    colours = levels(np.array([[[1.0]], [[0.0]], [[-1.0]]]), most=1.0)
    assert colours[0, 0].tolist() == [255, 128, 0]


def test_the_maps_are_what_the_layers_answer(lenet, spots):
    found = feature_maps(lenet, spots[1].path, stages=("features.0", "-1"))
    first, last = found.layers
    assert last.layer == lenet.stages[-1] and last.values.shape == (16, 4, 4)
    with torch.no_grad():
        expected = lenet.network.forward_features(lenet.images(found.pixels))
    assert np.array_equal(last.values, expected[0].numpy())
    # the first unit is the mean of 25 pixels: 150 of 255 where all of them are in the square
    mean, std = lenet.preprocessing.mean[0], lenet.preprocessing.std[0]
    unit = first.values[0]
    assert np.unravel_index(unit.argmax(), unit.shape) == (10, 20)
    assert np.isclose(unit[10, 20], (150 / 255 - mean) / std, atol=1e-5)
    assert np.isclose(unit[9, 20], (0.8 * 150 / 255 - mean) / std, atol=1e-5)  # 4 of 5 rows


def test_units_that_stand_out_come_first_and_silent_ones_last():
    flat, spot, silent = np.ones((4, 4)), np.zeros((4, 4)), -np.ones((4, 4))
    spot[1, 2] = 1
    maps = Maps("x", np.stack([flat, silent, spot]).astype(np.float32))
    assert maps.strongest(3) == [2, 0, 1] and maps.silent == 1
    assert maps.active.tolist() == [1, 0, 0.0625]  # 16, 0 and 1 of 16 places


def test_the_photos_that_move_a_unit_most_and_what_it_saw_of_them(lenet, spots):
    found = top_activations(lenet, spots, stage="features.0", unit=0, count=3)
    assert [each.photo.file for each in found.top] == ["3.png", "2.png", "1.png"]
    # squares at (0, 23), (23, 0), (10, 20): a field is 5 x 5 without padding
    boxes = [(23, 0, 28, 5), (0, 23, 5, 28), (20, 10, 25, 15)]
    assert [each.box for each in found.top] == boxes
    assert found.field == 5 and found.photos == 4 and found.labels == (("right", 2), ("left", 1))
    for each, (left, top, right, bottom) in zip(found.top, boxes, strict=True):
        assert (each.pixels[top:bottom, left:right] > 0).all()


def test_photos_that_cannot_be_read_are_left_out(lenet, spots, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    found = top_activations(lenet, [*spots, Photo(broken, "broken.png")], stage="1", unit=0)
    assert found.photos == 4 and [each.file for each in found.left_out] == ["broken.png"]
    with pytest.raises(InputError, match="None of the 1 photo"):
        top_activations(lenet, [Photo(broken, "broken.png")], stage="1", unit=0)


def test_what_is_asked_for_wrongly_is_told_in_a_sentence(lenet, spots, tmp_path):
    for ask, said in (
        (lambda: filters(lenet, "features.9"), "no layer 'features.9'. Did you mean features"),
        (lambda: filters(lenet, "features"), "is a .*, and filters are of convolutions"),
        (lambda: feature_maps(lenet, spots[0].path, stages=("9",)), "has 4 stages, 1 to 4, not 9"),
        (lambda: feature_maps(lenet, spots[0].path, stages=("0",)), "1 to 4, not 0"),
        (
            lambda: feature_maps(lenet, spots[0].path, stages=("classifier.2",)),
            "no places in the picture",
        ),
        (lambda: top_activations(lenet, spots, stage="1", unit=6), "the units 0 to 5, not 6"),
        (lambda: subject("resnet51", random_weights=True), "no network 'resnet51'"),
        (lambda: subject("imagnet"), "Did you mean imagenet"),
        (lambda: all_photos(tmp_path / "absent"), "does not exist"),
    ):
        with pytest.raises(InputError, match=said):
            ask()
    with pytest.raises(ImageError, match=r"absent\.png"):
        feature_maps(lenet, tmp_path / "absent.png")
    with pytest.raises(MissingWeightsError, match="--random-weights"):
        subject("alexnet")


def test_the_sheets_are_pictures_and_random_weights_are_stamped(lenet, spots):
    found = filters(lenet)
    maps = feature_maps(lenet, spots[0].path)
    top = top_activations(lenet, spots, stage="1", unit=0)
    for made in (
        filters_sheet.sheet(found, source="x"),
        feature_maps_sheet.sheet(maps, source="x"),
        top_activations_sheet.sheet(top, source="x"),
    ):
        with Image.open(io.BytesIO(made)) as picture:
            levels_used = {pixel for _, pixel in picture.convert("RGB").getcolors(1 << 20)}
            assert (0xD5, 0x5E, 0x00) in levels_used, "the stamp's colour"


def test_ink_goes_from_paper_to_the_deepest_of_the_sequence():
    ends = inked(np.array([[0.0, 1.0, 2.0]]))[0]
    assert ends.tolist() == [[255, 255, 255], [11, 60, 93], [11, 60, 93]]  # #ffffff, #0b3c5d


def test_the_embedded_network_is_there_without_a_file():
    found = subject("imagenet")
    assert not found.is_random and len(found.stages) == 9
    assert filters(found).weights.shape == (32, 3, 3, 3)


def test_a_tour_goes_through_the_stages_to_the_label(spots):
    found = tour(subject("imagenet"), spots[1].path)
    assert [stop.maps.layer for stop in found.stops] == list(subject("imagenet").stages)
    assert found.stops[0].side == 3 and found.stops[-1].side is None
    # the rows of the paper's table add up to the network
    rows = [*(stop.row for stop in found.stops), *found.head]
    assert sum(row.multiply_adds for row in rows) == find("efficientnet_lite0").multiply_adds
    assert found.embedding.shape == (1280,) and len(found.answer.labels) == 5
    first = found.stops[0]
    for unit, seen in zip(first.units, first.seen, strict=True):
        row, column = np.unravel_index(first.maps.values[unit].argmax(), (112, 112))
        top, left = max(0, 2 * row), max(0, 2 * column)  # the padding is below and to the right
        assert np.array_equal(seen, found.pixels[top : 2 * row + 3, left : 2 * column + 3])
    page = page_html(found, command="eyespot tour")
    assert page.count("<section") == 11 and found.answer.label in page
    assert page.count("data:image/jpeg") > 9 * 7


def test_a_tour_of_what_has_learned_nothing_says_so(lenet, spots):
    found = tour(lenet, spots[0].path)
    page = page_html(found, command="eyespot tour")
    assert found.answer is None and "Random weights" in page and "there is no label" in page
