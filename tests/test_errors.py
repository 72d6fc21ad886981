"""An unknown name is answered with the nearest known ones, whatever kind of name it is."""

import pytest

from eyespot.errors import InputError, lookup, nearest

# fmt: off
NAMES = [
    "alexnet", "resnet18", "resnet34", "resnet50", "resnet50_v1_5", "wrn_50_2",
    "wrn_50_2_torchvision", "mobilenet_v2_1_0", "mobilenet_v2_1_4", "mobilenet_v2_0_75",
    "mobilenet_v2_0_5", "efficientnet_b0",
]
# fmt: on
GROUPS = {"resnet": NAMES[1:5], "wide_resnet": NAMES[5:7], "mobilenet_v2": NAMES[7:11]}


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("mobilenet_v2", ["mobilenet_v2_1_0", "mobilenet_v2_1_4", "mobilenet_v2_0_75"]),
        ("MobileNetV2", ["mobilenet_v2_1_0", "mobilenet_v2_1_4", "mobilenet_v2_0_75"]),
        ("ResNet-50", ["resnet50", "resnet50_v1_5"]),
        ("resnet50v15", ["resnet50_v1_5"]),
        ("resnet51", ["resnet50", "resnet18", "resnet34"]),
        ("wide_resnet", ["wrn_50_2", "wrn_50_2_torchvision"]),  # a family, by its own name
        ("wideresnt", ["wrn_50_2", "wrn_50_2_torchvision", "resnet18"]),
        ("b0", ["efficientnet_b0"]),
        ("alxnet", ["alexnet"]),
        ("wrn502t", ["wrn_50_2_torchvision", "wrn_50_2"]),  # one more letter than another's
        ("x", []),
        ("", []),
    ],
)
def test_the_nearest_names_come_first_and_families_stand_for_theirs(typed, near):
    assert nearest(typed, NAMES, groups=GROUPS) == near


def test_an_unknown_name_is_an_error_of_one_line():
    assert lookup("network", "b", {"b": 2}) == 2
    with pytest.raises(InputError) as caught:
        lookup("network", "mobilenet_v2", dict.fromkeys(NAMES), groups=GROUPS)
    assert str(caught.value) == (
        "There is no network 'mobilenet_v2'. Did you mean mobilenet_v2_1_0 or mobilenet_v2_1_4 "
        "or mobilenet_v2_0_75?"
    )
    with pytest.raises(InputError, match=r"Known: alexnet, .*, efficientnet_b0 and 2 more"):
        lookup("network", "x", dict.fromkeys([*NAMES, "y", "z"]))
