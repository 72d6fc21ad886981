"""What every network of the catalogue states about itself, and the questions that it answers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Paper:
    """Where a network comes from, and the one idea it is remembered for."""

    title: str
    authors: str
    year: int
    venue: str
    arxiv: str | None
    introduced: str  # what was new, in one phrase


@dataclass(frozen=True)
class Stage:
    """A run of blocks at one resolution: its last module, what leaves it, and at which stride."""

    module: str  # name in `network.named_modules()`; its output is taken after the activation
    channels: int
    stride: int  # input pixels per output pixel


@dataclass(frozen=True)
class Deviation:
    """One difference between this network and its paper, with arithmetic that a test evaluates."""

    what: str
    source: str
    arithmetic: str | None = None  # a Python equality of integers, e.g. "64 * 3 * 11 * 11 == 23232"


@dataclass(frozen=True)
class Architecture:
    """One row of the catalogue. Every number in it is a claim that a test holds."""

    name: str
    family: str
    edition: str  # "paper", or whose edition it is: "v1.5", "torchvision", "timm"
    build: Callable[..., Network]  # build(num_classes=..., generator=...) -> Network
    paper: Paper
    stages: tuple[Stage, ...]
    head: str  # the module that turns the embedding into logits, e.g. "fc"
    parameters: int  # trainable, with `num_classes` classes
    multiply_adds: int  # one picture of `image_size`; convolutions and linear layers
    image_size: int  # pixels, height and width
    num_classes: int = 1000
    deviations: tuple[Deviation, ...] = ()


class Network(nn.Module):
    """A classifier in three steps: features, embedding, logits. `forward` is their composition."""

    @abstractmethod
    def forward_features(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, C, h, w)."""

    @abstractmethod
    def forward_embedding(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, D), what the head sees."""

    @abstractmethod
    def classify(self, embedding: Tensor) -> Tensor:
        """(N, D) -> (N, num_classes) logits."""

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, num_classes) logits."""
        return self.classify(self.forward_embedding(images))


Generator = torch.Generator | None  # None: torch's default generator
