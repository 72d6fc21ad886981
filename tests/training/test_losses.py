"""Losses against numbers worked out by hand, and against torch where torch has the same."""

import math
from dataclasses import dataclass

import pytest
import torch
from torch.nn import functional

from eyespot.errors import InputError
from eyespot.training.losses import CrossEntropy, Hinge, Loss, MaximumAPosteriori, undecided
from eyespot.values import from_json, to_json

LOSSES = (
    CrossEntropy(),
    CrossEntropy(0.1),
    Hinge(),
    Hinge("crammer-singer", 0.5),
    MaximumAPosteriori(84.0),
)


def one_hot(*labels, classes):
    return functional.one_hot(torch.tensor(labels), classes).double()


def drawn(photos=64, classes=7, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(photos, classes, generator=generator, dtype=torch.float64)
    labels = torch.randint(classes, (photos,), generator=generator)
    return logits, labels


def test_cross_entropy_is_minus_the_log_of_the_labels_probability():
    # softmax of (0, ln 3) is (1/4, 3/4): ln 4 = 1.386294 and ln 4/3 = 0.287682
    logits = torch.tensor([[0, math.log(3)]] * 2, dtype=torch.float64)
    losses = CrossEntropy()(logits, one_hot(0, 1, classes=2))
    assert losses.tolist() == pytest.approx([1.3862944, 0.2876821], abs=1e-7)


def test_label_smoothing_gives_every_class_its_part():
    # with 0.2 of two classes, targets are 0.9 and 0.1: 0.9 ln 4 + 0.1 ln 4/3 = 1.247665 + 0.028768
    logits = torch.tensor([[0, math.log(3)]], dtype=torch.float64)
    assert CrossEntropy(0.2)(logits, one_hot(0, classes=2)).tolist() == pytest.approx([1.276433])


@pytest.mark.parametrize("smoothing", [0, 0.1, 0.7])
def test_cross_entropy_of_mixed_targets_is_torchs(smoothing):
    logits, labels = drawn()
    targets = 0.3 * one_hot(*labels.tolist(), classes=7)
    targets += 0.7 * one_hot(*labels.flip(0).tolist(), classes=7)
    expected = functional.cross_entropy(
        logits, targets, label_smoothing=smoothing, reduction="none"
    )
    torch.testing.assert_close(CrossEntropy(smoothing)(logits, targets), expected)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        # scores 3, 2.5, 0 and a margin of 1.
        # label 0: (1 + 2.5 - 3) + max(0, 1 + 0 - 3) = 0.5 + 0
        # label 1: (1 + 3 - 2.5) + max(0, 1 + 0 - 2.5) = 1.5 + 0
        # label 2: (1 + 3 - 0) + (1 + 2.5 - 0) = 4 + 3.5
        ("weston-watkins", [0.5, 1.5, 7.5]),
        ("crammer-singer", [0.5, 1.5, 4.0]),
    ],
)
def test_a_hinge_is_what_the_label_lacks_of_its_lead(form, expected):
    logits = torch.tensor([[3, 2.5, 0]] * 3, dtype=torch.float64)
    assert Hinge(form)(logits, one_hot(0, 1, 2, classes=3)).tolist() == expected


def test_a_hinge_of_mixed_targets_is_the_expected_one():
    # 1/4 of label 0 and 3/4 of label 2 of the scores above: 0.25 * 0.5 + 0.75 * 7.5 = 5.75
    logits = torch.tensor([[3, 2.5, 0], [3, 2.5, 0]], dtype=torch.float64)
    targets = torch.tensor([[0.25, 0, 0.75], [0, 1, 0]], dtype=torch.float64)
    assert Hinge()(logits, targets).tolist() == [5.75, 1.5]


@pytest.mark.parametrize("margin", [0.5, 1.0, 3.0])
def test_weston_watkins_is_torchs_margin_loss_times_the_classes(margin):
    logits, labels = drawn()
    expected = 7 * functional.multi_margin_loss(logits, labels, margin=margin, reduction="none")
    losses = Hinge(margin=margin)(logits, one_hot(*labels.tolist(), classes=7))
    torch.testing.assert_close(losses, expected)


