"""Two networks side by side: all that differs, and nothing that does not."""

import pytest

from eyespot.networks import architectures, find
from eyespot.networks.difference import Setting, difference


def pairs() -> list[tuple[str, str]]:
    """The smallest network of each edition of a family, behind the paper's that it is named as."""
    rows = sorted(architectures().values(), key=lambda row: -row.parameters)
    found = {
        (row.family, row.edition): (paper.name, row.name)
        for row in rows
        for paper in rows
        if row.edition != "paper" and row.name == f"{paper.name}_{row.edition}"
    }
    return list(found.values())


@pytest.mark.parametrize("name", ["alexnet", "googlenet_aux", "efficientnet_b0", "vit_b_16"])
def test_a_network_does_not_differ_from_itself(name):
    found = difference(find(name), find(name))
    assert found.lines == () and found.settings == ()


@pytest.mark.parametrize(("left", "right"), pairs())
def test_two_editions_differ_in_something_that_is_shown(left, right):
    found = difference(find(left), find(right))
    # an order of layers is in no table and no setting: it has to be told
    assert found.lines or found.settings or find(left).deviations != find(right).deviations


def test_a_striding_3x3_is_seen_where_it_strides():
    found = difference(find("resnet50"), find("resnet50_v1_5"))
    assert [pair.left.module for pair in found.lines] == ["layer2", "layer3", "layer4"]
    assert found.settings == ()


def test_eps_and_padding_are_seen_though_no_table_shows_them():
    found = difference(find("efficientnet_b0"), find("efficientnet_b0_torchvision"))
    assert found.lines == ()
    # 1 + 16 blocks of 3 norms, the first of 2, + 1
    assert Setting("BatchNorm2d", "eps", "0.001", "1e-05", 49) in found.settings
    # the stem and the first blocks of four stages stride; of these two are 5x5
    assert Setting("SamePadding", "modules", "5", "0", 5) in found.settings
    assert Setting("Conv2d", "padding", "0", "2", 2) in found.settings


def test_an_auxiliary_head_is_a_line_that_only_one_has():
    found = difference(find("googlenet"), find("googlenet_aux"))
    assert [(pair.left, pair.right.module) for pair in found.lines] == [
        (None, "aux1"),
        (None, "aux2"),
    ]


def test_norms_that_shift_all_numbers_are_counted_by_kind():
    found = difference(find("vgg16"), find("vgg16_bn"))
    assert found.settings == (Setting("BatchNorm2d", "modules", "0", "13", 13),)
    assert len(found.lines) == 5  # norms have parameters


def test_networks_of_two_families_are_compared_by_their_tables_alone():
    found = difference(find("resnet18"), find("vit_b_16"))
    assert found.settings == ()
    sizes = [
        (pair.left and pair.left.output_shape[1:], pair.right and pair.right.output_shape[1:])
        for pair in found.lines
    ]
    assert ((14, 14), (14, 14)) in sizes and ((112, 112), None) in sizes
