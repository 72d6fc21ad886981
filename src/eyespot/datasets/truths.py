"""What the pictures of ImageNet's flat validation set show, from any of the lists that say it.

Picture 17 is `ILSVRC2012_val_00000017.JPEG`; the lists give its WordNet id by name or by position.
The challenge's own list has numbers from 1 to 1000, whose order is in `map_clsloc.txt` of the later
development kits, and in `meta.mat` of the first: a file of MATLAB's, which is not read, because it
takes a large parser to find a thousand ids in it that other lists have as text.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from eyespot.datasets.names import counted, shown
from eyespot.datasets.streams import opened
from eyespot.datasets.walk import unreadable_kind
from eyespot.errors import InputError

PICTURE: Final = re.compile(r"ILSVRC2012_val_(\d{8})(\.\w+)?", re.IGNORECASE)
PICTURES: Final = 50_000  # in the validation set
_WNID: Final = re.compile(r"n\d{8}")
_TABLE: Final = "LOC_val_solution.csv"  # Kaggle's: ImageId,PredictionString
_LISTS: Final = (  # a WordNet id for each picture in order, or a picture and its id in each line
    "imagenet_2012_validation_synset_labels.txt",
    "ILSVRC2012_validation_synset_labels.txt",
    "synset_labels.txt",
    "val_labels.txt",
    "val_map.txt",
    "val.txt",
)
_NUMBERS: Final = (  # the development kits': a number from 1 to 1000 for each picture in order
    "ILSVRC2012_validation_ground_truth.txt",
    "ILSVRC2014_clsloc_validation_ground_truth.txt",
    "ILSVRC2015_clsloc_validation_ground_truth.txt",
)
_ORDER: Final = "map_clsloc.txt"  # "n02119789 1 kit_fox" in each line
_KITS: Final = ("devkit/data", "ILSVRC2012_devkit_t12/data", "ILSVRC2014_devkit/data")
_LIMIT: Final = 16_000_000  # bytes of a list; Kaggle's table has 2 million
WANTED: Final = f"expected {_TABLE} or {_LISTS[0]} beside the pictures' folder"


@dataclass(frozen=True)
class Truths:
    """Number of a picture -> its class, from `file`; where there is none, `reason` says why."""

    labels: dict[int, str] = field(default_factory=dict)
    file: Path | None = None
    reason: str = f"no list says what it shows: {WANTED}"


def find_truths(pictures: Path) -> Truths:
    """The first list found in the folder of the validation pictures, beside it, or above CLS-LOC.

    Raises `InputError` for a list that is damaged.
    """
    unusable = Truths()
    for folder in _folders(pictures):
        if _is_there(folder / _TABLE):
            return Truths(_from_table(folder / _TABLE), folder / _TABLE)
        for name in _LISTS:
            if not _is_there(folder / name):
                continue
            if labels := _from_list(folder / name):
                return Truths(labels, folder / name)
            unusable = Truths(
                reason=f"{name} numbers the classes without saying which is which: {WANTED}"
            )
        for path in (folder / kit / name for kit in ("", *_KITS) for name in _NUMBERS):
            if not _is_there(path):
                continue
            if _is_there(path.parent / _ORDER):
                return Truths(_from_numbers(path, path.parent / _ORDER), path)
            unusable = Truths(
                reason=f"{path.name} needs {_ORDER} beside it, because meta.mat is not read: "
                f"{WANTED}, or that file"
            )
    return unusable


def _folders(pictures: Path) -> Iterator[Path]:
    """Where a list may lie."""
    yield pictures
    yield pictures.absolute().parent
    if pictures.absolute().parent.name == "CLS-LOC":  # <root>/ILSVRC/Data/CLS-LOC/val
        yield from pictures.absolute().parents[1:4]


def _is_there(path: Path) -> bool:
    return unreadable_kind(path) is None


def _lines(path: Path) -> list[str]:
    with opened(path) as stream:
        if stream.size is None or stream.size > _LIMIT:
            raise InputError(f"{stream.name} is no list of {PICTURES:,} classes: {WANTED}.")
        text = stream.read(stream.size)
    return [line for line in text.decode("utf-8-sig", "replace").splitlines() if line.strip()]


def _from_table(path: Path) -> dict[int, str]:
    """Kaggle's table: an id and the corners of a box for each object; all have one class."""
    labels: dict[int, str] = {}
    for number, line in enumerate(_lines(path), 1):
        row = next(csv.reader([line]))
        picture = PICTURE.fullmatch(row[0].strip())
        wnid = row[1].split()[0] if len(row) > 1 and row[1].split() else ""
        if picture and _WNID.fullmatch(wnid):
            labels[int(picture[1])] = wnid
        elif number > 1:  # the first line says what the columns are
            raise _unclear(path, number, "ILSVRC2012_val_00000001,n01751748 followed by boxes")
    return labels


def _from_list(path: Path) -> dict[int, str]:
    """Ids in order, or pictures with ids. Nothing, where the classes are numbers."""
    rows = [line.replace(",", " ").split() for line in _lines(path)]
    if rows and all(row[-1].isdigit() for row in rows):
        return {}
    if rows and len(rows[0]) == 1:
        _require_all(path, len(rows))
    labels: dict[int, str] = {}
    for number, row in enumerate(rows, 1):
        picture = PICTURE.fullmatch(row[0].rpartition("/")[2]) if len(row) == 2 else None
        if not _WNID.fullmatch(row[-1]) or (len(row) > 1 and picture is None):
            raise _unclear(path, number, "n01751748, or ILSVRC2012_val_00000001.JPEG n01751748")
        labels[int(picture[1]) if picture else number] = row[-1]
    return labels


def _from_numbers(path: Path, order: Path) -> dict[int, str]:
    """The challenge's own numbers, and which class each stands for."""
    wnids: dict[str, str] = {}
    for number, line in enumerate(_lines(order), 1):
        words = line.split()
        if len(words) < 2 or not _WNID.fullmatch(words[0]) or not words[1].isdigit():
            raise _unclear(order, number, "n02119789 1 kit_fox")
        wnids[words[1]] = words[0]
    lines = [line.strip() for line in _lines(path)]
    _require_all(path, len(lines))
    for number, line in enumerate(lines, 1):
        if line not in wnids:
            raise _unclear(path, number, f"a number of {shown(str(order))}")
    return {number: wnids[line] for number, line in enumerate(lines, 1)}


def _require_all(path: Path, count: int) -> None:
    """A list by position must be whole: else all classes after a gap would be wrong."""
    if count != PICTURES:
        raise InputError(
            f"{shown(str(path))} has {counted(count, 'line')} of classes alone: expected "
            f"{PICTURES:,}, one for each picture of the validation set, in order. Fetch it again, "
            "or name the picture in each line."
        )


def _unclear(path: Path, number: int, wanted: str) -> InputError:
    return InputError(
        f"{shown(str(path))} does not say in line {number:,} what a picture shows: expected "
        f"{wanted}. Fetch it again."
    )
