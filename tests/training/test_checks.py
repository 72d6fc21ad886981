"""Each check by itself, on numbers that can be worked out by hand."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import set_ups
import torch
from torch import nn

from eyespot.errors import InputError
from eyespot.networks import build
from eyespot.networks.architecture import Network
from eyespot.training.checks.examine import CHECKS, examine
from eyespot.training.checks.findings import told_once
from eyespot.training.checks.first_steps import FirstSteps, findings_of_first_steps
from eyespot.training.checks.inputs import Inputs, findings_of_inputs, look_at_inputs
from eyespot.training.checks.labels import findings_of_labels, look_at_labels
from eyespot.training.checks.outputs import (
    findings_of_loss,
    findings_of_outputs,
    look_at_outputs,
)
from eyespot.training.checks.overfit import Attempt, Overfit, findings_of_overfit
from eyespot.training.checks.random_search import search_at_random
from eyespot.training.checks.rate_range import RateRange, findings_of_range
from eyespot.training.losses import CrossEntropy

# ---------------------------------------------------------------- inputs

CLASSES = ("ant", "bee")


def plain(images: np.ndarray, labels: tuple[int, ...] = (0, 1)) -> Inputs:
    images = images.astype(np.float32)
    return look_at_inputs(images, images, np.array(labels), 2)


def test_means_and_deviations_are_of_each_channel():
    # channel 0 holds 1 and 3: mean 2, deviation 1; channel 1 holds 5 everywhere
    images = np.zeros((2, 2, 2, 2))
    images[0, 0], images[1, 0], images[:, 1] = 1, 3, 5
    found = plain(images)
    assert (found.means, found.deviations) == ((2, 5), (1, 0))
    assert (found.lowest, found.highest, found.photos) == (1, 5, 2)


@pytest.mark.parametrize(
    ("normalisation", "mean", "deviation", "is_sound"),
    [
        ("standardise", 0.1, 1.1, True),
        ("standardise", 120, 60, False),  # levels
        ("standardise", -1.9, 4.0, False),  # twice: CIFAR's 0.47 and 0.25: -0.47 / 0.25, 1 / 0.25
        ("standardise", -0.8, 2.8, False),  # twice: FashionMNIST's 0.29 and 0.35
        ("standardise", 0.0, 0.004, False),  # divided by 255 once too often
        ("none", 0.47, 0.25, True),
        ("none", 120, 60, False),
        ("channel_mean", 3, 64, True),
        ("channel_mean", 0, 0.25, False),  # in [0, 1]
        ("mean_image", 120, 64, False),  # nothing taken away
        ("mean_image", 33, 79, False),  # MNIST is dark: the same there
    ],
)
def test_numbers_on_another_scale_than_the_recipes_are_found(
    normalisation, mean, deviation, is_sound
):
    drawn = np.random.default_rng(0).choice([-1.0, 1.0], (4, 1, 8, 8))  # mean 0, deviation 1
    images = mean + deviation * (drawn - drawn.mean()) / drawn.std()
    if normalisation == "none" and is_sound:
        images = images.clip(0, 1)
    found = findings_of_inputs(plain(images), normalisation, CLASSES)
    assert (found == ()) is is_sound
    assert all(finding.is_grave and normalisation in finding.seen for finding in found)


def test_pictures_of_one_colour_are_counted():
    images = np.random.default_rng(0).normal(size=(4, 3, 8, 8))
    images[:3] = np.array([0.5, -0.5, 0.4])[None, :, None, None]  # one colour, three numbers
    found = plain(images)
    assert found.empty == 3
    (finding,) = findings_of_inputs(found, "standardise", CLASSES)
    assert "3 of 4 pictures hold one colour" in finding.seen and finding.is_grave


def test_a_class_with_less_than_a_tenth_of_the_photos_of_another_deserves_a_look():
    images = np.random.default_rng(0).normal(size=(4, 1, 8, 8))
    within = plain(images, (0,) * 10 + (1,))
    assert findings_of_inputs(within, "standardise", CLASSES) == ()
    beyond = plain(images, (0,) * 11 + (1,))
    (finding,) = findings_of_inputs(beyond, "standardise", CLASSES)
    assert finding.seen.startswith("ant has 11 training photos, and bee") and not finding.is_grave


# ---------------------------------------------------------------- labels


def test_neighbours_are_counted_by_the_angle():
    # Seven directions, 0 1 2 90 91 92 93 degrees, of any length. With 5 neighbours of 6, a photo
    # misses the farthest: of the three on the right (labels 0) each meets 2 of its kind, of the
    # four above (labels 1) each meets 3: (3 * 2 + 4 * 3) / (7 * 5) = 18 / 35
    degrees = np.radians([0, 1, 2, 90, 91, 92, 93])
    lengths = np.array([1, 5, 2, 7, 1, 3, 4])
    features = (lengths * np.stack([np.cos(degrees), np.sin(degrees)])).T.astype(np.float32)
    found = look_at_labels(features, np.array([0, 0, 0, 1, 1, 1, 1]), seed=0)
    assert found.agreement == pytest.approx(18 / 35)
    # by chance: pairs of the 42 that share a label, (3 * 2 + 4 * 3) / 42 = 3 / 7
    assert found.by_chance == pytest.approx(3 / 7, abs=0.01)


def test_labels_that_belong_to_the_photos_beat_every_shuffling():
    photos, labels = set_ups.digits()
    features = set_ups.pixels_of(photos)
    found = look_at_labels(features, labels, seed=0)
    assert found.as_good == 0 and found.agreement > 0.9
    assert findings_of_labels(found) == ()


def test_shuffled_labels_are_found_whatever_the_shuffling():
    photos, labels = set_ups.digits()
    features = set_ups.pixels_of(photos)
    for seed in range(20):
        mixed = np.random.default_rng(seed).permutation(labels)
        (finding,) = findings_of_labels(look_at_labels(features, mixed, seed=0))
        assert "look shuffled" in finding.seen


def test_of_very_few_photos_nothing_is_said():
    features = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
    assert findings_of_labels(look_at_labels(features, np.arange(8) % 2, seed=0)) == ()


# ---------------------------------------------------------------- first answers


class Tiny(Network):
    """Three rectified sums of the mean pixel, and two logits."""

    def __init__(self):
        super().__init__()
        self.sums = nn.Linear(3, 3)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(3, 2)
        with torch.no_grad():
            self.sums.weight.copy_(torch.eye(3))
            self.sums.bias.copy_(torch.tensor([0.0, -50, -50]))  # the last two never live
            self.fc.weight.fill_(1.0)
            self.fc.bias.zero_()

    def forward_features(self, images):
        return images

    def forward_embedding(self, images):
        return self.relu(self.sums(images.mean((2, 3))))

    def classify(self, embedding):
        return self.fc(embedding)


def seen(network, loss=None):
    images = torch.linspace(0, 1, 6).view(6, 1, 1, 1).expand(6, 3, 4, 4).contiguous()
    targets = torch.eye(2).repeat(3, 1)
    return look_at_outputs(network, images, targets, loss or CrossEntropy())


def test_dead_rectifiers_are_counted_over_all_photos():
    found = seen(Tiny())
    assert [(each.place, each.channels, each.dead) for each in found.rectifiers] == [("relu", 3, 2)]
    assert findings_of_outputs(found) == ()  # two of three are not nine of ten
    network = Tiny()
    nn.init.constant_(network.sums.bias, -50)
    kinds = [finding.seen.split(":")[0] for finding in findings_of_outputs(seen(network))]
    assert kinds == ["The network gives the same outputs for all 6 photos.", "Dead rectifiers"]


def test_the_spread_over_photos_is_told_as_a_share_of_the_logits_size():
    # both logits are 0, 0.2 ... 1: deviation sqrt(0.14) = 0.374166, largest 1
    assert seen(Tiny()).spread == pytest.approx(0.374166, abs=1e-6)


def test_the_first_loss_is_compared_with_that_of_a_network_that_favours_nothing():
    found = seen(Tiny())  # equal logits
    assert found.loss == pytest.approx(math.log(2)) == found.undecided
    assert findings_of_loss(found, 2) == ()
    network = Tiny()
    network.fc.weight.data[0] = 1e4
    (finding,) = findings_of_loss(seen(network), 2)
    assert "undecided between 2 classes has 0.693" in finding.seen and finding.check == "loss"


def test_a_first_loss_far_below_that_of_guessing_is_suspicious():
    found = replace(seen(Tiny()), loss=0.2)
    assert "cannot know so much" in findings_of_loss(found, 2)[0].why


def test_probabilities_in_place_of_logits_are_found():
    network = Tiny()
    network.fc = nn.Sequential(network.fc, nn.Softmax(1))
    assert any("probabilities" in finding.seen for finding in findings_of_outputs(seen(network)))


def test_log_probabilities_are_fine():
    """Softmax of them gives the same probabilities again."""
    network = Tiny()
    network.fc = nn.Sequential(network.fc, nn.LogSoftmax(1))
    network.fc[0].weight.data[0] = 2.0
    assert findings_of_outputs(seen(network)) == ()


def test_a_last_layer_that_begins_at_zero_is_no_fault():
    network = Tiny()
    nn.init.zeros_(network.fc.weight)
    found = seen(network)
    assert found.is_head_zero and findings_of_outputs(found) == ()


def test_outputs_that_are_no_numbers_are_told():
    network = Tiny()
    nn.init.constant_(network.fc.weight, 1e38)
    nn.init.constant_(network.sums.bias, 50)
    (finding,) = findings_of_outputs(seen(network))
    assert "no finite numbers" in finding.seen


def test_looking_leaves_the_network_as_it_was():
    network = build("resnet20", num_classes=2)
    before = {name: held.clone() for name, held in network.state_dict().items()}
    look_at_outputs(network, torch.randn(4, 3, 32, 32), torch.eye(2).repeat(2, 1), CrossEntropy())
    assert all(torch.equal(before[name], held) for name, held in network.state_dict().items())
    assert network.training and network.layer1[0].bn1.training


# ---------------------------------------------------------------- without learning


def test_the_random_search_chooses_on_one_half_and_measures_on_the_other():
    """White is class 0 and black class 1: one weight of the right sign answers all."""
    labels = np.arange(40) % 3 // 2  # 0 0 1 0 0 1 ...: 26 of 40 are white, 13 are black, and one
    pictures = np.where(labels[:, None, None, None] == 0, 255, 0).astype(np.uint8)
    found = search_at_random(pictures.repeat(4, 1).repeat(4, 2), labels, 2, seed=0, tries=50)
    assert found.accuracy == 1
    assert found.commonest == pytest.approx(27 / 40)  # 13 rounds of three and one more white
    assert (found.photos, found.measured_on) == (20, 20)
    # two classes and a margin of 1: no weights at all have a loss of 1
    assert found.loss < 1


def test_labels_without_a_sense_are_named_by_chance():
    generator = np.random.default_rng(0)
    pictures = generator.integers(0, 256, (400, 8, 8, 1), np.uint8)
    found = search_at_random(pictures, generator.integers(0, 4, 400), 4, seed=0, tries=100)
    assert abs(found.accuracy - 0.25) < 3 * math.sqrt(0.25 * 0.75 / 200)  # three deviations


# ---------------------------------------------------------------- rates


def ranged(smoothed, broke_at=None, recipe=1.0):
    rates = tuple(10.0 ** (i - 3) for i in range(len(smoothed)))  # 0.001, 0.01 ...
    return RateRange(recipe, rates, tuple(smoothed), tuple(smoothed), broke_at)


def test_the_highest_rate_is_the_last_before_a_fifth_of_the_fall_is_lost_again():
    # falls by 1.0 from 2.0 to 1.0 at a rate of 0.1; 1.15 at 1 is within 1.2, 1.3 at 10 is not
    found = ranged([2.0, 1.6, 1.0, 1.15, 1.3])
    assert found.highest == 1.0
    assert found.suggested == (pytest.approx(0.1), pytest.approx(1 / 3))


def test_a_loss_that_never_falls_suggests_nothing():
    assert ranged([2.0, 1.99, 2.0, 2.1]).suggested is None  # by a fiftieth at least


def test_a_recipe_beyond_the_range_is_a_fault():
    smoothed = [2.0, 1.6, 1.0, 3.0]  # 0.1 is the highest
    assert findings_of_range(ranged(smoothed, recipe=1.0)) == ()
    assert findings_of_range(ranged(smoothed, recipe=1.1)) != ()
    assert findings_of_range(ranged(smoothed, broke_at=0.9, recipe=1.0)) != ()
    (finding,) = findings_of_range(ranged(smoothed, broke_at=2.0, recipe=5.0))
    assert "--learning-rate 0.033" in finding.what_to_do


def steps(losses, growth=1.0):
    return findings_of_first_steps(FirstSteps(0.1, 2.3, tuple(losses), growth))


def test_first_steps_go_astray_by_their_loss_or_by_their_weights():
    assert steps([2.3, 2.5, 2.2]) == ()
    assert steps([2.3, 3.0, 3.5], growth=1.5) == ()
    assert "no number" in steps([2.3, math.inf])[0].seen
    assert "goes from 2.3 to 5.93" in steps([2.3, 5.5, 10])[0].seen  # their mean; 2.5 * 2.3 = 5.75
    assert "54.2 times" in steps([2.3, 2.4], growth=54.2)[0].seen
    assert steps([2.3, 2.4], growth=math.nan) != ()


def test_a_first_loss_that_is_high_may_come_down():
    """NASNet begins at 20 and has 14 after some steps: guessing has 2.3."""
    assert steps([20.0, 16.0, 14.0]) == ()


def test_findings_of_one_cause_are_told_as_one():
    one = steps([2.3, 2.4], growth=54.2)[0]
    other = findings_of_range(ranged([2.0, 1.6, 1.0, 3.0], recipe=5.0))[0]
    apart = replace(one, cause="")
    (both, alone) = told_once([one, apart, other])
    assert both.seen == f"{one.seen} {other.seen}" and both.what_to_do == other.what_to_do
    assert (both.why, alone) == (one.why, apart)


# ---------------------------------------------------------------- by heart


def attempt(rate, ending, last=1.0, passes=60, optimiser="sgd"):
    losses = (2.3,) * (passes - 1) + (last,)
    return Attempt(rate, optimiser, losses, (2,) * passes, ending)


def overfit(*attempts, is_cut=False):
    return findings_of_overfit(Overfit(20, attempts, is_cut))


def test_what_was_learned_or_is_on_its_way_is_no_fault():
    assert overfit(attempt(0.1, "learned", passes=9)) == ()
    assert overfit(attempt(0.1, "on its way")) == ()
    assert overfit(attempt(0.1, "stuck", last=2.3, passes=20), is_cut=True) == ()


def test_a_rate_is_too_high_where_a_lower_one_learns():
    (finding,) = overfit(
        attempt(10, "astray", math.nan, 3),
        attempt(1, "astray", 2.4),
        attempt(0.1, "learned", passes=9),
    )
    assert "goes from 2.3 to no number in 3 passes" in finding.seen
    assert "with 0.1, all are right after 8 passes. The rate is too high" in finding.seen
    assert "--learning-rate 0.1 " in finding.what_to_do and finding.is_grave


def test_a_plateau_that_adam_leaves_is_no_fault_but_told():
    stuck = attempt(0.1, "stuck", 2.3)
    (finding,) = overfit(stuck, attempt(0.001, "learned", 0.1, 20, optimiser="adam"))
    assert "with Adam at 0.001, all are right after 19 passes" in finding.seen
    assert not finding.is_grave


def test_photos_that_nothing_learns_are_a_fault():
    (finding,) = overfit(attempt(0.1, "stuck", 2.3), attempt(0.001, "stuck", 2.3, 60, "adam"))
    assert "cannot learn 20 photos by heart in 60 passes" in finding.seen
    assert "(0.1, Adam at 0.001)" in finding.seen and finding.is_grave


def test_a_gradient_that_is_lost_on_the_way_is_found_by_heart():
    """Nothing but the bias of the last layer learns: it can tell no photo from another."""
    sound = set_ups.set_up("lenet5_modern", *set_ups.digits())
    network = copy.deepcopy(sound.network)
    classify = network.classify
    network.classify = lambda embedding: classify(torch.zeros_like(embedding))
    found = examine(replace(sound, network=network), features=set_ups.pixels_of, only=["overfit"])
    assert "cannot learn 20 photos" in found.findings[0].seen
    assert [each.optimiser for each in found.overfit.attempts] == ["sgd", "adam", "adam"]


# ---------------------------------------------------------------- all together


def test_an_unknown_check_is_told_with_near_ones():
    sound = set_ups.set_up("lenet5_modern", *set_ups.digits())
    with pytest.raises(InputError, match="Did you mean rates"):
        examine(sound, features=set_ups.pixels_of, only=["rate"])


def test_photos_are_drawn_with_every_class_in_turn():
    sound = set_ups.set_up("lenet5_modern", *set_ups.digits())
    labels = sound.pictures.labels[sound.some(20)]
    assert np.bincount(labels).tolist() == [2] * 10
    assert len(set(sound.some(20).tolist())) == 20
    assert np.array_equal(sound.some(20), sound.some(60)[:20])


def test_costly_networks_take_fewer_steps_but_never_too_few():
    sound = set_ups.set_up("lenet5_modern", *set_ups.digits())
    assert sound.multiply_adds == 281_640  # of the catalogue
    assert sound.affordable(60, least=15, photos=20) == 60
    # 3e12 / (3 * 20 * 281,640 multiply-adds) = 177,531.6 such steps
    assert sound.affordable(10**6, least=15, photos=20) == 177_531
    assert sound.affordable(60, least=15, photos=10**7) == 15


def test_the_same_set_up_gives_the_same_figures():
    sound = set_ups.set_up("lenet5_modern", *set_ups.digits())
    only = ["inputs", "outputs", "labels", "steps", "rates"]
    first = examine(sound, features=set_ups.pixels_of, only=only)
    assert examine(sound, features=set_ups.pixels_of, only=only) == first
    assert [name for name, _ in first.told] == [name for name in CHECKS if name in only]
