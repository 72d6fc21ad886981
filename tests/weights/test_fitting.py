"""Weights of another network: they are said to be of the networks that they do fit."""

import re
import time

import pytest
import torch
from golden.fill import published_entries
from safetensors.torch import save

from eyespot.errors import InputError
from eyespot.networks import architectures, build
from eyespot.weights import adapt, from_file
from eyespot.weights.fitting import Fit, fitting, shapes_of

ONE_OF_EACH = {row.family: name for name, row in architectures().items()}.values()


@pytest.mark.parametrize("name", ONE_OF_EACH)
@pytest.mark.parametrize("num_classes", [None, 17])
def test_a_network_s_own_entries_fit_it_whatever_its_number_of_classes(name, num_classes):
    assert Fit(name, num_classes) in list(fitting(shapes_of(name, num_classes=num_classes)))


def test_a_head_that_is_no_parameter_does_not_hide_its_network():
    assert list(fitting(shapes_of("lenet5", num_classes=None))) == [Fit("lenet5", None)]


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_one_entry_of_another_shape_fits_nothing(name):
    """An entry more, one less, and a reshaped one with as many numbers: the count is not all."""
    shapes = shapes_of(name, num_classes=None)
    first = next(iter(shapes))
    for wrong in (
        {entry: shape for entry, shape in shapes.items() if entry != first},
        shapes | {"more.weight": (2, 2)},
        shapes | {first: shapes[first][::-1]},
        {f"{entry}s": shape for entry, shape in shapes.items()},
    ):
        assert wrong == shapes or not list(fitting(wrong))


@pytest.mark.parametrize("published", ["timm/tf_efficientnet_b0", "timm/efficientnet_lite0"])
def test_entries_under_published_names_fit_the_published_network(published):
    names = [fit.name for fit in fitting(published_entries()[published])]
    assert published in names
    assert all(name.startswith("timm/") for name in names)


def test_a_densenet_in_old_names_is_torchvision_s():
    old = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", name): shape
        for name, shape in published_entries()["torchvision/densenet121"].items()
    }
    assert [fit.name for fit in fitting(old)] == ["torchvision/densenet121"]


def test_files_without_batch_counters_are_known_too():
    entries = published_entries()["torchvision/resnet18"]
    old = {k: s for k, s in entries.items() if not k.endswith("num_batches_tracked")}
    assert len(old) == 102
    assert list(fitting(old)) == [Fit("resnet18", None)]


def own_file(path, network, **options):
    path.write_bytes(
        save({k: t.clone() for k, t in build(network, **options).state_dict().items()})
    )
    return path


def test_a_file_of_another_network_says_of_which_it_is(tmp_path):
    path = own_file(tmp_path / "birds.safetensors", "resnet18", num_classes=12)
    with pytest.raises(InputError, match=r"resnet34 expects 218 entries, but .*They fit resnet18, "
                                         r"with 12 classes\.$") as caught:  # fmt: skip
        from_file(path, "resnet34")
    assert "\n" not in str(caught.value)


def test_two_editions_are_both_named():
    state = {k: torch.empty(s) for k, s in published_entries()["torchvision/resnet50"].items()}
    with pytest.raises(InputError, match=r"They fit resnet50 and resnet50_v1_5\.$"):
        adapt(state, "torchvision/resnet101")


def test_what_is_known_to_nobody_is_not_guessed(tmp_path):
    with pytest.raises(InputError, match=r"Give the weights of this very network\.$"):
        adapt({"conv.weight": torch.zeros(4, 3, 3, 3)}, "torchvision/resnet18")


def test_looking_takes_a_moment():
    """With all networks known: the one with the most entries, and a file with 20,000."""
    architectures()
    longest = max(published_entries(), key=lambda name: len(published_entries()[name]))
    many = {f"aux.{i}.weight": (1000, i % 7 + 1) for i in range(20_000)}
    for entries in (published_entries()[longest], many):
        start = time.process_time()
        list(fitting(entries))
        assert time.process_time() - start < 3  # seconds