def test_crammer_singer_is_the_worst_competitor_alone():
    logits, labels = drawn()
    others = logits.scatter(1, labels[:, None], -torch.inf).amax(1)
    expected = (1 + others - logits.gather(1, labels[:, None])[:, 0]).clamp(min=0)
    losses = Hinge("crammer-singer")(logits, one_hot(*labels.tolist(), classes=7))
    torch.testing.assert_close(losses, expected)


def test_lenets_criterion_is_equation_9():
    # penalties ln 2 and ln 4, j = ln 4: e^-j + sum e^-y = 1/4 + 1/2 + 1/4 = 1, whose log is 0.
    # What is left is the penalty of the label: ln 2 = 0.693147, ln 4 = 1.386294
    logits = -torch.log(torch.tensor([[2, 4], [2, 4]], dtype=torch.float64))
    losses = MaximumAPosteriori(math.log(4))(logits, one_hot(0, 1, classes=2))
    assert losses.tolist() == pytest.approx([0.6931472, 1.3862944], abs=1e-7)


def test_lenets_criterion_pulls_at_the_label_and_pushes_near_codes_only():
    # d/dy of the label: 1 - e^-y / sum = 1 - 1/2; of the other: -1/4. Beyond j nobody is pushed:
    # with penalties 1 and 60 and j = 10, e^-60 / (e^-10 + e^-1 + e^-60) < 1e-25
    logits = (-torch.log(torch.tensor([[2, 4]], dtype=torch.float64))).requires_grad_()
    MaximumAPosteriori(math.log(4))(logits, one_hot(0, classes=2)).sum().backward()
    assert (-logits.grad).tolist()[0] == pytest.approx([0.5, -0.25])
    logits = torch.tensor([[-1.0, -60.0]], dtype=torch.float64).requires_grad_()
    MaximumAPosteriori(10.0)(logits, one_hot(0, classes=2)).sum().backward()
    assert abs(logits.grad[0, 1]) < 1e-25


def test_lenets_criterion_is_never_negative():
    logits, labels = drawn()
    losses = MaximumAPosteriori(5.0)(-logits.square(), one_hot(*labels.tolist(), classes=7))
    assert float(losses.min()) > 0


def test_a_loss_of_an_undecided_network_is_known():
    assert undecided(CrossEntropy(), 3.0, 10) == pytest.approx(math.log(10))
    assert undecided(CrossEntropy(0.1), 0.0, 10) == pytest.approx(math.log(10))
    assert undecided(Hinge(margin=2.0), 0.0, 10) == 18  # 9 others, each a margin of 2 short
    assert undecided(Hinge("crammer-singer"), 0.0, 10) == 1
    # ten codes as far as the junk: y + log(11 e^-y) = log 11, whatever y is
    assert undecided(MaximumAPosteriori(84.0), -84.0, 10) == pytest.approx(math.log(11))


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_in_half_precision_is_reckoned_in_whole(loss):
    logits, labels = drawn(classes=10)
    logits = logits.bfloat16()
    targets = one_hot(*labels.tolist(), classes=10).float()
    losses = loss(logits, targets)
    assert losses.dtype == torch.float32
    torch.testing.assert_close(losses, loss(logits.double(), targets).float())


@pytest.mark.parametrize("loss", LOSSES)
def test_each_photo_has_its_own_loss_whatever_the_company(loss):
    logits, labels = drawn()
    targets = one_hot(*labels.tolist(), classes=7)
    targets[1::2] = 0.5 * (targets[1::2] + targets[::2])
    alone = torch.cat([loss(logits[i : i + 1], targets[i : i + 1]) for i in range(64)])
    torch.testing.assert_close(loss(logits, targets), alone)


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_of_losses_agree_with_finite_differences(loss):
    logits, labels = drawn(photos=8)
    targets = one_hot(*labels.tolist(), classes=7)
    assert torch.autograd.gradcheck(lambda x: loss(x, targets), logits.requires_grad_())


@dataclass(frozen=True)
class Holder:
    loss: Loss


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_go_to_json_and_back(loss):
    assert from_json(Holder, to_json(Holder(loss))) == Holder(loss)


def test_wrong_numbers_are_refused():
    for wrong in (
        lambda: CrossEntropy(1.0),
        lambda: CrossEntropy(-0.1),
        lambda: Hinge(margin=0),
        lambda: MaximumAPosteriori(0),
        lambda: CrossEntropy()(torch.zeros(2, 3), torch.zeros(2)),
    ):
        with pytest.raises(InputError):
            wrong()
