"""Every network of the catalogue slides: its head, against the head itself on every window."""

from functools import cache

import pytest
import torch
from torch import nn
from torch.func import functional_call

from eyespot.dense import Dense, Windowed, convolutionize
from eyespot.dense.head import read_head, with_last_map
from eyespot.dense.slide import Slide
from eyespot.networks import architectures, build, find
from eyespot.networks.architecture import Network
from eyespot.networks.counting import Shapes
from eyespot.networks.multi_column_dnn import MultiColumnDNN

NAMES = list(architectures())
SHALLOW = 80  # modules: their last map is asked for; deeper ones pool maps of any size
NARROW = 8  # channels, of hidden layers: what slides is the same as with 4,096
AT_ONCE = "vit", "committee"  # attention, and columns that normalise the whole picture


def with_heads() -> list[object]:
    """All but ViTs, whose logits are of a token; by default the smallest of each edition."""
    rows = [row for row in architectures().values() if row.family != "vit"]
    kinds = {}
    for row in sorted(rows, key=lambda row: row.parameters, reverse=True):
        kinds[row.family, row.edition, row.num_classes] = row.name
    quick = set(kinds.values())
    return [
        pytest.param(row.name, marks=[] if row.name in quick else pytest.mark.slow) for row in rows
    ]


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@cache
def bones(name: str) -> Network:
    with torch.device("meta"):
        return build(name).eval()


class Both(nn.Module):
    """A head as it is and as it slides, on the same weights."""

    def __init__(self, network: Network, layers: list[nn.Module]) -> None:
        super().__init__()
        self.network = network
        self.sliding = (nn.Sequential(*layers),)  # not seen by torch: the weights are one

    def forward(self, images, maps, windows):
        slid = self.sliding[0](maps.clone())
        return slid, [with_last_map(self.network, window)(images)[0] for window in windows]


def narrow_weights(network: Network, modules: list[str], generator) -> dict[str, torch.Tensor]:
    """Small random weights for the layers of a head, from its first hidden layer on narrower."""
    found, before, now = {}, 1, 1  # channels as they are, and as they are here
    can_be = (nn.Linear, nn.Conv2d, nn.PReLU) if not isinstance(network, MultiColumnDNN) else ()
    for module in modules:
        layer = network.get_submodule(module)
        state = {f"{module}.{key}": each.shape for key, each in layer.state_dict().items()}
        for key, shape in state.items():
            sizes = list(shape)
            if isinstance(layer, can_be):
                sizes[0] = min(sizes[0], NARROW)
            if len(sizes) > 1:
                sizes[1] = sizes[1] * now // before
            found[f"network.{key}"] = torch.randn(sizes, generator=generator).double()
        if isinstance(layer, can_be) and not isinstance(layer, nn.PReLU):
            before, now = layer.weight.shape[0], min(layer.weight.shape[0], NARROW)
    return found


def last_map_of(name: str, images: torch.Tensor) -> torch.Tensor:
    network = bones(name)
    if network.largest_image_size is None and len(list(network.modules())) > SHALLOW:
        return torch.empty(1, find(name).stages[-1].channels, 3, 2, device="meta")
    with torch.no_grad(), Shapes():
        return network.forward_features(images)


@pytest.mark.parametrize("name", with_heads())
def test_the_sliding_head_is_the_head_on_every_window_of_the_same_map(name):
    network, size = bones(name), find(name).image_size
    images = torch.empty(1, network.in_channels, size, size, device="meta")
    head = read_head(network, images, last_map_of(name, images))
    assert head is not None
    slide = Slide(network, head.window, offsets=False).along(head.layers)
    generator = torch.Generator().manual_seed(0)
    modules = list(dict.fromkeys(layer.module for layer in head.layers))
    weights = narrow_weights(network, modules, generator)
    (rows, columns), stride = head.window, slide.stride
    shape = (1, find(name).stages[-1].channels, rows + stride, columns + 2 * stride)
    maps = torch.rand(shape, generator=generator, dtype=torch.float64)  # as behind a rectifier
    places = [(i, j) for i in (0, 1) for j in (0, 1, 2)]
    windows = [
        maps[:, :, i * stride : i * stride + rows, j * stride : j * stride + columns]
        for i, j in places
    ]
    with torch.no_grad():
        arguments = (torch.empty(1), maps, windows)
        slid, own = functional_call(Both(network, slide.layers), weights, arguments)
    assert slid.shape[2:] == (2, 3)
    spread = torch.stack(own).max() - torch.stack(own).min()
    assert (own[0] - own[-1]).abs().max() > 1e-4 * spread > 0, "nothing is seen"
    for (i, j), logits in zip(places, own, strict=True):
        assert (slid[0, :, i, j] - logits).abs().max() <= 1e-10 * spread


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_network_becomes_a_module_with_one_cell_at_its_size_and_more_on_larger_photos(name):
    row, network = find(name), bones(name)
    found = convolutionize(network)
    assert isinstance(found, Windowed if any(each in name for each in AT_ONCE) else Dense)
    window, step = found.geometry.window, found.geometry.step
    assert window == row.image_size
    with torch.no_grad(), Shapes(), torch.device("meta"):
        one = torch.empty(1, network.in_channels, window, window)
        more = torch.empty(1, network.in_channels, window + 2 * step, window + step)
        assert found(one).shape == (1, row.num_classes, 1, 1)
        assert found(more).shape == (1, row.num_classes, 3, 2)
        assert found.embed(more).shape[2:] == (3, 2)
        if isinstance(found, Dense) and len(list(network.modules())) > SHALLOW:
            assert found.last_map(one).shape[1] == row.stages[-1].channels
