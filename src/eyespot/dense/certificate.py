"""What a class map has in common with the classifier, proved by running both in float64.

Three things are asked of random photos. Does a cell say what the classifier says of the crop under
it? Only a network without padding does so everywhere: a padded one sees the photo where the crop
would end with zeros. Is the sliding head the classifier's own head, run over every window of the
same last map? And does a photo that is moved by a step give a map that is moved by a cell, where
cells see nothing of the photo's edge?
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from eyespot.dense.convolutional import Dense
from eyespot.dense.head import with_last_map
from eyespot.dense.windows import Windowed
from eyespot.errors import InputError

SAME_HEAD = 1e-10  # of the logits' spread, as float64 has sixteen digits
SAME_ANSWER = 1e-8
LARGEST = 1024  # pixels of a photo that is worth the proof


@dataclass(frozen=True)
class Certificate:
    """What was compared, how much of it, and how far apart it was.

    Differences are shares of the spread, from the smallest to the largest of the classifier's
    logits of all crops. None stands where nothing was compared, and `notes` say why.
    """

    KIND: ClassVar[str] = "dense certificate"

    network: str
    window: int  # pixels
    step: int  # pixels from one cell's window to the next
    cells: int  # compared with the classifier's answers to the crops under them
    exact_cells: int  # equal to 1e-8
    same_labels: int  # of all cells, how many have the crop's label
    largest_difference: float
    mean_difference: float  # over cells and classes
    head_cells: int  # compared with the classifier's head on the window of the same last map
    head_difference: float | None  # the largest
    moved_cells: int  # compared before and after the photo was moved by one step
    moved_difference: float | None  # the largest
    moved_photo: int  # pixels, height and width, of that photo
    notes: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        """Whether every cell says what the classifier says of its crop."""
        return self.exact_cells == self.cells

    @property
    def holds(self) -> bool:
        """Whether all that is claimed was compared and is equal; `windowed` claims the crops."""
        if self.head_difference is None:
            return self.is_exact
        is_moved = self.moved_difference is None or self.moved_difference <= SAME_ANSWER
        return self.head_difference <= SAME_HEAD and is_moved

    def __str__(self) -> str:
        lines = [
            f"{self.exact_cells} of {self.cells} cells say what {self.network} says of the crop of "
            f"{self.window} pixels under them, to {SAME_ANSWER:g} of the logits' spread; the "
            f"largest difference is {self.largest_difference:.2g}, the mean "
            f"{self.mean_difference:.2g}, and {self.same_labels} have the crop's label."
        ]
        if self.head_difference is not None:
            lines.append(
                f"The sliding head is the classifier's own on {self.head_cells} windows of the "
                f"last map, to {self.head_difference:.2g}."
            )
        if self.moved_difference is not None:
            lines.append(
                f"A photo of {self.moved_photo} pixels, moved by {self.step}, moves "
                f"{self.moved_cells} cells that miss its edge, to {self.moved_difference:.2g}."
            )
        return "\n".join([*lines, *self.notes])


def certify(
    dense: Dense | Windowed,
    *,
    photo: Tensor | None = None,
    cells: int = 3,
    largest: int = LARGEST,
    seed: int = 0,
) -> Certificate:
    """Compare a copy in float64 and eval mode with the classifier, on photos drawn from `seed`.

    The photo that is cut into crops has `cells` x `cells` windows, or it is `photo`, (1, C, H, W),
    normalised for the network: what it has learned shows on real ones. The one that is moved is as
    large as it takes for some cells to miss its edge; beyond `largest` pixels it is left out, and
    the notes say so. A deep network takes minutes.
    Raises `InputError` where there are less than two cells: one is the classifier itself.

    >>> certify(convolutionize(build("lenet5"))).exact_cells
    9
    """
    proof = copy.deepcopy(dense).double().eval()
    generator = torch.Generator().manual_seed(seed)
    if photo is None:
        photo = _photo(proof, proof.geometry.box(cells - 1, cells - 1)[-1], generator)
    rows, columns = proof.geometry.fitting(*photo.shape[2:])
    if rows * columns < 2:
        raise InputError(f"A class map of {rows} x {columns} cells proves nothing: pass cells=3")
    photo = photo.double()
    with torch.inference_mode():
        crops, own = _on_crops(proof, photo), proof(photo)[0, :, :rows, :columns].flatten(1)
        spread = _spread(crops)
        head = _on_last_map(proof, photo, spread) if isinstance(proof, Dense) else None
        moved = _moved(proof, largest, spread, generator) if isinstance(proof, Dense) else None
    apart = (own - crops).abs() / spread  # (K, cells)
    return Certificate(
        network=type(dense.network).__name__,
        window=dense.geometry.window,
        step=dense.geometry.step,
        cells=apart.shape[1],
        exact_cells=int((apart.amax(0) <= SAME_ANSWER).sum()),
        same_labels=int((own.argmax(0) == crops.argmax(0)).sum()),
        largest_difference=float(apart.max()),
        mean_difference=float(apart.mean()),
        head_cells=0 if head is None else head.cells,
        head_difference=None if head is None else head.difference,
        moved_cells=0 if moved is None else moved.cells,
        moved_difference=None if moved is None else moved.difference,
        moved_photo=0 if moved is None else moved.photo,
        notes=_notes(dense, moved, largest),
    )


@dataclass(frozen=True)
class _Compared:
    cells: int
    difference: float  # the largest, as a share of the spread
    photo: int  # pixels


def _photo(dense: Dense | Windowed, side: int, generator: torch.Generator) -> Tensor:
    size = (1, dense.network.in_channels, side, side)
    return torch.randn(size, generator=generator, dtype=torch.float64)


def _spread(logits: Tensor) -> float:
    """From the smallest to the largest; 1 where all are equal, as of a head that starts with 0."""
    return float(logits.max() - logits.min()) or 1.0


def _on_crops(dense: Dense | Windowed, photo: Tensor) -> Tensor:
    """(K, cells): the classifier's logits of the crop under every cell, by rows."""
    rows, columns = dense.geometry.fitting(*photo.shape[2:])
    found = []
    for row in range(rows):
        for column in range(columns):
            left, top, right, bottom = dense.geometry.box(row, column)
            found.append(dense.network(photo[:, :, top:bottom, left:right])[0])
    return torch.stack(found, dim=1)


