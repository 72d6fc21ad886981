"""What every network of the catalogue promises, held for all of them."""

import ast
import copy
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from importlib import import_module
from math import ceil, isclose, log10
from unittest import mock

import pytest
import torch
from golden.fill import golden, published_entries
from torch import nn

from eyespot import taps
from eyespot.errors import InputError
from eyespot.networks import architectures, build, find
from eyespot.networks.architecture import Architecture, Deviation, Network, Paper, Stage
from eyespot.networks.catalogue import FAMILIES
from eyespot.networks.counting import Counts, Shapes, count
from eyespot.values import from_json, to_json
from eyespot.weights.catalogue import loads
from eyespot.weights.published import PUBLISHED
from eyespot.weights.renames import rename

NAMES = list(architectures())
LOADED = [(name, published) for name in NAMES for published in loads(name)]


def smallest_of_each_family() -> list[str]:
    """For CIFAR and for ImageNet, where a paper has both; further editions where they are small."""
    # drawing a weight takes as long as some 30 multiply-adds
    rows = sorted(
        architectures().values(),
        key=lambda row: row.parameters + row.multiply_adds / 30,
        reverse=True,
    )
    families = {(row.family, row.num_classes): row.name for row in rows}
    small = [row for row in rows if row.parameters < 15e6]
    editions = {(row.family, row.num_classes, row.edition, row.paper): row.name for row in small}
    return list(dict.fromkeys([*families.values(), *editions.values()]))


