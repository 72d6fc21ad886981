"""What every network of the catalogue promises, held for all of them."""

import ast
import json
from functools import cache
from math import ceil

import pytest
import torch
from golden.fill import golden, published_entries
from torch import nn

from eyespot import taps
from eyespot.errors import InputError
from eyespot.networks import architectures, build, find
from eyespot.networks.architecture import Deviation, Network, Paper, Stage
from eyespot.networks.catalogue import FAMILIES
from eyespot.networks.counting import count
from eyespot.values import from_json, to_json
from eyespot.weights.catalogue import loads
from eyespot.weights.renames import PUBLISHED, rename

NAMES = list(architectures())
LOADED = [(name, published) for name in NAMES for published in loads(name)]


def smallest_of_each_edition() -> list[str]:
    rows = sorted(architectures().values(), key=lambda row: row.parameters)
    return list({(row.family, row.edition, row.paper): row.name for row in reversed(rows)}.values())


@cache
def on_meta(name: str) -> Network:
    with torch.device("meta"):
        return build(name).eval()


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_and_multiply_adds_are_as_stated(name):
    counts = count(on_meta(name), find(name).image_size)
    assert counts.parameters == find(name).parameters
    assert counts.multiply_adds == find(name).multiply_adds
    assert counts.multiply_adds == counts.multiply_adds_conv + counts.multiply_adds_linear


@pytest.mark.parametrize("name", NAMES)
def test_stages_leave_the_stated_channels_at_the_stated_stride(name):
    architecture = find(name)
    size = architecture.image_size
    modules = [stage.module for stage in architecture.stages]
    with torch.no_grad(), taps.record(on_meta(name), modules) as responses:
        on_meta(name)(torch.empty(1, 3, size, size, device="meta"))
    for stage in architecture.stages:
        side = ceil(size / stage.stride)
        assert responses[stage.module].shape == (1, stage.channels, side, side), stage


@pytest.mark.parametrize("name", NAMES)
def test_features_embedding_and_logits_fit_together(name):
    network, images = on_meta(name), torch.empty(2, 3, 64, 64, device="meta")
    with torch.no_grad():
        features = network.forward_features(images)
        embedding = network.forward_embedding(images)
        logits = network(images)
    head = network.get_submodule(find(name).head)
    assert isinstance(head, nn.Linear)
    assert features.shape[:2] == (2, find(name).stages[-1].channels)
    assert embedding.shape == (2, head.in_features)
    assert network.classify(embedding).shape == logits.shape == (2, 1000)


@pytest.mark.parametrize("name", NAMES)
def test_the_number_of_classes_changes_the_head_alone(name):
    with torch.device("meta"):
        small = build(name, num_classes=7).state_dict()
    full = on_meta(name).state_dict()
    changed = {key for key in full if full[key].shape != small[key].shape}
    head = find(name).head
    assert list(full) == list(small)
    assert changed == {f"{head}.weight", f"{head}.bias"}
    assert small[f"{head}.bias"].shape == (7,)


@pytest.mark.parametrize("name", NAMES)
def test_paper_stages_and_deviations_survive_json(name):
    row = find(name)
    kinds = [(Paper, row.paper), *((Stage, stage) for stage in row.stages)]
    for kind, value in [*kinds, *((Deviation, each) for each in row.deviations)]:
        assert from_json(kind, json.loads(json.dumps(to_json(value)))) == value


@pytest.mark.parametrize("name", NAMES)
def test_the_arithmetic_of_deviations_is_true(name):
    for deviation in find(name).deviations:
        assert deviation.what and deviation.source
        if deviation.arithmetic is not None:
            equality = ast.parse(deviation.arithmetic, mode="eval").body
            assert isinstance(equality, ast.Compare) and isinstance(equality.ops[0], ast.Eq)
            assert ast.dump(equality.left) != ast.dump(equality.comparators[0])
            assert eval(deviation.arithmetic, {"__builtins__": {"round": round}}) is True


