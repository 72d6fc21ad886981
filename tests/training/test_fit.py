"""The loop does what a plain torch loop does, with the recipe's numbers, and says how it went."""

import math
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
import toy_training as toy
from torch.nn import functional

from eyespot.errors import EyespotError, InputError
from eyespot.images.augmentations.catalogue import Cutmix, Mixup
from eyespot.images.preprocessing import Preprocessing
from eyespot.networks.catalogue import build
from eyespot.training import order
from eyespot.training.averaging import EMA
from eyespot.training.facts import Unwatched
from eyespot.training.fit import fit
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.pictures import Pictures
from eyespot.training.regularisers import L1, EarlyStopping
from eyespot.training.schedules import Constant, Cosine, Step


@pytest.fixture(autouse=True)
def one_thread():
    """Small products on two threads wait for one another more than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Watches(Unwatched):
    def __init__(self) -> None:
        self.steps, self.epochs, self.notes = [], [], []

    def step(self, progress) -> None:
        self.steps.append(progress)

    def epoch(self, epoch) -> None:
        self.epochs.append(epoch)

    def note(self, sentence) -> None:
        self.notes.append(sentence)


class Records(Pictures):
    """Which photos were asked for, in which epoch."""

    def batch(self, indices, epoch, *, check=None):
        self.__dict__.setdefault("asked", []).append((epoch, indices.tolist()))
        return super().batch(indices, epoch, check=check)


def recorded(count: int) -> Records:
    return Records(*toy.drawn(count), num_classes=toy.CLASSES, preprocessing=toy.PIXELS, seed=7)


def images_of(pictures: Pictures) -> tuple[torch.Tensor, torch.Tensor]:
    images, targets = pictures.batch(np.arange(len(pictures)), 0)
    return torch.from_numpy(images), torch.from_numpy(targets)


def test_it_is_a_plain_torch_loop_over_the_batches_of_its_order():
    """Oracle: torch.optim.SGD, a cosine by hand, cross-entropy with smoothing, no line of ours."""
    recipe = replace(
        toy.PLAIN, epochs=2, loss=CrossEntropy(label_smoothing=0.1), optimiser=SGD(0.1, 0.9, True)
    )
    ours, theirs = toy.Small(norm=False), toy.Small(norm=False).train()
    pictures = toy.pictures(40)
    fitted = fit(ours, pictures, None, recipe, seed=3, threads=1)
    images, targets = images_of(pictures)
    optimiser = torch.optim.SGD(theirs.parameters(), 0.1, momentum=0.9, nesterov=True)
    losses, step = [], 0
    for epoch in range(2):
        shuffled = order.order(40, seed=3, epoch=epoch)
        for part in (shuffled[:16], shuffled[16:32], shuffled[32:]):  # 16 + 16 + 8
            optimiser.param_groups[0]["lr"] = 0.1 * (1 + math.cos(math.pi * step / 6)) / 2
            loss = functional.cross_entropy(
                theirs(images[part]), targets[part].argmax(1), label_smoothing=0.1
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(float(loss.detach()) * len(part))
            step += 1
    for name, tensor in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], tensor, rtol=0, atol=2e-6)
    assert fitted.history[0].loss == pytest.approx(sum(losses[:3]) / 40, rel=1e-5)
    assert fitted.history[1].loss == pytest.approx(sum(losses[3:]) / 40, rel=1e-5)
    assert fitted.history[1].learning_rate == pytest.approx(
        0.1 * (1 + math.cos(5 / 6 * math.pi)) / 2
    )
    assert not torch.equal(ours.fc.weight, toy.Small(norm=False).fc.weight)


@pytest.mark.parametrize("micro_batch", [5, 1])
def test_parts_of_a_batch_add_up_to_the_gradient_of_the_batch(micro_batch):
    recipe = replace(toy.PLAIN, epochs=1, regularisers=(L1(1e-3),), schedule=Constant())
    whole, parts = toy.Small(norm=False), toy.Small(norm=False)
    fit(whole, toy.pictures(32), None, recipe, seed=0)
    fit(parts, toy.pictures(32), None, recipe, seed=0, micro_batch=micro_batch)
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(parts.state_dict()[name], tensor, rtol=0, atol=1e-6)


def test_each_photo_is_seen_exactly_once_per_epoch():
    pictures = recorded(107)  # 6 x 16 + 11
    fit(toy.Small(), pictures, None, toy.PLAIN, seed=0)
    for epoch in range(3):
        seen = [indices for e, indices in pictures.asked if e == epoch]
        assert sorted(index for part in seen for index in part) == list(range(107))
        assert sorted(map(len, seen)) == [11, 16, 16, 16, 16, 16, 16]
    assert [e for e, _ in pictures.asked] == sorted(e for e, _ in pictures.asked)


@pytest.mark.parametrize(
    ("photos", "batch_size", "sizes"),
    [
        (64, 16, [16] * 4),
        (65, 16, [16, 16, 16, 17]),  # one photo alone would stop batch norm
        (71, 16, [16, 16, 16, 23]),
        (72, 16, [16] * 4 + [8]),
        (9, 16, [9]),
        (9, 4, [4, 5]),
        (5, 1, [1] * 5),  # LeNet-5 learned from one digit after the other
        (1, 1, [1]),
    ],
)
def test_the_last_batch_is_what_is_left_unless_nearly_nothing_is(photos, batch_size, sizes):
    assert order.sizes(photos, batch_size) == sizes
    parts = order.batches(photos, batch_size, seed=1, epoch=2)
    assert list(map(len, parts)) == sizes
    assert sorted(np.concatenate(parts)) == list(range(photos))


def test_draws_differ_between_epochs_steps_processes_and_purposes():
    orders = [tuple(order.order(50, seed=s, epoch=e)) for s in range(3) for e in range(3)]
    assert len(set(orders)) == 9
    assert len({order.torch_seed(1, step, rank) for step in range(50) for rank in range(4)}) == 200
    first = [
        np.random.default_rng((5, 6, 0)).integers(2**60),  # a picture's
        order.mixing(5, 6).integers(2**60),
        np.random.default_rng((5, 6, 0, order.ORDER)).integers(2**60),
    ]
    assert len(set(first)) == 3


def test_torchs_own_random_numbers_and_threads_stay_as_they_were():
    network = toy.Small()
    torch.manual_seed(5)
    expected, before = torch.rand(3), torch.get_num_threads()
    torch.manual_seed(5)
    fit(network, toy.pictures(32), None, toy.PLAIN, seed=0, threads=1)
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == before


def test_auxiliary_heads_count_with_their_weights():
    """Only the second head's weights move where the first one's loss has none to give."""

    class TwoHeads(toy.Small):
        def __init__(self) -> None:
            super().__init__(norm=False)
            self.second = torch.nn.Linear(72, toy.CLASSES)

        def forward_train(self, images):
            embedding = self.forward_embedding(images)
            return [(1.0, self.classify(embedding)), (0.25, self.second(embedding.detach()))]

    torch.manual_seed(0)
    network = TwoHeads()
    start = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    pictures = toy.pictures(16)
    recipe = replace(toy.PLAIN, epochs=1, optimiser=SGD(1.0, 0.0), schedule=Constant())
    fitted = fit(network, pictures, None, recipe, seed=0)
    images, targets = images_of(pictures)
    reference = TwoHeads()
    reference.load_state_dict(start)
    (_, first), (weight, second) = reference.forward_train(images)
    losses = [functional.cross_entropy(logits, targets) for logits in (first, second)]
    loss = losses[0] + 0.25 * losses[1]
    loss.backward()
    assert weight == 0.25
    expected = start["second.weight"] - reference.second.weight.grad
    torch.testing.assert_close(network.second.weight.detach(), expected, rtol=0, atol=1e-6)
    assert fitted.history[0].loss == pytest.approx(float(loss.detach()), rel=1e-5)


def test_the_network_ends_with_the_weights_of_the_best_epoch():
    """A learning rate that explodes after the first third: later epochs are worse."""
    recipe = replace(toy.PLAIN, optimiser=SGD(0.05), schedule=Step(at=(0.34,), by=400.0))
    network, validation = toy.Small(), toy.pictures(40, seed=1)
    fitted = fit(network, toy.pictures(107), validation, recipe, seed=0)
    top1 = [epoch.validation_top1 for epoch in fitted.history]
    assert fitted.best == fitted.history[0] and top1[0] > max(top1[1:])
    images, targets = images_of(validation)
    with torch.no_grad():
        right = (network(images).argmax(1) == targets.argmax(1)).float().mean()
    assert float(right) == pytest.approx(fitted.best.validation_top1)
    assert not network.training


def test_averaged_weights_are_those_that_are_validated_and_handed_over():
    recipe = replace(
        toy.PLAIN, epochs=1, ema=EMA(0.5), schedule=Constant(), optimiser=SGD(0.1, 0.0)
    )
    network, pictures = toy.Small(norm=False), toy.pictures(32)
    fit(network, pictures, None, recipe, seed=0)
    reference = toy.Small(norm=False).train()
    average = {name: tensor.clone() for name, tensor in reference.state_dict().items()}
    images, targets = images_of(pictures)
    shuffled = order.order(32, seed=0, epoch=0)
    for part in (shuffled[:16], shuffled[16:]):
        reference.zero_grad()
        functional.cross_entropy(reference(images[part]), targets[part]).backward()
        with torch.no_grad():
            for name, parameter in reference.named_parameters():
                parameter -= 0.1 * parameter.grad
                average[name] = 0.5 * average[name] + 0.5 * parameter
    for name, tensor in average.items():
        torch.testing.assert_close(network.state_dict()[name], tensor, rtol=0, atol=1e-6)


def test_early_stopping_ends_the_training():
    recipe = replace(
        toy.PLAIN, epochs=50, regularisers=(EarlyStopping(patience=2),), optimiser=SGD(1e-9)
    )
    fitted = fit(toy.Small(), toy.pictures(32), toy.pictures(16, seed=1), recipe, seed=0)
    assert fitted.stopped == "early" and len(fitted.history) == 3


@pytest.mark.parametrize("mixing", [Mixup(0.4), Cutmix(1.0)])
def test_mixed_pictures_count_as_right_by_their_larger_share(mixing):
    recipe = replace(toy.PLAIN, batch_augmentations=(mixing,), epochs=6)
    fitted = fit(toy.Small(), toy.pictures(107), toy.pictures(40, seed=1), recipe, seed=0)
    assert fitted.history[-1].loss > fitted.history[-1].validation_loss
    assert fitted.history[-1].validation_top1 == 1.0


def test_what_it_tells_on_the_way_adds_up():
    watcher = Watches()
    fitted = fit(toy.Small(), toy.pictures(107), None, toy.PLAIN, seed=0, watcher=watcher)
    assert [p.step for p in watcher.steps] == list(range(1, 22))
    assert tuple(watcher.epochs) == fitted.history
    assert [p.epoch for p in watcher.steps] == [1] * 7 + [2] * 7 + [3] * 7
    assert watcher.steps[6].loss == pytest.approx(fitted.history[0].loss)
    assert watcher.steps[-1].seconds_left == pytest.approx(0, abs=1)
    assert 0 <= fitted.waiting <= 1 and fitted.images_per_second > 0 and fitted.best is None


class Slow(toy.Small):
    """A step takes at least so long: 30 ms."""

    def forward_train(self, images):
        time.sleep(0.03)
        return super().forward_train(images)


def test_a_time_limit_plans_fewer_epochs_and_the_schedule_goes_to_its_end(tmp_path):
    """An epoch of 7 steps takes 0.21 s or more; of 1,000 epochs at most 9 fit in 2 s."""
    recipe = replace(toy.PLAIN, epochs=1000, schedule=Cosine())
    start = time.monotonic()
    fitted = fit(Slow(), toy.pictures(107), None, recipe, seed=0, time_limit=2.0, place=tmp_path)
    assert time.monotonic() - start < 4
    assert 1 <= fitted.plan.recipe.epochs <= 9
    if fitted.stopped == "finished":
        assert fitted.history[-1].learning_rate < 0.05 * 0.2
    again = fit(Slow(), toy.pictures(107), None, recipe, seed=0, time_limit=2.0, place=tmp_path)
    assert again.history == fitted.history and again.plan == fitted.plan


def test_less_than_one_epoch_is_a_part_of_the_first():
    """An epoch takes 107 x 30 ms = 3.2 s; half a second is some 15 steps."""
    recipe = replace(toy.PLAIN, batch_size=1, epochs=10)
    fitted = fit(Slow(norm=False), toy.pictures(107), None, recipe, seed=0, time_limit=0.6)
    assert fitted.plan.steps < 20 and len(fitted.history) == 1
    assert fitted.history[0].step <= fitted.plan.steps


def test_channels_last_and_grey_networks_learn_the_same_way():
    """LeNet-5 sees one channel; resnet20 in the other layout gives the same losses to rounding."""
    photos, labels = toy.drawn(32)
    grey = Preprocessing(28, 28, "bilinear", (0.3,), (0.3,), channel_order="L")
    recipe = replace(toy.PLAIN, epochs=4, augmentations=toy.CROPS[1:], optimiser=SGD(0.02))
    pictures = Pictures(
        photos, labels, num_classes=4, preprocessing=grey, augmentations=recipe.augmentations
    )
    network = build("lenet5_modern", num_classes=4)
    fitted = fit(network, pictures, None, recipe, seed=0)
    assert all(math.isfinite(epoch.loss) for epoch in fitted.history)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"batch_size": 64}, "takes 64 photos per step, but there are 32"),
        ({"seed": -1}, "A seed is a whole number"),
        ({"time_limit": 0.0}, "A time limit is a number of seconds above 0, not 0"),
        ({"workers": -1}, "0 or more workers"),
        ({"micro_batch": 0}, "micro-batches of 1 or more"),
        ({"precision": "float8"}, "The precision is auto, float32 or bfloat16, not 'float8'"),
        ({"when_not_finite": "roll back"}, "Rolling back needs checkpoints"),
    ],
)
def test_what_cannot_be_trained_is_told_in_a_sentence(change, words):
    recipe = replace(toy.PLAIN, batch_size=change.pop("batch_size", 16))
    options = {"seed": 0} | change
    with pytest.raises(InputError, match=words):
        fit(toy.Small(), toy.pictures(32), None, recipe, **options)


@pytest.mark.parametrize(
    ("labels", "words"),
    [([0, 4], "has the label 4, but there are 4"), ([], "Training needs photos")],
)
def test_labels_that_are_none_are_named(labels, words):
    photos, _ = toy.drawn(len(labels))
    with pytest.raises(InputError, match=words):
        Pictures(photos, labels, num_classes=4, preprocessing=toy.PIXELS)


def test_numbers_of_bfloat16_train_too():
    """The processor may lack the instructions; torch then computes the same more slowly."""
    kinds = []

    class Looks(toy.Small):
        def classify(self, embedding):
            logits = super().classify(embedding)
            kinds.append(logits.dtype)
            return logits

    network = Looks()
    fitted = fit(network, toy.pictures(107), None, toy.PLAIN, seed=0, precision="bfloat16")
    assert set(kinds) == {torch.bfloat16}
    assert network.fc.weight.dtype == torch.float32
    assert fitted.history[-1].loss < 0.5 < fitted.history[0].loss
    assert fitted.plan.precision == "bfloat16"


def test_a_photo_that_cannot_be_decoded_is_named():
    photos, labels = toy.drawn(32)
    photos[3] = replace(photos[3], content=b"P6 12 12 255\nshort")
    pictures = Pictures(photos, labels, num_classes=4, preprocessing=toy.PIXELS)
    with pytest.raises(EyespotError, match=r"0/003\.ppm can no longer be read"):
        fit(toy.Small(), pictures, None, toy.PLAIN, seed=0)
