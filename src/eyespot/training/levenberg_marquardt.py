"""A learning rate for every weight, from the curvature of the loss: LeNet-5's optimiser.

LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document Recognition, 1998,
appendix C. Before each pass over the data, second derivatives are estimated on 500 samples and
stay for the pass: w_k -= eta / (mu + h_kk) * dE/dw_k, where h_kk is the second derivative of E by
w_k. They are propagated back like gradients, with all weights and inputs squared (Gauss-Newton: the
curvature of the squashing functions is left out, so none is negative), and a shared weight has the
sum over its connections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.func import functional_call

from eyespot.errors import InputError
from eyespot.networks.lenet import ScaledTanh, Subsampling
from eyespot.networks.radial_output import RBF
from eyespot.training.uncompiled import uncompiled

Batch = tuple[Tensor, Tensor]  # images (N, C, H, W) and targets (N, K)
Loss = Callable[[Tensor, Tensor], Tensor]  # logits and targets (N, K) -> (N,)
WEIGHTED = (nn.Conv2d, nn.Linear, Subsampling)  # sums of inputs times weights, and biases
POINTWISE = (ScaledTanh, nn.Tanh, nn.Sigmoid, nn.ReLU)
ROUTING = (nn.MaxPool2d,)  # hands on what it chooses
CROSSED = (*WEIGHTED, *POINTWISE, *ROUTING, RBF)


@dataclass(frozen=True)
class LevenbergMarquardt:
    """The stochastic diagonal Levenberg-Marquardt method: no momentum, no weight decay."""

    KIND: ClassVar[str] = "levenberg-marquardt"
    learning_rate: float  # eta
    mu: float = 0.02  # bounds the rate of a weight where the loss is flat
    samples: int = 500

    def __post_init__(self) -> None:
        if self.learning_rate <= 0 or self.mu <= 0 or self.samples < 1:
            raise InputError(
                "Levenberg-Marquardt needs a learning rate and a mu above 0 and 1 sample or more, "
                f"not {self.learning_rate:g}, {self.mu:g} and {self.samples}"
            )

    @property
    def words(self) -> str:
        return f"Levenberg-Marquardt at {self.learning_rate:.3g}, mu {self.mu:g}"

    def build(self, network: nn.Module) -> StochasticDiagonal:
        """Raises `InputError` where a layer's second derivatives are not known."""
        inside = {
            id(part) for m in network.modules() if isinstance(m, CROSSED) for part in m.children()
        }
        for module in network.modules():
            is_known = isinstance(module, CROSSED) or id(module) in inside or any(module.children())
            if not is_known:
                raise InputError(
                    f"Levenberg-Marquardt is for LeNet-5 and its like: {type(module).__name__} is "
                    "no layer of theirs. Take a recipe with SGD (eyespot recipes)"
                )
        return uncompiled(StochasticDiagonal)(network, self)


class StochasticDiagonal(torch.optim.Optimizer):
    """The steps of `LevenbergMarquardt`; `before_epoch` has to come before the first of them."""

    def __init__(self, network: nn.Module, rule: LevenbergMarquardt) -> None:
        learning = [p for p in network.parameters() if p.requires_grad]
        super().__init__(learning, {"lr": rule.learning_rate})
        self.rule = rule

    def before_epoch(self, network: nn.Module, batches: Iterable[Batch], loss: Loss) -> None:
        """Estimate the curvatures anew on the first `samples` of the batches."""
        curvatures = curvature(network, batches, loss, samples=self.rule.samples)
        for parameter, curved in curvatures.items():
            self.state[parameter]["curvature"] = curved

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    safe = self.state[weight]["curvature"] + self.rule.mu
                    weight.addcdiv_(weight.grad, safe, value=-group["lr"])


