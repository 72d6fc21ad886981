"""A backbone as one torch module from pixels to answers: what gets converted, run and exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from eyespot.engines.backbone import CLOSER, EMBEDDING, LOGITS, Backbone
from eyespot.errors import InputError
from eyespot.taps import record

if TYPE_CHECKING:
    from eyespot.networks.architecture import Network

WINDOW = 3  # positions of the last maps, in height and width, that a closer look averages


class PixelsToAnswer(nn.Module):
    """(N, H, W, C) uint8 pixels -> (N, D) float32: normalisation, network, one of its outputs."""

    shift: Tensor
    scale: Tensor

    def __init__(self, network: Network, backbone: Backbone) -> None:
        super().__init__()
        self.network = network
        self.output, self.parts = backbone.output, backbone.parts
        shift = torch.from_numpy(backbone.preprocessing.shift)
        scale = torch.from_numpy(backbone.preprocessing.scale)
        is_image = shift.dim() == 3  # a mean for each pixel, else one for each channel
        self.register_buffer("shift", shift if is_image else shift[:, None, None])
        self.register_buffer("scale", scale[:, None, None])

    def forward(self, pixels: Tensor) -> Tensor:
        return self.answer(self.normalised(pixels))

    def normalised(self, pixels: Tensor) -> Tensor:
        """(N, H, W, C) uint8 -> (N, C, H, W) float32, as `Preprocessing.normalise`, bit for bit."""
        images = pixels.permute(0, 3, 1, 2).to(torch.float32)
        return (images - self.shift) * self.scale

    def answer(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, D)."""
        if self.output == EMBEDDING:
            return self.network.forward_embedding(images)
        if self.output == LOGITS:
            logits: Tensor = self.network(images)
            return logits
        answers = self._parts(images)
        if len(answers) == 1:
            return answers[0]
        return torch.cat([functional.normalize(answer) for answer in answers], dim=1)

    def _parts(self, images: Tensor) -> list[Tensor]:
        """(N, C, H, W) -> (N, D) of every part of the output; all but a closer look in one pass."""
        stages = [part for part in self.parts if part not in (EMBEDDING, CLOSER)]
        whole = functional.avg_pool2d(images, 2) if CLOSER in self.parts else images
        with record(self.network, stages) as responses:
            if EMBEDDING in self.parts:
                responses[EMBEDDING] = self.network.forward_embedding(whole)
            elif stages:
                self.network.forward_features(whole)
        if CLOSER in self.parts:
            responses[CLOSER] = strongest(self.network, images)
        return [_averaged(responses.get(part), part) for part in self.parts]


def strongest(network: Network, images: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, num_classes), how strongly each class stands in any window.

    The log-sum-exp of the windows' logits, a soft maximum (Pinheiro, Collobert: From Image-level
    to Pixel-level Labeling with Convolutional Networks, CVPR 2015, arXiv:1411.6228, Eq. 3), less
    its mean over the classes. A window is `WINDOW` x `WINDOW` positions of the last maps, averaged:
    of networks whose embedding is the average of those maps.
    """
    windows = functional.avg_pool2d(network.forward_features(images), WINDOW, stride=1)
    cells = windows.flatten(2).transpose(1, 2)  # (N, P, C)
    logits: Tensor = network.classify(cells.flatten(0, 1)).unflatten(0, cells.shape[:2])
    soft_maximum = torch.logsumexp(logits, dim=1)
    return soft_maximum - soft_maximum.mean(1, keepdim=True)


def _averaged(response: Tensor | None, part: str) -> Tensor:
    """(N, C, h, w) -> (N, C); what is an embedding already stays as it is."""
    if response is not None and part in (EMBEDDING, CLOSER):
        return response
    if response is None or response.dim() != 4:
        raise InputError(
            f"{part!r} gives no maps (N, C, h, w) on the way to the embedding: name a stage, see "
            "`eyespot show`"
        )
    return response.flatten(2).mean(2)
