"""The classifier shown every window by itself: what a class map is measured against, and exact."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from eyespot.dense.geometry import Geometry
from eyespot.errors import InputError
from eyespot.networks.architecture import Network

BATCH = 16  # windows that the network sees at once
STEPS = 7  # from one window to one that lies beside it: 32 of 224 pixels


class Windowed(nn.Module):
    """The network, and the windows that it is shown. `windowed` makes it.

    `network` is the very network, not a copy: weights, mode and device are one.
    """

    def __init__(
        self, network: Network, geometry: Geometry, *, batch_size: int, notes: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.network = network
        self.in_channels = network.in_channels
        self.geometry = geometry
        self.batch_size = batch_size
        self.notes = notes
        self.training = network.training

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, num_classes, h, w) logits. Raises `InputError` for other images."""
        return self._map(images, self.network)

    def embed(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, D, h, w), what the classifier's last layer sees of every window."""
        return self._map(images, self.network.forward_embedding)

    def _map(self, images: Tensor, ask: Callable[[Tensor], Tensor]) -> Tensor:
        required(self.network, images, self.geometry.window)
        rows, columns = self.geometry.fitting(*images.shape[2:])
        boxes = [self.geometry.box(row, column) for row in range(rows) for column in range(columns)]
        at_once = max(1, self.batch_size // max(1, len(images)))
        answers = []
        for start in range(0, len(boxes), at_once):
            batch = boxes[start : start + at_once]
            crops = [images[:, :, top:bottom, left:right] for left, top, right, bottom in batch]
            answers.append(ask(torch.cat(crops)).unflatten(0, (len(batch), len(images))))
        found: Tensor = torch.cat(answers).permute(1, 2, 0).unflatten(2, (rows, columns))
        return found


def windowed(
    net: Network,
    *,
    image_size: int | None = None,
    step: int | None = None,
    batch_size: int = BATCH,
    notes: tuple[str, ...] = (),
) -> Windowed:
    """The network as a module (N, C, H, W) -> (N, num_classes, h, w), asked window by window.

    Windows have `image_size` pixels, which are those of the paper unless given, and begin every
    `step` pixels: a seventh of the window unless given. `batch_size` windows are asked at once.
    Raises `InputError` where the image size is not known, or is none that the network takes.
    """
    window = image_size_of(net, image_size)
    step = max(1, window // STEPS) if step is None else step
    if min(step, batch_size) < 1:
        raise InputError(f"Windows lie 1 pixel apart or more, not {step}: pass step=32")
    return Windowed(net, Geometry(window, step), batch_size=batch_size, notes=notes)


def image_size_of(net: Network, image_size: int | None) -> int:
    """The window's pixels. Raises `InputError` where they are not known, or cannot be taken."""
    window = net.image_size if image_size is None else image_size
    if window is None:
        raise InputError(
            f"{type(net).__name__} does not say which image size it learned from: pass "
            "image_size=224, or what it is"
        )
    net.check(torch.empty(1, net.in_channels, window, window, dtype=_dtype(net), device="meta"))
    return window


def required(net: Network, images: Tensor, window: int) -> None:
    """Raise `InputError` for images that are smaller than a window, or none for the network.

    A network may state a largest image size: it is that of a window.
    """
    if images.ndim == 4 and min(images.shape[2:]) < window:
        height, width = images.shape[2:]
        raise InputError(
            f"{type(net).__name__} looks through windows of {window} x {window} pixels, and the "
            f"photo has {height} x {width}: enlarge it"
        )
    net.check(images[:, :, :window, :window] if images.ndim == 4 else images)


def _dtype(net: Network) -> torch.dtype:
    return next((each.dtype for each in net.parameters()), torch.float32)