def _on_last_map(dense: Dense, photo: Tensor, spread: float) -> _Compared:
    """The sliding head against the classifier's, which is given one window after another."""
    features = dense.last_map(photo)
    sliding = dense.head(features.clone())[0]  # layers may work in place
    differences = [
        float(
            (with_last_map(dense.network, window)(photo)[0] - sliding[:, row, column]).abs().max()
        )
        for row, column, window in _windows(dense, features, *sliding.shape[1:])
    ]
    return _Compared(len(differences), max(differences) / spread, photo.shape[-1])


def _windows(
    dense: Dense, features: Tensor, rows: int, columns: int
) -> Iterator[tuple[int, int, Tensor]]:
    """Every window of the last map, and the cell that answers for it."""
    (height, width), stride = dense.head_window, dense.head_stride
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride, column * stride
            yield row, column, features[:, :, top : top + height, left : left + width]


def _moved(
    dense: Dense, largest: int, spread: float, generator: torch.Generator
) -> _Compared | None:
    """A photo and the same, one step further; None where that would take too large a photo."""
    step, found = dense.geometry.step, _inner(dense, largest)
    if found is None:
        return None
    side, rows, columns = found
    canvas = _photo(dense, side + step, generator)
    before, after = dense(canvas[:, :, :side, :side])[0], dense(canvas[:, :, step:, step:])[0]
    down, right = rows.stop - rows.start - 1, columns.stop - columns.start - 1
    first = before[:, rows.start + 1 :, columns.start + 1 :][:, :down, :right]
    second = after[:, rows.start :, columns.start :][:, :down, :right]
    return _Compared(first[0].numel(), float((first - second).abs().max()) / spread, side)


def _inner(dense: Dense, largest: int) -> tuple[int, range, range] | None:
    """The smallest photo in which three cells by three miss the edge; and which cells do."""
    geometry = dense.geometry
    if dense.sees is None:
        return None
    for side in range(geometry.window, largest + 1, geometry.step):
        cells, _ = geometry.fitting(side, side)
        rows, columns = (span.inner(cells, side) for span in dense.sees)
        if min(len(rows), len(columns)) >= 3:
            return side, rows, columns
    return None


def _notes(dense: Dense | Windowed, moved: _Compared | None, largest: int) -> tuple[str, ...]:
    if isinstance(dense, Windowed) or moved is not None or dense.sees is None:
        return dense.notes
    sees = max(span.size for span in dense.sees)
    return (
        *dense.notes,
        f"No photo was moved: a cell sees {sees} pixels, and in none of {largest} or less do three "
        "cells by three miss the edge.",
    )
