"""What happens before the first step: the plan is laid down, or taken over from a checkpoint."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from eyespot.errors import InputError
from eyespot.networks.architecture import Network
from eyespot.training import order, precision
from eyespot.training import recipe as recipes
from eyespot.training.checkpoints import Checkpoints, Record, Saving, newest, opened
from eyespot.training.distributed import World
from eyespot.training.facts import Machine, Plan, Watcher
from eyespot.training.feeding import Feed
from eyespot.training.guards import WhenNotFinite
from eyespot.training.keeping import Keeper
from eyespot.training.pictures import Pictures
from eyespot.training.plans import structure
from eyespot.training.recipe import Recipe
from eyespot.training.running import Run
from eyespot.training.state import State
from eyespot.training.step import Rule, backward
from eyespot.training.stopping import Stop
from eyespot.training.timing import Clock
from eyespot.weights.tensors import tensors_digest

TRIED = 3  # steps that are timed, after one to warm up
TRIED_PHOTOS = 32  # of each
SPARE = 0.05  # share of a time limit that is kept for what cannot be foreseen


@dataclass(frozen=True)
class Wishes:
    """How a training is to be run, besides its recipe."""

    seed: int
    precision: precision.Wish
    workers: int
    micro_batch: int | None
    time_limit: float | None
    when_not_finite: WhenNotFinite
    spent: float = 0.0  # seconds of the time limit that are gone already

    def __post_init__(self) -> None:
        """Raises `InputError` for what cannot be done."""
        if not 0 <= self.seed < 2**32:
            raise InputError(f"A seed is a whole number from 0 to {2**32 - 1}, not {self.seed}")
        if self.time_limit is not None and not 0 < self.time_limit < math.inf:
            raise InputError(
                f"A time limit is a number of seconds above 0, not {self.time_limit:g}"
            )
        if self.workers < 0 or (self.micro_batch is not None and self.micro_batch < 1):
            raise InputError(
                "A training has 0 or more workers and micro-batches of 1 or more photos, not "
                f"{self.workers} and {self.micro_batch}"
            )


@contextmanager
def settled(threads: int | None, device: str) -> Iterator[None]:
    """Within, torch computes with so many threads; afterwards it is all as it was, the state of its
    generators included."""
    before = torch.get_num_threads()
    cards = [torch.device(device)] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices=cards):
        if threads is not None:
            torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def held(
    stack: ExitStack,
    place: Path | None,
    saving: Saving,
    watcher: Watcher,
    world: World,
    *,
    overwrite: bool,
) -> Checkpoints | None:
    """The checkpoints in `place`, which the first process holds until `stack` closes."""
    if place is None:
        return None
    kept: list[Checkpoints] = []

    def hold() -> None:
        opening = opened(place, rule=saving, note=watcher.note, overwrite=overwrite)
        kept.append(stack.enter_context(opening))

    world.told(hold)
    return kept[0] if kept else None


def begun(
    network: Network,
    train: Pictures,
    validation: Pictures | None,
    recipe: Recipe,
    wishes: Wishes,
    *,
    kept: Checkpoints | None,
    watcher: Watcher,
    stop: Stop,
    world: World,
) -> Run:
    """A training that stands before its first step, or where the newest checkpoint left it."""
    device = torch.device(world.device)
    if wishes.when_not_finite == "roll back" and world.is_first and kept is None:
        raise InputError("Rolling back needs checkpoints: give a place for them")
    recipes.prepare(recipe, network, torch.Generator().manual_seed(wishes.seed))
    asked = plan(network, train, validation, recipe, wishes, device=device, check=stop.check)
    found = newest(kept, world, lambda record: as_recorded(asked, record, wishes))
    clock = Clock(before=found[0].seconds if found else wishes.spent)
    laid = (found[0].plan if found else asked).channels_last
    precision.lay_out(recipes.learning(recipe, network.to(device)), channels_last=laid)
    state = State(network, found[0].plan if found else asked)
    state.micro_batch = wishes.micro_batch
    rule = _rule(state.plan, device)
    now = precision.machine(device, world.size)
    if found:
        state.load(*found)
        if sentence := differing_machines(found[0].machine, now):
            watcher.note(sentence)
    elif asked.time_limit is not None:
        fitting = within_time(state, train, validation, rule, world, stop, wishes.spent)
        state.plan = with_steps(asked, *fitting)
    run = Run(
        state=state,
        rule=rule,
        feed=Feed(train, state.plan, workers=wishes.workers, world=world, check=stop.check),
        validation=validation,
        keeper=Keeper(kept, found[0].machine if found else now, clock, watcher.note),
        clock=clock,
        watcher=watcher,
        stop=stop,
        world=world,
        when_not_finite=wishes.when_not_finite,
        resumed_from=found[0].step if found else None,
    )
    watcher.begin(state.plan, state.step)
    if wishes.when_not_finite == "roll back" and not found:
        run.keeper.save(state)
    return run


def _rule(plan: Plan, device: torch.device) -> Rule:
    return Rule(
        loss=plan.recipe.loss,
        regularisers=plan.recipe.regularisers,
        precision=plan.precision,
        channels_last=plan.channels_last,
        device=device,
    )


def plan(
    network: Network,
    train: Pictures,
    validation: Pictures | None,
    recipe: Recipe,
    wishes: Wishes,
    *,
    device: torch.device,
    check: Callable[[], None],
) -> Plan:
    """The whole training as asked for. Raises `InputError` for one that cannot be."""
    photos = len(train)
    if recipe.batch_size > photos:
        raise InputError(
            f"The recipe {recipe.name} takes {recipe.batch_size} photos per step, but there are "
            f"{photos} to train on: take a smaller batch size"
        )
    numbers = precision.decided(wishes.precision, network, device)
    steps_per_epoch = len(order.sizes(photos, recipe.batch_size))
    state = network.state_dict()
    return Plan(
        recipe=recipe,
        seed=wishes.seed,
        network=structure(state),
        start=tensors_digest(state),
        photos=train.fingerprint(check=check),
        validation=validation.fingerprint(check=check) if validation else None,
        batch_size=recipe.batch_size,
        steps_per_epoch=steps_per_epoch,
        steps=recipe.epochs * steps_per_epoch,
        time_limit=wishes.time_limit,
        precision=numbers,
        channels_last=precision.prefers_channels_last(network, precision=numbers, device=device),
    )


def as_recorded(asked: Plan, record: Record, wishes: Wishes) -> Plan:
    """The same with what was decided for the first process, which every later one has to keep."""
    then = record.plan
    kept = replace(asked, channels_last=then.channels_last)
    if wishes.precision == "auto":
        kept = replace(kept, precision=then.precision)
    if asked.time_limit is not None and asked.time_limit == then.time_limit:
        kept = with_steps(kept, then.recipe.epochs, then.steps)
    return kept


def with_steps(asked: Plan, epochs: int, steps: int) -> Plan:
    """The plan for fewer epochs; the schedule keeps its proportions."""
    return replace(asked, recipe=recipes.lasting(asked.recipe, epochs), steps=steps)


def differing_machines(then: Machine, now: Machine) -> str | None:
    """One sentence about what may change the last bits of what follows."""
    before, after = asdict(then), asdict(now)
    names = [name for name in before if before[name] != after[name]]
    parts = [f"{name} {before[name]}, now {after[name]}" for name in names]
    if not parts:
        return None
    return f"This training began with {'; '.join(parts)}: its last bits may come out otherwise."


def within_time(
    state: State,
    train: Pictures,
    validation: Pictures | None,
    rule: Rule,
    world: World,
    stop: Stop,
    spent: float = 0.0,
) -> tuple[int, int]:
    """The epochs and steps that fit in the time limit, measured on a copy of the network.

    `spent` seconds of it are gone already.
    All processes measure at once, since they share the machine; the slowest one decides.
    """
    plan, begin = state.plan, time.monotonic()
    assert plan.time_limit is not None
    photo = _agreed(_seconds(state.network, train, plan, rule, stop), world) / world.size
    spent += _agreed(time.monotonic() - begin, world)
    step = photo * plan.batch_size
    validating = photo / 2 * len(validation) if validation else 0.0  # forward: a third of a step
    left = (1 - SPARE) * plan.time_limit - spent
    epochs = math.floor(left / (plan.steps_per_epoch * step + validating))
    if epochs >= 1:
        epochs = min(epochs, plan.recipe.epochs)
        return epochs, epochs * plan.steps_per_epoch
    return 1, min(plan.steps_per_epoch, max(1, math.floor((left - validating) / step)))


def _agreed(seconds: float, world: World) -> float:
    return world.largest(round(1e9 * seconds)) / 1e9


def _seconds(network: Network, train: Pictures, plan: Plan, rule: Rule, stop: Stop) -> float:
    """How long a photo takes to be decoded and learned from: the median of a few small batches."""
    trial = copy.deepcopy(network)
    times = []
    for part in order.batches(len(train), plan.batch_size, seed=plan.seed, epoch=0)[: 1 + TRIED]:
        indices, begin = part[:TRIED_PHOTOS], time.monotonic()
        images, targets = map(torch.from_numpy, train.batch(indices, 0, check=stop.check))
        backward(trial, images, targets, rule, photos=len(indices))
        times.append((time.monotonic() - begin) / len(indices))
    return sorted(times)[len(times) // 2]
