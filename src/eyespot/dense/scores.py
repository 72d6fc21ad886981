"""All probabilities of a class map in numpy's own file, written row by row and never held whole."""

from __future__ import annotations

import os
import zipfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

from eyespot import files
from eyespot.datasets.names import shown
from eyespot.errors import InputError

ITEM = np.dtype("<f4")


class ScoreFile:
    """Arrays (K, h, w) of float32: one in a .npy file, or several by name in a .npz file.

    Within the block the file grows beside its place; it takes it when the block ends without an
    exception. `np.load(path)` reads it, without pickle.

    >>> with ScoreFile(Path("scores.npz")) as scores:
    ...     class_maps(classifier, picture, scales=(0.5, 1.0), scores=scores)
    >>> np.load("scores.npz")["0.5"].shape
    (1000, 33, 45)
    """

    def __init__(self, path: Path) -> None:
        if path.suffix.lower() not in (".npz", ".npy"):
            raise InputError(f"{shown(str(path))}: scores are a .npz file, or .npy for one scale")
        self._path = path
        self._is_archive = path.suffix.lower() == ".npz"
        self._stack = ExitStack()
        self._names: list[str] = []
        self._shape = (0, 0, 0)

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._is_archive:
            self._archive = self._stack.enter_context(
                zipfile.ZipFile(self._temporary("all"), "w", allowZip64=True)
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._stack.close()
            if error is None and self._names:
                files.move_atomic(self._temporary("all" if self._is_archive else "one"), self._path)
        finally:
            for part in ("all", "one"):
                self._temporary(part).unlink(missing_ok=True)

    def begin(self, name: str, shape: tuple[int, int, int]) -> None:
        """An array (K, h, w); the one before has ended."""
        if self._names and not self._is_archive:
            raise InputError("A .npy file holds one scale: name a .npz file for several")
        self._names.append(name)
        self._shape = shape
        self._file: IO[bytes] = self._stack.enter_context(self._temporary("one").open("wb"))
        header = {"descr": ITEM.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)
        self._start = self._file.tell()

    def add(self, row: int, band: NDArray[np.float32]) -> None:
        """(K, some rows, w) from `row` on."""
        classes, height, width = self._shape
        for number in range(classes):
            place = (number * height + row) * width
            self._file.seek(self._start + place * ITEM.itemsize)
            self._file.write(band[number].astype(ITEM).tobytes())

    def end(self) -> None:
        """The array is complete."""
        self._file.close()
        if self._is_archive:
            self._archive.write(self._temporary("one"), f"{self._names[-1]}.npy")

    def _temporary(self, part: str) -> Path:
        return self._path.with_name(f".{self._path.name[:100]}.{os.getpid()}-{part}.tmp")
