"""The table of a network, against the paper's own, and the commands that print it."""

import json

import pytest
from click.testing import CliRunner

from eyespot.cli.networks import networks, show
from eyespot.errors import InputError
from eyespot.networks import architectures, find
from eyespot.networks.table import table
from eyespot.weights.catalogue import loads


def run(command, *words):
    result = CliRunner().invoke(command, list(words), catch_exceptions=False)
    assert result.exit_code == 0
    return result


def test_resnet50_is_table_1_of_its_paper():
    rows = table(find("resnet50"))
    assert [row.output_shape for row in rows] == [
        (64, 112, 112),
        (256, 56, 56),
        (512, 28, 28),
        (1024, 14, 14),
        (2048, 7, 7),
        (1000,),
    ]
    assert rows[0].kernels == ("7x7 64/2",)
    assert rows[1].kernels == (
        "max pool 3x3/2",
        "1x1 64, 3x3 64, 1x1 256 | 1x1 256",
        "1x1 64, 3x3 64, 1x1 256  x 2",
    )
    assert rows[4].kernels[1] == "1x1 512, 3x3 512, 1x1 2048  x 2"
    assert rows[5].kernels == ("average pool", "linear 1000")


def test_v1_5_strides_in_the_3x3():
    assert table(find("resnet50"))[2].kernels[0].startswith("1x1 128/2, 3x3 128,")
    assert table(find("resnet50_v1_5"))[2].kernels[0].startswith("1x1 128, 3x3 128/2,")


def test_mbconv_shows_its_depthwise_kernel_and_its_squeeze():
    rows = table(find("efficientnet_b0"))
    assert rows[1].kernels == ("3x3 dw 32, [8, 32], 1x1 16",)
    assert rows[2].kernels[0] == "1x1 96, 3x3 dw 96/2, [4, 96], 1x1 24"


@pytest.mark.parametrize("name", ["resnet34", "efficientnet_b2", "efficientnet_lite4_timm"])
def test_the_rows_sum_to_the_claims(name):
    rows = table(find(name))
    assert sum(row.parameters for row in rows) == find(name).parameters
    assert sum(row.multiply_adds for row in rows) == find(name).multiply_adds


def test_memory_counts_four_bytes_for_every_number_kept():
    # conv1 gives 64 x 112 x 112 numbers
    assert table(find("resnet18"))[0].memory == 4 * 64 * 112 * 112


def test_networks_lists_all_in_json():
    rows = json.loads(run(networks, "--json").stdout)
    assert [row["name"] for row in rows] == list(architectures())
    row = next(row for row in rows if row["name"] == "resnet50_v1_5")
    assert row["loads"] == ["torchvision/resnet50"] and row["renamed"] == []
    assert (row["family"], row["year"], row["edition"]) == ("resnet", 2016, "v1.5")
    assert (row["parameters"], row["multiply_adds"]) == (25_557_032, 4_089_184_256)
    assert (row["image_size"], row["num_classes"]) == (224, 1000)
    assert row["stages"][1] == {"module": "layer1", "channels": 256, "stride": 4}
    assert {"what", "source", "arithmetic"} == set(row["deviations"][0])


def test_networks_prints_lines_of_a_hundred_columns_at_most():
    result = run(networks)
    assert all(name in result.stdout for name in architectures())
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert "eyespot show" in result.stderr


def test_one_family_can_be_asked_for():
    assert "efficientnet" not in run(networks, "--family", "resnet").stdout
    with pytest.raises(InputError, match="no family 'resnets'"):
        run(networks, "--family", "resnets")


@pytest.mark.parametrize("name", ["resnet50", "efficientnet_b7", "efficientnet_lite4_timm"])
def test_show_prints_a_table_of_a_hundred_columns_at_most(name):
    text = run(show, name).stdout
    assert max(map(len, text.splitlines())) <= 100
    assert f"{find(name).parameters:,} parameters" in text
    assert f"{find(name).multiply_adds:,} multiply-adds" in text
    assert find(name).paper.title in text
    for published in loads(name):
        assert published in text


def test_show_answers_for_another_image_size():
    facts = json.loads(run(show, "resnet18", "--image-size", "288", "--json").stdout)
    assert facts["multiply_adds"] == 2_998_439_936  # timm's evaluation size, counted there
    assert facts["table"][-2]["output_shape"] == [512, 9, 9]


def test_show_of_an_unknown_network_raises_with_near_names():
    with pytest.raises(InputError, match="Did you mean resnet18"):
        run(show, "resnet-18")
