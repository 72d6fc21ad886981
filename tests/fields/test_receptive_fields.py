"""Receptive fields: published figures, hand-made graphs, and the proof by what a pixel changes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from eyespot.errors import InputError
from eyespot.fields import Reach, Span, field_of, reaches, receptive_fields
from eyespot.networks import architectures, build, find
from eyespot.networks.architecture import Network


def on_meta(name: str) -> Network:
    with torch.device("meta"):
        return build(name, num_classes=2).eval()


def convolutions(count: int) -> nn.Sequential:
    return nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(count)))


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


# ---------------------------------------------------------------- published figures


@pytest.mark.parametrize(("count", "size"), [(1, 3), (2, 5), (3, 7)])
def test_two_3x3_convolutions_see_5x5_and_three_7x7(count, size):
    """Simonyan, Zisserman, Sect. 2.3."""
    found = receptive_fields(convolutions(count), 16)[count - 1]
    assert found.rows == found.columns == Span(1, -count, count)
    assert found.rows.size == size


PUBLISHED = [  # network, pixels, layer, size, jump: Araujo et al., Distill 2019, and by hand
    ("alexnet", 227, "features.10", 163, 16),  # conv5: 67 + 3 * 2 * 16 of pool2
    ("alexnet", 227, "features.12", 195, 32),  # pool5: 163 + 2 * 16
    ("vgg16", 224, "features.30", 212, 32),
    ("resnet50", 224, "layer4", 483, 32),
    ("resnet50_v1_5", 224, "layer4", 427, 32),  # stride in the 3x3: 2 * (4 + 8 + 16) less
]


@pytest.mark.parametrize(("name", "pixels", "layer", "size", "jump"), PUBLISHED)
def test_fields_are_as_published(name, pixels, layer, size, jump):
    field = field_of(on_meta(name), layer, pixels)
    assert field.rows == field.columns and not field.is_global
    assert (field.rows.size, field.rows.jump) == (size, jump)


# ---------------------------------------------------------------- graphs by hand


class Branches(nn.Module):
    """A crossing of 1x3 and 3x1, beside a strided way with other edges and a skip."""

    in_channels = 1

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 2, (3, 5), stride=2, padding=(1, 0))
        self.flat = nn.Conv2d(2, 2, (1, 3), padding=(0, 1))
        self.tall = nn.Conv2d(2, 2, (3, 1), padding=(1, 0))
        self.wide = nn.Conv2d(2, 4, 3, padding=2, dilation=2)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.turn = nn.Conv2d(4, 4, 1)
        self.last = nn.Conv2d(4, 3, 2)

    def forward(self, images: Tensor) -> Tensor:
        stem = self.stem(images)
        crossed = torch.cat([self.flat(stem), self.tall(stem)], dim=1)
        kept = self.pool(torch.relu_(crossed + self.wide(stem)))
        beside = nn.functional.pad(self.turn(crossed), (0, 2, 0, 2))[:, :, 1::2, 1::2]
        height, width = kept.shape[2:]
        return self.last(torch.tanh(kept + beside[:, :, :height, :width]))


class Cross(nn.Module):
    in_channels = 1

    def __init__(self) -> None:
        super().__init__()
        self.flat = nn.Conv2d(1, 1, (1, 3), padding=(0, 1))
        self.tall = nn.Conv2d(1, 1, (3, 1), padding=(1, 0))

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat([self.flat(images), self.tall(images)], dim=1)


class Gated(nn.Module):
    in_channels = 1

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 2, 3)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.second = nn.Conv2d(2, 2, 3)

    def forward(self, images: Tensor) -> Tensor:
        first = self.first(images)
        return self.second(first * self.pool(first).sigmoid())


def test_edges_of_a_merge_are_those_of_the_widest_path_on_each_side():
    found = {each.module: each for each in receptive_fields(Branches(), (20, 26))}
    assert found["stem"].rows == Span(2, -1, 1) and found["stem"].columns == Span(2, 0, 4)
    # wide, dilated: two cells to either side, 4 pixels more; pool: two cells on, 4 pixels more
    assert found["pool"].rows == Span(4, -5, 9) and found["pool"].columns == Span(4, -4, 12)
    # last reads two cells, 4 pixels apart; beside begins one cell later, and lies within
    assert found["last"].rows == Span(4, -5, 13) and found["last"].columns == Span(4, -4, 16)
    assert found["last"].rows.size == 19 and found["last"].rows.offset == 4


def test_a_cross_of_branches_is_no_box():
    (reach,) = reaches(Cross(), [""], 5).values()
    assert reach.pixels(2, 2).sum() == 5  # not 9
    field = receptive_fields(Cross(), 5)[-1]
    assert field.rows.size == field.columns.size == 3


def test_what_is_gated_by_the_whole_map_is_global_and_keeps_its_own_field():
    found = {each.module: each for each in receptive_fields(Gated(), 9)}
    assert not found["first"].is_global
    assert found["pool"].is_global and found["pool"].rows is None
    assert found["second"].is_global and found["second"].rows == Span(1, 0, 4)
    assert reaches(Gated(), ["second"], 9)["second"].pixels(0, 0).all()


def test_layers_behind_a_map_of_one_cell_see_what_it_sees():
    field = field_of(on_meta("lenet5"), "f6", 32)
    assert field.rows.size == 32 and not field.is_global


def test_inner_cells_are_those_whose_field_lies_in_the_photo():
    span = Span(4, -5, 9)
    inside = [i for i in range(9) if span.at(i)[0] >= 0 and span.at(i)[1] <= 30]
    assert list(span.inner(9, 31)) == inside == [2, 3, 4, 5]
    assert list(span.inner(9, 8)) == []


def test_fields_are_the_same_where_torch_is_told_that_no_gradient_is_wanted():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Hardswish(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3))
    expected = receptive_fields(network, 32)
    assert expected[-1].rows.size == 8 and not expected[-1].is_global  # 3, then 4, then 4 + 2 * 2
    with torch.inference_mode():
        assert receptive_fields(network, 32) == expected


def test_a_network_is_left_as_it_was_and_a_strange_layer_is_told_with_near_ones():
    network = Gated().train()
    receptive_fields(network, 9)
    assert network.training and not network.first._forward_hooks
    with pytest.raises(InputError, match="Did you mean second"):
        field_of(network, "secnd", 9)
    with pytest.raises(InputError, match="cannot take photos of 2 x 2 pixels"):
        receptive_fields(network, 2)


# ---------------------------------------------------------------- the proof


def changed(network: nn.Module, size: tuple[int, int], pixels) -> dict[str, list[np.ndarray]]:
    """Layer -> for each pixel the cells that are not a number where the pixel is none.

    In float64: torch computes it without transforms, which would carry it to other cells.
    """
    images = torch.full((len(pixels), network.in_channels, *size), 0.3, dtype=torch.float64)
    for number, (row, column) in enumerate(pixels):
        images[number, :, row, column] = torch.nan
    found: dict[str, list[np.ndarray]] = {}

    def note(name: str):
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            if isinstance(output, Tensor) and len(output) == len(pixels):
                is_hit = output.isnan()
                cells = is_hit.any(1) if output.ndim == 4 else is_hit.flatten(1).any(1)[:, None]
                found[name] = [each.reshape(-1, each.shape[-1]).numpy() for each in cells]

        return hook

    handles = [each.register_forward_hook(note(name)) for name, each in network.named_modules()]
    with torch.no_grad():
        network(images)
    for handle in handles:
        handle.remove()
    return found


def wrong(predicted: dict[str, Reach], measured, pixels) -> list[str]:
    """The layers where a pixel changes other cells than predicted."""
    return [
        name
        for name, reach in predicted.items()
        for cells, pixel in zip(measured.get(name, ()), pixels, strict=False)
        if not np.array_equal(_fitting(reach.cells(*pixel), cells), cells)
    ]


def _fitting(cells: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Behind what has no grid, one cell of ours stands for all."""
    return np.broadcast_to(cells, like.shape) if cells.shape == (1, 1) else cells


