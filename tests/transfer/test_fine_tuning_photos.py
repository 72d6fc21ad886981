"""Fine-tuning of the embedded network on a few drawn photos: as a lesson, as folds, in time."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eyespot.classifier.heads import LinearHead, probabilities
from eyespot.datasets.dataset import Photo
from eyespot.embeddings import embed
from eyespot.engines import pretrained
from eyespot.errors import InputError
from eyespot.networks import build, find
from eyespot.training import scratch
from eyespot.training.facts import Epoch, Fitted, Machine, Plan
from eyespot.training.fine_tuning import WithHead
from eyespot.transfer import frozen, tuned_contender, tuned_folds
from eyespot.transfer.candidates import Examples
from eyespot.transfer.contenders import NotTriedError
from eyespot.transfer.learning_on import fine_tuned, never_worse, responses_for
from eyespot.transfer.lesson import Tuning, lesson, recipe_for
from eyespot.transfer.tuned_contender import fine_tuning
from eyespot.transfer.tuned_folds import Task, logits, tuned_on
from eyespot.weights.catalogue import DEFAULT

LAST = Tuning(unfrozen=1)
MACHINE = Machine(1, 1, "cpu", "2.13.0", "x86_64")
ORDER = scratch.Order(Path("drawn"), network="efficientnet_lite0", precision="float32", workers=1)


@pytest.fixture(scope="module")
def task(digits) -> Task:
    """24 photos of two digits in 3 folds; the two of a burst stay together."""
    places = [i for i in range(48) if i % 24 < 12]
    photos = tuple(Photo(digits.paths[i], digits.paths[i].name, digits.labels[i]) for i in places)
    embedded = embed(photos, pretrained(DEFAULT))
    labels = np.array([photo.label == "one" for photo in photos]).astype(np.int64)
    groups = tuple(i // 2 for i in range(len(places)))
    examples = Examples(embedded.vectors, embedded.mirrored, labels, np.array(groups) % 3, 2)
    contents = tuple(facts.sha256 for facts in embedded.facts)
    return Task(photos, contents, examples, groups, LAST, ORDER)


@pytest.fixture(scope="module")
def begun(task):
    """A lesson of one epoch: 20 photos to learn from, 4 to choose on."""
    learned = np.arange(24) % 12 >= 2
    tried = task.taken(~learned), task.examples.labels[~learned].tolist()
    examples = task.examples.where(learned)
    made = lesson(LAST, examples, task.taken(learned), tried, seed=0)
    return replace(made, recipe=replace(made.recipe, epochs=1, batch_size=20))


def head(width: int) -> LinearHead:
    generator = np.random.default_rng(0)
    weight = generator.normal(size=(3, width)).astype(np.float32)
    return LinearHead("linear softmax", 0.1, 2.0, weight, np.array([1, 2, 3], np.float32))


@pytest.mark.parametrize("name", ["squeezenet1_0", "googlenet"])
def test_a_network_begins_as_its_probe_answers_whatever_its_own_head_does(name):
    network = build(name, seed=0).eval()
    images = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        embedding = network.forward_embedding(images)
    own = head(embedding.shape[1])
    begun = WithHead(network, find(name).head, own, dropout=0.5).eval()
    with torch.inference_mode():
        answers = begun(images).softmax(1)
    expected = probabilities(own, embedding.numpy())
    np.testing.assert_allclose(answers.numpy(), expected, rtol=0, atol=1e-5)
    assert not np.allclose(expected[0], expected[1])  # two pictures, two answers
    begun.train()
    assert begun(images).shape == (2, 3)  # no auxiliary head is asked


def test_a_lesson_begins_with_the_probes_answers(begun):
    answers = logits(begun.network, begun.tried).argmax(1)
    assert (answers == begun.tried.labels).all()
    assert begun.recipe.fine_tuning.words.startswith("the head and the last of 9 stages")


@pytest.mark.slow
def test_only_the_last_stage_and_the_head_learn_and_the_end_is_never_worse(begun):
    before = {name: held.clone() for name, held in begun.network.state_dict().items()}
    fitted = fine_tuned(begun, ORDER, time_limit=600.0)
    changed = {
        name
        for name, held in fitted.network.state_dict().items()
        if not torch.equal(held, before[name])
    }
    assert all(name.startswith(("network.features.8", "head")) for name in changed)
    assert not any("running" in name for name in changed)
    assert fitted.best is not None
    assert (fitted.best.epoch == 0) == (not changed)


@pytest.mark.slow
def test_a_lesson_on_kept_responses_ends_where_the_live_one_does(task, begun):
    found = []
    for memory in (0, frozen.MEMORY):
        own = replace(begun, network=copy.deepcopy(begun.network))
        own = replace(own, recipe=replace(own.recipe, epochs=2))
        kept = responses_for(own, ORDER)
        kept.memory = memory
        found.append(fine_tuned(own, ORDER, time_limit=6000.0, kept=kept))
        assert bool(kept.rows) == bool(memory)
    for one, other in zip(found[0].history, found[1].history, strict=True):
        assert other.loss == pytest.approx(one.loss, rel=1e-4)
        assert other.validation_loss == pytest.approx(one.validation_loss, rel=1e-4)
    assert any("more than the 0.0 GB that are kept" in note for note in found[0].notes)
    assert not found[1].notes or "frozen" not in found[1].notes[0]


def start(top1: float, loss: float) -> Epoch:
    return Epoch(0, 0, 0.0, loss, top1, validation_loss=loss, validation_top1=top1)


def finished(begun, top1: float, loss: float, *, steps: int = 1) -> Fitted:
    """A training that ended in zeros, with this much on the validation photos."""
    network = torch.nn.Linear(1, 1)
    torch.nn.init.zeros_(network.weight)
    plan = Plan(
        begun.recipe, 0, "", "", "", "", 20, 2, steps, 30.0, "float32", False
    )  # fmt: skip
    best = Epoch(1, 1, 0.1, 0.1, 1.0, validation_loss=loss, validation_top1=top1)
    return Fitted(network, plan, (best,), best, "finished", None, 1.0, 1.0, 0.0, 0.0, MACHINE)


@pytest.mark.parametrize(
    ("top1", "loss", "is_kept"),
    [(0.9, 0.5, False), (0.8, 0.4, False), (0.8, 0.5, True), (0.8, 0.6, True), (0.7, 0.1, True)],
)
def test_where_no_epoch_is_better_the_beginning_is_kept_and_told(begun, top1, loss, is_kept):
    kept = {"weight": torch.ones(1, 1), "bias": torch.ones(1)}
    found = never_worse(finished(begun, top1, loss, steps=2), start(0.8, 0.5), kept, photos=40)
    assert bool(found.network.weight.item() == 1) == is_kept
    told = "no better than the probe on 40 validation photos"
    assert any(told in note for note in found.notes) == is_kept
    assert found.best.epoch == (0 if is_kept else 1)


def test_a_time_limit_below_one_pass_is_told(begun):
    found = never_worse(finished(begun, 0.9, 0.1, steps=1), start(0.8, 0.5), {}, photos=40)
    assert any("too small for one pass: 20 photos were learned from" in n for n in found.notes)


def test_more_stages_than_the_network_has_are_refused_with_their_number():
    with pytest.raises(InputError, match="has 9 stages, and 10 were to learn: pass --unfreeze 1 "):
        recipe_for(Tuning(unfrozen=10), photos=100, has_mirrored=True)


def test_photos_are_mirrored_where_that_helped_the_probe_alone():
    crop, flip = recipe_for(LAST, photos=9, has_mirrored=True).augmentations
    assert (crop.KIND, flip.KIND) == ("random_resized_crop", "flip")
    assert recipe_for(LAST, photos=9, has_mirrored=False).augmentations == (crop,)


def test_photos_to_choose_on_are_whole_groups_of_every_class_and_of_the_asked_rows(task):
    rows = task.examples.folds != 0
    tried = tuned_folds._validation(task, rows)
    assert not (tried & ~rows).any()
    groups = np.array(task.groups)
    assert not set(groups[tried]) & set(groups[rows & ~tried])
    assert set(task.examples.labels[tried]) == {0, 1}


def test_too_little_time_for_a_training_is_said_before_it_begins(task):
    with pytest.raises(NotTriedError, match="s of the time limit were left for each training"):
        tuned_on(task, np.ones(24, bool), seconds=1.0)


@pytest.mark.slow
def test_folds_are_answered_by_networks_that_have_not_seen_them(task, monkeypatch):
    seen = []
    inner = tuned_contender.tuned_on

    def watched(task, rows, *, seconds, kept, place=None):
        seen.append(rows)
        return inner(task, rows, seconds=seconds, kept=kept, place=place)

    monkeypatch.setattr(tuned_contender, "tuned_on", watched)
    contender = fine_tuning(task, seconds=300.0)
    assert contender.is_whole and len(seen) == 3
    for fold, rows in enumerate(seen):
        assert set(task.examples.folds[~rows]) == {fold}
    np.testing.assert_allclose(contender.probabilities.sum(1), 1, rtol=0, atol=1e-5)
    right = contender.probabilities.argmax(1) == task.examples.labels
    assert right.mean() > 0.8  # chance is 0.5
    ready = contender.fit()
    assert seen[-1].all() and ready.vectors.shape == (24, 1280)
