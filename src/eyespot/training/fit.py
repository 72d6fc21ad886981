"""The loop: photos in, error back, weights changed, until the plan is fulfilled.

All that decides a number is in the plan (`facts.Plan`), all that changes is in the state
(`state.State`), and a checkpoint is the state between two steps. So a training that was killed
goes on as if nothing had happened, to the bit. docs/training.md says what is promised.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path

from eyespot.errors import EyespotError
from eyespot.networks.architecture import Network
from eyespot.training import guards, regularisers
from eyespot.training.beginning import Wishes, begun, held, settled
from eyespot.training.checkpoints import Saving
from eyespot.training.distributed import World
from eyespot.training.facts import Fitted, Unwatched, Watcher
from eyespot.training.feeding import Batch
from eyespot.training.fine_tuning import RATE
from eyespot.training.guards import NotFiniteError, WhenNotFinite
from eyespot.training.pictures import Pictures
from eyespot.training.precision import Wish
from eyespot.training.recipe import Recipe
from eyespot.training.running import Run
from eyespot.training.step import scale
from eyespot.training.stopping import Interrupted, Stop, listening


def fit(
    network: Network,
    train: Pictures,
    validation: Pictures | None,
    recipe: Recipe,
    *,
    seed: int,
    place: Path | None = None,
    overwrite: bool = False,
    watcher: Watcher | None = None,
    device: str = "cpu",
    precision: Wish = "auto",
    workers: int = 2,
    threads: int | None = None,
    micro_batch: int | None = None,
    time_limit: float | None = None,
    spent: float = 0.0,  # seconds of it that are gone
    when_not_finite: WhenNotFinite = "stop",
    saving: Saving | None = None,
    stop: Stop | None = None,
    world: World | None = None,
) -> Fitted:
    """Train `network` as `recipe` says; with a `place` for checkpoints, go on where it stood.

    The network ends with the weights of the best epoch on `validation`, or without any, the last.
    Raises `InputError` where `place` holds another training, `Interrupted` after SIGINT or SIGTERM,
    with a checkpoint written, and `EyespotError` where it cannot go on.
    """
    world = world or World(device=device)
    watcher = watcher if watcher and world.is_first else Unwatched()
    wishes = Wishes(seed, precision, workers, micro_batch, time_limit, when_not_finite, spent)
    with ExitStack() as stack:
        stop = stop or stack.enter_context(listening())
        stack.enter_context(settled(threads, world.device))
        kept = held(stack, place, saving or Saving(), watcher, world, overwrite=overwrite)
        run = begun(
            network, train, validation, recipe, wishes,
            kept=kept, watcher=watcher, stop=stop, world=world,
        )  # fmt: skip
        try:
            while run.state.stopped is None:
                with run.rolling_back():
                    learn_epoch(run)
        except Interrupted as asked:
            raise Interrupted(asked.signal, run.keeper.save(run.state)) from None
        except EyespotError:  # a photo is gone, a number is none: what was learned is kept
            with suppress(NotFiniteError):
                run.keeper.save(run.state)
            raise
        return run.fitted()


def learn_epoch(run: Run) -> None:
    """From where the epoch stands to its end, and its line in the history."""
    state = run.state
    run.before_epoch()
    for batch in run.batches():
        learn(run, batch)
        run.look_up()  # asked to stop? out of time? a checkpoint due?
        if state.stopped is not None:
            break
    else:
        state.step = min((state.epoch + 1) * state.plan.steps_per_epoch, state.plan.steps)
    if state.seen or state.stopped is None:  # out of time before the first batch: no line
        run.watcher.epoch(state.close_epoch(*run.validated()))
        run.keeper.write_history(state)
    run.end_if_over()


def learn(run: Run, batch: Batch) -> None:
    """One step: error, gradient, guards, new weights. Bad numbers raise, with nothing changed."""
    state, recipe = run.state, run.state.plan.recipe
    outcome = run.outcome(batch)  # from here on, the gradient of the mean loss is in the network
    if not outcome.is_finite:
        run.refuse(batch, outcome)
        return
    norm = guards.allowed_norm(outcome.norm, state.norms)
    if norm < outcome.norm:
        run.tell_jump(batch, outcome.norm, norm)
    state.norms = guards.remembered(outcome.norm, state.norms)
    norm = min(norm, recipe.clip_norm or norm)
    if norm < outcome.norm:
        scale(state.network, norm / outcome.norm)
    state.learning_rate = run.rate(batch.step)
    for group in state.optimiser.param_groups:
        group["lr"] = state.learning_rate * group.get(RATE, 1.0)
    state.optimiser.step()
    regularisers.after_step(recipe.regularisers, state.network)
    state.step = batch.step + 1
    if state.average is not None:
        state.average.update(state.network, state.step)
    state.count(outcome)
    run.tell_step(batch.photos)