@pytest.mark.parametrize(("name", "published"), LOADED)
def test_entries_are_those_of_the_published_network(name, published):
    entries = published_entries()[published]
    renamed = {rename(key, PUBLISHED[published].renames): shape for key, shape in entries.items()}
    ours = {key: tuple(tensor.shape) for key, tensor in on_meta(name).state_dict().items()}
    assert list(ours.items()) == list(renamed.items())  # order is part of a checkpoint, too
    if published.startswith("torchvision/"):
        assert list(renamed) == list(entries)


@pytest.mark.parametrize(
    "row", golden("counts"), ids=lambda row: f"{row['library']}/{row['model']}"
)
def test_counts_are_those_of_the_published_network(row):
    (name,) = (
        name for name, published in LOADED if published == f"{row['library']}/{row['model']}"
    )
    counts = count(on_meta(name), row["image_size"])
    assert to_json(counts) == {key: row[key] for key in to_json(counts)}


@pytest.mark.parametrize("row", golden("papers"), ids=lambda row: row["name"])
def test_rows_agree_with_the_paper(row):
    architecture = find(row["name"])
    paper = to_json(architecture.paper)
    assert {key: paper[key] for key in row["paper"]} == row["paper"]
    assert architecture.edition == "paper"
    assert architecture.image_size == row["input_size"]
    assert architecture.parameters == row["exact_parameters"]
    assert architecture.multiply_adds == row["exact_multiply_adds"]
    stages = [(ceil(row["input_size"] / s.stride), s.channels) for s in architecture.stages]
    assert stages == [(s["output_size"], s["channels"]) for s in row["stages"][:-1]]
    # Papers round: 25.56 M is printed 25.6 M, and a model card counts up to 5.4 % more.
    if row["parameters"]:
        assert architecture.parameters == pytest.approx(row["parameters"], rel=0.025)
    assert architecture.multiply_adds == pytest.approx(row["multiply_adds"], rel=0.055)


def test_every_row_of_the_papers_edition_is_held_by_a_paper():
    papers = {row["name"] for row in golden("papers")}
    assert papers == {name for name in NAMES if find(name).edition == "paper"}


def test_families_stand_in_order_of_publication():
    rows = list(architectures().values())
    assert list(dict.fromkeys(row.family for row in rows)) == list(FAMILIES)
    assert [row.paper.year for row in rows] == sorted(row.paper.year for row in rows)
    assert all(name == row.name for name, row in architectures().items())


@pytest.mark.parametrize("name", smallest_of_each_edition())
def test_logits_are_the_head_on_the_embedding(name):
    network = build(name, num_classes=5).eval()
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        features = network.forward_features(images)
        embedding = network.forward_embedding(images)
        logits = network(images)
        assert torch.equal(features.mean((2, 3)), embedding) or torch.allclose(
            features.mean((2, 3)), embedding, rtol=1e-5
        )
        assert torch.equal(network.classify(embedding), logits)
        assert not torch.equal(logits[0], logits[1])


@pytest.mark.parametrize("name", smallest_of_each_edition())
def test_a_fresh_network_depends_on_its_seed_and_nothing_else(name):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = build(name, seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    again, other = build(name, seed=3).state_dict(), build(name, seed=4).state_dict()
    assert first.training
    assert all(torch.equal(tensor, again[key]) for key, tensor in first.state_dict().items())
    weights = [key for key, tensor in again.items() if tensor.ndim > 1]
    assert not any(torch.equal(again[key], other[key]) for key in weights)


@pytest.mark.parametrize("name", smallest_of_each_edition())
def test_a_loss_reaches_every_parameter(name):
    network = build(name, num_classes=3)
    network(torch.randn(2, 3, 64, 64)).square().sum().backward()
    assert [key for key, each in network.named_parameters() if each.grad is None] == []


def test_an_unknown_name_is_answered_with_near_ones():
    with pytest.raises(InputError, match=r"no network 'resnet51'. Did you mean resnet50"):
        find("resnet51")


def test_a_network_without_classes_is_refused():
    with pytest.raises(InputError, match="at least 1 class, not 0"):
        build("resnet18", num_classes=0)
