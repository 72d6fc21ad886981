"""One bad batch does not spoil a training: numbers that are none, jumps, lack of memory."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import toy_training as toy
from torch import nn

from eyespot.errors import EyespotError
from eyespot.training import guards, order
from eyespot.training.checkpoints import read
from eyespot.training.facts import Unwatched
from eyespot.training.fit import fit
from eyespot.training.guards import NotFiniteError, allowed_norm, remembered
from eyespot.training.optimisers import SGD
from eyespot.training.pictures import Pictures
from eyespot.training.schedules import Constant


@pytest.fixture(autouse=True)
def one_thread():
    """Small products on two threads wait for one another more than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Notes(Unwatched):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


class Poisoned(Pictures):
    """Some photos become numbers that are none, or far too large, on their way."""

    def poison(self, index: int, value: float, *, epoch: int = 1) -> "Poisoned":
        self.poisoned = {index: value, **getattr(self, "poisoned", {})}
        self.in_epoch = epoch
        return self

    def batch(self, indices, epoch, *, check=None):
        images, targets = super().batch(indices, epoch, check=check)
        for index, value in self.poisoned.items():
            if epoch == self.in_epoch:
                images[indices == index] *= value
        return images, targets


def poisoned(index: int, value: float, **options) -> Poisoned:
    photos, labels = toy.drawn(107)
    pictures = Poisoned(photos, labels, num_classes=toy.CLASSES, preprocessing=toy.PIXELS, seed=7)
    return pictures.poison(index, value, **options)


def step_of(index: int, *, epoch: int = 1, seed: int = 7) -> int:
    parts = order.batches(107, 16, seed=seed, epoch=epoch)
    return next(7 * epoch + i for i, part in enumerate(parts) if index in part)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e38])
def test_photos_that_give_no_finite_number_are_named_and_what_was_learned_is_kept(value, tmp_path):
    network = toy.Small()
    with pytest.raises(EyespotError, match=r"because of 0/042\.ppm \(step") as stopped:
        fit(network, poisoned(42, value), None, toy.PLAIN, seed=7, place=tmp_path)
    step = step_of(42)
    assert f"(step {step + 1})" in str(stopped.value)
    folder = max(tmp_path.glob("step-*"))
    record, tensors = read(folder)
    assert record.step == step, "it was found in the step in which it came, and not one later"
    assert all(bool(torch.isfinite(held).all()) for held in tensors.values())


def test_a_batch_that_is_skipped_leaves_everything_as_it_was(tmp_path):
    """As if the training had taken every other step: batch norm's statistics, too."""
    watcher = Notes()
    fitted = fit(
        toy.Small(), poisoned(42, float("nan")), None, toy.PLAIN, seed=7, watcher=watcher,
        place=tmp_path, when_not_finite="skip",
    )  # fmt: skip
    assert fitted.stopped == "finished"
    assert len(watcher.notes) == 1 and "0/042.ppm" in watcher.notes[0]
    assert all(bool(torch.isfinite(t).all()) for t in fitted.network.state_dict().values())
    record, tensors = read(max(tmp_path.glob("step-*")))
    assert record.left_out == (step_of(42),)
    assert int(tensors["network.norm.num_batches_tracked"]) == 20  # of 21


def test_too_many_bad_batches_are_not_skipped_for_ever():
    pictures = poisoned(0, float("nan"), epoch=0)
    for index in range(107):
        pictures.poison(index, float("nan"), epoch=0)
    recipe = replace(toy.PLAIN, batch_size=4)
    with pytest.raises(NotFiniteError, match="no single photo is to blame"):
        fit(toy.Small(), pictures, None, recipe, seed=7, when_not_finite="skip")


def test_rolling_back_halves_the_learning_rate_and_leaves_the_batch_out(tmp_path):
    watcher = Notes()
    fitted = fit(
        toy.Small(), poisoned(42, float("nan")), None, toy.PLAIN, seed=7, watcher=watcher,
        place=tmp_path, when_not_finite="roll back", saving=toy.AT_EVERY_STEP, threads=1,
    )  # fmt: skip
    assert fitted.stopped == "finished"
    step = step_of(42)
    assert f"Rolled back to step {step}; from here on with 0.5" in watcher.notes[0]
    record, _ = read(max(tmp_path.glob("step-*")))
    assert (record.brake, record.left_out) == (0.5, (step,))


class Spoils(Notes):
    """Writes numbers that are none into the weights, as a fault of memory would."""

    def __init__(self, network: nn.Module, *, times: int = 1, step: int = 9) -> None:
        super().__init__()
        self.network, self.left, self.at = network, times, step

    def step(self, progress) -> None:
        if progress.step == self.at and self.left:
            self.left -= 1
            with torch.no_grad():
                self.network.fc.weight[0, 0] = float("nan")


def test_weights_that_are_none_are_found_one_step_later_and_rolled_back(tmp_path):
    network = toy.Small()
    watcher = Spoils(network)
    fitted = fit(
        network, toy.pictures(107), None, toy.PLAIN, seed=7, watcher=watcher, place=tmp_path,
        when_not_finite="roll back",
    )  # fmt: skip
    assert fitted.stopped == "finished"
    assert "no single photo is to blame" in watcher.notes[0] and "(step 10)" in watcher.notes[0]
    endless = Spoils(toy.Small(), times=100)
    with pytest.raises(EyespotError, match="after 3 roll-backs"):
        fit(
            endless.network, toy.pictures(107), None, toy.PLAIN, seed=7, watcher=endless,
            place=tmp_path / "endless", when_not_finite="roll back",
        )  # fmt: skip