def legal_size(name: str, least: int = 64) -> int:
    """The smallest legal image size from `least` pixels on, or from its own where that is less."""
    network = on_meta(name)
    step = network.image_size_step
    least = min(least, find(name).image_size)
    least = max(min(least, network.largest_image_size or least), network.smallest_image_size)
    return -(-least // step) * step


def meta_images(name: str, size: int, count: int = 1) -> torch.Tensor:
    return torch.empty(count, on_meta(name).in_channels, size, size, device="meta")


@cache
def on_meta(name: str) -> Network:
    with torch.device("meta"):
        return build(name).eval()


@cache
def counted(name: str, image_size: int) -> Counts:
    return count(on_meta(name), image_size)


def test_batch_norm_on_the_meta_device_gives_what_torch_says_it_gives():
    with torch.device("meta"):
        norm, features = nn.BatchNorm2d(5).eval(), torch.empty(2, 5, 4, 3).transpose(2, 3)
    entries = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
    given = []
    for how in (nullcontext(), Shapes()):
        with how, torch.no_grad():
            given.append(torch.ops.aten.native_batch_norm(features, *entries, False, 0.1, 1e-5))
    kinds = [[(each.shape, each.stride(), each.dtype) for each in row] for row in given]
    assert kinds[0] == kinds[1]
    with Shapes(), pytest.raises(RuntimeError, match="should contain 4 elements not 5"):
        norm(torch.empty(2, 4, 4, 3, device="meta"))


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", NAMES)
def test_parameters_and_multiply_adds_are_as_stated(name):
    counts = counted(name, find(name).image_size)
    kinds = (counts.multiply_adds_conv, counts.multiply_adds_linear, counts.multiply_adds_attention)
    assert counts.parameters == find(name).parameters
    assert counts.multiply_adds == find(name).multiply_adds == sum(kinds)
    assert counts.activations > 0 and counts.peak_memory > 0


@pytest.mark.parametrize("name", NAMES)
def test_stages_leave_the_stated_channels_at_the_stated_stride(name):
    architecture = find(name)
    last = architecture.stages[-1].stride
    assert [each.stride for each in architecture.stages] == sorted(
        each.stride for each in architecture.stages
    )
    small, _ = stage_shapes(name, architecture.image_size)
    if on_meta(name).largest_image_size is not None:  # of a fixed size: nothing can grow
        for stage in architecture.stages:
            assert small[stage.module][:2] == (1, stage.channels), stage
            assert small[stage.module][2] <= ceil(architecture.image_size / stage.stride), stage
        return
    large, _ = stage_shapes(name, architecture.image_size + 2 * last)
    for stage in architecture.stages:
        assert small[stage.module][:2] == (1, stage.channels), stage
        # A map grows by one where the image grows by one stride.
        for axis in (2, 3):
            grown = large[stage.module][axis] - small[stage.module][axis]
            assert grown * stage.stride == 2 * last, stage


@cache
def stage_shapes(name: str, size: int) -> tuple[dict[str, tuple[int, ...]], tuple[int, ...]]:
    """Of the stages, and of the logits."""
    modules = [stage.module for stage in find(name).stages]
    with torch.no_grad(), Shapes(), taps.record(on_meta(name), modules) as responses:
        logits = on_meta(name)(meta_images(name, size))
    return {module: tuple(responses[module].shape) for module in modules}, tuple(logits.shape)


@contextmanager
def features_of(network: Network) -> Iterator[list[torch.Tensor]]:
    """What leaves `forward_features` in the block: no pass of its own where another needs it."""
    seen, forward_features = [], network.forward_features

    def noting(images: torch.Tensor) -> torch.Tensor:
        seen.append(forward_features(images))
        return seen[-1]

    with mock.patch.object(network, "forward_features", noting):
        yield seen


@pytest.mark.parametrize("name", NAMES)
def test_features_embedding_and_logits_fit_together(name):
    network, images = on_meta(name), meta_images(name, legal_size(name), count=2)
    with torch.no_grad(), Shapes(), features_of(network) as seen:
        embedding = network.forward_embedding(images)
        (features,) = seen or [network.forward_features(images)]
        is_composed = type(network).forward is Network.forward
        logits = network.classify(embedding) if is_composed else network(images)
        has_one_head = type(network).forward_train is Network.forward_train
        heads = [(1.0, logits)] if has_one_head else network.forward_train(images)
    head = network.get_submodule(find(name).head)
    num_classes = find(name).num_classes
    # a linear layer, a 1x1 convolution, or LeNet-5's fixed codes
    assert head.weight.flatten(1).shape == (num_classes, embedding.shape[1])
    assert features.shape[:2] == (2, find(name).stages[-1].channels)
    assert embedding.shape[0] == 2
    assert network.classify(embedding).shape == logits.shape == (2, num_classes)
    assert heads[0][0] == 1 and all(0 < weight <= 1 for weight, _ in heads)
    assert all(each.shape == (2, num_classes) for _, each in heads)
    assert (len(heads) > 1) == name.endswith("_aux")


@pytest.mark.parametrize("name", NAMES)
def test_every_legal_image_size_is_taken_and_no_other(name):
    network = on_meta(name)
    least, step = legal_size(name, least=1), network.image_size_step
    architecture, most = find(name), network.largest_image_size
    # the network has run on the larger two for the stages' test
    larger = architecture.image_size + 2 * architecture.stages[-1].stride
    sizes = (least, least + 11 * step, architecture.image_size, larger)
    for size in sorted({min(size, most or size) for size in sizes}):
        assert stage_shapes(name, size)[1] == (1, architecture.num_classes)
    with torch.no_grad(), Shapes():
        if least > step:
            with pytest.raises(InputError, match=f"at least {least} x {least} pixels, not"):
                network(meta_images(name, least - step))
            with pytest.raises(RuntimeError):  # the bound is real
                network.classify(network.forward_embedding(meta_images(name, least - step)))
        if network.largest_image_size is not None:
            with pytest.raises(InputError, match=f"at most {most} x {most} pixels, not"):
                network(meta_images(name, most + step))
        if step > 1:
            with pytest.raises(InputError, match=f"multiples of {step} pixels, not"):
                network(meta_images(name, least + 1))


@pytest.mark.parametrize("name", NAMES)
def test_other_images_are_refused_in_one_line_that_says_what_is_expected(name):
    network, size = on_meta(name), legal_size(name)
    channels = network.in_channels
    wrong = {
        rf"expects images of shape \(N, {channels}, H, W\), not": meta_images(name, size)[0],
        rf"expects {channels} channels.*, not {channels + 1}": torch.empty(
            1, channels + 1, size, size
        ),
        "expects images of torch.float32, as its weights, not torch.uint8": torch.zeros(
            1, channels, size, size, dtype=torch.uint8
        ),
    }
    for message, images in wrong.items():
        with pytest.raises(InputError, match=message) as caught:
            network(images)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_the_number_of_classes_changes_the_heads_alone(name):
    with torch.device("meta"):
        small = build(name, num_classes=7).state_dict()
    full = on_meta(name).state_dict()
    changed = {key for key in full if full[key].shape != small[key].shape}
    head = find(name).head
    assert list(full) == list(small)
    assert {key for key in changed if "aux" not in key.lower()} == {
        key for key in full if key.startswith(f"{head}.")
    }
    assert all(small[key].shape[0] == 7 for key in changed)


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


@pytest.mark.parametrize("name", NAMES)
def test_an_edition_that_is_not_the_papers_says_how_it_differs(name):
    assert find(name).edition == "paper" or find(name).deviations


@pytest.mark.parametrize(("name", "published"), LOADED)
def test_entries_are_those_of_the_published_network(name, published):
    entries = published_entries()[published]
    renamed = {rename(key, PUBLISHED[published].renames): shape for key, shape in entries.items()}
    ours = {key: tuple(tensor.shape) for key, tensor in on_meta(name).state_dict().items()}
    assert len(renamed) == len(entries)
    assert ours == renamed
    if published.startswith("torchvision/"):
        assert list(ours) == list(entries)  # order is part of a checkpoint, too


@pytest.mark.parametrize(
    "row", golden("counts"), ids=lambda row: f"{row['library']}/{row['model']}"
)
def test_counts_are_those_of_the_published_network(row):
    (name,) = (
        name for name, published in LOADED if published == f"{row['library']}/{row['model']}"
    )
    counts = to_json(counted(name, row["image_size"]))
    attention = counts.pop("multiply_adds_attention")
    assert attention == row["multiply_adds_attention_products"]
    counts["multiply_adds"] -= attention  # the reference lists it apart
    assert {key: counts[key] for key in row if key in counts} == {
        key: row[key] for key in row if key in counts
    }


@pytest.mark.parametrize("row", golden("papers"), ids=lambda row: row["name"])
def test_rows_agree_with_the_paper(row):
    architecture = find(row["name"])
    paper = to_json(architecture.paper)
    assert {key: paper[key] for key in row["paper"]} == row["paper"]
    size = architecture.image_size  # squared where fully connected layers take a list of pixels
    assert row["input_size"] in (size, size**2)
    assert architecture.num_classes == row["num_classes"]
    for field in ("parameters", "multiply_adds"):
        exact = row[f"exact_{field}"]
        explained = any(str(exact) in (d.arithmetic or "") for d in architecture.deviations)
        assert exact is None or getattr(architecture, field) == exact or explained
    if row["stages"]:
        sizes, _ = stage_shapes(row["name"], architecture.image_size)
        ours = [(sizes[stage.module][-1], stage.channels) for stage in architecture.stages]
        printed = iter([(each["output_size"], each["channels"]) for each in row["stages"]])
        assert all(each in printed for each in ours) or is_explained(architecture)


@pytest.mark.parametrize("row", golden("papers"), ids=lambda row: row["name"])
def test_printed_figures_agree_to_the_digit_printed(row):
    architecture = find(row["name"])
    for field in ("parameters", "multiply_adds"):
        printed = row[field]
        if printed is not None:
            value, unit = printed["value"], last_digit(printed)
            agrees = abs(getattr(architecture, field) - value) < unit  # papers round or cut
            assert agrees or is_explained(architecture), (field, printed)


def last_digit(printed: dict) -> float:
    """What one step of the last printed digit is worth: "25.6M" -> 100,000."""
    value = printed["value"]
    digits = re.search(r"\d[\d,]*(\.\d+)?", printed["text"] or "")
    if digits:
        number = float(digits[0].replace(",", ""))
        scale = value / number
        if isclose(log10(scale), round(log10(scale)), abs_tol=1e-9):
            return scale / 10 ** len((digits[1] or ".")[1:])
    trailing = len(str(value)) - len(str(value).rstrip("0"))
    return 10.0**trailing


def is_explained(architecture: Architecture) -> bool:
    """Whether a deviation says, with arithmetic, why the print cannot be right."""
    return any(
        "print" in each.what and each.arithmetic is not None for each in architecture.deviations
    )


def test_families_stand_in_order_of_publication():
    rows = list(architectures().values())
    assert list(dict.fromkeys(row.family for row in rows)) == list(FAMILIES)
    firsts = {row.family: row.paper.year for row in reversed(rows)}
    assert [firsts[family] for family in FAMILIES] == sorted(firsts.values())
    assert all(name == row.name for name, row in architectures().items())


@pytest.mark.parametrize("family", FAMILIES)
def test_building_and_running_leaves_no_trace_in_the_module(family):
    module = import_module(f"eyespot.networks.{family}")
    plain = {k: v for k, v in vars(module).items() if isinstance(v, list | dict | set | tuple)}
    plain.pop("__builtins__", None)
    before = copy.deepcopy({k: repr(v) for k, v in plain.items()})
    name = next(row.name for row in module.ARCHITECTURES)
    with torch.device("meta"), torch.no_grad():
        build(name, num_classes=2)(meta_images(name, legal_size(name), count=2))
    held = [k for k, v in vars(module).items() if isinstance(v, torch.Tensor | nn.Module)]
    assert held == []
    assert {k: repr(vars(module)[k]) for k in plain} == before


def noise(name: str, count: int = 2) -> torch.Tensor:
    size, channels = legal_size(name), on_meta(name).in_channels
    return torch.randn(count, channels, size, size, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module", params=smallest_of_each_family())
def fresh(request: pytest.FixtureRequest) -> tuple[str, Network]:
    """A network's name and a new one of seed 0: drawn once for all tests, which leave it as it is.

    torch's default generator has been at seed 1.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        before = torch.get_rng_state()
        network = build(request.param, num_classes=3)
        assert torch.equal(torch.get_rng_state(), before)
    assert network.training
    return request.param, network.eval()


def test_logits_are_the_head_on_the_embedding(fresh):
    name, network = fresh
    images = noise(name)
    with torch.inference_mode():
        embedding = network.forward_embedding(images)
        logits = network(images)
        alone = network(images[:1])
        if type(network).forward is Network.forward:
            assert torch.equal(network.classify(embedding), logits)
        else:  # the head runs before the pooling
            features = network.forward_features(images)
            cells = network.classify(features.permute(0, 2, 3, 1).flatten(0, 2))
            torch.testing.assert_close(cells.unflatten(0, (2, -1)).mean(1), logits)
            torch.testing.assert_close(features.mean((2, 3)), embedding)
        seen = logits if logits.any() else embedding  # ViT's head starts with zeros
        # AlexNet's biases of 1 leave little of the noise; float32 carries seven digits
        assert (seen[0] - seen[1]).std() > 1e-5 * seen.std()
    torch.testing.assert_close(alone, logits[:1], rtol=1e-3, atol=1e-4)  # a batch of one


def test_a_fresh_network_depends_on_its_seed_and_nothing_else(fresh):
    name, network = fresh
    state = network.state_dict()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        other = build(name, num_classes=3, seed=0)
    assert all(torch.equal(tensor, state[key]) for key, tensor in other.state_dict().items())
    del other
    other = build(name, num_classes=3, seed=3)
    assert other.training
    weights = [key for key, tensor in state.items() if tensor.ndim > 1 and tensor.any()]
    drawn = other.state_dict()
    assert not any(torch.equal(drawn[key], state[key]) for key in weights)
    other.load_state_dict(state)
    with torch.inference_mode():
        assert torch.equal(other.eval()(noise(name)), network(noise(name)))


def test_a_step_of_training_reaches_every_parameter_and_lowers_the_loss(fresh):
    name, network = fresh[0], copy.deepcopy(fresh[1]).train()
    labels = torch.tensor([0, 1, 2, 0] if legal_size(name) <= 128 else [0, 1])
    images = noise(name, count=len(labels))

    def loss() -> torch.Tensor:
        torch.manual_seed(5)  # the same units are dropped
        heads = network.forward_train(images)
        return sum(weight * nn.functional.cross_entropy(logits, labels) for weight, logits in heads)

    with torch.random.fork_rng(devices=[]):
        first = loss()
        first.backward()
        assert [key for key, each in network.named_parameters() if each.grad is None] == []
        slope = sum(each.grad.square().sum() for each in network.parameters())
        with torch.no_grad():
            for each in network.parameters():  # a step that should lower the loss by a hundredth
                each -= 0.01 * first / slope * each.grad
            assert loss() < first


def test_an_unknown_name_is_answered_with_near_ones():
    with pytest.raises(InputError, match=r"no network 'resnet51'. Did you mean resnet50"):
        find("resnet51")


def test_a_network_without_classes_is_refused():
    with pytest.raises(InputError, match="at least 1 class, not 0"):
        build("resnet18", num_classes=0)
