"""A training between two steps: everything that has to survive, and its way to disk and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from eyespot.networks.architecture import Network
from eyespot.training.averaging import Average
from eyespot.training.checkpoints import Record
from eyespot.training.facts import Ending, Epoch, Machine, Plan
from eyespot.training.recipe import optimiser
from eyespot.training.step import Outcome

Tensors = dict[str, Tensor]


class State:
    """What changes while a network learns."""

    def __init__(self, network: Network, plan: Plan) -> None:
        self.network, self.plan = network, plan
        self.optimiser = optimiser(plan.recipe, network)
        self.average = Average(plan.recipe.ema, network) if plan.recipe.ema else None
        self.step = 0
        self.loss_sum, self.correct, self.seen = 0.0, 0.0, 0  # of the epoch that is going on
        self.history: tuple[Epoch, ...] = ()
        self.best: Epoch | None = None
        self.best_tensors: Tensors = {}
        self.norms: tuple[float, ...] = ()
        self.micro_batch: int | None = None
        self.left_out: tuple[int, ...] = ()
        self.brake = 1.0
        self.stopped: Ending | None = None
        self.seconds = 0.0
        self.learning_rate = 0.0  # of the last step

    @property
    def epoch(self) -> int:
        """The epoch that is going on; the first one is 0."""
        return len(self.history)

    @property
    def step_in_epoch(self) -> int:
        return self.step - self.epoch * self.plan.steps_per_epoch

    @property
    def errors(self) -> list[float]:
        return [epoch.error for epoch in self.history]

    def usable(self) -> Tensors:
        """The weights that would be handed over now: the averaged ones, where there are any."""
        source = self.average.state_dict() if self.average else {}
        return {name: source.get(name, held) for name, held in self.network.state_dict().items()}

    def count(self, outcome: Outcome) -> None:
        """A step was made: its photos belong to the epoch now."""
        self.loss_sum += outcome.loss_sum
        self.correct += outcome.correct
        self.seen += outcome.photos

    def close_epoch(self, validation_loss: float | None, validation_top1: float | None) -> Epoch:
        """Write the epoch's line into the history, and begin the next one."""
        epoch = Epoch(
            epoch=self.epoch + 1,
            step=self.step,
            learning_rate=self.learning_rate,
            loss=self.loss_sum / max(1, self.seen),
            top1=self.correct / max(1, self.seen),
            validation_loss=validation_loss,
            validation_top1=validation_top1,
        )
        if epoch.is_better_than(self.best):
            self.best = epoch
            self.best_tensors = {name: held.clone() for name, held in self.usable().items()}
        self.history = (*self.history, epoch)
        self.loss_sum, self.correct, self.seen = 0.0, 0.0, 0
        return epoch

    def record(self, machine: Machine) -> Record:
        return Record(
            plan=self.plan,
            machine=machine,
            step=self.step,
            loss_sum=self.loss_sum,
            correct=self.correct,
            seen=self.seen,
            learning_rate=self.learning_rate,
            history=self.history,
            best=self.best,
            norms=self.norms,
            micro_batch=self.micro_batch,
            left_out=self.left_out,
            brake=self.brake,
            numbers={name: v for name, v in self._of_optimiser() if not isinstance(v, Tensor)},
            stopped=self.stopped,
            seconds=self.seconds,
        )

    def tensors(self) -> Tensors:
        """All tensors under the name of their part; not copied."""
        parts: dict[str, Mapping[str, Tensor]] = {
            "network": self.network.state_dict(),
            "optimiser": {name: v for name, v in self._of_optimiser() if isinstance(v, Tensor)},
            "average": self.average.state_dict() if self.average else {},
            "best": self.best_tensors,
        }
        return {
            f"{part}.{name}": held.detach().cpu()
            for part, tensors in parts.items()
            for name, held in tensors.items()
        }

    def load(self, record: Record, tensors: Mapping[str, Tensor]) -> None:
        """Become the training that was saved."""
        parts: dict[str, Tensors] = {"network": {}, "optimiser": {}, "average": {}, "best": {}}
        for name, tensor in tensors.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = tensor
        self.network.load_state_dict(parts["network"])
        self._load_optimiser(parts["optimiser"], record.numbers)
        if self.average:
            self.average.load_state_dict(parts["average"])
        device = next(self.network.parameters()).device
        self.best_tensors = {name: held.to(device) for name, held in parts["best"].items()}
        self.step, self.history, self.best = record.step, record.history, record.best
        self.loss_sum, self.correct, self.seen = record.loss_sum, record.correct, record.seen
        self.learning_rate = record.learning_rate
        self.norms, self.micro_batch = record.norms, record.micro_batch
        self.left_out, self.brake = record.left_out, record.brake
        self.stopped, self.seconds = record.stopped, record.seconds

    def _of_optimiser(self) -> list[tuple[str, Any]]:
        """(number of the parameter.name, value), in order."""
        state = self.optimiser.state_dict()["state"]
        return [
            (f"{index}.{name}", value)
            for index, values in sorted(state.items())
            for name, value in sorted(values.items())
            if value is not None
        ]

    def _load_optimiser(self, tensors: Tensors, numbers: Mapping[str, float]) -> None:
        parameters = [p for group in self.optimiser.param_groups for p in group["params"]]
        state: dict[int, dict[str, Any]] = {}
        for key, value in (tensors | dict(numbers)).items():
            index, _, name = key.partition(".")
            state.setdefault(int(index), {})[name] = _laid_out(value, parameters[int(index)])
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": state, "param_groups": groups})


def _laid_out(value: Any, parameter: nn.Parameter) -> Any:
    """In memory as the parameter is, so that both are walked through side by side."""
    if isinstance(value, Tensor) and value.shape == parameter.shape:
        return torch.empty_like(parameter, dtype=value.dtype).copy_(value).detach()
    return value
