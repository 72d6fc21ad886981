"""`eyespot layers`: the table of a network, layer by layer."""

import json

import pytest
import torch
from click.testing import CliRunner

from eyespot.cli.layers import layers
from eyespot.errors import InputError
from eyespot.inspection.layer_table import layer_table
from eyespot.networks import build, find


def run(*words):
    result = CliRunner().invoke(layers, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", ["lenet5", "vgg16", "se_resnet18", "inception_v3", "vit_ti_16"])
def test_the_rows_add_up_to_the_network(name):
    with torch.device("meta"):
        network = build(name)
    rows = layer_table(network, find(name).image_size)
    assert sum(row.parameters for row in rows) == find(name).parameters
    assert sum(row.multiply_adds for row in rows) == find(name).multiply_adds
    assert all(row.field is not None for row in rows)


def test_the_first_layers_of_vgg16_are_as_computed_by_hand():
    printed = json.loads(run("vgg16", "--json"))
    rows = {row["module"]: row for row in printed["layers"]}
    first, pool = rows["features.0"], rows["features.4"]
    assert first["output_shape"] == [64, 224, 224]
    assert first["parameters"] == 64 * (3 * 3 * 3 + 1) == 1792
    assert first["multiply_adds"] == 27 * 64 * 224 * 224 == 86_704_128
    assert first["memory"] == 4 * 64 * 224 * 224
    assert pool["kernel"]["size"] == pool["kernel"]["stride"] == [2, 2]
    # 3 + 2 of the convolutions, + 1 of the pool; the middle of the pixels -2 to 3
    field = {"size": 6, "jump": 2, "offset": 0.5, "first": -2, "last": 3}
    assert pool["field"] == {"is_global": False, "rows": field, "columns": field}
    assert rows["classifier.0"]["field"] == {"is_global": True, "rows": None, "columns": None}
    assert (printed["network"], printed["image_size"]) == ("vgg16", 224)
    assert printed["parameters"] == 138_357_544


@pytest.mark.parametrize("columns", [80, 100])
def test_the_table_fits_the_terminal(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    for name in ("resnet18", "se_resnet18"):
        text = run(name)
        assert max(map(len, text.splitlines())) <= columns


def test_norms_and_activations_are_counted_and_shown_if_asked():
    text = run("resnet18")
    assert "bn1" not in text and "Not shown: " in text
    assert "11,689,512 parameters" in text
    assert "bn1" in run("resnet18", "--all")


def test_another_size_changes_what_is_computed_and_no_field():
    small, large = (json.loads(run("resnet18", "--json", "--size", size)) for size in ("64", "96"))
    assert small["parameters"] == large["parameters"]
    assert small["multiply_adds"] < large["multiply_adds"]
    assert [row["field"] for row in small["layers"]] == [row["field"] for row in large["layers"]]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("resnet51",), "Did you mean"),
        (("nothing/",), "nothing"),
        (("inception_v3", "--size", "20"), "at least 75 x 75 pixels, not 20 x 20"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_a_sentence(words, told):
    result = CliRunner().invoke(layers, list(words))
    assert isinstance(result.exception, InputError)
    assert told in str(result.exception) and "\n" not in str(result.exception)