def curvature(
    network: nn.Module, batches: Iterable[Batch], loss: Loss, *, samples: int
) -> dict[nn.Parameter, Tensor]:
    """The mean over the samples of h_kk for every parameter, in its shape."""
    sums = {p: torch.zeros_like(p) for p in network.parameters() if p.requires_grad}
    seen = 0
    for images, targets in batches:
        images, targets = images[: samples - seen], targets[: samples - seen]
        _propagate(network, images, targets, loss, sums)
        seen += len(images)
        if seen == samples:
            break
    return {parameter: total / max(seen, 1) for parameter, total in sums.items()}


def _propagate(
    network: nn.Module,
    images: Tensor,
    targets: Tensor,
    loss: Loss,
    sums: dict[nn.Parameter, Tensor],
) -> None:
    """Add the batch's h_kk to `sums`. The graph is cut behind each layer and crossed by its rule.

    Between the layers nothing but reshaping and concatenation happens, which autograd crosses.
    """
    crossed: list[tuple[nn.Module, Tensor, Tensor]] = []  # layer, inputs, outputs, in order
    layers = [module for module in network.modules() if isinstance(module, CROSSED)]
    for layer in layers:
        layer.forward = partial(_cut, layer, layer.forward, crossed)  # type: ignore[method-assign]
    try:
        logits = network(images)
    finally:
        for layer in layers:
            del layer.forward  # the class's own shows again
    start, criterion = logits, partial(_criterion, loss, targets, nn.Identity())
    if isinstance(crossed[-1][0], RBF):  # bends the loss itself, and has no weights to learn
        radial, start, _ = crossed.pop()
        criterion = partial(_criterion, loss, targets, radial)
    start.backward(_second_derivatives(criterion, start.detach()))
    for module, inputs, outputs in reversed(crossed):
        assert outputs.grad is not None
        curved, own = _across(module, inputs.detach(), outputs.grad)
        for name, parameter in module.named_parameters(recurse=False):
            if parameter in sums:
                sums[parameter] += own[name]
        if inputs.requires_grad:
            inputs.backward(curved)


def _cut(
    layer: nn.Module,
    forward: Callable[[Tensor], Tensor],
    crossed: list[tuple[nn.Module, Tensor, Tensor]],
    inputs: Tensor,
) -> Tensor:
    with torch.no_grad():
        outputs = forward(inputs.clone())  # a layer may write over what it is given
    crossed.append((layer, inputs, outputs.requires_grad_()))
    return outputs.view_as(outputs)


def _criterion(loss: Loss, targets: Tensor, output: nn.Module, states: Tensor) -> Tensor:
    return loss(output(states), targets).sum()


def _second_derivatives(criterion: Callable[[Tensor], Tensor], states: Tensor) -> Tensor:
    """(N, D) those of each photo's loss by each number of its state, exact, none negative."""
    states.requires_grad_()
    (slopes,) = torch.autograd.grad(criterion(states), states, create_graph=True)
    columns = [
        torch.autograd.grad(column.sum(), states, retain_graph=True)[0][:, k]
        for k, column in enumerate(slopes.unbind(1))
    ]
    return torch.stack(columns, dim=1).clamp(min=0)


def _across(layer: nn.Module, inputs: Tensor, curved: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Second derivatives behind a layer -> those in front of it, and those by its parameters."""
    if isinstance(layer, WEIGHTED):  # the same sums with squares in place of inputs and weights
        squares = {name: p.detach().square() for name, p in layer.named_parameters(recurse=False)}
        names = tuple(squares)
        parts = [part.requires_grad_() for part in (inputs.square(), *squares.values())]
        sums = functional_call(layer, dict(zip(names, parts[1:], strict=True)), (parts[0],))
        first, *own = torch.autograd.grad(sums, parts, curved)
        return first, dict(zip(names, own, strict=True))
    inputs = inputs.clone().requires_grad_()
    outputs = layer(inputs.view_as(inputs))
    (slopes,) = torch.autograd.grad(outputs, inputs, torch.ones_like(outputs), retain_graph=True)
    if isinstance(layer, POINTWISE):
        return slopes.square() * curved, {}
    return torch.autograd.grad(outputs, inputs, curved)[0], {}
