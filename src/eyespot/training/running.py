"""What one process holds while it trains, and the smaller parts of the loop in `fit.py`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from eyespot.datasets.names import shown
from eyespot.errors import EyespotError
from eyespot.training import guards, precision, regularisers
from eyespot.training.checkpoints import newest
from eyespot.training.distributed import World
from eyespot.training.facts import Fitted, Progress, Watcher
from eyespot.training.feeding import Batch, Feed
from eyespot.training.guards import NotFiniteError, WhenNotFinite
from eyespot.training.keeping import Keeper
from eyespot.training.levenberg_marquardt import LevenbergMarquardt, StochasticDiagonal
from eyespot.training.order import torch_seed
from eyespot.training.pictures import Pictures
from eyespot.training.state import State
from eyespot.training.step import Outcome, Rule, backward
from eyespot.training.stopping import Interrupted, Stop
from eyespot.training.timing import Clock
from eyespot.training.validating import validate

OUT_OF_TIME = 1  # less than the number of any signal that we listen to
MOST_LEFT_OUT = 20  # steps: whoever loses more has another problem
MOST_ROLL_BACKS = 3
EASED = 0.5  # what learning rates are multiplied with after a roll-back


@dataclass
class Run:
    """One process's part in a training."""

    state: State
    rule: Rule
    feed: Feed
    validation: Pictures | None
    keeper: Keeper
    clock: Clock
    watcher: Watcher
    stop: Stop
    world: World
    when_not_finite: WhenNotFinite
    resumed_from: int | None

    def __post_init__(self) -> None:
        self._buffers = guards.Buffers(self.state.network)

    def batches(self) -> Iterator[Batch]:
        """What is left of the epoch."""
        state = self.state
        left = self.feed.epoch(state.epoch, first=state.step_in_epoch, without=state.left_out)
        return self.clock.arrivals(left)

    def before_epoch(self) -> None:
        """LeNet-5's optimiser looks at 500 photos first; the others do not."""
        state, rule = self.state, self.state.plan.recipe.optimiser
        if isinstance(state.optimiser, StochasticDiagonal) and state.step_in_epoch == 0:
            assert isinstance(rule, LevenbergMarquardt)
            samples = self.feed.samples(state.epoch, rule.samples)
            state.optimiser.before_epoch(state.network, samples, state.plan.recipe.loss)

    def rate(self, step: int) -> float:
        """The learning rate of a step."""
        recipe = self.state.plan.recipe
        factor = recipe.schedule.factor(step / self.state.plan.steps, self.state.errors)
        return recipe.optimiser.learning_rate * factor * self.state.brake

    def outcome(self, batch: Batch) -> Outcome:
        """Leave the gradient of the batch's mean loss in the parameters."""
        state = self.state
        seed = torch_seed(state.plan.seed, batch.step, self.world.rank)

        def attempt(micro_batch: int | None) -> Outcome:
            precision.seed_torch(seed, self.rule.device)
            return backward(
                state.network,
                batch.images,
                batch.targets,
                self.rule,
                photos=batch.photos,
                micro_batch=micro_batch,
                world=self.world,
            )

        with self._buffers.as_before_if_it_fails():
            outcome, state.micro_batch = guards.in_memory(
                attempt,
                micro_batch=state.micro_batch,
                photos=len(batch.images),
                retreat=self._buffers.restore,
                note=self.watcher.note,
            )
        return outcome

    def refuse(self, batch: Batch, outcome: Outcome) -> None:
        """A batch gave numbers that are none: leave it out, or raise, naming its photos."""
        state = self.state
        self._buffers.restore()
        guilty = guards.culprits(state.network, batch.images, batch.targets, self.rule)
        everywhere = int(self.world.total(len(guilty))[0])
        names = [self._file(batch, place) for place in guilty]
        sentence = guards.blame(
            outcome, names, everywhere, photos=batch.photos, rate=self.rate(batch.step)
        )
        sentence = f"{sentence} (step {batch.step + 1:,})"
        if self.when_not_finite != "skip" or everywhere == batch.photos:
            raise NotFiniteError(sentence, batch.step)
        if len(state.left_out) == MOST_LEFT_OUT:
            raise NotFiniteError(f"{sentence}, and {MOST_LEFT_OUT} batches were left out before")
        self.watcher.note(f"{sentence}: its batch was left out.")
        state.left_out = (*state.left_out, batch.step)
        state.step = batch.step + 1

    @contextmanager
    def rolling_back(self) -> Iterator[None]:
        """Where asked for, bad numbers lead back to the last checkpoint.

        From there on, with half the learning rate and without the batch that did it.
        """
        try:
            yield
        except NotFiniteError as fault:
            if self.when_not_finite != "roll back":
                raise
            if self.state.brake <= EASED**MOST_ROLL_BACKS:
                raise NotFiniteError(f"{fault}, after {MOST_ROLL_BACKS} roll-backs") from fault
            self._roll_back(fault)

    def _roll_back(self, fault: NotFiniteError) -> None:
        state = self.state
        brake, left_out = state.brake * EASED, state.left_out
        if fault.step is not None:
            left_out = (*left_out, fault.step)
        found = newest(self.keeper.checkpoints, self.world, lambda record: state.plan)
        if found is None:
            raise NotFiniteError(f"{fault}, and there is no checkpoint to roll back to") from fault
        state.load(*found)
        state.brake, state.left_out = brake, left_out
        self.keeper.save(state)
        self.watcher.note(
            f"{fault}. Rolled back to step {state.step:,}; from here on with {brake:g} of the "
            "learning rate."
        )

    def tell_jump(self, batch: Batch, norm: float, allowed: float) -> None:
        first = f" (the first is {shown(self._file(batch, 0))})" if len(batch.indices) else ""
        self.watcher.note(
            f"The gradient of step {batch.step + 1:,}{first} was {norm / allowed:,.0f} times the "
            "usual one, and was cut down to it."
        )

    def look_up(self) -> None:
        """Between two steps: asked to stop? out of time? a checkpoint due?"""
        if self._asked() == OUT_OF_TIME:
            self.state.stopped = "time limit"
        elif self.state.stopped is None:
            self.keeper.save_if_due(self.state)

    def end_if_over(self) -> None:
        """After an epoch: is that all?"""
        state = self.state
        if state.stopped is None and state.step >= state.plan.steps:
            state.stopped = "finished"
        elif state.stopped is None and regularisers.stops(
            state.plan.recipe.regularisers, state.errors
        ):
            state.stopped = "early"
        if state.stopped is not None:
            self.keeper.save(state)

    def _asked(self) -> int:
        """What all processes agree on. Raises `Interrupted` where one of them got a signal."""
        limit = self.state.plan.time_limit
        is_over = limit is not None and self.clock.seconds >= limit
        number = self.world.largest(max(self.stop.signal, OUT_OF_TIME if is_over else 0))
        if number > OUT_OF_TIME:
            raise Interrupted(number)
        return number

    def _require_unasked(self) -> None:
        self._asked()

    def validated(self) -> tuple[float, float] | tuple[None, None]:
        """Mean loss and top-1 on the validation photos, with averaged weights where there are."""
        state = self.state
        if self.validation is None:
            return None, None
        average = state.average
        with (
            self.clock.validation(),
            average.inside(state.network) if average else nullcontext(),
        ):
            return validate(
                state.network,
                self.validation,
                rule=self.rule,
                batch_size=state.micro_batch or state.plan.batch_size,
                workers=self.feed.workers,
                world=self.world,
                check=self._require_unasked,
            )

    def tell_step(self, photos: int) -> None:
        state, plan, clock = self.state, self.state.plan, self.clock
        clock.count(photos)
        self.watcher.step(
            Progress(
                epoch=state.epoch + 1,
                epochs=plan.recipe.epochs,
                step=state.step,
                steps=plan.steps,
                loss=state.loss_sum / max(1, state.seen),
                top1=state.correct / max(1, state.seen),
                learning_rate=state.learning_rate,
                images_per_second=clock.images_per_second,
                waiting=clock.waiting,
                seconds_left=clock.left(
                    steps=plan.steps - state.step, epochs=plan.recipe.epochs - state.epoch
                ),
            )
        )

    def fitted(self) -> Fitted:
        """The network with the weights that are to be used, and what is known of the training."""
        state, clock = self.state, self.clock
        if state.stopped is None:
            raise EyespotError("the training is not over")
        network = state.network
        network.load_state_dict(state.best_tensors or state.usable())
        self.world.copy_from_first(network.state_dict().values())
        precision.lay_out(network, channels_last=False)
        network.eval()
        network.zero_grad(set_to_none=True)
        fitted = Fitted(
            network=network,
            plan=state.plan,
            history=state.history,
            best=state.best,
            stopped=state.stopped,
            resumed_from=self.resumed_from,
            seconds=state.seconds or clock.seconds,
            images_per_second=clock.images_per_second,
            waiting=clock.waiting,
            saving=self.keeper.seconds / max(clock.own, 1e-9),
            machine=self.keeper.machine,
        )
        self.watcher.end(fitted)
        return fitted

    def _file(self, batch: Batch, place: int) -> str:
        photo = self.feed.pictures.photos[int(batch.indices[place])]
        return photo.file
