"""Published state dicts under our names. That the numbers agree is for the golden logits to say."""

import pytest
import torch
from golden.fill import published_entries

from eyespot.errors import InputError
from eyespot.weights import adapt
from eyespot.weights.published import PUBLISHED
from eyespot.weights.renames import (
    DENSENET_OLD_NAMES,
    NUMBERED_LITE0,
    TIMM_EFFICIENTNET,
    rename,
)


def published(name):
    """The state dict of a published network, without memory."""
    entries = published_entries()[name]
    return {key: torch.empty(shape, device="meta") for key, shape in entries.items()}


@pytest.mark.parametrize("name", sorted(published_entries()))
def test_every_published_key_list_fits_its_network(name):
    state = published(name)
    adapted = adapt(state, name)
    assert list(map(id, adapted.values())) == list(map(id, state.values()))
    if not PUBLISHED[name].renames:
        assert list(adapted) == list(state)


# published name, ours; by hand from the two key lists, both of which print the shape beside it
@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("conv_stem.weight", "features.0.0.weight"),  # 32x3x3x3
        ("bn1.running_var", "features.0.1.running_var"),  # 32
        ("blocks.0.0.conv_dw.weight", "features.1.0.block.0.0.weight"),  # 32x1x3x3
        ("blocks.0.0.conv_pw.weight", "features.1.0.block.2.0.weight"),  # 16x32x1x1
        ("blocks.1.0.bn3.bias", "features.2.0.block.3.1.bias"),  # 24
        ("blocks.1.1.se.conv_reduce.weight", "features.2.1.block.2.fc1.weight"),  # 6x144x1x1
        ("blocks.6.0.conv_pwl.weight", "features.7.0.block.3.0.weight"),  # 320x1152x1x1
        ("conv_head.weight", "features.8.0.weight"),  # 1280x320x1x1
        ("classifier.bias", "classifier.1.bias"),  # 1000
    ],
)
def test_timm_names_become_torchvisions(theirs, ours):
    assert rename(theirs, TIMM_EFFICIENTNET) == ours
    torchvision = published_entries()["torchvision/efficientnet_b0"]
    assert torchvision[ours] == published_entries()["timm/tf_efficientnet_b0"][theirs]


@pytest.mark.parametrize("name", ["norm1", "conv2", "relu1"])
def test_old_names_of_dense_layers_become_todays_and_todays_stay(name):
    layer = "features.denseblock3.denselayer17."
    old = f"{layer}{name[:-1]}.{name[-1]}.weight"
    assert rename(old, DENSENET_OLD_NAMES) == f"{layer}{name}.weight"
    for today in published_entries()["torchvision/densenet121"]:
        assert rename(today, DENSENET_OLD_NAMES) == today


def test_numbered_blocks_find_their_stage():
    # Lite0 has 1 + 2 + 2 + 3 + 3 + 4 + 1 = 16 blocks; _blocks.8 is the first of the fifth stage
    ours = rename("_blocks.8._depthwise_conv.weight", NUMBERED_LITE0)
    assert ours == "features.5.0.block.1.0.weight"
    ours = rename("_blocks.15._bn2.bias", NUMBERED_LITE0)
    assert ours == "features.7.0.block.2.1.bias"


def test_batch_counters_that_old_files_lack_are_zero():
    state = published("torchvision/resnet18")
    old = {name: t for name, t in state.items() if not name.endswith("num_batches_tracked")}
    assert len(old) == 102  # 122 entries, 20 of them counters
    adapted = adapt(old, "torchvision/resnet18")
    assert adapted.keys() == state.keys()
    assert adapted["bn1.num_batches_tracked"].item() == 0


def without(state, name):
    return {key: tensor for key, tensor in state.items() if key != name}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: without(s, "fc.weight"), r"1 missing \(fc\.weight\)"),
        (lambda s: s | {"aux.weight": torch.zeros(1)}, r"1 unknown \(aux\.weight\)"),
        (
            lambda s: s | {"fc.weight": torch.zeros(12, 512), "fc.bias": torch.zeros(12)},
            r"2 of another shape \(fc\.bias is 12 instead of 1000, fc\.weight is 12x512 instead",
        ),
        (lambda _: {}, r"102 missing \(bn1\.bias, bn1\.running_mean, bn1\.running_var and 99 more"),
    ],
)
def test_what_does_not_fit_is_named(change, message):
    with pytest.raises(InputError, match=message):
        adapt(change(published("torchvision/resnet18")), "torchvision/resnet18")


def test_an_entry_under_its_old_and_its_new_name_is_one_too_many():
    state = published("torchvision/densenet121")
    twice = "features.denseblock1.denselayer1.norm1.weight"
    old = twice.replace("norm1", "norm.1")
    assert adapt(without(state, twice) | {old: state[twice]}, "torchvision/densenet121")
    with pytest.raises(InputError, match=rf"1 unknown \({old}, for the second time\)"):
        adapt(state | {old: state[twice]}, "torchvision/densenet121")


def test_an_unknown_published_network_is_refused_with_near_names():
    with pytest.raises(InputError, match="Did you mean timm/tf_efficientnet_b7"):
        adapt({}, "timm/tf_eficientnet_b7")