def test_a_learning_rate_a_million_times_too_high_is_blamed():
    recipe = replace(toy.PLAIN, optimiser=SGD(5e4 * 1e6), schedule=Constant())
    with pytest.raises(EyespotError, match=r"the learning rate 5e\+10 may be too high"):
        fit(toy.Small(norm=False), toy.pictures(107), None, recipe, seed=7)


def test_a_validation_loss_that_is_none_is_told():
    validation = poisoned(3, float("nan"), epoch=0)
    with pytest.raises(EyespotError, match="The loss on the validation photos is no finite number"):
        fit(toy.Small(), toy.pictures(107), validation, toy.PLAIN, seed=7)


def test_a_gradient_may_be_ten_times_the_largest_and_is_cut_to_the_usual_beyond():
    recent = (1.0, 2.0, 3.0, 4.0, 5.0)
    assert allowed_norm(50.0, recent) == 50.0
    assert allowed_norm(50.1, recent) == 3.0  # the median
    assert allowed_norm(1e9, recent[:4]) == 1e9  # nobody knows yet what is usual
    assert remembered(7.0, recent) == (*recent, 7.0)
    assert remembered(5e4, recent) == (*recent, 10.0)  # twice the largest
    assert len(remembered(1.0, (1.0,) * guards.WINDOW)) == guards.WINDOW
    norms = recent
    for bound in (10, 20, 40, 80, 160):  # a change that lasts; ten times the last is above 1000
        assert allowed_norm(1000.0, norms) < 1000
        norms = remembered(1000.0, norms)
        assert max(norms) == bound
    assert allowed_norm(1000.0, norms) == 1000


class Jumps(toy.Small):
    """Once, the gradient is ten thousand times what it should be."""

    def __init__(self, at: int | None) -> None:
        super().__init__()
        self.at, self.calls = at, 0

    def forward_train(self, images):
        heads = super().forward_train(images)
        self.calls += 1
        if self.calls == self.at:
            logits = heads[0][1]
            return [(1.0, logits.detach() + 1e4 * (logits - logits.detach()))]
        return heads


def test_one_poisoned_batch_changes_the_accuracy_by_less_than_a_point():
    """Oracle: the training without it. Unguarded, the same batch costs far more."""
    recipe = replace(toy.PLAIN, epochs=6, optimiser=SGD(0.01))
    validation = toy.pictures(200, seed=1)

    def top1(at: int | None, notes: Notes) -> float:
        network = Jumps(at)
        fitted = fit(network, toy.pictures(107), validation, recipe, seed=7, watcher=notes)
        return fitted.history[-1].validation_top1

    clean, guarded, unguarded = Notes(), Notes(), Notes()
    expected = top1(None, clean)
    assert expected > 0.95
    assert abs(top1(30, guarded) - expected) <= 0.01
    assert clean.notes == [] and len(guarded.notes) == 1
    assert "The gradient of step 30" in guarded.notes[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guards, "JUMP", float("inf"))
        assert top1(30, unguarded) < expected - 0.1


@pytest.mark.parametrize("count", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_healthy_trainings_raise_no_alarm(count):
    for seed in range(count):
        variant = list(toy.VARIANTS)[seed % 3]
        watcher = Notes()
        toy.train(variant, None, seed=seed, watcher=watcher)
        assert watcher.notes == []


class Fits(toy.Small):
    """A device with room for a few photos at a time."""

    def __init__(self, room: int) -> None:
        super().__init__(norm=False)
        self.room = room

    def forward_train(self, images):
        if len(images) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return super().forward_train(images)


def test_where_memory_runs_out_smaller_parts_give_the_same_weights(tmp_path):
    recipe, watcher = replace(toy.PLAIN, epochs=1), Notes()
    whole, narrow = toy.Small(norm=False), Fits(room=5)
    fit(whole, toy.pictures(107), None, recipe, seed=7)
    fit(narrow, toy.pictures(107), None, recipe, seed=7, watcher=watcher, place=tmp_path)
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(narrow.state_dict()[name], tensor, rtol=0, atol=1e-6)
    assert [note.split(":")[0] for note in watcher.notes] == [
        "Memory ran out with 16 photos at a time",
        "Memory ran out with 8 photos at a time",
    ]
    assert "from now on it is 4" in watcher.notes[-1]
    assert read(max(tmp_path.glob("step-*")))[0].micro_batch == 4


def test_where_not_even_one_photo_fits_it_says_so():
    with pytest.raises(EyespotError, match="Not even one photo at a time fits in memory"):
        fit(Fits(room=0), toy.pictures(107), None, toy.PLAIN, seed=7)


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:121] data. DefaultCPUAllocator: can't "
                      "allocate memory: you tried to allocate 400000000000 bytes."), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)  # fmt: skip
def test_lack_of_memory_is_told_from_other_errors(error, is_memory):
    assert guards.is_out_of_memory(error) is is_memory


def test_the_allocator_of_this_machine_is_understood():
    with pytest.raises(RuntimeError) as refused:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert guards.is_out_of_memory(refused.value)


def test_buffers_are_restored_where_a_step_fails():
    network = toy.Small()
    buffers = guards.Buffers(network)
    before = {name: b.clone() for name, b in network.named_buffers()}

    def step() -> None:
        with buffers.as_before_if_it_fails():
            network.train()(torch.from_numpy(np.ones((4, 3, 12, 12), np.float32)))
            raise EyespotError("lost")

    with pytest.raises(EyespotError, match="lost"):
        step()
    assert all(torch.equal(before[name], b) for name, b in network.named_buffers())
