"""Other beginnings than a network's own: it is built as its paper initialises it.

A recipe has one of these where somebody trained the network from another beginning (BVLC), or where
beginnings are compared. Weights are those of convolutions and linear layers; norms stay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from eyespot.errors import InputError
from eyespot.networks import lenet


@dataclass(frozen=True)
class Gaussian:
    """Normal with one deviation everywhere: 0.01 in AlexNet and ZFNet. Biases are `bias`."""

    KIND: ClassVar[str] = "gaussian"
    deviation: float = 0.01
    bias: float = 0.0

    def __post_init__(self) -> None:
        if self.deviation <= 0:
            raise InputError(f"the deviation of weights is positive, not {self.deviation:g}")

    @property
    def words(self) -> str:
        return f"Gaussian with deviation {self.deviation:g}, biases {self.bias:g}"

    def apply(self, network: nn.Module, generator: torch.Generator) -> None:
        for layer in _layers(network):
            _set(layer, self.deviation, self.bias, generator)


@dataclass(frozen=True)
class Xavier:
    """Normal with variance 2 / (fan in + fan out), or uniform in +-sqrt(3 * variance).

    Glorot, Bengio: Understanding the Difficulty of Training Deep Feedforward Neural Networks,
    AISTATS 2010, Eq. 16, is the uniform one. Caffe's "xavier" has variance 1 / fan in: `caffe`.
    Biases are 0.
    """

    KIND: ClassVar[str] = "xavier"
    shape: Literal["normal", "uniform"] = "uniform"
    caffe: bool = False

    @property
    def words(self) -> str:
        name = "Caffe's xavier" if self.caffe else "Xavier"
        return f"{name}, {self.shape}"

    def apply(self, network: nn.Module, generator: torch.Generator) -> None:
        for layer in _layers(network):
            fan_in, fan_out = _fans(layer.weight)
            variance = 1 / fan_in if self.caffe else 2 / (fan_in + fan_out)
            _set(layer, math.sqrt(variance), 0.0, generator, self.shape)


@dataclass(frozen=True)
class He:
    """Normal with variance 2 / fan, for layers whose outputs are rectified. Biases are 0.

    He, Zhang, Ren, Sun: Delving Deep into Rectifiers, arXiv:1502.01852, Eq. 10 and Eq. 14.
    """

    KIND: ClassVar[str] = "he"
    fan: Literal["in", "out"] = "in"

    @property
    def words(self) -> str:
        return f"He's, by fan {self.fan}"

    def apply(self, network: nn.Module, generator: torch.Generator) -> None:
        for layer in _layers(network):
            fan = _fans(layer.weight)[self.fan == "out"]
            _set(layer, math.sqrt(2 / fan), 0.0, generator)


@dataclass(frozen=True)
class LeCun:
    """Uniform within `limit` / sqrt(fan in): weights, biases, and LeNet-5's subsampling.

    LeCun et al. 1998, appendix A, print `limit` / fan in, without the root. From there
    Levenberg-Marquardt drives all units into saturation within ten steps: the first curvatures are
    about 1e-5, and nearly every rate is eta / mu. With the root the first rates lie between 8e-6
    and 0.025; the paper saw 7e-5 to 0.016.
    """

    KIND: ClassVar[str] = "lecun"
    limit: float = 2.4

    def __post_init__(self) -> None:
        if self.limit <= 0:
            raise InputError(f"weights begin within a positive limit, not {self.limit:g}")

    @property
    def words(self) -> str:
        return f"uniform within {self.limit:g} / sqrt(fan in)"

    def apply(self, network: nn.Module, generator: torch.Generator) -> None:
        lenet.initialise(network, generator, bound=lambda fan_in: self.limit / math.sqrt(fan_in))


Initialisation = Gaussian | Xavier | He | LeCun


def _layers(network: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    return [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]


def _fans(weight: Tensor) -> tuple[int, int]:
    """Connections into a unit and out of it; of a grouped convolution, those within a group."""
    kernel = weight[0, 0].numel()
    return weight.shape[1] * kernel, weight.shape[0] * kernel


def _set(
    layer: nn.Conv2d | nn.Linear,
    deviation: float,
    bias: float,
    generator: torch.Generator,
    shape: str = "normal",
) -> None:
    if shape == "normal":
        nn.init.normal_(layer.weight, 0, deviation, generator)
    else:
        limit = math.sqrt(3) * deviation
        nn.init.uniform_(layer.weight, -limit, limit, generator)
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)
