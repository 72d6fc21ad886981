"""What every network of the catalogue states about itself, and the questions that it answers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from eyespot.errors import InputError


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
    """A run of blocks at one resolution: its last module, what leaves it, and at which stride.

    The stride is the product of the strides on the way, so that an image larger by one stride
    gives a map larger by one; without padding the map may be smaller than image size / stride.
    """

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
    head: str  # the module that turns the embedding into logits, e.g. "fc"; auxiliary ones apart
    parameters: int  # trainable, with `num_classes` classes
    multiply_adds: int  # one picture of `image_size`; convolutions, linear layers, attention
    image_size: int  # pixels, height and width
    num_classes: int = 1000
    deviations: tuple[Deviation, ...] = ()


class Network(nn.Module):
    """A classifier in three steps: features, embedding, logits. `forward` is their composition.

    Where the head is a 1x1 convolution that runs before the pooling (SqueezeNet), `forward` is the
    mean of `classify` over the positions of the last map, and the embedding is that map pooled.
    """

    in_channels = 3
    image_size: int | None = None  # pixels, of the row that it was built by
    smallest_image_size = 1  # pixels, height and width
    largest_image_size: int | None = None  # where linear layers fix the size of the last map
    image_size_step = 1  # pixels: legal sizes are its multiples

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
        """(N, 3, H, W) -> (N, num_classes) logits. Raises `InputError` for other images."""
        self.check(images)
        return self.classify(self.forward_embedding(images))

    def forward_train(self, images: Tensor) -> list[tuple[float, Tensor]]:
        """(N, 3, H, W) -> every head's (weight in the loss, (N, num_classes) logits), main first.

        Only networks with auxiliary heads have more than one.
        """
        return [(1.0, self(images))]

    def check(self, images: Tensor) -> None:
        """Raise `InputError`, which says what is expected, for images that the network cannot take.

        Nothing is asked while torch traces or exports the network.
        """
        is_traced = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        if is_traced or torch.compiler.is_compiling():
            return
        if fault := self._fault(images):
            raise InputError(f"{type(self).__name__} expects {fault}")

    def _fault(self, images: Tensor) -> str | None:
        axes = f"(N, {self.in_channels}, H, W)"
        if images.ndim != 4:
            shape = tuple(images.shape)
            hint = "add the axis N with images[None]" if images.ndim == 3 else "stack single images"
            return f"images of shape {axes}, not {shape}: {hint}."
        channels, height, width = images.shape[1:]
        if channels != self.in_channels:
            return f"{self.in_channels} channels, {axes}, not {channels}: convert the pictures."
        if min(height, width) < self.smallest_image_size:
            least = f"{self.smallest_image_size} x {self.smallest_image_size}"
            return f"images of at least {least} pixels, not {height} x {width}: enlarge them."
        if self.largest_image_size and max(height, width) > self.largest_image_size:
            most = f"{self.largest_image_size} x {self.largest_image_size}"
            return f"images of at most {most} pixels, not {height} x {width}: resize them."
        if height % self.image_size_step or width % self.image_size_step:
            step = f"multiples of {self.image_size_step} pixels"
            return f"heights and widths that are {step}, not {height} x {width}: resize them."
        own = next((p.dtype for p in self.parameters()), images.dtype)
        if images.dtype != own and not (
            images.is_floating_point() and torch.is_autocast_enabled(images.device.type)
        ):
            return f"images of {own}, as its weights, not {images.dtype}: use images.to({own})."
        return None


Generator = torch.Generator | None  # None: torch's default generator
