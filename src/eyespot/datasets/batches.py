"""The files of CIFAR: what the name of each says, and its pictures and labels.

The binary version has rows of bytes: a label (in CIFAR-100 two, the second is the class), then
32 x 32 red values, as many green ones, as many blue ones. The Python version has the same in an
array and a list. Both are described on the page of A. Krizhevsky's data sets.
"""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from eyespot.datasets.dataset import Part
from eyespot.datasets.names import counted, label_from
from eyespot.datasets.pickles import ROW, read_pickle
from eyespot.datasets.streams import Stream
from eyespot.errors import InputError

DataSet = Literal["CIFAR-10", "CIFAR-100"]

LISTS: Final[dict[str, tuple[DataSet, str]]] = {  # a list of names -> its key in a Python version
    "batches.meta.txt": ("CIFAR-10", ""),
    "batches.meta": ("CIFAR-10", "label_names"),
    "fine_label_names.txt": ("CIFAR-100", ""),
    "meta": ("CIFAR-100", "fine_label_names"),
}
NUMBER: Final[dict[DataSet, int]] = {"CIFAR-10": 10, "CIFAR-100": 100}  # of classes
_FILE: Final = re.compile(r"(data_batch_(?P<number>[1-5])|test_batch|train|test)(?P<bin>\.bin)?")
_HEAD: Final = b"P6\n32 32\n255\n"
_TOGETHER: Final = 500  # pictures at a time
_LIST: Final = 1 << 16  # bytes of a list of names


@dataclass(frozen=True)
class Batch:
    """What the name of a file says: which pictures of which data set it holds."""

    data_set: DataSet
    part: Part
    first: int  # the place of its first picture in the part
    most: int  # pictures, as published
    is_binary: bool


@dataclass(frozen=True)
class Pictures:
    """Labels, each the place of a class, and as many pictures as files of their own (PPM)."""

    labels: list[int]
    contents: list[bytes]


def batch_of(name: str) -> Batch | None:
    """`data_batch_2.bin` -> the second 10,000 pictures of CIFAR-10's training part."""
    match = _FILE.fullmatch(name)
    if match is None:
        return None
    is_ten = "batch" in name
    part: Part = "test" if name.startswith("test") else "train"
    return Batch(
        data_set="CIFAR-10" if is_ten else "CIFAR-100",
        part=part,
        first=10_000 * (int(match["number"]) - 1) if match["number"] else 0,
        most=10_000 if is_ten or part == "test" else 50_000,
        is_binary=match["bin"] is not None,
    )


def read_batch(stream: Stream, batch: Batch) -> Pictures:
    """All pictures of a file. Raises `InputError` where it is not as it was published."""
    found = (_binary if batch.is_binary else _python)(stream, batch)
    classes = NUMBER[batch.data_set]
    wrong = next((i for i, label in enumerate(found.labels) if not 0 <= label < classes), None)
    if wrong is not None:
        raise InputError(
            f"{stream.name} has the label {found.labels[wrong]} (picture {wrong + 1:,}): expected "
            f"0 to {classes - 1} in {batch.data_set}. Fetch it again."
        )
    return found


def read_names(stream: Stream, key: str) -> tuple[str, ...]:
    """The names of the classes by their labels: lines of text, or the list at `key`."""
    if key:
        names = read_pickle(stream, most=0, rows=_rows).get(key)
    elif stream.size is None or stream.size > _LIST:
        raise InputError(f"{stream.name} is no list of names: expected a short text.")
    else:
        names = stream.read(stream.size).decode("utf-8", "replace").split("\n")
    listed = names if isinstance(names, list) else []
    return tuple(label_from(name) for name in listed if isinstance(name, str) and name.strip())


def _binary(stream: Stream, batch: Batch) -> Pictures:
    width = ROW + (1 if batch.data_set == "CIFAR-10" else 2)
    count, rest = divmod(stream.size or 0, width)
    if rest or not 1 <= count <= batch.most:
        came = "is packed by gzip" if stream.size is None else f"has {stream.size:,} bytes"
        raise InputError(
            f"{stream.name} {came}: expected {width:,} bytes for each of up to {batch.most:,} "
            "pictures. Fetch it again."
        )
    labels: list[int] = []
    contents: list[bytes] = []
    for start in range(0, count, _TOGETHER):
        rows = _block(stream, min(_TOGETHER, count - start), width)
        labels += rows[:, width - ROW - 1].tolist()
        contents += _files(rows[:, width - ROW :])
    return Pictures(labels, contents)


def _python(stream: Stream, batch: Batch) -> Pictures:
    found = read_pickle(stream, most=batch.most, rows=_rows)
    key = "labels" if batch.data_set == "CIFAR-10" else "fine_labels"
    contents, labels = _list(found.get("data"), bytes), _list(found.get(key), int)
    if not contents or len(contents) != len(labels):
        raise InputError(
            f"{stream.name} has {counted(len(contents), 'picture')} in 'data' and "
            f"{counted(len(labels), 'label')} in {key!r}: expected as many, and at least one. "
            "Fetch it again."
        )
    return Pictures(labels, contents)


def _list(value: Any, kind: type) -> list[Any]:
    """`value` where it is a list of nothing but `kind`, else an empty one."""
    return value if type(value) is list and all(type(item) is kind for item in value) else []


def _rows(stream: Stream, count: int) -> list[bytes]:
    """The next pictures of a stream, without labels."""
    contents: list[bytes] = []
    for start in range(0, count, _TOGETHER):
        contents += _files(_block(stream, min(_TOGETHER, count - start), ROW))
    return contents


def _block(stream: Stream, count: int, width: int) -> NDArray[np.uint8]:
    return np.frombuffer(stream.read(count * width), np.uint8).reshape(count, width)


def _files(planes: NDArray[np.uint8]) -> list[bytes]:
    """(N, 3072) red, green and blue values -> N files with a pixel's three values together."""
    pixels = planes.reshape(-1, 3, 32 * 32).transpose(0, 2, 1).reshape(-1, ROW)
    return [_HEAD + row.tobytes() for row in pixels]
