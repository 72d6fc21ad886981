"""Networks for arms: of the catalogue, or changed from outside, where structure is the question."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from eyespot.networks import catalogue
from eyespot.networks.architecture import Network
from eyespot.networks.wide_resnet import WideResNet

Build = Callable[[int, int], Network]  # of classes and seed


def published(name: str) -> Build:
    """A network of the catalogue."""
    return partial(_published, name)


def without_norms(name: str) -> Build:
    """The same, each batch norm replaced by what it adds: one number for every channel."""
    return partial(_without_norms, name)


def wide(layers: int, width: int) -> Build:
    """WRN-`layers`-`width` of the wide ResNets' Table 1, with 6n + 4 layers."""
    return partial(_wide, layers, width)


def linear(pixels: int) -> Build:
    """The lecture's classifier: each class a sum over all pixels of a grey picture, and a bias."""
    return partial(_linear, pixels)


class Offset(nn.Module):
    """A learned number added to every channel, (N, C, H, W): a batch norm without the norm."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, features: Tensor) -> Tensor:
        return features + self.bias[:, None, None]


class LinearClassifier(Network):
    """s = W x + b on the pixels themselves, (N, 1, H, W)."""

    in_channels = 1

    def __init__(self, pixels: int, classes: int) -> None:
        super().__init__()
        self.largest_image_size = self.smallest_image_size = pixels
        self.fc = nn.Linear(pixels**2, classes)
        nn.init.zeros_(self.fc.weight)
        nn.init.zeros_(self.fc.bias)

    def forward_features(self, images: Tensor) -> Tensor:
        return images

    def forward_embedding(self, images: Tensor) -> Tensor:
        return images.flatten(1)  # (N, H * W)

    def classify(self, embedding: Tensor) -> Tensor:
        logits: Tensor = self.fc(embedding)
        return logits


def _published(name: str, classes: int, seed: int) -> Network:
    return catalogue.build(name, num_classes=classes, seed=seed)


def _without_norms(name: str, classes: int, seed: int) -> Network:
    network = catalogue.build(name, num_classes=classes, seed=seed)
    for parent in list(network.modules()):
        for child, module in list(parent.named_children()):
            if isinstance(module, nn.BatchNorm2d):
                setattr(parent, child, Offset(module.num_features))
    return network


def _wide(layers: int, width: int, classes: int, seed: int) -> Network:
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        return WideResNet(
            (layers - 4) // 6, k=width, dropout=0.0, num_classes=classes, generator=generator
        )


def _linear(pixels: int, classes: int, seed: int) -> Network:
    return LinearClassifier(pixels, classes)
