"""What a layer answers to pictures of any size, cell by cell, as if they had no border."""

from __future__ import annotations

from itertools import product
from math import ceil

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from eyespot.errors import InputError
from eyespot.fields import Field, field_of
from eyespot.inspection.inside.subject import Subject
from eyespot.networks.transformer import EncoderLayer

TILE = 512  # pixels of a side that the network sees at once, without the rim
RIM = 8  # cells, at most: what lies further away moves a cell by little


class Features:
    """A layer's maps: the cell in row i and column j stands for pixels from (i, j) * `step` on.

    Around a picture its mirror image is put, so that a cell near the border answers as it would
    inside of a larger photo, and a cut-out as it would where it was cut out. Large pictures are
    shown tile by tile, with a rim of what the cells see: the maps are those of the whole.
    """

    def __init__(self, subject: Subject, layer: str) -> None:
        """Raises `InputError` for a layer that is none, or has no places of a photo."""
        self.subject, self.layer = subject, layer
        field = _located(subject, layer)
        assert field.rows is not None
        self.step = field.rows.jump  # pixels from one cell to the next
        self.is_global = field.is_global
        self._rim = self.step * min(RIM, ceil(field.rows.size / 2 / self.step))
        # The first cell whose middle lies in the picture, which begins behind the rim.
        self._first = max(0, ceil((self._rim - field.rows.offset) / self.step))

    def cells(self, width: int, height: int) -> tuple[int, int]:
        """Rows and columns of cells that lie in a picture of so many pixels."""
        return height // self.step, width // self.step

    def __call__(self, picture: Image.Image) -> Tensor:
        """(C, rows, columns) of an upright picture that has a cell or more."""
        rows, columns = self.cells(*picture.size)
        pixels = self._surrounded(picture, rows, columns)
        side = max(1, TILE // self.step)
        maps: Tensor | None = None
        for top, left in product(range(0, rows, side), range(0, columns, side)):
            height, width = min(side, rows - top), min(side, columns - left)
            part = self._tile(pixels, (top, left), (height, width))
            if maps is None:
                maps = torch.empty(len(part), rows, columns)
            maps[:, top : top + height, left : left + width] = part
        assert maps is not None
        return maps

    def _surrounded(self, picture: Image.Image, rows: int, columns: int) -> NDArray[np.uint8]:
        """(height, width, C) with the mirror image around it, in whole cells.

        Sizes are multiples of the step: where padding depends on the size, as TensorFlow's does,
        every tile gets the same.
        """
        is_grey = self.subject.preprocessing.channel_order == "L"
        pixels = np.asarray(picture.convert("L" if is_grey else "RGB"))
        pixels = pixels.reshape(*pixels.shape[:2], -1)
        least = ceil(self.subject.network.smallest_image_size / self.step) * self.step
        sides = []
        for cells, pixels_there in zip((rows, columns), pixels.shape[:2], strict=True):
            whole = max(least, cells * self.step + 2 * self._rim)
            sides.append((self._rim, max(0, whole - self._rim - pixels_there)))
        return np.pad(pixels, (*sides, (0, 0)), mode="symmetric")

    def _tile(
        self, pixels: NDArray[np.uint8], start: tuple[int, int], cells: tuple[int, int]
    ) -> Tensor:
        """The cells of one tile, (C, rows, columns)."""
        least = ceil(self.subject.network.smallest_image_size / self.step) * self.step
        (top, bottom), (left, right) = (
            (at * self.step, at * self.step + max(least, count * self.step + 2 * self._rim))
            for at, count in zip(start, cells, strict=True)
        )
        own = self.subject.preprocessing
        shift = own.shift.reshape(own.channels, -1).mean(1)  # of a mean image, its mean colour
        shown = pixels[top:bottom, left:right].transpose(2, 0, 1).astype(np.float32)
        shown = (shown - shift[:, None, None]) * own.scale[:, None, None]
        answer = _answer(self.subject.network, self.layer, torch.from_numpy(shown[None]))
        first, (rows, columns) = self._first, cells
        return answer[0, :, first : first + rows, first : first + columns]


def _located(subject: Subject, layer: str) -> Field:
    """The layer's field of view. Raises `InputError` where its maps have no places of a photo."""
    name, first = subject.architecture.name, subject.stages[0]
    if any(isinstance(each, EncoderLayer) for each in subject.network.modules()):
        raise InputError(
            f"{name} takes photos of one size, and a scene has another: name a convolutional "
            "network, such as --network imagenet"
        )
    field = field_of(subject.network, layer, subject.preprocessing.size)
    if field.rows is None or field.columns is None or field.rows.jump != field.columns.jump:
        raise InputError(
            f"What layer {layer!r} of {name} answers has no places in a photo: name an earlier "
            f"one, such as {first}"
        )
    return field


class _Answered(Exception):  # noqa: N818 - no error: it ends a forward pass at the layer
    """What the layer gave. What comes behind it need not be computed."""

    def __init__(self, answer: Tensor) -> None:
        self.answer = answer


def _answer(network: nn.Module, layer: str, images: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, C, h, w) of a layer that takes part in `forward_features`."""

    def stop(module: nn.Module, inputs: tuple[Tensor, ...], answer: Tensor) -> None:
        raise _Answered(answer)

    handle = network.get_submodule(layer).register_forward_hook(stop)
    try:
        with torch.inference_mode():
            network.forward_features(images)  # type: ignore[operator]
    except _Answered as answered:
        return answered.answer
    finally:
        handle.remove()
    raise InputError(f"Layer {layer!r} belongs to the head: name one before the pooling")
