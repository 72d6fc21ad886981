"""Which errors stand beside one another: no ensemble's, and no two ways of measuring as one."""

import pytest

from eyespot.errors import InputError
from eyespot.networks import architectures, find
from eyespot.networks.comparison import (
    IMAGENET,
    KINDS,
    comparable,
    compared,
    drawable,
    finding,
    kind,
    measure_of,
    photos_of,
    series,
)
from eyespot.networks.results import results

ALL = list(architectures().values())


def shown(*names, only=None):
    return compared([find(name) for name in names], "top1_error", only=only)


@pytest.mark.parametrize("measure", ["top1_error", "top5_error"])
def test_no_ensemble_is_ever_compared(measure):
    found = [row.result for row in compared(ALL, measure) if row.result]
    assert len(found) > 60
    assert [row for row in found if "ensemble" in row.protocol] == []
    assert any(row.is_ensemble for rows in results().values() for row in rows)


# How each paper says that it measured: resnet Sect. 4.1, vgg Sect. 3.2, efficientnet Sect. 5.2,
# vit Sect. 4, overfeat table 2, resnet on CIFAR-10 Sect. 4.2
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resnet50", "several views"),
        ("vgg16", "whole photos"),
        ("efficientnet_b0", "one view"),
        ("densenet121", "one view"),
        ("vit_b_16", "trained otherwise"),
        ("overfeat_fast", "whole photos"),
        ("resnet20", "one view"),
    ],
)
def test_the_way_of_measuring_is_read_off_the_protocol(name, expected):
    (row,) = shown(name)
    assert kind(row.result) == expected


def test_every_error_is_measured_in_one_of_the_ways_of_the_legend():
    assert {kind(row) for rows in results().values() for row in rows} <= set(KINDS)


def test_a_figure_that_the_paper_does_not_print_says_whose_it_is():
    # GoogLeNet's paper prints top-5 errors alone: 10.07 % with one crop (table 3)
    (row,) = shown("googlenet")
    assert row.caveat == "BVLC GoogLeNet, not the paper"
    (row,) = compared([find("googlenet")], "top5_error")
    assert (row.result.top5_error, row.caveat) == (10.07, None)
    assert measure_of([find("googlenet")]) == "top5_error"
    assert measure_of([find("googlenet"), find("mobilenet_v2_1_0")]) == "top1_error"


def test_a_figure_of_another_network_in_the_paper_does_not_stand_for_this_one():
    # He et al. 2015, table 2 is of a small net of 14 layers; table 4: 22.97 % with PReLU
    (row,) = shown("prelu_net_a")
    assert (row.result.top1_error, row.result.where) == (22.97, "table 4")


def test_one_view_takes_the_error_of_one_view_where_there_is_one():
    # KaimingHe/deep-residual-networks README: 24.7 % top-1 from one centre crop
    row, other = shown("resnet50", "vgg16", only="one view")
    assert (row.result.top1_error, row.caveat is None) == (24.7, False)
    assert other.result is None


def test_networks_measured_on_other_photos_are_left_out_of_a_chart_and_said():
    rows, left = drawable(shown("lenet5", "resnet50", "resnet18", "resnet50_v1_5"))
    assert [row.architecture.name for row in rows] == ["resnet50", "resnet18"]
    assert left == {
        "lenet5": "measured on MNIST, not ImageNet",
        "resnet50_v1_5": "no such error is published",
    }
    with pytest.raises(InputError, match="has a published error"):
        drawable(shown("resnet50_v1_5"))


def test_small_photos_compare_among_themselves():
    rows, left = drawable(shown("resnet20", "resnet56", "wrn_28_10"))
    assert {photos_of(row.result) for row in rows} == {"CIFAR-10"}
    assert left == {}


def test_without_names_all_papers_networks_on_imagenet_are_compared():
    rows = comparable()
    assert {row.num_classes for row in rows} == {1000}
    assert {row.edition for row in rows} == {"paper"}
    assert {"alexnet", "resnet152", "senet154", "efficientnet_b7"} <= {row.name for row in rows}
    assert {photos_of(row.result) for row in compared(rows, "top1_error")} == {IMAGENET}


def test_the_finding_holds_for_the_two_networks_that_it_names():
    # 20.9 % and 21.9 % top-1 with one crop; 11.40e9 / 0.687e9 multiply-adds = 16.6
    rows = shown("wrn_50_2", "efficientnet_b1", "resnet50", "vgg16")
    assert finding(rows) == (
        "efficientnet_b1 is right as often as wrn_50_2, with 1/17 of its operations"
    )


def test_what_was_measured_in_several_ways_makes_no_finding():
    # ResNet-50 from ten crops has 22.85 %, EfficientNet-B0 from one 22.9 % at a tenth of the cost
    rows = shown("resnet50", "vgg16", "efficientnet_b0")
    assert finding(rows) == "What a published accuracy costs, measured in 3 ways"


def test_of_networks_that_save_nothing_the_best_is_told():
    # Table 7 of ResNeXt: 3.65 % on CIFAR-10; WRN-28-10 has 4.00 %
    rows = shown("resnext29_8x64d", "wrn_28_10")
    assert finding(rows) == "resnext29_8x64d is right most often, on 96.3 % of the photos"
    (row,) = shown("densenet121")
    assert finding([row]) == "densenet121 is right on 75.0 % of the photos"


def test_a_line_joins_the_networks_of_one_paper_that_are_named_alike():
    names = ["se_resnet50", "se_resnet101", "senet154", "efficientnet_b0", "efficientnet_lite0"]
    lines = series([find(name) for name in names])
    assert lines["se_resnet50"] == lines["se_resnet101"]
    assert len(set(lines.values())) == 4