def prove(network: Network, size: tuple[int, int]) -> int:
    """How many comparisons had changed cells and unchanged ones; every one has to be right."""
    height, width = size
    pixels = [(0, 0), (height // 2, width // 2 + 1), (height - 1, width - 3)]
    predicted = reaches(network, (), size)
    measured = changed(network.double().eval(), size, pixels)
    assert wrong(predicted, measured, pixels) == []
    assert set(measured) <= set(predicted)
    return sum(0 < cells.sum() < cells.size for found in measured.values() for cells in found)


def prove_closed_form(network: nn.Module, size: tuple[int, int]) -> int:
    """How many inner cells see exactly from the first to the last pixel that the closed form says.

    The others see no more than it says.
    """
    exact, compared = reaches(network, (), size), 0
    last_calls = {field.module: field for field in receptive_fields(network, size)}
    for field in last_calls.values():
        if field.is_global:
            continue
        for axis, span in enumerate((field.rows, field.columns)):
            sees = np.any([box[axis] for box in exact[field.module].boxes], axis=0)
            inner = span.inner(len(sees), size[axis])
            for cell, row in enumerate(sees):
                places = np.flatnonzero(row)
                first, last = span.at(cell)
                if cell in inner:
                    assert (places[0], places[-1]) == (first, last), (field, cell)
                    compared += 1
                assert not len(places) or (first <= places[0] and places[-1] <= last)
    return compared


def proof_size(name: str, least: int) -> tuple[int, int]:
    """A legal photo, wider than high where the network can take one."""
    network, own = on_meta(name), find(name).image_size
    step = network.image_size_step
    size = -(-max(min(least, own), network.smallest_image_size) // step) * step
    if network.largest_image_size is not None:
        return min(size, network.largest_image_size), min(size, network.largest_image_size)
    return size, size + step * max(1, 11 // step)


def test_one_pixel_changes_exactly_the_predicted_cells():
    assert prove(Branches(), (20, 26)) > 15
    assert prove(Gated(), (9, 10)) > 2
    assert prove_closed_form(Branches(), (40, 45)) > 100


SMALL = ["lenet5", "resnet20", "squeezenet1_1", "shufflenet_v2_0_5", "mobilenet_v1_0_25"]


@pytest.mark.parametrize("name", SMALL)
def test_one_pixel_changes_exactly_the_predicted_cells_of_a_network(name):
    torch.manual_seed(0)
    assert prove(build(name, num_classes=2), proof_size(name, 40)) > 5


@pytest.mark.parametrize("name", [*SMALL, "inception_v3"])
def test_the_closed_form_is_exact_for_inner_cells(name):
    assert prove_closed_form(on_meta(name), proof_size(name, 96)) > 100


def smallest_of_each_family() -> list[str]:
    rows = sorted(architectures().values(), key=lambda row: -row.parameters)
    return list({(row.family, row.edition, row.num_classes): row.name for row in rows}.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", smallest_of_each_family())
def test_one_pixel_changes_exactly_the_predicted_cells_in_every_family(name):
    torch.manual_seed(0)
    size = proof_size(name, 72)
    assert prove(build(name, num_classes=2), size) > 2
    assert prove_closed_form(on_meta(name), size) > 0


DEEP = [  # network, pixels of the strip: more than half of its largest field
    ("resnet18", 1024),
    ("vgg11", 1024),
    ("inception_v3", 1024),
    ("densenet121", 1536),
    ("mobilenet_v2_0_35", 1024),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "length"), DEEP)
def test_the_last_map_of_a_deep_network_is_proved_on_a_strip(name, length):
    """On a strip so long that a pixel near its beginning does not reach its end."""
    network = build(name, num_classes=2)
    least, last = max(96, network.smallest_image_size), find(name).stages[-1].module
    size, pixels = (least, length), [(least // 2, 100), (0, 0)]
    measured = changed(network.double().eval(), size, pixels)
    assert wrong(reaches(network, (), size), measured, pixels) == []
    assert all(0 < cells.sum() < cells.size for cells in measured[last])


def test_the_proof_finds_a_planted_off_by_one():
    """Both ways: a prediction that is moved by a cell, and a network that is padded by one more."""
    size, pixels = (40, 45), [(19, 20)]
    network = Branches().double().eval()
    predicted, measured = reaches(network, ["last"], size), changed(network, size, pixels)
    assert wrong(predicted, measured, pixels) == []
    moved = [(np.roll(rows, 1, axis=0), columns) for rows, columns in predicted["last"].boxes]
    planted = replace(predicted["last"], boxes=tuple(moved))
    assert wrong({"last": planted}, measured, pixels) == ["last"]
    network.wide.padding, network.wide.dilation = (1, 1), (1, 1)
    assert wrong(predicted, changed(network, size, pixels), pixels) == ["last"]
