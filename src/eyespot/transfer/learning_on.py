"""The last stages of a network learn on, from what its frozen stages answer; never for the worse.

Where no epoch does better on the validation photos than the pretrained network with the probe's
head, that is kept.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from eyespot.pages.words import count, duration, percent
from eyespot.training import facts, precision, scratch
from eyespot.training.distributed import World
from eyespot.training.facts import Epoch, Fitted
from eyespot.training.step import Rule
from eyespot.training.validating import validate
from eyespot.transfer.frozen import NotKeptError, Responses, Setting
from eyespot.transfer.lesson import BATCH_SIZE, Lesson

ANSWERING = 1 / 3  # share of the time limit that computing the frozen stages' responses may take


def fine_tuned(
    begun: Lesson,
    order: scratch.Order,
    *,
    time_limit: float,
    place: Path | None = None,
    progress: facts.Watcher | None = None,
    world: World | None = None,
    kept: Responses | None = None,
) -> Fitted:
    """The network as its best epoch left it, or as it began where that did better.

    Then `best` is an epoch 0, and a note says so. What the frozen stages answer is computed once,
    if it can be, and stays in `kept`: for another lesson with photos of the same numbers.
    """
    world, began = world or World(device=order.torch_device), time.monotonic()
    network, weights = begun.network, begun.network.state_dict()
    before = {name: held.detach().clone() for name, held in weights.items()}
    with ExitStack() as stack:
        notes: tuple[str, ...] = ()
        kept = kept or responses_for(begun, order)
        if kept is not None and world.size == 1:
            begun, notes = _resuming(stack, begun, kept, seconds=time_limit * ANSWERING)
        start = standing(begun, order, world)
        fitted = scratch.fit_as(
            order,
            network,
            begun.learned,
            begun.tried,
            begun.recipe,
            time_limit=time_limit,
            spent=time.monotonic() - began,
            place=place,
            progress=progress,
            world=world,
        )
    fitted = replace(fitted, notes=(*notes, *fitted.notes))
    return never_worse(fitted, start, before, photos=len(begun.tried))


def responses_for(begun: Lesson, order: scratch.Order) -> Responses | None:
    """Where the responses of its frozen stages are kept; None: it has none."""
    tuning, device = begun.recipe.fine_tuning, torch.device(order.torch_device)
    if tuning is None or tuning.boundary is None:
        return None
    numbers = precision.decided(order.precision, begun.network, device)
    return Responses(Setting(tuning.boundary, numbers, device, order.workers))


def _resuming(
    stack: ExitStack, begun: Lesson, kept: Responses, *, seconds: float
) -> tuple[Lesson, tuple[str, ...]]:
    """The lesson that goes on from what is kept until `stack` closes; or as it was, and why."""
    network = begun.network.to(kept.setting.device)
    both = begun.learned, begun.tried
    try:
        kept.ask(network, both, seconds=seconds)
    except NotKeptError as error:
        sentence = (
            f"What the frozen stages answer was computed anew in every epoch, which takes longer "
            f"and changes nothing else: the answers to all views {error}."
        )
        return begun, (sentence,)
    for pictures in both:
        pictures.forget()
    stack.enter_context(kept.resumed(network))
    learned, tried = (pictures.answered_by(kept.of) for pictures in both)
    return replace(begun, learned=learned, tried=tried), ()


def standing(begun: Lesson, order: scratch.Order, world: World) -> Epoch:
    """What the network does on the validation photos before its first step, as an epoch 0."""
    device = torch.device(world.device)
    network = begun.network.to(device)
    numbers = precision.decided(order.precision, network, device)
    loss, top1 = validate(
        network,
        begun.tried,
        rule=Rule(begun.recipe.loss, (), numbers, False, device),
        batch_size=BATCH_SIZE,
        workers=order.workers,
        world=world,
        check=lambda: None,
    )
    return Epoch(0, 0, 0.0, loss, top1, validation_loss=loss, validation_top1=top1)


def never_worse(fitted: Fitted, start: Epoch, kept: Mapping[str, Tensor], *, photos: int) -> Fitted:
    """`fitted`, or with the weights `kept` that it began with, where no epoch is better."""
    notes = list(fitted.notes)
    plan = fitted.plan
    if plan.time_limit is not None and plan.steps < plan.steps_per_epoch:
        notes.append(
            f"The time limit of {duration(plan.time_limit)} is too small for one pass: "
            f"{count(plan.steps * plan.batch_size, 'photo')} were learned from. Pass a longer "
            "--time-limit."
        )
    if fitted.best is not None and fitted.best.is_better_than(start):
        return replace(fitted, notes=tuple(notes))
    fitted.network.load_state_dict(kept)
    assert start.validation_top1 is not None
    best = fitted.best.validation_top1 if fitted.best else None
    against = ""
    if best is not None:
        against = f", {percent(best)} at best against {percent(start.validation_top1)}"
    notes.append(
        f"Fine-tuning did no better than the probe on {count(photos, 'validation photo')}"
        f"{against}: the pretrained network with the probe's head is kept."
    )
    return replace(fitted, best=start, notes=tuple(notes))
