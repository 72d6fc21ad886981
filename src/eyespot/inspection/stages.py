"""What is tapped of any network: the stages in the order of the run, and their answers as maps."""

from __future__ import annotations

from math import isqrt

from torch import Tensor

from eyespot.errors import InputError
from eyespot.networks.architecture import Architecture, Network
from eyespot.networks.transformer import EncoderLayer


def stage_modules(network: Network, architecture: Architecture) -> tuple[str, ...]:
    """The modules that end the stages, early ones first; a Transformer's layers."""
    layers = [name for name, each in network.named_modules() if isinstance(each, EncoderLayer)]
    return tuple(layers or [stage.module for stage in architecture.stages])


def as_maps(response: Tensor, grid: tuple[int, int]) -> Tensor:
    """(N, C, h, w) as it is; of tokens (N, 1 + h * w, C) the patches, each at its place.

    `grid` is the height and width of the images. Raises `InputError` for what has no places.
    """
    if response.dim() == 4:
        return response
    if response.dim() == 3 and response.shape[1] > 1:
        patches = response.shape[1] - 1
        height = isqrt(patches * grid[0] // grid[1])
        if height and patches % height == 0:
            return response[:, 1:].transpose(1, 2).reshape(*response.shape[::2], height, -1)
    raise InputError(
        f"An answer of shape {tuple(response.shape[1:])} has no places in the picture: name a "
        "layer before the pooling"
    )
