"""What learns and what stays when only the end of a network is trained."""

from dataclasses import replace

import pytest
import torch
import toy_training as toy
from torch import nn

from eyespot.errors import InputError
from eyespot.networks import build, find
from eyespot.networks.modes import evaluating
from eyespot.training.fine_tuning import RATE, FineTuning, depths
from eyespot.training.fit import fit
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import Recipe, learning, optimiser, prepare
from eyespot.training.schedules import Constant
from eyespot.values import from_json, to_json

LAST = FineTuning(("conv", "norm"), unfrozen=1)


def stages_of(name: str) -> tuple[str, ...]:
    return tuple(stage.module for stage in find(name).stages)


def seen_from_the_end(name: str, size: int) -> dict[str, int]:
    with torch.device("meta"):
        network = build(name, num_classes=3)
    named = {id(p): n for n, p in network.named_parameters()}
    return {named[id(p)]: depth for p, depth in depths(network, stages_of(name), size)}


def trained(tuning: FineTuning, *, epochs: int = 1) -> tuple[dict, dict]:
    """The state of the toy before and after."""
    recipe = replace(toy.PLAIN, epochs=epochs, fine_tuning=tuning)
    network = toy.Small()
    before = {name: held.clone() for name, held in network.state_dict().items()}
    fit(network, toy.pictures(64), toy.pictures(16, seed=1), recipe, seed=0, workers=0, threads=1)
    return before, network.state_dict()


def test_parameters_belong_to_the_stage_during_which_they_first_work():
    depth = seen_from_the_end("resnet18", 64)
    assert depth["conv1.weight"] == depth["bn1.bias"] == len(stages_of("resnet18"))
    assert depth["layer4.0.conv1.weight"] == depth["layer4.0.downsample.0.weight"] == 1
    assert depth["layer3.1.bn2.weight"] == 2
    assert depth["fc.weight"] == depth["fc.bias"] == 0


def test_what_follows_the_last_stage_belongs_to_the_head():
    depth = seen_from_the_end("squeezenet1_0", 96)
    assert depth["classifier.1.weight"] == 0
    assert depth["features.12.squeeze.weight"] == 1
    assert depth["features.0.weight"] == 4


def test_every_stage_of_the_default_network_has_parameters_and_the_head_is_apart():
    depth = seen_from_the_end("efficientnet_lite0", 64)
    assert set(depth.values()) == set(range(len(stages_of("efficientnet_lite0")) + 1))
    assert [name for name, d in depth.items() if d == 0] == [
        "classifier.1.weight",
        "classifier.1.bias",
    ]


def test_the_weights_of_attention_belong_to_their_block():
    depth = seen_from_the_end("vit_b_16", 224)
    of_attention = {d for name, d in depth.items() if "in_proj" in name or "out_proj" in name}
    assert of_attention == {1}  # its stages are the patches and all blocks
    assert depth["class_token"] == 2


def test_frozen_stages_keep_every_bit_and_the_others_learn():
    before, after = trained(LAST)
    same = {name for name in before if torch.equal(before[name], after[name])}
    statistics = {"norm.running_mean", "norm.running_var", "norm.num_batches_tracked"}
    assert same == {"conv.weight", "conv.bias"} | statistics


def test_batch_norms_of_stages_that_learn_take_the_statistics_of_batches_where_asked():
    before, after = trained(replace(LAST, norms="learned"))
    assert torch.equal(before["conv.weight"], after["conv.weight"])
    assert not torch.equal(before["norm.running_mean"], after["norm.running_mean"])


def test_batch_norms_of_frozen_stages_stay_whatever_is_asked():
    before, after = trained(FineTuning(("conv", "norm"), unfrozen=0, norms="learned"))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"fc.weight", "fc.bias"}


def test_everything_learns_where_no_stage_is_frozen():
    before, after = trained(FineTuning(("conv", "norm")))
    assert not torch.equal(before["conv.weight"], after["conv.weight"])


def test_a_stage_learns_at_its_share_of_the_rate():
    recipe = replace(
        toy.PLAIN,
        epochs=1,
        batch_size=16,
        optimiser=SGD(0.1, momentum=0.0),
        schedule=Constant(),
        fine_tuning=FineTuning(("conv", "norm"), layer_decay=0.5),
    )
    steps = {}
    for decay in (1.0, 0.5):
        tuning = FineTuning(("conv", "norm"), layer_decay=decay)
        network = toy.Small(norm=True)
        network.dropout.p = 0.0
        before = {name: held.clone() for name, held in network.named_parameters()}
        own = replace(recipe, fine_tuning=tuning)
        fit(network, toy.pictures(16), None, own, seed=0, workers=0, threads=1, precision="float32")
        steps[decay] = {name: p.detach() - before[name] for name, p in network.named_parameters()}
    # One step of plain SGD is rate * gradient, and the first gradient is the same: the head at
    # 0.5^0, the norm at 0.5^1, the convolution before it at 0.5^2 of the rate.
    for name, share in (("fc.weight", 1.0), ("norm.weight", 0.5), ("conv.weight", 0.25)):
        assert steps[1.0][name].abs().max() > 0
        torch.testing.assert_close(steps[0.5][name], share * steps[1.0][name])


def test_equal_rates_leave_the_groups_of_the_optimiser_alone():
    network = toy.Small()
    recipe = replace(toy.PLAIN, fine_tuning=FineTuning(("conv", "norm")))
    prepare(recipe, network, torch.Generator())
    assert all(RATE not in group for group in optimiser(recipe, network).param_groups)


def test_frozen_stages_compute_as_at_evaluation_and_the_network_itself_is_in_train_mode():
    network = toy.Small()
    recipe = replace(toy.PLAIN, fine_tuning=LAST)
    prepare(recipe, network, torch.Generator())
    learning(recipe, network)
    modes = {name: module.training for name, module in network.named_modules()}
    assert modes == {"": True, "conv": False, "norm": False, "dropout": True, "fc": True}
    with evaluating(network):
        assert not any(module.training for module in network.modules())
    assert modes == {name: module.training for name, module in network.named_modules()}


def test_a_recipe_without_it_is_written_and_read_as_before_it_was_there():
    written = to_json(toy.PLAIN)
    assert "fine_tuning" not in written
    assert from_json(Recipe, written) == toy.PLAIN
    tuned = replace(toy.PLAIN, fine_tuning=LAST)
    assert from_json(Recipe, to_json(tuned)) == tuned


def test_more_stages_than_there_are_are_refused():
    with pytest.raises(InputError, match="has 2 stages, and 3 of them cannot learn"):
        FineTuning(("conv", "norm"), unfrozen=3)


def test_a_stage_that_the_network_does_not_have_is_named():
    with pytest.raises(InputError, match="Small has no module layer9"):
        depths(toy.Small(), ("layer9",), toy.SIDE)


@pytest.mark.parametrize(
    ("tuning", "words"),
    [
        (LAST, "the head and the last of 2 stages; batch norm's statistics stay"),
        (FineTuning(("a", "b"), 0), "the head; batch norm's statistics stay"),
        (
            FineTuning(("a", "b"), None, "learned", 0.5),
            "the head and all 2 stages, each stage at 0.5 of the next one's rate; batch norm's "
            "statistics learn",
        ),
    ],
)
def test_it_says_what_learns(tuning, words):
    assert tuning.words == words


def test_looking_leaves_no_trace_in_the_network():
    network = toy.Small().train()
    before = toy.digest(network)
    depths(network, ("conv", "norm"), toy.SIDE)
    assert toy.digest(network) == before
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())
    assert isinstance(network, nn.Module) and network.training
