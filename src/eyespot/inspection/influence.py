"""What a unit of a layer sees of a photo: its field in closed form, and measured, what counts.

W. Luo, Y. Li, R. Urtasun, R. Zemel: Understanding the Effective Receptive Field in Deep
Convolutional Neural Networks, NIPS 2016, arXiv:1701.04128, Sect. 4: the gradient of one place of a
map by the photo's pixels. Here it is the root mean square over all channels of the map.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eyespot.errors import InputError
from eyespot.fields import Field, field_of
from eyespot.fields.spans import Span
from eyespot.networks.architecture import Network
from eyespot.taps import record

DRAWS = 32  # of random signs for the channels: their mean square is that over all channels
HALF, MOST = 0.5, 0.95
Edges = tuple[int, int, int, int]  # left, top, right, bottom: the first and last pixels


@dataclass(frozen=True, eq=False)
class Influence:
    """How much each pixel of one photo moves the cell in the middle of a layer's map."""

    field: Field
    cell: tuple[int, int]  # row, column
    box: Edges  # of the closed form; negative, or beyond the photo, in the padding
    shares: NDArray[np.float32]  # (H, W), together 1; all 0 where nothing moves the cell
    half: int | None  # pixels: the side of the square about the box's middle with half of it all
    most: int | None  # with 95 %; both None where nothing moves the cell
    outside: float  # the share that lies outside of the box: 0 unless the layer is global

    @property
    def middle(self) -> tuple[float, float]:
        """The pixel (row, column) in the middle of the box."""
        left, top, right, bottom = self.box
        return (top + bottom) / 2, (left + right) / 2

    @property
    def is_whole(self) -> bool:
        """Whether the box lies in the photo."""
        left, top, right, bottom = self.box
        height, width = self.shares.shape
        return min(left, top) >= 0 and right < width and bottom < height


def influence(network: Network, layer: str, images: Tensor, *, seed: int = 0) -> Influence:
    """Measure what moves the middle cell of `layer`, for one photo (1, C, H, W), in eval mode.

    Raises `InputError` for an unknown layer, with near matches, and for one without a map.
    """
    size = (int(images.shape[2]), int(images.shape[3]))
    network.check(images)
    field = field_of(network, layer, size)
    if field.rows is None or field.columns is None or len(field.output_shape) != 3:
        raise InputError(
            f"Layer {layer!r} has no places in the photo any more: it sees the whole of it. Name "
            "a layer before the pooling (eyespot layers lists them)"
        )
    spans, counts = (field.rows, field.columns), field.output_shape[1:]
    row, column = (_middle(*each) for each in zip(spans, counts, size, strict=True))
    (top, bottom), (left, right) = field.rows.at(row), field.columns.at(column)
    shares = _measured(network, layer, images, (row, column), seed)
    box = (left, top, right, bottom)
    distances = _distances(size, ((top + bottom) / 2, (left + right) / 2))
    inside = shares[max(top, 0) : bottom + 1, max(left, 0) : right + 1].sum()
    return Influence(
        field=field,
        cell=(row, column),
        box=box,
        shares=shares,
        half=_side(shares, distances, HALF),
        most=_side(shares, distances, MOST),
        outside=float(max(0.0, 1 - inside)) if field.is_global and shares.any() else 0.0,
    )


def _middle(span: Span, cells: int, pixels: int) -> int:
    """The cell whose field's middle is nearest to the photo's."""
    return min(max(round(((pixels - 1) / 2 - span.offset) / span.jump), 0), cells - 1)


def _measured(
    network: Network, layer: str, images: Tensor, cell: tuple[int, int], seed: int
) -> NDArray[np.float32]:
    """(H, W): the root of the mean squared gradient, over channels and colours, as shares."""
    generator = torch.Generator().manual_seed(seed)
    with torch.enable_grad(), record(network, [layer]) as responses:
        photo = images.detach().clone().requires_grad_()
        network(photo)
        answers = responses[layer][0, :, cell[0], cell[1]]
        squares = torch.zeros(images.shape[2:], dtype=torch.float64)
        for signs in _signs(len(answers), generator):
            (gradient,) = torch.autograd.grad(answers @ signs, photo, retain_graph=True)
            squares += gradient[0].double().square().sum(0)
    strength = squares.sqrt().numpy()
    total = strength.sum()
    shares: NDArray[np.float32] = (strength / total if total > 0 else strength).astype(np.float32)
    return shares


def _signs(channels: int, generator: torch.Generator) -> Tensor:
    """(draws, channels): each channel once where they are few, else random signs for all."""
    if channels <= DRAWS:
        return torch.eye(channels)
    return torch.randint(0, 2, (DRAWS, channels), generator=generator).float() * 2 - 1


def _distances(size: tuple[int, int], middle: tuple[float, float]) -> NDArray[np.float64]:
    """(H, W): half the side of the square about the middle that reaches a pixel's centre."""
    rows, columns = (np.abs(np.arange(n) - m) for n, m in zip(size, middle, strict=True))
    found: NDArray[np.float64] = np.maximum(rows[:, None], columns[None])
    return found


def _side(shares: NDArray[np.float32], distances: NDArray[np.float64], part: float) -> int | None:
    """Pixels of the smallest square about the middle that holds so much of the influence."""
    if not shares.any():
        return None
    order = np.argsort(distances, axis=None, kind="stable")
    reached = np.cumsum(shares.ravel()[order].astype(np.float64))
    place = min(int(np.searchsorted(reached, part * reached[-1])), len(order) - 1)
    return round(2 * float(distances.ravel()[order[place]])) + 1
