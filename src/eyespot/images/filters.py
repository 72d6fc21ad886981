"""The classic filters: a small table of weights is moved over a picture, and sums are taken.

What image processing calls filtering is what networks call a convolution: the kernel is not turned
(I. Goodfellow, Y. Bengio, A. Courville: Deep Learning, 2016, Sect. 9.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eyespot.errors import InputError, lookup

LARGEST = 15  # rows and columns of a kernel
HEAVIEST = 1e6  # of a weight
Rows = tuple[tuple[float, ...], ...]

KERNELS: Mapping[str, Rows] = {
    "identity": ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
    "sobel": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),  # left to right; see `sobel-y`
    "sobel-y": ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
    "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "blur": ((1 / 9,) * 3,) * 3,
    "gaussian": tuple(tuple(a * b / 256 for b in (1, 4, 6, 4, 1)) for a in (1, 4, 6, 4, 1)),
    "laplace": ((0, 1, 0), (1, -4, 1), (0, 1, 0)),
    "emboss": ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
}


@dataclass(frozen=True)
class Kernel:
    """A table of weights with its name. Rows and columns are odd in number."""

    name: str
    rows: Rows

    @property
    def weights(self) -> NDArray[np.float64]:
        return np.array(self.rows, np.float64)

    @property
    def makes_a_picture(self) -> bool:
        """Whether a grey area stays as it is; else the numbers are differences, around 0."""
        return abs(float(self.weights.sum()) - 1) < 1e-6


def kernel(text: str) -> Kernel:
    """A known one by its name, or rows of numbers: "0,-1,0;-1,5,-1;0,-1,0".

    Raises `InputError` for what is neither.
    """
    if not any(letter.isdigit() for letter in text):
        return Kernel(text, lookup("kernel", text, KERNELS))
    example = 'write rows with semicolons, as in "0,-1,0;-1,5,-1;0,-1,0"'
    try:
        rows = tuple(
            tuple(float(number) for number in row.split(",")) for row in text.strip(" ;").split(";")
        )
    except ValueError as error:
        raise InputError(f"A kernel is a table of numbers, not {text!r}: {example}") from error
    widths = sorted({len(row) for row in rows})
    if len(widths) > 1:
        counts = " and ".join(map(str, widths))
        raise InputError(f"The rows of a kernel are equally long, not {counts} numbers: {example}")
    if not (len(rows) % 2 and widths[0] % 2) or max(len(rows), widths[0]) > LARGEST:
        raise InputError(
            f"A kernel has a middle, so 1, 3, 5 ... up to {LARGEST} rows and columns, not "
            f"{len(rows)} x {widths[0]}: {example}"
        )
    numbers = [abs(number) for row in rows for number in row]
    if not all(number <= HEAVIEST for number in numbers):  # also what is no number
        raise InputError(f"The numbers of a kernel are between -{HEAVIEST:g} and {HEAVIEST:g}")
    if not any(numbers):
        raise InputError("A kernel of zeros alone leaves nothing of a picture: give other numbers")
    return Kernel("yours", rows)


def convolved(plane: NDArray[np.float64], kernel: Kernel) -> NDArray[np.float64]:
    """(H, W) -> (H, W): at every place the sum of products; beyond the edge, its pixels go on."""
    weights = kernel.weights
    height, width = weights.shape
    padded = np.pad(plane, ((height // 2,) * 2, (width // 2,) * 2), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width))
    found: NDArray[np.float64] = np.einsum("yxij,ij->yx", windows, weights)
    return found


def patch_at(
    plane: NDArray[np.float64], kernel: Kernel, place: tuple[int, int]
) -> NDArray[np.float64]:
    """What the kernel lies on at a place (row, column): as large as the kernel."""
    height, width = kernel.weights.shape
    padded = np.pad(plane, ((height // 2,) * 2, (width // 2,) * 2), mode="edge")
    row, column = place
    return padded[row : row + height, column : column + width]


def strongest_place(plane: NDArray[np.float64], kernel: Kernel) -> tuple[int, int]:
    """Where the filter changes the picture most, away from the edge where there is room."""
    changed = np.abs(convolved(plane, kernel) - (plane if kernel.makes_a_picture else 0))
    height, width = kernel.weights.shape
    inner = np.zeros_like(changed, dtype=np.bool_)
    inner[height : -height or None, width : -width or None] = True
    changed = np.where(inner, changed, -1.0) if inner.any() else changed
    row, column = np.unravel_index(int(changed.argmax()), changed.shape)
    return int(row), int(column)
