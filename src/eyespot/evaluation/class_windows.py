"""Where the windows of a network lie that slides over a photo, to be drawn on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from eyespot.dense import Dense, Geometry, convolutionize
from eyespot.evaluation.crops import Box
from eyespot.evaluation.protocols import ClassMaps, OffsetMaps, Protocol
from eyespot.images.preprocessing import Preprocessing
from eyespot.inspection.offset_grid import OffsetGrid
from eyespot.networks.catalogue import build


@dataclass(frozen=True)
class ClassWindows:
    """The windows of a network's class map, and the cells that they are made of."""

    window: int  # pixels of a side
    step: int  # pixels from one to the next
    border: int  # pixels of zeros around the photo
    cells: int  # of the last map under a window, of a side
    stride: int  # of the pools that stop at every offset; 1: there are none
    pool: int  # cells that they take together

    def middles(self, box: Box) -> Iterator[tuple[float, float, bool]]:
        """Across and down, in the pixels that `box` is of; and whether it needs no offset."""
        left, top, right, bottom = box
        rows, columns = self._fitting(bottom - top, right - left)
        middle = self.window / 2 - self.border
        for row in range(rows):
            for column in range(columns):
                is_plain = row % self.stride == column % self.stride == 0
                yield left + middle + column * self.step, top + middle + row * self.step, is_plain

    def grid(self, box: Box) -> OffsetGrid | None:
        """How the map of a photo comes about; None where no pool stops at offsets."""
        if self.stride == 1:
            return None
        left, top, right, bottom = box
        rows, columns = self._fitting(bottom - top, right - left)
        last_map = (rows + self.cells - 1, columns + self.cells - 1)
        reads = (self.cells - self.pool) // self.stride + 1
        return OffsetGrid(last_map, self.pool, self.stride, reads, self.step)

    def _fitting(self, height: int, width: int) -> tuple[int, int]:
        spare = 2 * self.border
        return Geometry(self.window, self.step).fitting(height + spare, width + spare)


def class_windows(
    architecture: str, protocol: Protocol, preprocessing: Preprocessing
) -> ClassWindows | None:
    """Of a network of the catalogue; needs no weights. None where the protocol has no maps, and
    where the network looks at the whole photo at once, so that nothing slides.
    """
    if not isinstance(protocol.views, ClassMaps | OffsetMaps):
        return None
    with torch.device("meta"):
        network = build(architecture).eval()
    window = preprocessing.crop + 2 * preprocessing.padding
    plain = convolutionize(network, image_size=window)
    closer = convolutionize(
        network, image_size=window, offsets=isinstance(protocol.views, OffsetMaps)
    )
    if not isinstance(plain, Dense) or not isinstance(closer, Dense):
        return None
    pools = [layer for layer in plain.head if isinstance(layer, nn.MaxPool2d)]
    stride = plain.geometry.step // closer.geometry.step
    return ClassWindows(
        window=window,
        step=closer.geometry.step,
        border=preprocessing.padding,
        cells=closer.head_window[0],
        stride=stride,
        pool=_side(pools[0]) if stride > 1 else 1,
    )


def _side(pool: nn.MaxPool2d) -> int:
    size = pool.kernel_size
    return size[0] if isinstance(size, tuple) else size
